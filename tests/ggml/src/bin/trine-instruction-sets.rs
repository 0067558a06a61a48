//! Our ternary products on each instruction set of this processor, one thread: for one token, for a
//! token each of several texts, and for a prompt. Nothing but our kernels is built.
//!
//! Rounds are interleaved: each has every set once, by the least of some short times, so that what
//! else runs disturbs it least. Figures are medians of the rounds, those in brackets of each
//! round's quotients.

use std::hint::black_box;
use std::time::{Duration, Instant};

use trine_bits::Random;
use trine_ternary::{Error, Isa, Kernels, Matrix, Packing, pack};

/// A matrix of keys and values of BitNet 2B-4T, which a second cache has.
const ROWS: usize = 640;
const COLS: usize = 2560;
const MOST: usize = 128;
const TOKENS: [usize; 5] = [1, 2, 4, 8, MOST];

const ROUNDS: usize = 15;
/// Times of a round, of which the least counts, and how long each takes at least.
const TIMES: usize = 5;
const LEAST: Duration = Duration::from_millis(1);

/// 10⁹ products a second by number of tokens, set and round.
type Speeds = [Vec<Vec<f64>>; TOKENS.len()];

fn main() -> Result<(), Error> {
    let mut random = Random::new(7);
    let trits: Vec<i8> = (0..ROWS * COLS).map(|_| random.below(3) as i8 - 1).collect();
    let q: Vec<i8> = (0..COLS * MOST).map(|_| random.bits() as i8).collect();
    let isas = Isa::supported().filter(|isa| *isa != Isa::Scalar);
    let sets: Vec<Kernels> = isas.filter_map(Kernels::new).collect();
    println!("10⁹ products a second, {ROWS}x{COLS} weights, one thread; times the first line's.");
    for packing in [Packing::Panel2Bit, Packing::PanelBase3] {
        let mut bytes = vec![0; packing.bytes(ROWS, COLS).unwrap_or_default()];
        pack(packing, ROWS, COLS, &trits, &mut bytes)?;
        let matrix = Matrix::new(packing, ROWS, COLS, &bytes)?;
        show(packing, &sets, &measure(&matrix, &sets, &q)?);
    }
    Ok(())
}

fn measure(matrix: &Matrix<'_>, sets: &[Kernels], q: &[i8]) -> Result<Speeds, Error> {
    let mut speeds: Speeds = std::array::from_fn(|_| vec![Vec::new(); sets.len()]);
    let mut out = vec![0; ROWS * MOST];
    for _ in 0..ROUNDS {
        for (tokens, speeds) in TOKENS.into_iter().zip(&mut speeds) {
            let (q, out) = (&q[..COLS * tokens], &mut out[..ROWS * tokens]);
            for (kernels, speeds) in sets.iter().zip(speeds) {
                let seconds = least(|| kernels.gemm(matrix, 0..ROWS, tokens, black_box(q), out))?;
                speeds.push((ROWS * COLS * tokens) as f64 / seconds / 1e9);
            }
        }
    }
    Ok(speeds)
}

/// Seconds that `work` takes, by the least of [`TIMES`].
fn least(mut work: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let mut least = f64::INFINITY;
    for _ in 0..TIMES {
        let (since, mut turns) = (Instant::now(), 0);
        while since.elapsed() < LEAST {
            work()?;
            turns += 1;
        }
        least = least.min(since.elapsed().as_secs_f64() / f64::from(turns));
    }
    Ok(least)
}

fn show(packing: Packing, sets: &[Kernels], speeds: &Speeds) {
    let heads =
        TOKENS.map(|tokens| format!("{tokens} token{}", if tokens == 1 { "" } else { "s" }));
    println!("\n| {packing:?} | {} |\n|---|{}", heads.join(" | "), "---:|".repeat(TOKENS.len()));
    for (set, kernels) in sets.iter().enumerate() {
        let figures = speeds.each_ref().map(|speeds| {
            let ratios = speeds[set].iter().zip(&speeds[0]).map(|(own, first)| own / first);
            format!("{:.0} ({:.2})", median(speeds[set].iter().copied()), median(ratios))
        });
        println!("| {} | {} |", kernels.isa().name(), figures.join(" | "));
    }
}

/// The middle value.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
