//! The filter as images that registries, Istio and Envoy Gateway take: an OCI image layout, which `skopeo` pushes. It
//! never pushes anything, and no byte of it depends on the machine.
//!
//! There are two forms, both of the [Wasm image specification](https://github.com/solo-io/wasm/tree/master/spec).
//! `compat` is an ordinary image, which every tool and every registry takes. `artifact` has the module as it is, so the
//! digest of that layer is the SHA-256 of the filter.

mod archive;
mod created;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub use self::created::Created;

/// The tag of the ordinary image.
pub const COMPAT: &str = "compat";
/// The tag of the artifact.
pub const ARTIFACT: &str = "artifact";

/// What Istio's loader looks for in the layer of the image.
const PLUGIN: &str = "plugin.wasm";
const DESCRIPTION: &str = "A proxy-wasm filter for Envoy and Istio that monitors machine learning models on the data path";
/// The version of proxy-wasm that the filter is built for.
const ABI_VERSION: &str = "v0.2.1";

const IMAGE_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const IMAGE_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const WASM_CONFIG: &str = "application/vnd.module.wasm.config.v1+json";
const WASM_CONTENT: &str = "application/vnd.module.wasm.content.layer.v1+wasm";

/// The digests of what was written, as `sha256:` and 64 digits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Digests {
    /// Of the manifest of [`COMPAT`], by which registries and Istio know the image.
    pub compat: String,
    /// Of the manifest of [`ARTIFACT`].
    pub artifact: String,
    /// Of the module itself.
    pub module: String,
}

/// Writes both forms of a module into `folder`, and replaces the layout that is there.
///
/// # Errors
///
/// If `module` is no Wasm, if `folder` holds anything but a layout, or if a file cannot be written.
pub fn write(module: &[u8], created: Created, folder: &Path) -> Result<Digests> {
    if !module.starts_with(b"\0asm") {
        bail!("the filter is no Wasm module: it does not begin with the bytes 00 61 73 6d");
    }
    let is_layout = folder.join("oci-layout").exists();
    if folder.exists() && !is_layout {
        bail!("{} is not an OCI image layout, so it is not replaced", folder.display());
    }
    let name = folder.file_name().context("the folder of the layout has no name")?;
    let new = format!(".{}.new-layout", name.to_string_lossy());
    let layout = Layout::create(folder.with_file_name(new))?;
    let compat = layout.compat(module, created)?;
    let artifact = layout.artifact(module, created)?;
    let digest_of = |descriptor: &Value| descriptor["digest"].as_str().map(str::to_owned);
    let digests = Digests {
        compat: digest_of(&compat).context("no digest")?,
        artifact: digest_of(&artifact).context("no digest")?,
        module: digest(module),
    };
    layout.finish(&[(COMPAT, compat), (ARTIFACT, artifact)])?;
    if is_layout {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::rename(&layout.folder, folder)
        .with_context(|| format!("cannot write {}", folder.display()))?;
    Ok(digests)
}

/// A layout in the making.
struct Layout {
    folder: PathBuf,
}

impl Layout {
    fn create(folder: PathBuf) -> Result<Layout> {
        // What an interrupted run has left.
        let _ = fs::remove_dir_all(&folder);
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs).with_context(|| format!("cannot create {}", blobs.display()))?;
        Ok(Layout { folder })
    }

    /// An image of one layer, whose archive holds the module as `plugin.wasm`. Returns the descriptor of its manifest.
    fn compat(&self, module: &[u8], created: Created) -> Result<Value> {
        let archive = archive::tar(PLUGIN, module, created.seconds());
        let layer = self.blob(IMAGE_LAYER, &archive::gzip(&archive)?)?;
        let config = json!({
            "created": created.to_string(),
            // A module has no platform. Docker and Podman refuse images of another system than their own, and warn of
            // another processor, so this is what an image from scratch has on most machines.
            "os": "linux",
            "architecture": "amd64",
            "config": { "Labels": about(created) },
            "rootfs": { "type": "layers", "diff_ids": [digest(&archive)] },
            "history": [{ "created": created.to_string(), "created_by": "cargo xtask oci" }],
        });
        let config = self.blob(IMAGE_CONFIG, &bytes(&config)?)?;
        let mut annotations = about(created);
        annotations.insert("module.wasm.image/variant".to_owned(), "compat".into());
        self.manifest(&config, &[layer], annotations)
    }

    /// An artifact of two layers: what a proxy should know of the module, and the module as it is. Returns the descriptor
    /// of its manifest.
    fn artifact(&self, module: &[u8], created: Created) -> Result<Value> {
        let runtime = json!({
            "type": "envoy_proxy",
            "abiVersions": [ABI_VERSION],
            "config": { "rootIds": [] },
        });
        let titled = |mut layer: Value, title: &str| {
            layer["annotations"] = json!({ "org.opencontainers.image.title": title });
            layer
        };
        let config = self.blob(WASM_CONFIG, &bytes(&runtime)?)?;
        let content = titled(self.blob(WASM_CONTENT, module)?, "driftline.wasm");
        let mut annotations = about(created);
        annotations.insert("module.wasm.runtime/type".to_owned(), "envoy_proxy".into());
        annotations.insert("module.wasm.runtime/abi_version".to_owned(), ABI_VERSION.into());
        let layers = [titled(config.clone(), "runtime-config.json"), content];
        self.manifest(&config, &layers, annotations)
    }

    fn manifest(
        &self,
        config: &Value,
        layers: &[Value],
        annotations: Map<String, Value>,
    ) -> Result<Value> {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "config": config,
            "layers": layers,
            "annotations": annotations,
        });
        self.blob(IMAGE_MANIFEST, &bytes(&manifest)?)
    }

    /// Stores content under its digest, and returns its descriptor.
    fn blob(&self, media_type: &str, content: &[u8]) -> Result<Value> {
        let digest = digest(content);
        let name = digest.trim_start_matches("sha256:");
        self.file(&format!("blobs/sha256/{name}"), content)?;
        Ok(json!({ "mediaType": media_type, "digest": digest, "size": content.len() }))
    }

    /// Writes the index, with the tag of each manifest.
    fn finish(&self, manifests: &[(&str, Value)]) -> Result<()> {
        let tagged: Vec<Value> = manifests
            .iter()
            .map(|(tag, manifest)| {
                let mut manifest = manifest.clone();
                manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
                manifest
            })
            .collect();
        let index = json!({ "schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": tagged });
        self.file("index.json", &bytes(&index)?)?;
        self.file("oci-layout", &bytes(&json!({ "imageLayoutVersion": "1.0.0" }))?)
    }

    fn file(&self, path: &str, content: &[u8]) -> Result<()> {
        let path = self.folder.join(path);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// What tools show of an image. There is no `source`, because a fork has another one.
fn about(created: Created) -> Map<String, Value> {
    let entries = [
        ("created", created.to_string()),
        ("description", DESCRIPTION.to_owned()),
        ("licenses", env!("CARGO_PKG_LICENSE").to_owned()),
        ("title", "driftline".to_owned()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    entries
        .into_iter()
        .map(|(name, value)| (format!("org.opencontainers.image.{name}"), value.into()))
        .collect()
}

fn bytes(value: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec(value).context("cannot write JSON")
}

fn digest(content: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(content))
}
