//! `trine record`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use trine::{Error, Result};
use trine_gateway::DeviceArgs;

use super::open::{find, open, usage};
use super::paint::say;

const AFTER_HELP: &str = "\
Connects to the device, lists its tools, makes the calls, and records every byte. A line of the file
is TIME_MS > HEX to the device, or TIME_MS < HEX from it. To record another command, give that
command --record FILE.
Exit code: 2 when no device is named, 3 when it does not answer.

Example: trine record greenhouse.capture --call 'fan_set {\"percent\": 40}' --simulate";

/// Arguments of `trine record`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Record {
    /// File for the capture.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Call to make: tool name and JSON arguments; may be repeated.
    #[arg(long, value_name = "TOOL [JSON]")]
    call: Vec<String>,
    /// Time to record after the calls.
    #[arg(long = "for", value_name = "TIME", default_value = "0s",
          value_parser = humantime::parse_duration)]
    duration: Duration,
    #[command(flatten)]
    devices: DeviceArgs,
}

/// How long the device may take to come up, and each call to be answered.
const PATIENCE: Duration = Duration::from_secs(10);

impl Record {
    pub(super) fn run(mut self) -> Result<ExitCode> {
        if self.devices.links.record.is_some() {
            return Ok(usage(&Error::RecordTwice));
        }
        self.devices.links.record = Some(self.file.clone());
        let hub = match open(&self.devices, PATIENCE) {
            Ok(hub) => hub,
            Err(code) => return Ok(code),
        };
        let name = hub.devices().first().map(|device| device.name());
        let device = match find(&hub, name.as_deref().unwrap_or_default()) {
            Ok(device) => device,
            Err(code) => return Ok(code),
        };
        for call in &self.call {
            let (tool, arguments) = call.split_once(char::is_whitespace).unwrap_or((call, "{}"));
            let report = device.call_json(tool, arguments, PATIENCE);
            say!("{tool}: {}", report.text);
        }
        std::thread::sleep(self.duration);
        Ok(ExitCode::SUCCESS)
    }
}
