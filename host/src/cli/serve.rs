//! `trine serve`.

use std::io::{self, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use trine::{Error, Result};
use trine_models::inference::{Limits, Place, serve_until_signal};

use super::offload::{Backend, BackendChoice, choose, failed};

const AFTER_HELP: &str = "\
The tools are bitnet-inference, which generates text, and bitnet-health. A model is loaded at first
use; when memory is short, the least recently used one is unloaded. A client that gives a progress
token gets the text in progress messages while it is generated.

Example: trine serve --models ~/models";

/// Arguments of `trine serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Serve {
    /// Folder of GGUF files and images; clients reach nothing outside.
    #[arg(long, value_name = "FOLDER")]
    models: PathBuf,
    /// Memory for all loaded models, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    memory: usize,
    /// Backend that computes; NAME,cpu falls back to the CPU.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "auto")]
    backend: Vec<Backend>,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode> {
        if !self.models.is_dir() {
            return Err(Error::NoFolder { path: self.models });
        }
        let bytes = self.memory.saturating_mul(1 << 20);
        let place = place(BackendChoice::new(&self.backend)?)?;
        let limits = Limits { folder: self.models, bytes, place };
        serve_until_signal(limits, BufReader::new(io::stdin()), &mut io::stdout().lock())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Where models are computed; it is said aloud where that is the processor in place of a device.
#[cfg(feature = "gpu")]
fn place(wish: BackendChoice) -> Result<Place> {
    let found = choose(wish.backend).or_else(|error| failed(wish, error).map(|()| None))?;
    let BackendChoice { backend, falls_back } = wish;
    Ok(if found.is_some() { Place::Device { backend, falls_back } } else { Place::Processor })
}

#[cfg(not(feature = "gpu"))]
fn place(wish: BackendChoice) -> Result<Place> {
    choose(wish.backend).or_else(|error| failed(wish, error))?;
    Ok(Place::Processor)
}
