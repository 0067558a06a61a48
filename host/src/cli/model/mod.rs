//! `trine model`: files of language models.

mod any_tools;
mod info;
mod make;
mod pack;

use std::process::ExitCode;

use clap::Subcommand;
use trine::Result;

/// Arguments of `trine model`.
#[derive(Debug, clap::Args)]
pub(super) struct Model {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the contents of a model file, and its faults.
    Info(info::Info),
    /// Write a random model, for tests and measurements.
    Make(make::Make),
    /// Write a model as an image for firmware.
    Pack(pack::Pack),
}

impl Model {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Info(command) => command.run(),
            Command::Make(command) => command.run(),
            Command::Pack(command) => command.run(),
        }
    }
}
