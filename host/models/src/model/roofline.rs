//! What a model could reach on this machine: as fast as memory can be read, and as its products
//! are multiplied where nothing has to be waited for (Williams, Waterman and Patterson, 2009,
//! "Roofline: an insightful visual performance model").

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use trine_infer::{Config, KvKind};
use trine_ternary::parallel::Parallel;
use trine_ternary::{
    ACROSS, Codes, Kernels, KeysAcross, KvRows, POSITIONS, QueriesAcross, Scores, SharesAcross,
    Softmax, SoftmaxAcross, Vectors, int8,
};

use super::Loaded;
use super::bench::{BATCH, Measured, Plan, Round, bandwidth, measure, token_bytes};
use crate::Result;

/// Prompts that are measured, so far as the context goes.
const PROMPTS: [usize; 4] = [128, 512, 2048, 4064];
/// Tokens that are decoded after each.
const TOKENS: usize = 16;
/// How long a product is repeated, and how often; the best counts.
const SECONDS: f64 = 0.05;
const ROUNDS: usize = 5;
/// How long a prompt is repeated.
const ENOUGH: Duration = Duration::from_secs(6);
/// Rows of weights that stay in a core's caches with a batch of activations.
const ROWS: usize = 64;

/// What the machine does in a second, with all threads.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Bytes that are read from memory.
    pub reading: f64,
    /// Products of ternary weights with activations, both in caches.
    pub products: f64,
    /// Products of queries with keys and of shares with values, both in caches: in half precision,
    /// and in int8.
    pub attention: [f64; 2],
}

/// A prompt, or decoding after it.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Whether tokens are decoded after the prompt.
    pub is_decode: bool,
    /// Length of the prompt.
    pub prompt: usize,
    /// Tokens a second as measured, and those that the machine allows.
    pub speeds: [f64; 2],
    /// The share of the time allowed that is attention's, or reads keys and values.
    pub attention: f64,
}

impl Point {
    /// How near the engine is.
    #[must_use]
    pub fn share(&self) -> f64 {
        let [measured, allowed] = self.speeds;
        measured / allowed
    }
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Roofline {
    /// The machine.
    pub machine: Machine,
    /// Prompts, and decoding after each.
    pub points: Vec<Point>,
}

/// What a token asks of a machine.
#[derive(Clone, Copy, Debug)]
struct Token {
    weight_bytes: f64,
    products: f64,
    /// For each position that it sees: products, and bytes of keys and values.
    attention: f64,
    kv_bytes: f64,
}

impl Token {
    fn new(config: &Config, weight_bytes: u64, kv: KvKind) -> Self {
        let (dim, ffn) = (config.dim as f64, config.ffn as f64);
        let (kv_dim, layers) = (config.kv_dim() as f64, config.layers as f64);
        let row = match kv {
            KvKind::I8 => kv_dim + 4.0 * config.kv_heads as f64,
            KvKind::F16 => 2.0 * kv_dim,
            _ => 4.0 * kv_dim,
        };
        Self {
            weight_bytes: weight_bytes as f64,
            products: layers * (2.0 * dim * dim + 2.0 * dim * kv_dim + 3.0 * dim * ffn),
            attention: layers * 2.0 * dim,
            kv_bytes: layers * 2.0 * row,
        }
    }

    /// Seconds that a token after `depth` others takes at least where it is decoded, and the share
    /// of keys and values.
    fn decoded(&self, machine: &Machine, depth: f64) -> (f64, f64) {
        let kv = depth * self.kv_bytes;
        let bytes = self.weight_bytes + kv;
        (bytes / machine.reading, kv / bytes)
    }

