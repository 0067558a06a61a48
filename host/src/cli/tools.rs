//! `trine tools`.

use std::process::ExitCode;
use std::time::Duration;

use trine::{DeviceArgs, Hub, Prefix, Result};

/// Arguments of `trine tools`.
#[derive(Debug, clap::Args)]
pub(super) struct Tools {
    #[command(flatten)]
    devices: DeviceArgs,
    /// Longest to wait for the devices.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    patience: u64,
}

impl Tools {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let hub = Hub::open(&self.devices, Prefix::None)?;
        hub.wait_ready(Duration::from_secs(self.patience));
        for device in hub.devices() {
            let Some(table) = device.table() else { continue };
            for info in (0..table.count()).filter_map(|tool| table.info(tool)) {
                println!("{} {}: {}", device.name(), info.name, info.description);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
