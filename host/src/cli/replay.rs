//! `trine replay`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use trine::Result;
use trine_gateway::{DeviceArgs, Hub};

use super::open::usage;
use super::paint::say;
use super::trace::read;

const AFTER_HELP: &str = "\
Sends each message of the host to the device and compares the answers with the recorded ones, except
for epoch, challenge and counters. Exit code: 1 when an answer differs, 2 when no device is named.

Tagged messages cannot be replayed. To play the device instead, give any command --played FILE.

Example: trine replay greenhouse.capture --simulate";

/// Arguments of `trine replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Replay {
    /// File of the capture.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Timeout for the answers to a message.
    #[arg(long, value_name = "TIME", default_value = "2s",
          value_parser = humantime::parse_duration)]
    patience: Duration,
    #[command(flatten)]
    devices: DeviceArgs,
}

impl Replay {
    pub(super) fn run(self) -> Result<ExitCode> {
        if self.devices.is_empty() {
            return Ok(usage(&trine_gateway::Error::NoDevice.into()));
        }
        let replayed = Hub::replay(&read(&self.file)?, &self.devices, self.patience)?;
        for (was, is) in &replayed.different {
            say!("recorded: {was}\n     now: {is}");
        }
        let different = replayed.different.len();
        say!("{} answers are as they were recorded, {different} are not", replayed.same);
        Ok(ExitCode::from(u8::from(different > 0)))
    }
}
