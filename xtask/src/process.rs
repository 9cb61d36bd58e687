//! Child processes. Every failure names the command. It never starts a shell.

use std::{
    fmt::Write,
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// Prints a message on stderr, where all progress goes.
pub fn say(what: &str) {
    eprintln!("xtask: {what}");
}

/// Runs a command with inherited output, and fails unless it exits with status 0.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    check(&shown, status)
}

/// Like [`run`], but kills the command after `limit`.
pub fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    let shown = show(command);
    let mut child = command.spawn().with_context(|| format!("cannot start `{shown}`"))?;
    let started = Instant::now();
    loop {
        if let Some(status) =
            child.try_wait().with_context(|| format!("cannot wait for `{shown}`"))?
        {
            return check(&shown, status);
        }
        if limit < started.elapsed() {
            let _ = child.kill();
            let _ = child.wait();
            bail!("`{shown}` did not finish within {} s", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a command that must succeed, and returns its stdout without the final line break.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed ({}): {}", output.status, stderr.trim());
    }
    let stdout = String::from_utf8(output.stdout)
        .with_context(|| format!("the output of `{shown}` is not UTF-8"))?;
    Ok(stdout.trim_end().to_owned())
}

/// The cargo that runs this program, so that `cargo +toolchain xtask` keeps its toolchain.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::paths::root());
    command
}

/// The first executable file of this name on the `PATH`.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_executable(file))
}

fn is_executable(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

fn check(shown: &str, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// The command as typed in a shell, with the environment variables that are set for it.
pub(crate) fn show(command: &Command) -> String {
    let mut shown = String::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            let _ = write!(shown, "{}={} ", name.display(), quote(&value.to_string_lossy()));
        }
    }
    shown += &quote(&command.get_program().to_string_lossy());
    for argument in command.get_args() {
        shown.push(' ');
        shown += &quote(&argument.to_string_lossy());
    }
    shown
}

/// The word, quoted for a shell if necessary.
pub(crate) fn quote(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_typed_in_a_shell() {
        let mut command = Command::new("cargo");
        command.env("RUSTFLAGS", "-C link-arg=x").args(["build", "it's", ""]);
        assert_eq!(show(&command), r"RUSTFLAGS='-C link-arg=x' cargo build 'it'\''s' ''");
    }

    #[test]
    fn a_failure_names_the_command_and_the_status() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c 'exit 3'` failed (exit status: 3)");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = output(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "cannot start `no-such-program`");
    }

    #[test]
    fn a_command_that_hangs_is_killed() {
        let started = Instant::now();
        let error =
            run_within(Command::new("sleep").arg("30"), Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().starts_with("`sleep 30` did not finish within"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn stdout_and_stderr_are_reported_where_they_belong() {
        assert_eq!(output(Command::new("echo").arg("hello")).unwrap(), "hello");
        let error = output(Command::new("sh").args(["-c", "echo why >&2; exit 1"])).unwrap_err();
        assert!(error.to_string().ends_with("failed (exit status: 1): why"), "{error}");
    }
}
