//! Every call into the host, and the only `unsafe` of the project; no other file knows a status code.
//!
//! The SDK's own wrappers are not used: they panic on statuses that Envoy really returns (a header map outside its
//! callback gives `BadArgument`), and a panic takes the VM and every stream of its worker with it. Here a call that the host refuses gives `None`, whatever the status.

#![allow(unsafe_code)]

use std::{mem::MaybeUninit, ptr, slice};

use driftline_labels::Direction;
use driftline_metrics::{buffer::Change, catalogue::Kind};
use driftline_monitor::host::{HeaderMap, Host, LogLevel, MetricId};
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};

/// The host's word that a call worked.
const OK: u32 = 0;

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
    fn proxy_set_buffer_bytes(
        kind: u32,
        start: usize,
        size: usize,
        data: *const u8,
        data_size: usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
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

/// What `response.code_details` and access logs say of a local reply.
const LOCAL_REPLY_DETAILS: &str = "driftline";
/// A local reply to a gRPC request has the status that corresponds to its HTTP status.
const NO_GRPC_STATUS: i32 = -1;

/// The kinds of buffers that the host keeps.
mod buffer {
    pub(super) const REQUEST_BODY: u32 = 0;
    pub(super) const RESPONSE_BODY: u32 = 1;
    pub(super) const PLUGIN_CONFIGURATION: u32 = 7;
}

/// The proxy, as the ABI reaches it.
pub(crate) struct ProxyWasm;

impl Host for ProxyWasm {
    fn now(&self) -> Timestamp {
        let mut time = 0;
        // SAFETY: the host writes one u64 to `time`, which outlives the call.
        let _ = unsafe { clock_time_get(CLOCK_MONOTONIC, 1, &mut time) };
        Timestamp(time)
    }

    fn wall_clock(&self) -> Option<UnixTime> {
        let mut time = 0;
        // SAFETY: the host writes one u64 to `time`, which outlives the call.
        let status = unsafe { clock_time_get(CLOCK_REALTIME, 1, &mut time) };
        (status == OK).then(|| UnixTime::from_nanoseconds(time))
    }

    fn configuration(&self) -> Vec<u8> {
        bytes_of(buffer::PLUGIN_CONFIGURATION, 0, usize::MAX).unwrap_or_default()
    }

    fn log(&self, level: LogLevel, message: &str) {
        let level = match level {
            LogLevel::Info => 2,
            LogLevel::Error => 4,
        };
        // SAFETY: the host reads the message during the call only.
        let _ = unsafe { proxy_log(level, message.as_ptr(), message.len()) };
    }

    fn set_tick_period(&self, milliseconds: u32) {
        // SAFETY: plain numbers.
        let _ = unsafe { proxy_set_tick_period_milliseconds(milliseconds) };
    }

    fn define_metric(&self, kind: Kind, stat_name: &str) -> Option<MetricId> {
        let kind = match kind {
            Kind::Counter => 0,
            Kind::Gauge => 1,
            Kind::Histogram => 2,
        };
        let mut id = 0;
        // SAFETY: the host reads the name during the call and writes one u32 to `id`.
        let status =
            unsafe { proxy_define_metric(kind, stat_name.as_ptr(), stat_name.len(), &mut id) };
        if status == OK { MetricId::new(id) } else { None }
    }

    fn change_metric(&self, id: MetricId, change: Change) {
        // SAFETY: plain numbers.
        let _ = unsafe {
            match change {
                Change::Add(amount) => {
                    proxy_increment_metric(id.number(), i64::try_from(amount).unwrap_or(i64::MAX))
                }
                Change::Shift(by) => proxy_increment_metric(id.number(), by),
                Change::Set(value) | Change::Sample(value) => {
                    proxy_record_metric(id.number(), value)
                }
            }
        };
    }

    fn metric(&self, id: MetricId) -> Option<u64> {
        let mut value = 0;
        // SAFETY: the host writes one u64 to `value`, which outlives the call.
        let status = unsafe { proxy_get_metric(id.number(), &mut value) };
        (status == OK).then_some(value)
    }

    fn shared_data(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        let mut version = 0;
        // SAFETY: the host reads the key during the call, and writes to the three places only.
        let value = returned(|data, size| unsafe {
            proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &mut version)
        })?;
        Some((value, version))
    }

    fn set_shared_data(&self, key: &str, value: &[u8], version: u32) -> bool {
        // SAFETY: the host reads key and value during the call.
        let status = unsafe {
            proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version)
        };
        status == OK
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        // SAFETY: the host reads the name during the call, and writes to `data` and `size` only.
        returned(|data, size| unsafe {
            proxy_get_header_map_value(number(map), name.as_ptr(), name.len(), data, size)
        })
    }

    fn add_header(&self, map: HeaderMap, name: &str, value: &str) {
        // SAFETY: the host reads name and value during the call.
        let _ = unsafe {
            proxy_add_header_map_value(
                number(map),
                name.as_ptr(),
                name.len(),
                value.as_ptr(),
                value.len(),
            )
        };
    }

    fn remove_header(&self, map: HeaderMap, name: &str) {
        // SAFETY: the host reads the name during the call.
        let _ = unsafe { proxy_remove_header_map_value(number(map), name.as_ptr(), name.len()) };
    }

    fn property(&self, path: &str) -> Option<Vec<u8>> {
        // SAFETY: the host reads the path during the call, and writes to `data` and `size` only.
        returned(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
    }

    fn body(&self, direction: Direction, start: usize, max: usize) -> Option<Vec<u8>> {
        bytes_of(body_of(direction), start, max)
    }

    fn drain_body(&self, direction: Direction, size: usize) {
        // SAFETY: plain numbers, and nothing that the host would read.
        let _ = unsafe { proxy_set_buffer_bytes(body_of(direction), 0, size, ptr::null(), 0) };
    }

    fn local_reply(&self, status: u32, content_type: &str, body: &[u8]) {
        let headers = header_pairs(&[("content-type", content_type)]);
        // SAFETY: the host reads details, body and headers during the call.
        let _ = unsafe {
            proxy_send_local_response(
                status,
                LOCAL_REPLY_DETAILS.as_ptr(),
                LOCAL_REPLY_DETAILS.len(),
                body.as_ptr(),
                body.len(),
                headers.as_ptr(),
                headers.len(),
                NO_GRPC_STATUS,
            )
        };
    }
}

