//! The chapter with the rain model: real days from before a change of the weather, then days from after it. It feeds
//! rows and waits for the filter's window; it computes no drift itself.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use driftline_testbed::{rain::Day, scrape::Scrape};
use tokio::time::sleep_until;

use super::{
    checks::WATCHED,
    preparation::{Prepared, RAIN_MODEL},
    rain_client::RainClient,
    readings::{ColumnReading, RainReading},
    record::Shared,
    stage::Stage,
    watch::Watch,
};
use crate::table::thousands;

const BATCH_ROWS: usize = 50;
/// Rows of a phase are spread over this time: well within the window, slow enough to watch.
const FEED: Duration = Duration::from_secs(1);
/// How long the window may take to show all rows that were fed; later, the first ones leave it again.
const FULL_WITHIN: Duration = Duration::from_secs(4);
/// How long it may take to be empty again: the window, and time for a busy machine.
const EMPTY_WITHIN: Duration = Duration::from_secs(15);

/// Plays the chapter to its end.
///
/// # Errors
///
/// If the metrics cannot be scraped. A request that fails is written down, and the chapter goes on.
pub(super) async fn play(stage: &Arc<Stage>, prepared: &Prepared, shared: &Shared) -> Result<()> {
    let Prepared { before, after, .. } = prepared;
    let batches = |days: &[Day]| days.len().div_ceil(BATCH_ROWS) as u64;
    shared.with(|story| story.weather.planned = batches(before) + batches(after));
    let base = stage.scrape().await?;
    let look = {
        let (base, shared) = (base.clone(), shared.clone());
        move |scrape: &Scrape| {
            let reading = RainReading::of(&scrape.difference(&base), RAIN_MODEL);
            shared.with(|story| story.weather.filter = reading);
        }
    };
    let watch = Watch::start(stage, look.clone());
    let phase = Phase { stage, base: &base, shared };

    shared.say(format!("the rain model gets {} days from before the change", rows(before)));
    let columns = phase.play(before).await?;
    shared.with(|story| story.weather.before = columns);

    shared.say("waiting until the drift window is empty: the next days must stand alone in it");
    if phase.until(EMPTY_WITHIN, |reading| reading.windows_hold(0)).await?.is_none() {
        shared.say("the window did not get empty in time; the next phase will not be measured");
    }

    shared.say(format!("the weather changes: {} days from after it", rows(after)));
    let columns = phase.play(after).await?;
    shared.with(|story| story.weather.after = columns);

    watch.stop().await;
    look(&stage.scrape().await?);
    Ok(())
}

fn rows(days: &[Day]) -> String {
    thousands(days.len() as u64)
}

fn watched(columns: &[ColumnReading]) -> String {
    let columns = columns.iter().filter(|column| WATCHED.contains(&column.name.as_str()));
    let shown: Vec<String> =
        columns.map(|column| format!("{} {:.2}", column.name, column.psi)).collect();
    shown.join(", ")
}

#[derive(Clone, Copy)]
struct Phase<'a> {
    stage: &'a Stage,
    base: &'a Scrape,
    shared: &'a Shared,
}

impl Phase<'_> {
    /// Feeds the days, and returns the columns when the window held them all, and nothing else.
    async fn play(self, days: &[Day]) -> Result<Option<Vec<ColumnReading>>> {
        self.feed(days).await;
        let rows = days.len() as u64;
        let full = self.until(FULL_WITHIN, |reading| reading.windows_hold(rows)).await?;
        // Gauges are set one after another; after one more evaluation all of them belong to these rows.
        let settled = match full {
            Some(RainReading { evaluations, .. }) => {
                let is_next = |reading: &RainReading| evaluations < reading.evaluations;
                self.until(FULL_WITHIN, |it| is_next(it) && it.windows_hold(rows)).await?
            }
            None => None,
        };
        self.shared.say(match &settled {
            Some(reading) => format!("PSI of these days: {}", watched(&reading.columns)),
            None => format!("the window did not hold the {} days in time", thousands(rows)),
        });
        Ok(settled.map(|reading| reading.columns))
    }

    /// Sends the days in batches. What goes wrong is written down.
    async fn feed(self, days: &[Day]) {
        let mut client = RainClient::new(self.stage.listen());
        let batches = days.len().div_ceil(BATCH_ROWS);
        let started = tokio::time::Instant::now();
        for (index, batch) in days.chunks(BATCH_ROWS).enumerate() {
            sleep_until(started + FEED * index as u32 / batches as u32).await;
            self.shared.with(|story| {
                story.weather.clients.sent += 1;
                story.weather.clients.rows += batch.len() as u64;
            });
            let predicted = client.predict(None, batch).await;
            self.shared.with(|story| {
                let clients = &mut story.weather.clients;
                match predicted {
                    Ok(scores) => {
                        clients.complete += 1;
                        clients.predictions += scores.len() as u64;
                    }
                    Err(error) => {
                        clients.problem.get_or_insert(format!("{error:#}"));
                    }
                }
            });
        }
    }

    async fn until(
        self,
        limit: Duration,
        wanted: impl Fn(&RainReading) -> bool,
    ) -> Result<Option<RainReading>> {
        let read = |scrape: &Scrape| RainReading::of(&scrape.difference(self.base), RAIN_MODEL);
        self.stage.until(limit, read, wanted).await
    }
}
