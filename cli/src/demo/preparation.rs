//! What must be there before the curtain: the weather, its profile within the filter's configuration, and a fitted
//! rain model. It starts nothing.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use driftline_profiler::{Made, Options, QualityOptions, to_text};
use driftline_profiler_files::from_csv;
use driftline_testbed::rain::{Day, RainModel, Weather};

/// What requests call the language model, and the filter's configuration with them.
pub(super) const LANGUAGE_MODEL: &str = "demo-llm";
/// What they call the model that predicts rain.
pub(super) const RAIN_MODEL: &str = "rain";
/// Where the weather lies in the project.
const DATA: &str = "tests/data/weather/rainfall_data.csv";
/// The column with what was true.
const LABEL: &str = "rain";
/// The column that the model's answers on the training rows are put into.
const SCORE: &str = "probability of rain";
/// The feature by whose bins errors are told apart.
const SEGMENT: &str = "dew point";

/// Days of the reference, days before the change and days after it, counted from 0.
const REFERENCE: Range<usize> = 0..3_000;
const BEFORE: Range<usize> = 9_000..12_000;
const AFTER: Range<usize> = 12_000..13_000;
/// Days whose labels come late, before the change and after it.
const LABELLED_BEFORE: Range<usize> = 3_000..12_000;
const LABELLED_AFTER: Range<usize> = 12_000..18_000;

/// The window: long enough to hold all rows of a phase, short enough to wait until it is empty.
pub(super) const WINDOW_SECONDS: u64 = 6;
const TICK_MILLISECONDS: u64 = 250;
/// A hundred times the usual budget: four looks a second would ask for more evidence than bins of 150 training rows have.
const FALSE_ALARMS: f64 = 1.0;

/// Everything that was prepared.
pub(super) struct Prepared {
    /// The filter's configuration.
    pub(super) config: String,
    pub(super) rain: RainModel,
    /// Days before and after the change.
    pub(super) before: Vec<Day>,
    pub(super) after: Vec<Day>,
    /// Days whose labels come late, before and after the change.
    pub(super) labelled_before: Vec<Day>,
    pub(super) labelled_after: Vec<Day>,
}

/// Reads the weather, fits the model to its first days, and makes the profile of these days and of what the model says of
/// them, as `driftline profile` does.
///
/// # Errors
///
/// If the file is missing, is no weather, or is too short.
pub(super) fn prepare(data: Option<PathBuf>) -> Result<Prepared> {
    let path = data.map_or_else(find_data, Ok)?;
    let csv = fs::read_to_string(&path)
        .with_context(|| format!("cannot read the weather data {}", path.display()))?;
    let named = || format!("weather data {}", path.display());
    let weather = Weather::parse(&csv).with_context(named)?;
    let days = |range: Range<usize>| {
        weather.days.get(range.clone()).with_context(|| {
            format!(
                "{}: expected {} rows at least, found {}",
                named(),
                range.end,
                weather.days.len()
            )
        })
    };
    let reference = days(REFERENCE)?;
    let rain = RainModel::fit(&weather.names, reference);
    Ok(Prepared {
        config: with_short_windows(&members(&scored(&csv, reference, &rain)).with_context(named)?),
        rain,
        before: days(BEFORE)?.to_vec(),
        after: days(AFTER)?.to_vec(),
        labelled_before: days(LABELLED_BEFORE)?.to_vec(),
        labelled_after: days(LABELLED_AFTER)?.to_vec(),
    })
}

/// The training rows of the CSV, with a column more: what the model says of each.
fn scored(csv: &str, days: &[Day], rain: &RainModel) -> String {
    let scores = days.iter().map(|day| rain.score(&day.features).to_string());
    let column = std::iter::once(SCORE.to_owned()).chain(scores);
    csv.lines().zip(column).map(|(line, cell)| format!("{line},{cell}\n")).collect()
}

