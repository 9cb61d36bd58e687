//! Runs a check with a limit on the memory that it may take at any moment; it judges nothing else.

use std::{alloc::System, sync::Once};

use cap::Cap;

/// Fails an allocation beyond its limit, which ends the process: libFuzzer keeps the input.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

static FIRST: Once = Once::new();

/// Checks one input. `bytes_max` is what the check may take beside a copy of its input, whatever that is.
pub(crate) fn run(checks: &[(&str, fn(&[u8]))], name: &str, input: &[u8], bytes_max: usize) {
    let (_, check) = checks.iter().find(|(it, _)| *it == name).expect("a target has a check");
    // What is made once and kept is none of an input's business.
    FIRST.call_once(|| check(&[]));
    let limit = ALLOCATOR.allocated() + bytes_max + 2 * input.len();
    ALLOCATOR.set_limit(limit).expect("so much is not in use yet");
    check(input);
    ALLOCATOR.set_limit(usize::MAX).expect("no limit is below what is in use");
}
