//! 128 tokens at once, beside the most that `vpdpbusd` can do here.

use std::hint::black_box;

use trine_ggml_kernels::machine::thread_time;
use trine_ggml_kernels::probe;
use trine_ggml_kernels::random::Random;
use trine_ternary::{Isa, Kernels, Matrix, Packing, pack};

use crate::report::{Report, median};

const TOKENS: usize = 128;

/// Measures and reports one shape.
pub(crate) fn run((rows, cols): (usize, usize), rounds: usize, report: &mut Report) {
    let has_peak = Isa::Avx512.is_supported();
    let mut random = Random(7);
    let (trits, q) = (random.trits(rows * cols), random.activations(cols * TOKENS));
    let mut out = vec![0; rows * TOKENS];
    let mut runs = Vec::new();
    for packing in [Packing::Line2, Packing::Line16] {
        let mut bytes = vec![0; packing.bytes(rows, cols).unwrap()];
        pack(packing, rows, cols, &trits, &mut bytes).unwrap();
        for isa in Isa::supported().filter(|isa| *isa != Isa::Scalar) {
            runs.push((packing, isa, bytes.clone(), Vec::new()));
        }
    }
    let mut peaks = Vec::new();
    for _ in 0..rounds {
        if has_peak {
            let since = thread_time();
            // SAFETY: the processor has what `Avx512` needs, which is more than this.
            let products = unsafe { probe::multiply(20_000_000) };
            peaks.push(products as f64 / (thread_time() - since).as_secs_f64() / 1e9);
        }
        for (packing, isa, bytes, speeds) in &mut runs {
            let matrix = Matrix::new(*packing, rows, cols, bytes).unwrap();
            let kernels = Kernels::new(*isa).unwrap();
            let since = thread_time();
            kernels.gemm(&matrix, 0..rows, TOKENS, &q, &mut out).unwrap();
            black_box(&mut out);
            let seconds = (thread_time() - since).as_secs_f64();
            speeds.push((rows * cols * TOKENS) as f64 / seconds / 1e9);
        }
    }
    report.table(&format!("prefill {rows}x{cols}x{TOKENS}"), &["Gmac/s", "of the peak"]);
    let peak = median(peaks.clone());
    report.line("`vpdpbusd` alone", &[peak, 1.0]);
    for (packing, isa, _, speeds) in runs {
        let share = speeds.iter().zip(&peaks).map(|(speed, peak)| speed / peak).collect();
        let (speed, share) = (median(speeds), median(share));
        report.line(&format!("{packing:?} {}", isa.name()), &[speed, share]);
        if isa == Isa::Avx512 {
            let what = format!("prefill {rows}x{cols} {packing:?} of the `vpdpbusd` peak");
            report.gate(what, share, 0.75, 0.85);
        }
    }
}
