//! 128 tokens at once, beside the most that `vpdpbusd` can do here.

use std::hint::black_box;

use trine_ggml_kernels::machine::{pin, thread_time};
use trine_ggml_kernels::probe;
use trine_ggml_kernels::random::{Draw as _, Random};
use trine_ternary::{Isa, Kernels, Matrix, Packing, pack};

use crate::report::{Report, best_quarter, median};

const TOKENS: usize = 128;

/// Parts of a matrix that are multiplied one after the other, and turns of the loop that shows the
/// peak before and after each: some milliseconds, in which the processor's clock stays as it is.
const PARTS: usize = 8;
const PEAK_TURNS: u64 = 100_000;

/// A packing on an instruction set: 10⁹ products a second, and shares of the peak.
struct Subject {
    packing: Packing,
    isa: Isa,
    bytes: Vec<u8>,
    speeds: Vec<f64>,
    shares: Vec<f64>,
}

/// Measures and reports one shape.
pub(crate) fn run((rows, cols): (usize, usize), rounds: usize, report: &mut Report) {
    pin(0);
    let mut random = Random::new(7);
    let (trits, q) = (random.trits(rows * cols), random.activations(cols * TOKENS));
    let mut out = vec![0; rows * TOKENS];
    let mut subjects = Vec::new();
    for packing in [Packing::Panel2Bit, Packing::PanelBase3] {
        let mut bytes = vec![0; packing.bytes(rows, cols).unwrap()];
        pack(packing, rows, cols, &trits, &mut bytes).unwrap();
        for isa in Isa::supported().filter(|isa| *isa != Isa::Scalar) {
            let (bytes, speeds, shares) = (bytes.clone(), Vec::new(), Vec::new());
            subjects.push(Subject { packing, isa, bytes, speeds, shares });
        }
    }
    let mut peaks = Vec::new();
    for _ in 0..rounds {
        for subject in &mut subjects {
            let matrix = Matrix::new(subject.packing, rows, cols, &subject.bytes).unwrap();
            let kernels = Kernels::new(subject.isa).unwrap();
            let part = rows / PARTS;
            for (index, out) in out.chunks_exact_mut(part * TOKENS).enumerate() {
                let before = peak();
                let since = thread_time();
                let rows = index * part..(index + 1) * part;
                kernels.gemm(&matrix, rows, TOKENS, &q, out).unwrap();
                black_box(out);
                let seconds = (thread_time() - since).as_secs_f64();
                let speed = (part * cols * TOKENS) as f64 / seconds / 1e9;
                let peak = (before + peak()) / 2.0;
                subject.speeds.push(speed);
                subject.shares.push(speed / peak);
                peaks.push(peak);
            }
        }
    }
    report.table(
        &format!("prefill {rows}x{cols}x{TOKENS}"),
        &["Gmac/s", "of the peak", "in the best quarter"],
    );
    report.line("`vpdpbusd` alone", &[median(peaks), 1.0, 1.0]);
    for Subject { packing, isa, speeds, shares, .. } in subjects {
        let (speed, share, best) = (median(speeds), median(shares.clone()), best_quarter(shares));
        report.line(&format!("{packing:?} {}", isa.name()), &[speed, share, best]);
        if isa == Isa::Avx512 {
            let what = format!(
                "prefill {rows}x{cols} {packing:?} of the `vpdpbusd` peak, {best:.2} in the best \
                 quarter"
            );
            report.gate(what, share, (0.75, 0.85));
        }
    }
}

/// What `vpdpbusd` alone reaches just now, in 10⁹ products a second; without it, not a number.
fn peak() -> f64 {
    if !Isa::Avx512.is_supported() {
        return f64::NAN;
    }
    let since = thread_time();
    // SAFETY: the processor has what `Avx512` needs, which is more than this.
    let products = unsafe { probe::multiply(PEAK_TURNS) };
    products as f64 / (thread_time() - since).as_secs_f64() / 1e9
}
