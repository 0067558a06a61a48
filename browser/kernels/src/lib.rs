//! Products of a language model in a browser, by name: what each comes to, for a comparison of a
//! module with vectors and one without, which has to be the same to the bit. The module imports
//! nothing and has no threads.
#![no_std]

use core::cell::UnsafeCell;
use core::panic::PanicInfo;

use trine_ternary::{
    Codes, Isa, Kernels, Matrix, POSITIONS, Packing, RowFormat, RowInput, Rows, Scores, pack,
};

/// The matrix.
const ROWS: usize = 512;
const COLS: usize = 1024;
/// Tokens of a prompt.
const TOKENS: usize = 128;
/// Rows of the head.
const WORDS: usize = 512;
/// Queries of attention, and their width.
const QUERIES: usize = 16;
const WIDTH: usize = 128;
/// Bytes of the largest matrix.
const MATRIX_MAX: usize = ROWS * COLS / 4;
const HEAD_MAX: usize = WORDS * COLS / 256 * 210;
/// Products that there are.
const CASES: usize = 9;

/// What is multiplied, and what comes out.
struct Memory {
    trits: [i8; ROWS * COLS],
    bytes: [[u8; MATRIX_MAX]; 3],
    head: [u8; HEAD_MAX],
    q: [i8; TOKENS * COLS],
    scales: [f32; COLS / 256],
    codes: [i16; QUERIES * WIDTH],
    shares: [[i16; POSITIONS]; QUERIES],
    sums: [i32; ROWS * TOKENS],
    floats: [f32; WORDS],
    mixed: [f32; QUERIES * WIDTH],
    scores: [Scores; QUERIES],
}

/// What one thread has.
struct Alone(UnsafeCell<Memory>);

// SAFETY: a module of WebAssembly without threads is called by one caller at a time.
unsafe impl Sync for Alone {}

static MEMORY: Alone = Alone(UnsafeCell::new(Memory {
    trits: [0; ROWS * COLS],
    bytes: [[0; MATRIX_MAX]; 3],
    head: [0; HEAD_MAX],
    q: [0; TOKENS * COLS],
    scales: [0.0; COLS / 256],
    codes: [0; QUERIES * WIDTH],
    shares: [[0; POSITIONS]; QUERIES],
    sums: [0; ROWS * TOKENS],
    floats: [0.0; WORDS],
    mixed: [0.0; QUERIES * WIDTH],
    scores: [[0.0; POSITIONS]; QUERIES],
}));

/// The packings, as `bytes` has them.
const PACKINGS: [Packing; 3] = [Packing::Panel2Bit, Packing::PanelBase3, Packing::I2S];

/// How many products there are, by number.
#[unsafe(no_mangle)]
pub const extern "C" fn kernels_cases() -> usize {
    CASES
}

/// Whether the module has vectors.
#[unsafe(no_mangle)]
pub extern "C" fn kernels_has_vectors() -> bool {
    Kernels::best().isa() == Isa::Simd128
}

/// Fills matrices and activations, alike in each module.
#[unsafe(no_mangle)]
pub extern "C" fn kernels_prepare() -> bool {
    // SAFETY: each function takes it once, and calls no other.
    let memory = unsafe { &mut *MEMORY.0.get() };
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    memory.trits.fill_with(|| (next() % 3) as i8 - 1);
    memory.q.fill_with(|| next() as i8);
    memory.head.fill_with(|| next() as u8);
    for block in memory.head.as_chunks_mut::<210>().0 {
        // Scales of a block: 2 to the power of -5 in half precision.
        [block[208], block[209]] = [0x00, 0x28];
    }
    memory.codes.fill_with(|| (next() % 4095) as i16 - 2047);
    memory.shares.as_flattened_mut().fill_with(|| (next() % 2048) as i16);
    memory.scales.fill(0.01);
    let mut packed = PACKINGS.iter().zip(&mut memory.bytes);
    packed.all(|(packing, bytes)| {
        let len = packing.bytes(ROWS, COLS).unwrap_or(usize::MAX);
        let bytes = bytes.get_mut(..len);
        bytes.is_some_and(|bytes| pack(*packing, ROWS, COLS, &memory.trits, bytes).is_ok())
    })
}

/// Computes a product so many times: a token by each packing, a prompt by each, a head, and scores
/// and sums of attention with keys and values of int8. Answers whether there is such a product.
#[unsafe(no_mangle)]
pub extern "C" fn kernels_run(case: usize, times: usize) -> bool {
    // SAFETY: each function takes it once, and calls no other.
    let memory = unsafe { &mut *MEMORY.0.get() };
    (0..times).all(|_| run(memory, case).is_some())
}

fn run(memory: &mut Memory, case: usize) -> Option<()> {
    let kernels = Kernels::best();
    let keys = memory.q.get(..POSITIONS * WIDTH)?;
    match case {
        0..6 => {
            let (packing, tokens) = (*PACKINGS.get(case % 3)?, if case < 3 { 1 } else { TOKENS });
            let bytes = memory.bytes.get(case % 3)?.get(..packing.bytes(ROWS, COLS)?)?;
            let matrix = Matrix::new(packing, ROWS, COLS, bytes).ok()?;
            let (q, sums) = (memory.q.get(..tokens * COLS)?, memory.sums.get_mut(..tokens * ROWS)?);
            kernels.gemm(&matrix, 0..ROWS, tokens, q, sums).ok()
        }
        6 => {
            let rows = Rows::new(RowFormat::Q6K, WORDS, COLS, &memory.head).ok()?;
            let input = RowInput::Blocks { q: memory.q.get(..COLS)?, scales: &memory.scales };
            kernels.project(&rows, 0..WORDS, input, &mut memory.floats).ok()
        }
        7 => {
            let codes = Codes { codes: &memory.codes, stride: WIDTH, width: WIDTH };
            memory.scores.as_flattened_mut().fill(0.0);
            kernels.dots_each(codes, (keys, WIDTH), POSITIONS, &mut memory.scores);
            Some(())
        }
        8 => {
            let both = (&memory.shares[..], &[0.5; QUERIES][..]);
            memory.mixed.fill(0.0);
            kernels.mix_each(both, (keys, WIDTH), &mut memory.mixed, WIDTH);
            Some(())
        }
        _ => None,
    }
}

/// What has come out, as one number that any bit changes.
#[unsafe(no_mangle)]
pub extern "C" fn kernels_check() -> u32 {
    // SAFETY: each function takes it once, and calls no other.
    let memory = unsafe { &*MEMORY.0.get() };
    let floats = memory.floats.iter().chain(&memory.mixed).chain(memory.scores.as_flattened());
    let sums = memory.sums.iter().map(|sum| sum.cast_unsigned());
    let all = sums.chain(floats.map(|number| number.to_bits()));
    all.fold(0x811c_9dc5, |hash, bits| (hash ^ bits).wrapping_mul(0x0100_0193).rotate_left(5))
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
