//! The sections of a wasm module. It decodes nothing of their content but the name of a custom one.

use anyhow::{Context, Result, ensure};

/// The magic number and version 1 of the binary format.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";
/// The id of custom sections, such as the names for backtraces.
const CUSTOM: u8 = 0;
/// The custom section with the names of functions.
pub const NAMES: &str = "name";

/// Removes the custom sections but those with the given names. The module behaves the same, but without [`NAMES`] its
/// backtraces have no names.
///
/// # Errors
///
/// If it is not a module, or is truncated.
pub fn keep_custom_sections(module: &[u8], kept: &[&str]) -> Result<Vec<u8>> {
    ensure!(module.starts_with(HEADER), "not a wasm module of version 1");
    let mut left = HEADER.to_vec();
    let mut rest = &module[HEADER.len()..];
    while let [id, after_id @ ..] = rest {
        let (bytes, length) = length(after_id).context("the length of a section is truncated")?;
        let end = 1 + bytes + length;
        ensure!(end <= rest.len(), "a section of {length} bytes is truncated");
        if *id != CUSTOM || kept.iter().any(|kept| is_named(&rest[1 + bytes..end], kept)) {
            left.extend_from_slice(&rest[..end]);
        }
        rest = &rest[end..];
    }
    Ok(left)
}

/// Whether the content of a custom section begins with this name. Names have less than 128 bytes.
fn is_named(content: &[u8], name: &str) -> bool {
    content.split_first().is_some_and(|(&length, rest)| {
        usize::from(length) == name.len() && rest.starts_with(name.as_bytes())
    })
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
    fn only_custom_sections_of_other_names_are_removed() {
        let types: &[u8] = &[1, 1, 0];
        let names: &[u8] = &[CUSTOM, 5, 4, b'n', b'a', b'm', b'e'];
        // 130 bytes: its length takes two.
        let data = [&[11, 0x82, 0x01][..], &[7; 130]].concat();
        let other: &[u8] = &[CUSTOM, 6, 5, b'n', b'a', b'm', b'e', b's'];
        let both = module(&[names, types, other, &data, names]);
        let found = |kept: &[&str]| keep_custom_sections(&both, kept).unwrap();
        assert_eq!(found(&[]), module(&[types, &data]));
        assert_eq!(found(&[NAMES]), module(&[names, types, &data, names]));
        assert_eq!(keep_custom_sections(HEADER, &[]).unwrap(), HEADER);
    }

    #[test]
    fn a_truncated_module_is_refused() {
        for (module, expected) in [
            (b"(module)".to_vec(), "not a wasm module of version 1"),
            (module(&[&[1, 3, 0]]), "a section of 3 bytes is truncated"),
            (module(&[&[1, 0x80]]), "the length of a section is truncated"),
        ] {
            assert_eq!(keep_custom_sections(&module, &[]).unwrap_err().to_string(), expected);
        }
    }
}
