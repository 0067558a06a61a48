//! `trine demo`.

use std::process::ExitCode;

use trine::{DeviceArgs, Hub, Prefix, Result};

/// Arguments of `trine demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {}

impl Demo {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let devices = DeviceArgs { simulate: vec![String::new()], ..DeviceArgs::default() };
        Hub::open(&devices, Prefix::None)?;
        Ok(ExitCode::SUCCESS)
    }
}
