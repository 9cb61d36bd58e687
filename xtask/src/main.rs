//! `cargo xtask`: the project's own commands. Each sets up what it lacks and says so; none decides what a test is.

use std::{
    env,
    ffi::OsString,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, ExitCode, ExitStatus},
};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use xtask::{
    clients, codegen, envoy, filter, fuzz, paths,
    process::{cargo, find_program, run, say},
    prometheus, structure,
    testing::{self, Piece},
    wasm_std::{self, Choice, WasmStd},
    watch::{Place, compile, watch},
    workspace::{PACKAGES, program},
};

/// The project's own commands. Each sets up what it lacks, and is quick when called again.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Fetches everything that the other commands need.
    Setup {
        /// Where the standard library for wasm32 comes from.
        #[arg(long, value_enum, default_value_t)]
        wasm_std: Choice,
    },
    /// Builds the filter and leaves it at target/driftline.wasm, and beside it what tests compare.
    Build {
        /// Where the standard library for wasm32 comes from.
        #[arg(long, value_enum, default_value_t)]
        wasm_std: Choice,
    },
    /// Runs the whole thing on this machine: model servers, the filter, load with a story in it.
    #[command(disable_help_flag = true)]
    Demo {
        /// Passed on to `driftline demo`; with `--envoy`, a real Envoy is set up and used.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs all tests, including those on a real Envoy.
    #[command(disable_help_flag = true)]
    Test {
        /// Passed on to `cargo test`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs the benches.
    #[command(disable_help_flag = true)]
    Bench {
        /// Passed on to `cargo bench`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Makes up inputs for a reader, and checks that its properties hold; needs cargo-fuzz.
    Fuzz {
        /// One of the targets of fuzz/Cargo.toml.
        target: String,
        /// How long.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
    },
    /// Writes the files that are derived from the metric catalogue.
    Codegen {
        /// Writes nothing, and fails if a file is stale.
        #[arg(long)]
        check: bool,
    },
    /// Checks formatting and lints, then runs all tests.
    Ci,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Setup { wasm_std } => set_up(wasm_std),
        Task::Build { wasm_std } => build(wasm_std),
        Task::Demo { arguments } => demo(arguments),
        Task::Test { .. } => test(&as_typed()),
        Task::Bench { .. } => bench(&as_typed()),
        Task::Fuzz { target, seconds } => fuzz::fuzz(&target, seconds).map(|()| ExitCode::SUCCESS),
        Task::Codegen { check } => codegen::run(check).map(|()| ExitCode::SUCCESS),
        Task::Ci => ci(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("xtask: error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Fetches every piece; what is missing in the end is named all at once.
fn set_up(choice: Choice) -> Result<ExitCode> {
    let mut problems = Vec::new();
    let mut report = |piece: &str, found: Result<String>| match found {
        Ok(found) => say(&format!("{piece}: {found}")),
        Err(error) => problems.push(format!("\n  - {piece}: {error:#}")),
    };
    let shown = |path: PathBuf| path.display().to_string();
    report(wasm_std::TARGET, wasm_std::set_up(choice).map(|found| found.to_string()));
    report("Envoy", envoy::set_up().map(shown));
    report("Python clients", clients::set_up().map(shown));
    report("promtool", prometheus::set_up_promtool().map(shown));
    report("Prometheus", prometheus::set_up_prometheus().map(shown));
    if !problems.is_empty() {
        bail!("not everything is there:{}", problems.concat());
    }
    Ok(ExitCode::SUCCESS)
}

fn build(choice: Choice) -> Result<ExitCode> {
    filter::build(choice)?;
    filter::build_arithmetic(choice)?;
    Ok(ExitCode::SUCCESS)
}

fn demo(mut arguments: Vec<OsString>) -> Result<ExitCode> {
    let filter = filter::build(Choice::Auto)?;
    if arguments.iter().any(|argument| argument == "--envoy") {
        arguments.push("--envoy-binary".into());
        arguments.push(envoy::set_up()?.into());
    }
    say("building the demo");
    // Not `--release`: the tests have built the same in this profile, or will find it built. The filter itself is
    // compiled to machine code at its start, optimised in either.
    compile(cargo().args(["build", "--package", "driftline-cli", "--bin", "driftline"]))?;
    say("starting the demo");
    let mut demo = Command::new(program("driftline")?);
    demo.current_dir(paths::root()).arg("demo").arg("--filter").arg(filter).args(arguments);
    // It becomes this process, so that Ctrl-C does not end us before the demo has printed its closing tables.
    Err(demo.exec()).context("cannot start the demo")
}

fn test(arguments: &[OsString]) -> Result<ExitCode> {
    testing::run(arguments, &pieces()?)
}

fn bench(arguments: &[OsString]) -> Result<ExitCode> {
    let pieces = pieces()?;
    say("running the benches");
    let mut command = cargo();
    command.envs(pieces).args(["bench", "--package", "driftline-benches"]).args(arguments);
    exit_code(watch(&mut command, Place::Stdout, &mut |_| {})?)
}

fn ci() -> Result<ExitCode> {
    say("checking the formatting");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    say("checking the structure");
    structure::check()?;
    say("checking the lints");
    let clippy = |arguments: &[&str]| -> Result<()> {
        compile(cargo().arg("clippy").args(arguments).args(["--", "--deny", "warnings"]))
    };
    clippy(&[&PACKAGES[..], &["--all-targets"]].concat())?;
    clippy(&["--package", "driftline-benches", "--all-targets"])?;
    clippy(&["--features", "driftline-host-sim/foreign-functions", "--all-targets"])?;
    let mut filter_lints = vec!["--package", "driftline-plugin"];
    let wasm_target = paths::wasm_target().display().to_string();
    // Clippy cannot read what Debian's newer compiler has made; then it sees the filter as native code,
    // which it can because nothing is linked.
    if wasm_std::set_up(Choice::Auto)? == WasmStd::Toolchain {
        filter_lints.extend(["--target", wasm_std::TARGET, "--target-dir", &wasm_target]);
    }
    clippy(&filter_lints)?;
    if_there("typos", &[])?;
    if_there("cargo-deny", &["check"])?;
    test(&[])
}

/// Runs a checker that is too slow to build for everyone, where somebody has installed it.
fn if_there(program: &str, arguments: &[&str]) -> Result<()> {
    let Some(path) = find_program(program) else {
        say(&format!("{program} is not here, so what it checks is not checked"));
        return Ok(());
    };
    say(&format!("checking with {program}"));
    run(Command::new(path).args(arguments).current_dir(paths::root()))
}

/// Sets up every piece and builds the filter; returns where they are, as absolute paths.
fn pieces() -> Result<Vec<Piece>> {
    Ok(vec![
        ("DRIFTLINE_ENVOY", envoy::set_up()?),
        ("DRIFTLINE_PYTHON", clients::set_up()?),
        ("DRIFTLINE_PROMTOOL", prometheus::set_up_promtool()?),
        ("DRIFTLINE_PROMETHEUS", prometheus::set_up_prometheus()?),
        ("DRIFTLINE_WASM", filter::build(Choice::Auto)?),
        ("DRIFTLINE_ARITHMETIC", filter::build_arithmetic(Choice::Auto)?),
    ])
}

/// The arguments behind the task's name as they were typed: a parser would drop the first `--`, which stands between
/// what is for cargo and what is for the tests.
fn as_typed() -> Vec<OsString> {
    env::args_os().skip(2).collect()
}

fn exit_code(status: ExitStatus) -> Result<ExitCode> {
    let Some(code) = status.code() else {
        bail!("ended by a signal ({status})");
    };
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
