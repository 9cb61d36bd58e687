//! `cargo xtask`: the project's own commands. Each one sets up what is missing, and says so. None decides what a test is.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, ExitCode, ExitStatus},
};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use xtask::{
    clients, codegen, envoy, filter, fuzz, grafana_schema, node,
    oci::{self, Created},
    outside, paths,
    process::{cargo, find_program, run, say},
    prometheus, servers, skopeo, structure,
    testing::{self, Piece},
    wasm_opt,
    wasm_std::{self, Choice, WasmStd},
    watch::{Place, compile, watch},
    workspace::{PACKAGES, program},
};

/// The project's own commands. Each one sets up what is missing.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Download everything that the other commands need.
    Setup {
        /// The source of the standard library for wasm32.
        #[arg(long, value_enum, default_value_t)]
        wasm_std: Choice,
    },
    /// Build the filter: target/driftline.wasm, and target/driftline.debug.wasm with names.
    Build {
        /// The source of the standard library for wasm32.
        #[arg(long, value_enum, default_value_t)]
        wasm_std: Choice,
    },
    /// Write the filter as images for registries: an OCI image layout in target/oci, with the tags `compat` and `artifact`.
    ///
    /// The images are dated by SOURCE_DATE_EPOCH, else by the commit, else 1970, and are otherwise the same wherever they
    /// are made of the same filter.
    Oci {
        /// A filter that is built already.
        #[arg(long, value_name = "FILE")]
        filter: Option<PathBuf>,
        /// Where the layout is written. A layout that is there is replaced.
        #[arg(long, value_name = "FOLDER")]
        output: Option<PathBuf>,
    },
    /// Run a demo on this machine: model servers, the filter, and load with a story in it.
    #[command(disable_help_flag = true)]
    Demo {
        /// Arguments of `driftline demo`. With `--envoy`, a real Envoy is set up and used.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run all tests, even after failures, and print a summary.
    #[command(disable_help_flag = true)]
    Test {
        /// Arguments of `cargo test`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run the benches.
    #[command(disable_help_flag = true)]
    Bench {
        /// Arguments of `cargo bench`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Simulate months of traffic in virtual time: what is detected when, and how often for nothing. Writes docs/detection.md
    /// and its plots, unless `--quick` asks for the part that the tests replay.
    #[command(disable_help_flag = true)]
    Detection {
        /// Arguments of `driftline-detection`, such as `--quick` and `--help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Fire and silence every alert: faults under load on a real Envoy, seen by a real Prometheus, in an hour. Writes
    /// docs/alerts.md, or with `--only` the lines of these scenarios.
    #[command(disable_help_flag = true)]
    Alerts {
        /// Arguments of `driftline-rehearsal`, such as `--only` and `--help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Compare what the filter counts with what clients of real model servers sent and got: MLServer, KServe, MLflow, BentoML
    /// and Seldon, each with models of scikit-learn behind a real Envoy. Writes docs/servers.md.
    Servers {
        /// Servers, such as `kserve`, or cases, such as `kserve/classes/v2_json`, in place of all.
        names: Vec<String>,
    },
    /// Draw the pictures of docs/dashboards.md: every dashboard, asked of a real Prometheus over a real Envoy under load.
    Dashboards {
        /// How long the load lasts.
        #[arg(long, value_name = "NUMBER", default_value_t = 240)]
        seconds: u64,
    },
    /// Fuzz a reader; needs cargo-fuzz.
    Fuzz {
        /// A target of fuzz/Cargo.toml.
        target: String,
        /// The duration.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
    },
    /// Write the files that are generated from the core's tables.
    Codegen {
        /// Write nothing, and fail if a file is outdated.
        #[arg(long)]
        check: bool,
    },
    /// Package host-sim, and test a filter with it in a folder outside this workspace, as its README says.
    Outside,
    /// Check formatting, structure and lints, then run all tests, those outside this workspace among them.
    Ci,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Setup { wasm_std } => set_up(wasm_std),
        Task::Build { wasm_std } => build(wasm_std),
        Task::Oci { filter, output } => oci(filter, output),
        Task::Demo { arguments } => demo(arguments),
        Task::Test { .. } => test(&as_typed()),
        Task::Bench { .. } => bench(&as_typed()),
        Task::Detection { arguments } => detection(arguments),
        Task::Alerts { arguments } => alerts(arguments),
        Task::Servers { names } => real_servers(&names),
        Task::Dashboards { seconds } => dashboards(seconds),
        Task::Fuzz { target, seconds } => fuzz::fuzz(&target, seconds).map(|()| ExitCode::SUCCESS),
        Task::Codegen { check } => codegen::run(check).map(|()| ExitCode::SUCCESS),
        Task::Outside => outside::run().map(|()| ExitCode::SUCCESS),
        Task::Ci => ci(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("xtask: error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Downloads every piece, and lists all that are missing in the end.
fn set_up(choice: Choice) -> Result<ExitCode> {
    let mut problems = Vec::new();
    let mut report = |piece: &str, found: Result<String>| match found {
        Ok(found) => say(&format!("{piece}: {found}")),
        Err(error) => problems.push(format!("\n  - {piece}: {error:#}")),
    };
    let shown = |path: PathBuf| path.display().to_string();
    report(wasm_std::TARGET, wasm_std::set_up(choice).map(|found| found.to_string()));
    report("wasm-opt", wasm_opt::set_up().map(shown));
    report("Envoy", envoy::set_up().map(shown));
    report("Python clients", clients::set_up().map(shown));
    report("promtool", prometheus::set_up_promtool().map(shown));
    report("Prometheus", prometheus::set_up_prometheus().map(shown));
    report("skopeo", skopeo::set_up().map(shown));
    report("validators", node::set_up().map(shown));
    report("Grafana's schema", grafana_schema::set_up().map(shown));
    report("a real model server", servers::set_up(servers::TESTED).map(shown));
    if !problems.is_empty() {
        bail!("these cannot be set up:{}", problems.concat());
    }
    Ok(ExitCode::SUCCESS)
}

fn build(choice: Choice) -> Result<ExitCode> {
    filter::build(choice)?;
    filter::build_arithmetic(choice)?;
    Ok(ExitCode::SUCCESS)
}

fn oci(built: Option<PathBuf>, folder: Option<PathBuf>) -> Result<ExitCode> {
    let built = built.map_or_else(|| filter::build(Choice::Auto), Ok)?;
    let folder = folder.unwrap_or_else(paths::oci);
    let module = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    let digests = oci::write(&module, Created::find()?, &folder)?;
    say(&format!(
        "{} is an OCI image layout; the digests of its tags and of the filter:",
        folder.display()
    ));
    for (what, digest) in [
        (oci::COMPAT, digests.compat),
        (oci::ARTIFACT, digests.artifact),
        ("driftline.wasm", digests.module),
    ] {
        println!("{what:14} {digest}");
    }
    Ok(ExitCode::SUCCESS)
}

fn demo(mut arguments: Vec<OsString>) -> Result<ExitCode> {
    let filter = filter::build(Choice::Auto)?;
    if arguments.iter().any(|argument| argument == "--envoy") {
        arguments.extend(["--envoy-binary".into(), envoy::set_up()?.into()]);
    }
    if arguments.iter().any(|it| it.to_string_lossy().starts_with("--prometheus")) {
        arguments.extend(["--prometheus-binary".into(), prometheus::set_up_prometheus()?.into()]);
    }
    say("building the demo");
    // Not `--release`, so that the demo and the tests share what they compile. The filter itself is compiled to
    // optimised machine code at its start in either profile.
    compile(cargo().args(["build", "--package", "driftline-cli", "--bin", "driftline"]))?;
    say("starting the demo");
    let mut demo = Command::new(program("driftline")?);
    demo.current_dir(paths::root()).arg("demo").arg("--filter").arg(filter).args(arguments);
    // It replaces this process, so that after Ctrl-C the demo can still print its closing tables.
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

fn detection(arguments: Vec<OsString>) -> Result<ExitCode> {
    let mut command = cargo();
    command.args(["run", "--release", "--package", "driftline-detection", "--"]).args(&arguments);
    if !arguments.iter().any(|argument| argument == "--quick") {
        command.arg("--docs").arg(paths::root().join("docs"));
    }
    exit_code(command.status().context("cannot start cargo")?)
}

fn alerts(arguments: Vec<OsString>) -> Result<ExitCode> {
    let pieces = [
        ("DRIFTLINE_ENVOY", envoy::set_up()?),
        ("DRIFTLINE_PROMETHEUS", prometheus::set_up_prometheus()?),
        ("DRIFTLINE_WASM", filter::build(Choice::Auto)?),
    ];
    let mut command = cargo();
    command.envs(pieces).args(["run", "--package", "driftline-rehearsal", "--"]).args(&arguments);
    if !arguments.iter().any(|argument| argument == "--help") {
        command.arg("--docs").arg(paths::root().join("docs/alerts.md"));
    }
    exit_code(command.status().context("cannot start cargo")?)
}

fn real_servers(names: &[String]) -> Result<ExitCode> {
    let wanted: BTreeSet<String> = if names.is_empty() {
        servers::names()?.into_iter().collect()
    } else {
        names.iter().map(|name| name.split('/').next().unwrap_or_default().to_owned()).collect()
    };
    for name in &wanted {
        servers::set_up(name)?;
    }
    let pieces = [
        ("DRIFTLINE_ENVOY", envoy::set_up()?),
        ("DRIFTLINE_SERVERS", paths::servers()),
        ("DRIFTLINE_WASM", filter::build(Choice::Auto)?),
    ];
    let mut command = cargo();
    command.envs(pieces).args(["run", "--package", "driftline-servers", "--"]).args(names);
    command.arg("--docs").arg(paths::root().join("docs/servers.md"));
    exit_code(command.status().context("cannot start cargo")?)
}

fn dashboards(seconds: u64) -> Result<ExitCode> {
    say(&format!("playing the load for {seconds} s"));
    let mut command = cargo();
    command.envs(pieces()?);
    command.env("DRIFTLINE_DASHBOARDS_SECONDS", seconds.to_string());
    command.env("DRIFTLINE_PICTURES", paths::root().join("docs/dashboards"));
    command.args(["test", "--test", "stories", "--", "--exact", PICTURES]);
    exit_code(command.status().context("cannot start cargo")?)
}

/// The story that draws the dashboards.
const PICTURES: &str =
    "dashboards::every_panel_has_something_to_show_of_a_real_prometheus_over_a_real_envoy";

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
    clippy(&["--package", "driftline-detection", "--features", "claims", "--all-targets"])?;
    let mut filter_lints = vec!["--package", "driftline-plugin"];
    let wasm_target = paths::wasm_target().display().to_string();
    // Clippy cannot read the output of Debian's newer compiler. It then checks the filter as native code, which works
    // because nothing is linked.
    if wasm_std::set_up(Choice::Auto)? == WasmStd::Toolchain {
        filter_lints.extend(["--target", wasm_std::TARGET, "--target-dir", &wasm_target]);
    }
    clippy(&filter_lints)?;
    if_there("typos", &[])?;
    if_there("cargo-deny", &["check"])?;
    say("checking that host-sim can be used elsewhere");
    outside::run()?;
    test(&[])
}

/// Runs an optional checker, if it is installed.
fn if_there(program: &str, arguments: &[&str]) -> Result<()> {
    let Some(path) = find_program(program) else {
        say(&format!("{program} is not installed, so its checks are skipped"));
        return Ok(());
    };
    say(&format!("running {program}"));
    run(Command::new(path).args(arguments).current_dir(paths::root()))
}

/// Sets up every piece and builds the filter. The paths are absolute.
fn pieces() -> Result<Vec<Piece>> {
    let mut pieces = vec![
        ("DRIFTLINE_ENVOY", envoy::set_up()?),
        ("DRIFTLINE_PYTHON", clients::set_up()?),
        ("DRIFTLINE_PROMTOOL", prometheus::set_up_promtool()?),
        ("DRIFTLINE_PROMETHEUS", prometheus::set_up_prometheus()?),
        ("DRIFTLINE_WASM", filter::build(Choice::Auto)?),
        ("DRIFTLINE_ARITHMETIC", filter::build_arithmetic(Choice::Auto)?),
    ];
    // Few tests need these, and fail with the same advice. The others need not wait for them.
    for (name, variable, found) in [
        ("skopeo", "DRIFTLINE_SKOPEO", skopeo::set_up()),
        ("validators", "DRIFTLINE_VALIDATORS", node::set_up()),
        ("Grafana's schema", "DRIFTLINE_GRAFANA_SCHEMA", grafana_schema::set_up()),
        ("a real model server", "DRIFTLINE_SERVERS", servers::set_up(servers::TESTED)),
    ] {
        match found {
            Ok(found) => pieces.push((variable, found)),
            Err(error) => say(&format!("{name}: {error:#}")),
        }
    }
    Ok(pieces)
}

/// The arguments after the name of the task, as typed. The parser drops a leading `--`, which separates the arguments of
/// cargo from those of the tests.
fn as_typed() -> Vec<OsString> {
    env::args_os().skip(2).collect()
}

fn exit_code(status: ExitStatus) -> Result<ExitCode> {
    let Some(code) = status.code() else {
        bail!("ended by a signal ({status})");
    };
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
