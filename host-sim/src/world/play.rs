//! Recordings played to a world: many exchanges at once, each step at its own moment.

use std::{thread, time::Duration};

use crate::{Error, Exchange, Outcome, Recording, Step, World, replay::scaled};

/// How time passes while recordings are played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// The world's virtual clock jumps from step to step; nothing waits.
    Virtual,
    /// This many times as fast as it was recorded; the thread sleeps in between. For real clocks.
    Times(f64),
}

impl World {
    /// Plays recordings, the first on worker 0, the next on worker 1 and so on; ticks run at their time.
    ///
    /// Recordings overlap as their `start_us` says; the first begins at once. Steps at the same
    /// moment are played in the order of the recordings.
    ///
    /// # Errors
    /// The first [`Error::Trap`] outside of an exchange, once all are played;
    /// those inside are in the outcomes.
    pub fn play(&self, recordings: &[Recording], pace: Pace) -> Result<Vec<Outcome>, Error> {
        let mut schedule = Vec::new();
        let first_us = recordings.iter().map(|recording| recording.start_us).min().unwrap_or(0);
        for (index, recording) in recordings.iter().enumerate() {
            let start_us = recording.start_us - first_us;
            schedule.push((start_us, index, None));
            for (number, step) in recording.steps.iter().enumerate() {
                let at_us = start_us.saturating_add(step.at_us());
                schedule.push((at_us, index, Some(number)));
            }
        }
        // The sort is stable, so that no exchange's own order changes.
        schedule.sort_by_key(|(at_us, ..)| *at_us);
        let mut exchanges: Vec<Option<Exchange>> = recordings.iter().map(|_| None).collect();
        let mut outcomes: Vec<Outcome> = recordings.iter().map(|_| Outcome::default()).collect();
        let mut first_error = Ok(());
        let mut now_us = 0;
        for (at_us, index, number) in schedule {
            let wait_us = at_us - now_us;
            now_us = at_us;
            first_error = first_error.and(self.wait(wait_us, pace));
            let recording = &recordings[index];
            let exchange = match number {
                None => Some(begin(self.exchange(index), recording)),
                Some(number) => {
                    let step = &recording.steps[number];
                    exchanges[index].take().map(|exchange| tell(exchange, step))
                }
            };
            let last = number.map_or(0, |number| number + 1) == recording.steps.len();
            match exchange {
                // Over, or cut off: as in life, its state goes when it does.
                Some(exchange) if last || exchange.is_over() => {
                    outcomes[index] = exchange.outcome();
                }
                other => exchanges[index] = other,
            }
        }
        first_error.map(|()| outcomes)
    }

    fn wait(&self, time_us: u64, pace: Pace) -> Result<(), Error> {
        match pace {
            Pace::Virtual => self.advance(Duration::from_micros(time_us)),
            Pace::Times(times) => {
                if 0 < time_us {
                    thread::sleep(scaled(time_us, times));
                }
                self.advance(Duration::ZERO)
            }
        }
    }
}

fn begin(exchange: Exchange, recording: &Recording) -> Exchange {
    let headers = pairs(&recording.headers);
    let has_body = recording.steps.iter().any(|step| {
        matches!(
            step,
            Step::RequestData { .. } | Step::RequestEnd { .. } | Step::RequestTrailers { .. }
        )
    });
    if has_body {
        exchange.request(&recording.method, &recording.path, &headers)
    } else {
        exchange.request_without_body(&recording.method, &recording.path, &headers)
    }
}

fn tell(exchange: Exchange, step: &Step) -> Exchange {
    match step {
        Step::RequestData { .. } => exchange.request_chunk(step.data()),
        Step::RequestEnd { .. } => exchange.request_end(),
        Step::RequestTrailers { trailers, .. } => exchange.request_trailers(&pairs(trailers)),
        Step::Response { status, headers, ended: false, .. } => {
            exchange.response(*status, &pairs(headers))
        }
        Step::Response { status, headers, .. } => {
            exchange.response_without_body(*status, &pairs(headers))
        }
        Step::ResponseData { .. } => exchange.response_chunk(step.data()),
        Step::ResponseEnd { .. } => exchange.response_end(),
        Step::ResponseTrailers { trailers, .. } => exchange.response_trailers(&pairs(trailers)),
        Step::ClientAborts { .. } => exchange.client_aborts(),
        Step::UpstreamResets { .. } => exchange.upstream_resets(),
        Step::UpstreamUnreachable { .. } => exchange.upstream_is_unreachable(),
        Step::TimesOut { .. } => exchange.times_out(),
    }
}

/// What the proxy adds itself is left out, or it would be there twice.
fn pairs(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    pairs.filter(|(name, _)| *name != "x-envoy-upstream-service-time").collect()
}
