//! The command line: one file for each command.

mod ask;
mod bench;
mod call;
mod compile_tools;
mod completions;
mod config;
mod connect;
mod demo;
mod devices;
mod doctor;
mod eval;
mod gateway;
mod generate;
mod health;
#[cfg(all(test, not(feature = "modules")))]
mod help;
mod journal;
mod kv;
mod log;
mod manual;
mod model;
mod new;
mod offload;
mod open;
mod paint;
mod plugin;
mod prompt;
mod provision;
mod record;
mod replay;
mod report;
mod selftest;
mod serve;
mod served_models;
mod signature;
mod size;
mod terminal;
mod tools;
mod trace;
mod train;
mod trust;
mod tune;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use tracing::level_filters::LevelFilter;

const AFTER_HELP: &str = "\
Exit code: 0 success, 1 failure, 2 an invalid command line or an unknown device, tool or model, 3 a
device that does not answer.";

/// Put the functions of your devices into any MCP client.
#[derive(Debug, Parser)]
#[command(name = "trine", version, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Cli {
    /// Log level: off, error, warn, info, debug or trace [default: info for the gateway, else
    /// warn]
    #[arg(long, global = true, value_name = "LEVEL", env = "TRINE_LOG")]
    log: Option<LevelFilter>,
    /// Folder of ggml's modules for GPUs [default: that of this program]
    #[cfg(feature = "modules")]
    #[arg(long, global = true, value_name = "FOLDER", env = trine_ggml::VARIABLE)]
    modules: Option<std::path::PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve devices and models to MCP clients, on stdio or HTTP.
    Gateway(gateway::Gateway),
    /// Call one tool of a device and print the result.
    Call(call::Call),
    /// Print the tools of the devices.
    Tools(tools::Tools),
    /// Print the devices and their counters.
    Devices(devices::Devices),
    /// Ask a gateway over HTTP whether it is well.
    Health(health::Health),
    /// Store a key on a device, or erase it.
    Provision(provision::Provision),
    /// Trust the tools of a device as they are now.
    Trust(trust::Trust),
    /// Test a device as a factory does, without changing it.
    Selftest(selftest::Selftest),
    /// Record the link of a device in a file.
    Record(record::Record),
    /// Send a recorded session to a device and compare its answers.
    Replay(replay::Replay),
    /// Print the messages of a recorded session.
    Trace(trace::Trace),
    /// Generate a C header from a list of tools.
    Gen(generate::Gen),
    /// Demonstrate the simulated board, with the cost of each call.
    Demo(demo::Demo),
    /// Turn a sentence into the call of a tool.
    Ask(ask::Ask),
    /// Score a model that turns sentences into calls.
    Eval(eval::Eval),
    /// Train a model that turns sentences into calls of your tools.
    Train(train::Train),
    /// Generate text with a language model.
    Generate(prompt::Generate),
    /// Serve language models and devices, as `gateway` does.
    Serve(serve::Serve),
    /// Make a project to start from.
    New(new::New),
    /// Check, call and watch plug-ins: libraries of tools.
    Plugin(plugin::Plugin),
    /// Print what a server and its plug-ins have used.
    Report(report::ReportCommand),
    /// Create, pack and inspect model files.
    Model(model::Model),
    /// Measure the speed of a language model or MCP server.
    Bench(bench::BenchCommand),
    #[command(hide = true)]
    BenchSide(bench::BenchSide),
    /// Print the memory that a language model needs.
    Size(size::Size),
    /// Print or write the gateway's entry for an MCP client.
    Connect(connect::Connect),
    /// Check this machine and print what to change.
    Doctor(doctor::Doctor),
    /// Print the completions of a shell.
    Completions(completions::Completions),
    /// Write manual pages to a folder.
    Man(manual::Manual),
}

/// Runs the program; the exit code is 0 when the command did what was asked.
pub(crate) fn main() -> ExitCode {
    let line = match config::expanded(&Cli::command(), std::env::args_os().collect()) {
        Ok(line) => line,
        Err(error) => return open::usage(&error),
    };
    let cli = Cli::parse_from(line);
    let level = match cli.command {
        Command::Gateway(_) | Command::Serve(_) => LevelFilter::INFO,
        Command::Plugin(ref command) if command.serves() => LevelFilter::INFO,
        _ => LevelFilter::WARN,
    };
    log::start(cli.log.unwrap_or(level));
    if let Some(folder) = trine_gateway::Settings::of_user().folder() {
        trine_models::model::keep_ahead_in(folder.to_owned());
    }
    #[cfg(feature = "modules")]
    if let Some(folder) = &cli.modules
        && let Err(error) = trine_ggml::Modules::look_in(folder)
    {
        eprintln!("trine: {error}");
        return ExitCode::FAILURE;
    }
    let done = match cli.command {
        Command::Gateway(command) => command.run(),
        Command::Call(command) => command.run(),
        Command::Tools(command) => command.run(),
        Command::Devices(command) => command.run(),
        Command::Health(command) => command.run(),
        Command::Provision(command) => command.run(),
        Command::Trust(command) => command.run(),
        Command::Selftest(command) => command.run(),
        Command::Record(command) => command.run(),
        Command::Replay(command) => command.run(),
        Command::Trace(command) => command.run(),
        Command::Gen(command) => command.run(),
        Command::Demo(command) => command.run(),
        Command::Ask(command) => command.run(),
        Command::Eval(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::Generate(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::New(command) => Ok(command.run()),
        Command::Plugin(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Model(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::BenchSide(command) => command.run(),
        Command::Size(command) => command.run(),
        Command::Connect(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Completions(command) => Ok(command.run()),
        Command::Man(command) => command.run(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("trine: {}", error.chain());
        ExitCode::FAILURE
    })
}
