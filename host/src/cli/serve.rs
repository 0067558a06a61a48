//! `trine serve`.

use std::io::{self, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use trine::{Error, Result};
use trine_models::inference::{Limits, Place, serve_until_signal};

use super::offload::{Backend, Wish, choose, failed};

const AFTER_HELP: &str = "\
The tools are bitnet-inference, which goes on with a text, and bitnet-health. A model is loaded when
it is first used, and the one that was not used for the longest time goes when memory is short. A
client that gives a progress token sees the text as it is written, in the messages of progress.

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
    /// Where models are computed: the first graphics processor, or the processor, by itself; or the
    /// first device of that name. What goes wrong there is an answer to the call, and with `cpu`
    /// behind the name a warning: vulkan,cpu.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "auto")]
    backend: Vec<Backend>,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode> {
        if !self.models.is_dir() {
            return Err(Error::new(format!("--models {}: no such folder", self.models.display())));
        }
        let bytes = self.memory.saturating_mul(1 << 20);
        let place = place(Wish::new(&self.backend)?)?;
        let limits = Limits { folder: self.models, bytes, place };
        serve_until_signal(limits, BufReader::new(io::stdin()), &mut io::stdout().lock())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Where models are computed; it is said aloud where that is the processor in place of a device.
#[cfg(feature = "gpu")]
fn place(wish: Wish) -> Result<Place> {
    let found = choose(wish.backend).or_else(|error| failed(wish, &error).map(|()| None))?;
    let Wish { backend, falls_back } = wish;
    Ok(if found.is_some() { Place::Device { backend, falls_back } } else { Place::Processor })
}

#[cfg(not(feature = "gpu"))]
fn place(wish: Wish) -> Result<Place> {
    choose(wish.backend).or_else(|error| failed(wish, &error))?;
    Ok(Place::Processor)
}
