//! `cargo xtask alerts`: plays every scenario and says which alerts fired and ended. Only with a folder it writes anything.

use std::{fs, path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use driftline_rehearsal::{play, report, scenario::Scenario, stage::Pieces};

/// Fires and silences every alert: faults under load on a real Envoy, seen by a real Prometheus.
#[derive(Parser)]
struct Arguments {
    /// The scenarios to play, in place of all.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// The file that the table is written to.
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    docs: Option<PathBuf>,
}

#[tokio::main]
#[allow(clippy::print_stdout, reason = "the table is what the command is for")]
async fn main() -> Result<ExitCode> {
    let Arguments { only, docs } = Arguments::parse();
    for name in &only {
        let known: Vec<&str> = Scenario::all().map(|it| it.name).collect();
        ensure!(known.contains(&&**name), "--only {name}: allowed is any of {}", known.join(", "));
    }
    let pieces = Pieces::find()?;
    let mut results = Vec::new();
    let begun = Instant::now();
    for scenario in Scenario::all() {
        if only.is_empty() || only.iter().any(|name| name == scenario.name) {
            let played = play::play(&pieces, scenario).await.context(scenario.name)?;
            println!("{}", report::line(scenario, &played));
            results.push((scenario, played));
        }
    }
    let faults: Vec<String> =
        results.iter().flat_map(|(scenario, played)| report::faults(scenario, played)).collect();
    println!(
        "{} scenarios in {} s; {} faults",
        results.len(),
        begun.elapsed().as_secs(),
        faults.len()
    );
    for fault in &faults {
        println!("  {fault}");
    }
    if let Some(file) = docs {
        fs::write(&file, report::page(&results))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
