//! `trine plugin`: libraries of tools that a running program loads.

mod args;
mod call;
mod check;
#[cfg(unix)]
mod control;
mod defined;
mod used;

use std::path::PathBuf;
use std::process::ExitCode;

use trine::Result;

use args::PolicyArgs;
pub(super) use args::{PluginArgs, Serving};
pub(super) use used::Reporting;

use super::gateway::ServerArgs;

const AFTER_HELP: &str = "\
A plug-in is a shared library of tools, or a WebAssembly module. trine_plugin.h is its interface,
and `trine new tool` makes a project that builds one. A tool may also be defined by JSON, with a
JSON Schema, and done by a program. `trine gateway --plugin FILE` serves them to MCP clients.";

/// Arguments of `trine plugin`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Plugin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check a plug-in, start it and print what it is.
    Check(check::Check),
    /// Call one tool of a plug-in and print the result.
    Call(call::Call),
    /// Serve plug-ins, and replace each as soon as its file changes.
    Watch(Box<Watch>),
    #[cfg(unix)]
    #[command(flatten)]
    Orders(control::Orders),
    /// Run one plug-in for the program that starts this one.
    #[command(hide = true)]
    Host,
}

impl Plugin {
    /// Whether it is a server, whose log is of some interest.
    pub(super) const fn serves(&self) -> bool {
        matches!(self.command, Command::Watch(_))
    }

    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Check(command) => command.run(),
            Command::Call(command) => Ok(command.run()),
            Command::Watch(command) => command.run(),
            #[cfg(unix)]
            Command::Orders(orders) => orders.run(),
            Command::Host => Ok(trine_plugins::plugin_host()),
        }
    }
}

/// Arguments of `trine plugin watch`.
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
struct Watch {
    /// Plug-ins: libraries, modules, or manifests.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    server: ServerArgs,
}

impl Watch {
    fn run(self) -> Result<ExitCode> {
        let Self { files, policy, server } = self;
        server.run(None, &PluginArgs::watched(files, policy))
    }
}
