//! A model that is open, and the texts that it writes.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use trine_infer::generate::{End, Event, Generation};
use trine_infer::sample::{Candidate, Sampler, Sampling};
use trine_infer::token::{Encode, Tokenizer, scratch_slots};
use trine_infer::{ARENA_SPARE, DecodeSession, KvKind, Options, arena_bytes};
use trine_ternary::Packing;

use super::models::Form;
use super::place::{OffloadedModel, Place};
use super::text::Completion;
use super::tools::Finish;
use super::worker::{Job, Tell, Written};
use crate::model::{BATCH, Buffers, Loaded, Mapped, Pool};
use crate::offload::{Task, go_on};
use crate::{Error, Result};

impl Form {
    /// How our own engine has it, where that is not as the file.
    const fn packing(self) -> Option<Packing> {
        match self {
            Self::Packed => Some(Packing::PanelBase3),
            Self::AsInFile => None,
        }
    }
}

/// Of so many of the likeliest tokens one is drawn.
pub(super) const TOP_K: usize = 40;

/// A model that is open.
pub(super) struct Opened<'b> {
    loaded: Loaded<'b>,
    /// What computes it; our own engine where nothing else does.
    elsewhere: Option<Box<dyn OffloadedModel + 'b>>,
    /// Whether that has failed, and nothing goes on in its place.
    pub(super) is_lost: bool,
    bytes: &'b [u8],
    form: Form,
    /// For the packing of our own engine, where it is not in that.
    spare: Option<&'b mut Buffers<'b>>,
}

impl<'b> Opened<'b> {
    /// Opens a model where it is to be computed, or on the processor where it may be that.
    pub(super) fn new(
        bytes: &'b [u8],
        [buffers, spare]: [&'b mut Buffers<'b>; 2],
        (place, form): (Place, Form),
        pool: &Pool,
        warn: &dyn Fn(&Error),
    ) -> Result<Self> {
        // A device has packings of its own.
        let packing = if place.is_processor() { form.packing() } else { None };
        let loaded = Loaded::open(bytes, buffers, packing, pool)?;
        let spare = (!place.is_processor()).then_some(spare);
        let elsewhere = place.open(&loaded.model, pool);
        let mut opened = Self { loaded, elsewhere: None, is_lost: false, bytes, form, spare };
        match elsewhere {
            Ok(elsewhere) => opened.elsewhere = elsewhere,
            Err(error) if place.falls_back() => warn(&error),
            Err(error) => return Err(error),
        }
        opened.settle(pool)?;
        Ok(opened)
    }

    /// Packs the model for our own engine where that is what computes it now.
    pub(super) fn settle(&mut self, pool: &Pool) -> Result<()> {
        if self.elsewhere.is_none()
            && let Some(buffers) = self.spare.take()
        {
            self.loaded = Loaded::open(self.bytes, buffers, self.form.packing(), pool)?;
        }
        Ok(())
    }

    /// Gives back the pages of the file whose weights were packed anew.
    pub(super) fn let_go(&self, file: &Mapped) {
        self.loaded.let_go(file);
    }

    /// Asks memory for weights as is best here, where the processor computes.
    pub(super) fn ask_ahead(&self, pool: &Pool) {
        if self.elsewhere.is_none() {
            self.loaded.ask_ahead(pool);
        }
    }

    /// The model, where several texts can be written at once: on the processor, and where a prompt
    /// need not be read by itself.
    pub(super) fn for_several(&self) -> Option<&Loaded<'b>> {
        let reads_whole = self.loaded.model.config().prefix_layers > 0;
        (self.elsewhere.is_none() && !reads_whole).then_some(&self.loaded)
    }

    /// Writes a text; `None` when no one wants it any more. Where a device fails the processor goes
    /// on if `warn` is there, which is told why.
    pub(super) fn write(
        &mut self,
        job: &Job,
        pool: &Pool,
        warn: Option<&dyn Fn(&Error)>,
    ) -> Result<Option<Written>> {
        let begun = Instant::now();
        let Self { loaded, elsewhere, is_lost, .. } = self;
        let Loaded { model, tokenizer, .. } = &*loaded;
        let prompt = prompt_of(loaded, job)?;
        let stop = stops(loaded);
        let keep = prompt.len();
        let mut task = Task { tokens: prompt, left: job.max_tokens, stop: &stop };
        let sampling = sampling_of(job);
        let mut room = vec![Candidate::default(); sampling.candidates(model.config().vocab)];
        let mut text = Completion::new(tokenizer);
        let mut each = |token: Option<u32>| {
            if let Some(token) = token {
                text.push(token);
                (job.tell)(Tell::Tokens(text.count, text.fresh()));
            }
            if text.is_full() || job.is_over() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let mut sampler = Sampler::new(sampling, &mut room)?;
        let there = on_device(elsewhere, &mut task, &mut sampler, &mut each, warn);
        let (end, memory) = match there.inspect_err(|_| *is_lost = true)? {
            Some(there) => there,
            None => on_processor(loaded, (&task, keep), &mut sampler, pool, &mut each, job)?,
        };
        if job.is_cancelled() {
            return Ok(None);
        }
        Ok(Some(written(text, end, begun, memory)))
    }
}

