//! `trine bench`.

#[cfg(feature = "gpu")]
mod devices;
mod isa;
mod llama;
mod load;
mod peer;
mod profile;
mod roofline;
mod shown;
mod side;
mod table;

pub(super) use side::BenchSide;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{ArgGroup, Subcommand, ValueEnum};
use serde_json::json;
use trine::{Error, Result};
use trine_models::model::threads;
use trine_models::model::{Buffers, Figures, Loaded, Mapped, Measured, Plan, Pool, bench};
use trine_ternary::{Kernels, Packing};

use self::peer::{Peer, PeerFigures};
use crate::cli::kv::Kv;
use crate::cli::offload::Backend;
#[cfg(not(feature = "gpu"))]
use crate::cli::offload::choose;
use crate::cli::open::USAGE;
use crate::cli::paint::{STRONG, count, say};
use crate::cli::tools::pretty;

const AFTER_HELP: &str = "\
With --peer, llama.cpp computes the same model in TQ2_0, in a process of its own, in turns with
this program; on a device of --backend without TQ2_0, in Q2_0. On a device, floating-point
activations are measured too, which llama.cpp uses there. On the CPU, both are measured from mapped
files and from huge pages; where two threads share the memory, use --rounds 10 or more. To build the
program with llama.cpp:
  export CFLAGS='-O3 -march=native' CXXFLAGS='-O3 -march=native' LLAMA_LIB_PROFILE=Release
  cargo build --release --features peer
which needs cmake, a C++ compiler and libclang.";

/// Arguments of `trine bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
pub(super) struct BenchCommand {
    #[command(flatten)]
    model: Option<Bench>,
    #[command(subcommand)]
    other: Option<Other>,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Measure the latency and throughput of an MCP server over HTTP.
    Load(load::Load),
}

/// Arguments of `trine bench FILE`.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("shown").args(["roofline", "profile"])))]
pub(super) struct Bench {
    /// Model: a GGUF file, or an image of `trine model pack`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Number of tokens of the prefill.
    #[arg(long, value_name = "COUNT", default_value_t = 128,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    prompt: usize,
    /// Number of tokens of the decode.
    #[arg(long, value_name = "COUNT", default_value_t = 32,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    tokens: usize,
    /// Number of rounds; the median counts.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    rounds: usize,
    /// Number of threads [default: one for each core]
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// Packing of the ternary weights.
    #[arg(long, value_enum, default_value_t = Packed::Line16)]
    packing: Packed,
    /// Format of the KV cache; of this program alone with --peer.
    #[arg(long, value_enum, default_value_t = Kv::Auto, conflicts_with = "backend")]
    kv: Kv,
    /// Instruction set; of this program alone with --peer [default: the fastest of the processor]
    #[arg(long, value_name = "NAME", value_parser = isa::kernels, conflicts_with = "backend")]
    isa: Option<Kernels>,
    /// Number of sequences to decode at once as well.
    #[arg(long, value_name = "COUNT", default_value_t = 1, conflicts_with_all = ["backend", "peer"],
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    sequences: usize,
    /// Show how near the model is to what the machine allows.
    #[arg(long, conflicts_with_all = ["backend", "peer", "sequences", "prompt", "tokens", "kv", "rounds"])]
    roofline: bool,
    /// Show where the time goes, stage by stage.
    #[arg(long, conflicts_with_all = ["backend", "peer", "sequences", "kv", "rounds"])]
    profile: bool,
    /// File for a picture of the same.
    #[arg(long, value_name = "FILE", requires = "shown")]
    svg: Option<PathBuf>,
    /// Compare with llama.cpp on the same model.
    #[arg(long)]
    peer: bool,
    /// Command line of another program's benchmark, to run in turns.
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["backend", "peer", "shown"])]
    peer_command: Option<String>,
    /// Measure from mapped files alone, not from huge pages too.
    #[arg(long, requires = "peer")]
    mapped: bool,
    /// Folder for two copies of the model [default: the system's]
    #[arg(long, value_name = "FOLDER", requires = "peer")]
    scratch: Option<PathBuf>,
    /// Backends to measure and compare with the CPU, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAMES")]
    backend: Vec<Backend>,
    /// Number of tokens to compare after the prompt.
    #[arg(long, value_name = "COUNT", default_value_t = 256, requires = "backend")]
    greedy: usize,
    /// Print a JSON object.
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
            Self::Line2 => Some(Packing::Panel2Bit),
            Self::Line16 => Some(Packing::PanelBase3),
        }
    }
}

