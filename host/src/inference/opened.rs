//! A model that is open, and the texts that it writes.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use trine_infer::generate::{End, Event, Generation};
use trine_infer::sample::{Candidate, Sampler, Sampling};
use trine_infer::token::{Encode, Tokenizer, scratch_slots};
use trine_infer::{Options, Session, arena_bytes};
use trine_ternary::Packing;

use super::place::{Elsewhere, Place, Task};
use super::text::Text;
use super::tools::Finish;
use super::worker::{Job, Tell, Written};
use crate::model::{Buffers, Loaded, Pool};
use crate::offload::go_on;
use crate::{Error, Result};

/// Tokens of a prompt that are computed together.
pub(super) const BATCH: usize = 128;
/// Of so many of the likeliest tokens one is drawn.
const TOP_K: usize = 40;

/// A model that is open.
pub(super) struct Opened<'b> {
    loaded: Loaded<'b>,
    /// What computes it; our own engine where nothing else does.
    elsewhere: Option<Box<dyn Elsewhere + 'b>>,
    /// Whether that has failed, and nothing goes on in its place.
    pub(super) is_lost: bool,
}

impl<'b> Opened<'b> {
    /// Opens a model where it is to be computed, or on the processor where it may be that.
    pub(super) fn new(
        bytes: &'b [u8],
        [first, second]: &'b mut [Buffers<'b>; 2],
        place: Place,
        pool: &Pool,
        warn: &dyn Fn(&Error),
    ) -> Result<Self> {
        if !place.is_processor() {
            // A device has packings of its own.
            let loaded = Loaded::open(bytes, first, None, pool)?;
            match place.open(&loaded.model, pool) {
                Ok(elsewhere) => return Ok(Self { loaded, elsewhere, is_lost: false }),
                Err(error) if place.falls_back() => warn(&error),
                Err(error) => return Err(error),
            }
        }
        let loaded = Loaded::open(bytes, second, Some(Packing::Line16), pool)?;
        Ok(Self { loaded, elsewhere: None, is_lost: false })
    }

    /// Writes a text; `None` when nobody wants it any more. Where a device fails the processor goes
    /// on if `warn` is there, which is told why.
    pub(super) fn write(
        &mut self,
        job: &Job,
        pool: &Pool,
        warn: Option<&dyn Fn(&Error)>,
    ) -> Result<Option<Written>> {
        let begun = Instant::now();
        let Self { loaded, elsewhere, is_lost } = self;
        let Loaded { model, tokenizer } = &*loaded;
        let prompt = tokens_of(tokenizer, &job.prompt)?;
        let most = model.config().context;
        if prompt.len() >= most {
            let count = prompt.len();
            return Err(Error::new(format!(
                "the prompt has {count} tokens, and the model takes {most} in all: shorten it"
            )));
        }
        let vocab = model.config().vocab;
        let stop: Vec<u32> = (0..vocab as u32).filter(|id| tokenizer.is_end(*id)).collect();
        let keep = prompt.len();
        let mut task = Task { tokens: prompt, left: job.max_tokens, stop: &stop };
        let sampling = Sampling {
            temperature: job.temperature,
            top_k: TOP_K,
            seed: job.seed,
            ..Sampling::GREEDY
        };
        let mut room = vec![Candidate::default(); sampling.candidates(vocab)];
        let mut text = Text::new(tokenizer);
        let mut each = |token| {
            text.push(token);
            (job.tell)(Tell::Tokens(text.count, text.fresh()));
            if text.is_full() || job.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let mut there = None;
        if let Some(device) = elsewhere {
            let mut sampler = Sampler::new(sampling, &mut room).map_err(fail)?;
            match (device.write(&mut task, &mut sampler, &mut each), warn) {
                (Ok(end), _) => there = Some((end, device.bytes())),
                (Err(error), None) => {
                    *is_lost = true;
                    return Err(error);
                }
                (Err(error), Some(warn)) => {
                    warn(&error);
                    *elsewhere = None;
                }
            }
        }
        let (end, memory) = match there {
            Some(there) => there,
            None => {
                let mut sampler = Sampler::new(sampling, &mut room).map_err(fail)?;
                on_processor(loaded, (&task, keep), &mut sampler, pool, &mut each, job)?
            }
        };
        if job.is_cancelled() {
            return Ok(None);
        }
        let finish = match end {
            End::Stop(_) => Finish::Stop,
            End::Full => Finish::Context,
            End::Limit | End::Cancelled => Finish::Length,
        };
        let (tokens, text) = (text.count, text.finish());
        let load = Duration::ZERO;
        Ok(Some(Written { text, tokens, took: begun.elapsed(), memory, load, finish }))
    }
}

/// Writes what is left of a text with our own engine; answers the bytes that it takes, too.
fn on_processor(
    loaded: &Loaded<'_>,
    (task, keep): (&Task<'_>, usize),
    sampler: &mut Sampler<'_>,
    pool: &Pool,
    each: &mut dyn FnMut(u32) -> ControlFlow<()>,
    job: &Job,
) -> Result<(End, usize)> {
    let model = &loaded.model;
    let context = (task.tokens.len() + task.left).min(model.config().context);
    let batch = BATCH.min(keep);
    let options = Options { context, batch, ..Options::new(model.config()) };
    let options = options.with_tables(model.weights());
    let size = arena_bytes(model.config(), &options).map_err(fail)?;
    // The block may start anywhere.
    let mut memory = vec![0; size + 3];
    let mut session = Session::new(model, &options, &mut memory).map_err(fail)?;
    let rest = go_on(&task.tokens, keep, &mut session, pool).map_err(fail)?;
    let mut generation = Generation::new(rest, task.left, task.stop);
    while !job.is_cancelled() {
        match generation.step(&mut session, sampler, usize::MAX, pool).map_err(fail)? {
            Event::Token(token) if each(token).is_break() => break,
            Event::More | Event::Token(_) => {}
            Event::End(end) => return Ok((end, size)),
        }
    }
    Ok((End::Cancelled, size))
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

fn fail(error: impl std::fmt::Display) -> Error {
    Error::new(error.to_string())
}
