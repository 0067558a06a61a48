//! Products read and write nothing outside their slices: each slice begins or ends at memory that
//! may not be touched, where a load or a store of one byte too many ends the test.
#![cfg(all(target_os = "linux", target_pointer_width = "64"))]

use std::ffi::{c_int, c_void};
use std::ptr;
use std::slice;

use trine_bits::Random;
use trine_ternary::{Isa, Kernels, Matrix, Packing, pack};

unsafe extern "C" {
    fn mmap(
        at: *mut c_void,
        len: usize,
        may: c_int,
        kind: c_int,
        file: c_int,
        from: i64,
    ) -> *mut c_void;
    fn mprotect(at: *mut c_void, len: usize, may: c_int) -> c_int;
}

const NOTHING: c_int = 0;
const READ_AND_WRITE: c_int = 3;
const PRIVATE_AND_NO_FILE: c_int = 0x22;
/// A multiple of the pages of every system.
const PAGE: usize = 65_536;

/// Which edge of its memory a slice lies at.
#[derive(Debug, Clone, Copy)]
enum Edge {
    First,
    Last,
}

/// Memory between two pages that may not be touched.
struct Fenced {
    start: *mut u8,
    len: usize,
}

impl Fenced {
    fn new(len: usize) -> Self {
        let len = len.next_multiple_of(PAGE);
        // SAFETY: it asks for new memory, wherever the system likes.
        let at =
            unsafe { mmap(ptr::null_mut(), len + 2 * PAGE, NOTHING, PRIVATE_AND_NO_FILE, -1, 0) };
        assert_ne!(at.addr(), usize::MAX, "no memory");
        let start = at.wrapping_byte_add(PAGE);
        // SAFETY: these pages lie in what was just given.
        assert_eq!(unsafe { mprotect(start, len, READ_AND_WRITE) }, 0);
        Self { start: start.cast(), len }
    }

    /// So many numbers at an edge, of a type for which all bytes are values.
    fn at<T: Copy + Into<i64>>(&mut self, edge: Edge, count: usize) -> &mut [T] {
        let bytes = count * size_of::<T>();
        assert!(bytes <= self.len);
        let from = match edge {
            Edge::First => 0,
            Edge::Last => self.len - bytes,
        };
        // SAFETY: the bytes lie within the pages, which are never given back, and whoever has the
        // slice has `self`. Integers may have any bytes, and their sizes divide a page.
        unsafe { slice::from_raw_parts_mut(self.start.wrapping_add(from).cast(), count) }
    }
}

#[test]
fn products_touch_nothing_outside_their_slices() {
    const ROWS: usize = 33;
    const COLS_MAX: usize = 704;
    const TOKENS_MAX: usize = 33;
    let mut weights = Fenced::new(2 * ROWS * COLS_MAX);
    let mut activations = Fenced::new(TOKENS_MAX * COLS_MAX);
    let mut sums = Fenced::new(4 * ROWS * TOKENS_MAX);
    let mut random = Random::new(10);
    for (packing, cols) in [Packing::Panel2Bit, Packing::PanelBase3]
        .into_iter()
        .flat_map(|packing| [1, 20, 63, 64, 65, 100, 640, COLS_MAX].map(|cols| (packing, cols)))
    {
        let trits: Vec<i8> = (0..ROWS * cols).map(|_| random.below(3) as i8 - 1).collect();
        for edge in [Edge::First, Edge::Last] {
            let bytes = weights.at(edge, packing.bytes(ROWS, cols).unwrap());
            pack(packing, ROWS, cols, &trits, bytes).unwrap();
            let matrix = Matrix::new(packing, ROWS, cols, bytes).unwrap();
            for tokens in [1, 2, 8, 9, 12, 13, 15, 16, 17, 31, 32, TOKENS_MAX] {
                let q: &mut [i8] = activations.at(edge, tokens * cols);
                q.fill_with(|| random.bits() as i8);
                let mut expected = vec![0; ROWS * tokens];
                Kernels::scalar().gemm(&matrix, 0..ROWS, tokens, q, &mut expected).unwrap();
                for isa in Isa::supported() {
                    let out: &mut [i32] = sums.at(edge, ROWS * tokens);
                    Kernels::new(isa).unwrap().gemm(&matrix, 0..ROWS, tokens, q, out).unwrap();
                    let name = isa.name();
                    assert_eq!(out, expected, "{packing:?} {name} {cols}x{tokens} {edge:?}");
                }
            }
        }
    }
}
