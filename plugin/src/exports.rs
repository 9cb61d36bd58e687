//! What a proxy calls: an export for each callback, which finds its context and hands the callback on.
//!
//! The proxy-wasm SDK has a dispatcher for this, but its answer to a callback is either Continue or Pause. A body that is
//! taken in stops with [`STOP_AND_WATERMARK`] instead. After a Pause, Envoy adds what comes next to what it holds before
//! it asks the filter, and refuses the request with 413 if one piece is larger than its buffer may be, although the filter
//! drains every piece.

// An export is an attribute that the lint takes for unsafe code; there is none here.
#![allow(unsafe_code)]

use std::{cell::RefCell, collections::BTreeMap};

use driftline_monitor::session::Flow;

use crate::{host::allocate, root::Root, stream::Stream};

/// Everything passes.
const CONTINUE: u32 = 0;
/// Of headers and trailers: they stop, and nothing else does.
const STOP_ITERATION: u32 = 1;
/// Of a body: what is left of this piece stops, and the next callback has only what is new.
const STOP_AND_WATERMARK: u32 = 2;

/// The contexts of a VM, by the numbers that the proxy gives them.
struct Contexts {
    roots: BTreeMap<u32, Root>,
    streams: BTreeMap<u32, Stream>,
}

thread_local! {
    /// A VM has one thread. No callback begins within another one but that of the allocator, which needs no context.
    static CONTEXTS: RefCell<Contexts> =
        const { RefCell::new(Contexts { roots: BTreeMap::new(), streams: BTreeMap::new() }) };
}

fn with_contexts<T>(act: impl FnOnce(&mut Contexts) -> Option<T>) -> Option<T> {
    CONTEXTS.with(|contexts| act(&mut *contexts.try_borrow_mut().ok()?))
}

/// A stream that is unknown passes.
fn with_stream<T: Default>(context: u32, act: impl FnOnce(&mut Stream) -> T) -> T {
    with_contexts(|contexts| contexts.streams.get_mut(&context).map(act)).unwrap_or_default()
}

fn answer(flow: Flow, stop: u32) -> u32 {
    match flow {
        Flow::Continue => CONTINUE,
        Flow::Stop => stop,
    }
}

/// Says which ABI the module is for.
#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// What a proxy calls first; there is nothing to begin with.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {}

/// Memory for what the proxy returns.
#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut u8 {
    allocate(size)
}

/// A root has no parent, which is 0; a stream has its root.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, parent: u32) {
    with_contexts(|contexts| {
        if parent == 0 {
            contexts.roots.insert(context, Root::new());
        } else {
            let stream = contexts.roots.get(&parent).map(Root::stream)?;
            contexts.streams.insert(context, stream);
        }
        Some(())
    });
}

/// Whether the configuration is accepted.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(context: u32, size: usize) -> bool {
    with_contexts(|contexts| Some(contexts.roots.get_mut(&context)?.configure(size)))
        .unwrap_or_default()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(context: u32) {
    with_contexts(|contexts| {
        contexts.roots.get(&context)?.tick();
        Some(())
    });
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: usize, end_of_stream: u32) -> u32 {
    let flow = with_stream(context, |stream| stream.request_headers(end_of_stream != 0));
    answer(flow, STOP_ITERATION)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, size: usize, end_of_stream: u32) -> u32 {
    let flow = with_stream(context, |stream| stream.request_body(size, end_of_stream != 0));
    answer(flow, STOP_AND_WATERMARK)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(context: u32, _count: usize) -> u32 {
    answer(with_stream(context, Stream::request_trailers), STOP_ITERATION)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _count: usize, end_of_stream: u32) -> u32 {
    with_stream(context, |stream| stream.response_headers(end_of_stream != 0));
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(context: u32, size: usize, end_of_stream: u32) -> u32 {
    with_stream(context, |stream| stream.response_body(size, end_of_stream != 0));
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(context: u32, _count: usize) -> u32 {
    with_stream(context, Stream::response_trailers);
    CONTINUE
}

/// `on_log` comes before `on_done` where there is one, and upstream filters have only the latter; the session ends a
/// stream once.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(context: u32) {
    with_stream(context, Stream::end);
}

/// Nothing is put off, so a proxy need not wait.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_done(context: u32) -> bool {
    with_stream(context, Stream::end);
    with_contexts(|contexts| {
        contexts.roots.get_mut(&context)?.close();
        Some(())
    });
    true
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    // What is dropped may take long, and needs no context.
    drop(with_contexts(|contexts| {
        Some((contexts.streams.remove(&context), contexts.roots.remove(&context)))
    }));
}
