//! The live table and the one-line form of it, as text. It draws nothing and knows no terminal.

use driftline_labels::Verdict;

use super::{
    label_readings::{LabelReading, Worst},
    readings::ColumnReading,
    record::{LabelsRecord, LlmRecord, Story, WeatherRecord, mean, median},
};
use crate::table::thousands;

/// Lines of the tallest picture.
pub(super) const HEIGHT_MAX: u16 = 23;
/// Characters of the widest line but for what was said.
pub(super) const WIDTH_MAX: u16 = 79;
/// A PSI of this much fills the bar.
const PSI_FULL: f64 = 2.0;
const BAR_CELLS: usize = 20;

/// A line of text in one tone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    pub(super) tone: Tone,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tone {
    Plain,
    Faint,
    Strong,
    Alarm,
}

/// The live table: at most [`HEIGHT_MAX`] lines, each at most [`WIDTH_MAX`] wide but for what was said.
pub(super) fn picture(story: &Story) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |tone, text: String| lines.push(Line { tone, text });
    let host = if story.host.is_empty() { "a proxy that is starting" } else { &story.host };
    add(Tone::Strong, format!("Driftline on {host}"));
    add(Tone::Faint, story.addresses.clone());
    add(Tone::Plain, String::new());
    let header = ["requests", "open", "TTFT mean", "TTFT p50", "TPOT", "tokens/s"];
    add(Tone::Faint, llm_line("", "", header.map(str::to_owned)));
    for (title, record) in
        [("1 healthy stream", &story.healthy), ("2 slow first tokens", &story.slow)]
    {
        let tone = if record.planned == 0 { Tone::Faint } else { Tone::Plain };
        add(tone, llm_line(title, "clients", llm_clients(record)));
        add(tone, llm_line("", "filter", llm_filter(record)));
    }
    lines.extend(weather_lines(&story.weather));
    // The columns make room for the labels.
    lines.extend(if story.labels.planned == 0 {
        column_lines(&story.weather)
    } else {
        label_lines(&story.labels)
    });
    lines.push(Line { tone: Tone::Plain, text: String::new() });
    let said = story.said.last().map_or("", String::as_str);
    lines.push(Line { tone: Tone::Strong, text: format!("> {said}") });
    lines
}

fn weather_lines(weather: &WeatherRecord) -> [Line; 2] {
    let WeatherRecord { planned, clients, filter, .. } = weather;
    let tone = if *planned == 0 { Tone::Faint } else { Tone::Plain };
    let line = |title, who, complete: u64, rows: u64| {
        let texts = if *planned == 0 {
            Default::default()
        } else {
            [format!("{complete}/{planned}"), format!("{} rows", thousands(rows))]
        };
        Line { tone, text: rows_line(title, who, texts) }
    };
    [
        line("3 weather changes", "clients", clients.complete, clients.rows),
        line("", "filter", filter.complete, filter.instances),
    ]
}

fn rows_line(title: &str, who: &str, [requests, rows]: [String; 2]) -> String {
    format!("{title:<19} {who:<7} {requests:>9} {rows:>16}")
}

fn column_lines(weather: &WeatherRecord) -> Vec<Line> {
    let WeatherRecord { filter, before, .. } = weather;
    if filter.columns.is_empty() {
        return Vec::new();
    }
    let scale = format!("0{:>width$}", PSI_FULL, width = BAR_CELLS - 1);
    let header = format!("{:<26} PSI before  PSI now  {scale}  in window", "column");
    let columns = filter.columns.iter().map(|column| Line {
        tone: if column.verdict == Verdict::Drift.name() { Tone::Alarm } else { Tone::Plain },
        text: column_line(column, WeatherRecord::column(before, &column.name)),
    });
    let blank = Line { tone: Tone::Plain, text: String::new() };
    [blank, Line { tone: Tone::Faint, text: header }].into_iter().chain(columns).collect()
}

