//! `trine trace`.

use std::fs;
use std::io::stdout;
use std::path::PathBuf;
use std::process::ExitCode;

use trine::{Error, Result};
use trine_gateway::middleware;

const AFTER_HELP: &str = "\
A line has the time in seconds, > to the device or < from it, and the message. Tools have names
after the message that lists them. To trace a live link, give any command --trace FILE, or --trace -
for standard error.

Example: trine trace greenhouse.capture";

/// Arguments of `trine trace`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Trace {
    /// File of the capture.
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
    fs::read_to_string(file).map_err(|error| Error::read(file, error))
}
