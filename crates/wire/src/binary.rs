//! The parts of binary framings, which may be cut anywhere: numbers and runs of bytes. It knows no framing.

/// A big-endian number that is put together byte by byte.
#[derive(Clone, Debug)]
pub(super) struct Number {
    value: u128,
    bytes: u8,
}

impl Number {
    /// Not begun.
    pub(super) const ZERO: Number = Number { value: 0, bytes: 0 };

    /// Takes bytes from `rest` until there are `wanted` of them, at most 16; gives the number when it is whole, and
    /// then begins the next one.
    pub(super) fn take(&mut self, rest: &mut &[u8], wanted: u8) -> Option<u128> {
        while self.bytes < wanted {
            let (&byte, after) = rest.split_first()?;
            *rest = after;
            self.value = self.value << 8 | u128::from(byte);
            self.bytes = self.bytes.saturating_add(1);
        }
        Some(core::mem::replace(self, Number::ZERO).value)
    }

    /// The number has begun and is not whole.
    pub(super) const fn is_open(&self) -> bool {
        self.bytes != 0
    }
}

/// Takes as much of a run of `left` bytes as `rest` has, and counts it off.
pub(super) fn take_run<'i>(rest: &mut &'i [u8], left: &mut u32) -> &'i [u8] {
    let wanted = usize::try_from(*left).unwrap_or(usize::MAX);
    let (run, after) = rest.split_at_checked(wanted).unwrap_or((rest, &[]));
    *rest = after;
    *left = left.saturating_sub(u32::try_from(run.len()).unwrap_or(u32::MAX));
    run
}
