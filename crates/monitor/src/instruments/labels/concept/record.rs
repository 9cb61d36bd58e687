//! How streams lie in a record: the numbers of their detectors, as these hand them out. It detects nothing.

use alloc::vec::Vec;

use driftline_statistics::{
    streams::{
        Signal,
        adwin::{Adwin, Bucket, Window},
        ddm::{self, Ddm},
        page_hinkley::{self, PageHinkley},
    },
    time::Timestamp,
};

use super::stream::{Detector, Stream};
use crate::codec::{Reader, Writer};

/// The most buckets that are read: more than any window has.
const BUCKETS_MAX: u16 = 1024;

impl Stream {
    pub(super) fn store(&self, record: &mut Writer<'_>) {
        number(self.before, record);
        record.u64(self.changed_at.0);
        match &self.detector {
            Detector::Adwin(adwin) => store_adwin(adwin, record),
            Detector::Ddm(ddm) => {
                let ddm::State { rows, error_rate, minimum, signal } = *ddm.state();
                record.u64(rows);
                number(error_rate, record);
                record.u8(u8::from(minimum.is_some()));
                let minimum = minimum.map_or([0.0; 2], |it| [it.error_rate, it.deviation]);
                minimum.into_iter().for_each(|it| number(it, record));
                record.u8(code(signal));
            }
            Detector::PageHinkley(test) => {
                let page_hinkley::State {
                    observations,
                    mean,
                    rising,
                    rising_min,
                    falling,
                    falling_max,
                    signal,
                } = *test.state();
                record.u64(observations);
                let numbers = [mean, rising, rising_min, falling, falling_max];
                numbers.into_iter().for_each(|it| number(it, record));
                record.u8(code(signal));
            }
        }
    }

    pub(super) fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        self.before = read(record).filter(|it| it.is_finite())?;
        self.changed_at = Timestamp(record.u64()?);
        match &mut self.detector {
            Detector::Adwin(adwin) => *adwin = restored_adwin(adwin, record)?,
            Detector::Ddm(ddm) => {
                let (rows, error_rate) = (record.u64()?, read(record)?);
                let has_minimum = record.u8()? != 0;
                let minimum = ddm::Minimum { error_rate: read(record)?, deviation: read(record)? };
                let state = ddm::State {
                    rows,
                    error_rate,
                    minimum: has_minimum.then_some(minimum),
                    signal: signal(record.u8()?)?,
                };
                *ddm = Ddm::restored(*ddm.settings(), state)?;
            }
            Detector::PageHinkley(test) => {
                let state = page_hinkley::State {
                    observations: record.u64()?,
                    mean: read(record)?,
                    rising: read(record)?,
                    rising_min: read(record)?,
                    falling: read(record)?,
                    falling_max: read(record)?,
                    signal: signal(record.u8()?)?,
                };
                *test = PageHinkley::restored(*test.settings(), state)?;
            }
        }
        Some(())
    }
}

fn store_adwin(adwin: &Adwin, record: &mut Writer<'_>) {
    record.u32(adwin.since_multiple());
    record.u8(code(adwin.signal()));
    let window = adwin.window();
    number(window.total(), record);
    number(window.squared_deviations(), record);
    record.u16(u16::try_from(window.buckets().len()).unwrap_or(u16::MAX));
    for Bucket { level, count, sum, squared_deviations } in window.buckets() {
        record.u8(*level);
        record.u64(*count);
        number(*sum, record);
        number(*squared_deviations, record);
    }
}

fn restored_adwin(adwin: &Adwin, record: &mut Reader<'_>) -> Option<Adwin> {
    let (since_multiple, signal) = (record.u32()?, signal(record.u8()?)?);
    let (total, squared_deviations) = (read(record)?, read(record)?);
    let count = Some(record.u16()?).filter(|&count| count <= BUCKETS_MAX)?;
    let mut buckets = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (level, count) = (record.u8()?, record.u64()?);
        buckets.push(Bucket {
            level,
            count,
            sum: read(record)?,
            squared_deviations: read(record)?,
        });
    }
    let settings = *adwin.settings();
    let window = Window::restored(settings.buckets_max, buckets, total, squared_deviations)?;
    Adwin::restored(settings, window, since_multiple, signal)
}

fn number(number: f64, record: &mut Writer<'_>) {
    record.u64(number.to_bits());
}

fn read(record: &mut Reader<'_>) -> Option<f64> {
    record.u64().map(f64::from_bits)
}

const fn code(signal: Signal) -> u8 {
    match signal {
        Signal::Stable => 0,
        Signal::Warning => 1,
        Signal::Drift => 2,
    }
}

const fn signal(code: u8) -> Option<Signal> {
    match code {
        0 => Some(Signal::Stable),
        1 => Some(Signal::Warning),
        2 => Some(Signal::Drift),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use driftline_labels::StreamDetector;

    use super::*;

    #[test]
    fn a_stream_goes_on_where_it_was_stored() {
        for kind in StreamDetector::ALL {
            let mut stream = Stream::new(kind);
            let mut random = driftline_random::Random::new(7);
            let mut feed = |stream: &mut Stream, rate: f64| {
                let is_error = random.uniform() < rate;
                match &mut stream.detector {
                    Detector::Adwin(adwin) => adwin.update(f64::from(u8::from(is_error))),
                    Detector::Ddm(ddm) => ddm.update(is_error),
                    Detector::PageHinkley(test) => test.update(f64::from(u8::from(is_error))),
                }
            };
            for _ in 0..2_000 {
                feed(&mut stream, 0.1);
            }
            let mut bytes = vec![];
            stream.store(&mut Writer::new(&mut bytes));
            let mut later = Stream::new(kind);
            later.restore(&mut Reader::new(&bytes)).unwrap();
            let mut again = vec![];
            later.store(&mut Writer::new(&mut again));
            assert_eq!(bytes, again, "{kind:?}");
            for end in 0..bytes.len() {
                assert!(Stream::new(kind).restore(&mut Reader::new(&bytes[..end])).is_none());
            }
        }
    }
}
