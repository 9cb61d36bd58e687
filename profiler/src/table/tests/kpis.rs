//! KPIs of a table in memory: the bins they get, and what is no KPI.

use driftline_statistics::profile::quality::Task;

use super::*;

/// Rows of a shop: a click in one of fifty, which buys for up to 100; the click as text; a city; a moment; what was expected
/// of the click.
const COLUMNS: [&str; 6] = ["click", "revenue", "label", "city", "at", "chance"];

fn shop(rows: u32) -> impl FnMut(&mut TableRecorder<'_>) -> Result<(), Problems> {
    move |recorder| {
        let chosen = recorder.header(&COLUMNS.map(String::from));
        for row in 0..rows {
            let Some(place) = recorder.next_row(None, 0) else { continue };
            let has_clicked = row % 50 == 7;
            let cells = [
                Cell::Boolean(has_clicked),
                Cell::Number(if has_clicked { f64::from(row * 37 % 1009) / 10.0 } else { 0.0 }),
                Cell::Text(if has_clicked { "yes" } else { "no" }),
                Cell::Text(city(row)),
                Cell::Number(1_795_608_000.0 + f64::from(row)),
                Cell::Number(if row % 25 == 7 { 0.75 } else { 0.25 }),
            ];
            recorder.row(chosen.iter().map(|(column, _)| cells[*column]), place);
        }
        Ok(())
    }
}

fn of(kpis: &[&str]) -> Options {
    Options {
        settings: Settings::of("shop"),
        kpis: kpis.iter().map(|&kpi| kpi.into()).collect(),
        ..Options::default()
    }
}

fn made(options: &Options) -> Result<Profile, String> {
    let made = profile_of(options, true, &mut |_| {}, shop(10_000));
    made.map(|made| made.profile).map_err(|problems| problems.to_string())
}

fn exclude(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.into()).collect()
}

#[test]
fn kpis_get_the_bins_of_features_in_one_reading_and_in_two() {
    for memory_bytes_max in [MEMORY_BYTES_DEFAULT, 8 * 2 * 1_100] {
        let mut options = of(&["click", "revenue"]);
        options.settings.memory_bytes_max = memory_bytes_max;
        options.by_hour = Some("at".into());
        let profile = made(&options).unwrap();
        let names: Vec<&str> = profile.features.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["label", "city", "chance"]);
        let click = profile.kpi("click").unwrap();
        assert_eq!(click.bins, Bins::Values { values: vec![0.0, 1.0] });
        assert_eq!(click.counts, [9_800, 200, 0]);
        let revenue = profile.kpi("revenue").unwrap();
        let Bins::Quantile { edges } = &revenue.bins else { panic!("{revenue:?}") };
        // Those who clicked and paid nothing are in the bin of 0, too.
        assert!(0.0 < edges[0] && edges[0] < 50.0, "{edges:?}");
        assert!((9_800..9_900).contains(&revenue.counts[0]), "{:?}", revenue.counts);
        assert!(1 < edges.len());
        // Feedback comes at other hours than the rows.
        assert!(click.by_hour.is_none() && revenue.by_hour.is_none());
        assert!(profile.features.iter().all(|it| it.column.by_hour.is_some()));
        let text = crate::to_text(&profile);
        assert!(text.contains("\"format_version\": 5"), "{text}");
        assert_eq!(Profile::from_json(text.as_bytes()).as_ref(), Ok(&profile));
    }
}

#[test]
fn outcomes_alone_make_a_profile() {
    let options =
        Options { exclude: exclude(&["label", "city", "at", "chance"]), ..of(&["click"]) };
    let profile = made(&Options { kpis: vec![" click".into(), "revenue".into()], ..options });
    let profile = profile.unwrap();
    assert_eq!((profile.columns().count(), profile.kpis.len()), (0, 2));
    assert_eq!(Profile::from_json(crate::to_text(&profile).as_bytes()), Ok(profile));
}

#[test]
fn the_label_may_be_a_kpi_too() {
    let quality = crate::QualityOptions {
        label: "click".into(),
        score: Some("chance".into()),
        segments: vec!["city".into()],
        ..crate::QualityOptions::default()
    };
    let mut options = Options { quality: Some(quality), ..of(&["click"]) };
    let profile = made(&options).unwrap();
    assert_eq!(profile.kpi("click").unwrap().counts, [9_800, 200, 0]);
    let quality = profile.quality.unwrap();
    let Task::Classes(classes) = &quality.task else { panic!("{quality:?}") };
    assert_eq!((&classes.confusion, quality.segments.len()), (&vec![9_600, 200, 0, 200], 1));
    // It is no feature, by whose bins errors could be told apart.
    options.quality.as_mut().unwrap().segments = vec!["click".into()];
    let error = made(&options).unwrap_err();
    assert!(error.contains("click"), "{error}");
    options.quality.as_mut().unwrap().score = Some("click".into());
    let error = made(&options).unwrap_err();
    assert!(error.contains("found `click` as a KPI and as the score"), "{error}");
}

#[test]
fn what_is_no_kpi_is_refused_by_name() {
    #[track_caller]
    fn refuses(options: &Options, message: &str) {
        assert_eq!(made(options).unwrap_err(), message);
    }
    refuses(
        &of(&["city"]),
        "the column `city` holds text, which no KPI can be; expected numbers, or truth values",
    );
    let of_moments = Options {
        kinds: vec![("at".into(), Kind::Timestamp)],
        as_of: Some(AsOf::Moment(1_795_700_000.0)),
        ..of(&["at"])
    };
    refuses(
        &of_moments,
        "the column `at` holds moments, which no KPI can be; expected numbers, or truth values",
    );
    refuses(
        &of(&["label"]),
        "the KPI `label` is called as a member of records of feedback that means something else; expected another \
         name; the column `label` holds text, which no KPI can be; expected numbers, or truth values",
    );
    let other = Options {
        exclude: exclude(&["click"]),
        target: Some("revenue".into()),
        ..of(&["click", "revenue", "revenue", "tips"])
    };
    refuses(
        &other,
        "found no column `tips` as a KPI, the columns are `click`, `revenue`, `label`, `city`, `at`, `chance`; \
         found `click` as a KPI and as what is excluded, expected it as a KPI alone; \
         found `revenue` as a KPI and as the target, expected it as a KPI alone; \
         found `revenue` as a KPI twice, expected it as a KPI alone; \
         found `revenue` as a KPI and as the target, expected it as a KPI alone",
    );
    let hourly = Options { by_hour: Some("at".into()), ..of(&["at"]) };
    refuses(
        &hourly,
        "found `at` as a KPI and as what says the hour of a row, expected it as a KPI alone",
    );
}

#[test]
fn a_profile_has_eight_kpis_at_most() {
    let names: Vec<String> = (0..9).map(|kpi| format!("k{kpi}")).collect();
    let options =
        Options { settings: Settings::of("shop"), kpis: names.clone(), ..Options::default() };
    let made = profile_of(&options, true, &mut |_| {}, |recorder: &mut TableRecorder<'_>| {
        recorder.header(&names);
        if let Some(place) = recorder.next_row(None, 0) {
            recorder.row([Cell::Number(1.0); 9], place);
        }
        Ok::<(), Problems>(())
    });
    assert_eq!(made.unwrap_err().to_string(), "found more than 8 KPIs, expected 8 at most");
}
