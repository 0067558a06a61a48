//! One model in a thread, which has it until nobody can ask it any more.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use trine_infer::generate::{End, Event, Generation};
use trine_infer::sample::{Candidate, Sampler, Sampling};
use trine_infer::token::{Decoder, Encode, Tokenizer, scratch_slots};
use trine_infer::{Options, Session, arena_bytes};
use trine_ternary::Packing;

use super::tools::{Finish, TEXT_MAX};
use crate::model::{Buffers, Loaded, Mapped, Pool, threads};
use crate::{Error, Result};

/// Tokens of a prompt that are computed together.
const BATCH: usize = 128;
/// Of so many of the likeliest tokens one is drawn.
const TOP_K: usize = 40;

/// A text to be written.
pub(super) struct Job {
    pub(super) prompt: String,
    pub(super) max_tokens: usize,
    /// What logits are divided by; 0 takes the likeliest token.
    pub(super) temperature: f32,
    pub(super) seed: u64,
    /// Set by the one who wants no more of it.
    pub(super) cancelled: Arc<AtomicBool>,
    /// Is told what happens.
    pub(super) tell: Box<dyn Fn(Tell) + Send>,
}

/// What happens with a job.
pub(super) enum Tell {
    /// So many tokens are written.
    Tokens(usize),
    /// It is done.
    Done(Written),
    /// It cannot be done, for this reason.
    Failed(String),
    /// The model cannot be loaded, for this reason.
    Unloadable(String),
    /// Nobody wants it any more.
    Cancelled,
}

/// A text that was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) tokens: usize,
    pub(super) took: Duration,
    /// Bytes of the arena, all of which a session carves up.
    pub(super) memory: usize,
    /// Time for loading the model; zero when it was loaded before.
    pub(super) load: Duration,
    pub(super) finish: Finish,
}

/// A thread that has a model.
#[derive(Debug)]
pub(super) struct Worker {
    orders: Option<Sender<Job>>,
    /// Jobs that are not done.
    jobs: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread that loads a model.
    pub(super) fn start(path: &Path) -> Result<Self> {
        let (orders, jobs) = channel();
        let (path, count) = (path.to_owned(), Arc::new(AtomicUsize::new(0)));
        let left = Arc::clone(&count);
        let thread = std::thread::Builder::new().name("model".to_owned());
        let thread = thread.spawn(move || work(&path, &jobs, &left));
        let thread = thread.map_err(|error| Error::new(format!("no thread: {error}")))?;
        Ok(Self { orders: Some(orders), jobs: count, thread: Some(thread) })
    }

    /// Puts a job behind the others.
    pub(super) fn order(&self, job: Job) {
        self.jobs.fetch_add(1, Ordering::AcqRel);
        if let Some(orders) = &self.orders
            && let Err(refused) = orders.send(job)
        {
            self.jobs.fetch_sub(1, Ordering::AcqRel);
            (refused.0.tell)(Tell::Failed("the model is gone".to_owned()));
        }
    }

    /// Whether nothing is left to be done.
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.load(Ordering::Acquire) == 0
    }

    /// Lets the thread end when it has done what it was asked, without waiting for that.
    pub(super) fn release(mut self) {
        self.orders = None;
        self.thread = None;
    }
}

impl Drop for Worker {
    /// Waits until the memory is free again.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has freed its memory as well.
            let _ = thread.join();
        }
    }
}

/// What the thread does: the model lives in this frame.
fn work(path: &Path, jobs: &Receiver<Job>, left: &AtomicUsize) {
    let begun = Instant::now();
    let done = |job: &Job, tell: Tell| {
        // Before it is told, so that who is told finds the model idle.
        left.fetch_sub(1, Ordering::AcqRel);
        (job.tell)(tell);
    };
    let unloadable = |reason: &str| {
        let reason = format!("{}: {reason}", path.display());
        jobs.iter().for_each(|job| done(&job, Tell::Unloadable(reason.clone())));
    };
    let bytes = match Mapped::open(path) {
        Ok(bytes) => bytes,
        Err(error) => return unloadable(&error.to_string()),
    };
    let pool = match Pool::new(threads(None)) {
        Ok(pool) => pool,
        Err(error) => return unloadable(&error.to_string()),
    };
    let mut buffers = Buffers::default();
    let loaded = match Loaded::open(&bytes, &mut buffers, Some(Packing::Line16), &pool) {
        Ok(loaded) => loaded,
        Err(error) => return unloadable(&error.to_string()),
    };
    let mut load = begun.elapsed();
    for job in jobs {
        let tell = match write(&loaded, &job, &pool) {
            Ok(Some(written)) => Tell::Done(Written { load, ..written }),
            Ok(None) => Tell::Cancelled,
            Err(error) => Tell::Failed(error.to_string()),
        };
        load = Duration::ZERO;
        done(&job, tell);
    }
}

