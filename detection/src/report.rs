//! The results as tables and plots. It simulates nothing and writes no file.

use std::fmt::Write;

use crate::{
    agreement::{self, Agreement},
    claims::{self, Claim},
    delays::{self, Delay},
    healthy::{Healthy, of_group},
    injected::Injected,
    law::Change,
    plot::{Axis, Line, Plot, number},
    rivals::{self, FalseDays},
    settings::Group,
};

/// What was simulated; empty where nothing was.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// False days.
    pub healthy: Vec<Healthy>,
    /// From the onset to the verdict.
    pub delays: Vec<Delay>,
    /// The ten drifts.
    pub injected: Vec<Injected>,
    /// At few rows and at many.
    pub agreement: Vec<Agreement>,
    /// False days of other tools.
    pub false_days: Vec<FalseDays>,
    /// Delays of other tools.
    pub rivals: Vec<rivals::Delays>,
}

impl Results {
    /// All claims.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        let mut claims = claims::of_healthy(&self.healthy);
        claims.extend(claims::of_delays(&self.delays));
        claims.extend(claims::of_injected(&self.injected));
        claims.extend(claims::of_agreement(&self.agreement));
        claims
    }

    /// The parts of the page, each with what it is.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let mut parts = Vec::new();
        let mut add = |about, is_there: bool, text: &dyn Fn() -> String| {
            if is_there {
                parts.push((about, text()));
            }
        };
        let has_rivals = !self.false_days.is_empty() && !self.rivals.is_empty();
        add("false days", !self.healthy.is_empty(), &|| healthy(&self.healthy));
        add("delays", !self.delays.is_empty(), &|| of_delays(&self.delays));
        add("injected drifts", !self.injected.is_empty(), &|| injected(&self.injected));
        add("few rows and many", !self.agreement.is_empty(), &|| agreement(&self.agreement));
        add("false days of other tools", has_rivals, &|| self.other_false_days());
        add("delays of other tools", has_rivals, &|| self.other_delays());
        parts
    }

    /// The plots, each with the name of its file.
    #[must_use]
    pub fn plots(&self) -> Vec<(&'static str, Plot)> {
        let mut plots = Vec::new();
        if !self.delays.is_empty() && !self.rivals.is_empty() {
            plots.push(("detection-delay.svg", self.plot_of_delays()));
        }
        if !self.healthy.is_empty() && !self.false_days.is_empty() {
            plots.push(("detection-false-days.svg", self.plot_of_false_days()));
        }
        if !self.agreement.is_empty() {
            plots.push(("detection-agreement.svg", self.plot_of_agreement()));
        }
        plots
    }

    /// The filter's own result of a traffic of the base's features: false days, and days.
    fn own(&self, rows_per_hour: f64, cluster: u64) -> Option<(u64, u64)> {
        let is_it = |it: &&Healthy| {
            let traffic = &it.setting.traffic;
            let is_plain = [Group::Base, Group::Rows, Group::Clusters].contains(&it.setting.group);
            is_plain && traffic.rows_per_hour == rows_per_hour && traffic.cluster == cluster
        };
        self.healthy.iter().find(is_it).map(|it| (it.false_days, it.days))
    }

    fn other_false_days(&self) -> String {
        let mut head = vec!["rule".to_owned()];
        for FalseDays { rows_per_hour, cluster, .. } in &self.false_days {
            let each =
                if *cluster == 1 { String::new() } else { format!(", each row {cluster} times") };
            head.push(format!("{}{each}", number(*rows_per_hour)));
        }
        let mut rows = vec![vec!["Driftline".to_owned()]];
        for it in &self.false_days {
            let own = self.own(it.rows_per_hour, it.cluster);
            rows[0].push(own.map_or("not run".to_owned(), |(found, days)| percent(found, days)));
        }
        for (rule, name) in rivals::NAMES.iter().enumerate() {
            let mut row = vec![(*name).to_owned()];
            row.extend(self.false_days.iter().map(|it| percent(it.found[rule], it.days)));
            rows.push(row);
        }
        table(&head, &rows)
    }

    fn other_delays(&self) -> String {
        let mut head = vec!["shift, deviations".to_owned(), "Driftline".to_owned()];
        head.extend(rivals::NAMES.iter().map(|it| (*it).to_owned()));
        let rows = self.rivals.iter().map(|it| {
            let own = self
                .delays
                .iter()
                .find(|own| own.rows_per_hour == 3600.0 && own.change == Change::Shift(it.shift));
            let own = own.map_or("not run".to_owned(), |it| minutes(it.median()));
            let mut row = vec![format!("+{}", it.shift), own];
            row.extend(it.median.iter().map(|&it| minutes(it)));
            row
        });
        table(&head, &rows.collect::<Vec<_>>())
    }

    fn plot_of_delays(&self) -> Plot {
        let mut lines = Vec::new();
        for (rows_per_hour, name) in delays::RATE_NAMES {
            let points = self.delays.iter().filter(|it| it.rows_per_hour == rows_per_hour);
            let points = points.filter_map(|it| match it.change {
                Change::Shift(by) => Some((by, it.median())),
                _ => None,
            });
            lines.push(Line { name: name.to_owned(), is_ours: true, points: points.collect() });
        }
        for (rule, name) in rivals::SHORT_NAMES.iter().enumerate() {
            let points = self.rivals.iter().map(|it| (it.shift, it.median[rule]));
            lines.push(Line { name: (*name).to_owned(), is_ours: false, points: points.collect() });
        }
        Plot {
            title: "From a change to the verdict",
            x: Axis {
                label: "shift of the mean, in standard deviations",
                is_logarithmic: false,
                marks: &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0],
            },
            y: Axis {
                label: "median delay, in minutes",
                is_logarithmic: true,
                marks: &[0.1, 1.0, 10.0, 60.0, 1440.0],
            },
            lines,
        }
    }

    fn plot_of_false_days(&self) -> Plot {
        let plain = || self.false_days.iter().filter(|it| it.cluster == 1);
        let share = |found: u64, days: u64| found as f64 / days as f64 * 100.0;
        let own = plain().filter_map(|it| {
            let (found, days) = self.own(it.rows_per_hour, 1)?;
            Some((it.rows_per_hour, share(found, days)))
        });
        let mut lines =
            vec![Line { name: "Driftline".to_owned(), is_ours: true, points: own.collect() }];
        for (rule, name) in rivals::SHORT_NAMES.iter().enumerate() {
            let points = plain().map(|it| (it.rows_per_hour, share(it.found[rule], it.days)));
            lines.push(Line { name: (*name).to_owned(), is_ours: false, points: points.collect() });
        }
        Plot {
            title: "Days on which healthy traffic is called drift",
            x: Axis {
                label: "rows an hour",
                is_logarithmic: true,
                marks: &[300.0, 1000.0, 3600.0, 10_000.0, 36_000.0],
            },
            y: Axis {
                label: "false days, in percent",
                is_logarithmic: false,
                marks: &[0.0, 20.0, 40.0, 60.0, 80.0, 100.0],
            },
            lines,
        }
    }

    fn plot_of_agreement(&self) -> Plot {
        let lines = agreement::RATES.iter().enumerate().map(|(rate, &rows_per_hour)| Line {
            name: format!("{} rows an hour", number(rows_per_hour)),
            is_ours: true,
            points: self
                .agreement
                .iter()
                .map(|it| (it.shift, it.drift_share(rate) * 100.0))
                .collect(),
        });
        Plot {
            title: "What is called drift, at few rows and at many",
            x: Axis {
                label: "shift of the mean, in standard deviations",
                is_logarithmic: false,
                marks: &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
            },
            y: Axis {
                label: "looks that say drift, in percent",
                is_logarithmic: false,
                marks: &[0.0, 20.0, 40.0, 60.0, 80.0, 100.0],
            },
            lines: lines.collect(),
        }
    }
}

