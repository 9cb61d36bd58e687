//! The closing tables: what the clients measured beside what the filter measured. It computes differences and
//! judges nothing; that is in `checks`.

use std::fmt::Write;

use super::{
    checks::checks,
    label_readings::{LabelReading, Worst},
    readings::{ColumnReading, PREDICTION},
    record::{LabelsRecord, LlmRecord, Story, WeatherRecord, mean},
};
use crate::table::{Align, Table, thousands};

/// A line of the first table.
#[derive(Clone, Debug)]
struct Row {
    chapter: &'static str,
    measure: String,
    unit: Unit,
    clients: Option<f64>,
    filter: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    Count,
    /// Differences are milliseconds as well.
    Milliseconds,
    /// Differences are a share of what the clients measured.
    MillisecondsRelative,
}

/// Everything that is printed at the end.
pub(super) fn closing(story: &Story) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "What the clients measured, and what the filter measured ({}):\n",
        story.host
    );
    text += &measures(story).to_string();
    text += "\nMedians are of the streams that ran alone, each read from the filter's exact counters;\n\
             means are of all streams.\n";
    let columns = columns(&story.weather);
    if !columns.rows.is_empty() {
        text += "\nRain model, live window against the reference (weather days 1 to 3,000):\n\n";
        text += &columns.to_string();
    }
    let labels = labels(&story.labels);
    if !labels.rows.is_empty() {
        text += "\nRain model, its gauges in the live window; labels come 1.5 s after their predictions:\n\n";
        text += &labels.to_string();
    }
    if story.has_prometheus {
        text += "\nWhat Prometheus says at the end of each chapter, in PromQL:\n\n";
        text += &answers(story).to_string();
        text += "\nThe questions:\n";
        for it in &story.answers {
            let _ = writeln!(text, "  {}", it.promql);
        }
        text += "\n";
        for (chapter, alerts) in &story.alerts {
            let names = if alerts.is_empty() { "none".to_owned() } else { alerts.join(", ") };
            let _ = writeln!(text, "Alerts that fire at the end of chapter {chapter}: {names}");
        }
    }
    text += "\nChecks:\n";
    for check in checks(story) {
        let word = match (check.holds(), check.is_measured()) {
            (true, _) => "ok",
            (false, true) => "FAILED",
            (false, false) => "missing",
        };
        let _ = writeln!(text, "  {word:7}  {check}");
    }
    text
}

fn measures(story: &Story) -> Table<5> {
    Table {
        columns: [
            ("chapter", Align::Left),
            ("measure", Align::Left),
            ("clients", Align::Right),
            ("filter", Align::Right),
            ("difference", Align::Right),
        ],
        rows: rows(story).into_iter().map(Row::texts).collect(),
    }
}

fn rows(story: &Story) -> Vec<Row> {
    let Story { healthy, slow, weather, labels, .. } = story;
    let mut rows = llm_rows("1 healthy", healthy);
    rows.extend(llm_rows("2 slow start", slow));
    let clients = &weather.clients;
    rows.extend([
        Row {
            chapter: "3 weather",
            measure: "requests".into(),
            unit: Unit::Count,
            clients: Some(clients.complete as f64),
            filter: Some(weather.filter.complete as f64),
        },
        Row {
            chapter: "",
            measure: "rows".into(),
            unit: Unit::Count,
            clients: Some(clients.rows as f64),
            filter: Some(weather.filter.instances as f64),
        },
        Row {
            chapter: "",
            measure: "predictions".into(),
            unit: Unit::Count,
            clients: Some(clients.predictions as f64),
            filter: Some(weather.filter.predictions as f64),
        },
    ]);
    let LabelsRecord { clients, filter, .. } = labels;
    rows.extend([
        Row {
            chapter: "4 labels",
            measure: "labels joined".into(),
            unit: Unit::Count,
            clients: Some(clients.labels as f64),
            filter: Some(filter.joined as f64),
        },
        Row {
            chapter: "",
            measure: "wrong predictions".into(),
            unit: Unit::Count,
            clients: Some(clients.wrong as f64),
            filter: Some(filter.wrong as f64),
        },
    ]);
    rows
}

