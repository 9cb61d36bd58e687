//! Fuzzes the reader of recordings: any text is refused, or read as what it is written as again; nothing is played.

#![no_main]

/// The reader and what it is made of, without the rest of the embedded host, whose compiler nobody wants to build
/// instrumented.
#[path = "../../host-sim/src"]
#[allow(dead_code, reason = "a file is more than its reader")]
mod host {
    pub(crate) mod chunking;
    pub(crate) mod random;
    pub(crate) mod recording;
}

use host::{chunking::Chunking, random, recording::Recording};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(text) = str::from_utf8(input) else { return };
    if let Ok(recordings) = Recording::from_json_lines(text) {
        let lines: Vec<String> = recordings.iter().map(Recording::to_json_line).collect();
        let again = Recording::from_json_lines(&lines.join("\n")).expect("it was written by us");
        assert_eq!(recordings, again);
    }
});