    /// The same of a prompt's tokens, of which each sees those before it, on average.
    fn read(&self, machine: &Machine, kv: KvKind, prompt: f64) -> (f64, f64) {
        let [half, int8] = machine.attention;
        let rate = if kv == KvKind::I8 { int8 } else { half };
        let attention = self.attention * f64::midpoint(prompt, 1.0) / rate;
        let seconds = self.products / machine.products + attention;
        (seconds, attention / seconds)
    }
}

/// Measures a machine and a model on it. `progress` is told of each step.
///
/// # Errors
/// When the model cannot be computed.
pub fn roofline(
    loaded: &Loaded<'_>,
    pool: &dyn Parallel,
    mut progress: impl FnMut(&str),
) -> Result<Roofline> {
    let config = loaded.model.config();
    progress("reading memory, products, attention");
    let machine = Machine {
        reading: bandwidth(pool),
        products: products(loaded, pool),
        attention: attention(loaded, pool),
    };
    let mut points = Vec::new();
    let prompts = PROMPTS.map(|prompt| prompt.min(config.context.saturating_sub(TOKENS)).max(1));
    let mut last = 0;
    for prompt in
        prompts.into_iter().filter(|prompt| *prompt > std::mem::replace(&mut last, *prompt))
    {
        progress(&format!("a prompt of {prompt} tokens"));
        let kv = KvKind::of_context(prompt + TOKENS);
        let plan = Plan { prompt, tokens: TOKENS, rounds: 1, kv, sequences: 1 };
        let round = measure(loaded, &plan, |work| best(|| work(pool)))?;
        let token = Token::new(config, token_bytes(loaded), kv);
        let (read, far) = token.read(&machine, kv, prompt as f64);
        let speeds = [round.prefill.rate(), 1.0 / read];
        points.push(Point { is_decode: false, prompt, speeds, attention: far });
        let (decoded, far) = token.decoded(&machine, prompt as f64);
        let speeds = [round.decode.rate(), 1.0 / decoded];
        points.push(Point { is_decode: true, prompt, speeds, attention: far });
    }
    Ok(Roofline { machine, points })
}

/// The best of three rounds, or of fewer that take long: a first one waits for pages of the file.
fn best(mut work: impl FnMut() -> Result<Round>) -> Result<Round> {
    let (begun, mut best) = (Instant::now(), work()?);
    for _ in 1..3 {
        if begun.elapsed() > ENOUGH {
            break;
        }
        let other = work()?;
        let faster =
            |one: Measured, other: Measured| if other.wall < one.wall { other } else { one };
        best.prefill = faster(best.prefill, other.prefill);
        best.decode = faster(best.decode, other.decode);
    }
    Ok(best)
}

/// How often all threads do something in a second, at best; each call of `work` is one thread's,
/// and answers how often it did it.
fn rate(pool: &dyn Parallel, work: &(dyn Fn() -> f64 + Sync)) -> f64 {
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        let sum = Mutex::new(0.0);
        pool.run(pool.threads(), &|_| {
            let (begun, mut done) = (Instant::now(), 0.0);
            while begun.elapsed().as_secs_f64() < SECONDS {
                done += work();
            }
            let own = done / begun.elapsed().as_secs_f64();
            *sum.lock().unwrap_or_else(PoisonError::into_inner) += own;
        });
        best = best.max(sum.into_inner().unwrap_or_else(PoisonError::into_inner));
    }
    best
}

/// Products of ternary weights in a second.
fn products(loaded: &Loaded<'_>, pool: &dyn Parallel) -> f64 {
    let Some(layer) = loaded.model.weights().layers.first() else { return f64::NAN };
    let (matrix, kernels) = (&layer.q.matrix, loaded.model.kernels());
    let (rows, cols) = (ROWS.min(matrix.rows()), matrix.cols());
    let q: Vec<i8> = (0..BATCH * cols).map(|at| (at % 251) as i8).collect();
    rate(pool, &|| {
        let mut out = vec![0; rows * BATCH];
        // The sizes are those of the matrix.
        _ = black_box(kernels.gemm(matrix, 0..rows, BATCH, &q, &mut out));
        (rows * cols * BATCH) as f64
    })
}

/// Products of attention in a second, in half precision and in int8, a block at a time.
fn attention(loaded: &Loaded<'_>, pool: &dyn Parallel) -> [f64; 2] {
    let (kernels, width) = (*loaded.model.kernels(), loaded.model.config().head_width());
    // As the engine takes them, which depends on the width of heads.
    let codes = if kernels.takes_across(width) { codes_across } else { codes };
    [rate(pool, &|| floats(kernels, width)), rate(pool, &|| codes(kernels, width))]
}

/// Blocks that a call takes, so that a look at the clock costs nothing.
const BLOCKS: usize = 64;

/// Queries that are taken together.
const QUERIES: usize = 4;

