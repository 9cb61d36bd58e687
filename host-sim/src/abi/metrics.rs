//! Counters, gauges and histograms, with Envoy's statuses for what each kind cannot do.

use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, read, split, write},
};
use crate::{state::State, status::Status};

const COUNTER: u32 = 0;
const GAUGE: u32 = 1;
const HISTOGRAM: u32 = 2;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    define_metric.define(linker, "env", "proxy_define_metric")?;
    increment.define(linker, "env", "proxy_increment_metric")?;
    record.define(linker, "env", "proxy_record_metric")?;
    get.define(linker, "env", "proxy_get_metric")?;
    Ok(())
}

/// Every call gives a new id, even for a name that is known.
fn define_metric(host: &mut Host<'_>, kind: u32, name: u32, length: u32, id_out: u32) -> Answer {
    let (memory, state) = split(host)?;
    let id = read(memory, name, length).and_then(|name| {
        let name = String::from_utf8_lossy(name);
        let stats = &state.services.stats;
        let metric = match kind {
            COUNTER => stats.counter(&name),
            GAUGE => stats.gauge(&name),
            HISTOGRAM => stats.histogram(&name),
            _ => return Err(Status::BadArgument),
        };
        state.metrics.define(kind, metric).ok_or(Status::InternalFailure)
    });
    answer(id.and_then(|id| write(memory, id_out, &id.to_le_bytes())))
}

/// A counter only goes up: Envoy refuses zero and negative offsets. A gauge wraps.
fn increment(host: &mut Host<'_>, id: u32, offset: i64) -> Answer {
    let state = host.data();
    let kind = id % 4;
    if GAUGE < kind {
        return answer(Err(Status::BadArgument));
    }
    let Some(metric) = state.metrics.get(id) else { return answer(Err(Status::NotFound)) };
    if kind == COUNTER && offset <= 0 {
        return answer(Err(Status::BadArgument));
    }
    let added = metric.add(offset.cast_unsigned());
    answer(if added { Ok(()) } else { Err(Status::BadArgument) })
}

fn record(host: &mut Host<'_>, id: u32, value: i64) -> Answer {
    let metric = host.data().metrics.get(id).ok_or(Status::NotFound);
    answer(metric.map(|metric| metric.record(value.cast_unsigned())))
}

fn get(host: &mut Host<'_>, id: u32, value_out: u32) -> Answer {
    if GAUGE < id % 4 {
        return answer(Err(Status::BadArgument));
    }
    let (memory, state) = split(host)?;
    let value = state.metrics.get(id).ok_or(Status::NotFound);
    answer(value.and_then(|metric| {
        let value = metric.get().ok_or(Status::BadArgument)?;
        write(memory, value_out, &value.to_le_bytes())
    }))
}
