//! An ordered header map in the form that crosses the ABI; it interprets nothing of a name but its case.

use bytes::Bytes;

/// Envoy reads no more pairs from a filter than this.
const PAIRS_MAX: usize = 1024;

/// Envoy reads no more bytes of pairs from a filter than this.
const PAIRS_BYTES_MAX: usize = 1024 * 1024;

/// Headers or trailers in wire order; names are lower case, pseudo headers come first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HeaderMap(Vec<(Bytes, Bytes)>);

impl HeaderMap {
    /// No headers.
    #[must_use]
    pub fn new() -> HeaderMap {
        HeaderMap::default()
    }

    /// The first value of `name`; repeated headers show only their first value, as in Envoy.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.get_bytes(name.as_bytes())
    }

    pub(crate) fn get_bytes(&self, name: &[u8]) -> Option<&Bytes> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The first value as text, if it is text.
    #[must_use]
    pub fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Adds at the end; the name is lowered.
    pub fn add(&mut self, name: impl AsRef<[u8]>, value: impl Into<Bytes>) {
        self.0.push((name.as_ref().to_ascii_lowercase().into(), value.into()));
    }

    /// Replaces the first value and drops the others; adds where there was none.
    pub fn replace(&mut self, name: impl AsRef<[u8]>, value: impl Into<Bytes>) {
        let name = name.as_ref();
        let value = value.into();
        let Some(at) = self.0.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)) else {
            return self.add(name, value);
        };
        self.0[at].1 = value;
        let mut index = 0;
        self.0.retain(|(known, _)| {
            index += 1;
            index - 1 <= at || !known.eq_ignore_ascii_case(name)
        });
    }

    /// Drops every value of `name`.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// All pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Number of pairs, as the filter's callback receives it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without any pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of all names and values: what Envoy answers to `get_header_map_size`.
    #[must_use]
    pub fn byte_size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// The ABI's form of these pairs; see [`serialised_pairs`].
    pub(crate) fn serialised(&self) -> Vec<u8> {
        serialised_pairs(&self.0)
    }

    /// Reads the ABI's form; `None` if it is cut short, or beyond Envoy's limits.
    pub(crate) fn deserialised(bytes: &[u8]) -> Option<HeaderMap> {
        if PAIRS_BYTES_MAX < bytes.len() {
            return None;
        }
        let number = |at: usize| -> Option<usize> {
            let bytes = bytes.get(at..at.checked_add(4)?)?;
            usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
        };
        let count = number(0).filter(|&count| count <= PAIRS_MAX)?;
        let mut at = count.checked_mul(8)?.checked_add(4)?;
        let mut headers = HeaderMap::new();
        for index in 0..count {
            let (name, value) = (number(4 + 8 * index)?, number(8 + 8 * index)?);
            let name_end = at.checked_add(name)?;
            let value_end = name_end.checked_add(1)?.checked_add(value)?;
            let value = bytes.get(name_end.checked_add(1)?..value_end)?;
            headers.add(bytes.get(at..name_end)?, value.to_vec());
            at = value_end.checked_add(1)?;
        }
        Some(headers)
    }
}

/// The ABI's form of pairs: count, lengths, then names and values each closed by a zero byte; numbers are `u32` LE.
pub(crate) fn serialised_pairs<B: AsRef<[u8]>>(pairs: &[(B, B)]) -> Vec<u8> {
    let parts = || pairs.iter().flat_map(|(name, value)| [name.as_ref(), value.as_ref()]);
    let bytes: usize = parts().map(|part| part.len() + 5).sum();
    let mut out = Vec::with_capacity(4 + bytes);
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    out.extend_from_slice(&number(pairs.len()));
    for part in parts() {
        out.extend_from_slice(&number(part.len()));
    }
    for part in parts() {
        out.extend_from_slice(part);
        out.push(0);
    }
    out
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for HeaderMap {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.add(name, value.as_ref().to_vec());
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_wins_and_replacing_drops_the_others() {
        let mut headers: HeaderMap = [("A", "1"), ("b", "2"), ("a", "3")].into_iter().collect();
        assert_eq!(headers.get_str("a"), Some("1"));
        headers.replace("a", "4");
        assert_eq!(headers, [("a", "4"), ("b", "2")].into_iter().collect());
        headers.remove("B");
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn the_serialised_form_reads_back_and_every_cut_of_it_is_refused() {
        let headers: HeaderMap = [(":path", "/x"), ("empty", "")].into_iter().collect();
        let bytes = headers.serialised();
        assert_eq!(bytes.len(), 4 + 16 + 5 + 2 + 5 + 4);
        assert_eq!(HeaderMap::deserialised(&bytes), Some(headers));
        for end in 0..bytes.len() - 1 {
            assert_eq!(HeaderMap::deserialised(&bytes[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn more_pairs_than_envoy_reads_are_refused() {
        let read = |count: usize| {
            let headers: HeaderMap = (0..count).map(|index| (format!("h{index}"), "v")).collect();
            HeaderMap::deserialised(&headers.serialised()).map(|headers| headers.len())
        };
        assert_eq!(read(PAIRS_MAX), Some(PAIRS_MAX));
        assert_eq!(read(PAIRS_MAX + 1), None);
    }
}
