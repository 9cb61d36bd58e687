//! The paths of a recording that a configuration leaves unmeasured, and declarations for them; it sends nothing anywhere.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Context as _;
use driftline_inference::{
    exchange::{Observation, ObservationKind},
    known,
};
use driftline_labels::{EnumMap, Operation, Outcome, ReadProblem};
use driftline_monitor::{
    config::Config,
    native::{Header, NativeHost, NativeStream, header},
    session::Session,
};
use host_sim::{Body, Recording, Step};

use crate::table::{Align, Table, thousands};

/// Paths that are listed. Of others, only their number is told.
const PATHS_SHOWN: usize = 50;
/// Exchanges of one path that dialects are tried on.
const TRIED_MAX: usize = 3;

/// Requests to one path that pass unmeasured for one reason.
#[derive(Default)]
struct Unmeasured<'r> {
    count: u64,
    /// Some of them.
    recordings: Vec<&'r Recording>,
}

/// Which requests of the recordings would pass unmeasured, and the lines of `endpoints` that would declare them.
pub(super) fn describe(config: &Config, recordings: &[Recording]) -> anyhow::Result<String> {
    let mut paths: BTreeMap<(&str, String), Unmeasured<'_>> = BTreeMap::new();
    let (mut measured, mut other_methods) = (0_u64, 0_u64);
    for recording in recordings {
        match play(config.clone(), recording) {
            Ok(_) => measured += 1,
            Err(reason) if recording.method == "POST" && reason != "declared_none" => {
                let path = recording.path.split('?').next().unwrap_or_default();
                let unmeasured = paths.entry((path, reason)).or_default();
                unmeasured.count += 1;
                if unmeasured.recordings.len() < TRIED_MAX {
                    unmeasured.recordings.push(recording);
                }
            }
            Err(_) => other_methods += 1,
        }
    }
    let unmeasured: u64 = paths.values().map(|it| it.count).sum();
    let mut text = format!(
        "Of {} requests, {} are measured, and {} are for no model by their method or by declaration. {} pass unmeasured",
        thousands(recordings.len() as u64),
        thousands(measured),
        thousands(other_methods),
        thousands(unmeasured)
    );
    if paths.is_empty() {
        return Ok(text + ".\n");
    }
    let mut paths: Vec<_> = paths.into_iter().collect();
    paths.sort_by_key(|(_, it)| std::cmp::Reverse(it.count));
    let left_out = paths.len().saturating_sub(PATHS_SHOWN);
    paths.truncate(PATHS_SHOWN);
    let columns = [("path", Align::Left), ("requests", Align::Right), ("reason", Align::Left)];
    let rows = paths
        .iter()
        .map(|((path, reason), it)| [(*path).to_string(), thousands(it.count), reason.clone()]);
    let _ = write!(text, ":\n\n{}\n", Table { columns, rows: rows.collect() });
    if left_out != 0 {
        let _ = writeln!(text, "and {left_out} other paths.\n");
    }
    text += "Declare them in `endpoints`; NAME is the model that answers there:\n\n";
    for ((path, _), it) in &paths {
        let _ = writeln!(text, "{}", declaration(path, &it.recordings)?);
    }
    text += "\nA line with `none` is for a path at which no dialect reads the bodies: take another dialect if you know better.\n";
    Ok(text)
}

