//! `trine generate`.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[cfg(feature = "gpu")]
use super::offload::choose_for_all;
use super::offload::{Backend, BackendChoice, choose, failed};
use crate::cli::kv::Kv;
use clap::ValueEnum;
use trine::{Error, Result};
#[cfg(feature = "gpu")]
use trine_infer::KvKind;
use trine_infer::generate::{End, Generation};
use trine_infer::sample::{Candidate, Sampler, Sampling};
use trine_infer::token::{Decoder, Encode, Tokenizer};
use trine_infer::{ARENA_SPARE, DecodeSession, Options, arena_bytes};
use trine_models::model::{BATCH, Buffers, Loaded, Mapped, Pool, threads};
use trine_models::offload;
use trine_ternary::Packing;

const AFTER_HELP: &str = "\
Prints the text on standard output while it is generated, and the speed on standard error. A model
of trine model make has random weights and generates nonsense.

Example: trine generate --model bitnet.gguf \"The capital of France is\" --tokens 40";

/// Arguments of `trine generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Generate {
    /// Prompt of the text.
    #[arg(value_name = "PROMPT")]
    prompt: String,
    /// Model: a GGUF file, or an image of `trine model pack`.
    #[arg(long, value_name = "FILE", env = "TRINE_MODEL")]
    model: PathBuf,
    /// Maximum number of tokens to generate.
    #[arg(long, value_name = "COUNT", default_value_t = 128)]
    tokens: usize,
    /// Sampling temperature; 0 is greedy.
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    temperature: f32,
    /// Number of likeliest tokens to sample from; 0 is all.
    #[arg(long, value_name = "COUNT", default_value_t = 40)]
    top_k: usize,
    /// Probability mass of the tokens to sample from.
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    top_p: f32,
    /// Minimum probability of a token, relative to the likeliest.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    min_p: f32,
    /// Penalty for the last 64 tokens; 1 is none.
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    repetition: f32,
    /// Seed of the sampler.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// Context length in tokens [default: prompt and --tokens]
    #[arg(long, value_name = "COUNT")]
    context: Option<usize>,
    /// Drop the oldest tokens when the context is full.
    #[arg(long)]
    shift: bool,
    /// Format of the KV cache.
    #[arg(long, value_enum, default_value_t = Kv::Auto)]
    kv: Kv,
    /// Encode names of special tokens in the prompt, such as `<|eot_id|>`.
    #[arg(long)]
    special: bool,
    /// Number of threads [default: one for each core]
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// Use the weights as in the file, without packing them.
    #[arg(long)]
    in_place: bool,
    /// Backend that computes; NAME,cpu falls back to the CPU.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "auto", value_name = "NAME")]
    backend: Vec<Backend>,
    /// Number of blocks on the GPU [default: as many as fit]
    #[arg(long, value_name = "COUNT")]
    layers: Option<usize>,
    /// Activations on a GPU.
    #[arg(long, value_enum, default_value_t = Activations::Int8)]
    activations: Activations,
}

/// What is multiplied with, by the names of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Activations {
    /// Quantized to int8, as on the CPU.
    #[value(name = "codes")]
    Int8,
    /// Floating point: faster, with other results than the CPU.
    Floats,
}

/// What is written, and how far it is.
struct Task<'t> {
    tokens: Vec<u32>,
    left: usize,
    keep: usize,
    begun: Instant,
    text: Written<'t>,
}

impl Generate {
    pub(super) fn run(self) -> Result<ExitCode> {
        let wish = BackendChoice::new(&self.backend)?;
        let device = self.device(wish)?;
        if device.is_none() && self.layers.is_some() {
            return Err(Error::NeedsGpu { option: "--layers" });
        }
        if device.is_none() && self.activations == Activations::Floats {
            return Err(Error::NeedsGpu { option: "--activations floats" });
        }
        let bytes = Mapped::open(&self.model).map_err(|error| Error::read(&self.model, error))?;
        let pool = Pool::new(threads(self.threads)).map_err(trine_models::Error::Thread)?;
        let mut buffers = Buffers::default();
        // A device has packings of its own.
        let packing = (!self.in_place && device.is_none()).then_some(Packing::PanelBase3);
        let loaded = Loaded::open(&bytes, &mut buffers, packing, &pool);
        let loaded = loaded.map_err(|error| Error::from(error).at(self.model.display()))?;
        loaded.let_go(&bytes);
        if device.is_none() {
            loaded.ask_ahead(&pool);
        }
        let prompt = self.tokens_of(&loaded.tokenizer)?;
        self.check_room(&loaded, prompt.len())?;
        let keep = prompt.len();
        let text = Written::new(&loaded.tokenizer);
        let mut task =
            Task { tokens: prompt, left: self.tokens, keep, begun: Instant::now(), text };
        let mut room = self.room(&loaded);
        let mut sampler = self.sampler(&mut room)?;
        let end = match device {
            Some(device) => {
                self.on_device(&loaded, (device, wish), &pool, &mut sampler, &mut task)?
            }
            None => None,
        };
        let end = match end {
            Some(end) => end,
            None => self.on_processor(&loaded, &pool, &mut sampler, &mut task)?,
        };
        task.finish(end)
    }

