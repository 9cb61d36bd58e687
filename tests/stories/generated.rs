//! Files that are derived from the code are fresh; a stale one is rewritten, and the test fails once.

use xtask::codegen::{File, files};

#[test]
fn generated_files_are_fresh() {
    let stale: Vec<File> = files().into_iter().filter(File::is_stale).collect();
    for file in &stale {
        file.write().unwrap();
    }
    let paths: Vec<&str> = stale.iter().map(|file| file.path).collect();
    assert!(paths.is_empty(), "were stale and are rewritten now, please commit: {paths:?}");
}
