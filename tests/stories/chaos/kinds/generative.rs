//! Requests of language models: streams that go well, and every way in which they do not.

use std::time::Duration;

use super::{
    super::{
        dice::Dice,
        encoding::ENCODINGS,
        exchange::{Act, Client, Exchange},
    },
    HTTP, HTTP1, Kind,
};
use crate::phrases::{CHAT, DONE, ROLE, STOP, completion, token, usage};

const COMPLETE: &[&str] = &["complete"];
const LEFT: &[&str] = &["client_cancel"];
const RESET: &[&str] = &["upstream_reset"];
/// A pause between two events is shorter than this.
const PAUSE_MS: usize = 25;
/// Bodies from the reference encoders: see `tests/data/encoded/make.py`.
const STREAMS: [(&str, &[u8]); 3] = [
    ("gzip", include_bytes!("../../../data/encoded/stream.gzip")),
    ("br", include_bytes!("../../../data/encoded/stream.br")),
    ("zstd", include_bytes!("../../../data/encoded/stream.zstd")),
];
const REQUESTS: [(&str, &[u8]); 3] = [
    ("gzip", include_bytes!("../../../data/encoded/request.gzip")),
    ("br", include_bytes!("../../../data/encoded/request.br")),
    ("zstd", include_bytes!("../../../data/encoded/request.zstd")),
];
const BOMBS: [(&str, &[u8]); 3] = [
    ("gzip", include_bytes!("../../../data/encoded/bomb.gzip")),
    ("br", include_bytes!("../../../data/encoded/bomb.br")),
    ("zstd", include_bytes!("../../../data/encoded/bomb.zstd")),
];

pub(super) const KINDS: [Kind; 23] = [
    Kind { name: "a stream", over: HTTP, make: stream },
    Kind { name: "a stream of a model that fits a pattern", over: HTTP, make: patterned },
    Kind { name: "a stream of a model that is not listed", over: HTTP, make: unlisted },
    Kind { name: "a whole answer", over: HTTP, make: whole_answer },
    Kind { name: "a compressed request and answer", over: HTTP, make: compressed },
    Kind { name: "a stream that a retry gets", over: HTTP, make: retried },
    Kind { name: "a client that leaves in its request", over: HTTP, make: leaves_in_request },
    Kind { name: "a client that leaves before the answer", over: HTTP, make: leaves_before },
    Kind { name: "a client that leaves in the answer", over: HTTP, make: leaves_in_answer },
    Kind { name: "a client that leaves at any moment", over: HTTP, make: leaves_after },
    Kind { name: "a reset in the answer", over: HTTP, make: resets },
    Kind { name: "a reset before the answer", over: HTTP, make: resets_before },
    Kind { name: "an answer that is cut", over: HTTP, make: cut },
    Kind { name: "an answer whose chunks break", over: HTTP, make: broken_answer },
    Kind { name: "a stream without its end", over: HTTP, make: truncated },
    Kind { name: "a stream without output", over: HTTP, make: no_output },
    Kind { name: "a bomb", over: HTTP, make: bomb },
    Kind { name: "a malformed compressed answer", over: HTTP, make: malformed_answer },
    Kind { name: "a malformed compressed request", over: HTTP, make: malformed_request },
    Kind { name: "an error", over: HTTP, make: error },
    Kind { name: "an error in a stream", over: HTTP, make: error_event },
    Kind { name: "a stream that takes too long", over: HTTP, make: timeout },
    Kind { name: "a request whose chunks break", over: HTTP1, make: broken_request },
];

pub(super) const HELD: [Kind; 4] = [
    Kind { name: "held in the answer", over: HTTP, make: held },
    Kind { name: "held before the answer", over: HTTP, make: held_before },
    Kind { name: "held in the answer until the client leaves", over: HTTP, make: held_and_left },
    Kind { name: "held in a compressed answer", over: HTTP, make: held_compressed },
];