    /// The device that is to compute; none where the processor is.
    #[cfg(feature = "gpu")]
    fn device(&self, wish: BackendChoice) -> Result<Option<trine_ggml::Device>> {
        let option = match (self.shift, self.kv) {
            (true, _) => "--shift",
            (_, Kv::I8) => "--kv i8",
            _ => {
                let is_int8 = self.activations == Activations::Int8;
                let choose = if is_int8 { choose } else { choose_for_all };
                let found = choose(wish.backend);
                return found.or_else(|error| failed(wish, error).map(|()| None));
            }
        };
        if wish.falls_back {
            return Ok(None);
        }
        Err(Error::NeedsCpu { option, backend: wish.backend.word() })
    }

    #[cfg(not(feature = "gpu"))]
    #[expect(clippy::unused_self, reason = "a build with devices looks at more")]
    fn device(&self, wish: BackendChoice) -> Result<Option<std::convert::Infallible>> {
        choose(wish.backend).or_else(|error| failed(wish, error))?;
        Ok(None)
    }

    /// Writes on a device; answers no end where the processor is to go on.
    #[cfg(feature = "gpu")]
    fn on_device(
        &self,
        loaded: &Loaded<'_>,
        (device, wish): (trine_ggml::Device, BackendChoice),
        pool: &Pool,
        sampler: &mut Sampler<'_>,
        task: &mut Task<'_>,
    ) -> Result<Option<End>> {
        let options = self.options(loaded, task.tokens.len());
        let options = trine_ggml::Options {
            batch: options.batch,
            kv: self.kept()?,
            threads: threads(self.threads),
            layers: self.layers,
            activations: match self.activations {
                Activations::Int8 => trine_ggml::Activations::Int8,
                Activations::Floats => trine_ggml::Activations::Floats,
            },
            ..trine_ggml::Options::new(options.context)
        };
        let tell = |plan: &trine_ggml::Plan| eprintln!("{plan}");
        let lost = |error: trine_ggml::Error| failed(wish, Error::device(error)).map(|()| None);
        let engine = trine_ggml::GgmlEngine::open(&loaded.model, device, &options, pool, tell);
        let mut engine = match engine {
            Ok(engine) => engine,
            Err(error) => return lost(error),
        };
        let stop = stops(loaded);
        task.begun = Instant::now();
        let tokens = std::mem::take(&mut task.tokens);
        let mut there = offload::Task { tokens, left: task.left, stop: &stop };
        let text = &mut task.text;
        let mut each =
            |token: Option<u32>| token.map_or(ControlFlow::Continue(()), |token| text.put(token));
        let end = offload::write(&mut engine, sampler, &mut there, &mut each);
        (task.tokens, task.left) = (there.tokens, there.left);
        end.map(Some).or_else(lost)
    }

    /// How a device keeps keys and values; it has no kernels for int8.
    #[cfg(feature = "gpu")]
    fn kept(&self) -> Result<trine_ggml::Kept> {
        let kind = if self.kv == Kv::Auto { KvKind::F16 } else { self.kv.of_context(0) };
        trine_ggml::Kept::try_from(kind).map_err(Error::device)
    }

    #[cfg(not(feature = "gpu"))]
    #[expect(clippy::unused_self, reason = "a build with devices has more to do")]
    fn on_device(
        &self,
        _: &Loaded<'_>,
        (device, _): (std::convert::Infallible, BackendChoice),
        _: &Pool,
        _: &mut Sampler<'_>,
        _: &mut Task<'_>,
    ) -> Result<Option<End>> {
        match device {}
    }

    /// Writes what is left of a task with our own engine.
    fn on_processor(
        &self,
        loaded: &Loaded<'_>,
        pool: &Pool,
        sampler: &mut Sampler<'_>,
        task: &mut Task<'_>,
    ) -> Result<End> {
        let fail = |error: trine_infer::Error| trine_models::Error::from(error);
        let options = self.options(loaded, task.tokens.len());
        let size = arena_bytes(loaded.model.config(), &options).map_err(fail)?;
        let mut memory = vec![0; size + ARENA_SPARE];
        let mut session = DecodeSession::new(&loaded.model, &options, &mut memory).map_err(fail)?;
        let stop = stops(loaded);
        let rest =
            offload::go_on(&task.tokens, task.keep, &mut session, pool, || true).map_err(fail)?;
        let mut generation = Generation::new(rest, task.left, &stop);
        if self.shift {
            generation = generation.shifting(task.keep.min(session.context() / 2));
        }
        if task.text.count == 0 {
            task.begun = Instant::now();
        }
        let text = &mut task.text;
        let each = |token| text.put(token);
        Ok(generation.run(&mut session, sampler, pool, each).map_err(fail)?)
    }

