//! `cargo xtask detection`: simulates, prints tables, and says which claims hold. Only with a folder it writes anything.

use std::{fs, num::NonZero, path::PathBuf, process::ExitCode, thread, time::Instant};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use driftline_detection::{
    Size, agreement, delays, healthy, injected, page,
    report::{self, Results},
    rivals, settings,
};

/// Simulates months of traffic through the filter's detectors: what is detected when, and how often for nothing.
#[derive(Parser)]
struct Arguments {
    /// A fixed part that takes three minutes on two cores, in place of an hour.
    #[arg(long)]
    quick: bool,
    /// What to simulate, in place of everything.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Of healthy traffic only the group or the setting of this name.
    #[arg(long)]
    traffic: Option<String>,
    /// The number of threads; results are the same with any.
    #[arg(long)]
    threads: Option<usize>,
    /// The folder whose detection.md and plots are brought up to date.
    #[arg(long)]
    docs: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Part {
    Injected,
    Delays,
    Agreement,
    Rivals,
    Healthy,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let size = if arguments.quick { Size::Replay } else { Size::Full };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = arguments.threads.unwrap_or(cores);
    let mut results = Results::default();
    for part in [Part::Injected, Part::Delays, Part::Agreement, Part::Rivals, Part::Healthy] {
        let is_claimed = part != Part::Rivals;
        let is_wanted = match &arguments.only[..] {
            [] => is_claimed || size == Size::Full,
            some => some.contains(&part),
        };
        if !is_wanted {
            continue;
        }
        let begun = Instant::now();
        match part {
            Part::Injected => results.injected = injected::run(size, threads)?,
            Part::Delays => results.delays = delays::run(size, threads)?,
            Part::Agreement => results.agreement = agreement::run(size, threads)?,
            Part::Rivals => {
                results.false_days = rivals::false_days(threads);
                results.rivals = rivals::delays(size, threads);
            }
            Part::Healthy => {
                results.healthy = {
                    let mut settings = settings::all();
                    if let Some(name) = &arguments.traffic {
                        settings.retain(|it| it.name == name || it.group.name() == name);
                    }
                    healthy::run(settings, size, threads)?
                }
            }
        }
        eprintln!("{part:?}: {:.0} s", begun.elapsed().as_secs_f64());
    }
    let parts = results.parts();
    for (about, text) in &parts {
        println!("## {about}\n\n{text}");
    }
    let claims = results.claims();
    println!("## claims\n\n{}", report::claims(&claims));
    if let Some(folder) = arguments.docs {
        page::write(&folder.join("detection.md"), &parts)?;
        for (name, plot) in results.plots() {
            fs::write(folder.join(name), plot.svg())
                .with_context(|| format!("cannot write {name}"))?;
        }
    }
    let failed = claims.iter().filter(|it| !it.holds).count();
    println!("{} of {} claims hold", claims.len() - failed, claims.len());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
