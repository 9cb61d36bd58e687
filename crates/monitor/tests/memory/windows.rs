//! What the instruments of a configuration hold on the heap, in the VM that evaluates and in the others; time is not
//! measured.

use std::{cell::Cell, time::Duration};

use driftline_metrics::{buffer::MetricBuffer, series::SeriesId};
use driftline_monitor::{
    config::Config,
    layout::Monitor,
    memory::{VM_BYTES, VmMemory},
    native::NativeHost,
    tick::{HostSeries, Tick},
};
use driftline_statistics::time::Timestamp;
use driftline_support::uniform_profile;
use driftline_wire::encoding::MemoryBudget;

use crate::counting::held;

/// A model with so many features of so many bins.
fn monitor(features: usize, bins: usize) -> Monitor {
    let profile = uniform_profile::profile(features, bins);
    monitor_of(&format!(r#"{{"models": [{{"name": "m", "profile": {profile}}}]}}"#))
}

/// A model with so many KPIs of twenty bins.
fn monitor_of_kpis(kpis: usize) -> Monitor {
    let model = uniform_profile::model_of_kpis("m", kpis, 20);
    monitor_of(&format!(r#"{{"models": [{model}], "feedback": {{}}}}"#))
}

fn monitor_of(config: &str) -> Monitor {
    let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    // The host is told the names once, and keeps them itself.
    Monitor::register(&config, &MemoryBudget::new(0), &mut |_, _| ())
}

const SECOND: Duration = Duration::from_secs(1);

/// All counters stand at the same number. No gauge is kept.
struct Counters(Cell<u64>);

impl HostSeries for Counters {
    fn total(&self, _: SeriesId) -> Option<u64> {
        Some(self.0.get())
    }

    fn flush(&self, buffer: &mut MetricBuffer) {
        buffer.flush(|_, _| {});
    }
}

/// A host that keeps nothing for VMs, so that only a VM's own memory counts.
fn without_shared_data() -> NativeHost {
    let host = NativeHost::default();
    host.has_no_shared_data.set(true);
    host
}

struct Vm<'h> {
    host: &'h NativeHost,
    series: Counters,
    monitor: Monitor,
    memory: VmMemory,
    buffer: MetricBuffer,
    tick: Tick,
}

impl Vm<'_> {
    fn begin(host: &NativeHost, mut monitor: Monitor) -> Vm<'_> {
        let series = Counters(Cell::new(0));
        let instruments = monitor.take_instruments();
        let tick = Tick::begin(host, &series, &monitor, instruments).expect("there is a profile");
        let buffer = MetricBuffer::new(monitor.series_max());
        Vm { host, series, monitor, memory: VmMemory::default(), buffer, tick }
    }

    fn tick_after(&mut self, time: Duration) {
        self.host.advance(time);
        let Vm { host, series, monitor, memory, buffer, tick } = self;
        tick.tick(*host, series, monitor, memory, buffer, false);
    }
}

#[test]
fn fifty_features_of_twenty_bins_take_less_than_a_quarter_of_a_mebibyte() {
    let host = without_shared_data();
    let start = held();
    let mut monitor = monitor(50, 20);
    let instruments = monitor.take_instruments();
    let with_instruments = held() - start;
    drop(instruments);
    let laid_out = held() - start;
    drop(monitor);
    let mut vm = Vm::begin(&host, self::monitor(50, 20));
    let before = held();
    vm.tick_after(SECOND);
    let first = held() - before;
    for _ in 0..4 {
        vm.series.0.set(vm.series.0.get() + 1);
        vm.tick_after(SECOND);
    }
    let (windows, all) = (held() - before, held() - start);
    println!(
        "{laid_out} bytes for references and numbers of series, {} of idle instruments, {windows} of windows, \
         {all} in all",
        with_instruments - laid_out
    );
    assert!(windows < 160 << 10, "{windows} bytes of windows");
    assert!(laid_out < 80 << 10, "{laid_out} bytes for references and numbers of series");
    assert_eq!(windows, first, "nothing is allocated after the first evaluation");
    assert!(all < 256 << 10, "{all} bytes in all");
}

#[test]
fn a_vm_that_no_longer_evaluates_holds_no_windows() {
    let host = NativeHost::starting_at(Timestamp(0));
    let mut old = Vm::begin(&host, monitor(50, 20));
    old.tick_after(SECOND);
    host.advance(3 * SECOND);
    let mut new = Vm::begin(&host, monitor(50, 20));
    new.tick_after(SECOND);
    let before = held();
    old.tick_after(SECOND);
    let released = before - held();
    assert!(100 << 10 < released, "{released} bytes were released");
}

/// What windows of a configuration hold with small counts and with large ones, and what is reserved for them.
fn windows_of(monitor: Monitor) -> ([usize; 2], usize) {
    let host = without_shared_data();
    let mut vm = Vm::begin(&host, monitor);
    let before = held();
    let windows = [1, 70_000].map(|rows| {
        // A day and two hours: longer than any ring.
        for _ in 0..12 * 26 {
            vm.series.0.set(vm.series.0.get() + rows);
            vm.tick_after(300 * SECOND);
        }
        // What waits for a flush is reserved with the series.
        vm.buffer = MetricBuffer::new(vm.monitor.series_max());
        held() - before
    });
    (windows, VM_BYTES - vm.memory.bytes_left())
}

#[test]
fn windows_take_twice_as_much_where_every_bin_of_every_step_is_beyond_sixteen_bits() {
    let (windows, reserved) = windows_of(monitor(50, 20));
    println!("{windows:?} bytes of windows, {reserved} are reserved");
    assert!(windows[0] + (90 << 10) < windows[1], "{windows:?}: every count was large");
    assert!(windows[1] < 280 << 10, "{windows:?}");
}

/// What all columns have in common, such as the record of the largest one, is not reserved.
#[test]
fn what_windows_of_more_features_take_is_reserved() {
    let ([_, few], few_reserved) = windows_of(monitor(10, 20));
    let ([_, many], many_reserved) = windows_of(monitor(50, 20));
    let (taken, reserved) = (many - few, many_reserved - few_reserved);
    println!("{taken} bytes for 40 features more, {reserved} are reserved");
    assert!(taken <= reserved, "{taken} bytes, {reserved} are reserved");
    assert!(reserved < taken * 11 / 10, "far more is reserved than is needed");
}

#[test]
fn what_windows_of_more_kpis_take_is_reserved() {
    let ([_, few], few_reserved) = windows_of(monitor_of_kpis(1));
    let ([_, many], many_reserved) = windows_of(monitor_of_kpis(8));
    let (taken, reserved) = (many - few, many_reserved - few_reserved);
    println!("{taken} bytes for 7 KPIs more, {reserved} are reserved");
    assert!(taken <= reserved, "{taken} bytes, {reserved} are reserved");
    assert!(reserved < taken * 3 / 2, "far more is reserved than is needed");
}
