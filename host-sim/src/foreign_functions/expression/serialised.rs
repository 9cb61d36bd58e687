//! The value of an expression in the form that crosses the ABI: numbers little-endian, lists and maps as pairs.

use cel::common::{
    types::{
        CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelList, CelMap, CelMapKey, CelString,
        CelTimestamp, CelUInt,
    },
    value::Val,
};

use super::attributes::Headers;
use crate::{attribute, headers::serialised_pairs, status::Status};

/// # Errors
/// A serialization failure for a value that has no form of its own, or holds one that has none.
pub(super) fn serialised(value: &dyn Val) -> Result<Vec<u8>, Status> {
    let bytes = if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        text.inner().as_bytes().to_vec()
    } else if let Some(bytes) = value.downcast_ref::<CelBytes<'_>>() {
        bytes.inner().to_vec()
    } else if let Some(number) = value.downcast_ref::<CelInt>() {
        number.inner().to_le_bytes().to_vec()
    } else if let Some(number) = value.downcast_ref::<CelUInt>() {
        number.inner().to_le_bytes().to_vec()
    } else if let Some(number) = value.downcast_ref::<CelDouble>() {
        number.inner().to_le_bytes().to_vec()
    } else if let Some(flag) = value.downcast_ref::<CelBool>() {
        vec![u8::from(*flag.inner())]
    } else if let Some(duration) = value.downcast_ref::<CelDuration>() {
        nanoseconds(duration.inner().num_nanoseconds())
    } else if let Some(time) = value.downcast_ref::<CelTimestamp>() {
        nanoseconds(time.inner().timestamp_nanos_opt())
    } else if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        let each = list.inner().iter().map(|value| Ok((serialised(value.as_ref())?, Vec::new())));
        serialised_pairs(&each.collect::<Result<Vec<_>, Status>>()?)
    } else if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
        // Envoy has them in the order of the text, which the library does not keep.
        let mut entries: Vec<(&CelMapKey<'_>, _)> = map.inner().iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        let pairs = entries
            .into_iter()
            .map(|(key, value)| Ok((serialised(key.inner())?, serialised(value.as_ref())?)));
        serialised_pairs(&pairs.collect::<Result<Vec<_>, Status>>()?)
    } else if let Some(Headers { map, .. }) = value.downcast_ref::<Headers>() {
        let joined = |name: &bytes::Bytes| {
            let name = std::str::from_utf8(name).unwrap_or_default();
            attribute::joined(map, name).unwrap_or_default().to_vec()
        };
        let pairs: Vec<_> = map.iter().map(|(name, _)| (name.to_vec(), joined(name))).collect();
        serialised_pairs(&pairs)
    } else {
        return Err(Status::SerializationFailure);
    };
    Ok(bytes)
}

/// Beyond 292 years, Envoy has the largest number there is.
fn nanoseconds(number: Option<i64>) -> Vec<u8> {
    number.unwrap_or(i64::MAX).to_le_bytes().to_vec()
}
