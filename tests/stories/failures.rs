//! Everything that can go wrong: each is counted once, under its outcome or reason, and the next request is measured
//! as if nothing had happened ([`tell`] sees to both).

use crate::{
    phrases::{CHAT, DONE, ROLE, STOP, chat, completion, token, usage},
    script::{Framing, Script},
    stage::tell,
};

#[test]
fn a_request_that_is_no_json() {
    tell(
        Script::post(CHAT, "{\"model\":\"demo-llm\",\"messages\":[}")
            .answers(400, "{\"error\":{}}"),
        &[
            "requests_total{model=demo-llm,outcome=error_status} 1",
            "read_problems_total{model=demo-llm,reason=request_malformed} 1",
        ],
    );
}

#[test]
fn a_request_that_ends_too_early() {
    tell(
        Script::post(CHAT, "{\"model\":\"demo-llm\",\"messages\":[").answers(400, "{\"error\":{}}"),
        &[
            "requests_total{model=demo-llm,outcome=error_status} 1",
            "read_problems_total{model=demo-llm,reason=request_malformed} 1",
        ],
    );
}

#[test]
fn an_answer_that_is_no_json() {
    tell(
        Script::post(CHAT, "{\"model\":\"demo-llm\"}").answers(200, "{\"choices\":[}]}"),
        &[
            "requests_total{model=demo-llm,outcome=no_output} 1",
            "read_problems_total{model=demo-llm,reason=response_malformed} 1",
            "output_tokens_total 0",
        ],
    );
}

#[test]
fn an_event_that_is_no_json() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends("data: {\"choices\":[{\"delta\":{\"content\":\"b\"}]}\n\n")
            .at_ms(180)
            .sends(token("c"))
            .sends(STOP)
            .sends(usage(4, 3))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "read_problems_total{model=demo-llm,reason=event_malformed} 1",
            "inter_chunk_gap_observations_total{model=demo-llm} 1",
            "output_tokens_total{model=demo-llm} 3",
        ],
    );
}

#[test]
fn a_stream_that_ends_inside_a_character() {
    let event = token("caf\u{e9}").into_bytes();
    let inside = event.iter().position(|&byte| byte == 0xc3).unwrap() + 1;
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("Un"))
            .at_ms(120)
            .sends(&event[..inside])
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=truncated} 1",
            "read_problems_total{model=demo-llm,reason=event_malformed} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
            "time_to_first_token_observations_total{model=demo-llm,result=failure} 1",
            "time_to_last_token_microseconds_total{model=demo-llm,result=failure} 60 ms",
        ],
    );
}

#[test]
fn an_event_larger_than_the_limit() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends(token(&"b".repeat(2000)))
            .sends(STOP)
            .sends(usage(4, 3))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "read_problems_total{model=demo-llm,reason=event_too_large} 1",
            "time_per_output_token_observations_total{model=demo-llm,result=success} 1",
        ],
    );
}

#[test]
fn an_answer_without_usage() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends(token("b"))
            .sends(STOP)
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "read_problems_total{model=demo-llm,reason=usage_missing} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
            "time_to_first_token_microseconds_total{model=demo-llm,result=success} 60 ms",
            "inter_chunk_gap_observations_total{model=demo-llm} 1",
            "output_tokens_total 0",
        ],
    );
}

#[test]
fn a_client_that_hangs_up_after_the_second_token_is_counted_for_what_it_received() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends(token("b"))
            .client_leaves_after(2, "content")
            .at_ms(500)
            .sends(token("c"))
            .at_ms(700)
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=client_cancel} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
            "time_to_first_token_microseconds_total{model=demo-llm,result=cancelled} 60 ms",
            "time_to_last_token_microseconds_total{model=demo-llm,result=cancelled} 120 ms",
            "inter_chunk_gap_observations_total{model=demo-llm} 1",
        ],
    );
}

#[test]
fn a_client_that_is_gone_before_the_answer_begins() {
    tell(
        chat("demo-llm")
            .client_leaves_at_ms(250)
            .at_ms(700)
            .starts_streaming()
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=client_cancel} 1",
            "request_duration_microseconds_total{model=demo-llm,result=cancelled} 250 ms",
            "time_to_first_token_observations_total 0",
        ],
    );
}

#[test]
fn a_model_server_that_resets_in_the_middle() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends(token("b"))
            .at_ms(180)
            .resets(),
        &[
            "requests_total{model=demo-llm,outcome=upstream_reset} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
            "time_to_first_token_observations_total{model=demo-llm,result=failure} 1",
        ],
    );
}

#[test]
fn a_model_server_that_closes_in_the_middle() {
    tell(
        chat("demo-llm").starts_streaming().at_ms(60).sends(token("a")).at_ms(120).closes(),
        &[
            "requests_total{model=demo-llm,outcome=upstream_reset} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
        ],
    );
}

