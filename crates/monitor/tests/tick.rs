//! Ticks against a proxy in memory: which VM evaluates, what the next one goes on with, and what a host refuses.

use std::time::Duration;

use driftline_metrics::catalogue::Kind;
use driftline_monitor::{
    config::Config,
    host::Host,
    native::NativeHost,
    session::{Session, Stream},
};
use driftline_random::Random;
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};
use driftline_support::uniform_profile;

const SECOND: Duration = Duration::from_secs(1);
/// A window of an hour slides in steps of 450 seconds.
const STEP: Duration = Duration::from_secs(450);
const CHANGES: &str = "driftline_monitored_values_total";
const EVALUATIONS: &str = "driftline_evaluations_total";

/// A VM with one configuration.
struct Vm<'h> {
    host: &'h NativeHost,
    session: Session,
}

impl Vm<'_> {
    fn begin<'h>(host: &'h NativeHost, config: &str) -> Vm<'h> {
        let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        Vm { host, session: Session::new(host, config) }
    }

    /// Has a stream, which no model serves.
    fn carry_traffic(&self) {
        let _ = self.session.request_headers(self.host, &mut Stream::default(), true);
    }

    /// Lets time pass, and ticks.
    fn tick_after(&mut self, time: Duration) {
        self.host.advance(time);
        self.session.tick(self.host);
    }
}

/// A model with this many features of four bins.
fn config(features: usize) -> String {
    format!(
        r#"{{"models": [{{"name": "m", "profile": {}}}]}}"#,
        uniform_profile::profile(features, 4)
    )
}

/// A model with one feature, and windows of these lengths.
fn with_windows(window_seconds: u64, slow_windows: u64) -> String {
    let windows = format!(
        r#"{{"window_seconds": {window_seconds}, "slow_windows": {slow_windows}, "rows_min": 60,"#
    );
    config(1).replacen('{', &windows, 1)
}

fn start() -> NativeHost {
    NativeHost::starting_at(Timestamp(1_000_000_000_000_000))
}

fn series(name: &str, feature: usize, last: &str) -> String {
    format!(
        "driftline_{name}.model=.=m;.;role=.=feature;.;feature=.=feature number {feature:03};.;{last};.;"
    )
}

fn bin(feature: usize, bin: usize) -> String {
    series("feature_bin_total", feature, &format!("bin=.=0{bin}"))
}

#[track_caller]
fn value(host: &NativeHost, stat_name: &str) -> u64 {
    host.value(stat_name).unwrap_or_else(|| panic!("no {stat_name}"))
}

/// What the fast window of a feature holds.
fn rows(host: &NativeHost, feature: usize) -> u64 {
    value(host, &series("feature_window_rows", feature, "window=.=fast"))
}

/// The frozen index of the first rows of a feature, and whether they are called drifted.
fn skew(host: &NativeHost) -> (u64, bool) {
    let series = |name, last| series(name, 0, last).replace(";.;;.;", ";.;");
    let verdict = series("feature_skew_verdict", "verdict=.=drift");
    (value(host, &series("feature_skew_psi_ppm", "")), value(host, &verdict) == 1)
}

/// A counter grows, as if workers had counted.
#[track_caller]
fn add(host: &NativeHost, stat_name: &str, amount: u64) {
    assert!(host.edit_metric(stat_name, |metric| metric.value += amount), "no {stat_name}");
}

/// The host refuses to tell a metric, or no longer does.
#[track_caller]
fn refuse(host: &NativeHost, stat_name: &str, is_refused: bool) {
    let edit = host.edit_metric(stat_name, |metric| metric.is_refused = is_refused);
    assert!(edit, "no {stat_name}");
}

/// Rows come, all of one bin.
fn count(host: &NativeHost, feature: usize, amount: u64) {
    add(host, &bin(feature, 0), amount);
    add(host, CHANGES, amount);
}