/// A table of claims.
#[must_use]
pub fn claims(all: &[Claim]) -> String {
    let rows = all.iter().map(|it| {
        let holds = if it.holds { "holds" } else { "does not hold" };
        vec![it.text.clone(), it.found.clone(), holds.to_owned()]
    });
    table(&["claim", "found", ""].map(str::to_owned), &rows.collect::<Vec<_>>())
}

fn healthy(all: &[Healthy]) -> String {
    let head = ["traffic", "days", "false days", "at most (95 %)", "what was called"];
    let mut rows = Vec::new();
    let whole = number;
    for group in Group::ALL {
        let of_this = all.iter().filter(|it| it.setting.group == group);
        for it in of_this.clone() {
            let called = it.calls.iter().map(|((feature, reason), days)| {
                format!("{reason} of {:?} {days}", it.setting.traffic.laws[*feature])
            });
            rows.push(vec![
                it.setting.name.to_owned(),
                whole(it.days as f64),
                whole(it.false_days as f64),
                format!("{:.2} %", it.bound() * 100.0),
                called.collect::<Vec<_>>().join(", "),
            ]);
        }
        if 1 < of_this.count() {
            let (days, found) = of_group(all, group);
            let bound = crate::bound::upper_bound(found, days) * 100.0;
            rows.push(vec![
                format!("**{}, all**", group.name()),
                whole(days as f64),
                whole(found as f64),
                format!("{bound:.2} %"),
                String::new(),
            ]);
        }
    }
    table(&head.map(str::to_owned), &rows)
}

