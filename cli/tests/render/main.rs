//! `driftline render`, judged by the tools that read what it writes: Envoy, Prometheus, kubectl, and validators of the kinds
//! of Kubernetes. No cluster is needed, and none is asked.

mod command;
mod configurations;
mod envoy;
#[path = "../input/mod.rs"]
mod input;
mod kubernetes;
mod kustomize;
mod live;
mod prometheus;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use self::input::Input;
use driftline_testbed::pieces;
use serde_json::Value;

/// A folder with what was rendered, gone with it.
struct Rendered {
    folder: PathBuf,
}

impl Rendered {
    /// Renders a configuration. `name` must be unique within this binary.
    fn new(name: &str, config: &str, options: &[&str]) -> Rendered {
        let rendered = Rendered { folder: folder(name) };
        let output = rendered.run(config, options);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        rendered
    }

    fn run(&self, config: &str, options: &[&str]) -> Output {
        let name = self.folder.file_name().unwrap().to_str().unwrap();
        let config = Input::new(&format!("{name}.json"), config);
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftline"));
        command.args(["render", "--config", config.name(), "--output"]).arg(&self.folder);
        command.args(["--filter", pieces::filter().unwrap().to_str().unwrap()]);
        command.args(options).output().unwrap()
    }

    fn text(&self, path: &str) -> String {
        let path = self.folder.join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The documents of a file.
    fn documents(&self, path: &str) -> Vec<Value> {
        let text = self.text(path);
        let read = |document: &str| serde_saphyr::from_str(document).unwrap();
        text.split("\n---\n").map(read).collect()
    }

    /// The only document of a file.
    fn document(&self, path: &str) -> Value {
        let [document] = &*self.documents(path) else { panic!("{path}") };
        document.clone()
    }

    /// All files, relative to the folder, in order.
    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        add_files(&self.folder, &self.folder, &mut files);
        files.sort();
        files
    }
}

impl Drop for Rendered {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A folder of this name that is not there.
fn folder(name: &str) -> PathBuf {
    let name = format!("rendered-{}-{name}", std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn add_files(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_files(root, &path, files);
        } else {
            files.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}
