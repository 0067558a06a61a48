//! `trine bench`.

mod beside;
#[cfg(feature = "gpu")]
mod devices;
mod side;
mod table;

pub(super) use side::BenchSide;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum;
use serde_json::json;
use trine::{Error, Result};
use trine_models::model::threads;
use trine_models::model::{Buffers, Figures, Loaded, Mapped, Plan, Pool, Stretch, bench};
use trine_ternary::Packing;

use crate::cli::offload::Backend;
#[cfg(not(feature = "gpu"))]
use crate::cli::offload::choose;
use crate::cli::paint::{STRONG, count, say};
use crate::cli::tools::pretty;

const AFTER_HELP: &str = "\
With --peer, llama.cpp computes the same model in TQ2_0, in a process of its own, in turns with
ours; on a device of --backend that does not multiply that, in Q2_0. There --activations floats is
measured too, since llama.cpp takes numbers as the device does. On the processor --rounds is then
10 at least where two threads share the memory, and both are measured from mapped files and from
huge pages. llama.cpp is in the program when it was built so:
  export CFLAGS='-O3 -march=native' CXXFLAGS='-O3 -march=native' LLAMA_LIB_PROFILE=Release
  cargo build --release --features peer
which needs cmake, a C++ compiler and libclang.";

/// Arguments of `trine bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Bench {
    /// The model: a GGUF file, or an image of `trine model pack`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Tokens that are read at once.
    #[arg(long, value_name = "COUNT", default_value_t = 128,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    prompt: usize,
    /// Tokens that are read one at a time after them.
    #[arg(long, value_name = "COUNT", default_value_t = 32,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    tokens: usize,
    /// How often each is measured; the median counts.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    rounds: usize,
    /// Threads [default: as many as the machine has]
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// How the weights are packed before.
    #[arg(long, value_enum, default_value_t = Packed::Line16)]
    packing: Packed,
    /// Measure llama.cpp on the same model too, in turns.
    #[arg(long)]
    peer: bool,
    /// Where the model lies meanwhile as each of both takes it; the size of the file, twice
    /// [default: the system's folder for temporary files]
    #[arg(long, value_name = "FOLDER", requires = "peer")]
    scratch: Option<PathBuf>,
    /// Measure on these, and compare logits and tokens with the processor's: cpu, vulkan, cuda,
    /// metal or auto, with commas between; with --peer llama.cpp computes on the same devices.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAMES")]
    backend: Vec<Backend>,
    /// Tokens after the prompt that are compared so.
    #[arg(long, value_name = "COUNT", default_value_t = 256, requires = "backend")]
    greedy: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Packings by the names of the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Packed {
    /// As in the file.
    Keep,
    /// 2 bits a weight.
    Line2,
    /// 1.6 bits a weight.
    Line16,
}

impl Packed {
    fn packing(self) -> Option<Packing> {
        match self {
            Self::Keep => None,
            Self::Line2 => Some(Packing::Line2),
            Self::Line16 => Some(Packing::Line16),
        }
    }
}

impl Bench {
    pub(super) fn run(&self) -> Result<ExitCode> {
        if !self.backend.is_empty() {
            return self.on_backends(&self.backend);
        }
        if self.peer {
            return self.beside();
        }
        let path = self.file.display();
        let fail = |error: &dyn std::fmt::Display| Error::new(format!("{path}: {error}"));
        let begun = Instant::now();
        let bytes = Mapped::open(&self.file).map_err(|error| fail(&error))?;
        let pool = Pool::new(threads(self.threads)).map_err(|error| fail(&error))?;
        let mut buffers = Buffers::default();
        let loaded = Loaded::open(&bytes, &mut buffers, self.packing.packing(), &pool)?;
        let load = begun.elapsed().as_secs_f64();
        let plan = self.plan();
        let figures = bench(&loaded, &plan, &pool, |round| {
            eprintln!("round {} of {}", round + 1, self.rounds.max(1));
        });
        let figures = figures.map_err(|error| fail(&error))?;
        self.show(&figures, load, loaded.model.kernels().isa().name());
        Ok(ExitCode::SUCCESS)
    }

    /// Without devices there is nothing to compare.
    #[cfg(not(feature = "gpu"))]
    #[expect(clippy::unused_self, reason = "a build with devices measures")]
    fn on_backends(&self, wanted: &[Backend]) -> Result<ExitCode> {
        wanted.iter().try_for_each(|backend| choose(*backend))?;
        Err(Error::new(
            "this program was built without graphics processors: without --backend it measures the \
             processor",
        ))
    }

    fn plan(&self) -> Plan {
        Plan { prompt: self.prompt, tokens: self.tokens, rounds: self.rounds }
    }

    fn show(&self, figures: &Figures, load: f64, isa: &str) {
        let Figures { prefill, decode, token_bytes, memory_peak, bandwidth } = *figures;
        let first = load + prefill.wall.as_secs_f64();
        let share = figures.bandwidth_share();
        let threads = threads(self.threads);
        if self.json {
            let stretch = |of: Stretch| {
                json!({ "tokens": of.tokens, "wall_s": of.wall.as_secs_f64(),
                        "processor_s": of.processor.as_secs_f64(), "tokens_per_s": of.rate(),
                        "tokens_per_processor_s": of.processor_rate() })
            };
            let object = json!({
                "isa": isa, "threads": threads, "load_s": load, "first_token_s": first,
                "prefill": stretch(prefill), "decode": stretch(decode),
                "bytes_per_token": token_bytes, "read_bytes_per_s": bandwidth,
                "bandwidth_share": share, "memory_peak_bytes": memory_peak,
            });
            return say!("{}", pretty(&object));
        }
        say!("{STRONG}{}{STRONG:#}, {isa}, {threads} threads", self.file.display());
        let line = |name: &str, of: Stretch| {
            say!(
                "{name:<12} {:>8.1} tokens/s, {:.1} a second of processor time ({} tokens)",
                of.rate(),
                of.processor_rate(),
                of.tokens
            );
        };
        line("prefill", prefill);
        line("decode", decode);
        say!("load         {load:>8.2} s, first token after {first:.2} s");
        say!(
            "memory       {:>8.1} GB/s read at best; decoding uses {:.0} % of it, {} bytes a token",
            bandwidth / 1e9,
            share * 100.0,
            count(token_bytes)
        );
        if let Some(peak) = memory_peak {
            say!("peak         {:>8} bytes", count(peak));
        }
    }
}