/// What scores let expect beside what labels show.
fn label_lines(labels: &LabelsRecord) -> Vec<Line> {
    let LabelsRecord { planned, clients, filter, before, .. } = labels;
    let LabelReading { state, verdict, adwin_changes, worst, .. } = filter;
    let tone = if verdict == Verdict::Drift.name() { Tone::Alarm } else { Tone::Plain };
    let count = |labels: u64| format!("{} labels", thousands(labels));
    let requests = format!("{}/{planned}", clients.sent);
    let scale = format!("0{:>width$}", 1, width = BAR_CELLS - 1);
    let accuracy = |what: &str, of: fn(&LabelReading) -> f64| {
        let before = before.as_ref().map_or_else(|| "-".into(), |it| format!("{:.3}", of(it)));
        let now = of(filter);
        let bar = bar(now, 1.0);
        format!("{what:<26} {before:>10} {now:>8.3}  {bar:<BAR_CELLS$}")
    };
    let worst = worst.as_ref().map_or_else(|| "none".to_owned(), Worst::to_string);
    let line = |tone, text| Line { tone, text };
    vec![
        line(Tone::Plain, rows_line("4 late labels", "clients", [requests, count(clients.labels)])),
        line(Tone::Plain, rows_line("", "filter", [String::new(), count(filter.joined)])),
        line(Tone::Plain, String::new()),
        line(Tone::Faint, format!("{:<26} {:>10} {:>8}  {scale}", "accuracy", "before", "now")),
        line(Tone::Plain, accuracy("scores let expect", |it| it.estimated)),
        line(tone, accuracy("labels show", |it| it.realised)),
        line(Tone::Plain, String::new()),
        line(Tone::Plain, format!("labels: {state}; changes that ADWIN found: {adwin_changes}")),
        line(tone, format!("verdict: {verdict}; segment that got worse most: {worst}")),
    ]
}

fn llm_line(title: &str, who: &str, cells: [String; 6]) -> String {
    let [requests, open, mean, p50, tpot, rate] = cells;
    format!("{title:<19} {who:<7} {requests:>9} {open:>4} {mean:>9} {p50:>8} {tpot:>8} {rate:>8}")
}

fn llm_clients(record: &LlmRecord) -> [String; 6] {
    let LlmRecord { planned, clients, .. } = record;
    if *planned == 0 {
        return Default::default();
    }
    [
        format!("{}/{planned}", clients.complete),
        String::new(),
        milliseconds(mean(&clients.ttft_ms)),
        milliseconds(median(clients.ttft_ms.iter().copied())),
        milliseconds(mean(&clients.tpot_ms)),
        per_second(record, clients.output_tokens),
    ]
}

fn llm_filter(record: &LlmRecord) -> [String; 6] {
    let LlmRecord { planned, filter, .. } = record;
    if *planned == 0 {
        return Default::default();
    }
    [
        format!("{}/{planned}", filter.complete),
        filter.in_flight.to_string(),
        milliseconds(filter.ttft.mean_ms()),
        // Interpolated within a bucket; more digits would pretend.
        filter.ttft_p50_ms.map_or_else(|| "-".into(), |p50| format!("~{p50:.0} ms")),
        milliseconds(filter.tpot.mean_ms()),
        per_second(record, filter.output_tokens),
    ]
}

fn per_second(record: &LlmRecord, tokens: u64) -> String {
    if record.elapsed.is_zero() {
        return "-".to_owned();
    }
    format!("{:.0}", tokens as f64 / record.elapsed.as_secs_f64())
}

fn milliseconds(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1} ms"))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"))
}

fn column_line(column: &ColumnReading, before: Option<&ColumnReading>) -> String {
    let ColumnReading { name, psi, window_rows, .. } = column;
    let before = before.map_or_else(|| "-".to_owned(), |before| format!("{:.2}", before.psi));
    format!(
        "{name:<26} {before:>10} {psi:>8.2}  {:<BAR_CELLS$}  {:>9}",
        bar(*psi, PSI_FULL),
        thousands(*window_rows)
    )
}

/// As long as the number is large; an arrow if it is larger than the bar.
fn bar(number: f64, full: f64) -> String {
    if full < number {
        return "█".repeat(BAR_CELLS - 1) + "▶";
    }
    let halves = (number.max(0.0) / full * (2 * BAR_CELLS) as f64).round() as usize;
    "█".repeat(halves / 2) + if halves % 2 == 1 { "▌" } else { "" }
}

/// How far the chapter is that plays, in one line; `None` before the first one.
pub(super) fn summary(story: &Story) -> Option<String> {
    if story.labels.planned != 0 {
        return Some(labels_summary(&story.labels));
    }
    if story.weather.planned != 0 {
        return Some(weather_summary(&story.weather));
    }
    let (chapter, record) = [(2, &story.slow), (1, &story.healthy)]
        .into_iter()
        .find(|(_, record)| record.planned != 0)?;
    let LlmRecord { planned, clients, filter, .. } = record;
    Some(format!(
        "chapter {chapter}: {} of {planned} requests; mean TTFT {} ms at the clients, {} in the metrics; \
         mean TPOT {} and {} ms",
        clients.complete,
        number(mean(&clients.ttft_ms)),
        number(filter.ttft.mean_ms()),
        number(mean(&clients.tpot_ms)),
        number(filter.tpot.mean_ms()),
    ))
}

