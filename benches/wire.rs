//! Throughput of the wire readers, beside the plain way: collect each body or event, then parse it with serde_json.

// `criterion_group!` expands to a public function without documentation.
#![allow(missing_docs)]

use std::fmt::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use driftline_wire::{
    field_table,
    fields::{FieldReader, FieldTable, Value},
    json::{JsonEnd, Token, Tokenizer},
    sse,
};

/// Events of one streamed answer.
const EVENTS: usize = 2_000;
/// As small as one token, one packet, one read of the proxy.
const CHUNKS_BYTES: [usize; 3] = [64, 1_400, 16_384];

#[derive(Clone, Copy)]
enum Slot {
    Model,
    Content,
    Other,
}

static CHAT: FieldTable<Slot> = field_table![
    ("model", Slot::Model),
    ("choices[].delta.content", Slot::Content),
    ("choices[].delta.reasoning_content", Slot::Other),
    ("choices[].delta.reasoning", Slot::Other),
    ("choices[].delta.refusal", Slot::Other),
    ("choices[].delta.tool_calls[].function.name", Slot::Other),
    ("choices[].delta.tool_calls[].function.arguments", Slot::Other),
    ("choices[].finish_reason", Slot::Other),
    ("usage.prompt_tokens", Slot::Other),
    ("usage.completion_tokens", Slot::Other),
    ("usage.completion_tokens_details.reasoning_tokens", Slot::Other),
    ("error", Slot::Other),
];

/// What both ways must find in an answer.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    events: usize,
    models: usize,
    content_bytes: u64,
}

fn chat_stream(c: &mut Criterion) {
    let mut answer = String::new();
    for number in 0..EVENTS {
        let _ = write!(
            answer,
            "data: {{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\",\
             \"created\":1741570283,\"model\":\"demo-llm\",\"system_fingerprint\":\"fp_fc9f1d7035\",\"choices\":[{{\
             \"index\":0,\"delta\":{{\"content\":\" tok\\n{number:04}\"}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n",
        );
    }
    let expected = Answer { events: EVENTS, models: EVENTS, content_bytes: 9 * EVENTS as u64 };

    let mut group = c.benchmark_group("chat_stream");
    group.throughput(Throughput::Bytes(answer.len() as u64));
    for chunk in CHUNKS_BYTES {
        group.bench_function(format!("fields/{chunk}"), |b| {
            // The result is asserted: a fast wrong answer must not look like progress.
            b.iter(|| assert_eq!(read_fields(answer.as_bytes(), chunk), expected));
        });
        group.bench_function(format!("serde_json/{chunk}"), |b| {
            b.iter(|| assert_eq!(read_values(answer.as_bytes(), chunk), expected));
        });
    }
    group.finish();
}

fn read_fields(stream: &[u8], chunk: usize) -> Answer {
    let mut answer = Answer::default();
    let mut events = sse::Reader::new();
    let mut fields = FieldReader::new(CHAT);
    for mut input in stream.chunks(chunk) {
        loop {
            let progress = events.next(input);
            input = &input[progress.consumed..];
            match progress.step {
                sse::FrameStep::Data(fragment) => {
                    fields.read(fragment, &mut |slot, value| match (slot, value) {
                        (Slot::Model, Value::String(_)) => answer.models += 1,
                        (Slot::Content, Value::String(text)) => answer.content_bytes += text.length,
                        _ => {}
                    });
                }
                sse::FrameStep::EventEnd => {
                    answer.events += usize::from(fields.finish() == JsonEnd::Complete);
                }
                sse::FrameStep::EventBroken => unreachable!("text has no broken frames"),
                sse::FrameStep::InputEmpty => break,
            }
        }
    }
    answer
}

