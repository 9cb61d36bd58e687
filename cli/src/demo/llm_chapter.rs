//! A chapter with the language model: streams one after another, each compared with the filter on its own, then
//! several clients at once. It asks as a client does and knows nothing of how the answers are paced.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use driftline_testbed::{
    client::{End, Request},
    scrape::Scrape,
    stream_client::{self, Timing},
};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use super::{
    amount::{LANES, LlmAmount},
    preparation::LANGUAGE_MODEL,
    readings::LlmReading,
    record::{Latency, LlmRecord, Pair, Shared, Story},
    stage::Stage,
    watch::Watch,
};

const PROMPT: &str = "Tell me about the weather in as many words as you like.";
/// One in this many requests of the second half asks for the whole response at once.
const WHOLE_EVERY: u32 = 4;
/// How long the counters may take to tell about a request that its client saw end.
const COUNTED_WITHIN: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(5);

/// Which record a chapter writes.
pub(super) type Part = fn(&mut Story) -> &mut LlmRecord;

/// Plays the chapter to its end.
///
/// # Errors
///
/// If the metrics cannot be scraped. A request that fails is written down, and the chapter goes on.
pub(super) async fn play(
    stage: &Arc<Stage>,
    amount: LlmAmount,
    shared: &Shared,
    part: Part,
) -> Result<()> {
    stage.models().set_pace(amount.pace);
    let planned = amount.one_by_one + amount.together;
    shared.with(|story| part(story).planned = planned.into());
    let base = stage.scrape().await?;
    let started = Instant::now();
    let look = {
        let (base, shared) = (base.clone(), shared.clone());
        move |scrape: &Scrape| {
            let reading = LlmReading::of(&scrape.difference(&base), LANGUAGE_MODEL);
            shared.with(|story| {
                let record = part(story);
                record.filter = reading;
                record.elapsed = started.elapsed();
            });
        }
    };
    let watch = Watch::start(stage, look.clone());

    shared.say(format!(
        "{} streams one after another, each compared with the filter's exact counters",
        amount.one_by_one
    ));
    one_by_one(stage, amount.one_by_one, &base, shared, part).await?;
    shared.say(format!(
        "{} requests by {LANES} clients at once, every {WHOLE_EVERY}th without streaming",
        amount.together
    ));
    together(stage, amount.together, shared, part).await?;

    watch.stop().await;
    // The last counters, and the last samples of the histograms, may still be on their way.
    settle(stage, &base, shared.with(|story| part(story).clients.sent)).await?;
    look(&stage.scrape().await?);
    Ok(())
}

async fn one_by_one(
    stage: &Stage,
    streams: u32,
    base: &Scrape,
    shared: &Shared,
    part: Part,
) -> Result<()> {
    let mut before = base.clone();
    let mut patience = COUNTED_WITHIN;
    for _ in 0..streams {
        let client = ask(stage.listen(), shared, part).await;
        let (after, filter) = counted(stage, &before, patience).await?;
        if let (Some(client), Some(filter)) = (client, filter) {
            shared.with(|story| part(story).pairs.push(Pair { client, filter }));
        } else {
            // The check fails already; no need to wait for it fifty times.
            patience = POLL;
        }
        before = after;
    }
    Ok(())
}

/// Waits until the counters tell about one more stream. Its latency is `None` if they do not while there is patience,
/// or tell about several.
async fn counted(
    stage: &Stage,
    before: &Scrape,
    patience: Duration,
) -> Result<(Scrape, Option<Latency>)> {
    let started = Instant::now();
    loop {
        let after = stage.scrape().await?;
        let one = LlmReading::of(&after.difference(before), LANGUAGE_MODEL);
        if (one.ended, one.ttft.count, one.tpot.count) == (1, 1, 1) {
            let latency = one.ttft.mean_ms().zip(one.tpot.mean_ms());
            let latency = latency.map(|(ttft_ms, tpot_ms)| Latency { ttft_ms, tpot_ms });
            return Ok((after, latency));
        }
        if 1 < one.ended || patience < started.elapsed() {
            return Ok((after, None));
        }
        sleep(POLL).await;
    }
}

