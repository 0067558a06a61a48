//! How fast a model is on this machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

use trine_infer::{
    ARENA_SPARE, BatchOptions, BatchSession, DecodeSession, KvKind, Options, Step, arena_bytes,
    batch_arena_bytes,
};
use trine_ternary::parallel::Parallel;

use super::Loaded;
use crate::sys::{memory_peak, processor_time};
use crate::{Error, Result};

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Tokens of the prompt, which is read as `trine generate` reads one.
    pub prompt: usize,
    /// Tokens that are read one at a time after them.
    pub tokens: usize,
    /// How often each is done; the median counts.
    pub rounds: usize,
    /// How keys and values are kept.
    pub kv: KvKind,
    /// Number of sequences to measure at once as well; 1 measures one alone.
    pub sequences: usize,
}

/// Batch size of the prefill, in tokens. Weights are read once a batch, and the activations of a
/// batch fit into the processor's caches.
pub const BATCH: usize = 128;

/// A stretch of work: time on the wall, and processor time of all threads.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Tokens.
    pub tokens: usize,
    /// From beginning to end.
    pub wall: Duration,
    /// Of all threads together.
    pub processor: Duration,
}

impl Measured {
    /// Tokens a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.tokens as f64 / self.wall.as_secs_f64()
    }

    /// Tokens a second of processor time, which hangs less on what else the machine does.
    #[must_use]
    pub fn processor_rate(&self) -> f64 {
        self.tokens as f64 / self.processor.as_secs_f64()
    }
}

/// Several sequences, a token of each at a time, after prompts as long as that of one.
#[derive(Clone, Copy, Debug)]
pub struct Several {
    /// The round whose share of one is the median.
    pub decode: Measured,
    /// How often that is one sequence's speed in the same round.
    pub times: f64,
}

impl Several {
    /// Of rounds of one sequence and of several.
    fn of(rounds: Vec<(Measured, Measured)>) -> Option<Self> {
        let share = |(one, several): (Measured, Measured)| several.rate() / one.rate();
        let mut all: Vec<Self> =
            rounds.into_iter().map(|round| Self { decode: round.1, times: share(round) }).collect();
        all.sort_by(|one, other| one.times.total_cmp(&other.times));
        all.get(all.len() / 2).copied()
    }
}

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Reading the prompt, the head's product included.
    pub prefill: Measured,
    /// Reading one token at a time.
    pub decode: Measured,
    /// Several sequences, where that was asked for.
    pub together: Option<Several>,
    /// Bytes of weights that a token goes through.
    pub token_bytes: u64,
    /// The most memory that the process held until then, in bytes, where the system says it.
    pub memory_peak: Option<u64>,
    /// Bytes a second that plain reading of memory reaches, with as many threads.
    pub bandwidth: f64,
}

impl Figures {
    /// The share of the bandwidth of memory that decoding uses.
    #[must_use]
    pub fn bandwidth_share(&self) -> f64 {
        self.token_bytes as f64 * self.decode.rate() / self.bandwidth
    }
}

/// A prompt that is read at once, then tokens one at a time.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Reading the prompt, the head's product included.
    pub prefill: Measured,
    /// Reading one token at a time.
    pub decode: Measured,
}

/// The tokens that are read. Any do: what is computed does not depend on them, but for the rows of
/// the embedding.
#[must_use]
pub fn tokens(plan: &Plan, vocab: usize) -> Vec<u32> {
    let count = plan.prompt.saturating_add(plan.tokens);
    (0..count).map(|at| (at * 7919 % vocab.max(1)) as u32).collect()
}

/// Opens a session for the plan and hands `work` what does a round in it with a pool of threads.
///
/// # Errors
/// When the context of the model is too short for the plan, or what `work` says.
pub fn measure<T, E: From<Error>>(
    loaded: &Loaded<'_>,
    plan: &Plan,
    work: impl FnOnce(&mut dyn FnMut(&dyn Parallel) -> Result<Round>) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let fail = |error: trine_infer::Error| Error::from(error);
    let config = loaded.model.config();
    let context = plan.prompt.saturating_add(plan.tokens);
    let batch = BATCH.min(plan.prompt);
    let options = Options { context, batch, kv: plan.kv, ..Options::new(config) };
    let options = options.with_tables(loaded.model.weights());
    let mut memory = vec![0; arena_bytes(config, &options).map_err(fail)? + ARENA_SPARE];
    let mut session = DecodeSession::new(&loaded.model, &options, &mut memory).map_err(fail)?;
    let tokens = tokens(plan, config.vocab);
    let (prompt, rest) = tokens.split_at(plan.prompt);
    let mut round = |pool: &dyn Parallel| {
        session.truncate(0).map_err(fail)?;
        let prefill = stretch(prompt.len(), || session.read(prompt, pool)).map_err(fail)?;
        let one_by_one = || rest.iter().try_for_each(|token| session.read(&[*token], pool));
        Ok(Round { prefill, decode: stretch(rest.len(), one_by_one).map_err(fail)? })
    };
    work(&mut round)
}