/// Plays a recording to a session with this configuration.
///
/// # Errors
///
/// The reason why it is not measured.
fn play(config: Config, recording: &Recording) -> Result<Observation, String> {
    let host = NativeHost::default();
    let session = Session::new(&host, config);
    let head = |first: Vec<Header>, headers: &[(String, String)]| -> Vec<Header> {
        let named = headers.iter().map(|(name, value)| header(&name.to_ascii_lowercase(), value));
        first.into_iter().chain(named).collect()
    };
    let first = vec![header(":method", &recording.method), header(":path", &recording.path)];
    host.changes();
    let mut stream = NativeStream::begin(&session, &host, head(first, &recording.headers), false);
    for step in &recording.steps {
        match step {
            Step::RequestData { body, .. } => stream.request_body(&bytes(body.as_ref()), false),
            Step::RequestEnd { .. } => stream.request_body(b"", true),
            Step::RequestTrailers { .. } => stream.request_trailers(),
            Step::Response { status, headers, ended, .. } => {
                let first = vec![header(":status", &status.to_string())];
                stream.response_headers(head(first, headers), *ended);
            }
            Step::ResponseData { body, .. } => stream.response_body(&bytes(body.as_ref()), false),
            Step::ResponseEnd { .. } => stream.response_body(b"", true),
            Step::ResponseTrailers { trailers, .. } => {
                stream.response_trailers(head(Vec::new(), trailers));
            }
            Step::ClientAborts { .. }
            | Step::UpstreamResets { .. }
            | Step::UpstreamUnreachable { .. }
            | Step::TimesOut { .. } => {}
        }
    }
    match stream.end(0) {
        Some(observation) => match observation.unmeasured {
            None => Ok(observation),
            Some(reason) => Err(reason.name().to_string()),
        },
        None => Err(reason(&host)),
    }
}

/// Why the filter counted a stream as unmeasured.
pub(super) fn reason(host: &NativeHost) -> String {
    let series = host.series();
    let label = |number: usize| {
        let series = series.get(number)?;
        let mut labels = series.labels.iter();
        let is_it = series.name.ends_with("_unmeasured_streams_total");
        is_it.then(|| labels.find(|(label, _)| label.name() == "reason"))?
    };
    let reason =
        host.changes().into_iter().find_map(|change| Some(label(change.number)?.1.clone()));
    reason.unwrap_or_else(|| "feedback".into())
}

fn bytes(body: Option<&Body>) -> Vec<u8> {
    body.and_then(Body::bytes).unwrap_or_default().to_vec()
}