fn ask(model: &str, dice: &mut Dice) -> Exchange {
    // Of any length, so that it comes in one piece or in several.
    let text = "It rains. ".repeat(20 + dice.below(4000));
    let body = format!(
        r#"{{"model":"{model}","messages":[{{"role":"user","content":"{text}"}}],"stream":true}}"#
    );
    let mut exchange = Exchange::post(CHAT, &body);
    // The name is in the first piece, and every later one is shorter than a window of HTTP/2.
    let cut = 200 + dice.below(body.len() - 200).min(8_000);
    let (first, rest) = body.as_bytes().split_at(cut.min(body.len() - 1));
    exchange.pieces = [first].into_iter().chain(rest.chunks(8_000)).map(<[u8]>::to_vec).collect();
    exchange.chunked = dice.below(2) == 0;
    exchange
}

fn head(content_type: &str) -> Act {
    Act::Head(200, vec![("content-type", content_type.to_owned())])
}

fn encoded(content_type: &str, encoding: &str) -> Act {
    let headers = [("content-type", content_type), ("content-encoding", encoding)];
    Act::Head(200, headers.map(|(name, value)| (name, value.to_owned())).to_vec())
}

/// The head and up to a dozen tokens.
fn begun(dice: &mut Dice) -> Vec<Act> {
    let mut acts = vec![head("text/event-stream"), Act::Sends(ROLE.into())];
    for _ in 0..1 + dice.below(12) {
        acts.push(Act::Pauses(dice.milliseconds(PAUSE_MS)));
        acts.push(Act::Sends(token("word ").into()));
    }
    acts
}

/// In the usage of a stream; of those from the reference encoders; and in that of a whole answer.
const TOKENS: u64 = 2;
const TOKENS_ENCODED: u64 = 19;
const TOKENS_WHOLE: u64 = 3;

fn ends() -> [Act; 2] {
    let usage = usage(4, TOKENS);
    [Act::Sends([STOP, &usage, DONE].concat().into()), Act::Finishes]
}

fn streams(dice: &mut Dice) -> Vec<Act> {
    begun(dice).into_iter().chain(ends()).collect()
}

fn then(mut acts: Vec<Act>, act: Act) -> Vec<Act> {
    acts.push(act);
    acts
}

fn stream(dice: &mut Dice) -> Exchange {
    ask("demo-llm", dice).server(streams(dice)).counts("demo-llm", COMPLETE).tokens(TOKENS)
}

fn patterned(dice: &mut Dice) -> Exchange {
    let model = format!("tenant-{}", dice.below(12));
    ask(&model, dice).server(streams(dice)).counts(&model, COMPLETE).tokens(TOKENS)
}

fn unlisted(dice: &mut Dice) -> Exchange {
    ask("another", dice).server(streams(dice)).counts("other", COMPLETE).tokens(TOKENS)
}

fn whole_answer(dice: &mut Dice) -> Exchange {
    let answer = completion(&"It will. ".repeat(1 + dice.below(2000)), 6, TOKENS_WHOLE);
    let acts = [head("application/json"), Act::Sends(answer.into()), Act::Finishes];
    ask("demo-llm", dice).server(acts).counts("demo-llm", COMPLETE).tokens(TOKENS_WHOLE)
}

fn compressed(dice: &mut Dice) -> Exchange {
    let (encoding, request) = *dice.one_of(&REQUESTS);
    let (of_answer, answer) = *dice.one_of(&STREAMS);
    let mut acts = vec![encoded("text/event-stream", of_answer)];
    for piece in answer.chunks(1 + dice.below(400)) {
        acts.push(Act::Sends(piece.to_vec()));
        acts.push(Act::Pauses(dice.milliseconds(3)));
    }
    let exchange = Exchange::post(CHAT, request).header("content-encoding", encoding);
    exchange.server(then(acts, Act::Finishes)).counts("demo-llm", COMPLETE).tokens(TOKENS_ENCODED)
}

