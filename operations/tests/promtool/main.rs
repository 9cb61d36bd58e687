//! Every recording rule on a real promtool: what it says of traffic whose answer is known, over two pods of which one
//! restarts, and that it says nothing of no traffic. No filter is asked.
//!
//! Each file of rules has a story, which fails while a rule of the file has no expectation.

#[cfg(test)]
mod data;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod experiment;
#[cfg(test)]
mod files;
#[cfg(test)]
mod pods;
#[cfg(test)]
mod quality;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod slo;
#[cfg(test)]
mod story;
