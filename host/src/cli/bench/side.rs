//! One engine in a process of its own, which `trine bench --peer` starts: it opens a model, says
//! so, and does a round for each line that it reads, which is a number of threads. Its answers are
//! lines of JSON.

use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum;
use serde_json::{Value, json};
use trine::{Error, Result};
use trine_models::model::{Buffers, Loaded, Mapped, Plan, Pool, Round, measure, memory_peak};
use trine_ternary::{Kernels, Packing};

use crate::cli::kv::Kv;
use crate::cli::paint::say;

/// Arguments of the process.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct BenchSide {
    engine: BenchEngine,
    file: PathBuf,
    memory: Memory,
    prompt: usize,
    tokens: usize,
    /// How this program keeps keys and values.
    #[arg(long, value_enum, default_value_t = Kv::Auto)]
    kv: Kv,
    /// This program's instruction set, in place of the fastest.
    #[arg(long, value_parser = super::isa::kernels)]
    isa: Option<Kernels>,
    /// The device of ggml's that llama.cpp computes on, in place of the processor.
    #[arg(long)]
    device: Option<String>,
    /// There llama.cpp's embedding too, and with it its head.
    #[arg(long, requires = "device")]
    head: bool,
}

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum BenchEngine {
    /// Ours.
    Trine,
    /// llama.cpp.
    Llama,
}

impl BenchEngine {
    /// Its name on this program's command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Trine => "trine",
            Self::Llama => "llama",
        }
    }
}

/// Where the weights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Memory {
    /// In the mapped file.
    Mapped,
    /// In memory of the process, on huge pages.
    Huge,
}

impl Memory {
    /// Its name on this program's command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Huge => "huge",
        }
    }
}

impl BenchSide {
    pub(in crate::cli) fn run(&self) -> Result<ExitCode> {
        match self.engine {
            BenchEngine::Trine => self.ours()?,
            BenchEngine::Llama => self.theirs()?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn plan(&self) -> Plan {
        Plan {
            prompt: self.prompt,
            tokens: self.tokens,
            rounds: 1,
            kv: self.kv.of_context(self.prompt.saturating_add(self.tokens)),
            sequences: 1,
        }
    }

    fn ours(&self) -> Result<()> {
        let begun = Instant::now();
        let bytes = self.bytes(&self.file)?;
        let pool = threads(trine_models::model::threads(None))?;
        let mut buffers = Buffers::default();
        // An image is used as it is; a file as `trine generate` does.
        let mut loaded = Loaded::open(&bytes, &mut buffers, Some(Packing::PanelBase3), &pool)?;
        loaded.let_go(&bytes);
        if let Some(kernels) = self.isa {
            loaded.model = loaded.model.with_kernels(kernels);
        }
        drop(pool);
        measure(&loaded, &self.plan(), |round| {
            let load = begun.elapsed().as_secs_f64();
            answer(&json!({ "load_s": load, "engine": loaded.model.kernels().isa().name() }));
            each_line(|count| Ok(round(&threads(count)?)?))
        })
    }

    fn bytes(&self, path: &Path) -> Result<Mapped> {
        let bytes = match self.memory {
            Memory::Mapped => Mapped::open(path),
            Memory::Huge => Mapped::read(path),
        };
        bytes.map_err(|error| Error::read(path, error))
    }

    #[cfg(feature = "peer")]
    fn theirs(&self) -> Result<()> {
        use trine_ggml::llama::{Model, Options, flags, version};
        use trine_models::model::{stretch, tokens};

        let fail = |error: trine_ggml::llama::Error| Error::device(error).at("llama.cpp");
        let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        let begun = Instant::now();
        let options = Options {
            context: number(self.prompt.saturating_add(self.tokens)),
            batch: number(self.prompt),
            threads: number(trine_models::model::threads(None)),
            mapped: self.memory == Memory::Mapped,
        };
        let opened = match &self.device {
            Some(device) => Model::open_on(&self.file, &options, device, self.head),
            None => Model::open(&self.file, &options),
        };
        let mut model = opened.map_err(fail)?;
        let load = begun.elapsed().as_secs_f64();
        let engine = format!("ggml {}: {}", version(), flags());
        let head = self.device.as_ref().map(|_| model.head()).transpose().map_err(fail)?;
        answer(&json!({ "load_s": load, "engine": engine, "head": head }));
        let tokens = tokens(&self.plan(), model.vocab());
        let (prompt, rest) = tokens.split_at(self.prompt);
        each_line(|count| {
            model.set_threads(number(count)).map_err(fail)?;
            model.forget();
            let prefill = stretch(prompt.len(), || model.read(prompt)).map_err(fail)?;
            let one_by_one = || rest.iter().try_for_each(|token| model.read(&[*token]));
            let decode = stretch(rest.len(), one_by_one).map_err(fail)?;
            model.rest();
            Ok(Round { prefill, decode })
        })
    }

    #[cfg(not(feature = "peer"))]
    #[expect(clippy::unused_self, reason = "with the feature it is used")]
    fn theirs(&self) -> Result<()> {
        Err(super::llama::not_built())
    }
}

/// Does a round for each number of threads that comes, and says what it took.
fn each_line(mut round: impl FnMut(usize) -> Result<Round>) -> Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|source| {
            let (action, stream) = ("read", "standard input");
            Error::Stream { action, stream, source }
        })?;
        let count = line.trim().parse().ok().filter(|count| *count > 0);
        let count = count.ok_or(Error::Threads { text: line })?;
        let Round { prefill, decode } = round(count)?;
        answer(&json!({
            "prefill": prefill.rate(),
            "decode": decode.rate(),
            "memory_peak_bytes": memory_peak(),
            "huge_bytes": huge_bytes(),
        }));
    }
    Ok(())
}

/// Bytes of this process that are on huge pages; `None` where the system does not say.
fn huge_bytes() -> Option<u64> {
    let about = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = about.lines().find_map(|line| line.strip_prefix("AnonHugePages:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn threads(count: usize) -> Result<Pool> {
    Ok(Pool::new(count).map_err(trine_models::Error::Thread)?)
}

fn answer(object: &Value) {
    say!("{object}");
}
