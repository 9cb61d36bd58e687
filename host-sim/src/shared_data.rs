//! Key-value pairs that all VMs of one `vm_id` see; it never forgets one, because the ABI cannot remove.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;

/// Values by `vm_id` and key, with one counter of versions for all.
#[derive(Debug, Default)]
pub struct SharedData(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    values: HashMap<(String, Vec<u8>), (Bytes, u32)>,
    last_cas: u32,
}

/// The version given does not match the stored one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CasMismatch;

impl SharedData {
    /// The value and its version; `None` if the key was never written.
    #[must_use]
    pub fn get(&self, vm_id: &str, key: &[u8]) -> Option<(Bytes, u32)> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.values.get(&(vm_id.to_string(), key.to_vec())).cloned()
    }

    /// The values of every key and `vm_id`, in no order.
    #[must_use]
    pub fn values(&self) -> Vec<Bytes> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.values.values().map(|(value, _)| value.clone()).collect()
    }

    /// Writes the value if `cas` is 0, the key is new, or `cas` is its version.
    ///
    /// # Errors
    /// [`CasMismatch`] if the key was written in between.
    pub fn set(&self, vm_id: &str, key: &[u8], value: Bytes, cas: u32) -> Result<(), CasMismatch> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (vm_id.to_string(), key.to_vec());
        if let Some((_, stored)) = inner.values.get(&key)
            && cas != 0
            && cas != *stored
        {
            return Err(CasMismatch);
        }
        // Zero means "unconditional", so it is never a version.
        inner.last_cas = inner.last_cas.checked_add(1).unwrap_or(1);
        let version = inner.last_cas;
        inner.values.insert(key, (value, version));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_version_is_refused_and_zero_never_is() {
        let shared = SharedData::default();
        assert_eq!(shared.set("vm", b"k", "1".into(), 77), Ok(()));
        let (_, version) = shared.get("vm", b"k").unwrap();
        assert_eq!(shared.set("vm", b"k", "2".into(), version), Ok(()));
        assert_eq!(shared.set("vm", b"k", "3".into(), version), Err(CasMismatch));
        assert_eq!(shared.set("vm", b"k", "4".into(), 0), Ok(()));
        assert_eq!(shared.get("vm", b"k").unwrap().0, "4");
        assert_eq!(shared.get("other vm", b"k"), None);
        assert_eq!(shared.values(), ["4"]);
    }
}
