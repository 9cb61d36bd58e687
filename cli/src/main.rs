//! The `driftline` command: it reads arguments and hands over to one module per subcommand; it decides nothing else.

#![deny(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "they panic when nobody can hear: see `said`"
)]

mod check;
mod demo;
mod feedback;
mod inputs;
mod profile;
mod progress;
mod prometheus;
mod render;
mod replay;
mod said;
mod serve;
mod table;

use std::{io, process::ExitCode};

use clap::{Parser, Subcommand};

/// Observes model servers through a proxy-wasm filter, without Envoy.
#[derive(Parser)]
#[command(name = "driftline", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the filter in a reverse proxy in front of a model server.
    Serve(serve::Args),
    Profile(Box<profile::Args>),
    Check(check::Args),
    Render(Box<render::Args>),
    Feedback(Box<feedback::Args>),
    Demo(demo::Args),
    Replay(replay::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Profile(args) => profile::run(*args),
        Command::Check(args) => check::run(args),
        Command::Render(args) => render::run(*args),
        Command::Feedback(args) => feedback::run(*args),
        Command::Demo(args) => demo::run(args),
        Command::Replay(args) => replay::run(args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // A reader such as `head` has seen what it wanted.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            said::say(format_args!("driftline: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut errors = error.chain().filter_map(|error| error.downcast_ref::<io::Error>());
    errors.any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
