//! `trine devices`.

use std::process::ExitCode;
use std::time::Duration;

use trine::{DeviceArgs, Hub, Prefix, Result};

/// Arguments of `trine devices`.
#[derive(Debug, clap::Args)]
pub(super) struct Devices {
    #[command(flatten)]
    devices: DeviceArgs,
    /// Longest to wait for the devices.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    patience: u64,
}

impl Devices {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let hub = Hub::open(&self.devices, Prefix::None)?;
        hub.wait_ready(Duration::from_secs(self.patience));
        for device in hub.devices() {
            println!("{} ({}): {:?}", device.name(), device.source(), device.state());
        }
        Ok(ExitCode::SUCCESS)
    }
}
