//! Load reports as a protobuf message in Base64, read by the wire format alone; unknown fields are ignored.

use alloc::vec;

use super::{LoadMeasure, Malformed, NAMED, NAMES, Report};
use driftline_wire::{
    base64::Decoder,
    protobuf::{ProtobufStep, Reader},
};

/// Fields of `OrcaLoadReport` that hold a double.
const DOUBLES: [(u32, LoadMeasure); 5] = [
    (1, LoadMeasure::CpuUtilization),
    (2, LoadMeasure::MemoryUtilization),
    (6, LoadMeasure::RequestRate),
    (7, LoadMeasure::ErrorRate),
    (9, LoadMeasure::ApplicationUtilization),
];
/// The field of `OrcaLoadReport` that maps names to doubles.
const NAMED_METRICS: u32 = 8;
/// Fields of an entry of a map.
const KEY: u32 = 1;
const VALUE: u32 = 2;

/// How deep the fields of a report lie, and those of an entry of a map in it.
const IN_REPORT: usize = 1;
const IN_ENTRY: usize = 2;

/// An entry of the map. What a protobuf message leaves out is empty, or 0.
#[derive(Default)]
struct Entry<'m> {
    name: &'m [u8],
    value: f64,
}

/// Reads a report from Base64 in either alphabet, padded or not.
pub(super) fn read(base64: &[u8]) -> Result<Report, Malformed> {
    let base64 = base64.trim_ascii();
    // A header is no longer than a proxy allows, and this is gone with the call.
    let mut message = vec![0; base64.len()];
    let mut decoder = Decoder::default();
    let length = decoder.decode(base64, &mut message);
    if !decoder.finish() {
        return Err(Malformed);
    }
    message.truncate(length);
    report(&message)
}

fn report(message: &[u8]) -> Result<Report, Malformed> {
    let mut report = Report::default();
    let (mut reader, mut rest) = (Reader::new(), message);
    let mut entry = Entry::default();
    loop {
        let progress = reader.next(rest);
        rest = rest.get(progress.consumed..).unwrap_or_default();
        match (reader.depth(), progress.step) {
            (_, ProtobufStep::InputEmpty) => break,
            (_, ProtobufStep::Broken) => return Err(Malformed),
            (IN_REPORT, ProtobufStep::Fixed64 { field, bits }) => {
                let known = DOUBLES.iter().find(|(known, _)| *known == field);
                if let Some(&(_, measure)) = known {
                    report.set(measure, f64::from_bits(bits))?;
                }
            }
            (IN_REPORT, ProtobufStep::Start { field: NAMED_METRICS, .. }) => {
                entry = Entry::default();
                reader.enter();
            }
            (IN_ENTRY, ProtobufStep::Start { field: KEY, .. }) => entry.name = b"",
            // A message that is there as a whole has no field in pieces, and all others are skipped.
            (IN_ENTRY, ProtobufStep::Data(name)) => entry.name = name,
            (IN_ENTRY, ProtobufStep::Fixed64 { field: VALUE, bits }) => {
                entry.value = f64::from_bits(bits);
            }
            (_, ProtobufStep::MessageEnd) => named(&entry, &mut report)?,
            (_, ProtobufStep::Start { .. }) => reader.skip(),
            _ => {}
        }
    }
    if reader.is_whole() { Ok(report) } else { Err(Malformed) }
}

/// Takes over an entry of the map, if any measure goes by its name.
fn named(entry: &Entry<'_>, report: &mut Report) -> Result<(), Malformed> {
    let is_it = |known: &&(&str, LoadMeasure)| {
        known.0.strip_prefix(NAMED).is_some_and(|known| known.as_bytes() == entry.name)
    };
    NAMES.iter().find(is_it).map_or(Ok(()), |&(_, measure)| report.set(measure, entry.value))
}
