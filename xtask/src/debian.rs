//! Debian packages: installed if this runs as root, or unpacked into `target` where that is enough.
//! It never removes a package, and never starts a service.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::process::{find_program, output, run, say};

/// Installs packages on the system. `purpose` completes the sentence "needed for ...".
///
/// # Errors
///
/// Without root or apt, the error names the command to run.
pub fn install(packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    let advice = format!(
        "{list} (needed for {purpose}): install with `sudo apt-get install {list}`, then try again"
    );
    if find_program("apt-get").is_none() {
        bail!("missing, and apt-get, which would install it, is missing too: {advice}");
    }
    if output(Command::new("id").arg("-u"))? != "0" {
        bail!("missing, and only root can install it: {advice}");
    }
    say(&format!("apt-get: installing {list} (needed for {purpose})"));
    run(&mut apt_get(&["update"])).with_context(|| advice.clone())?;
    // `--no-remove`: an error is better than to lose a package that the user has chosen.
    let mut command = apt_get(&["install", "--yes", "--no-install-recommends", "--no-remove"]);
    run(command.args(packages)).context(advice)
}

/// Unpacks one package into `folder`. Needs no root and changes nothing else.
///
/// # Errors
///
/// Without apt, dpkg or the package, the error names the command to run.
pub fn unpack(package: &str, folder: &Path, purpose: &str) -> Result<()> {
    fetch(package, folder, purpose, |_| Ok(Vec::new()))
}

/// Like [`unpack`], with the libraries that the package depends on and the system does not have.
///
/// # Errors
///
/// As [`unpack`].
pub fn unpack_with_libraries(package: &str, folder: &Path, purpose: &str) -> Result<()> {
    fetch(package, folder, purpose, missing_libraries)
}

/// Unpacks a package, and those that `others` names once the lists of packages are there.
fn fetch(
    package: &str,
    folder: &Path,
    purpose: &str,
    others: impl Fn(&str) -> Result<Vec<String>>,
) -> Result<()> {
    let advice = format!(
        "{package} (needed for {purpose}): install with `sudo apt-get install {package}`, then try again"
    );
    if find_program("apt-get").is_none() || find_program("dpkg-deb").is_none() {
        bail!("missing, and apt-get or dpkg-deb, which would fetch it, is missing too: {advice}");
    }
    say(&format!(
        "apt-get: downloading {package} (needed for {purpose}) into {}",
        folder.display()
    ));
    let fetched = folder.with_extension("fetched");
    let _ = fs::remove_dir_all(&fetched);
    fs::create_dir_all(&fetched).with_context(|| format!("cannot create {}", fetched.display()))?;
    let download = || -> Result<()> {
        let others = others(package)?;
        run(apt_get(&["download", package]).args(others).current_dir(&fetched))
    };
    if download().is_err() {
        say("apt-get: updating the package lists, which are missing or old");
        run(&mut apt_get(&["update"])).with_context(|| advice.clone())?;
        download().with_context(|| advice.clone())?;
    }
    let _ = fs::remove_dir_all(folder);
    for entry in fs::read_dir(&fetched)? {
        run(Command::new("dpkg-deb").arg("--extract").arg(entry?.path()).arg(folder))
            .with_context(|| advice.clone())?;
    }
    fs::remove_dir_all(&fetched).with_context(|| format!("cannot remove {}", fetched.display()))
}

/// The libraries that apt would install with a package.
fn missing_libraries(package: &str) -> Result<Vec<String>> {
    let simulated =
        output(&mut apt_get(&["install", "--simulate", "--no-install-recommends", package]))?;
    Ok(libraries(&simulated, package))
}

/// The libraries among the lines `Inst NAME (VERSION ...)` of a simulation. By Debian's policy their packages begin with
/// `lib`.
fn libraries(simulated: &str, package: &str) -> Vec<String> {
    let installed = simulated.lines().filter_map(|line| line.strip_prefix("Inst "));
    let names = installed.filter_map(|line| line.split(' ').next());
    names.filter(|name| name.starts_with("lib") && *name != package).map(str::to_owned).collect()
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["--quiet", "-o", "DPkg::Lock::Timeout=120", "-o", "APT::Sandbox::User=root"])
        .args(arguments)
        .stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_in_what_apt_would_install() {
        let simulated = "Reading package lists...\n\
            Inst iptables (1.8.9-2 Debian:12 [amd64])\n\
            Inst libgpgme11 (1.18.0-3 Debian:12 [amd64])\n\
            Inst skopeo (1.9.3 Debian:12 [amd64])\n\
            Conf libgpgme11 (1.18.0-3 Debian:12 [amd64])\n";
        assert_eq!(libraries(simulated, "skopeo"), ["libgpgme11"]);
    }
}
