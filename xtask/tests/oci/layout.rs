//! A layout on disk: its files, its blobs by digest, and what damages it. It knows nothing of what the layout is for.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A temporary folder, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = env::temp_dir().join(format!("xtask-oci-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Every file below a folder, by its path in it.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(folder).unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(path, bytes)| (name.join(path), bytes)));
        } else {
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

pub(crate) fn digest(content: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(content))
}

/// The file of a blob.
pub(crate) fn blob(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replace(':', "/"))
}

/// The index of a layout.
pub(crate) fn index(layout: &Path) -> Value {
    serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap()
}

/// The descriptor of a tag in the index.
pub(crate) fn tagged<'i>(index: &'i mut Value, tag: &str) -> Option<&'i mut Value> {
    let mut manifests = index["manifests"].as_array_mut()?.iter_mut();
    manifests.find(|it| it["annotations"]["org.opencontainers.image.ref.name"] == tag)
}

/// The manifest of a tag.
pub(crate) fn manifest(layout: &Path, tag: &str) -> Value {
    let mut index = index(layout);
    let digest = tagged(&mut index, tag).unwrap()["digest"].as_str().unwrap();
    serde_json::from_slice(&fs::read(blob(layout, digest)).unwrap()).unwrap()
}

/// Puts another manifest under a tag, with digests that fit.
pub(crate) fn replace_manifest(layout: &Path, tag: &str, manifest: &Value) {
    let content = serde_json::to_vec(manifest).unwrap();
    let mut index = index(layout);
    let descriptor = tagged(&mut index, tag).unwrap();
    descriptor["digest"] = json!(store(layout, &content));
    descriptor["size"] = json!(content.len());
    fs::write(layout.join("index.json"), serde_json::to_vec(&index).unwrap()).unwrap();
}

/// Puts another content into a layer, with digests that fit.
pub(crate) fn replace_layer(layout: &Path, manifest: &mut Value, layer: usize, content: &[u8]) {
    manifest["layers"][layer]["digest"] = json!(store(layout, content));
    manifest["layers"][layer]["size"] = json!(content.len());
}

/// Stores a blob, and returns its digest.
fn store(layout: &Path, content: &[u8]) -> String {
    let digest = digest(content);
    fs::write(blob(layout, &digest), content).unwrap();
    digest
}
