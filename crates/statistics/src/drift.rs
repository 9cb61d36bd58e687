//! How far live counts have moved from the counts of the reference; every measure is a pure function of two histograms.
//! It never sees a raw value, keeps no state, and answers `None` rather than NaN.
//!
//! | measure | of which shares | range | what it sees best |
//! | --- | --- | --- | --- |
//! | [`psi`] | raised by half a count | 0 to ∞, nats | the industry's word for drift; has a critical value for the sample size |
//! | [`kullback_leibler`] | raised by half a count | 0 to ∞, nats | bins that one side has nearly left |
//! | [`jensen_shannon`] | as counted | 0 to √ln 2 | a bounded distance, for thresholds across features |
//! | [`hellinger`] | as counted | 0 to 1 | a bounded distance, sensitive to small shares |
//! | [`total_variation`] | as counted | 0 to 1 | the share of rows that would have to move |
//! | [`l_infinity`] | as counted | 0 to 1 | one category that grew or vanished |
//! | [`kolmogorov_smirnov`] | cumulated | 0 to 1 | a shift of ordered values; has a p-value |
//! | [`chi_square`] | counts | 0 to ∞ | any change of categories; has a p-value |
//! | [`wasserstein`] | with a point for each bin | 0 to ∞, units of the value | how far the values moved |
//! | [`null_ratio`] | rows without a value | z | values that stopped coming |
//!
//! A new measure is one file: its function, and `values`, which are what [`Measure::values`] exports. It is listed here
//! three times: in the table above, with its `mod` line, and as a row of `measures!`.
//!
//! # Example
//!
//! ```
//! use driftline_statistics::drift::{Histograms, kolmogorov_smirnov, psi};
//!
//! let moved = Histograms::new(&[500, 300, 200], &[20, 30, 50]).unwrap();
//! assert!(0.4 < psi(&moved).value);
//! assert!(kolmogorov_smirnov(&moved).p_value < 0.001);
//! ```

mod chi_square;
mod compared;
mod hellinger;
mod histograms;
mod jensen_shannon;
mod kolmogorov_smirnov;
mod kullback_leibler;
mod l_infinity;
mod measure;
mod null_ratio;
pub mod probability;
mod psi;
mod scale;
mod total_variation;
mod wasserstein;

#[cfg(test)]
mod known_answers;

pub use self::{
    chi_square::{ChiSquare, Reference, chi_square},
    compared::{Compared, NullCounts},
    hellinger::hellinger,
    histograms::{Histograms, degrees_of_freedom},
    jensen_shannon::jensen_shannon,
    kolmogorov_smirnov::{KolmogorovSmirnov, kolmogorov_smirnov},
    kullback_leibler::{KullbackLeibler, kullback_leibler},
    l_infinity::{LInfinity, l_infinity},
    measure::{VALUES_MAX, to_ppm},
    null_ratio::{NullRatio, null_ratio},
    psi::{Psi, psi},
    scale::{BinPositions, EXCESS_THOUSANDTHS_MAX, Tail},
    total_variation::total_variation,
    wasserstein::{Points, wasserstein},
};

pub(crate) use self::scale::BEYOND;

use self::measure::measures;

measures! {
    /// [`kullback_leibler`], both ways.
    KullbackLeibler = "kullback_leibler" of any by kullback_leibler::values;
    /// [`jensen_shannon`].
    JensenShannon = "jensen_shannon" of any by jensen_shannon::values;
    /// [`hellinger`].
    Hellinger = "hellinger" of any by hellinger::values;
    /// [`total_variation`].
    TotalVariation = "total_variation" of any by total_variation::values;
    /// [`l_infinity`].
    LInfinity = "l_infinity" of any by l_infinity::values;
    /// [`kolmogorov_smirnov`].
    KolmogorovSmirnov = "kolmogorov_smirnov" of numbers by kolmogorov_smirnov::values;
    /// [`chi_square`] of two samples.
    ChiSquare = "chi_square" of any by chi_square::values;
    /// [`chi_square`] of the reference as a law.
    ChiSquareFit = "chi_square_fit" of any by chi_square::values_of_fit;
    /// [`BinPositions::wasserstein`].
    Wasserstein = "wasserstein" of numbers by wasserstein::values;
    /// [`null_ratio`].
    NullRatio = "null_ratio" of any by null_ratio::values;
}

impl Measure {
    /// Those that are exported unless a configuration says otherwise: all but [`Measure::ChiSquareFit`], which leaves out
    /// the noise of the reference, so that its p-value is below .05 in far more than 5 % of the windows without drift.
    pub const DEFAULT: [Measure; 9] = [
        Measure::KullbackLeibler,
        Measure::JensenShannon,
        Measure::Hellinger,
        Measure::TotalVariation,
        Measure::LInfinity,
        Measure::KolmogorovSmirnov,
        Measure::ChiSquare,
        Measure::Wasserstein,
        Measure::NullRatio,
    ];
}
