//! `trine call`.

use std::process::ExitCode;
use std::time::Duration;

use trine::{DeviceArgs, Hub, Prefix, Result};

/// Arguments of `trine call`.
#[derive(Debug, clap::Args)]
pub(super) struct Call {
    #[command(flatten)]
    devices: DeviceArgs,
    /// Name of the device, as `trine devices` prints it.
    #[arg(value_name = "DEV")]
    device: String,
    /// Name of the tool, as `trine tools` prints it.
    #[arg(value_name = "TOOL")]
    tool: String,
    /// Arguments of the tool as a JSON object.
    #[arg(value_name = "JSON", default_value = "{}")]
    arguments: String,
    /// Longest to wait for the device and then for its answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    patience: u64,
}

impl Call {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let patience = Duration::from_secs(self.patience);
        let hub = Hub::open(&self.devices, Prefix::None)?;
        hub.wait_ready(patience);
        let report = hub.find(&self.device)?.call_json(&self.tool, &self.arguments, patience);
        println!("{}", report.text);
        Ok(if report.is_error { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