/// The line of `endpoints` for a path, with the dialect that reads most of the bodies.
fn declaration(path: &str, recordings: &[&Recording]) -> anyhow::Result<String> {
    let mut best = (0, String::from(r#""dialect": "none""#));
    let dialects = known::generating()
        .map(|it| (it, ""))
        .chain(known::predicting().map(|it| (it, r#", "model": "NAME""#)));
    for (dialect, model) in dialects {
        // They take any document.
        if ["explain", "json", "torchserve"].contains(&dialect.name) {
            continue;
        }
        let endpoint = serde_json::json!({"path": "*", "dialect": dialect.name});
        let json =
            serde_json::json!({"models": [{"name": "m"}], "endpoints": [endpoint]}).to_string();
        let config = Config::from_json(json.as_bytes()).context("a declaration of one endpoint")?;
        let played = recordings.iter().map(|recording| play(config.clone(), recording));
        let score = played.map(|played| played.as_ref().map_or(0, understood)).sum();
        if best.0 < score {
            best = (score, format!(r#""dialect": "{}"{model}"#, dialect.name));
        }
    }
    let path = serde_json::to_string(path).context("a path")?;
    Ok(format!(r#"{{"path": {path}, {}}},"#, best.1))
}

/// How much of an exchange is understood: 0 if it need not be of the dialect at all.
fn understood(observation: &Observation) -> u64 {
    let problems: &EnumMap<ReadProblem, u64> = &observation.read_problems;
    let has_problems = ReadProblem::ALL
        .iter()
        .any(|problem| *problem != ReadProblem::UsageMissing && problems[*problem] != 0);
    if observation.outcome != Outcome::Complete || has_problems {
        return 0;
    }
    match &observation.kind {
        ObservationKind::Prediction(rows) => {
            u64::from(rows.instances != 0 && rows.predictions == rows.instances)
        }
        ObservationKind::Generation(generated) => {
            let usage = generated.usage;
            let told = match observation.operation {
                Operation::Embeddings | Operation::Rerank | Operation::Classify => {
                    let generates = usage.output.is_some() || generated.finish.is_some();
                    [!generates, !generates && usage.input.is_some(), false, false]
                }
                _ => [
                    usage.output.is_some(),
                    usage.output.is_some() && usage.input.is_some(),
                    generated.finish.is_some(),
                    generated.response.is_some_and(|it| it.characters != 0),
                ],
            };
            told.into_iter().map(u64::from).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVERS: &str = include_str!("../../../tests/data/paths/servers.txt");

    /// An exchange of JSON documents that is whole.
    fn recording(method: &str, path: &str, request: &str, response: &str) -> Recording {
        let json = || vec![("content-type".to_string(), "application/json".to_string())];
        let data = |text: &str| Some(Body::new(text.as_bytes()));
        let (sent, got) = (request.len(), response.len());
        Recording {
            start_us: 0,
            method: method.to_string(),
            path: path.to_string(),
            headers: json(),
            steps: vec![
                Step::RequestData { at_us: 1, size: sent, body: data(request) },
                Step::RequestEnd { at_us: 2 },
                Step::Response { at_us: 3, status: 200, headers: json(), ended: false },
                Step::ResponseData { at_us: 4, size: got, body: data(response) },
                Step::ResponseEnd { at_us: 5 },
            ],
        }
    }

    fn described(recordings: &[Recording]) -> String {
        describe(&Config::from_json(br#"{"models": [{"name": "m"}]}"#).unwrap(), recordings)
            .unwrap()
    }

    #[test]
    fn each_path_of_a_real_server_is_measured_or_named_with_its_count() {
        let rows = SERVERS.lines().filter(|line| !line.starts_with('#'));
        let rows: Vec<Vec<&str>> = rows.map(|row| row.split(" | ").collect()).collect();
        let requests = rows.iter().map(|row| recording("POST", row[1], "{}", "{}"));
        let text = described(&requests.collect::<Vec<_>>());
        for row in rows {
            let path = row[1].split('?').next().unwrap();
            let is_named = text.contains(&format!(r#"{{"path": "{path}", "#));
            // Empty documents are of no form but TorchServe's, so what other servers share passes, too.
            let passes = row[2] == "-" || (row[2].starts_with('?') && row[2] != "?torchserve");
            assert_eq!(is_named, passes, "{path} in:\n{text}");
        }
    }

    #[test]
    fn paths_are_listed_by_their_counts_with_the_dialect_that_reads_the_bodies() {
        let chat = recording(
            "POST",
            "/ask?x=1",
            r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
            r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
        );
        let rows =
            recording("POST", "/forecast", r#"{"instances":[[1,2]]}"#, r#"{"predictions":[3]}"#);
        let login = recording("POST", "/login", r#"{"user":"ann"}"#, r#"{"token":"t"}"#);
        let page = recording("GET", "/index.html", "", "<html></html>");
        let known = recording("POST", "/v1/chat/completions", "{}", "{}");
        let text = described(&[rows, chat.clone(), login, chat, page, known]);
        for expected in [
            "Of 6 requests, 1 are measured, and 1 are for no model by their method or by declaration. 4 pass unmeasured:",
            "| /ask      |        2 | unrecognised_path |",
            r#"{"path": "/ask", "dialect": "openai_chat"},"#,
            r#"{"path": "/forecast", "dialect": "kserve_v1", "model": "NAME"},"#,
            r#"{"path": "/login", "dialect": "none"},"#,
        ] {
            assert!(text.contains(expected), "{expected:?} in:\n{text}");
        }
        assert!(!text.contains("index.html"), "{text}");
    }

    #[test]
    fn what_is_all_measured_needs_no_declaration() {
        let known = recording("POST", "/v1/chat/completions", "{}", "{}");
        assert!(described(&[known]).ends_with("0 pass unmeasured.\n"));
    }
}