/// Writes a text on a device; answers nothing where there is none, and where it has failed and the
/// processor is to go on. Answers the bytes that it takes, too.
fn on_device(
    elsewhere: &mut Option<Box<dyn OffloadedModel + '_>>,
    task: &mut Task<'_>,
    sampler: &mut Sampler<'_>,
    each: &mut dyn FnMut(Option<u32>) -> ControlFlow<()>,
    warn: Option<&dyn Fn(&Error)>,
) -> Result<Option<(End, usize)>> {
    let Some(device) = elsewhere else { return Ok(None) };
    if each(None).is_break() {
        return Ok(Some((End::Cancelled, 0)));
    }
    match (device.write(task, sampler, each), warn) {
        (Ok(end), _) => Ok(Some((end, device.bytes()))),
        (Err(error), None) => Err(error),
        (Err(error), Some(warn)) => {
            warn(&error);
            *elsewhere = None;
            Ok(None)
        }
    }
}

/// Writes what is left of a text with our own engine; answers the bytes that it takes, too.
fn on_processor(
    loaded: &Loaded<'_>,
    (task, keep): (&Task<'_>, usize),
    sampler: &mut Sampler<'_>,
    pool: &Pool,
    each: &mut dyn FnMut(Option<u32>) -> ControlFlow<()>,
    job: &Job,
) -> Result<(End, usize)> {
    let model = &loaded.model;
    let context = (task.tokens.len() + task.left).min(model.config().context);
    let batch = BATCH.min(keep);
    // As where several texts are written at once.
    let kv = KvKind::of_context(model.config().context);
    let options = Options { context, batch, kv, ..Options::new(model.config()) };
    let options = options.with_tables(model.weights());
    let size = arena_bytes(model.config(), &options)? + ARENA_SPARE;
    let mut memory = Vec::new();
    memory.try_reserve_exact(size).map_err(|_| Error::NoMemory { needed: size })?;
    memory.resize(size, 0);
    let mut session = DecodeSession::new(model, &options, &mut memory)?;
    let is_wanted = || !job.is_over();
    let rest = go_on(&task.tokens, keep, &mut session, pool, is_wanted)?;
    let mut generation = Generation::new(rest, task.left, task.stop);
    while !job.is_over() {
        match generation.step(&mut session, sampler, usize::MAX, pool)? {
            Event::Token(token) if each(Some(token)).is_break() => break,
            Event::More | Event::Token(_) => {}
            Event::End(end) => return Ok((end, size)),
        }
    }
    Ok((End::Cancelled, size))
}

/// What was written of a text that has ended.
pub(super) fn written(text: Completion<'_>, end: End, begun: Instant, memory: usize) -> Written {
    let finish = match end {
        End::Stop(_) => Finish::Stop,
        End::Full => Finish::Context,
        End::Cancelled if !text.is_full() => Finish::Ended,
        End::Limit | End::Cancelled => Finish::Length,
    };
    let (tokens, text) = (text.count, text.finish());
    Written { text, tokens, took: begun.elapsed(), memory, load: Duration::ZERO, finish }
}

/// How the tokens of a text are chosen.
pub(super) const fn sampling_of(job: &Job) -> Sampling {
    Sampling { temperature: job.temperature, top_k: TOP_K, seed: job.seed, ..Sampling::GREEDY }
}

/// The tokens at which a text ends.
pub(super) fn stops(loaded: &Loaded<'_>) -> Vec<u32> {
    let vocab = loaded.model.config().vocab as u32;
    (0..vocab).filter(|id| loaded.tokenizer.is_end(*id)).collect()
}

/// The tokens of a prompt, after which the model has room for one at least.
pub(super) fn prompt_of(loaded: &Loaded<'_>, job: &Job) -> Result<Vec<u32>> {
    let prompt = tokens_of(&loaded.tokenizer, &job.prompt)?;
    let config = loaded.model.config();
    if prompt.len() >= config.context {
        return Err(Error::PromptTooLong { tokens: prompt.len(), context: config.context });
    }
    match prompt.iter().find(|token| **token as usize >= config.vocab) {
        Some(wrong) => Err(trine_infer::Error::Token(*wrong).into()),
        None => Ok(prompt),
    }
}

fn tokens_of(tokenizer: &Tokenizer<'_>, prompt: &str) -> Result<Vec<u32>> {
    // Names of control tokens in a stranger's text are text.
    let how = Encode { bos: tokenizer.adds_bos(), special: false };
    let mut scratch = vec![0; scratch_slots(prompt.len())];
    // A token is a byte at least, and one begins the text.
    let mut tokens = vec![0; prompt.len() + 1];
    let count = tokenizer.encode(prompt, how, &mut scratch, &mut tokens)?;
    tokens.truncate(count);
    Ok(tokens)
}
