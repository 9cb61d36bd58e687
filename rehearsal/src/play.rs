//! Plays one scenario: health, a fault, health again; and writes down which alerts fired when. It never judges.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use anyhow::Result;
use driftline_testbed::scrape::Series;
use tokio::time::sleep;

use crate::{
    scenario::{Fault, Scenario},
    stage::{Module, Pieces, Stage},
};

/// How long alerts may take to fire.
const FIRE_WITHIN: Duration = Duration::from_secs(75);
/// How long the fault goes on when all of them have: others would come, which is what inhibition must prevent.
const LINGER: Duration = Duration::from_secs(8);
/// How long alerts may take to end when the fault is over.
const END_WITHIN: Duration = Duration::from_secs(150);
const POLL: Duration = Duration::from_millis(250);

/// An alert, by what is told of it at each moment.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Firing {
    /// Its name.
    pub alert: String,
    /// Its label `domain`.
    pub domain: String,
    /// Its label `severity`.
    pub severity: String,
    /// Its label `model`, if it has one.
    pub model: String,
}

/// What happened.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// What fired while the world was healthy.
    pub in_health: BTreeSet<Firing>,
    /// What fired during the fault, and how long after its beginning.
    pub fired: BTreeMap<Firing, Duration>,
    /// How long after the end of the fault the expected alerts had ended; `None` if they did not in time.
    pub ended: Option<Duration>,
}

/// Plays a scenario on a stage of its own.
///
/// # Errors
///
/// If something cannot be started or asked.
pub async fn play(pieces: &Pieces, scenario: &Scenario) -> Result<Played> {
    let mut stage = Stage::start(pieces).await?;
    let mut played = Played::default();
    let begun = Instant::now();
    while begun.elapsed() < scenario.healthy {
        played.in_health.extend(firing(&stage).await?);
        sleep(POLL).await;
    }

    begin(&mut stage, &scenario.fault).await?;
    let begun = Instant::now();
    let mut complete = None;
    loop {
        for alert in firing(&stage).await? {
            played.fired.entry(alert).or_insert_with(|| begun.elapsed());
        }
        let has = |name: &&str| played.fired.keys().any(|it| it.alert == **name);
        if complete.is_none() && scenario.alerts.iter().all(has) {
            complete = Some(Instant::now());
        }
        let is_over = complete.is_some_and(|at| LINGER < at.elapsed());
        if is_over || FIRE_WITHIN < begun.elapsed() {
            break;
        }
        sleep(POLL).await;
    }

    end(&mut stage, &scenario.fault).await?;
    let begun = Instant::now();
    while begun.elapsed() < END_WITHIN {
        let still = firing(&stage).await?;
        if !still.iter().any(|it| scenario.alerts.contains(&&*it.alert)) {
            played.ended = Some(begun.elapsed());
            break;
        }
        sleep(POLL).await;
    }
    Ok(played)
}

async fn begin(stage: &mut Stage, fault: &Fault) -> Result<()> {
    match fault {
        Fault::Turned(turn) | Fault::TurnedUntilRestart(turn) => {
            turn(&mut stage.world().knobs());
            stage.apply();
        }
        Fault::SkewedReference => stage.deploy(true).await?,
        Fault::OtherFilter(module) => stage.replace_filter(*module).await?,
        Fault::NoProxy => stage.end_proxy(),
        Fault::HotRestart => stage.restart_hot().await?,
    }
    Ok(())
}

async fn end(stage: &mut Stage, fault: &Fault) -> Result<()> {
    match fault {
        Fault::Turned(_) => turn_back(stage),
        Fault::TurnedUntilRestart(_) => {
            turn_back(stage);
            stage.end_proxy();
            stage.start_proxy().await?;
        }
        Fault::SkewedReference => stage.deploy(false).await?,
        Fault::OtherFilter(_) => stage.replace_filter(Module::Whole).await?,
        Fault::NoProxy => stage.start_proxy().await?,
        Fault::HotRestart => {}
    }
    Ok(())
}

fn turn_back(stage: &Stage) {
    *stage.world().knobs() = Default::default();
    stage.apply();
}

async fn firing(stage: &Stage) -> Result<BTreeSet<Firing>> {
    let samples = stage.ask(r#"ALERTS{alertstate="firing"}"#).await?;
    let text = |series: &Series, label| series.label(label).unwrap_or_default().to_owned();
    Ok(samples
        .iter()
        .map(|(series, _)| Firing {
            alert: text(series, "alertname"),
            domain: text(series, "domain"),
            severity: text(series, "severity"),
            model: text(series, "model"),
        })
        .collect())
}
