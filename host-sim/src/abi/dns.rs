//! `envoy_resolve_dns`, which only Envoy has: the query is noted here, and the test that plays the resolver answers it.

use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, read, simulated_only, split, write},
};
use crate::{callout::DnsQuery, state::State, status::Status};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    resolve.define(linker, "env", "envoy_resolve_dns")
}

/// The answer comes to the root context, even for a stream that is over by then.
fn resolve(host: &mut Host<'_>, name: u32, name_length: u32, token_out: u32) -> Answer {
    simulated_only(host, "envoy_resolve_dns")?;
    let (memory, state) = split(host)?;
    let Ok(name) = read(memory, name, name_length) else {
        return answer(Err(Status::InvalidMemoryAccess));
    };
    let name = String::from_utf8_lossy(name).into_owned();
    // Envoy has counted by the time it looks whether the token can be written.
    let token = state.calls.next_dns_token();
    let root = state.root_id();
    let query = DnsQuery { vm: state.vm.clone(), vm_number: state.number, token, name, root };
    let written = write(memory, token_out, &token.to_le_bytes());
    if written.is_ok() {
        state.calls.dns.insert(token, query);
    }
    answer(written)
}
