//! Streamed answers: what counts as a token, and when.

use crate::{
    phrases::{CHAT, DONE, KEEP_ALIVE, ROLE, STOP, chat, thought, token, usage},
    script::Script,
    stage::tell,
};

#[test]
fn the_first_token_is_timed_from_the_request_not_from_the_response_head() {
    tell(
        chat("demo-llm")
            .at_ms(40)
            .starts_streaming()
            .at_ms(250)
            .sends(token("Hel"))
            .at_ms(310)
            .sends(token("lo"))
            .at_ms(370)
            .sends(STOP)
            .sends(usage(7, 2))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "time_to_first_token_microseconds_total{model=demo-llm,result=success} 250 ms",
            "time_to_first_token_observations_total{model=demo-llm,result=success} 1",
            "time_to_first_token_observations_total{model=demo-llm,result=failure} 0",
            "request_duration_microseconds_total{model=demo-llm,result=success} 370 ms",
        ],
    );
}

#[test]
fn roles_and_keep_alive_comments_are_no_tokens() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(KEEP_ALIVE)
            .at_ms(120)
            .sends(ROLE)
            .at_ms(180)
            .sends(KEEP_ALIVE)
            .at_ms(240)
            .sends(token("Yes"))
            .sends(STOP)
            .sends(usage(4, 1))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "time_to_first_token_microseconds_total{model=demo-llm,result=success} 240 ms",
            "inter_chunk_gap_observations_total{model=demo-llm} 0",
            "time_per_output_token_skipped_total{model=demo-llm,reason=too_few_tokens} 1",
            "time_per_output_token_observations_total{model=demo-llm} 0",
        ],
    );
}

#[test]
fn usage_and_the_end_mark_are_not_the_last_token() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends(token("b"))
            .at_ms(300)
            .sends(STOP)
            .sends(usage(4, 2))
            .at_ms(400)
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "time_to_last_token_microseconds_total{model=demo-llm,result=success} 120 ms",
            "time_per_output_token_microseconds_total{model=demo-llm,result=success} 60 ms",
            "request_duration_microseconds_total{model=demo-llm,result=success} 400 ms",
        ],
    );
}

#[test]
fn a_user_waits_longer_for_a_visible_token_than_for_a_thought() {
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(thought("Hm"))
            .at_ms(150)
            .sends(thought("..."))
            .at_ms(300)
            .sends(token("No"))
            .sends(STOP)
            .sends(usage(4, 3))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "time_to_first_token_microseconds_total{model=demo-llm,result=success} 60 ms",
            "time_to_first_visible_token_microseconds_total{model=demo-llm,result=success} 300 ms",
            "time_per_output_token_microseconds_total{model=demo-llm,result=success} 120 ms",
        ],
    );
}

#[test]
fn the_time_per_token_is_the_time_between_the_first_and_the_last_by_the_tokens_after_the_first() {
    // Two pieces of the answer, but five tokens: 240 ms / 4.
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("Yes"))
            .at_ms(300)
            .sends(token(" it will, soon"))
            .sends(STOP)
            .sends(usage(4, 5))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "time_per_output_token_microseconds_total{model=demo-llm,result=success} 60 ms",
            "time_per_output_token_observations_total{model=demo-llm,result=success} 1",
            "inter_chunk_gap_microseconds_total{model=demo-llm} 240 ms",
            "inter_chunk_gap_observations_total{model=demo-llm} 1",
        ],
    );
}

#[test]
fn gaps_are_counted_between_chunks_and_tokens_come_from_the_usage() {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":5}}}"#;
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends(token("b") + &token("c"))
            .at_ms(220)
            .sends(token("d"))
            .sends(STOP)
            .sends(format!("data: {usage}\n\n"))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "inter_chunk_gap_observations_total{model=demo-llm} 2",
            "inter_chunk_gap_microseconds_total{model=demo-llm} 160 ms",
            "input_tokens_total{model=demo-llm} 11",
            "cached_input_tokens_total{model=demo-llm} 8",
            "output_tokens_total{model=demo-llm} 9",
            "reasoning_tokens_total{model=demo-llm} 5",
            // Five of the nine were never shown: 160 ms / (9 - 5 - 1), rounded.
            "time_per_output_token_observations_total{model=demo-llm,result=success} 1",
        ],
    );
}

#[test]
fn the_clock_starts_with_the_headers_of_a_request_whose_body_is_slow() {
    let body = format!(
        r#"{{"messages":[],"stream":true,"model":"demo-llm","user":"{}"}}"#,
        "x".repeat(140)
    );
    let script = Script::post(CHAT, body.clone()).in_pieces_of(body.len().div_ceil(3));
    tell(
        script
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .sends(STOP)
            .sends(usage(4, 1))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "time_per_output_token_skipped_total{model=demo-llm,reason=too_few_tokens} 1",
            "time_to_first_token_microseconds_total{model=demo-llm,result=success} 180 ms",
        ],
    );
}

#[test]
fn a_model_that_nobody_listed_counts_as_other() {
    tell(
        chat("somebody's \\\"own\\\" model")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .at_ms(120)
            .sends(token("b"))
            .sends(STOP)
            .sends(usage(4, 2))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=other,outcome=complete} 1",
            "answers_finished_total{model=other,reason=stop} 1",
            "time_to_first_token_observations_total{model=other,result=success} 1",
            "output_tokens_total{model=other} 2",
            "output_tokens_total{model=demo-llm} 0",
        ],
    );
}

#[test]
fn a_character_cut_by_the_network_is_no_problem() {
    let event = token("caf\u{e9} \u{1f327}").into_bytes();
    // Inside the two bytes of the first and the four of the second character.
    let first = event.iter().position(|&byte| byte == 0xc3).unwrap() + 1;
    let second = event.iter().position(|&byte| byte == 0xf0).unwrap() + 2;
    tell(
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(&event[..first])
            .at_ms(120)
            .sends(&event[first..second])
            .at_ms(180)
            .sends(&event[second..])
            .sends(STOP)
            .sends(usage(4, 3))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "time_to_first_token_microseconds_total{model=demo-llm,result=success} 180 ms",
            "time_per_output_token_skipped_total{model=demo-llm,reason=one_chunk} 1",
        ],
    );
}
