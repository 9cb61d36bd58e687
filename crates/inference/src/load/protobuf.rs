//! Load reports as a protobuf message in Base64, read by the wire format alone; unknown fields are passed over.

use alloc::vec;

use super::{LoadMeasure, Malformed, NAMED, NAMES, Report};
use driftline_wire::base64::Decoder;

/// Fields of `OrcaLoadReport` that hold a double.
const DOUBLES: [(u64, LoadMeasure); 5] = [
    (1, LoadMeasure::CpuUtilization),
    (2, LoadMeasure::MemoryUtilization),
    (6, LoadMeasure::RequestRate),
    (7, LoadMeasure::ErrorRate),
    (9, LoadMeasure::ApplicationUtilization),
];
/// The field of `OrcaLoadReport` that maps names to doubles.
const NAMED_METRICS: u64 = 8;
/// Fields of an entry of a map.
const KEY: u64 = 1;
const VALUE: u64 = 2;

/// What stands in a field.
enum Value<'m> {
    Double(f64),
    Bytes(&'m [u8]),
    /// A number of another type.
    Other,
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
    let mut report = Report::default();
    for_each_field(&message, |number, value| match value {
        Value::Double(double) => {
            let known = DOUBLES.iter().find(|&&(known, _)| known == number);
            known.map_or(Ok(()), |&(_, measure)| report.set(measure, double))
        }
        Value::Bytes(entry) if number == NAMED_METRICS => named(entry, &mut report),
        Value::Bytes(_) | Value::Other => Ok(()),
    })?;
    Ok(report)
}

/// Reads an entry of the map. What a protobuf message leaves out is empty, or 0.
fn named(entry: &[u8], report: &mut Report) -> Result<(), Malformed> {
    let (mut name, mut number) = (&b""[..], 0.0);
    for_each_field(entry, |field, value| {
        match value {
            Value::Bytes(bytes) if field == KEY => name = bytes,
            Value::Double(double) if field == VALUE => number = double,
            _ => {}
        }
        Ok(())
    })?;
    let is_it = |known: &&(&str, LoadMeasure)| {
        known.0.strip_prefix(NAMED).is_some_and(|known| known.as_bytes() == name)
    };
    match NAMES.iter().find(is_it) {
        Some(&(_, measure)) => report.set(measure, number),
        None => Ok(()),
    }
}

/// Calls `take` with each field of a message, in order.
fn for_each_field<'m>(
    mut message: &'m [u8],
    mut take: impl FnMut(u64, Value<'m>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        let value = match tag & 7 {
            0 => {
                varint(&mut message)?;
                Value::Other
            }
            1 => {
                let bytes = take_bytes(&mut message, 8)?;
                Value::Double(f64::from_le_bytes(bytes.try_into().map_err(|_| Malformed)?))
            }
            2 => {
                let length = varint(&mut message)?;
                Value::Bytes(take_bytes(
                    &mut message,
                    usize::try_from(length).map_err(|_| Malformed)?,
                )?)
            }
            5 => {
                take_bytes(&mut message, 4)?;
                Value::Other
            }
            // Groups, which nobody writes any more, and what is no type.
            _ => return Err(Malformed),
        };
        take(tag >> 3, value)?;
    }
    Ok(())
}

fn take_bytes<'m>(message: &mut &'m [u8], length: usize) -> Result<&'m [u8], Malformed> {
    let (bytes, rest) = message.split_at_checked(length).ok_or(Malformed)?;
    *message = rest;
    Ok(bytes)
}

/// A number of up to ten bytes, seven bits each.
fn varint(message: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first().ok_or(Malformed)?;
        *message = rest;
        number |= u64::from(byte & 0x7f).unbounded_shl(shift);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Malformed)
}
