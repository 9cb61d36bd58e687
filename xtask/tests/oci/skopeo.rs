//! What `skopeo` makes of the layout: the tool that pushes it. It needs no registry and no root.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use serde_json::Value;
use xtask::process::output;

use crate::{
    EPOCH, TAGS, filter,
    layout::{Folder, blob, digest, manifest},
    write,
};

/// A call of skopeo: `DRIFTLINE_SKOPEO`, else the one on the `PATH`, else where `cargo xtask setup` puts it.
fn skopeo(arguments: &[&str]) -> Result<String> {
    let found = env::var_os("DRIFTLINE_SKOPEO").map(PathBuf::from).or_else(xtask::skopeo::find);
    let program = found.filter(|path| path.exists()).unwrap_or_else(|| {
        panic!("skopeo is not there: run `cargo xtask setup`, or name it in DRIFTLINE_SKOPEO")
    });
    // A machine without its package has no policy of which images to trust.
    output(Command::new(program).arg("--insecure-policy").args(arguments))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A file out of an archive, which `tar` decompresses if it is compressed.
fn extract(archive: &Path, name: &str) -> Vec<u8> {
    let mut tar = Command::new("tar");
    let run = tar.arg("--to-stdout").arg("-xf").arg(archive).arg(name).output().unwrap();
    assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
    run.stdout
}

#[test]
fn skopeo_shows_what_the_image_is() {
    let temporary = Folder::new("inspect");
    let layout = temporary.path("oci");
    let printed = write(&filter(), &layout, "true");
    let image = format!("oci:{}:compat", layout.display());
    let shown = json(&skopeo(&["inspect", &image]).unwrap());
    assert_eq!(shown["Digest"], printed["compat"].as_str());
    assert_eq!(shown["Created"], "2009-02-13T23:31:30Z", "{EPOCH}");
    assert_eq!(shown["Layers"].as_array().unwrap().len(), 1);
    let labels = shown["Labels"].as_object().unwrap();
    let of = |name: &str| labels[&format!("org.opencontainers.image.{name}")].as_str().unwrap();
    assert_eq!(of("title"), "driftline");
    assert_eq!(of("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(of("licenses"), "Apache-2.0");
    assert!(of("description").starts_with("A proxy-wasm filter for Envoy"));
    assert!(!labels.keys().any(|name| name.ends_with("source")), "{labels:?}");

    // It reads no other configuration than that of an ordinary image.
    let artifact = format!("oci:{}:artifact", layout.display());
    let shown = json(&skopeo(&["inspect", "--raw", &artifact]).unwrap());
    assert_eq!(shown, manifest(&layout, "artifact"));
}

#[test]
fn skopeo_copies_the_filter_as_it_is() {
    let temporary = Folder::new("copy");
    let layout = temporary.path("oci");
    let printed = write(&filter(), &layout, "true");
    let expected = fs::read(filter()).unwrap();
    for tag in TAGS {
        let from = format!("oci:{}:{tag}", layout.display());
        let folder = temporary.path(&format!("{tag}-dir"));
        skopeo(&["copy", &from, &format!("dir:{}", folder.display())]).unwrap();
        // The digest of a manifest that is copied as it is, which is also what a registry shows.
        let copied = fs::read(folder.join("manifest.json")).unwrap();
        assert_eq!(digest(&copied), printed[tag], "{tag}");
        let layers = manifest(&layout, tag)["layers"].clone();
        let layer = layers.as_array().unwrap().last().unwrap()["digest"].clone();
        let layer = folder.join(layer.as_str().unwrap().trim_start_matches("sha256:"));
        let module = if tag == "compat" {
            extract(&layer, "plugin.wasm")
        } else {
            fs::read(&layer).unwrap()
        };
        assert!(module == expected, "{tag}");

        let archive = temporary.path(&format!("{tag}-oci.tar"));
        let to = format!("oci-archive:{}:{tag}", archive.display());
        skopeo(&["copy", &from, &to]).unwrap();
        let digest = json(&String::from_utf8(extract(&archive, "index.json")).unwrap());
        assert_eq!(digest["manifests"][0]["digest"], printed[tag].as_str(), "{tag}");
    }

    // What `docker load` reads; it has no form for artifacts.
    let archive = temporary.path("docker.tar");
    let to = format!("docker-archive:{}:driftline:test", archive.display());
    skopeo(&["copy", &format!("oci:{}:compat", layout.display()), &to]).unwrap();
    let images = json(&String::from_utf8(extract(&archive, "manifest.json")).unwrap());
    assert_eq!(images[0]["RepoTags"][0], "docker.io/library/driftline:test");
    let layer = temporary.path("layer.tar");
    fs::write(&layer, extract(&archive, images[0]["Layers"][0].as_str().unwrap())).unwrap();
    assert!(extract(&layer, "plugin.wasm") == expected);
}

#[test]
fn skopeo_refuses_a_layer_that_is_damaged() {
    let temporary = Folder::new("refuse");
    let layout = temporary.path("oci");
    write(&filter(), &layout, "true");
    let layer = manifest(&layout, "compat")["layers"][0]["digest"].clone();
    let layer = blob(&layout, layer.as_str().unwrap());
    let mut content = fs::read(&layer).unwrap();
    content.push(0);
    fs::write(&layer, content).unwrap();
    let to = format!("dir:{}", temporary.path("dir").display());
    let error = skopeo(&["copy", &format!("oci:{}:compat", layout.display()), &to]).unwrap_err();
    assert!(error.to_string().contains("Digest did not match"), "{error}");
}
