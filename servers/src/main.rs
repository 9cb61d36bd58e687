//! `cargo xtask servers`: plays the cases of each server and says what is not equal. Only with a file it writes a page.

use std::{fs, path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use driftline_servers::{
    case::SERVERS,
    play::{self, Played},
    report,
};

/// Compares what the filter counts of real servers of scikit-learn models with what their clients sent and got.
#[derive(Parser)]
struct Arguments {
    /// Servers, such as `kserve`, or cases, such as `kserve/classes` and `kserve/classes/v2_json`; all without any.
    names: Vec<String>,
    /// The page that is written; cases that are not played keep their lines in it.
    #[arg(long, value_name = "FILE")]
    docs: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(compare(Arguments::parse()))
}

#[allow(clippy::print_stdout, reason = "the table is what the command is for")]
async fn compare(arguments: Arguments) -> Result<ExitCode> {
    let Arguments { names, docs } = arguments;
    let known: Vec<String> = SERVERS
        .iter()
        .flat_map(|server| {
            let served = server.cases.iter();
            served.flat_map(|(served, cases)| {
                cases.iter().map(|case| play::name(server, served, case))
            })
        })
        .collect();
    for name in &names {
        let servers: Vec<&str> = SERVERS.iter().map(|server| server.name).collect();
        ensure!(
            known.iter().any(|it| is_part(name, it)),
            "`{name}` is no server and no case; servers are {}, and cases {}",
            servers.join(", "),
            known.join(", ")
        );
    }
    let is_asked = |case: &str| names.is_empty() || names.iter().any(|name| is_part(name, case));
    let begun = Instant::now();
    let mut results: Vec<Played> = Vec::new();
    for server in SERVERS {
        let played = play::play(server, is_asked, |played| println!("{}", report::line(played)));
        results.extend(played.await.context(server.name)?);
    }
    let differences: Vec<String> = results.iter().flat_map(report::differences).collect();
    println!(
        "{} cases in {} s; {} differences",
        results.len(),
        begun.elapsed().as_secs(),
        differences.len()
    );
    for difference in &differences {
        println!("  {difference}");
    }
    if let Some(file) = docs {
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(&file, report::page(&results, &before))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a name is that of the case, or of a group that it belongs to.
fn is_part(name: &str, case: &str) -> bool {
    let rest = case.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
