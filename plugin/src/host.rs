//! Every call into the host, and the only `unsafe` of the project; no other file knows a status code.
//!
//! The SDK's own wrappers are not used for calls that return data: they panic on statuses that Envoy
//! really returns (a header map outside its callback gives `BadArgument`), and a panic takes the VM and every stream
//! of its worker with it. Here a call that the host refuses gives `None`, whatever the status.

#![allow(unsafe_code)]

use std::{num::NonZeroU32, ptr, slice};

use driftline_core::metrics::{buffer::Change, catalogue::Kind};
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};

/// The host's word that a call worked.
const OK: u32 = 0;

/// For [`set_shared_data`]: writes only if there is no value yet. Hosts give numbers from 1 upwards and compare them
/// where there is a value, so this one fits none.
pub(crate) const CAS_IF_ABSENT: u32 = u32::MAX;

/// `CLOCK_MONOTONIC` of WASI. Unlike proxy-wasm's own clock it never steps back, and it has
/// nanoseconds where that one has microseconds.
const CLOCK_MONOTONIC: u32 = 1;
/// `CLOCK_REALTIME` of WASI, which may step; only ages of data are measured with it.
const CLOCK_REALTIME: u32 = 0;

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_get_metric(id: u32, value: *mut u64) -> u32;
}

/// A body or a configuration that the host keeps.
#[derive(Clone, Copy)]
pub(crate) enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    PluginConfiguration = 7,
}

/// A header map, readable in its own callback.
#[derive(Clone, Copy)]
pub(crate) enum Headers {
    Request = 0,
    Response = 2,
    ResponseTrailers = 3,
}

/// How loud a message is.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Info = 2,
    Error = 4,
}

/// The host's name for a defined metric: one more than its number, so that there being none takes no room.
#[derive(Clone, Copy)]
pub(crate) struct MetricId(NonZeroU32);

impl MetricId {
    fn new(number: u32) -> Option<MetricId> {
        NonZeroU32::new(number.wrapping_add(1)).map(MetricId)
    }

    fn number(self) -> u32 {
        self.0.get().wrapping_sub(1)
    }
}

/// The host's monotonic clock; zero, for good, on a host that has none.
pub(crate) fn now() -> Timestamp {
    let mut time = 0;
    // SAFETY: the host writes one u64 to `time`, which outlives the call.
    let _ = unsafe { clock_time_get(CLOCK_MONOTONIC, 1, &mut time) };
    Timestamp(time)
}

/// The host's wall clock; `None` on a host that has none.
pub(crate) fn wall_clock() -> Option<UnixTime> {
    let mut time = 0;
    // SAFETY: the host writes one u64 to `time`, which outlives the call.
    let status = unsafe { clock_time_get(CLOCK_REALTIME, 1, &mut time) };
    (status == OK).then(|| UnixTime::from_nanoseconds(time))
}

/// Writes to the proxy's log.
pub(crate) fn log(level: Level, message: &str) {
    // SAFETY: the host reads the message during the call only.
    let _ = unsafe { proxy_log(level as u32, message.as_ptr(), message.len()) };
}

/// Asks for a tick every so many milliseconds.
pub(crate) fn set_tick_period(milliseconds: u32) {
    // SAFETY: plain numbers.
    let _ = unsafe { proxy_set_tick_period_milliseconds(milliseconds) };
}

/// Up to `max` bytes of a buffer from `start`.
pub(crate) fn buffer(buffer: Buffer, start: usize, max: usize) -> Option<Vec<u8>> {
    // SAFETY: the host writes to `data` and `size` only, which outlive the call.
    returned(|data, size| unsafe { proxy_get_buffer_bytes(buffer as u32, start, max, data, size) })
}

/// The first value of a header.
pub(crate) fn header(headers: Headers, key: &str) -> Option<Vec<u8>> {
    // SAFETY: the host reads the key during the call, and writes to `data` and `size` only.
    returned(|data, size| unsafe {
        proxy_get_header_map_value(headers as u32, key.as_ptr(), key.len(), data, size)
    })
}

