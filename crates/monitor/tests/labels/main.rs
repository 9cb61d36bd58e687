//! What gauges say of labels that a session has taken in, by the value and tick by tick.

mod concept;
mod kpis;
mod proxy;
mod quality;
mod survival;
mod verdict;
