//! One configuration at work within one VM: the one owner of the order of calls, from callbacks of a host to metrics.
//!
//! The filter, the stories, the command's `check` and `profile --from-requests`, properties and fuzzing drive the same
//! session. It decides; what drives it translates. Every callback leaves traffic as it is, but for two headers of
//! requests that the configuration may name (see [`Session::request_headers`]), and for requests to the filter itself,
//! which end here: see [`Flow`].
//!
//! ```text
//! configure ── request_headers ── request_body* ── request_trailers? ── response_headers ── response_body* ──
//!              response_trailers? ── end                                                      (for each stream)
//!           └─ tick*                                                                         (for the VM)
//! ```

mod callbacks;
mod configure;
mod feedback;
mod heads;
#[cfg(test)]
mod tests;

use alloc::{boxed::Box, vec::Vec};
use core::cell::Cell;

use self::feedback::FeedbackIntake;
use crate::{
    admission::Admission,
    capture::{Capture, Captured},
    config::Config,
    feedback::tracker::Tracked,
    host::Host,
    host_series::HostSeries,
    layout::Monitor,
    memory::{InUse, VmMemory},
    metric_ids::{Definer, MetricIds},
    recorder::Recorder,
    rows::HostCalls,
    tick::Tick,
};
use driftline_inference::exchange::Exchange;
use driftline_metrics::{
    buffer::MetricBuffer,
    series::{SeriesId, SeriesView},
};
use driftline_statistics::fingerprint::Fingerprint;
use driftline_wire::encoding::Reservation;

/// A configuration in use.
pub struct Session {
    layout: Monitor,
    metrics: MetricIds,
    admission: Admission,
    /// `None` while a callback has it. In a box, because a callback takes it and puts it back: one word is moved.
    pending: Cell<Option<Box<Pending>>>,
    /// Whether this VM ever had a stream: one that has is no good place to evaluate.
    carries_traffic: Cell<bool>,
    /// `None` if there is nothing to evaluate. In a box like what is pending.
    tick: Cell<Option<Box<Tick>>>,
    memory: Memory,
}

/// What a session takes of its VM's memory.
struct Memory {
    vm: InUse,
    /// What the layout takes; `None` for tools, and for a session that has none because there was no room.
    _in_force: Option<Reservation>,
    /// Streams pass unmeasured.
    lacks_room: bool,
}

impl Memory {
    fn of_a_tool() -> Memory {
        Memory {
            vm: VmMemory::default().enter(Fingerprint::new()),
            _in_force: None,
            lacks_room: false,
        }
    }
}

/// What a callback changes, until the host takes it.
#[derive(Default)]
struct Pending {
    changes: MetricBuffer,
    capture: Capture,
}

/// The series of a session as a host keeps them.
struct SessionSeries<'s, H> {
    session: &'s Session,
    host: &'s H,
}

impl<H: Host> HostSeries for SessionSeries<'_, H> {
    fn total(&self, series: SeriesId) -> Option<u64> {
        self.host.metric(self.session.metrics.get(series)?)
    }

    fn flush(&self, buffer: &mut MetricBuffer) {
        self.session.flush(self.host, buffer);
    }
}

/// One HTTP stream as a session follows it.
#[derive(Debug, Default)]
pub struct Stream {
    /// `None` before the request's headers, after the end, and for a stream that is not measured.
    measured: Option<Box<Measured>>,
    /// `None` for a request without feedback.
    intake: Option<Box<FeedbackIntake>>,
    /// A request that the proxy refuses early ends without ever showing its headers.
    saw_request_headers: bool,
    is_over: bool,
}

/// What becomes of the part of a request that a callback has taken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[must_use]
pub enum Flow {
    /// It passes, as everything does that a model is asked.
    #[default]
    Continue,
    /// It stays here, and so does whatever follows: the session takes the request in itself, and answers it. A body's
    /// callbacks drain what they brought.
    Stop,
}

impl Stream {
    /// Whether its exchange is measured.
    pub fn is_measured(&self) -> bool {
        self.measured.is_some()
    }
}

/// A stream that is measured.
#[derive(Debug)]
struct Measured {
    /// What it takes of the VM's memory.
    _reservation: Reservation,
    exchange: Exchange,
    recorder: Recorder,
    /// `None` where predictions do not wait for labels.
    tracker: Tracked,
    /// Whether values of headers count.
    predicts: bool,
}

impl Session {
    /// A configuration that was read before, at work in a VM of its own whose memory is not counted: for tools.
    pub fn new(host: &impl Host, config: Config) -> Session {
        Session::lay_out(host, config, Memory::of_a_tool())
    }

