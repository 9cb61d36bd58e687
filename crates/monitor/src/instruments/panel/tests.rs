//! Panels of made-up instruments: which of them read together, and what they take over.

use core::cell::Cell;

use super::*;
use crate::config::Config;
use driftline_metrics::{buffer::MetricBuffer, catalogue::Metric, series::SeriesRegistrar};

/// Reads some of the subject's counters, and stores one byte.
#[derive(Debug)]
struct Fake {
    reads: &'static [usize],
    state: u8,
}

type Subject = [SeriesId; 3];

impl Instrument<Subject> for Fake {
    fn counters(&self, subject: &Subject, counter: &mut dyn FnMut(usize, SeriesId)) {
        // The first two are of one cell.
        self.reads.iter().for_each(|&number| counter(number / 2, subject[number]));
    }

    fn begin(&mut self, _: &Subject, _: &DriftSettings, _: Timestamp) {
        self.state = 0;
    }

    fn evaluate(&mut self, _: &Subject, _: &[u64], _: &mut Evaluation<'_>) {}

    fn store(&self, record: &mut Writer<'_>) {
        record.u8(self.state);
    }

    fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        self.state = record.u8()?;
        (self.state < 100).then_some(())
    }
}

/// Counters, one of which may be refused, and how often they were read.
struct Counters {
    totals: Cell<[Option<u64>; 3]>,
    reads: Cell<u32>,
}

impl HostSeries for Counters {
    fn total(&self, series: SeriesId) -> Option<u64> {
        self.reads.set(self.reads.get() + 1);
        self.totals.get()[series.index()]
    }

    fn flush(&self, _: &mut MetricBuffer) {}
}

fn subject() -> Subject {
    let mut registrar = SeriesRegistrar::numbering(0);
    [(); 3].map(|()| registrar.add(Metric::Evaluations, &[]))
}

fn settings() -> DriftSettings {
    let config = br#"{"models": [{"name": "m"}], "window_seconds": 60, "slow_windows": 3}"#;
    DriftSettings::of(&Config::from_json(config).unwrap())
}

fn panels_of(fakes: &[(&'static [usize], u8)]) -> Box<[Panel<Subject>]> {
    let made = fakes
        .iter()
        .map(|&(reads, state)| -> Box<dyn Instrument<Subject>> { Box::new(Fake { reads, state }) });
    panels(made.collect(), &subject(), &settings())
}

#[test]
fn instruments_that_read_the_same_counters_form_a_panel() {
    let panels = panels_of(&[(&[0, 1, 2], 0), (&[0, 1, 2], 0), (&[2], 0), (&[], 0)]);
    let found = panels.iter().map(|it| (it.members.len(), it.counters, it.cells));
    assert_eq!(found.collect::<Vec<_>>(), [(2, 3, 2), (1, 1, 2), (1, 0, 0)]);
    assert_eq!(panels[2].stored_key(), None, "what reads nothing is not stored");
}

#[test]
fn counters_are_read_once_and_add_up_by_cell() {
    let mut panels = panels_of(&[(&[0, 1, 2], 0), (&[0, 1, 2], 0)]);
    let panel = &mut panels[0];
    let counters = Counters { totals: Cell::new([Some(5); 3]), reads: Cell::new(0) };
    let mut reading = Reading::default();
    panel.begin(&subject(), &settings(), Timestamp(0));
    panel.read(&subject(), &counters, &mut reading);
    assert_eq!((counters.reads.get(), &reading.growth[..]), (3, &[0, 0][..]));
    reading.is_complete = true;
    counters.totals.set([Some(7), None, Some(5)]);
    panel.read(&subject(), &counters, &mut reading);
    assert_eq!((&reading.growth[..], reading.is_complete), (&[2, 0][..], false));
    counters.totals.set([Some(7), Some(9), Some(3)]);
    panel.read(&subject(), &counters, &mut reading);
    assert_eq!(reading.growth, [4, 3], "one was refused, and one went backwards");
}

#[test]
fn a_record_of_this_layout_is_taken_over_as_a_whole() {
    let mut record = Vec::new();
    panels_of(&[(&[2], 7), (&[2], 8)])[0].write(&mut record);
    let takes_over = |fakes: &[(&'static [usize], u8)], record: &[u8]| {
        panels_of(fakes)[0].take_over(record).is_some()
    };
    // Idle, so it wrote no totals; neither does it expect any.
    let same: &[(&[usize], u8)] = &[(&[2], 0), (&[2], 0)];
    assert!(takes_over(same, &record));
    assert!(!takes_over(&[(&[2], 0)], &record), "one instrument fewer");
    for end in 0..record.len() {
        assert!(!takes_over(same, &record[..end]), "the first {end} bytes");
    }
    assert!(!takes_over(same, &[&record[..], &[0]].concat()));
    *record.last_mut().unwrap() = 100;
    assert!(!takes_over(same, &record), "the last instrument refuses its bytes");
}
