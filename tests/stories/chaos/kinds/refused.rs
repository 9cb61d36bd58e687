//! What the proxy answers itself, and what is no model's: all of it passes, and stands in one place.

use super::{
    super::{
        dice::Dice,
        exchange::{Act, Client, Exchange},
    },
    HTTP, HTTP1, Kind,
};
use crate::phrases::CHAT;

pub(super) const KINDS: [Kind; 8] = [
    Kind { name: "an early local reply", over: HTTP, make: early_reply },
    Kind { name: "an early local reply for rows", over: HTTP, make: early_reply_for_rows },
    Kind { name: "a path of no model", over: HTTP, make: unrecognised },
    Kind { name: "a method of no model", over: HTTP, make: other_method },
    Kind { name: "what is declared to be none", over: HTTP, make: declared_none },
    Kind { name: "bytes that are no request", over: HTTP1, make: garbage },
    Kind { name: "a request without a host", over: HTTP1, make: without_host },
    Kind { name: "a head that is too large", over: HTTP1, make: large_head },
];

fn page(exchange: Exchange) -> Exchange {
    let head = Act::Head(200, vec![("content-type", "text/html".to_owned())]);
    exchange.server([head, Act::Sends(b"<!doctype html>".into()), Act::Finishes])
}

fn early_reply(_: &mut Dice) -> Exchange {
    // The proxy has its answer before the body comes, which has the name.
    let exchange = Exchange::post(CHAT, r#"{"model":"demo-llm"}"#).header("x-route", "none");
    exchange.counts("other", &["local_reply"])
}

fn early_reply_for_rows(_: &mut Dice) -> Exchange {
    // Whether its row comes before the answer is up to a race, so it is of a model whose rows are not compared.
    let exchange = Exchange::post("/v1/models/snow:predict", r#"{"instances": [[1, 1]]}"#);
    exchange.header("x-route", "none").counts("other", &["local_reply"])
}

fn unrecognised(_: &mut Dice) -> Exchange {
    page(Exchange::post("/login", "a=b")).passes("unrecognised_path")
}

fn other_method(_: &mut Dice) -> Exchange {
    let mut exchange = page(Exchange::post(CHAT, "")).passes("other_method");
    exchange.method = "GET";
    exchange.pieces.clear();
    exchange
}

fn declared_none(_: &mut Dice) -> Exchange {
    page(Exchange::post("/internal/chat/completions", "{}")).passes("declared_none")
}

fn raw(bytes: Vec<u8>) -> Exchange {
    Exchange::post(CHAT, "").client(Client::SendsRaw(bytes)).passes("no_request_headers")
}

fn garbage(_: &mut Dice) -> Exchange {
    raw(b"GARBAGE\r\n\r\n".to_vec())
}

fn without_host(_: &mut Dice) -> Exchange {
    raw(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}".to_vec())
}

fn large_head(_: &mut Dice) -> Exchange {
    let value = "x".repeat(100_000);
    raw(format!("POST {CHAT} HTTP/1.1\r\nhost: x\r\nx-large: {value}\r\n\r\n").into_bytes())
}
