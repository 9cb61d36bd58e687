//! What `driftline render` writes for the demo's configuration, in `envoy/`. It makes no configuration: a test of the
//! command `driftline` keeps that one fresh.

use std::fs;

use anyhow::{Context, Result};
use driftline_monitor::config::Config;
use driftline_operations::{
    render::{Bundle, Deployment, Part},
    settings::Settings,
};

use super::Generated;
use crate::paths;

/// Where the files lie.
const FOLDER: &str = "envoy";
/// The configuration, which is not rendered.
const CONFIGURATION: &str = "envoy/driftline.json";

/// The files, as the command writes them without an option.
pub(super) fn files() -> Result<Vec<Generated>> {
    let json = fs::read_to_string(paths::root().join(CONFIGURATION))
        .with_context(|| format!("cannot read {CONFIGURATION}"))?;
    let config = Config::from_json(json.as_bytes()).context(CONFIGURATION)?;
    let settings = Settings::of(&config);
    let deployment = Deployment::local();
    let bundle = Bundle::new(&settings, &json, &deployment).context(CONFIGURATION)?;
    let files = bundle.files(&Part::ALL)?.into_iter();
    Ok(files
        .map(|file| Generated { path: format!("{FOLDER}/{}", file.path), text: file.text })
        .collect())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    fn add_files(folder: &Path, paths: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add_files(&path, paths);
            } else {
                paths.insert(path.strip_prefix(paths::root()).unwrap().display().to_string());
            }
        }
    }

    #[test]
    fn the_folder_holds_nothing_else() {
        let mut expected: BTreeSet<String> =
            files().unwrap().into_iter().map(|file| file.path).collect();
        expected.insert(CONFIGURATION.to_owned());
        let mut found = BTreeSet::new();
        add_files(&paths::root().join(FOLDER), &mut found);
        assert_eq!(found, expected);
    }
}