async fn together(stage: &Arc<Stage>, requests: u32, shared: &Shared, part: Part) -> Result<()> {
    let next = Arc::new(AtomicU32::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..LANES {
        let (stage, next, shared) = (Arc::clone(stage), Arc::clone(&next), shared.clone());
        clients.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if requests <= number {
                    break;
                }
                if number % WHOLE_EVERY == WHOLE_EVERY - 1 {
                    ask_whole(stage.listen(), &shared, part).await;
                } else {
                    ask(stage.listen(), &shared, part).await;
                }
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.context("a client crashed")?;
    }
    Ok(())
}

/// Waits until the counters have the end of every request, but not without limit: the checks then say what is missing.
async fn settle(stage: &Stage, base: &Scrape, sent: u64) -> Result<()> {
    let started = Instant::now();
    while started.elapsed() < COUNTED_WITHIN {
        let reading = LlmReading::of(&stage.scrape().await?.difference(base), LANGUAGE_MODEL);
        if sent <= reading.ended && reading.in_flight == 0 {
            break;
        }
        sleep(POLL).await;
    }
    // Envoy shows a histogram's samples after its next flush.
    sleep(Duration::from_millis(250)).await;
    Ok(())
}

/// Asks for a stream and writes down what the client saw; `None` if it was not whole.
async fn ask(proxy: SocketAddr, shared: &Shared, part: Part) -> Option<Latency> {
    shared.with(|story| part(story).clients.sent += 1);
    let seen = stream_client::ask(proxy, LANGUAGE_MODEL, PROMPT).await.and_then(whole);
    shared.with(|story| {
        let clients = &mut part(story).clients;
        match seen {
            Ok((latency, tokens)) => {
                clients.complete += 1;
                clients.output_tokens += tokens;
                clients.ttft_ms.push(latency.ttft_ms);
                clients.tpot_ms.push(latency.tpot_ms);
                Some(latency)
            }
            Err(error) => {
                clients.problem.get_or_insert(format!("{error:#}"));
                None
            }
        }
    })
}

fn whole(timing: Timing) -> Result<(Latency, u64)> {
    let Timing { status, end, .. } = timing;
    ensure!(status == 200, "a stream was answered with status {status}");
    ensure!(end == End::Complete, "a stream ended early: {end:?}");
    let ttft = timing.ttft().context("a stream had no token")?;
    let tpot = timing.tpot().context("a stream had less than two tokens")?;
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1e3;
    let latency = Latency { ttft_ms: milliseconds(ttft), tpot_ms: milliseconds(tpot) };
    Ok((latency, timing.tokens()))
}

/// Asks for a whole answer and writes down what the client saw.
async fn ask_whole(proxy: SocketAddr, shared: &Shared, part: Part) {
    shared.with(|story| part(story).clients.sent += 1);
    let seen = tokens_of_whole(proxy).await;
    shared.with(|story| {
        let clients = &mut part(story).clients;
        match seen {
            Ok(tokens) => {
                clients.complete += 1;
                clients.output_tokens += tokens;
            }
            Err(error) => {
                clients.problem.get_or_insert(format!("{error:#}"));
            }
        }
    });
}

async fn tokens_of_whole(proxy: SocketAddr) -> Result<u64> {
    let body = json!({"model": LANGUAGE_MODEL, "messages": [{"role": "user", "content": PROMPT}]});
    let request = Request::post_json("/v1/chat/completions", body.to_string());
    let response = request.send(proxy).await?;
    ensure!(response.status == 200, "an answer has status {}", response.status);
    ensure!(response.end == End::Complete, "an answer ended early: {:?}", response.end);
    let answer: Value = serde_json::from_slice(&response.body).context("an answer is not JSON")?;
    answer["usage"]["completion_tokens"].as_u64().context("an answer has no usage")
}
