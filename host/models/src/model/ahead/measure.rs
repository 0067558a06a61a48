//! Which distances are best: a model's weights are read again and again as a decoded token does.

use std::hint::black_box;
use std::time::{Duration, Instant};

use trine_ternary::parallel::{Parallel, for_each_chunk};
use trine_ternary::{Ahead, Kernels, Matrix};

/// What is tried besides the kernels' own, `soon` and `far` in bytes.
const TRIED: [(u16, u16); 12] = [
    (1024, 4096),
    (1536, 0),
    (1536, 4096),
    (1536, 8192),
    (1536, 16_384),
    (2048, 4096),
    (2048, 8192),
    (3072, 0),
    (3072, 8192),
    (3072, 16_384),
    (4096, 8192),
    (4096, 16_384),
];
/// Bytes that a distance is measured on at a time: the model goes on where the last one ended, so
/// that all of them read what caches have let go of.
const BYTES: usize = 32 << 20;
/// Times that each is measured; the median counts.
const ROUNDS: usize = 7;
/// Rows that a thread takes at a time.
const ROWS: usize = 256;
/// What is less than this share faster may be noise.
const GAIN: f64 = 0.02;

/// The distances that are best on these matrices; `None` where none is better than the kernels'
/// own.
pub(super) fn best(
    kernels: &Kernels,
    matrices: &[&Matrix<'_>],
    pool: &dyn Parallel,
) -> Option<Ahead> {
    let packing = matrices.first()?.packing();
    let tried = TRIED.map(|(soon, far)| Some(Ahead { soon, far }));
    let tried: Vec<Option<Ahead>> = std::iter::once(None).chain(tried).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); tried.len()];
    let mut all = matrices.iter().cycle();
    let mut room = Room::new(matrices);
    for _ in 0..ROUNDS {
        for (ahead, times) in tried.iter().zip(&mut times) {
            Ahead::say(packing, *ahead);
            let (mut bytes, begun) = (0, Instant::now());
            while bytes < BYTES {
                let matrix = all.next()?;
                bytes += matrix.bytes().len().max(1);
                room.multiply(kernels, matrix, pool);
            }
            // Matrices have different sizes.
            times.push(begun.elapsed().div_f64(bytes as f64 / BYTES as f64));
        }
    }
    Ahead::say(packing, None);
    chosen(&tried, times)
}

/// The fastest, where it is so by more than noise.
fn chosen(tried: &[Option<Ahead>], times: Vec<Vec<Duration>>) -> Option<Ahead> {
    let medians = times.into_iter().map(|mut times| {
        times.sort();
        times.get(times.len() / 2).copied().unwrap_or(Duration::MAX)
    });
    let medians: Vec<Duration> = medians.collect();
    let least = medians.first()?.mul_f64(1.0 - GAIN);
    let fastest = tried.iter().zip(medians).filter(|(_, time)| *time < least);
    fastest.min_by_key(|(_, time)| *time).and_then(|(ahead, _)| *ahead)
}

/// Activations and sums of the largest matrix.
struct Room {
    q: Vec<i8>,
    out: Vec<i32>,
}

impl Room {
    fn new(matrices: &[&Matrix<'_>]) -> Self {
        let most = |sizes: &mut dyn Iterator<Item = usize>| sizes.max().unwrap_or(0);
        let cols = most(&mut matrices.iter().map(|matrix| matrix.cols()));
        let rows = most(&mut matrices.iter().map(|matrix| matrix.rows()));
        Self { q: vec![1; cols], out: vec![0; rows] }
    }

    /// A product of a matrix, as the engine has it of one token.
    fn multiply(&mut self, kernels: &Kernels, matrix: &Matrix<'_>, pool: &dyn Parallel) {
        let Self { q, out } = self;
        let (q, rows) = (&q[..matrix.cols()], matrix.rows());
        for_each_chunk(pool, &mut out[..rows], ROWS, &|index, out| {
            let from = index * ROWS;
            // The sizes are those of the matrix.
            _ = kernels.gemv(matrix, from..from + out.len(), q, out);
        });
        black_box(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_faster_by_more_than_noise_is_chosen() {
        let some = |soon| Some(Ahead { soon, far: 0 });
        let tried = [None, some(1), some(2)];
        let of = |times: [[u64; 3]; 3]| {
            chosen(&tried, times.map(|times| times.map(Duration::from_micros).to_vec()).to_vec())
        };
        assert_eq!(of([[100, 100, 900], [99, 99, 99], [1, 120, 120]]), None, "a percent is noise");
        assert_eq!(of([[100, 100, 100], [97, 97, 200], [96, 96, 1]]), some(2));
        assert_eq!(of([[100, 100, 100], [90, 91, 92], [96, 96, 96]]), some(1));
    }
}
