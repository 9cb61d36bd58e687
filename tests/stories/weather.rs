//! The real weather through the built filter: the drift that the data holds is the drift that the gauges show.

use std::{fs::File, io::BufReader, path::Path, time::Duration};

use driftline_profiler::{Options, from_csv, to_text};
use driftline_testbed::{
    rain::{Day, Weather},
    scrape::Scrape,
};
use host_sim::World;
use serde_json::{Value, json};

use crate::{
    expectation::PREFIX,
    phrases::predict,
    stage::{among_others, run, scrape, world},
};

const CSV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/weather/rainfall_data.csv");
const WINDOW_SECONDS: u64 = 3600;
const TICK_SECONDS: u64 = 5;
const BATCH: usize = 100;

/// What numpy makes of the same rows: see tests/data/psi_known.py.
const BEFORE: [(&str, f64); 3] = [
    ("temperature", 0.029_432_507_253_359),
    ("dew point", 0.043_419_652_044_605_17),
    ("sea-level pressure", 0.021_136_310_232_655_3),
];
const BEHIND: [(&str, f64); 3] = [
    ("temperature", 0.052_742_716_735_129_41),
    ("dew point", 4.574_528_616_930_086),
    ("sea-level pressure", 3.560_308_071_941_483_5),
];

/// Half a part per million is lost in rounding.
const TOLERANCE: f64 = 1e-6;

fn config() -> String {
    let options = Options {
        settings: driftline_profiler::Settings::of("rain"),
        target: Some("rain".into()),
        rows: Some(1..=3000),
        ..Options::default()
    };
    let csv = BufReader::new(File::open(CSV).unwrap_or_else(|error| panic!("{CSV}: {error}")));
    let made = from_csv(csv, &options).unwrap_or_else(|error| panic!("{error}"));
    let profile: Value = serde_json::from_str(&to_text(&made.profile)).unwrap();
    json!({
        "models": [{"name": "rain", "profile": profile}],
        "window_seconds": WINDOW_SECONDS,
        "tick_milliseconds": TICK_SECONDS * 1000,
    })
    .to_string()
}

/// Sends days in batches, lets the evaluator tick, and returns the page.
fn days(world: &World, days: &[Day]) -> Scrape {
    for batch in days.chunks(BATCH) {
        let instances: Vec<&[f64]> = batch.iter().map(|day| day.features.as_slice()).collect();
        let predictions: Vec<u8> = batch.iter().map(|day| u8::from(day.rain)).collect();
        let ask = predict(&json!({"instances": instances}).to_string());
        run(world, 0, &ask.answers(200, json!({"predictions": predictions}).to_string()));
    }
    world.advance(Duration::from_secs(TICK_SECONDS)).unwrap();
    scrape(world)
}

#[track_caller]
fn check(page: &Scrape, rows: f64, expected: [(&str, f64); 3]) {
    for (feature, numpy) in expected {
        let gauge = |name: &str| {
            let labels = [("feature", feature), ("window", "fast")];
            page.value(&format!("{PREFIX}{name}"), &labels).unwrap()
        };
        assert_eq!(gauge("feature_window_rows"), rows, "{feature}");
        let found = gauge("feature_psi_ppm") / 1e6;
        assert!((found - numpy).abs() <= TOLERANCE, "{feature}: {found}, numpy says {numpy}");
    }
}

#[test]
fn pressure_and_dew_point_jump_at_row_12_000_and_temperature_stays() {
    let _among_others = among_others();
    let csv = std::fs::read_to_string(Path::new(CSV)).unwrap();
    let weather = Weather::parse(&csv).unwrap();
    let world = world(&config());
    let before = days(&world, &weather.days[9_000..12_000]);
    check(&before, 3000.0, BEFORE);
    // Let those leave the window.
    world.advance(Duration::from_secs(WINDOW_SECONDS + 10 * TICK_SECONDS)).unwrap();
    let behind = days(&world, &weather.days[12_000..13_000]);
    check(&behind, 1000.0, BEHIND);
    let [(_, temperature), (_, dew_point), (_, pressure)] = BEFORE;
    assert!(temperature < 0.2 && dew_point < 0.1 && pressure < 0.1);
    let [(_, temperature), (_, dew_point), (_, pressure)] = BEHIND;
    assert!(temperature < 0.2 && 1.0 < dew_point && 1.0 < pressure);
}