    /// Makes a configuration ready: defines all series, those of names that were admitted before included, and sets what
    /// the configuration alone says.
    fn lay_out(host: &impl Host, config: Config, memory: Memory) -> Session {
        let mut metrics = MetricIds::default();
        let mut definer = Definer::new(host);
        let mut register = |_, series: SeriesView<'_>| metrics.push(&mut definer, series);
        let mut layout = Monitor::register(&config, memory.vm.decoders(), &mut register);
        // It is gone before anything else is allocated: what a VM once took it keeps.
        drop(config);
        let instruments = layout.take_instruments();
        metrics.reserve_up_to(layout.series_max());
        let admission =
            Admission::begin(host, &layout, |id, series| metrics.define(&mut definer, id, series));
        let session = Session {
            pending: Cell::new(Some(Box::new(Pending {
                changes: MetricBuffer::new(layout.series_max()),
                capture: Capture::default(),
            }))),
            carries_traffic: Cell::new(false),
            tick: Cell::new(None),
            memory,
            layout,
            metrics,
            admission,
        };
        session.with_buffer(host, |layout, buffer| {
            layout.describe(buffer, |buffer| session.flush(host, buffer));
        });
        let tick_milliseconds = session.layout.tick_milliseconds;
        host.set_tick_period(u32::try_from(tick_milliseconds).unwrap_or(u32::MAX));
        let series = SessionSeries { session: &session, host };
        let tick = Tick::begin(host, &series, &session.layout, instruments);
        session.tick.set(tick.map(Box::new));
        session
    }

    /// The configuration made ready.
    pub fn layout(&self) -> &Monitor {
        &self.layout
    }

    /// The same, for tools that ask it to note more than the filter does.
    pub fn layout_mut(&mut self) -> &mut Monitor {
        &mut self.layout
    }

    /// From now on every value of a monitored column is kept until [`Session::captured`] takes it: without a bound, so
    /// for tools only.
    pub fn start_capture(&mut self) {
        self.pending.get_mut().get_or_insert_default().capture.start();
    }

    /// Hands out the values that were read since the last call, in their order; none without [`Session::start_capture`].
    pub fn captured(&self) -> Vec<Captured> {
        let mut pending = self.take_pending();
        let captured = pending.capture.take();
        self.pending.set(Some(pending));
        captured
    }

    /// Moves the windows on and sets what instruments find, if no other VM of this process does; tells other VMs how much
    /// memory is left in this one.
    pub fn tick(&self, host: &impl Host) {
        self.tell_memory(host);
        let Some(mut tick) = self.tick.take() else { return };
        let mut pending = self.take_pending();
        let series = SessionSeries { session: self, host };
        let carries_traffic = self.carries_traffic.get();
        tick.tick(
            host,
            &series,
            &self.layout,
            &self.memory.vm,
            &mut pending.changes,
            carries_traffic,
        );
        self.pending.set(Some(pending));
        self.tick.set(Some(tick));
    }

    /// Runs `act`, and hands the host what it changed.
    fn with_capture<T>(
        &self,
        host: &impl Host,
        act: impl FnOnce(&Monitor, &mut MetricBuffer, &mut Capture, HostCalls<'_>) -> T,
    ) -> T {
        let mut pending = self.take_pending();
        let Pending { changes, capture } = &mut *pending;
        let calls = HostCalls {
            flush: &|changes| self.flush(host, changes),
            note: &|id, predicted, cells, model, buffer| {
                self.note_prediction(host, id, predicted, cells, model, buffer);
            },
        };
        let acted = act(&self.layout, changes, capture, calls);
        self.flush(host, changes);
        self.pending.set(Some(pending));
        acted
    }

    /// The same as [`Session::with_capture`] where no value can come.
    fn with_buffer<T>(
        &self,
        host: &impl Host,
        act: impl FnOnce(&Monitor, &mut MetricBuffer) -> T,
    ) -> T {
        self.with_capture(host, |layout, changes, _, _| act(layout, changes))
    }

    fn take_pending(&self) -> Box<Pending> {
        self.pending.take().unwrap_or_default()
    }

    /// Hands the host what is in a buffer.
    fn flush(&self, host: &impl Host, buffer: &mut MetricBuffer) {
        let metrics = self.metrics.view();
        buffer.flush(|series, change| {
            if let Some(metric) = metrics.get(series) {
                host.change_metric(metric, change);
            }
        });
    }
}
