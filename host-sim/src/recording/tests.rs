//! Recordings as lines of JSON: what reads back, what is refused, and how bodies are cut; nothing is played.

use super::*;

fn recording() -> Recording {
    let mut recording = Recording::new("POST", "/x");
    recording.headers = vec![("accept".into(), "*/*".into())];
    recording.steps = vec![
        Step::request_data(5, b"ab"),
        Step::RequestEnd { at_us: 6 },
        Step::Response { at_us: 10, status: 200, headers: Vec::new(), ended: false },
        Step::response_data(20, b"abc"),
        Step::ResponseData { at_us: 30, size: 3, body: None },
        Step::response_data(40, b"\xff"),
        Step::ResponseEnd { at_us: 50 },
    ];
    recording
}

#[test]
fn a_line_reads_back_as_it_was_written() {
    let line = recording().to_json_line();
    assert_eq!(Recording::from_json_lines(&format!("\n{line}\n")), Ok(vec![recording()]));
    assert!(line.contains(r#"{"what":"response_data","at_us":30,"size":3}"#), "{line}");
    assert!(line.contains(r#""body":{"hex":"ff"}"#), "{line}");
}

#[test]
fn a_last_line_is_left_out_wherever_it_was_cut_and_only_then() {
    let mut whole = recording();
    whole.steps[0] = Step::request_data(5, "é\n".as_bytes());
    let line = whole.to_json_line();
    let two = format!("{line}\n{line}\n").into_bytes();
    for end in 0..=two.len() {
        let (text, cut) = Recording::without_cut_line(&two[..end]);
        let read = Recording::from_json_lines(std::str::from_utf8(text).unwrap());
        // A line is whole once its last brace is there.
        let whole = usize::from(line.len() <= end) + usize::from(2 * line.len() < end);
        assert_eq!(read.unwrap().len(), whole, "cut at {end}");
        let rest = [0, line.len(), line.len() + 1, 2 * line.len() + 1, two.len()];
        let expected = (!rest.contains(&end)).then_some(whole + 1);
        assert_eq!(cut, expected, "cut at {end}");
    }
    for text in ["{}}", "{\"method\": tru\n", "x", "{}\n \n "] {
        let found = Recording::without_cut_line(text.as_bytes());
        assert_eq!(found, (text.as_bytes(), None), "what is wrong in another way is not cut");
    }
}

#[test]
fn all_problems_are_named_with_their_lines() {
    let wrong = recording().to_json_line().replace("\"size\":2", "\"size\":7");
    let text = format!("{wrong}\n{{\"method\":1}}\n");
    let error = Recording::from_json_lines(&text).unwrap_err().to_string();
    assert!(error.contains("line 1: steps[0] has size 7, but its body has 2 bytes"), "{error}");
    assert!(error.contains("line 2, column 11: invalid type"), "{error}");
    assert!(!error.contains("at line 1"), "{error}");
}

#[test]
fn a_message_neither_goes_on_after_its_end_nor_begins_in_its_middle() {
    let end = |at_us| Step::ResponseEnd { at_us };
    let head = |ended| Step::Response { at_us: 0, status: 200, headers: Vec::new(), ended };
    let data = || Step::response_data(0, b"a");
    for (steps, expected) in [
        (vec![data()], "steps[0] is response_data, but no response came before it"),
        (vec![head(false), head(false)], "steps[1] is response, but steps[0] is one already"),
        (vec![head(true), end(0)], "steps[1] is response_end, but steps[0] was the response's"),
        (
            vec![Step::RequestEnd { at_us: 0 }, Step::request_data(0, b"a")],
            "steps[1] is request_data, but steps[0] was the request's end",
        ),
        (vec![end(u64::MAX)], "steps[0] has at_us 18446744073709551615, but 3162"),
    ] {
        let mut wrong = Recording::new("GET", "/");
        wrong.steps = steps;
        let error = Recording::from_json_lines(&wrong.to_json_line()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}\n{error}");
    }
    let mut early = Recording::new("GET", "/");
    early.steps = vec![head(false), Step::UpstreamResets { at_us: 1 }, end(2)];
    let early_answer = vec![head(true), Step::request_data(1, b"a")];
    let answered = Recording { steps: early_answer, ..early.clone() };
    let text = format!("{}\n{}", early.to_json_line(), answered.to_json_line());
    assert_eq!(Recording::from_json_lines(&text), Ok(vec![early, answered]));
}

#[test]
fn exchanges_of_one_file_are_no_more_than_a_year_apart() {
    let mut late = recording();
    late.start_us = 1_790_000_000_000_000;
    let text = format!("\n{}\n{}\n", late.to_json_line(), recording().to_json_line());
    let error = Recording::from_json_lines(&text).unwrap_err().to_string();
    assert!(
        error.contains("line 2: start_us is 1790000000000000, but line 3 begins at 0"),
        "{error}"
    );
    assert_eq!(Recording::from_json_lines(&late.to_json_line()), Ok(vec![late]));
}

#[test]
fn sizes_that_no_memory_holds_and_steps_out_of_order_are_refused() {
    let mut wrong = recording();
    wrong.steps[3] = Step::ResponseData { at_us: 20, size: usize::MAX, body: None };
    wrong.steps[6] = Step::ResponseEnd { at_us: 39 };
    let error = Recording::from_json_lines(&wrong.to_json_line()).unwrap_err().to_string();
    let size = format!("steps[3] has size {}, but 67108864 is the most", usize::MAX);
    assert!(error.contains(&size), "{error}");
    assert!(error.contains("steps[6] has at_us 39, but follows one at 40"), "{error}");
}

#[test]
fn what_http_cannot_say_is_refused_with_its_place() {
    let mut wrong = recording();
    wrong.method = String::new();
    wrong.path = "/a b".into();
    wrong.headers = vec![("ok".into(), "v".into()), ("x-a".into(), "1\r\nx-b: 2".into())];
    wrong.steps[2] = Step::Response {
        at_us: 10,
        status: 7,
        headers: vec![("".into(), "v".into()), (":status".into(), "200".into())],
        ended: false,
    };
    let trailers = vec![("t".into(), "\0".into())];
    wrong.steps[6] = Step::ResponseTrailers { at_us: 50, trailers };
    let error = Recording::from_json_lines(&wrong.to_json_line()).unwrap_err().to_string();
    for expected in [
        r#"line 1: method is "", but must be letters, digits and a few signs"#,
        r#"line 1: path is "/a b", but must be without spaces and control characters, and not empty"#,
        r#"headers[1] has the value "1\r\nx-b: 2", but no value has CR, LF or NUL"#,
        "steps[2] has status 7, but 100 to 999 is allowed",
        r#"steps[2].headers[0] is called "", but a name must be"#,
        r#"steps[2].headers[1] is called ":status", but a name must be"#,
        r#"steps[6].trailers[0] has the value "\0", but"#,
    ] {
        assert!(error.contains(expected), "{expected}\n{error}");
    }
    assert!(!error.contains("headers[0] has"), "{error}");
}

#[test]
fn a_request_is_cut_by_itself() {
    let sizes = |recording: &Recording| {
        let data = recording.steps.iter().map(|step| (step.at_us(), step.data().len()));
        data.filter(|(_, size)| *size > 0).collect::<Vec<_>>()
    };
    let whole = sizes(&recording());
    let cut = recording().request_chunked(Chunking::Bytes);
    assert_eq!(sizes(&cut), [&[(5, 1), (5, 1)], &whole[1..]].concat());
    assert_eq!(cut.steps[2], Step::RequestEnd { at_us: 6 });
    assert_eq!(sizes(&recording().chunked(Chunking::Coalesced)), [(5, 2), (40, 7)]);
}

#[test]
fn another_chunking_keeps_bytes_and_the_time_of_the_last_of_them() {
    let cut = recording().chunked(Chunking::SplitAt(4));
    let data: Vec<(u64, Bytes)> = cut
        .steps
        .iter()
        .filter(|step| matches!(step, Step::ResponseData { .. }))
        .map(|step| (step.at_us(), step.data()))
        .collect();
    assert_eq!(data, [(30, Bytes::from("abc ")), (40, Bytes::from(&b"  \xff"[..]))]);
    assert_eq!(cut.steps.last(), Some(&Step::ResponseEnd { at_us: 50 }));
}
