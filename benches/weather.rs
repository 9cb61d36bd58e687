//! The reference profile of the weather data, for benches that need a real one; it measures nothing itself.

use std::fs;

use anyhow::Result;

/// The text of the profile of days 1 to 3,000.
pub(crate) fn profile() -> Result<String> {
    let csv = fs::File::open(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/data/weather/rainfall_data.csv"
    ))?;
    let options = driftline_profiler::Options {
        settings: driftline_profiler::Settings::of("rain"),
        target: Some("rain".to_owned()),
        rows: Some(1..=3000),
        ..driftline_profiler::Options::default()
    };
    let made = driftline_profiler_files::from_csv(csv, &options)?;
    Ok(driftline_profiler::to_text(&made.profile))
}
