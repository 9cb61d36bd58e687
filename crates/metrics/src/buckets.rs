//! The upper bounds of histograms: fine ones, OpenTelemetry's, or the operator's own. The proxy keeps them; the filter
//! never looks at one.
//!
//! A quantile that Prometheus reads from a histogram lies somewhere in one bucket, so it can be off by the width of that
//! bucket and no more. The fine bounds are at most a quarter apart where times usually are.

use alloc::boxed::Box;

/// What is measured by a histogram, which decides where its bounds lie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scale {
    /// From a request to its first token, in microseconds.
    FirstToken,
    /// A whole exchange, in microseconds.
    Duration,
    /// From one token to the next, in microseconds.
    PerToken,
    /// From seconds to years, in seconds.
    Age,
}

/// Which bounds the histograms of times have. Those of ages have the same in any case.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Buckets {
    /// At most a quarter apart: TPOT from 2 to 200 ms, TTFT from 20 ms to 10 s, durations from 50 ms to 5 min. OpenTelemetry's
    /// are among them.
    #[default]
    Fine,
    /// Those that OpenTelemetry's conventions on generative AI advise.
    OpenTelemetry,
    /// These, in microseconds, rising.
    These(Box<[u64]>),
}

impl Buckets {
    /// Those that have a name in a configuration.
    pub const NAMED: [(&str, Buckets); 2] =
        [("fine", Buckets::Fine), ("otel", Buckets::OpenTelemetry)];

    /// The bounds of a scale, in its unit, rising.
    pub fn bounds(&self, scale: Scale) -> &[u64] {
        match (self, scale) {
            (_, Scale::Age) => AGE,
            (Buckets::Fine, Scale::FirstToken) => FINE_FIRST_TOKEN,
            (Buckets::Fine, Scale::Duration) => FINE_DURATION,
            (Buckets::Fine, Scale::PerToken) => FINE_PER_TOKEN,
            (Buckets::OpenTelemetry, Scale::FirstToken) => OTEL_FIRST_TOKEN,
            (Buckets::OpenTelemetry, Scale::Duration) => OTEL_DURATION,
            (Buckets::OpenTelemetry, Scale::PerToken) => OTEL_PER_TOKEN,
            (Buckets::These(bounds), _) => bounds,
        }
    }
}

#[rustfmt::skip]
const FINE_FIRST_TOKEN: &[u64] = &[
    1_000, 5_000, 10_000,
    20_000, 25_000, 30_000, 35_000, 40_000, 50_000, 60_000, 70_000, 80_000,
    100_000, 120_000, 150_000, 180_000, 220_000, 250_000, 300_000, 350_000, 400_000, 500_000, 600_000, 750_000, 900_000,
    1_000_000, 1_200_000, 1_500_000, 1_800_000, 2_200_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000, 5_000_000,
    6_000_000, 7_500_000, 9_000_000, 10_000_000,
    20_000_000, 40_000_000, 80_000_000, 160_000_000,
];

#[rustfmt::skip]
const FINE_DURATION: &[u64] = &[
    5_000, 10_000, 20_000, 40_000,
    50_000, 60_000, 70_000, 80_000, 100_000, 125_000, 150_000, 160_000, 200_000, 250_000, 300_000,
    320_000, 400_000, 500_000, 600_000, 640_000, 800_000, 1_000_000, 1_150_000,
    1_280_000, 1_600_000, 2_000_000, 2_300_000, 2_560_000, 3_200_000, 4_000_000, 5_000_000,
    5_120_000, 6_400_000, 8_000_000, 10_000_000, 10_240_000, 12_500_000, 15_000_000, 18_000_000,
    20_480_000, 25_000_000, 30_000_000, 36_000_000, 40_960_000, 50_000_000, 60_000_000, 72_000_000,
    81_920_000, 100_000_000, 125_000_000, 150_000_000, 180_000_000, 225_000_000, 270_000_000, 300_000_000,
    600_000_000,
];

#[rustfmt::skip]
const FINE_PER_TOKEN: &[u64] = &[
    500, 1_000,
    2_000, 2_500, 3_000, 3_700, 4_500, 5_500, 6_700, 8_000, 10_000, 12_000, 15_000, 18_000, 22_000, 25_000, 30_000,
    35_000, 40_000, 50_000, 60_000, 75_000, 90_000, 100_000, 120_000, 150_000, 175_000, 200_000,
    300_000, 400_000, 500_000, 750_000, 1_000_000, 2_500_000,
];

/// Of `gen_ai.server.time_to_first_token`.
#[rustfmt::skip]
const OTEL_FIRST_TOKEN: &[u64] = &[
    1_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000, 250_000, 500_000, 750_000, 1_000_000, 2_500_000,
    5_000_000, 7_500_000, 10_000_000,
];

/// Of `gen_ai.server.request.duration`.
#[rustfmt::skip]
const OTEL_DURATION: &[u64] = &[
    10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_280_000, 2_560_000, 5_120_000, 10_240_000,
    20_480_000, 40_960_000, 81_920_000,
];

/// Of `gen_ai.server.time_per_output_token`.
#[rustfmt::skip]
const OTEL_PER_TOKEN: &[u64] = &[
    10_000, 25_000, 50_000, 75_000, 100_000, 150_000, 200_000, 300_000, 400_000, 500_000, 750_000, 1_000_000, 2_500_000,
];

/// From a second to five years: what is streamed, what is computed by the hour or the day, and what somebody forgot.
#[rustfmt::skip]
const AGE: &[u64] = &[
    1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 172_800, 604_800, 2_592_000, 7_776_000, 31_536_000,
    157_680_000,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Where times usually are, in microseconds.
    const USUAL: [(Scale, [u64; 2]); 3] = [
        (Scale::PerToken, [2_000, 200_000]),
        (Scale::FirstToken, [20_000, 10_000_000]),
        (Scale::Duration, [50_000, 300_000_000]),
    ];

    #[test]
    fn bounds_rise() {
        for (_, buckets) in Buckets::NAMED {
            for scale in [Scale::FirstToken, Scale::Duration, Scale::PerToken, Scale::Age] {
                assert!(buckets.bounds(scale).is_sorted_by(|a, b| a < b), "{buckets:?} {scale:?}");
            }
        }
    }

    #[test]
    fn fine_bounds_are_at_most_a_quarter_apart_where_times_are() {
        for (scale, [least, most]) in USUAL {
            let bounds = Buckets::Fine.bounds(scale);
            assert!(bounds.contains(&least) && bounds.contains(&most), "{scale:?}");
            for pair in bounds.windows(2).filter(|pair| least <= pair[0] && pair[1] <= most) {
                assert!(pair[1] * 4 <= pair[0] * 5, "{scale:?}: {pair:?}");
            }
        }
    }

    #[test]
    fn fine_bounds_have_those_of_opentelemetry() {
        for (scale, _) in USUAL {
            let fine = Buckets::Fine.bounds(scale);
            assert!(
                Buckets::OpenTelemetry.bounds(scale).iter().all(|it| fine.contains(it)),
                "{scale:?}"
            );
        }
    }

    #[test]
    fn fine_bounds_are_not_many() {
        for (scale, _) in USUAL {
            let most = if scale == Scale::Duration { 56 } else { 45 };
            assert!(Buckets::Fine.bounds(scale).len() <= most, "{scale:?}");
        }
    }
}
