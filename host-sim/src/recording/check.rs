//! What a recording may hold: sizes that memory holds, an order in time, and what HTTP has a form for. It mends nothing.

use super::{Body, Recording, Step};

/// No step of a file is longer; what a proxy reads at once is a thousandth of it.
const STEP_BYTES_MAX: usize = 64 << 20;

/// Everything that is wrong, each with its place.
pub(super) fn problems_of(recording: &Recording) -> Vec<String> {
    let mut problems = Vec::new();
    let Recording { method, path, headers, steps, .. } = recording;
    if !is_name(method) {
        problems.push(format!("method is {method:?}, but must be {NAME}"));
    }
    if path.is_empty()
        || path.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    {
        let allowed = "without spaces and control characters, and not empty";
        problems.push(format!("path is {path:?}, but must be {allowed}"));
    }
    problems.extend(problems_of_pairs("headers", headers));
    let mut before_us = 0;
    for (index, step) in steps.iter().enumerate() {
        let place = format!("steps[{index}]");
        if step.at_us() < before_us {
            let at_us = step.at_us();
            problems.push(format!("{place} has at_us {at_us}, but follows one at {before_us}"));
        }
        before_us = before_us.max(step.at_us());
        problems.extend(problems_of_step(&place, step));
    }
    problems
}

fn problems_of_step(place: &str, step: &Step) -> Vec<String> {
    match step {
        Step::RequestData { size, body, .. } | Step::ResponseData { size, body, .. } => {
            let problem = problem_of_size(*size, body.as_ref());
            problem.map(|why| format!("{place} has size {size}, but {why}")).into_iter().collect()
        }
        Step::Response { status, headers, .. } => {
            let is_wrong = !(100..=999).contains(status);
            let wrong =
                is_wrong.then(|| format!("{place} has status {status}, but 100 to 999 is allowed"));
            wrong
                .into_iter()
                .chain(problems_of_pairs(&format!("{place}.headers"), headers))
                .collect()
        }
        Step::RequestTrailers { trailers, .. } | Step::ResponseTrailers { trailers, .. } => {
            problems_of_pairs(&format!("{place}.trailers"), trailers).collect()
        }
        Step::RequestEnd { .. }
        | Step::ResponseEnd { .. }
        | Step::ClientAborts { .. }
        | Step::UpstreamResets { .. }
        | Step::UpstreamUnreachable { .. }
        | Step::TimesOut { .. } => Vec::new(),
    }
}

/// What is wrong with the size of a part of a body, if anything is.
fn problem_of_size(size: usize, body: Option<&Body>) -> Option<String> {
    if STEP_BYTES_MAX < size {
        return Some(format!("{STEP_BYTES_MAX} is the most"));
    }
    match body?.bytes() {
        Some(bytes) if bytes.len() == size => None,
        Some(bytes) => Some(format!("its body has {} bytes", bytes.len())),
        None => Some("its body is not hexadecimal".into()),
    }
}

/// What is wrong with headers or trailers: each of them would make others, or an unreadable message, on a wire.
fn problems_of_pairs<'p>(
    place: &'p str,
    pairs: &'p [(String, String)],
) -> impl Iterator<Item = String> + 'p {
    pairs.iter().enumerate().filter_map(move |(index, (name, value))| {
        if !is_name(name) {
            Some(format!("{place}[{index}] is called {name:?}, but a name must be {NAME}"))
        } else if value.contains(['\r', '\n', '\0']) {
            Some(format!(
                "{place}[{index}] has the value {value:?}, but no value has CR, LF or NUL"
            ))
        } else {
            None
        }
    })
}

const NAME: &str = "letters, digits and a few signs (a token of RFC 9110), and not empty";

fn is_name(text: &str) -> bool {
    let is_sign = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_sign(byte))
}
