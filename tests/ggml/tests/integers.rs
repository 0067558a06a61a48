//! For the same activations ggml and we find the same integers.

use trine_ggml_kernels::ggml::{Activations, Dot};
use trine_ggml_kernels::random::{Draw as _, Random};
use trine_ternary::{Isa, Kernels, Matrix, Packing, pack, repack};

/// ggml's sums of a random matrix, and ours: of the same bytes, and of the repacked ones.
fn check(packing: Packing, rows: usize, cols: usize, seed: u64) {
    let mut random = Random::new(seed);
    let (trits, q) = (random.trits(rows * cols), random.activations(cols));
    let mut bytes = vec![0; packing.bytes(rows, cols).unwrap()];
    pack(packing, rows, cols, &trits, &mut bytes).unwrap();
    let mut theirs = vec![0.0; rows];
    let dot = Dot::of(packing).expect("ggml has a dot product of this type");
    dot.gemv(&bytes, cols, &Activations::new(&q), &mut theirs);

    let matrix = Matrix::new(packing, rows, cols, &bytes).unwrap();
    for to in [packing, Packing::Panel2Bit, Packing::PanelBase3, Packing::I2S] {
        let mut repacked = vec![0; to.bytes(rows, cols).unwrap()];
        repack(&matrix, 0..rows, to, &mut repacked).unwrap();
        let matrix = Matrix::new(to, rows, cols, &repacked).unwrap();
        for isa in Isa::supported() {
            let mut ours = vec![0; rows];
            Kernels::new(isa).unwrap().gemv(&matrix, 0..rows, &q, &mut ours).unwrap();
            let ours: Vec<f32> = ours.into_iter().map(|sum| sum as f32).collect();
            assert_eq!(ours, theirs, "{to:?} of {packing:?}, {}", isa.name());
        }
    }
}

#[test]
fn tq2_0_gives_the_integers_of_ggml() {
    for (rows, cols, seed) in [(40, 256, 1), (33, 2560, 2), (7, 6912, 3)] {
        check(Packing::Tq2_0, rows, cols, seed);
    }
}

#[test]
fn tq1_0_gives_the_integers_of_ggml() {
    for (rows, cols, seed) in [(40, 256, 4), (33, 2560, 5), (7, 6912, 6)] {
        check(Packing::Tq1_0, rows, cols, seed);
    }
}