#[test]
fn without_a_profile_there_is_nothing_to_evaluate() {
    let host = start();
    let mut vm = Vm::begin(&host, r#"{"models": [{"name": "m"}]}"#);
    assert_eq!(host.tick_milliseconds(), Some(5000), "it tells other VMs of its memory");
    vm.tick_after(SECOND);
    assert_eq!(host.shared_keys("driftline/windows/"), Vec::<String>::new());
    assert_eq!(value(&host, EVALUATIONS), 0);
}

#[test]
fn rows_that_come_before_the_first_tick_are_within_the_first_window() {
    let host = start();
    let mut vm = Vm::begin(&host, &config(2));
    assert_eq!(host.tick_milliseconds(), Some(5000));
    count(&host, 1, 7);
    vm.tick_after(SECOND);
    assert_eq!((rows(&host, 0), rows(&host, 1)), (0, 7));
}

#[test]
fn what_one_vm_stores_the_next_one_goes_on_with() {
    let host = start();
    let mut first = Vm::begin(&host, &config(2));
    count(&host, 0, 70);
    count(&host, 1, 500);
    first.tick_after(SECOND);
    // Not stored: the step has not ended. It lies in the totals, and is found again as what came since.
    count(&host, 0, 5);
    first.tick_after(SECOND);
    count(&host, 1, 1);
    let mut second = Vm::begin(&host, &config(2));
    drop(first);
    second.tick_after(60 * SECOND);
    assert_eq!((rows(&host, 0), rows(&host, 1)), (75, 501));
    // 70 rows and 500 came in the step that the first VM began in, the others in the one of the second VM.
    second.tick_after(STEP * 7);
    assert_eq!((rows(&host, 0), rows(&host, 1)), (75, 501));
    second.tick_after(STEP);
    assert_eq!((rows(&host, 0), rows(&host, 1)), (0, 0));
}

#[test]
fn an_old_configuration_that_drains_does_not_overwrite_what_a_newer_one_stores() {
    let host = start();
    let mut old = Vm::begin(&host, &config(1));
    count(&host, 0, 70);
    old.tick_after(SECOND);
    let newer = config(1).replace("[1,2,3]", "[1,2,4]");
    assert_ne!(newer, config(1));
    let mut new = Vm::begin(&host, &newer);
    let [key] = &host.shared_keys("driftline/windows/")[..] else { panic!("one column") };
    let stored = host.shared_data(key);
    count(&host, 0, 3);
    old.tick_after(STEP);
    assert_eq!(rows(&host, 0), 73, "the old one still evaluates");
    assert_eq!(host.shared_data(key), stored, "but stores nothing");
    // The old one evaluates the same columns, so its lease has to end first.
    drop(old);
    new.tick_after(60 * SECOND);
    assert_eq!(rows(&host, 0), 3, "other bins begin where the counters stood");
}

#[test]
fn stored_bytes_that_are_cut_or_too_long_are_no_past() {
    let host = start();
    let config = with_windows(7200, 24);
    let mut vm = Vm::begin(&host, &config);
    count(&host, 0, 70);
    vm.tick_after(SECOND);
    drop(vm);
    let [key] = &host.shared_keys("driftline/windows/")[..] else { panic!("one column") };
    let (whole, _) = host.shared_data(key).unwrap();
    let goes_on_with = |bytes: &[u8]| {
        let mut next = Vm::begin(&host, &config);
        assert!(host.set_shared_data(key, bytes, 0));
        count(&host, 0, 1);
        // The lease of the one before has to end; all cases together take less than a window.
        next.tick_after(16 * SECOND);
        rows(&host, 0)
    };
    // From the fingerprint on; what is shorter is no record at all, and is replaced.
    for end in (8..whole.len()).step_by(2) {
        assert_eq!(goes_on_with(&whole[..end]), 0, "the first {end} bytes");
    }
    assert_eq!(goes_on_with(&[&whole[..], &[0]].concat()), 0);
    let cases = u64::try_from((whole.len() - 8).div_ceil(2) + 2).unwrap();
    assert_eq!(goes_on_with(&whole), 70 + cases, "all that came since, of which one each time");
}

/// Rows as in the reference.
fn count_evenly(host: &NativeHost, amount: u64) {
    (0..4).for_each(|number| add(host, &bin(0, number), amount));
    add(host, CHANGES, 4 * amount);
}

#[test]
fn skew_that_is_known_survives_other_windows() {
    let host = start();
    let mut vm = Vm::begin(&host, &with_windows(800, 24));
    count(&host, 0, 2000);
    vm.tick_after(SECOND);
    assert_eq!(skew(&host), (0, false), "no whole window yet");
    vm.tick_after(800 * SECOND);
    let known = skew(&host);
    assert!(1_000_000 < known.0 && known.1, "{known:?}");
    for (window_seconds, slow_windows) in [(80, 24), (80, 3), (8000, 3), (800, 24)] {
        drop(vm);
        vm = Vm::begin(&host, &with_windows(window_seconds, slow_windows));
        count_evenly(&host, 50);
        vm.tick_after(60 * SECOND);
        let windows = format!("{slow_windows} windows of {window_seconds} s");
        assert_eq!(rows(&host, 0), 200, "{windows} begin anew");
        vm.tick_after(Duration::from_secs(window_seconds));
        assert_eq!(skew(&host), known, "{windows}");
    }
}

#[test]
fn first_rows_that_are_still_gathered_are_kept_under_other_windows() {
    // The same rows with and without a change of the windows, and of the VM, while they come.
    let of = |first: u64, changed: u64| {
        let host = start();
        let mut vm = Vm::begin(&host, &with_windows(first, 24));
        count(&host, 0, 40);
        vm.tick_after(SECOND);
        // Not stored when the configuration changes, and none of the new windows.
        count(&host, 0, 7);
        drop(vm);
        vm = Vm::begin(&host, &with_windows(changed, 24));
        count_evenly(&host, 20);
        vm.tick_after(60 * SECOND);
        let of_windows = rows(&host, 0);
        vm.tick_after(1600 * SECOND);
        (skew(&host), of_windows)
    };
    let (unchanged, all) = of(1600, 1600);
    assert!(0 < unchanged.0, "{unchanged:?}");
    assert_eq!(all, 127);
    assert_eq!(of(80_000, 1600), (unchanged, 80));
    assert_eq!(of(1600, 800), (unchanged, 80));
}

#[test]
fn with_other_bins_first_rows_begin_anew() {
    let host = start();
    let mut vm = Vm::begin(&host, &with_windows(800, 24));
    count(&host, 0, 2000);
    vm.tick_after(801 * SECOND);
    assert!(skew(&host).1);
    drop(vm);
    vm = Vm::begin(&host, &with_windows(800, 24).replace("[1,2,3]", "[1,2,4]"));
    count_evenly(&host, 50);
    vm.tick_after(60 * SECOND);
    vm.tick_after(801 * SECOND);
    assert!(!skew(&host).1);
}

#[test]
fn one_vm_evaluates_and_another_one_takes_over_when_it_is_gone() {
    let host = start();
    let [mut first, mut second] = [(); 2].map(|()| Vm::begin(&host, &config(1)));
    second.carry_traffic();
    for tick in 1..=5 {
        first.tick_after(SECOND);
        second.tick_after(SECOND);
        assert_eq!(value(&host, EVALUATIONS), tick);
    }
    count(&host, 0, 7);
    drop(first);
    second.tick_after(3 * 5 * SECOND);
    assert_eq!(value(&host, EVALUATIONS), 6);
    assert_eq!(rows(&host, 0), 7);
}

#[test]
fn a_counter_that_goes_backwards_has_grown_from_zero() {
    let host = start();
    let mut vm = Vm::begin(&host, &config(1));
    count(&host, 0, 70);
    vm.tick_after(SECOND);
    assert!(host.edit_metric(&bin(0, 0), |metric| metric.value = 4));
    add(&host, CHANGES, 4);
    vm.tick_after(SECOND);
    assert_eq!(rows(&host, 0), 74);
}

/// Counts rows before any VM begins, of which none knows.
fn count_a_lifetime(host: &NativeHost) {
    drop(Vm::begin(host, &config(1)));
    count(host, 0, 1_000_000);
    for key in host.shared_keys("driftline/windows/") {
        assert!(host.set_shared_data(&key, &[], 0));
    }
}

/// A host that refuses some metrics on one tick, and none on the next one.
#[track_caller]
fn check_refused_once(refuse: impl Fn(&NativeHost, bool), rows_meanwhile: u64) {
    let host = start();
    count_a_lifetime(&host);
    let mut vm = Vm::begin(&host, &config(1));
    count(&host, 0, 30);
    vm.tick_after(60 * SECOND);
    assert_eq!(rows(&host, 0), 30);
    refuse(&host, true);
    count(&host, 0, 7);
    vm.tick_after(SECOND);
    assert_eq!(rows(&host, 0), rows_meanwhile, "a refused counter has not grown so far");
    refuse(&host, false);
    // No counter moves any more, and yet it is read.
    vm.tick_after(SECOND);
    assert_eq!(rows(&host, 0), 37, "a lifetime of counts is no growth");
    count(&host, 0, 1);
    vm.tick_after(SECOND);
    assert_eq!(rows(&host, 0), 38);
}

#[test]
fn a_counter_that_is_refused_once_is_made_up_for() {
    check_refused_once(|host, it| refuse(host, &bin(0, 0), it), 30);
}

#[test]
fn so_it_is_if_all_are_refused() {
    check_refused_once(NativeHost::refuse_metrics, 30);
}

#[test]
fn and_if_only_the_change_counter_is() {
    check_refused_once(|host, it| refuse(host, CHANGES, it), 37);
}

#[test]
fn a_counter_that_was_always_refused_begins_where_it_is_first_read() {
    let host = start();
    count_a_lifetime(&host);
    refuse(&host, &bin(0, 0), true);
    let mut vm = Vm::begin(&host, &config(1));
    add(&host, &bin(0, 1), 5);
    add(&host, CHANGES, 5);
    vm.tick_after(60 * SECOND);
    assert_eq!(rows(&host, 0), 5);
    refuse(&host, &bin(0, 0), false);
    vm.tick_after(SECOND);
    assert_eq!(rows(&host, 0), 5);
    count(&host, 0, 2);
    vm.tick_after(SECOND);
    assert_eq!(rows(&host, 0), 7);
}

/// The counters of three features, but for those that are read with others.
fn counters() -> Vec<String> {
    let of_feature = |feature| {
        let bins = (0..4).map(move |number| bin(feature, number));
        let reasons = ["null", "missing"].map(|it| format!("reason=.={it}"));
        let sides = ["low", "high"].map(|it| format!("side=.={it}"));
        let unbinned = reasons.map(|it| series("feature_unbinned_total", feature, &it));
        let tails = sides.map(|it| series("feature_tail_excess_thousandths_total", feature, &it));
        bins.chain(unbinned).chain(tails)
    };
    (0..3).flat_map(of_feature).collect()
}

#[test]
fn an_evaluation_that_is_left_out_would_have_changed_no_gauge() {
    // Steps of 100 s, and first windows that end between two of them.
    let windows = r#"{"window_seconds": 800, "slow_windows": 3,"#;
    let config = config(3).replacen('{', windows, 1);
    let counters: Vec<String> = counters();
    let mut left_out = 0;
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let start = Timestamp((1_000_000 + random.word() % 1_000) * 1_000_000_000);
        // One that never knows that nothing has changed, and one that does.
        let hosts = [(); 2].map(|()| NativeHost::starting_at(start));
        let [mut always, mut sparing] = hosts.each_ref().map(|host| Vm::begin(host, &config));
        refuse(&hosts[0], CHANGES, true);
        // What a worker that moved the change counter has yet to move.
        let mut late: Vec<(usize, u64)> = Vec::new();
        for tick in 1..600 {
            let add =
                |series: &str, amount| hosts.iter().for_each(|host| add(host, series, amount));
            for (place, amount) in late.drain(..) {
                add(&counters[place], amount);
            }
            // An eighth of the ticks has traffic, in bursts.
            if random.word() % 64 < if tick / 40 % 2 == 0 { 16 } else { 1 } {
                for _ in 0..1 + random.word() % 9 {
                    let place = random.word() as usize % counters.len();
                    let amount = random.word() % 90;
                    add(CHANGES, amount);
                    if random.word().is_multiple_of(4) {
                        late.push((place, amount));
                    } else {
                        add(&counters[place], amount);
                    }
                }
            }
            always.tick_after(9 * SECOND);
            let reads = hosts[1].metric_reads();
            sparing.tick_after(9 * SECOND);
            left_out += u32::from(hosts[1].metric_reads() - reads == 1);
            let gauges = hosts.each_ref().map(|host| host.values(Kind::Gauge));
            assert_eq!(gauges[0], gauges[1], "seed {seed}, tick {tick}");
        }
    }
    assert!(left_out > 6_000, "{left_out} of 12,000 were left out");
}

/// The clock of spans counts from anywhere, and is not corrected; the other one is.
#[test]
fn a_drift_began_at_a_time_of_day() {
    let host = start();
    let tell = |seconds, nanoseconds| {
        host.wall_clock.set(Some(UnixTime { seconds, nanoseconds }));
    };
    tell(1_795_608_000, 0);
    let mut vm = Vm::begin(&host, &config(1));
    vm.tick_after(SECOND);
    let started = |host| {
        let labels = "model=.=m;.;role=.=feature;.;feature=.=feature number 000;.;";
        value(host, &format!("driftline_feature_drift_started_timestamp_seconds.{labels}"))
    };
    assert_eq!(started(&host), 0);
    count(&host, 0, 5000);
    tell(1_795_608_001, 900_000_000);
    vm.tick_after(SECOND);
    assert_eq!(started(&host), 1_795_608_001);
    // What passes between two looks at two clocks is no correction, an hour is one.
    for (seconds, expected) in [(1_795_608_002, 1_795_608_001), (1_795_611_603, 1_795_611_601)] {
        tell(seconds, 0);
        count(&host, 0, 10);
        vm.tick_after(SECOND);
        assert_eq!(started(&host), expected);
    }
}