fn weather_summary(weather: &WeatherRecord) -> String {
    let WeatherRecord { planned, clients, filter, .. } = weather;
    let in_window = filter.columns.iter().map(|column| column.window_rows).max().unwrap_or(0);
    format!(
        "chapter 3: {} of {planned} requests, {} rows; {} of them in the window",
        clients.complete,
        thousands(clients.rows),
        thousands(in_window)
    )
}

fn labels_summary(labels: &LabelsRecord) -> String {
    let LabelsRecord { planned, clients, filter, .. } = labels;
    let LabelReading { estimated, realised, state, .. } = filter;
    let shown = if filter.in_window == 0 { "-".into() } else { format!("{realised:.3}") };
    format!(
        "chapter 4: {} of {planned} requests, {} labels ({state}); accuracy {estimated:.3} expected, {shown} shown",
        clients.sent,
        thousands(clients.labels)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::checks::tests::good_story;

    /// A record with as many columns as the weather has.
    fn full_story() -> Story {
        let mut story = good_story();
        story.labels = LabelsRecord::default();
        let column = |index: usize| ColumnReading {
            name: format!("max sustained wind-speed {index}"),
            psi: index as f64,
            psi_critical: 0.0,
            verdict: if index == 0 { "ok" } else { "drift" }.into(),
            window_rows: 3000,
        };
        story.weather.filter.columns = (0..9).map(column).collect();
        story
    }

    #[test]
    fn the_picture_fits_into_a_small_terminal() {
        let mut story = full_story();
        story.healthy.filter.ttft_p50_ms = Some(90.0);
        story.slow.filter.ttft_p50_ms = Some(9_999.4);
        let lines = picture(&story);
        assert!(lines.len() <= HEIGHT_MAX.into(), "{}", lines.len());
        for Line { text, .. } in lines {
            assert!(text.chars().count() <= WIDTH_MAX.into(), "{}: {text}", text.chars().count());
        }
    }

    #[test]
    fn labels_take_the_place_of_the_columns() {
        let mut story = full_story();
        let columns = picture(&story).len();
        story.labels = good_story().labels;
        let lines = picture(&story);
        assert!(lines.len() <= columns, "{} {columns}", lines.len());
        let alarms = lines.iter().filter(|line| line.tone == Tone::Alarm);
        let alarms: Vec<&str> = alarms.map(|line| line.text.as_str()).collect();
        assert!(alarms[0].starts_with("labels show") && alarms[0].contains("0.758    0.608"));
        assert!(alarms[1].ends_with("dew point, bin 08"), "{alarms:?}");
        for Line { text, .. } in lines {
            assert!(text.chars().count() <= WIDTH_MAX.into(), "{text}");
        }
    }

    #[test]
    fn before_anything_has_happened_there_is_a_picture_but_no_summary() {
        let lines = picture(&Story::default());
        assert!(lines[0].text.contains("starting"));
        assert!(lines.iter().all(|line| line.tone != Tone::Alarm));
        assert_eq!(summary(&Story::default()), None);
    }

    #[test]
    fn a_column_that_drifts_stands_out() {
        let lines = picture(&full_story());
        let alarms = lines.iter().filter(|line| line.tone == Tone::Alarm);
        assert_eq!(alarms.count(), 8, "all but the first");
    }

    #[test]
    fn a_bar_grows_with_the_index() {
        for (psi, cells) in [(-1.0, 0), (0.0, 0), (0.05, 1), (1.0, 10), (2.0, 20), (99.0, 20)] {
            assert_eq!(bar(psi, PSI_FULL).chars().count(), cells, "{psi}");
        }
        assert!(bar(2.1, PSI_FULL).ends_with('▶') && bar(0.05, PSI_FULL) == "▌");
    }

    #[test]
    fn a_summary_is_about_the_chapter_that_plays() {
        let mut story = good_story();
        assert_eq!(
            summary(&story).unwrap(),
            "chapter 4: 301 of 301 requests, 15,000 labels (live); accuracy 0.809 expected, 0.608 shown"
        );
        story.labels = LabelsRecord::default();
        assert_eq!(
            summary(&story).unwrap(),
            "chapter 3: 80 of 80 requests, 4,000 rows; 0 of them in the window"
        );
        story.weather = WeatherRecord::default();
        assert!(
            summary(&story)
                .unwrap()
                .starts_with("chapter 2: 60 of 60 requests; mean TTFT 600.3 ms")
        );
    }
}
