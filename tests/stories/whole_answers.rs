//! Answers that come in one document: no first token, but tokens and an end.

use crate::{
    phrases::{CHAT, completion},
    script::Script,
    stage::tell,
};

fn ask(model: &str) -> Script {
    Script::post(CHAT, format!(r#"{{"model":"{model}","messages":[]}}"#))
}

#[test]
fn a_whole_answer_has_tokens_and_a_duration_but_no_first_token() {
    tell(
        ask("demo-llm").at_ms(120).answers(200, completion("It will.", 6, 3)),
        &[
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
            "request_duration_microseconds_total{model=demo-llm,result=success} 120 ms",
            "input_tokens_total{model=demo-llm} 6",
            "output_tokens_total{model=demo-llm} 3",
            "time_to_first_token_observations_total 0",
            "time_per_output_token_observations_total 0",
            "inter_chunk_gap_observations_total 0",
        ],
    );
}

#[test]
fn a_whole_answer_of_an_unlisted_model_counts_as_other() {
    tell(
        ask("gpt-7").answers(200, completion("It will.", 6, 3)),
        &[
            "requests_total{model=other,outcome=complete} 1",
            "answers_finished_total{model=other,reason=stop} 1",
            "output_tokens_total{model=other} 3",
            "output_tokens_total{model=demo-llm} 0",
        ],
    );
}

#[test]
fn a_request_that_names_no_model_counts_as_other() {
    tell(
        Script::post(CHAT, r#"{"messages":[]}"#).answers(200, completion("Yes", 1, 1)),
        &[
            "requests_total{model=other,outcome=complete} 1",
            "answers_finished_total{model=other,reason=stop} 1",
        ],
    );
}

#[test]
fn what_is_no_model_request_passes_unmeasured() {
    tell(
        Script::post("/v1/moderate", r#"{"model":"demo-llm","input":"x"}"#).answers(200, "{}"),
        &["unmeasured_streams_total{reason=unrecognised_path} 1"],
    );
}