fn fail(error: impl std::fmt::Display) -> Error {
    Error::new(error.to_string())
}

/// Writes a text; `None` when nobody wants it any more.
fn write(loaded: &Loaded<'_>, job: &Job, pool: &Pool) -> Result<Option<Written>> {
    let begun = Instant::now();
    let Loaded { model, tokenizer } = loaded;
    let prompt = tokens_of(tokenizer, &job.prompt)?;
    let most = model.config().context;
    if prompt.len() >= most {
        let count = prompt.len();
        return Err(Error::new(format!(
            "the prompt has {count} tokens, and the model takes {most} in all: shorten it"
        )));
    }
    let context = (prompt.len() + job.max_tokens).min(most);
    let batch = BATCH.min(prompt.len());
    let options = Options { context, batch, ..Options::new(model.config()) };
    let options = options.with_tables(model.weights());
    let size = arena_bytes(model.config(), &options).map_err(fail)?;
    // The block may start anywhere.
    let mut memory = vec![0; size + 3];
    let mut session = Session::new(model, &options, &mut memory).map_err(fail)?;
    let sampling =
        Sampling { temperature: job.temperature, top_k: TOP_K, seed: job.seed, ..Sampling::GREEDY };
    let vocab = model.config().vocab;
    let mut room = vec![Candidate::default(); sampling.candidates(vocab)];
    let mut sampler = Sampler::new(sampling, &mut room).map_err(fail)?;
    let stop: Vec<u32> = (0..vocab as u32).filter(|id| tokenizer.is_end(*id)).collect();
    let mut generation = Generation::new(&prompt, job.max_tokens, &stop);
    let mut text = Text::new(tokenizer);
    let finish = loop {
        if job.cancelled.load(Ordering::Acquire) {
            return Ok(None);
        }
        match generation.step(&mut session, &mut sampler, usize::MAX, pool).map_err(fail)? {
            Event::More => {}
            Event::Token(token) => {
                text.push(token);
                (job.tell)(Tell::Tokens(text.count));
                if text.is_full() {
                    break Finish::Length;
                }
            }
            Event::End(End::Stop(_)) => break Finish::Stop,
            Event::End(End::Full) => break Finish::Context,
            Event::End(_) => break Finish::Length,
        }
    };
    let (tokens, text) = (text.count, text.finish());
    let load = Duration::ZERO;
    Ok(Some(Written { text, tokens, took: begun.elapsed(), memory: size, load, finish }))
}

fn tokens_of(tokenizer: &Tokenizer<'_>, prompt: &str) -> Result<Vec<u32>> {
    // Names of control tokens in a stranger's text are text.
    let how = Encode { bos: tokenizer.adds_bos(), special: false };
    let mut scratch = vec![0; scratch_slots(prompt.len())];
    // A token is a byte at least, and one begins the text.
    let mut tokens = vec![0; prompt.len() + 1];
    let count = tokenizer.encode(prompt, how, &mut scratch, &mut tokens).map_err(fail)?;
    tokens.truncate(count);
    Ok(tokens)
}

/// Tokens on their way to a text.
struct Text<'t> {
    tokenizer: &'t Tokenizer<'t>,
    decoder: Decoder,
    piece: Vec<u8>,
    bytes: Vec<u8>,
    count: usize,
}

impl<'t> Text<'t> {
    fn new(tokenizer: &'t Tokenizer<'t>) -> Self {
        let piece = vec![0; tokenizer.piece_bytes_max()];
        Self { tokenizer, decoder: Decoder::new(), piece, bytes: Vec::new(), count: 0 }
    }

    fn push(&mut self, token: u32) {
        self.count += 1;
        // A model may have more tokens than its tokenizer has strings for.
        if let Ok(length) = self.tokenizer.decode(&mut self.decoder, token, false, &mut self.piece)
        {
            self.bytes.extend(self.piece.get(..length).unwrap_or_default());
        }
    }

    /// Whether another token might be too much.
    fn is_full(&self) -> bool {
        self.bytes.len() + 2 * self.piece.len() > TEXT_MAX
    }

    fn finish(mut self) -> String {
        let length = self.decoder.finish(&mut self.piece).unwrap_or(0);
        self.bytes.extend(self.piece.get(..length).unwrap_or_default());
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}
