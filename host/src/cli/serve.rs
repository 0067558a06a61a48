//! `trine serve`.

use std::io::{self, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use trine::inference::{Limits, serve};
use trine::{Error, Result};

const AFTER_HELP: &str = "\
The tools are bitnet-inference, which goes on with a text, and bitnet-health. A model is loaded when
it is first used, and the one that was not used for the longest time goes when memory is short.

Example: trine serve --models ~/models";

/// Arguments of `trine serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Serve {
    /// The folder of the models: GGUF files, and images of `trine model pack`. Clients name them by
    /// their paths in it, and reach nothing else.
    #[arg(long, value_name = "FOLDER")]
    models: PathBuf,
    /// MiB that loaded models may take, their files included.
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    memory: usize,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode> {
        if !self.models.is_dir() {
            return Err(Error::new(format!("--models {}: no such folder", self.models.display())));
        }
        let bytes = self.memory.saturating_mul(1 << 20);
        let limits = Limits { folder: self.models, bytes };
        serve(limits, BufReader::new(io::stdin()), &mut io::stdout().lock())?;
        Ok(ExitCode::SUCCESS)
    }
}
