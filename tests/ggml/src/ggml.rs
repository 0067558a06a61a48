//! ggml's dot products of a row, and rows as floats, by its tables of types.

use std::ffi::{c_int, c_void};

use llama_cpp_sys_2::{
    GGML_TYPE_Q6_K, GGML_TYPE_Q8_0, GGML_TYPE_Q8_K, GGML_TYPE_TQ1_0, GGML_TYPE_TQ2_0,
    ggml_cpu_fp16_to_fp32, ggml_cpu_init, ggml_get_type_traits, ggml_get_type_traits_cpu,
};
use trine_ternary::{Packing, RowFormat};

/// Weights of a block.
const BLOCK: usize = 256;

type VecDot =
    unsafe extern "C" fn(c_int, *mut f32, usize, *const c_void, usize, *const c_void, usize, c_int);

/// A type's dot product.
#[derive(Debug, Clone, Copy)]
pub struct Dot {
    vec_dot: VecDot,
    packing: Packing,
}

impl Dot {
    /// Of `Tq1_0` or `Tq2_0`; `None` for what ggml has not.
    #[must_use]
    pub fn of(packing: Packing) -> Option<Self> {
        let kind = match packing {
            Packing::Tq1_0 => GGML_TYPE_TQ1_0,
            Packing::Tq2_0 => GGML_TYPE_TQ2_0,
            _ => return None,
        };
        // SAFETY: it fills tables of the library, and may be called again.
        unsafe { ggml_cpu_init() };
        // SAFETY: it gives a pointer to a table of the library, for every type.
        let traits = unsafe { ggml_get_type_traits_cpu(kind).as_ref() }?;
        let takes_q8_k = traits.vec_dot_type == GGML_TYPE_Q8_K;
        takes_q8_k.then_some(Self { vec_dot: traits.vec_dot?, packing })
    }

    /// Row after row, as ggml multiplies a matrix with one token. Each scale is 1, so results
    /// are integers.
    ///
    /// # Panics
    /// When the lengths do not fit each other.
    pub fn gemv(&self, matrix: &[u8], cols: usize, q: &Activations, out: &mut [f32]) {
        let row_bytes = self.packing.bytes(1, cols).expect("whole blocks");
        assert_eq!(matrix.len(), row_bytes * out.len());
        assert_eq!(q.blocks.len(), cols / BLOCK);
        let n = c_int::try_from(cols).expect("fewer columns than a C int");
        for (row, out) in matrix.chunks_exact(row_bytes).zip(out) {
            // SAFETY: the row has the blocks of `cols` weights, and so have the activations, whose
            // layout is that of `block_q8_K`; `out` is one float.
            unsafe {
                (self.vec_dot)(n, out, 0, row.as_ptr().cast(), 0, q.blocks.as_ptr().cast(), 0, 1);
            }
        }
    }
}

/// ggml's `block_q8_K`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Q8K {
    d: f32,
    qs: [i8; BLOCK],
    /// Sums of 16.
    bsums: [i16; BLOCK / 16],
}

/// Activations as ggml takes them, each with the scale 1.
#[derive(Debug, Clone)]
pub struct Activations {
    blocks: Vec<Q8K>,
}

impl Activations {
    /// Of whole blocks.
    #[must_use]
    pub fn new(q: &[i8]) -> Self {
        let block = |qs: &[i8; BLOCK]| {
            let mut bsums = [0; BLOCK / 16];
            for (sum, part) in bsums.iter_mut().zip(qs.chunks(16)) {
                *sum = part.iter().map(|q| i16::from(*q)).sum();
            }
            Q8K { d: 1.0, qs: *qs, bsums }
        };
        Self { blocks: q.as_chunks().0.iter().map(block).collect() }
    }
}

/// How ggml reads an embedding's rows on the processor.
#[derive(Debug, Clone, Copy)]
pub struct Floats {
    to_float: unsafe extern "C" fn(*const c_void, *mut f32, i64),
    format: RowFormat,
}

impl Floats {
    /// Of `F16`, `Q8_0` or `Q6_K`; `None` for others.
    #[must_use]
    pub fn of(format: RowFormat) -> Option<Self> {
        // SAFETY: it fills tables of the library, and may be called again.
        unsafe { ggml_cpu_init() };
        let kind = match format {
            RowFormat::F16 => return Some(Self { to_float: halves, format }),
            RowFormat::Q8_0 => GGML_TYPE_Q8_0,
            RowFormat::Q6K => GGML_TYPE_Q6_K,
            _ => return None,
        };
        // SAFETY: it gives a pointer to a table of the library, for every type.
        let traits = unsafe { ggml_get_type_traits(kind).as_ref() }?;
        Some(Self { to_float: traits.to_float?, format })
    }

    /// One row, as wide as `out`.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn read(&self, rows: &[u8], row: usize, out: &mut [f32]) {
        let len = self.format.bytes(1, out.len()).expect("whole blocks");
        let row = &rows[row * len..][..len];
        let count = i64::try_from(out.len()).expect("fewer columns than an int64_t");
        // SAFETY: the row has the blocks of as many numbers, which alone are read, and `out` has
        // room for them.
        unsafe { (self.to_float)(row.as_ptr().cast(), out.as_mut_ptr(), count) }
    }
}

/// Numbers in half precision, by the processor's own instructions where it has them.
unsafe extern "C" fn halves(from: *const c_void, out: *mut f32, count: i64) {
    // SAFETY: who calls sees to it that as many numbers lie in both places; rows of bytes begin at
    // an even address where each has an even length.
    unsafe { ggml_cpu_fp16_to_fp32(from.cast(), out, count) }
}