/// Measures a model. `progress` is told of each round.
///
/// # Errors
/// When the context of the model is too short for the plan.
pub fn bench(
    loaded: &Loaded<'_>,
    plan: &Plan,
    pool: &dyn Parallel,
    mut progress: impl FnMut(usize),
) -> Result<Figures> {
    let (mut memory, mut several) = (Vec::new(), Vec::new());
    let mut together = if plan.sequences > 1 {
        Some(Together::new(loaded, plan, &mut memory, pool)?)
    } else {
        None
    };
    let rounds = measure(loaded, plan, |work| {
        let one = |round| {
            progress(round);
            let one = work(pool)?;
            // In turns, since machines are faster at one time than at another.
            if let Some(together) = &mut together {
                several.push((one.decode, together.round(pool)?));
            }
            Ok(one)
        };
        (0..plan.rounds.max(1)).map(one).collect::<Result<Vec<Round>>>()
    })?;
    // Before the bandwidth is looked for, which takes memory of its own.
    let memory_peak = memory_peak();
    Ok(Figures {
        prefill: median(rounds.iter().map(|round| round.prefill).collect())?,
        decode: median(rounds.iter().map(|round| round.decode).collect())?,
        together: Several::of(several),
        token_bytes: token_bytes(loaded),
        memory_peak,
        bandwidth: bandwidth(pool),
    })
}

/// Several sequences that have read a prompt.
struct Together<'m, 'w> {
    session: BatchSession<'m, 'w>,
    plan: Plan,
    tokens: Vec<u32>,
}

impl<'m, 'w> Together<'m, 'w> {
    fn new(
        loaded: &Loaded<'w>,
        plan: &Plan,
        memory: &'m mut Vec<u8>,
        pool: &dyn Parallel,
    ) -> Result<Self> {
        let config = loaded.model.config();
        let context = plan.prompt.saturating_add(plan.tokens);
        let options = BatchOptions {
            positions: context.saturating_mul(plan.sequences),
            batch: BATCH.min(plan.prompt).max(plan.sequences),
            kv: plan.kv,
            ..BatchOptions::new(config, plan.sequences)
        };
        let options = options.with_tables(loaded.model.weights());
        memory.resize(batch_arena_bytes(config, &options)? + ARENA_SPARE, 0);
        let mut session = BatchSession::new(&loaded.model, &options, memory)?;
        let tokens = tokens(plan, config.vocab);
        let first = session.open(context)?;
        let mut unread = tokens.get(..plan.prompt).unwrap_or_default();
        while !unread.is_empty() {
            let taken = session.add(first, unread, unread.len())?;
            while session.step(usize::MAX, pool) == Step::More {}
            unread = unread.get(taken..).unwrap_or_default();
        }
        for _ in 1..plan.sequences {
            let other = session.open(context)?;
            session.share(first, other, plan.prompt)?;
        }
        Ok(Self { session, plan: *plan, tokens })
    }

    /// Reads a token of each at a time.
    fn round(&mut self, pool: &dyn Parallel) -> Result<Measured> {
        let Self { session, plan, tokens } = self;
        let rest = tokens.get(plan.prompt..).unwrap_or_default();
        let count = rest.len().saturating_mul(plan.sequences);
        let measured = stretch(count, || {
            rest.iter().try_for_each(|token| {
                (0..plan.sequences).try_for_each(|one| session.add(one, &[*token], 1).map(drop))?;
                while session.step(usize::MAX, pool) == Step::More {}
                Ok::<(), trine_infer::Error>(())
            })
        })?;
        (0..plan.sequences).try_for_each(|one| session.truncate(one, plan.prompt))?;
        Ok(measured)
    }
}

/// Times a stretch of work.
///
/// # Errors
/// What the work says.
pub fn stretch<E>(
    tokens: usize,
    work: impl FnOnce() -> std::result::Result<(), E>,
) -> std::result::Result<Measured, E> {
    let (wall, processor) = (Instant::now(), processor_time());
    work()?;
    Ok(Measured { tokens, wall: wall.elapsed(), processor: processor_time() - processor })
}

fn median(mut stretches: Vec<Measured>) -> Result<Measured> {
    stretches.sort_by_key(|stretch| stretch.wall);
    stretches.get(stretches.len() / 2).copied().ok_or(Error::NoRounds)
}

/// Bytes of the matrices and the head.
pub(super) fn token_bytes(loaded: &Loaded<'_>) -> u64 {
    let weights = loaded.model.weights();
    let matrices = weights.layers.iter().flat_map(|layer| {
        [layer.q, layer.k, layer.v, layer.output, layer.gate, layer.up, layer.down]
    });
    let matrices: usize = matrices.map(|linear| linear.matrix.bytes().len()).sum();
    (matrices + weights.head.bytes().len()) as u64
}

/// Bytes that are read to find the bandwidth: far more than caches hold.
const READ_BYTES: usize = 512 << 20;

/// Bytes a second of reading memory from front to back: the best of some rounds.
pub(super) fn bandwidth(pool: &dyn Parallel) -> f64 {
    let words = vec![1_u64; READ_BYTES / 8];
    let parts: Vec<&[u64]> = words.chunks(1 << 17).collect();
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begun = Instant::now();
        pool.run(parts.len(), &|index| {
            let part = parts.get(index).copied().unwrap_or_default();
            black_box(part.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word)));
        });
        best = best.min(begun.elapsed().as_secs_f64());
    }
    READ_BYTES as f64 / best
}
