//! Rows of an embedding as floats, beside ggml's, for as many tokens as a prompt has together.

use std::hint::black_box;

use trine_ggml_kernels::ggml::Floats;
use trine_ggml_kernels::machine::{pin, thread_time};
use trine_ggml_kernels::random::{Draw as _, Random};
use trine_ternary::{Kernels, RowFormat, Rows};

use crate::report::{Report, median};

const TOKENS: usize = 512;
const COLUMNS: usize = 2560;
/// Of the embedding: more than any cache has.
const ROWS: usize = 16_384;
const FORMATS: [RowFormat; 3] = [RowFormat::F16, RowFormat::Q8_0, RowFormat::Q6K];

/// An embedding of random bytes, in which no number in half precision is infinite.
fn embedding(format: RowFormat, rows: usize, random: &mut Random) -> Vec<u8> {
    let bytes = format.bytes(rows, COLUMNS).unwrap();
    random.activations(bytes).into_iter().map(|byte| byte.cast_unsigned() & 0xbb).collect()
}

/// Calls `each` with rows that lie far apart.
fn tokens(mut each: impl FnMut(usize)) {
    (0..TOKENS).for_each(|token| each(token * 7919 % ROWS));
}

/// Measures and reports each format.
pub(crate) fn run(rounds: usize, report: &mut Report) {
    pin(0);
    let (kernels, mut out) = (Kernels::best(), vec![0.0; COLUMNS]);
    let columns = ["10^9 numbers/s", "ggml's", "times as fast"];
    report.table(&format!("{TOKENS} rows of {COLUMNS} as floats"), &columns);
    for format in FORMATS {
        let bytes = embedding(format, ROWS, &mut Random::new(11));
        let rows = Rows::new(format, ROWS, COLUMNS, &bytes).unwrap();
        let peer = Floats::of(format).unwrap();
        let (mut own, mut others) = (Vec::new(), Vec::new());
        let speed = |since| {
            let seconds = (thread_time() - since).as_secs_f64();
            (TOKENS * COLUMNS) as f64 / seconds / 1e9
        };
        for _ in 0..rounds {
            let since = thread_time();
            tokens(|row| kernels.read(&rows, row, black_box(&mut out)).unwrap());
            own.push(speed(since));
            let since = thread_time();
            tokens(|row| peer.read(&bytes, row, black_box(&mut out)));
            others.push(speed(since));
        }
        let (own, others) = (median(own), median(others));
        report.line(&format!("{format:?}"), &[own, others, own / others]);
    }
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, FORMATS, Floats, Kernels, Random, Rows, embedding};

    #[test]
    fn rows_are_ggmls_bit_for_bit() {
        for format in FORMATS {
            let bytes = embedding(format, 8, &mut Random::new(3));
            let rows = Rows::new(format, 8, COLUMNS, &bytes).unwrap();
            let (mut own, mut others) = (vec![0.0; COLUMNS], vec![1.0; COLUMNS]);
            for row in 0..8 {
                Kernels::best().read(&rows, row, &mut own).unwrap();
                Floats::of(format).unwrap().read(&bytes, row, &mut others);
                assert!(own.iter().any(|x| *x != 0.0), "{format:?}");
                let bits = |row: &[f32]| row.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&own), bits(&others), "{format:?}");
            }
        }
    }
}
