//! `trine generate`.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum;
use trine::model::{Buffers, Loaded, Mapped, Pool, threads};
use trine::{Error, Result};
use trine_infer::generate::{End, Generation};
use trine_infer::sample::{Candidate, Sampler, Sampling};
use trine_infer::token::{Decoder, Encode, Tokenizer};
use trine_infer::{KvKind, Options, Session, arena_bytes};
use trine_ternary::Packing;

const AFTER_HELP: &str = "\
The text goes to standard output as it is written, and how fast it was to standard error. A model of
the command line's own making (trine model make) writes nonsense.

Example: trine generate --model bitnet.gguf \"The capital of France is\" --tokens 40";

/// Arguments of `trine generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Generate {
    /// What the text begins with.
    #[arg(value_name = "PROMPT")]
    prompt: String,
    /// The model: a GGUF file, or an image of `trine model pack`.
    #[arg(long, value_name = "FILE", env = "TRINE_MODEL")]
    model: PathBuf,
    /// The most tokens to write.
    #[arg(long, value_name = "COUNT", default_value_t = 128)]
    tokens: usize,
    /// What logits are divided by before a token is drawn; 0 takes the likeliest.
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    temperature: f32,
    /// Draw from so many of the likeliest tokens; 0 is all.
    #[arg(long, value_name = "COUNT", default_value_t = 40)]
    top_k: usize,
    /// Draw from the likeliest tokens that together have this probability.
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    top_p: f32,
    /// Draw from tokens at least so likely, as a share of the likeliest.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    min_p: f32,
    /// Divide what speaks for the last 64 tokens by this.
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    repetition: f32,
    /// Where random numbers start; the same seed draws the same text.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// Positions to keep [default: as many as prompt and tokens need]
    #[arg(long, value_name = "COUNT")]
    context: Option<usize>,
    /// Go on when the context is full: forget the older half of what is not the prompt.
    #[arg(long)]
    shift: bool,
    /// How keys and values are kept.
    #[arg(long, value_enum, default_value_t = Kv::F16)]
    kv: Kv,
    /// Read names of control tokens in the prompt, such as `<|eot_id|>`, as those tokens.
    #[arg(long)]
    special: bool,
    /// Threads [default: as many as the machine has]
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// Use the weights as they lie in the file; else they are packed for this machine first.
    #[arg(long)]
    in_place: bool,
}

/// Kinds of keys and values by the names of the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kv {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// Bytes.
    I8,
}

/// Tokens of a prompt that are computed together.
const BATCH: usize = 128;

impl Generate {
    pub(super) fn run(self) -> Result<ExitCode> {
        let path = self.model.display().to_string();
        let fail = |error: &dyn std::fmt::Display| Error::new(format!("{path}: {error}"));
        let bytes = Mapped::open(&self.model).map_err(|error| fail(&error))?;
        let pool = Pool::new(threads(self.threads)).map_err(|error| fail(&error))?;
        let packing = (!self.in_place).then_some(Packing::Line16);
        let mut buffers = Buffers::default();
        let loaded = Loaded::open(&bytes, &mut buffers, packing, &pool);
        let loaded = loaded.map_err(|error| fail(&error))?;
        let prompt = self.tokens_of(&loaded.tokenizer)?;
        let options = self.options(&loaded, prompt.len());
        let size = arena_bytes(loaded.model.config(), &options).map_err(|error| fail(&error))?;
        // The block may start anywhere.
        let mut memory = vec![0; size + 3];
        let mut session =
            Session::new(&loaded.model, &options, &mut memory).map_err(|error| fail(&error))?;
        self.write(&loaded.tokenizer, &prompt, &mut session, &pool)
    }

    fn tokens_of(&self, tokenizer: &Tokenizer<'_>) -> Result<Vec<u32>> {
        let fail = |error: trine_infer::token::Error| Error::new(format!("the prompt: {error}"));
        let how = Encode { bos: tokenizer.adds_bos(), special: self.special };
        let mut scratch = vec![0; trine_infer::token::scratch_slots(self.prompt.len())];
        // A token is a byte at least, and one begins the text.
        let mut tokens = vec![0; self.prompt.len() + 1];
        let count = tokenizer.encode(&self.prompt, how, &mut scratch, &mut tokens).map_err(fail)?;
        tokens.truncate(count);
        if tokens.is_empty() {
            return Err(Error::new(
                "the prompt is empty, and this model has no token to begin with",
            ));
        }
        Ok(tokens)
    }

    fn options(&self, loaded: &Loaded<'_>, prompt: usize) -> Options {
        let most = loaded.model.config().context;
        let context = self.context.unwrap_or(prompt.saturating_add(self.tokens)).clamp(1, most);
        let kv = match self.kv {
            Kv::F32 => KvKind::F32,
            Kv::F16 => KvKind::F16,
            Kv::I8 => KvKind::I8,
        };
        let batch = BATCH.min(prompt).min(context);
        Options { context, batch, kv, tables: 0 }.with_tables(loaded.model.weights())
    }

    fn write(
        &self,
        tokenizer: &Tokenizer<'_>,
        prompt: &[u32],
        session: &mut Session<'_, '_>,
        pool: &Pool,
    ) -> Result<ExitCode> {
        let fail = |error: trine_infer::Error| Error::new(error.to_string());
        let sampling = Sampling {
            repetition: self.repetition,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            temperature: self.temperature,
            seed: self.seed,
            ..Sampling::GREEDY
        };
        let vocab = session.model().config().vocab;
        let mut room = vec![Candidate::default(); sampling.candidates(vocab)];
        let mut sampler = Sampler::new(sampling, &mut room).map_err(fail)?;
        let stop: Vec<u32> = (0..vocab as u32).filter(|id| tokenizer.is_end(*id)).collect();
        let mut generation = Generation::new(prompt, self.tokens, &stop);
        if self.shift {
            generation = generation.shifting(prompt.len().min(session.context() / 2));
        }
        let mut text = Written::new(tokenizer);
        let begun = Instant::now();
        let end = generation.run(session, &mut sampler, pool, |token| text.put(token));
        let end = end.map_err(fail)?;
        text.finish()?;
        let (first, count) = (text.first.unwrap_or(begun), text.count);
        let (read, wrote) = (first - begun, first.elapsed());
        let rate = |count: usize, time: std::time::Duration| count as f64 / time.as_secs_f64();
        eprintln!(
            "{} tokens read in {:.2} s ({:.1}/s), {count} written ({:.1}/s){}",
            prompt.len(),
            read.as_secs_f64(),
            rate(prompt.len(), read),
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
    done.map_err(|error| Error::new(format!("standard output: {error}")))
}
