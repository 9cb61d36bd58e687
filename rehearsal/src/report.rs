//! What a rehearsal showed, as lines and as the page docs/alerts.md. It plays nothing.

use std::{collections::BTreeSet, fmt::Write, time::Duration};

use crate::{
    play::{Firing, Played},
    scenario::Scenario,
    stage::TIMES,
};

/// Sentences on what did not go as it must.
#[must_use]
pub fn faults(scenario: &Scenario, played: &Played) -> Vec<String> {
    let mut faults = Vec::new();
    let mut add = |text: String| faults.push(format!("{}: {text}", scenario.name));
    for it in &played.in_health {
        add(format!("{} fired in health{}", it.alert, of_model(it)));
    }
    for name in scenario.alerts {
        if !played.fired.keys().any(|it| it.alert == **name) {
            add(format!("{name} did not fire"));
        }
    }
    let is_allowed =
        |it: &&Firing| it.domain == scenario.domain || scenario.artefacts.contains(&&*it.alert);
    for it in played.fired.keys().filter(|it| !is_allowed(it)) {
        add(format!(
            "{} fired{}, of the domain `{}`; expected only `{}`",
            it.alert,
            of_model(it),
            it.domain,
            scenario.domain
        ));
    }
    if played.ended.is_none() {
        add("the expected alerts did not end".to_owned());
    }
    faults
}

fn of_model(it: &Firing) -> String {
    if it.model.is_empty() { String::new() } else { format!(" for `{}`", it.model) }
}

/// One line on a scenario.
#[must_use]
pub fn line(scenario: &Scenario, played: &Played) -> String {
    let word = if faults(scenario, played).is_empty() { "ok" } else { "FAULTY" };
    let ended = played.ended.map_or("never".to_owned(), true_time);
    format!("{word:6} {}: {}; silent after {ended}", scenario.name, alerts(played))
}

/// Each alert once, with when it first fired.
fn alerts(played: &Played) -> String {
    let mut seen = BTreeSet::new();
    let mut firsts: Vec<(&Firing, &Duration)> = played.fired.iter().collect();
    firsts.sort_by_key(|(_, after)| **after);
    firsts.retain(|(it, _)| seen.insert(&it.alert));
    let texts: Vec<String> =
        firsts.iter().map(|(it, after)| format!("`{}` {}", it.alert, true_time(**after))).collect();
    if texts.is_empty() { "nothing fired".to_owned() } else { texts.join(", ") }
}

/// How long it would be at true length.
fn true_time(after: Duration) -> String {
    format!("{:.0} min", after.as_secs_f64() * f64::from(TIMES) / 60.0)
}

/// The page. Scenarios that were not played keep the line that they had.
#[must_use]
pub fn page(results: &[(&Scenario, Played)], before: &str) -> String {
    let mut text = format!(
        "<!-- Written by `cargo xtask alerts`. Edit rehearsal/src/report.rs or rehearsal/src/scenario.rs instead. -->\n\n\
         # Alerts, fired and silenced\n\n\
         Each line is a fault under load on a real Envoy with the filter, seen by a real Prometheus with the rules that \
         `driftline render` writes.\n\
         They are rendered with `--time-scale {TIMES}`, so that an hour takes {} seconds; the times here are true ones.\n\
         Before each fault the world was healthy for two hours of this time, and nothing fired.\n\
         While a fault lasts, only alerts of its domain fire.\n\
         A hot restart is no fault; that nothing can be scraped or counted for its second is four minutes of this time, for which \
         alerts of scrapes and traffic may fire.\n\n\
         | fault | domain | alerts, and how long after the fault began | silent after its end |\n\
         | --- | --- | --- | --- |\n",
        3600 / TIMES
    );
    for scenario in Scenario::all() {
        let played = results.iter().find(|(it, _)| it.name == scenario.name);
        let kept = || before.lines().find(|line| line.starts_with(&begin(scenario)));
        let line = played.map(|(_, played)| row(scenario, played));
        if let Some(line) = line.or_else(|| kept().map(str::to_owned)) {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

fn begin(scenario: &Scenario) -> String {
    format!("| {} | {} |", scenario.about, scenario.domain)
}

fn row(scenario: &Scenario, played: &Played) -> String {
    let ended = played.ended.map_or("never".to_owned(), true_time);
    format!("{} {} | {ended} |", begin(scenario), alerts(played))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_that_was_not_played_keeps_its_line() {
        let [first, second] = [0, 1].map(|at| Scenario::all().nth(at).unwrap());
        let ended = Some(Duration::from_secs(1));
        let both = [first, second].map(|it| (it, Played { ended, ..Played::default() }));
        let first_page = page(&both, "");
        let later = Played { ended: Some(Duration::from_secs(15)), ..Played::default() };
        let again = page(&[(second, later)], &first_page);
        let lines = |page: &str| -> Vec<String> {
            page.lines()
                .filter(|line| line.contains("| nothing fired |"))
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(lines(&again)[0], lines(&first_page)[0]);
        assert!(lines(&first_page)[1].ends_with("| 4 min |"), "{first_page}");
        assert!(lines(&again)[1].ends_with("| 60 min |"), "{again}");
    }
}