/// Puts a header in. With [`remove_header`] the only call of the filter that changes traffic. A host that refuses it
/// leaves the headers as they are.
pub(crate) fn add_header(headers: Headers, key: &str, value: &str) {
    // SAFETY: the host reads key and value during the call.
    let _ = unsafe {
        proxy_add_header_map_value(
            headers as u32,
            key.as_ptr(),
            key.len(),
            value.as_ptr(),
            value.len(),
        )
    };
}

/// Takes a header out, all its values. With [`add_header`] the only call of the filter that changes traffic. A host that
/// refuses it leaves the header where it is.
pub(crate) fn remove_header(headers: Headers, key: &str) {
    // SAFETY: the host reads the key during the call.
    let _ = unsafe { proxy_remove_header_map_value(headers as u32, key.as_ptr(), key.len()) };
}

/// A property of the stream; `path` has its parts separated by NUL.
pub(crate) fn property(path: &str) -> Option<Vec<u8>> {
    // SAFETY: the host reads the path during the call, and writes to `data` and `size` only.
    returned(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// A value that all VMs of the filter share, and the number to replace it with.
pub(crate) fn shared_data(key: &str) -> Option<(Vec<u8>, u32)> {
    let mut cas = 0;
    // SAFETY: the host reads the key during the call, and writes to the three places only.
    let value = returned(|data, size| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &mut cas)
    })?;
    Some((value, cas))
}

/// Replaces a shared value if nobody did since `cas` was read; 0 replaces in any case. Whether it did.
pub(crate) fn set_shared_data(key: &str, value: &[u8], cas: u32) -> bool {
    // SAFETY: the host reads key and value during the call.
    let status =
        unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) };
    status == OK
}

/// Defines a metric. Every call takes a new id, so it is made once per series and configuration.
pub(crate) fn define_metric(kind: Kind, name: &str) -> Option<MetricId> {
    let kind = match kind {
        Kind::Counter => 0,
        Kind::Gauge => 1,
        Kind::Histogram => 2,
    };
    let mut id = 0;
    // SAFETY: the host reads the name during the call and writes one u32 to `id`.
    let status = unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &mut id) };
    if status == OK { MetricId::new(id) } else { None }
}

/// Makes a change to a metric. A host that refuses it loses this one change and nothing else.
pub(crate) fn change_metric(id: MetricId, change: Change) {
    // SAFETY: plain numbers.
    let _ = unsafe {
        match change {
            Change::Add(amount) => {
                proxy_increment_metric(id.number(), i64::try_from(amount).unwrap_or(i64::MAX))
            }
            Change::Shift(by) => proxy_increment_metric(id.number(), by),
            Change::Set(value) | Change::Sample(value) => proxy_record_metric(id.number(), value),
        }
    };
}

/// The value of a counter or gauge of the whole proxy; 0 if the host does not tell.
pub(crate) fn metric(id: MetricId) -> u64 {
    let mut value = 0;
    // SAFETY: the host writes one u64 to `value`, which outlives the call.
    let _ = unsafe { proxy_get_metric(id.number(), &mut value) };
    value
}

/// Makes a call that returns bytes, and takes them over.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Vec<u8>> {
    let mut data: *mut u8 = ptr::null_mut();
    let mut size = 0;
    if call(&mut data, &mut size) != OK {
        return None;
    }
    if data.is_null() {
        return Some(Vec::new());
    }
    // SAFETY: a host returns bytes in memory that it asked the module's `malloc` for, with exactly
    // this size. That function is the SDK's: it leaks a boxed slice of `size` bytes, which the host
    // has filled and nobody else knows, so it is ours to own.
    Some(Vec::from(unsafe { Box::from_raw(ptr::from_mut(slice::from_raw_parts_mut(data, size))) }))
}
