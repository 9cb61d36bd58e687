//! The sections of a wasm module. It never decodes their content.

use anyhow::{Context, Result, ensure};

/// The magic number and version 1 of the binary format.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";
/// The id of custom sections, such as the names for backtraces.
const CUSTOM: u8 = 0;

/// Removes the custom sections. The module behaves the same, but its backtraces have no names.
///
/// # Errors
///
/// If it is not a module, or is truncated.
pub fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>> {
    ensure!(module.starts_with(HEADER), "not a wasm module of version 1");
    let mut left = HEADER.to_vec();
    let mut rest = &module[HEADER.len()..];
    while let [id, after_id @ ..] = rest {
        let (bytes, length) = length(after_id).context("the length of a section is truncated")?;
        let end = 1 + bytes + length;
        ensure!(end <= rest.len(), "a section of {length} bytes is truncated");
        if *id != CUSTOM {
            left.extend_from_slice(&rest[..end]);
        }
        rest = &rest[end..];
    }
    Ok(left)
}

/// A length in LEB128 of at most 32 bits, and how many bytes it takes.
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((index + 1, length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(sections: &[&[u8]]) -> Vec<u8> {
        [HEADER, &sections.concat()].concat()
    }

    #[test]
    fn only_custom_sections_are_removed() {
        let types: &[u8] = &[1, 1, 0];
        let names: &[u8] = &[CUSTOM, 5, 4, b'n', b'a', b'm', b'e'];
        // 130 bytes: its length takes two.
        let data = [&[11, 0x82, 0x01][..], &[7; 130]].concat();
        let found = without_custom_sections(&module(&[names, types, names, &data, names]));
        assert_eq!(found.unwrap(), module(&[types, &data]));
        assert_eq!(without_custom_sections(HEADER).unwrap(), HEADER);
    }

    #[test]
    fn a_truncated_module_is_refused() {
        for (module, expected) in [
            (b"(module)".to_vec(), "not a wasm module of version 1"),
            (module(&[&[1, 3, 0]]), "a section of 3 bytes is truncated"),
            (module(&[&[1, 0x80]]), "the length of a section is truncated"),
        ] {
            assert_eq!(without_custom_sections(&module).unwrap_err().to_string(), expected);
        }
    }
}