    fn tokens_of(&self, tokenizer: &Tokenizer<'_>) -> Result<Vec<u32>> {
        let fail = |error: trine_infer::token::Error| {
            Error::from(trine_models::Error::from(error)).at("prompt")
        };
        let how = Encode { bos: tokenizer.adds_bos(), special: self.special };
        let mut scratch = vec![0; trine_infer::token::scratch_slots(self.prompt.len())];
        // A token is a byte at least, and one begins the text.
        let mut tokens = vec![0; self.prompt.len() + 1];
        let count = tokenizer.encode(&self.prompt, how, &mut scratch, &mut tokens).map_err(fail)?;
        tokens.truncate(count);
        if tokens.is_empty() {
            return Err(Error::EmptyPrompt);
        }
        Ok(tokens)
    }

    /// A prompt that finds no room would be read in part, or not at all.
    fn check_room(&self, loaded: &Loaded<'_>, prompt: usize) -> Result<()> {
        let room = self.options(loaded, prompt).context;
        if prompt <= room || self.shift {
            return Ok(());
        }
        let most = loaded.model.config().context;
        Err(Error::PromptTooLong { tokens: prompt, context: room, most })
    }

    fn options(&self, loaded: &Loaded<'_>, prompt: usize) -> Options {
        let most = loaded.model.config().context;
        let context = self.context.unwrap_or(prompt.saturating_add(self.tokens)).clamp(1, most);
        let batch = BATCH.min(prompt).min(context);
        Options { context, batch, kv: self.kv.of_context(context), tables: 0 }
            .with_tables(loaded.model.weights())
    }

    fn sampling(&self) -> Sampling {
        Sampling {
            repetition: self.repetition,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            temperature: self.temperature,
            seed: self.seed,
            ..Sampling::GREEDY
        }
    }

    fn room(&self, loaded: &Loaded<'_>) -> Vec<Candidate> {
        vec![Candidate::default(); self.sampling().candidates(loaded.model.config().vocab)]
    }

    fn sampler<'r>(&self, room: &'r mut [Candidate]) -> Result<Sampler<'r>> {
        Ok(Sampler::new(self.sampling(), room).map_err(trine_models::Error::from)?)
    }
}

/// The tokens at which a text ends.
fn stops(loaded: &Loaded<'_>) -> Vec<u32> {
    let vocab = loaded.model.config().vocab as u32;
    (0..vocab).filter(|id| loaded.tokenizer.is_end(*id)).collect()
}

impl Task<'_> {
    /// Ends the text, and says how fast it was.
    fn finish(&mut self, end: End) -> Result<ExitCode> {
        let (begun, text) = (self.begun, &mut self.text);
        text.finish()?;
        let (first, count) = (text.first.unwrap_or(begun), text.count);
        let (read, wrote) = (first - begun, first.elapsed());
        let rate = |count: usize, time: std::time::Duration| count as f64 / time.as_secs_f64();
        eprintln!(
            "{} tokens read in {:.2} s ({:.1}/s), {count} written ({:.1}/s){}",
            self.keep,
            read.as_secs_f64(),
            rate(self.keep, read),
            rate(count.saturating_sub(1), wrote),
            if end == End::Full {
                ", then the context was full: see --context and --shift"
            } else {
                ""
            },
        );
        Ok(ExitCode::SUCCESS)
    }
}

/// Text on its way to standard output.
struct Written<'a> {
    tokenizer: &'a Tokenizer<'a>,
    decoder: Decoder,
    piece: Vec<u8>,
    count: usize,
    first: Option<Instant>,
    failed: Option<Error>,
}

impl<'a> Written<'a> {
    fn new(tokenizer: &'a Tokenizer<'a>) -> Self {
        let piece = vec![0; tokenizer.piece_bytes_max()];
        let decoder = Decoder::new();
        Self { tokenizer, decoder, piece, count: 0, first: None, failed: None }
    }

    fn put(&mut self, token: u32) -> ControlFlow<()> {
        self.count += 1;
        self.first.get_or_insert_with(Instant::now);
        let piece = self.tokenizer.decode(&mut self.decoder, token, false, &mut self.piece);
        let done = match piece {
            Ok(length) => show(self.piece.get(..length).unwrap_or_default()),
            // A model may have more tokens than its tokenizer has strings for.
            Err(_) => Ok(()),
        };
        match done {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let length = self.decoder.finish(&mut self.piece).unwrap_or(0);
        show(self.piece.get(..length).unwrap_or_default())?;
        show(b"\n")
    }
}

fn show(text: &[u8]) -> Result<()> {
    // Not as the other commands do: bytes of a text are its own, whatever they mean to a terminal.
    let mut out = std::io::stdout();
    let done = out.write_all(text).and_then(|()| out.flush());
    done.map_err(|source| Error::Stream { action: "write", stream: "standard output", source })
}
