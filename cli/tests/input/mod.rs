//! Files that a test gives to the command. They are removed with the test.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file of one test's own with this text, gone with it.
pub(crate) struct Input(pub(crate) PathBuf);

impl Input {
    /// `name` must be unique within a test binary; the number of the process distinguishes binaries that run at once.
    pub(crate) fn new(name: &str, text: impl AsRef<[u8]>) -> Input {
        let name = format!("{}-{name}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).unwrap();
        Input(path)
    }

    pub(crate) fn name(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
