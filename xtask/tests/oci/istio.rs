//! What Istio's loader does with an image, step by step: `PrepareFetch` and what it calls in
//! [`pkg/wasm/imagefetcher.go`](https://github.com/istio/istio/blob/master/pkg/wasm/imagefetcher.go), and
//! `isValidWasmBinary` in `pkg/wasm/cache.go`. Envoy Gateway has taken both over.
//!
//! It leaves out the form with media types of Docker, which we do not write.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::{Value, json};

use crate::{
    TAGS, filter,
    layout::{Folder, blob, digest, index, manifest, replace_layer, replace_manifest, tagged},
    write,
};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONTENT: &str = "application/vnd.module.wasm.content.layer.v1+wasm";

/// The module that the loader takes out of an image.
fn load(layout: &Path, tag: &str) -> Result<Vec<u8>, String> {
    let mut index = index(layout);
    let descriptor = tagged(&mut index, tag).ok_or_else(|| format!("no manifest `{tag}`"))?;
    let manifest = fetch(layout, descriptor).map_err(|it| format!("no manifest: {it}"))?;
    let manifest: Value = serde_json::from_slice(&manifest).map_err(|it| it.to_string())?;
    let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
    let module = standard_image(layout, &layers).or_else(|compat| {
        artifact_image(layout, &layers).map_err(|oci| {
            format!("could not parse as compat variant: {compat}; as oci variant: {oci}")
        })
    })?;
    let is_valid = 8 <= module.len() && module.starts_with(b"\0asm");
    if is_valid { Ok(module) } else { Err("the binary is invalid".to_owned()) }
}

/// `extractOCIStandardImage`: the last layer counts.
fn standard_image(layout: &Path, layers: &[Value]) -> Result<Vec<u8>, String> {
    let layer = layers.last().ok_or("number of layers must be greater than zero")?;
    if layer["mediaType"] != LAYER {
        return Err(format!("invalid media type {}", layer["mediaType"]));
    }
    let mut archive = Vec::new();
    GzDecoder::new(&fetch(layout, layer)?[..])
        .read_to_end(&mut archive)
        .map_err(|error| format!("failed to parse layer as tar.gz: {error}"))?;
    plugin(&archive)
}

/// `extractOCIArtifactImage`: exactly two layers.
fn artifact_image(layout: &Path, layers: &[Value]) -> Result<Vec<u8>, String> {
    if layers.len() != 2 {
        return Err(format!("number of layers must be 2 but got {}", layers.len()));
    }
    let layer = layers.iter().find(|layer| layer["mediaType"] == CONTENT);
    fetch(layout, layer.ok_or_else(|| format!("could not find the layer of type {CONTENT}"))?)
}

/// `extractWasmPluginBinary`: the first file of any folder with that name. Like Go's reader of archives, it checks the
/// sums of headers.
fn plugin(mut archive: &[u8]) -> Result<Vec<u8>, String> {
    let octal = |field: &[u8]| {
        let text = String::from_utf8_lossy(field);
        u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).map_err(|_| "invalid tar header")
    };
    while let Some((header, rest)) = archive.split_at_checked(512) {
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let blank = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { b' ' } else { *byte };
        let sum: u64 = header.iter().enumerate().map(blank).map(u64::from).sum();
        if octal(&header[148..156])? != sum {
            return Err("invalid tar header".to_owned());
        }
        let size = usize::try_from(octal(&header[124..136])?).unwrap();
        let name = String::from_utf8_lossy(&header[..100]);
        let content = rest.get(..size).ok_or("failed to read: unexpected EOF")?;
        if name.trim_end_matches('\0').rsplit('/').next() == Some("plugin.wasm") {
            return Ok(content.to_vec());
        }
        archive = rest.get(size.next_multiple_of(512)..).unwrap_or_default();
    }
    Err("plugin.wasm not found in the archive".to_owned())
}

/// A blob, whose size and digest must be those of its descriptor.
fn fetch(layout: &Path, descriptor: &Value) -> Result<Vec<u8>, String> {
    let expected = descriptor["digest"].as_str().ok_or("no digest")?;
    let content = fs::read(blob(layout, expected)).map_err(|error| error.to_string())?;
    if descriptor["size"] != json!(content.len()) {
        return Err(format!("{} bytes instead of {}", content.len(), descriptor["size"]));
    }
    if digest(&content) != expected {
        return Err(format!("the digest is not {expected}"));
    }
    Ok(content)
}