/// What the filter's gauges say with no label, before the change and after it; no lines before the chapter.
fn labels(record: &LabelsRecord) -> Table<4> {
    let LabelsRecord { without, before, after, .. } = record;
    let row = |what: &str, of: fn(&LabelReading) -> String| {
        let texts = [without, before, after].map(|it| it.as_ref().map_or("-".to_owned(), of));
        let [without, before, after] = texts;
        [what.to_owned(), without, before, after]
    };
    let rows = vec![
        row("state of the labels", |it| it.state.clone()),
        row("accuracy that scores let expect", |it| format!("{:.3}", it.estimated)),
        row("accuracy that labels show", |it| of_labels(it.realised, it.in_window)),
        row("its shortfall on the same rows", |it| of_labels(it.shortfall, it.in_window)),
        row("verdict on the quality", |it| it.verdict.clone()),
        row("changes that ADWIN found", |it| it.adwin_changes.to_string()),
        row("segment that got worse most", |it| {
            it.worst.as_ref().map_or("-".into(), Worst::to_string)
        }),
    ];
    Table {
        columns: [
            ("gauge", Align::Left),
            ("no labels", Align::Right),
            ("before the change", Align::Right),
            ("after the change", Align::Right),
        ],
        rows: if without.is_none() { Vec::new() } else { rows },
    }
}

fn answers(story: &Story) -> Table<4> {
    let number = |value: Option<f64>| match value {
        None => "-".to_owned(),
        Some(value) if value.fract() == 0.0 => format!("{value}"),
        Some(value) => format!("{value:.3}"),
    };
    let rows = story.answers.iter().map(|it| {
        [it.chapter.to_string(), it.about.to_owned(), number(it.value), number(it.filter)]
    });
    Table {
        columns: [
            ("chapter", Align::Left),
            ("question", Align::Left),
            ("Prometheus", Align::Right),
            ("filter", Align::Right),
        ],
        rows: rows.collect(),
    }
}

fn of_labels(accuracy: f64, rows: u64) -> String {
    if rows == 0 { "-".to_owned() } else { format!("{accuracy:.3}") }
}

fn llm_rows(chapter: &'static str, record: &LlmRecord) -> Vec<Row> {
    let LlmRecord { clients, filter, pairs, .. } = record;
    let one_by_one = format!("median of {}", pairs.len());
    let all = |count: u64| format!("mean of {count}");
    let row =
        |chapter, measure, unit, clients, filter| Row { chapter, measure, unit, clients, filter };
    vec![
        row(
            chapter,
            "requests".into(),
            Unit::Count,
            Some(clients.complete as f64),
            Some(filter.complete as f64),
        ),
        row(
            "",
            "output tokens".into(),
            Unit::Count,
            Some(clients.output_tokens as f64),
            Some(filter.output_tokens as f64),
        ),
        row(
            "",
            format!("TTFT, {one_by_one}"),
            Unit::Milliseconds,
            record.median_of_pairs(|pair| pair.client.ttft_ms),
            record.median_of_pairs(|pair| pair.filter.ttft_ms),
        ),
        row(
            "",
            format!("TTFT, {}", all(filter.ttft.count)),
            Unit::Milliseconds,
            mean(&clients.ttft_ms),
            filter.ttft.mean_ms(),
        ),
        row(
            "",
            format!("TPOT, {one_by_one}"),
            Unit::MillisecondsRelative,
            record.median_of_pairs(|pair| pair.client.tpot_ms),
            record.median_of_pairs(|pair| pair.filter.tpot_ms),
        ),
        row(
            "",
            format!("TPOT, {}", all(filter.tpot.count)),
            Unit::MillisecondsRelative,
            mean(&clients.tpot_ms),
            filter.tpot.mean_ms(),
        ),
    ]
}

impl Row {
    fn texts(self) -> [String; 5] {
        let both = self.clients.zip(self.filter);
        let value = |value: Option<f64>| match (value, self.unit) {
            (None, _) => "-".to_owned(),
            (Some(value), Unit::Count) => thousands(value as u64),
            (Some(value), _) => format!("{value:.2} ms"),
        };
        let difference = both.map_or_else(
            || "-".to_owned(),
            |(clients, filter)| match self.unit {
                Unit::Count => signed(filter - clients, 0, ""),
                Unit::Milliseconds => signed(filter - clients, 2, " ms"),
                Unit::MillisecondsRelative => signed((filter / clients - 1.0) * 100.0, 2, " %"),
            },
        );
        let texts = [value(self.clients), value(self.filter)];
        let [clients, filter] = texts;
        [self.chapter.to_owned(), self.measure, clients, filter, difference]
    }
}

