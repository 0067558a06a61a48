//! Products by tile registers: AMX, for which stable Rust has no functions.

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::sync::OnceLock;

use trine_ternary::Isa;

use crate::simd::{Product, SIDE, Tile, Tiles};

/// Numbers of a block of the result: two tiles by two.
const BLOCK: usize = 2 * SIDE;

/// Tiles of the left side that fit the first cache beside those of the right.
const FIRST_CACHE: usize = 32;

/// What `ldtilecfg` reads: palette 1, and for each of eight registers 64 bytes and 16 rows.
#[repr(C, align(64))]
struct Shapes([u8; 64]);

static SHAPES: Shapes = {
    let mut bytes = [0; 64];
    bytes[0] = 1;
    let mut register = 0;
    while register < 8 {
        bytes[16 + 2 * register] = 64;
        bytes[48 + register] = 16;
        register += 1;
    }
    Shapes(bytes)
};

/// EDX of leaf 7 of CPUID.
#[expect(unused_unsafe, reason = "the intrinsic is unsafe in the oldest Rust that is supported")]
fn features() -> u32 {
    // SAFETY: who has AVX-512 has the instruction and the leaf.
    unsafe { __cpuid_count(7, 0) }.edx
}

/// Whether the processor has it and Linux lets this process use it, which has to be asked for.
pub(in super::super) fn has_amx_bf16() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        const BF16: u32 = 1 << 22;
        // Each processor with tiles of bf16 has those of bytes, whose kernels ask Linux.
        super::has_avx512_bf16() && features() & BF16 != 0 && Isa::Amx.is_supported()
    })
}

/// A block of the result: where its tiles begin, and the bytes from one row to the next.
struct Block {
    left: [*const Tile; 2],
    right: [*const Tile; 2],
    out: *mut f32,
    stride: usize,
}

/// `out (+)= a · b`. The sizes were checked, and that [`has_amx_bf16`].
pub(in super::super) fn multiply(product: &Product<'_>, out: &mut [f32]) {
    let Product { a, columns, .. } = *product;
    if a.depth == 0 || out.is_empty() {
        return;
    }
    let rows = out.len() / columns;
    // SAFETY: the processor has AMX, and the shapes are ones that palette 1 allows.
    unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const SHAPES, options(nostack, readonly)) };
    // What is read again and again is to stay in the first cache: the left side if it fits.
    let (down, across) = (rows.div_ceil(BLOCK), columns.div_ceil(BLOCK));
    let fits = 2 * down * a.depth <= FIRST_CACHE;
    for at in 0..down * across {
        let (row, column) = if fits { (at % down, at / down) } else { (at / across, at % across) };
        // SAFETY: the processor has AMX, and its registers have these shapes.
        unsafe { compute(product, (row * BLOCK, column * BLOCK), out) };
    }
    // SAFETY: the processor has AMX.
    unsafe { asm!("tilerelease", options(nostack, nomem)) };
}

/// The block of the result at a row and a column of it.
///
/// # Safety
/// The processor has AMX, and its registers have [`SHAPES`].
unsafe fn compute(product: &Product<'_>, (row, column): (usize, usize), out: &mut [f32]) {
    let Product { a, from, b, columns, add } = *product;
    let rows = out.len() / columns;
    let [left, right] = [two(a, from + row), two(b, column)];
    if row + BLOCK <= rows && column + BLOCK <= columns {
        let out = out.as_mut_ptr().wrapping_add(row * columns + column);
        let block = Block { left, right, out, stride: 4 * columns };
        // SAFETY: the tiles of `left` and `right` have `depth` tiles after them, and the block of
        // 32 by 32 numbers lies in `out`, as was just asked.
        return unsafe { block.multiply(a.depth, add) };
    }
    let size = (BLOCK.min(rows - row), BLOCK.min(columns - column));
    let mut room = Room([[0.0; BLOCK]; BLOCK]);
    let part = |at: usize| (row + at) * columns + column..(row + at) * columns + column + size.1;
    for at in 0..size.0 {
        room.0[at][..size.1].copy_from_slice(&out[part(at)]);
    }
    let to = room.0.as_flattened_mut().as_mut_ptr();
    let block = Block { left, right, out: to, stride: 4 * BLOCK };
    // SAFETY: the tiles as above; `room` has 32 by 32 numbers.
    unsafe { block.multiply(a.depth, add) };
    for at in 0..size.0 {
        out[part(at)].copy_from_slice(&room.0[at][..size.1]);
    }
}

#[repr(C, align(64))]
struct Room([[f32; BLOCK]; BLOCK]);

/// The tiles of a row, or column, and of the next sixteen; where there are none, the same.
fn two(tiles: &Tiles, at: usize) -> [*const Tile; 2] {
    let start = at / SIDE * tiles.depth;
    let next = start + tiles.depth;
    let next = if next < tiles.tiles().len() { next } else { start };
    [start, next].map(|start| tiles.tiles()[start..start + tiles.depth].as_ptr())
}

impl Block {
    /// # Safety
    /// Each of the four pointers is one to `depth` tiles, at least one; `out` is one to 32 rows of
    /// 32 numbers, `stride` bytes apart; the processor has AMX, and its registers have [`SHAPES`].
    unsafe fn multiply(&self, depth: usize, add: bool) {
        // SAFETY: it reads the tiles and reads and writes the block, as the caller promises.
        unsafe {
            asm!(
                "test {add:e}, {add:e}",
                "jz 2f",
                "tileloadd tmm0, [{top} + {stride}*1]",
                "tileloadd tmm1, [{top} + {stride}*1 + 64]",
                "tileloadd tmm2, [{bottom} + {stride}*1]",
                "tileloadd tmm3, [{bottom} + {stride}*1 + 64]",
                "jmp 3f",
                "2:",
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "3:",
                "tileloadd tmm4, [{a} + {line}*1]",
                "tileloadd tmm6, [{b} + {line}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{d} + {line}*1]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{c} + {line}*1]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {a}, 1024",
                "add {b}, 1024",
                "add {c}, 1024",
                "add {d}, 1024",
                "dec {depth}",
                "jnz 3b",
                "tilestored [{top} + {stride}*1], tmm0",
                "tilestored [{top} + {stride}*1 + 64], tmm1",
                "tilestored [{bottom} + {stride}*1], tmm2",
                "tilestored [{bottom} + {stride}*1 + 64], tmm3",
                add = in(reg) u32::from(add),
                top = in(reg) self.out,
                bottom = in(reg) self.out.wrapping_byte_add(SIDE * self.stride),
                stride = in(reg) self.stride,
                line = in(reg) 64_usize,
                a = inout(reg) self.left[0] => _,
                c = inout(reg) self.left[1] => _,
                b = inout(reg) self.right[0] => _,
                d = inout(reg) self.right[1] => _,
                depth = inout(reg) depth => _,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}