fn read_values(stream: &[u8], chunk: usize) -> Answer {
    let mut answer = Answer::default();
    let mut events = sse::Reader::new();
    let mut event = Vec::new();
    for mut input in stream.chunks(chunk) {
        loop {
            let progress = events.next(input);
            input = &input[progress.consumed..];
            match progress.step {
                sse::FrameStep::Data(fragment) => event.extend_from_slice(fragment),
                sse::FrameStep::EventEnd => {
                    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&event) {
                        answer.events += 1;
                        answer.models += usize::from(value["model"].is_string());
                        let content = value["choices"][0]["delta"]["content"].as_str();
                        answer.content_bytes += content.map_or(0, |content| content.len() as u64);
                    }
                    event.clear();
                }
                sse::FrameStep::EventBroken => unreachable!("text has no broken frames"),
                sse::FrameStep::InputEmpty => break,
            }
        }
    }
    answer
}

fn kserve_body(c: &mut Criterion) {
    // Measured values have few digits, scaled features have all that a double can have.
    for (name, scaled) in [("measured", false), ("scaled", true)] {
        let mut body = String::from("{\"instances\":[");
        let (mut rows, mut values, mut state) = (0_usize, 0_usize, 0x9e37_79b9_7f4a_7c15_u64);
        while body.len() < 1_000_000 {
            body.push_str(if rows == 0 { "[" } else { ",[" });
            rows += 1;
            for column in 0..16 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let value = (state >> 11) as f64 / (1_u64 << 53) as f64;
                let comma = if column == 0 { "" } else { "," };
                let _ = if scaled {
                    write!(body, "{comma}{value}")
                } else {
                    write!(body, "{comma}{:.1}", 900.0 + 200.0 * value)
                };
                values += 1;
            }
            body.push(']');
        }
        body.push_str("]}");
        let parsed: serde_json::Value = serde_json::from_str(&body).expect("the body is JSON");
        let expected = (values, sum_values(&parsed).1);

        let mut group = c.benchmark_group(format!("kserve_{name}"));
        group.throughput(Throughput::Bytes(body.len() as u64));
        for chunk in CHUNKS_BYTES {
            group.bench_function(format!("tokens/{chunk}"), |b| {
                b.iter(|| assert_eq!(sum_tokens(body.as_bytes(), chunk), expected));
            });
            group.bench_function(format!("fields/{chunk}"), |b| {
                b.iter(|| assert_eq!(sum_fields(body.as_bytes(), chunk), expected));
            });
        }
        group.bench_function("serde_json/whole", |b| {
            b.iter(|| {
                let value = serde_json::from_slice(body.as_bytes()).expect("the body is JSON");
                assert_eq!(sum_values(&value), expected);
            });
        });
        group.finish();
    }
}

fn sum_tokens(body: &[u8], chunk: usize) -> (usize, f64) {
    let mut tokenizer = Tokenizer::new();
    let (mut count, mut sum) = (0, 0.0);
    for mut input in body.chunks(chunk) {
        loop {
            let progress = tokenizer.next(input);
            input = &input[progress.consumed..];
            match progress.token {
                Some(Token::Number(number)) => {
                    count += 1;
                    sum += number;
                }
                Some(_) => {}
                None => break,
            }
        }
    }
    assert_eq!(tokenizer.finish().ending, JsonEnd::Complete);
    (count, sum)
}

fn sum_fields(body: &[u8], chunk: usize) -> (usize, f64) {
    static ROWS: FieldTable<()> = field_table![("instances[][]", ())];
    let mut reader = FieldReader::new(ROWS);
    let (mut count, mut sum) = (0, 0.0);
    for input in body.chunks(chunk) {
        reader.read(input, &mut |(), value| {
            if let Value::Number(number) = value {
                count += 1;
                sum += number;
            }
        });
    }
    assert_eq!(reader.finish(), JsonEnd::Complete);
    (count, sum)
}

fn sum_values(body: &serde_json::Value) -> (usize, f64) {
    let rows = body["instances"].as_array().into_iter().flatten();
    let values = rows.filter_map(serde_json::Value::as_array).flatten();
    values
        .filter_map(serde_json::Value::as_f64)
        .fold((0, 0.0), |(count, sum), value| (count + 1, sum + value))
}

criterion_group!(benches, chat_stream, kserve_body);
criterion_main!(benches);
