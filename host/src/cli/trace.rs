//! `trine trace`.

use std::fs;
use std::io::stdout;
use std::path::PathBuf;
use std::process::ExitCode;

use trine::{Error, Result};
use trine_gateway::{DeviceArgs, middleware};

use super::call::Call;

const AFTER_HELP: &str = "\
Of a call, each stage is printed with its time on standard error, as `trine call --stages` does, and
the result on standard output.

Of a capture, a line has the time in seconds, > to the device or < from it, and the message. Tools
have names after the message that lists them. To trace a live link, give any command --trace FILE,
or --trace - for standard error.

Examples:
  trine trace greenhouse fan_set '{\"percent\": 40}' --simulate
  trine trace greenhouse.capture";

/// Arguments of `trine trace`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Trace {
    /// File of a capture, or name of the device that is called.
    #[arg(value_name = "FILE|DEV")]
    what: PathBuf,
    /// Name of the tool to call.
    #[arg(value_name = "TOOL")]
    tool: Option<String>,
    /// Arguments of the tool as a JSON object.
    #[arg(value_name = "JSON", default_value = "{}")]
    arguments: String,
    #[command(flatten)]
    devices: DeviceArgs,
}

impl Trace {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Self { what, tool, arguments, devices } = self;
        if let Some(tool) = tool {
            return Call::staged(what.to_string_lossy().into(), tool, arguments, devices).run();
        }
        middleware::trace(&read(&what)?, stdout().lock())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The text of a capture.
pub(super) fn read(file: &PathBuf) -> Result<String> {
    fs::read_to_string(file).map_err(|error| Error::read(file, error))
}
