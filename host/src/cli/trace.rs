//! `trine trace`.

use std::fs;
use std::io::stdout;
use std::path::PathBuf;
use std::process::ExitCode;

use trine::{Error, Result};
use trine_gateway::middleware;

const AFTER_HELP: &str = "\
A line is the time in seconds, > to the device or < from it, and what the message says. Tools have
their names once their list has gone by. To see a live link, give any command --trace FILE, or
--trace - for standard error.

Example: trine trace greenhouse.capture";

/// Arguments of `trine trace`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Trace {
    /// The capture.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Trace {
    pub(super) fn run(self) -> Result<ExitCode> {
        middleware::trace(&read(&self.file)?, stdout().lock())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The text of a capture.
pub(super) fn read(file: &PathBuf) -> Result<String> {
    fs::read_to_string(file).map_err(|error| Error::new(format!("{}: {error}", file.display())))
}
