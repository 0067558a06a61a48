//! `trine gateway`.

use std::process::ExitCode;

use trine::{DeviceArgs, Hub, Prefix, Result};

/// Arguments of `trine gateway`.
#[derive(Debug, clap::Args)]
pub(super) struct Gateway {
    /// Whether tools carry the name of their device.
    #[arg(long, value_enum, default_value_t)]
    prefix: Prefix,
    /// Most calls under way at a time; with more, no further input is read.
    #[arg(long, value_name = "COUNT", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: u16,
    #[command(flatten)]
    devices: DeviceArgs,
}

impl Gateway {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let hub = Hub::open(&self.devices, self.prefix)?;
        trine::gateway::serve(&hub, usize::from(self.in_flight))?;
        Ok(ExitCode::SUCCESS)
    }
}
