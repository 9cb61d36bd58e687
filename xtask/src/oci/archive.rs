//! An archive of one file, compressed. Nothing in it comes from a file system or a clock.

use std::io::Write;

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};

const BLOCK_BYTES: usize = 512;

/// A tar archive (ustar) of one file that root owns and everyone may read. `name` has at most 100 bytes, and `content`
/// and `modified_seconds` are below 8 Gi.
pub(super) fn tar(name: &str, content: &[u8], modified_seconds: u64) -> Vec<u8> {
    let mut header = [0; BLOCK_BYTES];
    let mut field = |start: usize, text: &str| {
        header[start..start + text.len()].copy_from_slice(text.as_bytes());
    };
    field(0, name);
    // Numbers are octal digits, and a NUL ends each.
    field(100, "0000644"); // mode
    field(108, "0000000"); // user
    field(116, "0000000"); // group
    field(124, &format!("{:011o}", content.len()));
    field(136, &format!("{modified_seconds:011o}"));
    // The checksum is that of a header with blanks in its place.
    field(148, "        ");
    field(156, "0"); // an ordinary file
    field(257, "ustar\x0000");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());

    let mut archive = header.to_vec();
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(BLOCK_BYTES), 0);
    // The end of an archive is two empty blocks.
    archive.resize(archive.len() + 2 * BLOCK_BYTES, 0);
    archive
}

/// Compresses without a name, a time or an operating system.
pub(super) fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    const UNKNOWN_SYSTEM: u8 = 255;
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(UNKNOWN_SYSTEM)
        .write(Vec::new(), Compression::best());
    encoder.write_all(content).and_then(|()| encoder.finish()).context("cannot compress")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::output;

    /// As another program sees it.
    #[test]
    fn tar_lists_one_file_of_root() {
        let folder = std::env::temp_dir().join(format!("xtask-archive-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("layer.tar.gz");
        std::fs::write(&file, gzip(&tar("plugin.wasm", b"content", 86_400)).unwrap()).unwrap();
        let run = |arguments: &[&str]| {
            let mut command = std::process::Command::new("tar");
            output(command.env("TZ", "UTC").args(arguments).arg(&file)).unwrap()
        };
        let listed = run(&["--numeric-owner", "--full-time", "-tvzf"]);
        let words: Vec<&str> = listed.split_whitespace().collect();
        assert_eq!(words, ["-rw-r--r--", "0/0", "7", "1970-01-02", "00:00:00", "plugin.wasm"]);
        assert_eq!(run(&["--to-stdout", "-xzf"]), "content");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn gzip_has_no_flags_no_time_and_no_system() {
        let compressed = gzip(b"content").unwrap();
        assert_eq!(compressed[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    }
}
