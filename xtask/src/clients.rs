//! Installs the Python clients of the stories, as listed in `tests/clients/requirements.txt`. It never runs one.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::{paths, python};

/// A row of the file: a client and its version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Client<'a> {
    /// The requirement for pip: `name[extra]==version`.
    requirement: &'a str,
    /// Without the extras.
    name: &'a str,
    version: &'a str,
}

/// Installs the missing clients, and returns the interpreter that has all of them.
///
/// # Errors
///
/// If a row of the file has no version, or a client cannot be installed.
pub fn set_up() -> Result<PathBuf> {
    let file = paths::clients();
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let clients = rows(&text).with_context(|| file.display().to_string())?;
    // pip installs a package after its dependencies, so an installed client is complete.
    let missing: Vec<&str> = clients
        .iter()
        .filter(|client| !python::has(client.name, client.version))
        .map(|client| client.requirement)
        .collect();
    if !missing.is_empty() {
        python::fetch(&missing, "they need Python 3.11 or newer")?;
    }
    if let Some(client) = clients.iter().find(|client| !python::has(client.name, client.version)) {
        bail!(
            "{} is still missing after its installation: remove {}",
            client.name,
            paths::venv().display()
        );
    }
    Ok(paths::python())
}

/// The rows of the file, without comments and empty lines.
fn rows(text: &str) -> Result<Vec<Client<'_>>> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let rows = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    rows.map(|(number, line)| {
        row(line).with_context(|| {
            format!(
                "line {number} is `{line}`; allowed is `name==version` or `name[extra]==version`"
            )
        })
    })
    .collect()
}

fn row(requirement: &str) -> Option<Client<'_>> {
    let (package, version) = requirement.split_once("==")?;
    let name = package.split('[').next().unwrap_or(package);
    let is_word = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    (is_word(name) && is_word(version)).then_some(Client { requirement, name, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_client_at_a_version() {
        let text = "# clients\n\nopenai==3.54.0\n  tritonclient[all]==2.60.0\n";
        let client = |requirement, name, version| Client { requirement, name, version };
        assert_eq!(
            rows(text).unwrap(),
            [
                client("openai==3.54.0", "openai", "3.54.0"),
                client("tritonclient[all]==2.60.0", "tritonclient", "2.60.0"),
            ]
        );
    }

    #[test]
    fn a_row_without_a_version_is_refused() {
        for line in ["openai", "openai>=3", "openai==", "openai==3 # newest", "==3"] {
            let error = rows(&format!("# one\n{line}\n")).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line 2 is `{line}`; allowed is")), "{error}");
        }
    }

    #[test]
    fn the_committed_rows_are_readable() {
        let text = fs::read_to_string(paths::clients()).unwrap();
        let names: Vec<&str> = rows(&text).unwrap().iter().map(|client| client.name).collect();
        assert!(names.contains(&"openai") && names.contains(&"anthropic"), "{names:?}");
    }
}
