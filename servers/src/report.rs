//! Results as lines for a terminal and as a page. It judges nothing.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    case::SERVERS,
    judge::Judged,
    play::{self, Played},
};

/// Sentences on what is not equal, or what hindered the comparison.
#[must_use]
pub fn differences(played: &Played) -> Vec<String> {
    let name = played.name();
    match &played.judged {
        Ok(judged) => judged.differences.iter().map(|it| format!("{name}: {it}")).collect(),
        Err(error) => vec![format!("{name}: {error:#}")],
    }
}

/// One line on a case.
#[must_use]
pub fn line(played: &Played) -> String {
    let word = if differences(played).is_empty() { "ok" } else { "FAULTY" };
    let text = match &played.judged {
        Ok(judged) => {
            let Judged { rows, bins, predictions, verdict, problems, breaches, .. } = judged;
            format!(
                "{rows} rows; bins {} of {}; predictions {} of {}; verdict {verdict}; {problems} read problems; {breaches} schema breaches",
                bins.0, bins.1, predictions.0, predictions.1
            )
        }
        Err(_) => "not compared".to_owned(),
    };
    format!("{word:6} {} {}: {text}", played.name(), played.version)
}

const HEAD: &str = "<!-- Written by `cargo xtask servers`. Edit servers/src/report.rs or servers/src/case.rs instead. -->

# Real servers

`cargo xtask servers` starts servers of scikit-learn models, as PyPI has them, behind a real Envoy with the filter.
Their own clients send the training rows, and what the filter counted is compared with what the clients counted themselves.

```sh
cargo xtask servers
cargo xtask servers kserve
cargo xtask servers mlflow/classes/csv
```

Each server gets an environment of its own in `target/servers/NAME/venv`, with every package at the version that `servers/NAME/requirements.txt` says.
Logs, models, training rows and profiles of the last run are in `target/servers/NAME/run`.
The versions are for Python 3.11 on x86-64 Linux.
All environments together take some 3 GB.
Seldon Core's tracers are left out, because PyPI has them only as sources; it loads them when it is told to trace.
A test plays a case of each protocol on KServe: `cargo xtask test -p driftline-servers`.

For each case the filter's configuration has one model, with the profile that `driftline profile` makes of the 1,200 training rows, and the `endpoints` entry of the second table if there is one.
A case is `ok` if all of this holds:

- Requests, rows and predictions are as many as the client sent and got, and all requests are `complete`.
- Every bin of every feature, and every bin of the prediction, has the count that the client computed in Python from the profile's edges.
- The verdict of every feature and of the prediction is `ok`.
- There is no read problem.
- There is no breach of the schema but those that the client counted as well: a model that is given rows in single precision may answer a little more than it ever did in training.

Otherwise the command names each difference and exits with status 1.

## The last run

| server | serves | protocol | rows | bins equal | predictions equal | verdict | read problems | schema breaches |
| --- | --- | --- | ---: | ---: | ---: | --- | ---: | ---: |
";

const DECLARED: &str = "
## What is declared

MLServer and KServe need no `endpoints`: their paths say the dialect and the model.
For `v2_json_both_reversed` the model has `\"prediction\": {\"tensor\": \"predict\"}`, because the answer has another tensor first.

| server | protocol | entry of `endpoints` |
| --- | --- | --- |
";

/// The page. Cases that were not played keep the line that they had.
#[must_use]
pub fn page(results: &[Played], before: &str) -> String {
    let mut text = HEAD.to_owned();
    let rows: BTreeMap<String, String> =
        results.iter().map(|played| (played.name(), row(played))).collect();
    let mut declared = Vec::new();
    for server in SERVERS {
        for (served, cases) in server.cases {
            for case in *cases {
                let name = play::name(server, served, case);
                let kept = || {
                    let middle = middle(&name, served.about);
                    let of_server = format!("| {} ", server.package);
                    before
                        .lines()
                        .find(|line| line.starts_with(&of_server) && line.contains(&middle))
                };
                if let Some(row) = rows.get(&name).map(String::as_str).or_else(kept) {
                    let _ = writeln!(text, "{row}");
                }
                let way = case.way;
                let entry =
                    case.endpoint.map(|it| format!("| {} | {way} | `{it}` |\n", server.package));
                declared.extend(entry.filter(|it| !declared.contains(it)));
            }
        }
    }
    text + DECLARED + &declared.concat()
}

/// What tells a case from the others of its server.
fn middle(name: &str, about: &str) -> String {
    let way =
        name.splitn(3, '/').nth(2).unwrap_or_default().replace("/undeclared", ", not declared");
    format!(" | {about} | {way} | ")
}

fn row(played: &Played) -> String {
    let begin = format!(
        "| {} {}{}",
        played.server.package,
        played.version,
        middle(&played.name(), played.served.about)
    );
    match &played.judged {
        Ok(judged) => {
            let Judged { rows, bins, predictions, verdict, problems, breaches, .. } = judged;
            format!(
                "{begin}{rows} | {} of {} | {} of {} | {verdict} | {problems} | {breaches} |",
                bins.0, bins.1, predictions.0, predictions.1
            )
        }
        Err(error) => {
            let why = format!("{error:#}").replace(['\n', '|', '`'], " ");
            let why: String = why.chars().take(120).collect();
            format!("{begin} | | | not compared: {why} | | |")
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    fn all(judged: impl Fn() -> anyhow::Result<Judged>) -> Vec<Played> {
        let cases = SERVERS.iter().flat_map(|server| {
            let of_server = server.cases.iter();
            of_server.flat_map(move |(served, cases)| {
                cases.iter().map(move |case| (server, served, case))
            })
        });
        cases
            .map(|(server, served, case)| Played {
                server,
                version: "1.2.3".to_owned(),
                served: *served,
                case: *case,
                judged: judged(),
            })
            .collect()
    }

    #[test]
    fn a_case_that_was_not_played_keeps_its_line() {
        let first = all(|| Ok(Judged { rows: 7, verdict: "ok".to_owned(), ..Judged::default() }));
        let page_before = page(&first, "");
        assert_eq!(page_before.matches("| 7 | 0 of 0 |").count(), first.len());
        assert_eq!(page(&[], &page_before), page_before);
        let again = page(&all(|| Err(anyhow!("no way")))[..1], &page_before);
        assert_eq!(again.matches("| 7 | 0 of 0 |").count(), first.len() - 1);
        assert_eq!(again.matches("not compared: no way").count(), 1, "{again}");
    }

    #[test]
    fn each_case_has_a_name_of_its_own() {
        let mut names: Vec<String> =
            all(|| Ok(Judged::default())).iter().map(Played::name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
