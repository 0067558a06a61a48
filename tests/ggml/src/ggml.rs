//! ggml's dot products of a row, by its table of types.

use std::ffi::{c_int, c_void};

use llama_cpp_sys_2::{
    GGML_TYPE_Q8_K, GGML_TYPE_TQ1_0, GGML_TYPE_TQ2_0, ggml_cpu_init, ggml_get_type_traits_cpu,
};
use trine_ternary::Packing;

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
