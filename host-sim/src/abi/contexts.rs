//! Contexts and streams: which one host calls are about, when one is done, and what becomes of it after the callback.

use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, read, split},
};
use crate::{
    HeaderMap,
    direction::Direction,
    flow::Reply,
    state::{Deferred, Held, State},
    status::Status,
};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    set_effective.define(linker, "env", "proxy_set_effective_context")?;
    done.define(linker, "env", "proxy_done")?;
    continue_stream.define(linker, "env", "proxy_continue_stream")?;
    close_stream.define(linker, "env", "proxy_close_stream")?;
    send_local_response.define(linker, "env", "proxy_send_local_response")?;
    Ok(())
}

fn set_effective(host: &mut Host<'_>, context: u32) -> Answer {
    let (_, state) = split(host)?;
    if !state.roots.contains_key(&context) && !state.streams.contains_key(&context) {
        return answer(Err(Status::BadArgument));
    }
    state.effective = context;
    answer(Ok(()))
}

/// For a context whose `on_done` answered false: it may be deleted now.
fn done(host: &mut Host<'_>) -> Answer {
    let (_, state) = split(host)?;
    let context = state.effective;
    state.done_later.push(context);
    answer(Ok(()))
}

/// Lets a held direction go on, once the callback is over. In between, its maps are no longer open.
fn continue_stream(host: &mut Host<'_>, kind: u32) -> Answer {
    let (_, state) = split(host)?;
    // Two more kinds exist, for filters of connections.
    let direction = match kind {
        0 => Direction::Request,
        1 => Direction::Response,
        2 | 3 => return answer(Ok(())),
        _ => return answer(Err(Status::BadArgument)),
    };
    let context = state.effective;
    if let Some(stream) = state.stream_mut() {
        let held = match direction {
            Direction::Request => &mut stream.held_request,
            Direction::Response => &mut stream.held_response,
        };
        *held = Held { headers: held.headers, ..Held::default() };
        state.deferred.push(Deferred::Continue(context, direction));
    }
    answer(Ok(()))
}

/// Resets the stream, whichever direction is named.
fn close_stream(host: &mut Host<'_>, kind: u32) -> Answer {
    let (_, state) = split(host)?;
    if 3 < kind {
        return answer(Err(Status::BadArgument));
    }
    if kind < 2 && state.stream().is_some() {
        let context = state.effective;
        state.deferred.push(Deferred::Close(context));
    }
    answer(Ok(()))
}

#[allow(clippy::too_many_arguments, reason = "the ABI has them")]
fn send_local_response(
    host: &mut Host<'_>,
    status: u32,
    details: u32,
    details_length: u32,
    body: u32,
    body_length: u32,
    headers: u32,
    headers_length: u32,
    grpc_status: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    let reply = (|| {
        let details = String::from_utf8_lossy(read(memory, details, details_length)?).into_owned();
        let body = read(memory, body, body_length)?.to_vec().into();
        // Pairs that cannot be read are no pairs.
        let headers = HeaderMap::deserialised(read(memory, headers, headers_length)?);
        Ok(Reply {
            status: u16::try_from(status).unwrap_or(u16::MAX),
            headers: headers.unwrap_or_default(),
            body,
            // -1 is "none".
            grpc_status: Some(grpc_status).filter(|&status| status != u32::MAX),
            details,
            ..Reply::default()
        })
    })();
    answer(reply.map(|reply| {
        if state.stream().is_some() {
            let context = state.effective;
            state.deferred.push(Deferred::Reply(context, reply));
        }
    }))
}