#[test]
fn istio_finds_the_filter_in_both_forms() {
    let temporary = Folder::new("istio");
    let layout = temporary.path("oci");
    let printed = write(&filter(), &layout, "true");
    let expected = fs::read(filter()).unwrap();
    let mut index = index(&layout);
    for tag in TAGS {
        assert!(load(&layout, tag).unwrap() == expected, "{tag}");
        // The value of `sha256` in a WasmPlugin.
        assert_eq!(tagged(&mut index, tag).unwrap()["digest"], printed[tag].as_str(), "{tag}");
    }
    // Which form it is must be clear without trying both.
    assert_eq!(manifest(&layout, "compat")["annotations"]["module.wasm.image/variant"], "compat");
    assert_eq!(manifest(&layout, "artifact")["layers"][1]["digest"], printed["driftline.wasm"]);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// What damages the archive in the layer of the image.
fn in_archive(layout: &Path, manifest: &mut Value, damage: fn(Vec<u8>) -> Vec<u8>) {
    let layer = fetch(layout, &manifest["layers"][0]).unwrap();
    let mut archive = Vec::new();
    GzDecoder::new(&layer[..]).read_to_end(&mut archive).unwrap();
    replace_layer(layout, manifest, 0, &gzip(&damage(archive)));
}

/// What damages a layout, given the manifest of the tag.
type Damage = fn(&Path, &mut Value);

/// Each with a part of what the loader says.
const DAMAGED: &[(&str, &str, Damage)] = &[
    ("compat", "invalid media type", |_, manifest| {
        manifest["layers"][0]["mediaType"] = json!("application/vnd.oci.image.layer.v1.tar");
    }),
    ("compat", "number of layers must be greater than zero", |_, manifest| {
        manifest["layers"] = json!([]);
    }),
    ("compat", "failed to parse layer as tar.gz", |layout, manifest| {
        replace_layer(layout, manifest, 0, &fs::read(filter()).unwrap());
    }),
    ("compat", "plugin.wasm not found", |layout, manifest| {
        // With the same letters, so that the sum of the header is right.
        in_archive(layout, manifest, |archive| [b"nigulp", &archive[6..]].concat());
    }),
    ("compat", "invalid tar header", |layout, manifest| {
        in_archive(layout, manifest, |archive| [b"PLUGIN", &archive[6..]].concat());
    }),
    ("compat", "unexpected EOF", |layout, manifest| {
        in_archive(layout, manifest, |archive| archive[..2_000].to_vec());
    }),
    ("compat", "the binary is invalid", |layout, manifest| {
        in_archive(layout, manifest, |archive| {
            [&archive[..512], b"text", &archive[516..]].concat()
        });
    }),
    ("compat", "the digest is not", |layout, manifest| {
        let path = blob(layout, manifest["layers"][0]["digest"].as_str().unwrap());
        let mut layer = fs::read(&path).unwrap();
        *layer.last_mut().unwrap() ^= 1;
        fs::write(path, layer).unwrap();
    }),
    ("compat", "No such file", |layout, manifest| {
        fs::remove_file(blob(layout, manifest["layers"][0]["digest"].as_str().unwrap())).unwrap();
    }),
    ("artifact", "number of layers must be 2 but got 1", |_, manifest| {
        manifest["layers"].as_array_mut().unwrap().remove(0);
    }),
    ("artifact", "could not find the layer of type", |_, manifest| {
        manifest["layers"][1]["mediaType"] = json!("application/wasm");
    }),
    ("artifact", "the binary is invalid", |layout, manifest| {
        replace_layer(layout, manifest, 1, b"text");
    }),
];

#[test]
fn istio_refuses_a_layout_that_is_damaged() {
    let temporary = Folder::new("damaged");
    let layout = temporary.path("oci");
    for (tag, expected, damage) in DAMAGED {
        write(&filter(), &layout, "true");
        let mut manifest = manifest(&layout, tag);
        damage(&layout, &mut manifest);
        replace_manifest(&layout, tag, &manifest);
        let error = load(&layout, tag).expect_err(expected);
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert_eq!(load(&layout, "latest").unwrap_err(), "no manifest `latest`");
}
