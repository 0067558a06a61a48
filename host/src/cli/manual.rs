//! `trine man`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory as _;
use trine::{Error, Result};

const AFTER_HELP: &str = "\
Example: trine man ~/.local/share/man/man1 && man trine-gateway";

/// Arguments of `trine man`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Manual {
    /// Folder to write one page of each command to; it is made.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Manual {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let made = std::fs::create_dir_all(&self.folder)
            .and_then(|()| clap_mangen::generate_to(super::Cli::command(), &self.folder));
        made.map_err(|error| Error::write(&self.folder, error))?;
        Ok(ExitCode::SUCCESS)
    }
}