fn retried(dice: &mut Dice) -> Exchange {
    let exchange = ask("demo-llm", dice).header("x-route", "retry").server(streams(dice));
    exchange.first([Act::Resets]).counts("demo-llm", COMPLETE).tokens(TOKENS)
}

fn leaves_in_request(dice: &mut Dice) -> Exchange {
    let mut exchange = ask("demo-llm", dice).client(Client::LeavesInRequest);
    let last = exchange.pieces.len() - 1;
    let bytes = exchange.pieces[..last].iter().map(Vec::len).sum();
    exchange.server = vec![vec![Act::Receives(bytes), Act::Holds]];
    exchange.counts("demo-llm", LEFT)
}

fn leaves_before(dice: &mut Dice) -> Exchange {
    let exchange = ask("demo-llm", dice).client(Client::LeavesBeforeAnswer);
    exchange.server([Act::Holds]).counts("demo-llm", LEFT)
}

fn leaves_in_answer(dice: &mut Dice) -> Exchange {
    let exchange = ask("demo-llm", dice).server(then(begun(dice), Act::Holds));
    let bytes = dice.below(exchange.answer().len() + 1);
    exchange.client(Client::LeavesInAnswer(bytes)).counts("demo-llm", LEFT)
}

fn leaves_after(dice: &mut Dice) -> Exchange {
    let exchange = ask("demo-llm", dice).client(Client::LeavesAfter(dice.milliseconds(150)));
    exchange.server(streams(dice)).counts("demo-llm", &["client_cancel", "complete"]).tokens(TOKENS)
}

fn resets(dice: &mut Dice) -> Exchange {
    let acts = then(begun(dice), Act::Resets);
    ask("demo-llm", dice).server(acts).counts("demo-llm", RESET)
}

fn resets_before(dice: &mut Dice) -> Exchange {
    let act = dice.one_of(&[Act::Resets, Act::Closes]).clone();
    ask("demo-llm", dice).server([act]).counts("demo-llm", RESET)
}

fn cut(dice: &mut Dice) -> Exchange {
    let answer = completion(&"It will. ".repeat(1 + dice.below(2000)), 6, TOKENS_WHOLE);
    let headers = [("content-type", "application/json"), ("content-length", "")];
    let mut headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
    headers[1].1 = answer.len().to_string();
    let sent = answer.as_bytes()[..dice.below(answer.len())].to_vec();
    let acts = [Act::Head(200, headers), Act::Sends(sent), Act::Closes];
    ask("demo-llm", dice).server(acts).counts("demo-llm", RESET)
}

fn broken_answer(dice: &mut Dice) -> Exchange {
    let acts = then(begun(dice), Act::SendsRaw(b"no size of a chunk\r\n"));
    ask("demo-llm", dice).server(then(acts, Act::Holds)).counts("demo-llm", RESET)
}

fn truncated(dice: &mut Dice) -> Exchange {
    let acts = then(begun(dice), Act::Finishes);
    ask("demo-llm", dice).server(acts).counts("demo-llm", &["truncated"])
}

fn no_output(dice: &mut Dice) -> Exchange {
    let acts = [head("text/event-stream"), Act::Sends(ROLE.into())].into_iter().chain(ends());
    ask("demo-llm", dice).server(acts).counts("demo-llm", &["no_output"]).tokens(TOKENS)
}

fn bomb(dice: &mut Dice) -> Exchange {
    let (encoding, bomb) = *dice.one_of(&BOMBS);
    let sends = Act::Sends(bomb.to_vec());
    let acts = [encoded("application/json", encoding), sends, Act::Finishes];
    ask("demo-llm", dice).server(acts).counts("demo-llm", COMPLETE).problem("decoded_too_dense")
}

