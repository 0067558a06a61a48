//! The command line: one file for each command.

mod ask;
mod bench;
mod call;
mod connect;
mod demo;
mod devices;
mod doctor;
mod eval;
mod gateway;
mod generate;
mod log;
mod model;
mod offload;
mod open;
mod paint;
mod prompt;
mod provision;
mod record;
mod replay;
mod selftest;
mod serve;
mod signature;
mod size;
mod tools;
mod trace;
mod train;
mod trust;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing::level_filters::LevelFilter;

const AFTER_HELP: &str = "\
Exit code: 0 when the command did what was asked, 1 when that failed, 2 when the command line is not
right or names a device, a tool or a model that is not there, 3 when a device does not answer.";

/// Puts the functions of your devices into any MCP client.
#[derive(Debug, Parser)]
#[command(name = "trine", version, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Cli {
    /// What to write to standard error: off, error, warn, info, debug or trace [default: info for
    /// the gateway, else warn]
    #[arg(long, global = true, value_name = "LEVEL", env = "TRINE_LOG")]
    log: Option<LevelFilter>,
    /// Folder of ggml's modules, which compute models on graphics processors [default: that of this
    /// program]
    #[cfg(feature = "modules")]
    #[arg(long, global = true, value_name = "FOLDER", env = trine_ggml::VARIABLE)]
    modules: Option<std::path::PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve devices to an MCP client on standard input and output.
    Gateway(gateway::Gateway),
    /// Call one tool of a device and print the result.
    Call(call::Call),
    /// Print the tools of the devices.
    Tools(tools::Tools),
    /// Print the devices and their counters.
    Devices(devices::Devices),
    /// Give a device a key, so that it obeys nobody else.
    Provision(provision::Provision),
    /// Trust the tools of a device as they are now.
    Trust(trust::Trust),
    /// Test a device as a factory does, and change nothing.
    Selftest(selftest::Selftest),
    /// Keep what goes over the link of a device in a file.
    Record(record::Record),
    /// Say a recorded conversation to a device again and compare its answers.
    Replay(replay::Replay),
    /// Print what a recorded conversation says.
    Trace(trace::Trace),
    /// Write a C header with typed arguments and results from a list of tools.
    Gen(generate::Gen),
    /// Show everything on the simulated board, and what it costs.
    Demo(demo::Demo),
    /// Turn a sentence into the call of a tool.
    Ask(ask::Ask),
    /// Score a model that turns sentences into calls.
    Eval(eval::Eval),
    /// Train a model that turns sentences into calls of your tools.
    Train(train::Train),
    /// Let a language model go on with a text.
    Generate(prompt::Generate),
    /// Serve language models to an MCP client on standard input and output.
    Serve(serve::Serve),
    /// Make language models, and print what their files hold.
    Model(model::Model),
    /// Measure how fast a language model is on this machine.
    Bench(bench::Bench),
    #[command(hide = true)]
    BenchSide(bench::BenchSide),
    /// Print the memory that a language model takes.
    Size(size::Size),
    /// Print how to add the gateway to an MCP client, or write it there.
    Connect(connect::Connect),
    /// Check this machine and say what to change.
    Doctor(doctor::Doctor),
}

/// Runs the program; the exit code is 0 when the command did what was asked.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let level = match cli.command {
        Command::Gateway(_) => LevelFilter::INFO,
        _ => LevelFilter::WARN,
    };
    log::start(cli.log.unwrap_or(level));
    #[cfg(feature = "modules")]
    if let Some(folder) = &cli.modules
        && let Err(error) = trine_ggml::Modules::look_in(folder)
    {
        eprintln!("trine: {error}");
        return ExitCode::FAILURE;
    }
    let done: Result<ExitCode, Box<dyn Error>> = match cli.command {
        Command::Gateway(command) => command.run().map_err(Into::into),
        Command::Call(command) => command.run().map_err(Into::into),
        Command::Tools(command) => command.run().map_err(Into::into),
        Command::Devices(command) => command.run().map_err(Into::into),
        Command::Provision(command) => command.run().map_err(Into::into),
        Command::Trust(command) => command.run().map_err(Into::into),
        Command::Selftest(command) => command.run().map_err(Into::into),
        Command::Record(command) => command.run().map_err(Into::into),
        Command::Replay(command) => command.run().map_err(Into::into),
        Command::Trace(command) => command.run().map_err(Into::into),
        Command::Gen(command) => command.run().map_err(Into::into),
        Command::Demo(command) => command.run().map_err(Into::into),
        Command::Ask(command) => command.run().map_err(Into::into),
        Command::Eval(command) => command.run().map_err(Into::into),
        Command::Train(command) => command.run().map_err(Into::into),
        Command::Generate(command) => command.run().map_err(Into::into),
        Command::Serve(command) => command.run().map_err(Into::into),
        Command::Model(command) => command.run().map_err(Into::into),
        Command::Bench(command) => command.run().map_err(Into::into),
        Command::BenchSide(command) => command.run().map_err(Into::into),
        Command::Size(command) => command.run().map_err(Into::into),
        Command::Connect(command) => command.run().map_err(Into::into),
        Command::Doctor(command) => command.run().map_err(Into::into),
    };
    done.unwrap_or_else(|error| {
        eprintln!("trine: {error}");
        ExitCode::FAILURE
    })
}
