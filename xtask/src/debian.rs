//! Packages of Debian: installed where we are root, unpacked into `target` where that is enough.
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
/// Where we are not root or there is no apt, the error names the command to type.
pub fn install(packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    let advice = format!(
        "{list} (needed for {purpose}): install with `sudo apt-get install {list}`, then try again"
    );
    if find_program("apt-get").is_none() {
        bail!("missing, and there is no apt-get here to install it: {advice}");
    }
    if output(Command::new("id").arg("-u"))? != "0" {
        bail!("missing, and only root may install it: {advice}");
    }
    say(&format!("apt-get: installing {list} (needed for {purpose})"));
    run(&mut apt_get(&["update"])).with_context(|| advice.clone())?;
    // `--no-remove`: better an error than to lose a package that the user has chosen.
    let mut command = apt_get(&["install", "--yes", "--no-install-recommends", "--no-remove"]);
    run(command.args(packages)).context(advice)
}

/// Unpacks the files of one package below `folder`. Needs no root and touches nothing else.
///
/// # Errors
///
/// Where there is no apt, no package or no dpkg, the error names the command to type.
pub fn unpack(package: &str, folder: &Path, purpose: &str) -> Result<()> {
    let advice = format!(
        "{package} (needed for {purpose}): install with `sudo apt-get install {package}`, then try again"
    );
    if find_program("apt-get").is_none() || find_program("dpkg-deb").is_none() {
        bail!("missing, and there is no apt-get and dpkg-deb here to fetch it: {advice}");
    }
    say(&format!("apt-get: fetching {package} (needed for {purpose}) into {}", folder.display()));
    let fetched = folder.with_extension("fetched");
    let _ = fs::remove_dir_all(&fetched);
    fs::create_dir_all(&fetched).with_context(|| format!("cannot create {}", fetched.display()))?;
    let download = || -> Result<()> { run(apt_get(&["download", package]).current_dir(&fetched)) };
    if download().is_err() {
        say("apt-get: its lists are missing or old, so they are fetched first");
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

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["--quiet", "-o", "DPkg::Lock::Timeout=120", "-o", "APT::Sandbox::User=root"])
        .args(arguments)
        .stdin(Stdio::null());
    command
}