fn malformed_answer(dice: &mut Dice) -> Exchange {
    let (encoding, answer) = *dice.one_of(&STREAMS);
    let mut answer = answer.to_vec();
    let at = answer.len() / 3;
    answer[at..at + 40].fill(0xff);
    let acts = [encoded("text/event-stream", encoding), Act::Sends(answer), Act::Finishes];
    ask("demo-llm", dice)
        .server(acts)
        .counts("demo-llm", &["truncated"])
        .problem("encoding_malformed")
}

fn malformed_request(dice: &mut Dice) -> Exchange {
    let (encoding, _) = *dice.one_of(&ENCODINGS);
    let acts = [Act::Head(400, vec![]), Act::Sends(b"{\"error\":{}}".into()), Act::Finishes];
    let exchange = Exchange::post(CHAT, r#"{"model":"demo-llm"}"#);
    let exchange = exchange.header("content-encoding", encoding).server(acts);
    exchange.counts("other", &["error_status"]).problem("encoding_malformed")
}

fn error(dice: &mut Dice) -> Exchange {
    let status = *dice.one_of(&[400, 429, 500, 503]);
    let acts = [Act::Head(status, vec![]), Act::Sends(b"{\"error\":{}}".into()), Act::Finishes];
    ask("demo-llm", dice).server(acts).counts("demo-llm", &["error_status"])
}

fn error_event(dice: &mut Dice) -> Exchange {
    let event = "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n";
    let acts = then(then(begun(dice), Act::Sends(event.into())), Act::Finishes);
    ask("demo-llm", dice).server(acts).counts("demo-llm", &["error_event"])
}

fn timeout(dice: &mut Dice) -> Exchange {
    let exchange = ask("demo-llm", dice).header("x-route", "short");
    let acts = then(begun(dice), Act::Holds);
    exchange.server(acts).counts("demo-llm", &["timeout"])
}

fn broken_request(dice: &mut Dice) -> Exchange {
    let mut exchange = ask("demo-llm", dice).client(Client::BreaksChunks);
    let bytes = exchange.pieces.iter().map(Vec::len).sum();
    exchange.server = vec![vec![Act::Receives(bytes), Act::Holds]];
    exchange.chunked = true;
    exchange.counts("demo-llm", &["local_reply"])
}

fn held(dice: &mut Dice) -> Exchange {
    let acts = then(begun(dice), Act::WaitsForRelease).into_iter().chain(ends());
    ask("demo-llm", dice).server(acts).counts("demo-llm", COMPLETE).or_cut(LEFT).tokens(TOKENS)
}

fn held_before(dice: &mut Dice) -> Exchange {
    let acts = [Act::WaitsForRelease].into_iter().chain(streams(dice));
    ask("demo-llm", dice).server(acts).counts("demo-llm", COMPLETE).or_cut(LEFT).tokens(TOKENS)
}

fn held_and_left(dice: &mut Dice) -> Exchange {
    let acts = then(then(begun(dice), Act::WaitsForRelease), Act::Sends(token("end").into()));
    let exchange = ask("demo-llm", dice).server(then(acts, Act::Holds));
    let bytes = exchange.answer().len();
    exchange.client(Client::LeavesInAnswer(bytes)).counts("demo-llm", LEFT).or_cut(LEFT)
}

fn held_compressed(dice: &mut Dice) -> Exchange {
    let (encoding, answer) = *dice.one_of(&STREAMS);
    let (first, rest) = answer.split_at(answer.len() / 2);
    let acts = [
        encoded("text/event-stream", encoding),
        Act::Sends(first.to_vec()),
        Act::WaitsForRelease,
        Act::Sends(rest.to_vec()),
        Act::Pauses(Duration::from_millis(1)),
        Act::Finishes,
    ];
    ask("demo-llm", dice)
        .server(acts)
        .counts("demo-llm", COMPLETE)
        .or_cut(LEFT)
        .tokens(TOKENS_ENCODED)
}