/// The members of the configuration, but for those of its windows.
fn members(csv: &str) -> Result<String> {
    let quality = QualityOptions {
        label: LABEL.into(),
        score: Some(SCORE.into()),
        segments: vec![SEGMENT.into()],
        ..QualityOptions::default()
    };
    let options = Options {
        settings: driftline_profiler::Settings::of(RAIN_MODEL),
        prediction: Some(SCORE.into()),
        quality: Some(quality),
        ..Options::default()
    };
    let Made { profile, .. } =
        from_csv(csv.as_bytes(), &options).map_err(|error| anyhow!("{error}"))?;
    // Put together as text: a number of the profile that is read and written again might not be the same.
    Ok(format!(
        r#""models":[{{"name":"{}"}},{{"name":"{}","segments":[{{"feature":"{SEGMENT}"}}],"profile":{}}}],"feedback":{{}}"#,
        LANGUAGE_MODEL,
        RAIN_MODEL,
        to_text(&profile)
    ))
}

/// What a demo of a minute needs: windows that it fills and empties.
fn with_short_windows(members: &str) -> String {
    format!(
        r#"{{{members},"window_seconds":{WINDOW_SECONDS},"tick_milliseconds":{TICK_MILLISECONDS},"false_alarms":{FALSE_ALARMS}}}"#
    )
}

/// Looks in the working directory first, then where this program was built.
fn find_data() -> Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let built_from = workspace.join(DATA);
    let places = [PathBuf::from(DATA), built_from];
    let found = places.iter().find(|place| place.is_file());
    ensure!(
        found.is_some(),
        "there is no {DATA} here: run the demo in the project's folder, or name the file with --data"
    );
    found.cloned().context(DATA)
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_monitor::config::Config;

    #[test]
    fn the_filter_accepts_what_is_prepared() {
        let Prepared { config, before, after, .. } = prepare(None).unwrap();
        let config = Config::from_json(config.as_bytes()).unwrap();
        let (_, rain) = config.model(RAIN_MODEL).unwrap();
        let profile = rain.profile.as_ref().unwrap();
        assert_eq!(profile.features.len(), 8);
        assert!(profile.prediction.is_some() && profile.quality.is_some());
        assert_eq!((rain.segments.len(), profile.rows), (1, 3000));
        assert_eq!((before.len(), after.len()), (3000, 1000));
        assert!(config.model(LANGUAGE_MODEL).unwrap().1.profile.is_none());
    }

    /// The folder `envoy/` is rendered for it, by `cargo xtask codegen`. Rewrites a stale file and then fails, so that running
    /// the test twice is the fix.
    #[test]
    fn the_configuration_that_the_project_renders_is_the_demos_with_windows_of_an_hour() {
        let weather = fs::read_to_string(find_data().unwrap()).unwrap();
        let days = Weather::parse(&weather).unwrap();
        let reference = &days.days[REFERENCE];
        let members =
            members(&scored(&weather, reference, &RainModel::fit(&days.names, reference)));
        let expected = format!("{{{}}}\n", members.unwrap());
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoy/driftline.json");
        let is_fresh = fs::read_to_string(&file).is_ok_and(|text| text == expected);
        if !is_fresh {
            fs::write(&file, expected).unwrap();
        }
        assert!(
            is_fresh,
            "envoy/driftline.json was outdated, and has been rewritten: run `cargo xtask codegen`"
        );
    }

    #[test]
    fn data_that_is_missing_or_short_is_named() {
        let refuse = |path: PathBuf| format!("{:#}", prepare(Some(path)).err().unwrap());
        let missing = refuse("no/such.csv".into());
        assert!(missing.contains("no/such.csv"), "{missing}");
        let short = std::env::temp_dir().join(format!("driftline-demo-{}.csv", std::process::id()));
        fs::write(&short, ",a,rain\n0,1.5,1\n1,2.5,0\n").unwrap();
        let text = refuse(short.clone());
        fs::remove_file(&short).unwrap();
        assert!(text.contains("driftline-demo") && text.contains("3000"), "{text}");
    }
}
