//! Where the scripts, the environments and the files of a run are. It installs nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use driftline_testbed::pieces;

use crate::case::Server;

/// The interpreter of a server's environment, and a folder for what is written.
#[derive(Clone, Debug)]
pub struct Place {
    python: PathBuf,
    folder: PathBuf,
    scripts: PathBuf,
    name: &'static str,
}

/// What would change what servers and clients do, apart from proxies.
const SETTINGS: [&str; 5] = ["PYTHON", "MLFLOW_", "MLSERVER_", "BENTOML_", "SELDON_"];

impl Place {
    /// Finds the environment of a server, and empties the folder of what it serves.
    ///
    /// # Errors
    ///
    /// If there is no environment: says which command makes it.
    pub fn new(server: &Server, served: &str) -> Result<Place> {
        let name = server.name;
        let of_server = pieces::servers()?.join(name);
        let python = of_server.join("venv/bin/python3");
        ensure!(
            python.exists(),
            "{} is not there: run `cargo xtask servers {name}`",
            python.display()
        );
        let folder = of_server.join("run").join(served);
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Place { python, folder, scripts: PathBuf::from(env!("CARGO_MANIFEST_DIR")), name })
    }

    /// A file of the run.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder of the run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A script that all servers share.
    #[must_use]
    pub fn common(&self, name: &str) -> PathBuf {
        self.scripts.join("common").join(name)
    }

    /// A script of the server.
    #[must_use]
    pub fn own(&self, name: &str) -> PathBuf {
        self.scripts.join(self.name).join(name)
    }

    /// The interpreter of the environment, which reads no settings of whoever runs this.
    #[must_use]
    pub fn python(&self) -> Command {
        let mut command = Command::new(&self.python);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let is_proxy = text.to_ascii_lowercase().ends_with("_proxy");
            if is_proxy || SETTINGS.iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        let modules = [self.scripts.join("common"), self.scripts.join(self.name)];
        let modules: Vec<_> = modules.iter().map(|path| path.to_string_lossy()).collect();
        // Nothing is written beside the scripts.
        command.env("PYTHONPATH", modules.join(":")).env("PYTHONDONTWRITEBYTECODE", "1");
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// The version of a package.
    ///
    /// # Errors
    ///
    /// If the environment does not have it.
    pub fn version(&self, package: &str) -> Result<String> {
        const ASK: &str = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))";
        let output = self.python().args(["-c", ASK, package]).output()?;
        ensure!(output.status.success(), "{package} is not in the environment of {}", self.name);
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