#[test]
fn a_model_server_that_closes_before_the_length_it_promised() {
    let answer = completion("It will.", 6, 3);
    let head = [("content-type", "application/json")];
    tell(
        Script::post(CHAT, "{\"model\":\"demo-llm\"}")
            .answers_with_head(200, &head, Framing::Length(answer.len()))
            .sends(&answer[..20])
            .at_ms(60)
            .closes(),
        &["requests_total{model=demo-llm,outcome=upstream_reset} 1", "output_tokens_total 0"],
    );
}

#[test]
fn a_model_server_that_closes_without_an_answer() {
    tell(
        chat("demo-llm").at_ms(60).closes(),
        &[
            "requests_total{model=demo-llm,outcome=upstream_reset} 1",
            "request_duration_microseconds_total{model=demo-llm,result=failure} 60 ms",
        ],
    );
}

#[test]
fn a_model_server_that_cannot_be_reached() {
    tell(
        chat("demo-llm").nobody_answers(),
        &[
            "requests_total{model=demo-llm,outcome=upstream_reset} 1",
            "request_duration_observations_total{model=demo-llm,result=failure} 1",
        ],
    );
}

#[test]
fn a_model_server_that_answers_with_an_error() {
    tell(
        chat("demo-llm").at_ms(60).answers(500, r#"{"error":{"message":"out of memory"}}"#),
        &[
            "requests_total{model=demo-llm,outcome=error_status} 1",
            "request_duration_microseconds_total{model=demo-llm,result=failure} 60 ms",
            "request_duration_observations_total{model=demo-llm,result=success} 0",
        ],
    );
}

#[test]
fn a_request_that_the_proxy_refuses_before_the_filter_sees_it() {
    tell(
        // HTTP/1.1 asks for a Host.
        Script::refused(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}"),
        &["unmeasured_streams_total{reason=no_request_headers} 1"],
    );
}

#[test]
fn bytes_that_are_no_request() {
    tell(
        Script::refused(b"GARBAGE\r\n\r\n"),
        &["unmeasured_streams_total{reason=no_request_headers} 1"],
    );
}

#[test]
fn a_request_whose_framing_breaks_in_the_middle() {
    tell(
        Script::broken(CHAT, "{\"model\":\"demo-llm\","),
        &[
            "requests_total{model=demo-llm,outcome=local_reply} 1",
            "request_duration_microseconds_total{model=demo-llm,result=failure} 60 ms",
        ],
    );
}

#[test]
fn a_model_server_that_takes_too_long_to_begin() {
    tell(
        chat("demo-llm")
            .proxy_gives_up_at_ms(300)
            .at_ms(800)
            .starts_streaming()
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=timeout} 1",
            "request_duration_microseconds_total{model=demo-llm,result=failure} 300 ms",
        ],
    );
}

#[test]
fn a_model_server_that_takes_too_long_to_end() {
    tell(
        chat("demo-llm")
            .proxy_gives_up_at_ms(300)
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(800)
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=timeout} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
            "time_to_first_token_microseconds_total{model=demo-llm,result=failure} 60 ms",
            "request_duration_microseconds_total{model=demo-llm,result=failure} 300 ms",
        ],
    );
}

#[test]
fn an_error_in_a_stream_that_began_well() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends("data: {\"error\":{\"message\":\"CUDA out of memory\",\"code\":500}}\n\n")
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=error_event} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
            "time_to_first_token_observations_total{model=demo-llm,result=failure} 1",
        ],
    );
}

#[test]
fn a_stream_without_any_output() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(ROLE)
            .sends(STOP)
            .sends(usage(4, 0))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=no_output} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=too_few_tokens} 1",
            "time_to_first_token_observations_total 0",
            "input_tokens_total{model=demo-llm} 4",
        ],
    );
}

#[test]
fn a_stream_that_ends_well_but_too_early() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends(token("b"))
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=truncated} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=usage_missing} 1",
            "request_duration_microseconds_total{model=demo-llm,result=failure} 120 ms",
        ],
    );
}

#[test]
fn a_stream_without_the_end_mark_is_whole_if_it_says_why_it_stopped() {
    tell(
        chat("demo-llm")
            .answers_with_head(200, &[("content-type", "text/event-stream")], Framing::UntilClose)
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends(token("b"))
            .sends(STOP)
            .sends(usage(4, 2))
            .closes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "time_per_output_token_microseconds_total{model=demo-llm,result=success} 60 ms",
        ],
    );
}

#[test]
fn an_answer_of_a_content_type_that_no_model_has() {
    tell(
        chat("demo-llm")
            .answers_with_head(200, &[("content-type", "text/html")], Framing::Chunked)
            .sends("<html>Log in</html>")
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "read_problems_total{model=demo-llm,reason=unexpected_content_type} 1",
        ],
    );
}
