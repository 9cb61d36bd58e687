//! The traffic that is simulated: one base setting, each factor varied alone, and ten corners. Nothing runs here.

use crate::{
    law::Law,
    traffic::{Arrivals, Seasons, Traffic},
};

/// Healthy traffic of one kind.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What is varied.
    pub group: Group,
    /// What is unlike the base.
    pub name: &'static str,
    /// The traffic.
    pub traffic: Traffic,
    /// How many training rows the reference has.
    pub training_rows: usize,
}

/// What is varied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Group {
    /// Nothing.
    Base,
    /// The number of features.
    Features,
    /// The number of rows an hour.
    Rows,
    /// How often each row comes.
    Clusters,
    /// The number of training rows.
    TrainingRows,
    /// The time of day.
    DailyCycle,
    /// The day of the week.
    Weekend,
    /// Whatever is hard.
    Corners,
}

impl Group {
    /// All of them, in the order of tables.
    pub const ALL: [Group; 8] = [
        Group::Base,
        Group::Features,
        Group::Rows,
        Group::Clusters,
        Group::TrainingRows,
        Group::DailyCycle,
        Group::Weekend,
        Group::Corners,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Group::Base => "base",
            Group::Features => "features",
            Group::Rows => "rows an hour",
            Group::Clusters => "clusters",
            Group::TrainingRows => "training rows",
            Group::DailyCycle => "daily cycle",
            Group::Weekend => "weekend",
            Group::Corners => "corners",
        }
    }
}

/// The features of the base setting.
#[must_use]
pub fn laws() -> Vec<Law> {
    vec![
        Law::Normal,
        Law::Normal,
        Law::Normal,
        Law::NormalWithNulls(0.01),
        Law::LogNormal,
        Law::ZeroInflated(0.9),
        Law::Flag(0.01),
        Law::Coins(8),
        Law::Categories(8),
        Law::Categories(40),
    ]
}

/// Traffic at 3,600 rows an hour, of these features.
#[must_use]
pub fn traffic(laws: Vec<Law>) -> Traffic {
    Traffic {
        laws,
        rows_per_hour: 3600.0,
        cluster: 1,
        arrivals: Arrivals::Even,
        cycle: 0.0,
        weekend: 0.0,
        seasons: Seasons::default(),
        restarts: false,
    }
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Setting> {
    let mut all = Vec::new();
    let mut add = |group, name, training_rows, traffic| {
        all.push(Setting { group, name, traffic, training_rows });
    };
    let base = || traffic(laws());
    let rows = |rows_per_hour| Traffic { rows_per_hour, ..base() };
    let cluster = |cluster| Traffic { cluster, ..base() };
    const TRAINING: usize = 20_000;
    add(Group::Base, "10 features, 3,600 rows an hour, 20,000 training rows", TRAINING, base());
    add(Group::Features, "1 feature", TRAINING, traffic(vec![Law::Normal]));
    add(Group::Features, "50 features", TRAINING, traffic(laws().repeat(5)));
    add(Group::Rows, "300 rows an hour", TRAINING, rows(300.0));
    add(Group::Rows, "1,000 rows an hour", TRAINING, rows(1000.0));
    add(Group::Rows, "10,000 rows an hour", TRAINING, rows(10_000.0));
    add(Group::Rows, "36,000 rows an hour", TRAINING, rows(36_000.0));
    add(Group::Clusters, "each row 5 times", TRAINING, cluster(5));
    add(Group::Clusters, "each row 20 times", TRAINING, cluster(20));
    add(Group::TrainingRows, "1,000 training rows", 1000, base());
    add(Group::TrainingRows, "1,000,000 training rows", 1_000_000, base());
    let by_hour = |cycle| Traffic { cycle, seasons: Seasons { by_hour: true, days: 0 }, ..base() };
    add(Group::DailyCycle, "10 % of the variance, by hour", TRAINING, by_hour(0.1));
    add(Group::DailyCycle, "20 % of the variance, by hour", TRAINING, by_hour(0.2));
    add(Group::DailyCycle, "30 % of the variance, by hour", TRAINING, by_hour(0.3));
    let both = |days| Traffic { seasons: Seasons { by_hour: false, days }, ..base() };
    let cycle = Traffic { cycle: 0.3, ..both(1) };
    add(Group::DailyCycle, "30 % of the variance, `both` over a day", TRAINING, cycle);
    let weekend = Traffic { weekend: 0.5, ..both(7) };
    add(Group::Weekend, "0.5 deviations away, `both` over a week", TRAINING, weekend);
    let mut corner =
        |name, training_rows, traffic| add(Group::Corners, name, training_rows, traffic);
    corner("50 features and 1,000 training rows", 1000, traffic(laws().repeat(5)));
    corner(
        "each row 20 times at 36,000 rows an hour",
        TRAINING,
        Traffic { cluster: 20, ..rows(36_000.0) },
    );
    corner(
        "one flag, each row 20 times",
        TRAINING,
        Traffic { cluster: 20, ..traffic(vec![Law::Flag(0.05)]) },
    );
    corner("each row 5 times at 300 rows an hour", TRAINING, Traffic { cluster: 5, ..rows(300.0) });
    let flags = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 0.5];
    corner(
        "flags alone, from 1 in 2,000 to every second",
        TRAINING,
        traffic(flags.map(Law::Flag).to_vec()),
    );
    corner("tails without a mean", TRAINING, traffic(vec![Law::Cauchy; 10]));
    let nulls = [vec![Law::NormalWithNulls(0.99); 5], vec![Law::Constant; 5]].concat();
    corner("99 % nulls, and constants", TRAINING, traffic(nulls));
    corner("no rows at night", TRAINING, Traffic { arrivals: Arrivals::ByDay, ..base() });
    corner(
        "all rows of a minute at once",
        TRAINING,
        Traffic { arrivals: Arrivals::Bursts, ..base() },
    );
    corner("a proxy that restarts every hour", TRAINING, Traffic { restarts: true, ..base() });
    all
}
