//! `trine doctor`.

use std::process::ExitCode;

use trine::Result;

/// Arguments of `trine doctor`.
#[derive(Debug, clap::Args)]
pub(super) struct Doctor {}

impl Doctor {
    pub(super) fn run(&self) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }
}