fn columns(weather: &WeatherRecord) -> Table<5> {
    let shown = weather.before.as_ref().or(weather.after.as_ref());
    let rows = shown.into_iter().flatten().map(|column| {
        let then = [&weather.before, &weather.after]
            .map(|columns| WeatherRecord::column(columns, &column.name));
        let [psi_before, psi_after] = then.map(|column| {
            column.map_or_else(|| "-".to_owned(), |column| format!("{:.3}", column.psi))
        });
        let [verdict_before, verdict_after] =
            then.map(|column| column.map_or_else(|| "-".to_owned(), |it| it.verdict.clone()));
        [shown_name(column), psi_before, verdict_before, psi_after, verdict_after]
    });
    Table {
        columns: [
            ("column", Align::Left),
            ("PSI before", Align::Right),
            ("verdict", Align::Left),
            ("PSI after", Align::Right),
            ("verdict", Align::Left),
        ],
        rows: rows.collect(),
    }
}

fn shown_name(column: &ColumnReading) -> String {
    match column.name.as_str() {
        PREDICTION => "rain (the score)".to_owned(),
        name => name.to_owned(),
    }
}

/// With its sign, unless it is nothing.
fn signed(value: f64, digits: usize, unit: &str) -> String {
    let text = format!("{value:+.digits$}");
    // Rounded to nothing, a sign would say more than is known.
    let is_nothing = !text.contains(|char: char| ('1'..='9').contains(&char));
    format!("{}{unit}", if is_nothing { &text[1..] } else { &text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::checks::tests::good_story;

    #[test]
    fn differences_are_the_filters_less_the_clients() {
        let text = measures(&good_story()).to_string();
        for line in [
            "| 1 healthy    | requests           |        60 |        60 |          0 |",
            "|              | TTFT, median of 50 |  80.30 ms |  80.00 ms |   -0.30 ms |",
            "| 2 slow start | requests           |        60 |        60 |          0 |",
            "|              | TPOT, mean of 50   |  12.01 ms |  12.00 ms |    -0.08 % |",
            "| 3 weather    | requests           |        80 |        80 |          0 |",
            "|              | predictions        |     4,000 |     4,000 |          0 |",
            "| 4 labels     | labels joined      |    15,000 |    15,000 |          0 |",
            "|              | wrong predictions  |     4,479 |     4,479 |          0 |",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn what_was_not_measured_is_a_dash_and_no_number() {
        let story = Story::default();
        let text = measures(&story).to_string();
        let ttft = text.lines().find(|line| line.contains("TTFT, median")).unwrap();
        assert_eq!(ttft.matches(" - |").count(), 3, "{ttft}");
        assert_eq!(columns(&story.weather).rows.len(), 0);
        assert_eq!(labels(&story.labels).rows.len(), 0);
    }

    #[test]
    fn a_phase_that_is_missing_leaves_no_verdict() {
        let mut story = good_story();
        story.weather.after = None;
        let text = columns(&story.weather).to_string();
        assert!(
            text.contains("| dew point          |      0.040 | ok      |         - | -       |"),
            "{text}"
        );
    }

    #[test]
    fn labels_stand_beside_what_scores_let_expect() {
        let mut story = good_story();
        story.labels.before = None;
        let text = labels(&story.labels).to_string();
        for line in [
            "| accuracy that scores let expect |        0.848 |                 - |             0.809 |",
            "| accuracy that labels show       |            - |                 - |             0.608 |",
            "| segment that got worse most     |            - |                 - | dew point, bin 08 |",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn failed_checks_stand_out_in_the_closing() {
        let mut story = good_story();
        assert!(!closing(&story).contains("FAILED"));
        story.slow.filter.output_tokens = 1;
        assert_eq!(closing(&story).matches("  FAILED  ").count(), 1);
        story.weather.after = None;
        assert_eq!(closing(&story).matches("  missing  ").count(), 3);
    }

    #[test]
    fn differences_have_their_sign_unless_they_are_none() {
        assert_eq!(signed(-0.004, 2, " ms"), "0.00 ms");
        assert_eq!(signed(0.06, 1, " %"), "+0.1 %");
        assert_eq!(signed(-3.0, 0, ""), "-3");
    }
}
