//! Bodies that the filter has no use for: it is told of them, and does not copy them into its memory.

use host_sim::Exchange;

use crate::{
    phrases::{CHAT, CONFIG, completion},
    stage::traced_world,
};

/// A body as the filter asks the host for it.
const REQUEST: &str = "[vm->host] env.proxy_get_buffer_bytes(0, ";
const RESPONSE: &str = "[vm->host] env.proxy_get_buffer_bytes(1, ";

const JSON: (&str, &str) = ("content-type", "application/json");
/// A coding that nobody has used for decades, and that is not read.
const COMPRESSED: (&str, &str) = ("content-encoding", "compress");

/// How often the filter asks for a part of either body while this exchange passes.
fn reads(
    path: &str,
    headers: &[(&str, &str)],
    answer: impl FnOnce(Exchange) -> Exchange,
) -> [usize; 2] {
    let world = traced_world(CONFIG);
    world.trace().take();
    let asked = world
        .exchange(0)
        .request("POST", path, headers)
        .request_chunk(r#"{"model":"demo-llm","#)
        .request_last_chunk(r#""messages":[]}"#);
    assert!(answer(asked).outcome().over);
    let lines = world.trace().take();
    let told = lines.iter().filter(|line| line.text.contains("[host->vm] proxy_on_request_body"));
    assert_eq!(told.count(), 3, "the filter is told of every part, and of the end");
    [REQUEST, RESPONSE].map(|call| lines.iter().filter(|line| line.text.contains(call)).count())
}

/// An answer in two parts.
fn answers(status: u16, headers: &[(&str, &str)]) -> impl FnOnce(Exchange) -> Exchange {
    let text = completion("Yes", 4, 2);
    move |exchange| {
        let (first, second) = text.split_at(20);
        let exchange = exchange.response(status, headers).response_chunk(first.to_owned());
        exchange.response_last_chunk(second.to_owned())
    }
}

#[test]
fn what_a_model_is_asked_and_answers_is_read_once() {
    assert_eq!(reads(CHAT, &[JSON], answers(200, &[JSON])), [2, 2]);
    assert_eq!(reads("/v1/models/rain:predict", &[JSON], answers(200, &[JSON])), [2, 2]);
}

#[test]
fn an_answer_that_is_none_is_not_read() {
    for path in [CHAT, "/v1/models/rain:predict"] {
        for (status, headers) in [
            (500, [JSON].as_slice()),
            (429, &[JSON]),
            (302, &[JSON]),
            (200, &[("content-type", "text/html")]),
            (200, &[("content-type", "image/png")]),
        ] {
            let [_, response] = reads(path, &[JSON], answers(status, headers));
            assert_eq!(response, 0, "{path}: {status} {headers:?}");
        }
        // The proxy answers, because nobody else does.
        let [_, response] = reads(path, &[JSON], Exchange::upstream_resets);
        assert_eq!(response, 0, "{path}: a local reply");
    }
}

#[test]
fn a_body_in_an_unknown_coding_is_not_read() {
    assert_eq!(reads(CHAT, &[JSON, COMPRESSED], answers(200, &[JSON, COMPRESSED])), [0, 0]);
}