impl BenchCommand {
    pub(super) fn run(&self) -> Result<ExitCode> {
        match (&self.other, &self.model) {
            (Some(Other::Load(load)), _) => load.run(),
            (None, Some(model)) => model.run(),
            // The command line has one of them.
            (None, None) => Ok(ExitCode::from(USAGE)),
        }
    }
}

impl Bench {
    fn run(&self) -> Result<ExitCode> {
        if !self.backend.is_empty() {
            return self.on_backends(&self.backend);
        }
        if self.peer {
            return self.against_llama();
        }
        let path = self.file.display();
        let fail = |error: trine_models::Error| Error::from(error).at(&path);
        let begun = Instant::now();
        let bytes = Mapped::open(&self.file).map_err(|error| Error::read(&self.file, error))?;
        let pool = Pool::new(threads(self.threads)).map_err(trine_models::Error::Thread)?;
        let mut buffers = Buffers::default();
        let mut loaded = Loaded::open(&bytes, &mut buffers, self.packing.packing(), &pool)?;
        loaded.let_go(&bytes);
        if let Some(kernels) = self.isa {
            loaded.model = loaded.model.with_kernels(kernels);
        }
        loaded.ask_ahead(&pool);
        if self.roofline {
            return self.roofline(&loaded, &pool);
        }
        if self.profile {
            return self.profile(&loaded, &pool);
        }
        let load = begun.elapsed().as_secs_f64();
        let plan = self.plan();
        let mut peer = self.peer_command.as_deref().map(Peer::new);
        let figures = bench(&loaded, &plan, &pool, |round| {
            eprintln!("round {} of {}", round + 1, self.rounds.max(1));
            if let Some(peer) = &mut peer {
                peer.round();
            }
        });
        let figures = figures.map_err(fail)?;
        let peer = peer.map(Peer::figures).transpose();
        let isa = loaded.model.kernels().isa().name();
        self.show(&figures, peer.as_ref().ok().and_then(Option::as_ref), load, isa);
        // What was measured of this program counts all the same.
        peer?;
        Ok(ExitCode::SUCCESS)
    }

    /// Without devices there is nothing to compare.
    #[cfg(not(feature = "gpu"))]
    #[expect(clippy::unused_self, reason = "a build with devices measures")]
    fn on_backends(&self, wanted: &[Backend]) -> Result<ExitCode> {
        wanted.iter().try_for_each(|backend| choose(*backend))?;
        Err(Error::NoGpuBuild)
    }

    fn plan(&self) -> Plan {
        Plan {
            prompt: self.prompt,
            tokens: self.tokens,
            rounds: self.rounds,
            kv: self.kv.of_context(self.prompt.saturating_add(self.tokens)),
            sequences: self.sequences,
        }
    }

    fn show(&self, figures: &Figures, peer: Option<&PeerFigures>, load: f64, isa: &str) {
        let rates = [figures.prefill.rate(), figures.decode.rate()];
        let Figures { prefill, decode, together, token_bytes, memory_peak, bandwidth } = *figures;
        let first = load + prefill.wall.as_secs_f64();
        let share = figures.bandwidth_share();
        let threads = threads(self.threads);
        if self.json {
            let stretch = |of: Measured| {
                json!({ "tokens": of.tokens, "wall_s": of.wall.as_secs_f64(),
                        "processor_s": of.processor.as_secs_f64(), "tokens_per_s": of.rate(),
                        "tokens_per_processor_s": of.processor_rate() })
            };
            let sequences = together.map(|of| {
                json!({ "count": self.sequences, "decode": stretch(of.decode),
                        "times_one": of.times })
            });
            let object = json!({
                "isa": isa, "threads": threads, "load_s": load, "first_token_s": first,
                "prefill": stretch(prefill), "decode": stretch(decode), "sequences": sequences,
                "peer": peer.map(|peer| peer.json(rates)),
                "bytes_per_token": token_bytes, "read_bytes_per_s": bandwidth,
                "bandwidth_share": share, "memory_peak_bytes": memory_peak,
            });
            return say!("{}", pretty(&object));
        }
        say!("{STRONG}{}{STRONG:#}, {isa}, {threads} threads", self.file.display());
        let line = |name: &str, of: Measured| {
            say!(
                "{name:<12} {:>8.1} tokens/s, {:.1} a second of processor time ({} tokens)",
                of.rate(),
                of.processor_rate(),
                of.tokens
            );
        };
        line("prefill", prefill);
        line("decode", decode);
        if let Some(of) = together {
            line(&format!("{} at once", self.sequences), of.decode);
            say!("             {:>8.2} times one sequence in the same round", of.times);
        }
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
        if let Some(peer) = peer {
            peer.print(rates);
        }
    }
}
