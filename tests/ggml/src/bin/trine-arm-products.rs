//! Our ternary products, for counting instructions on an emulated 64-bit Arm processor: those of
//! each instruction set and packing, with the weights and activations of `arm/dots.c`. A line
//! `ISA PACKING TOKENS SUM` is written for each product.

use std::hint::black_box;

use trine_ternary::{Isa, Kernels, Matrix, Packing, repack};

/// As many as `devtools/bench` tells the program in C.
const ROWS: usize = 640;
const COLS: usize = 2560;
const TOKENS: usize = 128;

/// What is counted begins when this returns. The two differ, so that they stay two.
#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn count_before() {
    black_box(0);
}

/// And ends when this one does.
#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn count_after() {
    black_box(1);
}

/// The generator of the program in C.
struct Draw(u32);

impl Draw {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % bound
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut draw = Draw(1);
    let mut file = Vec::new();
    for _ in 0..ROWS * COLS / 256 {
        let mut byte = || (0..4).fold(0, |byte, at| byte | draw.below(3) << (2 * at)) as u8;
        file.extend((0..64).map(|_| byte()));
        file.extend([0x00, 0x3c]);
    }
    let q: Vec<i8> = (0..TOKENS * COLS).map(|_| (draw.below(255) as i32 - 127) as i8).collect();
    let weights = Matrix::new(Packing::Tq2_0, ROWS, COLS, &file)?;
    for packing in [Packing::Panel2Bit, Packing::PanelBase3, Packing::Tq2_0] {
        let mut bytes = vec![0; packing.bytes(ROWS, COLS).ok_or("no such matrix")?];
        repack(&weights, 0..ROWS, packing, &mut bytes)?;
        let matrix = Matrix::new(packing, ROWS, COLS, &bytes)?;
        for kernels in Isa::supported().skip(1).filter_map(Kernels::new) {
            for tokens in [1, TOKENS] {
                let mut out = vec![0; ROWS * tokens];
                count_before();
                kernels.gemm(&matrix, 0..ROWS, tokens, &q[..tokens * COLS], &mut out)?;
                count_after();
                let weighted = |(at, sum): (usize, &i32)| {
                    i64::from(*sum) * (1 + (at / tokens + at % tokens) % 7) as i64
                };
                let all: i64 = out.iter().enumerate().map(weighted).sum();
                println!("{} {packing:?} {tokens} {all}", kernels.isa().name());
            }
        }
    }
    Ok(())
}
