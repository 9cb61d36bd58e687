//! The property: a profile of rows, and the same rows live, differ in nothing.

use driftline_statistics::{profile::Kind, value::Precision};

use crate::{
    live::{Live, Message, is_the_same},
    table::{merging, random},
    train::Training,
    wire::WAYS,
};

/// Enough for a verdict on 20 bins.
const ROWS: usize = 600;
/// Enough to call a small change drift.
const MERGED_ROWS: usize = 6000;

#[test]
fn the_same_rows_are_the_same_values_in_every_format_and_dialect() {
    let mut compared = 0;
    for seed in 0..3 {
        let table = random(seed, ROWS);
        for training in Training::ALL {
            for way in WAYS {
                let table = table.only(way.carries);
                let profile = training.profile(&table);
                let live = Live::new(&profile, way.declared);
                live.play(&(way.request)(&table), &Message::json("", "{}"));
                live.tick();
                let what = format!("{training:?}, {}, seed {seed}", way.name);
                for feature in &profile.features {
                    is_the_same(&live, &feature.name, &feature.column, &what);
                    compared += 1;
                }
                assert_eq!(live.faults(), 0, "{what}");
            }
        }
    }
    assert!(3 * 4 * 27 * 5 < compared, "{compared}");
}

/// What numpy gives as a list: the digits of the double that a single is.
#[test]
fn singles_and_halves_that_come_as_text_are_the_numbers_that_they_were() {
    for (seed, precision) in
        [(10, Precision::Single), (11, Precision::Half), (12, Precision::Brain)]
    {
        let table = random(seed, ROWS).only(|column| {
            let is_norm = column.kind == Kind::VectorNorm && precision == Precision::Single;
            (column.kind == Kind::Number || is_norm)
                && column.name != "constant"
                && column.needs.is_none_or(|needs| needs == precision)
        });
        for training in Training::ALL {
            let profile = training.profile(&table);
            let rounded = table.rounded(precision);
            for way in
                WAYS.iter().filter(|way| way.name.contains("by name") || way.name.contains("CSV"))
            {
                let live = Live::new(&profile, way.declared);
                live.play(&(way.request)(&rounded), &Message::json("", "{}"));
                live.tick();
                for feature in &profile.features {
                    let what = format!("{training:?}, {}, {precision:?}", way.name);
                    let said = live.said(&feature.name);
                    assert_eq!(said.bins, feature.column.counts, "{what}: {}", feature.name);
                    assert_eq!((said.psi, said.verdict), (0.0, "ok"), "{what}: {}", feature.name);
                }
            }
        }
    }
}

/// Whatever a half or a bfloat16 merges: nobody can tell which value it was, and no verdict is made of that.
#[test]
fn numbers_that_a_wire_merges_are_no_drift() {
    let mut compared = 0;
    for seed in 20..23 {
        let table = merging(seed, MERGED_ROWS);
        for training in Training::ALL {
            let profile = training.profile(&table);
            for way in WAYS.iter().filter(|way| is_coarse(way.name)) {
                let live = Live::new(&profile, way.declared);
                // Half precision has nothing so large.
                let is_half = way.name.contains("halves");
                let table = table.only(|column| !is_half || column.name != "second");
                live.play(&(way.request)(&table), &Message::json("", "{}"));
                live.tick();
                let features = profile.features.iter().filter(|it| !is_half || it.name != "second");
                for feature in features {
                    let what = format!("{training:?}, {}, seed {seed}: {}", way.name, feature.name);
                    let said = live.said(&feature.name);
                    let rows: u64 = said.bins.iter().sum();
                    assert_eq!(rows, MERGED_ROWS as u64, "{what}: {:?}", said.unbinned);
                    assert_eq!((said.verdict, said.violations), ("ok", vec![]), "{what}");
                    assert!(
                        said.psi < 0.01,
                        "{what}: {} {:?} {:?}",
                        said.psi,
                        said.bins,
                        feature.column.counts
                    );
                    compared += 1;
                }
            }
        }
    }
    assert!(3 * 4 * 9 * 7 <= compared, "{compared}");
}

/// Whether the way is one of singles, halves or bfloat16.
fn is_coarse(way: &str) -> bool {
    ["singles", "halves", "bfloat16"].iter().any(|precision| way.contains(precision))
}