/// Some queries over a block of rows that were widened; answers how many products that was.
fn floats(kernels: Kernels, width: usize) -> f64 {
    let rows = vec![0.5; POSITIONS * width];
    let numbers = vec![0.25; QUERIES * width];
    let (mut out, mut scores) = (vec![0.0; QUERIES * width], vec![Scores::default(); QUERIES]);
    let mut softmaxes = [Softmax::NEW; QUERIES];
    let queries = Vectors { numbers: &numbers, stride: width, count: QUERIES };
    for _ in 0..BLOCKS {
        kernels.scores(queries, KvRows::F32(&rows), (width, POSITIONS), &mut scores);
        kernels.soften(1e-3, 0..POSITIONS, &mut scores, &mut softmaxes);
        kernels.add_rows(&scores, KvRows::F32(&rows), (width, POSITIONS), &mut out, width);
    }
    black_box(&out);
    (BLOCKS * QUERIES * POSITIONS * width * 2) as f64
}

/// The same over a block of codes, whose scales are left out.
fn codes(kernels: Kernels, width: usize) -> f64 {
    let rows = vec![1; POSITIONS * width];
    let numbers = vec![2; QUERIES * width];
    let (mut out, mut scores) = (vec![0.0; QUERIES * width], vec![Scores::default(); QUERIES]);
    let mut softmaxes = [Softmax::NEW; QUERIES];
    let mut shares = [[0; POSITIONS]; QUERIES];
    let queries = Codes { codes: &numbers, stride: width, width };
    for _ in 0..BLOCKS {
        scores.fill(Scores::default());
        kernels.dots_each(queries, (&rows, width), POSITIONS, &mut scores);
        kernels.soften(1e-3, 0..POSITIONS, &mut scores, &mut softmaxes);
        for (shares, scores) in shares.iter_mut().zip(&scores) {
            kernels.quantize_i16(int8::QUANTIZED_MAX, scores, shares);
        }
        kernels.mix_each((&shares, &[1e-3; QUERIES]), (&rows, width), &mut out, width);
    }
    black_box(&out);
    (BLOCKS * QUERIES * POSITIONS * width * 2) as f64
}

/// Sixteen queries over a block of codes.
fn codes_across(kernels: Kernels, width: usize) -> f64 {
    let pairs = vec![[0x0003_0002; ACROSS]; width / 2];
    let keys = vec![[0x0001_0001; 64]; POSITIONS];
    let values = vec![0x0001_0001; POSITIONS / 2 * width];
    let scales = [1e-3; POSITIONS];
    let queries = QueriesAcross { pairs: &pairs, steps: &[1e-3; ACROSS], scale: 0.1 };
    let keys = KeysAcross { pairs: &keys, scales: &scales, value_scales: &scales };
    let (mut softmax, mut shares) = (SoftmaxAcross::NEW, SharesAcross::new());
    let mut out = vec![0.0; ACROSS * width];
    for _ in 0..BLOCKS {
        kernels.shares_across(queries, keys, &mut softmax, &mut shares);
        kernels.mix_across((&shares, 0), (&values, width), &mut out, width);
    }
    black_box(&out);
    (BLOCKS * ACROSS * POSITIONS * width * 2) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: Machine = Machine { reading: 1e9, products: 1e12, attention: [1e10, 4e10] };
    const TOKEN: Token = Token { weight_bytes: 1e8, products: 1e9, attention: 1e5, kv_bytes: 1e5 };

    #[test]
    fn a_decoded_token_takes_as_long_as_all_that_it_reads() {
        assert_eq!(TOKEN.decoded(&MACHINE, 0.0), (0.1, 0.0));
        assert_eq!(TOKEN.decoded(&MACHINE, 1000.0), (0.2, 0.5));
    }

    #[test]
    fn a_prompt_takes_as_long_as_its_products_and_its_attention() {
        let (seconds, far) = TOKEN.read(&MACHINE, KvKind::F16, 199.0);
        assert!((seconds - 0.002).abs() < 1e-9 && (far - 0.5).abs() < 1e-9, "{seconds} {far}");
        let (seconds, far) = TOKEN.read(&MACHINE, KvKind::I8, 799.0);
        assert!((seconds - 0.002).abs() < 1e-9 && (far - 0.5).abs() < 1e-9, "{seconds} {far}");
        let point = Point { is_decode: false, prompt: 7, speeds: [30.0, 40.0], attention: far };
        assert_eq!(point.share(), 0.75);
    }
}
