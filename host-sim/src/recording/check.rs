//! What a recording may hold: sizes that memory holds, an order in time, and what HTTP has a form for. It mends nothing.

use super::{Body, Recording, Step};

/// No step of a file is longer; what a proxy reads at once is a thousandth of it.
const STEP_BYTES_MAX: usize = 64 << 20;

/// A year: to simulate an exchange, every tick in it has to be run.
const EXCHANGE_US_MAX: u64 = 366 * 24 * 3_600 * 1_000_000;

/// What is wrong among the exchanges of one file, each given with the number of its line.
///
/// Their times have one beginning; two of them a year apart have two, such as the start of a proxy and 1970.
pub(super) fn problems_between(recordings: &[(usize, Recording)]) -> Vec<String> {
    let starts = recordings.iter().map(|(line, recording)| (recording.start_us, *line));
    let Some((first_us, first_line)) = starts.clone().min() else { return Vec::new() };
    starts
        .filter(|(start_us, _)| EXCHANGE_US_MAX < start_us - first_us)
        .map(|(start_us, line)| {
            format!(
                "line {line}: start_us is {start_us}, but line {first_line} begins at {first_us}, \
                 and {EXCHANGE_US_MAX} later is the most"
            )
        })
        .collect()
}

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
    let mut order = Order::default();
    for (index, step) in steps.iter().enumerate() {
        let place = format!("steps[{index}]");
        problems.extend(order.problem_of(index, step).map(|why| format!("{place} is {why}")));
        if EXCHANGE_US_MAX < step.at_us() {
            let at_us = step.at_us();
            problems.push(format!("{place} has at_us {at_us}, but {EXCHANGE_US_MAX} is the most"));
        }
        if step.at_us() < before_us {
            let at_us = step.at_us();
            problems.push(format!("{place} has at_us {at_us}, but follows one at {before_us}"));
        }
        before_us = before_us.max(step.at_us());
        problems.extend(problems_of_step(&place, step));
    }
    problems
}

/// How far each side has come. What either says after a break is not judged: the other may not have known yet.
#[derive(Default)]
struct Order {
    request_ended: Option<usize>,
    response_begun: Option<usize>,
    response_ended: Option<usize>,
}

impl Order {
    /// Why this step cannot come here, if it cannot.
    fn problem_of(&mut self, index: usize, step: &Step) -> Option<String> {
        let name = step.name();
        let (is_request, ends) = match step {
            Step::RequestData { .. } => (true, false),
            Step::RequestEnd { .. } | Step::RequestTrailers { .. } => (true, true),
            Step::Response { ended, .. } => (false, *ended),
            Step::ResponseData { .. } => (false, false),
            Step::ResponseEnd { .. } | Step::ResponseTrailers { .. } => (false, true),
            Step::ClientAborts { .. }
            | Step::UpstreamResets { .. }
            | Step::UpstreamUnreachable { .. }
            | Step::TimesOut { .. } => return None,
        };
        let (side, ended) = if is_request {
            ("request", &mut self.request_ended)
        } else {
            ("response", &mut self.response_ended)
        };
        if let Some(end) = ended {
            return Some(format!("{name}, but steps[{end}] was the {side}'s end"));
        }
        if ends {
            *ended = Some(index);
        }
        if is_request {
            return None;
        }
        match (self.response_begun, step) {
            (None, Step::Response { .. }) => {
                self.response_begun = Some(index);
                None
            }
            (None, _) => Some(format!("{name}, but no response came before it")),
            (Some(begun), Step::Response { .. }) => {
                Some(format!("{name}, but steps[{begun}] is one already"))
            }
            (Some(_), _) => None,
        }
    }
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
