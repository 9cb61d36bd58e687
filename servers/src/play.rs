//! Plays the cases of a server, one after the other: trains, starts the server, and for each case an Envoy. It judges
//! nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use driftline_operations::stats;
use driftline_profiler::{Options, Settings, to_text};
use driftline_profiler_files::{Format, from_file};
use driftline_testbed::{
    envoy::{Envoy, EnvoyOptions},
    pieces,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    case::{Case, MODEL, Served, Server},
    client::{self, Counted},
    judge::{self, Judged},
    place::Place,
    server,
};

const TRAINING_LIMIT: Duration = Duration::from_secs(120);
/// How long the filter may take to come to a verdict.
const VERDICT_LIMIT: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(100);
const TICK_MILLISECONDS: u64 = 250;
/// The last rows may come after the tick whose verdict is seen; those that follow have them.
const MORE_TICKS: Duration = Duration::from_millis(3 * TICK_MILLISECONDS);
/// Rows arrive within a second, and the shortest length that is compared is a 32nd of this.
const WINDOW_SECONDS: u64 = 600;
/// What answers over gRPC are asked for.
const GRPC_PREFIX: &str = "/inference.";

/// A case, and what came of it.
#[derive(Debug)]
pub struct Played {
    /// Whose it is.
    pub server: &'static Server,
    /// What that server is.
    pub version: String,
    /// What it served.
    pub served: Served,
    /// How it was asked.
    pub case: Case,
    /// What was compared; or why nothing could be.
    pub judged: Result<Judged>,
}

impl Played {
    /// The name, as the command takes it.
    #[must_use]
    pub fn name(&self) -> String {
        name(self.server, &self.served, &self.case)
    }
}

/// The name of a case: the server, what it serves, the way, and whether an endpoint that others need is left out.
#[must_use]
pub fn name(server: &Server, served: &Served, case: &Case) -> String {
    let is_other = |other: &Case| other.way == case.way && other != case;
    let of_served = server.cases.iter().filter(|(it, _)| it == served);
    let has_twin = of_served.flat_map(|(_, cases)| *cases).any(is_other);
    let undeclared = if has_twin && case.endpoint.is_none() { "/undeclared" } else { "" };
    format!("{}/{}/{}{undeclared}", server.name, served.name, case.way)
}

/// Plays the cases of a server that are asked for, and says each when it is done.
///
/// # Errors
///
/// If the models cannot be trained. That a server does not start is the result of its cases.
pub async fn play(
    server: &'static Server,
    is_asked: impl Fn(&str) -> bool,
    mut done: impl FnMut(&Played),
) -> Result<Vec<Played>> {
    let mut results = Vec::new();
    for (served, cases) in server.cases {
        let asked: Vec<Case> =
            cases.iter().filter(|case| is_asked(&name(server, served, case))).copied().collect();
        if asked.is_empty() {
            continue;
        }
        let place = Place::new(server, served.name)?;
        let version = place.version(server.package)?;
        let mut command = place.python();
        command.arg(place.common("training.py")).arg(place.folder()).arg(served.name);
        server::run(command, TRAINING_LIMIT).await.context("the training failed")?;
        let profile = profile(&place, served)?;
        let running = server::Server::start(&place, served.name, server.ready_path).await;
        for case in asked {
            let judged = match &running {
                Ok(running) => ask(&place, running, *served, case, &profile).await,
                Err(error) => Err(anyhow!("{error:#}")),
            };
            let played = Played { server, version: version.clone(), served: *served, case, judged };
            done(&played);
            results.push(played);
        }
        if let Ok(running) = running {
            running.end().await?;
        }
    }
    Ok(results)
}

/// The profile of the training rows, as `driftline profile` writes it.
fn profile(place: &Place, served: &Served) -> Result<PathBuf> {
    let options = Options {
        settings: Settings::of(MODEL),
        prediction: Some(served.prediction.to_owned()),
        exclude: ["class", "number"]
            .into_iter()
            .filter(|column| *column != served.prediction)
            .map(str::to_owned)
            .collect(),
        ..Options::default()
    };
    let training = place.file("training.csv");
    let made = from_file(&training, Format::Csv, &options, &mut |_| {})
        .map_err(|error| anyhow!("{}: {error}", training.display()))?;
    let file = place.file("profile.json");
    fs::write(&file, to_text(&made.profile))
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn configuration(profile: &Path, case: Case) -> Result<String> {
    let profile: Value = serde_json::from_str(&fs::read_to_string(profile)?)?;
    let mut config = json!({
        "models": [{"name": MODEL, "profile": profile}],
        "window_seconds": WINDOW_SECONDS,
        "tick_milliseconds": TICK_MILLISECONDS,
    });
    if let Some(endpoint) = case.endpoint {
        config["endpoints"] = json!([serde_json::from_str::<Value>(endpoint)?]);
    }
    if let Some(prediction) = case.prediction {
        config["models"][0]["prediction"] = serde_json::from_str(prediction)?;
    }
    Ok(config.to_string())
}

/// Starts an Envoy whose counters stand at 0, has the client send the training rows through it, and waits for a verdict.
async fn ask(
    place: &Place,
    running: &server::Server,
    served: Served,
    case: Case,
    profile: &Path,
) -> Result<Judged> {
    let config = configuration(profile, case)?;
    let mut options =
        EnvoyOptions::new(pieces::envoy()?, running.http).filter(pieces::filter()?, &*config);
    options.stats_config = stats::render(&Default::default());
    let options = if case.is_grpc { options.grpc(GRPC_PREFIX, running.grpc) } else { options };
    let envoy = Envoy::start(options).await.map_err(said_by_the_filter)?;
    let training = place.file("training.csv");
    let counted = client::send(place, case.way, envoy.listen(), served, &training, profile).await?;
    settle(&envoy, &counted).await
}

/// Of an Envoy that does not start, what the filter says of its configuration; all that is known if it says nothing.
fn said_by_the_filter(error: anyhow::Error) -> anyhow::Error {
    const SAYS: &str = "driftline: configuration refused: ";
    let text = format!("{error:#}");
    let line = text.lines().find_map(|line| line.split_once(SAYS));
    line.map_or(error, |(_, why)| anyhow!("configuration refused: {why}"))
}

async fn settle(envoy: &Envoy, counted: &Counted) -> Result<Judged> {
    let started = Instant::now();
    while !judge::is_settled(counted, &envoy.scrape().await?) && started.elapsed() < VERDICT_LIMIT {
        sleep(POLL).await;
    }
    sleep(MORE_TICKS).await;
    Ok(judge::judge(counted, &envoy.scrape().await?))
}
