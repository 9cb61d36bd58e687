//! The chapter with the labels: the days of the data in their order, and what was true of each some time after its
//! prediction, through the same proxy. It computes no quality itself.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use anyhow::Result;
use driftline_testbed::{rain::Day, scrape::Scrape};
use tokio::time::{Instant, sleep_until};

use super::{
    label_readings::LabelReading,
    preparation::{Prepared, RAIN_MODEL, WINDOW_SECONDS},
    rain_client::RainClient,
    record::Shared,
    stage::Stage,
    watch::Watch,
};
use crate::table::thousands;

const BATCH_ROWS: usize = 50;
/// The first labels, which are too few to tell anything.
const FEW: usize = 20;
/// How long before and after the change: long enough to show that nothing happens before it, and longer than the window, so
/// that at the end the window holds nothing else than what came after it.
const FEED_BEFORE: Duration = Duration::from_secs(9);
const FEED_AFTER: Duration = Duration::from_secs(WINDOW_SECONDS + 1);
/// How late a label is.
const LATE: Duration = Duration::from_millis(1500);
/// How long the metrics may take to show what was sent.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

/// Plays the chapter to its end.
///
/// # Errors
///
/// If the metrics cannot be scraped. A request that fails is written down, and the chapter goes on.
pub(super) async fn play(stage: &Arc<Stage>, prepared: &Prepared, shared: &Shared) -> Result<()> {
    let (few, before) = prepared.labelled_before.split_at(FEW);
    let after = &prepared.labelled_after;
    let batches = [few, before, after].map(|days| days.len().div_ceil(BATCH_ROWS) as u64);
    shared.with(|story| story.labels.planned = batches.into_iter().sum());
    let base = stage.scrape().await?;
    let look = {
        let (base, shared) = (base.clone(), shared.clone());
        move |scrape: &Scrape| {
            let reading = LabelReading::of(&scrape.difference(&base), RAIN_MODEL);
            shared.with(|story| story.labels.filter = reading);
        }
    };
    let watch = Watch::start(stage, look.clone());
    let client = RainClient::new(stage.listen());
    let mut feed = Feed { client, stage, base: &base, shared, batches: 0 };

    let none = feed.read().await?;
    shared
        .say(format!("labels so far: {}; all that is known is what scores let expect", none.state));
    shared.with(|story| story.labels.without = Some(none));
    let found = feed.play(few, Duration::ZERO, Duration::ZERO).await?;
    shared.with(|story| story.labels.few = found);

    shared.say(format!("the rain model gets {} days; labels come {LATE:?} later", rows(before)));
    let found = feed.play(before, FEED_BEFORE, LATE).await?;
    say(shared, "before the change", found.as_ref());
    shared.with(|story| story.labels.before = found);

    shared.say(format!("the weather changes: {} days more, and their labels", rows(after)));
    let found = feed.play(after, FEED_AFTER, LATE).await?;
    say(shared, "after the change", found.as_ref());
    shared.with(|story| story.labels.after = found);

    watch.stop().await;
    look(&stage.scrape().await?);
    Ok(())
}

fn rows(days: &[Day]) -> String {
    thousands(days.len() as u64)
}

fn say(shared: &Shared, when: &str, found: Option<&LabelReading>) {
    shared.say(match found {
        Some(found) => format!(
            "{when}: scores let expect an accuracy of {:.3}, labels show {:.3}; the verdict is {}",
            found.estimated, found.realised, found.verdict
        ),
        None => format!("{when}: the metrics did not show all labels in time"),
    });
}

/// Days on their way, and the labels that are still to come.
struct Feed<'a> {
    client: RainClient,
    stage: &'a Stage,
    base: &'a Scrape,
    shared: &'a Shared,
    /// So far, by which requests are called.
    batches: u64,
}

/// A batch that waits for its labels.
struct Waiting<'d> {
    due: Instant,
    name: String,
    days: &'d [Day],
}

impl Feed<'_> {
    /// Has the days predicted over some time, with their labels so much later, and returns what the filter says of them all.
    async fn play(
        &mut self,
        days: &[Day],
        over: Duration,
        late: Duration,
    ) -> Result<Option<LabelReading>> {
        self.send(days, over, late).await;
        let joined = self.shared.with(|story| story.labels.clients.joined);
        let Some(counted) = self.until(|reading| reading.joined == joined).await? else {
            return Ok(None);
        };
        // The evaluation at hand may have begun before the last label; the one after it did not.
        self.until(|reading| counted.evaluations + 2 <= reading.evaluations).await
    }

    async fn send(&mut self, days: &[Day], over: Duration, late: Duration) {
        let mut waiting = VecDeque::new();
        let batches = days.len().div_ceil(BATCH_ROWS) as u32;
        let started = Instant::now();
        for (index, batch) in (0..).zip(days.chunks(BATCH_ROWS)) {
            let next = started + over * index / batches;
            self.label(&mut waiting, next).await;
            sleep_until(next).await;
            let name = format!("days-{}", self.batches);
            self.batches += 1;
            self.predict(&name, batch).await;
            waiting.push_back(Waiting { due: Instant::now() + late, name, days: batch });
        }
        let last = waiting.back().map_or(started, |last| last.due);
        self.label(&mut waiting, last).await;
    }

    async fn predict(&mut self, name: &str, days: &[Day]) {
        let scores = self.client.predict(Some(name), days).await;
        self.shared.with(|story| {
            let clients = &mut story.labels.clients;
            clients.sent += 1;
            match scores {
                Ok(scores) => {
                    clients.predictions += scores.len() as u64;
                    let is_wrong = |(day, score): &(&Day, f64)| (0.5 <= *score) != day.rain;
                    clients.wrong += days.iter().zip(scores).filter(is_wrong).count() as u64;
                }
                Err(error) => clients.note(&error),
            }
        });
    }

    /// Sends the labels that are due until a moment, each at its time.
    async fn label(&mut self, waiting: &mut VecDeque<Waiting<'_>>, until: Instant) {
        while waiting.front().is_some_and(|first| first.due <= until) {
            let Some(Waiting { due, name, days }) = waiting.pop_front() else { return };
            sleep_until(due).await;
            let joined = self.client.label(RAIN_MODEL, &name, days).await;
            self.shared.with(|story| {
                let clients = &mut story.labels.clients;
                clients.labels += days.len() as u64;
                match joined {
                    Ok(joined) => clients.joined += joined,
                    Err(error) => clients.note(&error),
                }
            });
        }
    }

    async fn read(&self) -> Result<LabelReading> {
        let scrape = self.stage.scrape().await?;
        Ok(LabelReading::of(&scrape.difference(self.base), RAIN_MODEL))
    }

    async fn until(&self, wanted: impl Fn(&LabelReading) -> bool) -> Result<Option<LabelReading>> {
        let read = |scrape: &Scrape| LabelReading::of(&scrape.difference(self.base), RAIN_MODEL);
        self.stage.until(SHOWN_WITHIN, read, wanted).await
    }
}