fn of_delays(all: &[Delay]) -> String {
    let mut head = vec!["change".to_owned()];
    head.extend(delays::RATE_NAMES.iter().map(|(_, name)| (*name).to_owned()));
    let rows = delays::changes().into_iter().map(|change| {
        let mut row = vec![delays::name(&change)];
        for (rows_per_hour, _) in delays::RATE_NAMES {
            let is_it = |it: &&Delay| it.rows_per_hour == rows_per_hour && it.change == change;
            let text = all
                .iter()
                .find(is_it)
                .map(|it| format!("{} ({})", minutes(it.median()), minutes(it.quantile(0.9))));
            row.push(text.unwrap_or_default());
        }
        row
    });
    table(&head, &rows.collect::<Vec<_>>())
}

fn injected(all: &[Injected]) -> String {
    let head = ["injected", "median delay, minutes", "called after the hour", "times"];
    let rows = all.iter().map(|it| {
        let times = format!("{} of {}", it.right(), it.found.len());
        vec![it.name.to_owned(), minutes(it.median()), format!("`{}`", it.expected.name()), times]
    });
    table(&head.map(str::to_owned), &rows.collect::<Vec<_>>())
}

fn agreement(all: &[Agreement]) -> String {
    let mut head = vec!["shift, deviations".to_owned()];
    head.extend(agreement::RATES.map(|rate| format!("drift at {} rows an hour", number(rate))));
    head.push("same verdict".to_owned());
    let rows = all.iter().map(|it| {
        let mut row = vec![format!("+{}", it.shift)];
        row.extend([0, 1].map(|rate| format!("{:.1} %", it.drift_share(rate) * 100.0)));
        row.push(format!("{:.1} %", it.share() * 100.0));
        row
    });
    table(&head, &rows.collect::<Vec<_>>())
}

fn percent(found: u64, all: u64) -> String {
    format!("{:.0} %", found as f64 / all as f64 * 100.0)
}

fn minutes(value: f64) -> String {
    match value {
        _ if value.is_infinite() => "not found".to_owned(),
        _ if value < 10.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Columns but the first are aligned to the right.
fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n| ---", head.join(" | "));
    for _ in 1..head.len() {
        text += " | ---:";
    }
    text += " |\n";
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}
