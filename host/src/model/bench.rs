//! How fast a model is on this machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

use trine_infer::{Options, Session, arena_bytes};
use trine_ternary::parallel::Parallel;

use super::Loaded;
use crate::sys::{memory_peak, processor_time};
use crate::{Error, Result};

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Tokens that are read at once.
    pub prompt: usize,
    /// Tokens that are read one at a time after them.
    pub tokens: usize,
    /// How often each is done; the median counts.
    pub rounds: usize,
}

/// A stretch of work: time on the wall, and processor time of all threads.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Tokens.
    pub tokens: usize,
    /// From beginning to end.
    pub wall: Duration,
    /// Of all threads together.
    pub processor: Duration,
}

impl Stretch {
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

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Reading the prompt, the head's product included.
    pub prefill: Stretch,
    /// Reading one token at a time.
    pub decode: Stretch,
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
    let fail = |error: trine_infer::Error| Error::new(error.to_string());
    let config = loaded.model.config();
    let options = Options {
        context: plan.prompt.saturating_add(plan.tokens),
        batch: plan.prompt,
        ..Options::new(config)
    };
    let options = options.with_tables(loaded.model.weights());
    // The block may start anywhere.
    let mut memory = vec![0; arena_bytes(config, &options).map_err(fail)? + 3];
    let mut session = Session::new(&loaded.model, &options, &mut memory).map_err(fail)?;
    // Any tokens do: what is computed does not hang on them, but for the rows of the embedding.
    let spread = |at: usize| (at * 7919 % config.vocab) as u32;
    let tokens: Vec<u32> = (0..options.context).map(spread).collect();
    let (prompt, rest) = tokens.split_at(plan.prompt);
    let (mut prefills, mut decodes) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds.max(1) {
        progress(round);
        session.truncate(0).map_err(fail)?;
        prefills.push(stretch(prompt.len(), || session.read(prompt, pool)).map_err(fail)?);
        let one_by_one = || rest.iter().try_for_each(|token| session.read(&[*token], pool));
        decodes.push(stretch(rest.len(), one_by_one).map_err(fail)?);
    }
    // Before the bandwidth is looked for, which takes memory of its own.
    let memory_peak = memory_peak();
    Ok(Figures {
        prefill: median(prefills)?,
        decode: median(decodes)?,
        token_bytes: token_bytes(loaded),
        memory_peak,
        bandwidth: bandwidth(pool),
    })
}

fn stretch(
    tokens: usize,
    work: impl FnOnce() -> std::result::Result<(), trine_infer::Error>,
) -> std::result::Result<Stretch, trine_infer::Error> {
    let (wall, processor) = (Instant::now(), processor_time());
    work()?;
    Ok(Stretch { tokens, wall: wall.elapsed(), processor: processor_time() - processor })
}

fn median(mut stretches: Vec<Stretch>) -> Result<Stretch> {
    stretches.sort_by_key(|stretch| stretch.wall);
    stretches.get(stretches.len() / 2).copied().ok_or_else(|| Error::new("nothing was measured"))
}

/// Bytes of the matrices and the head.
fn token_bytes(loaded: &Loaded<'_>) -> u64 {
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
fn bandwidth(pool: &dyn Parallel) -> f64 {
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