/// The ABI's number of a body.
const fn body_of(direction: Direction) -> u32 {
    match direction {
        Direction::Request => buffer::REQUEST_BODY,
        Direction::Response => buffer::RESPONSE_BODY,
    }
}

/// The ABI's number of a header map.
const fn number(map: HeaderMap) -> u32 {
    match map {
        HeaderMap::Request => 0,
        HeaderMap::Response => 2,
        HeaderMap::ResponseTrailers => 3,
    }
}

/// Headers as the ABI has them: their number, the sizes of each name and value, then each of these before a zero byte.
fn header_pairs(pairs: &[(&str, &str)]) -> Vec<u8> {
    let parts = pairs.iter().flat_map(|&(name, value)| [name, value]);
    let sizes = parts.clone().map(str::len);
    let mut bytes = Vec::new();
    for number in [pairs.len()].into_iter().chain(sizes) {
        bytes.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
        bytes.push(0);
    }
    bytes
}

/// Up to `max` bytes of a buffer from `start` on.
fn bytes_of(kind: u32, start: usize, max: usize) -> Option<Vec<u8>> {
    // SAFETY: the host writes to `data` and `size` only, which outlive the call.
    returned(|data, size| unsafe { proxy_get_buffer_bytes(kind, start, max, data, size) })
}

/// Memory for `size` bytes that the host is about to return; null if there is none left, which the host takes for a refusal.
pub(crate) fn allocate(size: usize) -> *mut u8 {
    let mut bytes: Vec<MaybeUninit<u8>> = Vec::new();
    if bytes.try_reserve_exact(size).is_err() {
        return ptr::null_mut();
    }
    // SAFETY: so much is reserved, and of this type nothing need be written.
    unsafe { bytes.set_len(size) };
    Box::into_raw(bytes.into_boxed_slice()).cast()
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
    // this size. That is `allocate`: it leaks a boxed slice of `size` bytes, which the host
    // has filled and nobody else knows, so it is ours to own.
    Some(Vec::from(unsafe { Box::from_raw(ptr::from_mut(slice::from_raw_parts_mut(data, size))) }))
}
