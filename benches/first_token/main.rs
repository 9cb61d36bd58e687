//! What several monitors take for the first token, on the same streams: Driftline measured on a real Envoy, the others
//! by the rules that their sources state. It runs none of the others.
//!
//! A scripted server sends each stream through Envoy, piece by piece, at set times. The client notes when each piece
//! arrives; the rules are applied to what it noted. It needs what `cargo xtask setup` installs; `cargo xtask bench`
//! runs it with that.

mod recording;
mod rules;
mod streams;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use driftline_testbed::{
    client::{End, Request},
    envoy::{Envoy, EnvoyOptions},
    pieces,
    scrape::Scrape,
    upstream::{Framing, Script, Upstream},
};

use crate::{
    recording::Recording,
    rules::{RULES, Rule},
    streams::{STREAMS, Stream},
};

const STATS_CONFIG: &str = include_str!("../../envoy/stats.yaml");
/// How often each stream is sent; the tables have the medians.
const ROUNDS: usize = 5;
/// How far Driftline may be from the client, which is on the other side of Envoy, on a machine that is busy.
const TOLERANCE: Duration = Duration::from_millis(30);

fn main() -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(run())
}

/// What Driftline says of one stream.
struct Measured {
    first: Option<Duration>,
    visible: Option<Duration>,
    per_token: Option<Duration>,
    output_tokens: f64,
    reasoning_tokens: f64,
}

/// One stream: what the client noted, and what Driftline measured meanwhile.
struct Round {
    recording: Recording,
    measured: Measured,
}

async fn run() -> Result<()> {
    let upstream = Upstream::start().await?;
    let mut options = EnvoyOptions::new(pieces::envoy()?, upstream.address());
    options.stats_config = STATS_CONFIG.to_owned();
    let names = STREAMS.map(|stream| format!(r#"{{"name": "{}"}}"#, stream.name)).join(", ");
    let config = format!(r#"{{"models": [{names}]}}"#);
    let envoy = Envoy::start(options.filter(pieces::filter()?, config)).await?;

    let mut all = Vec::new();
    for stream in &STREAMS {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(send(stream, &upstream, &envoy).await?);
        }
        check(stream, &rounds)?;
        all.push((stream, rounds));
    }

    println!("The streams:\n");
    for stream in &STREAMS {
        println!("- {}: {}.", stream.name, stream.about);
    }
    print_table("Time to first token, ms", &all, |round| round.measured.first, |rule| rule.first);
    print_table(
        "Time per output token, ms",
        &all,
        |round| round.measured.per_token,
        |rule| rule.per_token,
    );
    print_counts(&all);
    Ok(())
}

/// Sends a stream through Envoy once.
async fn send(stream: &Stream, upstream: &Upstream, envoy: &Envoy) -> Result<Round> {
    let before = envoy.scrape().await?;
    upstream.push(script(stream));
    let response = Request::post_json(stream.path, stream.request()).send(envoy.listen()).await?;
    ensure!(
        (response.status, response.end) == (200, End::Complete),
        "{}: status {}, {:?}",
        stream.name,
        response.status,
        response.end
    );
    let recording = Recording::new(&response)?;
    let sum = |scrape: &Scrape, name: &str| {
        scrape.value(&format!("driftline_{name}"), &[("model", stream.name)]).unwrap_or(0.0)
    };
    let after = loop {
        let after = envoy.scrape().await?;
        if sum(&before, "requests_total") < sum(&after, "requests_total") {
            break after;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let grown = |name: &str| sum(&after, name) - sum(&before, name);
    let mean = |name: &str| {
        let samples = grown(&format!("{name}_observations_total"));
        let sum = grown(&format!("{name}_microseconds_total"));
        (0.0 < samples).then(|| Duration::from_secs_f64(sum / samples / 1e6))
    };
    let measured = Measured {
        first: mean("time_to_first_token"),
        visible: mean("time_to_first_visible_token"),
        per_token: mean("time_per_output_token"),
        output_tokens: grown("output_tokens_total"),
        reasoning_tokens: grown("reasoning_tokens_total"),
    };
    Ok(Round { recording, measured })
}

fn script(stream: &Stream) -> Script {
    let (pieces, mut last) = (stream.pieces(), 0);
    let head = [("content-type", "text/event-stream")];
    let mut script = Script::new().head(200, &head, Framing::Chunked);
    for (at, bytes) in pieces {
        script = script.pause(Duration::from_millis(at - last)).write(bytes);
        last = at;
    }
    script.finish()
}

/// The tables are worth nothing if Driftline differs from a client that looks at the same events.
fn check(stream: &Stream, rounds: &[Round]) -> Result<()> {
    let client = median(rounds, |round| round.recording.first_output()).context("no output")?;
    let filter = median(rounds, |round| round.measured.first).context("no first token")?;
    ensure!(
        client.abs_diff(filter) < TOLERANCE,
        "{}: the client's first token is at {client:?}, the filter's at {filter:?}",
        stream.name
    );
    let (tokens, usage) = (stream.output_tokens as f64, stream.has_usage);
    for round in rounds {
        let counted = round.measured.output_tokens;
        ensure!(counted == if usage { tokens } else { 0.0 }, "{}: {counted} tokens", stream.name);
        ensure!(round.measured.per_token.is_some() == usage, "{}: TPOT", stream.name);
    }
    Ok(())
}

fn median(rounds: &[Round], of: impl Fn(&Round) -> Option<Duration>) -> Option<Duration> {
    let mut values: Vec<Duration> = rounds.iter().filter_map(of).collect();
    values.sort();
    values.get(values.len() / 2).copied()
}

fn print_table(
    title: &str,
    all: &[(&Stream, Vec<Round>)],
    measured: fn(&Round) -> Option<Duration>,
    of: fn(&Rule) -> rules::Apply,
) {
    println!("\n{title}, medians of {ROUNDS}. Driftline measured, the others by their source:\n");
    let names: Vec<String> = RULES.iter().map(|rule| format!(" {} |", rule.name)).collect();
    println!("| stream | Driftline |{}", names.concat());
    println!("| --- | ---: |{}", " ---: |".repeat(RULES.len()));
    for (stream, rounds) in all {
        let ours = shown(median(rounds, measured));
        let others: Vec<String> = RULES
            .iter()
            .map(|rule| {
                let apply = of(rule);
                let value = median(rounds, |round| apply(stream, &round.recording));
                format!(" {} |", shown(value))
            })
            .collect();
        println!("| {} | {ours} |{}", stream.name, others.concat());
    }
}

fn print_counts(all: &[(&Stream, Vec<Round>)]) {
    println!("\nWhat else Driftline counted of one stream:\n");
    println!("| stream | first visible token, ms | output tokens | of which reasoning |");
    println!("| --- | ---: | ---: | ---: |");
    for (stream, rounds) in all {
        let visible = shown(median(rounds, |round| round.measured.visible));
        let measured = &rounds[0].measured;
        println!(
            "| {} | {visible} | {} | {} |",
            stream.name, measured.output_tokens, measured.reasoning_tokens
        );
    }
}

fn shown(time: Option<Duration>) -> String {
    time.map_or_else(|| "none".to_owned(), |time| format!("{:.1}", time.as_secs_f64() * 1e3))
}
