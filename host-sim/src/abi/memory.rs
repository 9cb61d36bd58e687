//! Reading and writing the guest's memory; every address comes from the guest and is checked.

use std::mem;

use wasmtime::Caller;

use crate::{
    state::{Restriction, State},
    status::Status,
};

/// What every host function is given.
pub(super) type Host<'a> = Caller<'a, State>;

/// What most host functions return; `Err` traps.
pub(super) type Answer = wasmtime::Result<u32>;

/// Splits the caller into the guest's memory and the host's state.
pub(super) fn split<'a>(host: &'a mut Host<'_>) -> wasmtime::Result<(&'a mut [u8], &'a mut State)> {
    let memory = host.data().memory;
    let memory = memory.ok_or_else(|| wasmtime::Error::msg("the filter exports no memory"))?;
    Ok(memory.data_and_store_mut(host))
}

/// Traps by name in the embedded proxy, which plays no part of this.
pub(super) fn simulated_only(host: &Host<'_>, name: &str) -> wasmtime::Result<()> {
    if host.data().services.embedded.is_some() {
        return Err(wasmtime::Error::msg(format!("{name} is not provided by the embedded proxy")));
    }
    Ok(())
}

/// The bytes at `pointer`.
pub(super) fn read(memory: &[u8], pointer: u32, length: u32) -> Result<&[u8], Status> {
    let start = pointer as usize;
    let end = start.checked_add(length as usize).ok_or(Status::InvalidMemoryAccess)?;
    memory.get(start..end).ok_or(Status::InvalidMemoryAccess)
}

/// Puts `bytes` at `pointer`.
pub(super) fn write(memory: &mut [u8], pointer: u32, bytes: &[u8]) -> Result<(), Status> {
    let start = pointer as usize;
    let end = start.checked_add(bytes.len()).ok_or(Status::InvalidMemoryAccess)?;
    memory.get_mut(start..end).ok_or(Status::InvalidMemoryAccess)?.copy_from_slice(bytes);
    Ok(())
}

/// Hands `bytes` to the guest in memory that its own allocator gave.
///
/// Nothing is allocated for no bytes: the guest then gets a null pointer.
pub(super) fn give(
    host: &mut Host<'_>,
    bytes: &[u8],
    pointer_out: u32,
    length_out: u32,
) -> wasmtime::Result<Result<(), Status>> {
    let length = u32::try_from(bytes.len())?;
    let mut pointer = 0;
    if 0 < length {
        let Some((name, allocate)) = host.data().allocate.clone() else {
            return Ok(Err(Status::InvalidMemoryAccess));
        };
        host.data().trace(|| format!("[host->vm] {name}({length})"));
        let before = mem::replace(&mut host.data_mut().restriction, Restriction::Allocating);
        pointer = allocate.call(&mut *host, length)?;
        host.data_mut().restriction = before;
        host.data().trace(|| format!("[host<-vm] {name} return: {pointer}"));
        if pointer == 0 {
            return Ok(Err(Status::InvalidMemoryAccess));
        }
    }
    let (memory, _) = split(host)?;
    Ok(write(memory, pointer, bytes)
        .and_then(|()| write(memory, pointer_out, &pointer.to_le_bytes()))
        .and_then(|()| write(memory, length_out, &length.to_le_bytes())))
}

/// The number that the guest sees.
pub(super) fn answer(result: Result<(), Status>) -> Answer {
    Ok(match result {
        Ok(()) => Status::Ok,
        Err(status) => status,
    } as u32)
}
