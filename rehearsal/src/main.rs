//! `cargo xtask alerts`: plays every scenario and says which alerts fired and ended. Only with a folder it writes anything.

use std::{fs, path::PathBuf, process::ExitCode, sync::Arc, time::Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use driftline_rehearsal::{play, report, scenario::Scenario, stage::Pieces};
use tokio::{sync::Semaphore, task::LocalSet};

/// Fires and silences every alert: faults under load on a real Envoy, seen by a real Prometheus.
#[derive(Parser)]
struct Arguments {
    /// The scenarios to play, in place of all.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// How many are played at a time, each with an Envoy and a Prometheus of its own.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=16))]
    jobs: u16,
    /// The page that is written; scenarios that are not played keep their lines in it.
    #[arg(long, value_name = "FILE")]
    docs: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(LocalSet::new().run_until(rehearse(Arguments::parse())))
}

#[allow(clippy::print_stdout, reason = "the table is what the command is for")]
async fn rehearse(arguments: Arguments) -> Result<ExitCode> {
    let Arguments { only, jobs, docs } = arguments;
    for name in &only {
        let known: Vec<&str> = Scenario::all().map(|it| it.name).collect();
        ensure!(known.contains(&&**name), "--only {name}: allowed is any of {}", known.join(", "));
    }
    let pieces = Pieces::find()?;
    let begun = Instant::now();
    let places = Arc::new(Semaphore::new(jobs.into()));
    let is_asked =
        |scenario: &&Scenario| only.is_empty() || only.iter().any(|it| it == scenario.name);
    let playing: Vec<_> = Scenario::all()
        .filter(is_asked)
        .map(|scenario| {
            let (pieces, places) = (pieces.clone(), Arc::clone(&places));
            tokio::task::spawn_local(async move {
                let _place = places.acquire().await?;
                let played = play::play(&pieces, scenario).await.context(scenario.name)?;
                println!("{}", report::line(scenario, &played));
                anyhow::Ok((scenario, played))
            })
        })
        .collect();
    let mut results = Vec::new();
    for played in playing {
        results.push(played.await??);
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
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(&file, report::page(&results, &before))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
