//! AMX-INT8, for which stable Rust has no functions: eight tile registers of 16 rows of 64 bytes.
//! `tdpbsud` multiplies 16 tokens of 64 columns with 64 columns of 16 rows. What
//! [`panels`] unpacks is such an operand as it lies: line k of it has the
//! codes of four columns, 4k to 4k + 3, of 16 rows.
//!
//! 32 tokens and the 32 rows of a panel have four tiles of sums; 64 columns of them are four loads
//! and four products. All tiles are full: of 17 to 31 tokens the second 16 begin where they end
//! with the last one, and those that are among the first 16 too get the same sums from both. Fewer
//! than 16, and all that is no product of many tokens, is AVX-512's.

use core::arch::asm;
use core::ops::Range;

use crate::arch::panels::{self, Ahead, BLOCK, Group, PanelKernels, Sums};
use crate::arch::x86_64::avx512::vbmi::{self, Avx512};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// Tokens, or rows, of a tile, and groups whose columns it has.
const SIDE: usize = 16;
/// Columns of a tile of weights or activations.
const COLUMNS: usize = 4 * SIDE;
/// Tokens that are multiplied at a time.
const TILE: usize = 2 * SIDE;
/// Tokens that AVX-512 multiplies at a time.
const FEW: usize = panels::TILE;

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

/// Asks Linux to let this process use tiles, which it may refuse; it is no cost to ask again. See
/// Linux's `Documentation/arch/x86/xstate.rst`.
#[cfg(target_os = "linux")]
pub(super) fn is_permitted() -> bool {
    const ARCH_PRCTL: u64 = 158;
    const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
    const XTILEDATA: u64 = 18;
    let mut answer = ARCH_PRCTL;
    // SAFETY: this call of Linux reads and writes no memory of ours, and changes `rcx` and `r11`
    // alone; where it is unknown, it answers an error.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") answer,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XTILEDATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    answer == 0
}

/// How others are asked is not known here.
#[cfg(not(target_os = "linux"))]
pub(super) const fn is_permitted() -> bool {
    false
}

/// `out[r · tokens + t]` for each row of `rows`, of a matrix in one of our own layouts.
///
/// # Safety
/// [`has_amx`](super::has_amx).
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
pub(crate) unsafe fn gemm(
    matrix: &Matrix<'_>,
    rows: Range<usize>,
    tokens: Tokens<'_>,
    out: &mut [i32],
) {
    if tokens.count < SIDE {
        return vbmi::gemm(matrix, rows, tokens, out);
    }
    // SAFETY: the processor has AMX, as our caller says, and the shapes are ones that palette 1
    // allows. Tiles are for whoever uses them: no caller expects to find its own again.
    unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const SHAPES, options(nostack, readonly)) };
    // SAFETY: we have the features, and the tiles have these shapes.
    unsafe { panels::gemm::<Amx>(matrix, rows, tokens, out) };
    // SAFETY: the processor has AMX. Without this Linux would go on saving 8 KiB of tiles.
    unsafe { asm!("tilerelease", options(nostack, nomem)) };
}

/// Tiles of [`SHAPES`], which have to be in effect, and for the rest AVX-512.
struct Amx;

impl PanelKernels for Amx {
    const TILE: usize = TILE;

    const TOKENS: usize = 4 * TILE;

    /// 16 or 20 KiB of codes and as many of activations: a first cache has 48 KiB. All but the last
    /// ones of a panel fill tiles.
    fn steps(packing: Packing) -> (usize, usize) {
        match packing {
            Packing::Panel2Bit => (40, SIDE / 4),
            _ => (32, SIDE),
        }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn sum(q: &[i8]) -> i32 {
        // SAFETY: we have the features.
        unsafe { Avx512::sum(q) }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums {
        // SAFETY: we have the features.
        unsafe { Avx512::one(packing, panel, q) }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn few(packing: Packing, panel: &[u8], tokens: Tokens<'_>, sums: &mut [Sums]) -> bool {
        // SAFETY: we have the features.
        unsafe { Avx512::few(packing, panel, tokens, sums) }
    }

    /// Fills the last tile with zeros.
    ///
    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
        // SAFETY: we have the features.
        let unpacked = unsafe { Avx512::unpack(packing, steps, groups) };
        let full = unpacked.next_multiple_of(SIDE);
        groups[unpacked..full].fill(Group([0; 128]));
        full
    }

    /// # Safety
    /// As the trait says, and the tiles have [`SHAPES`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn multiply(
        groups: &[Group],
        col: usize,
        tokens: Tokens<'_>,
        sums: &mut [Sums],
        ahead: Ahead,
    ) {
        if tokens.count < SIDE {
            for (part, sums) in sums.chunks_mut(FEW).enumerate() {
                let some = tokens.part(FEW * part..FEW * part + sums.len());
                // SAFETY: we have the features.
                unsafe { Avx512::multiply(groups, col, some, sums, ahead) };
            }
        } else {
            // SAFETY: as our caller says.
            unsafe { multiply(groups, col, tokens, sums) };
        }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn prefetch_write(line: &[i32]) {
        super::prefetch_write(line);
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn prefetch(bytes: &[u8], ahead: usize) {
        super::prefetch(bytes, ahead);
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn write(sums: &[Sums], less: &[i32; BLOCK], out: &mut [i32], stride: usize) {
        // SAFETY: we have the features.
        unsafe { Avx512::write(sums, less, out, stride) };
    }
}

/// Activations of a tile's columns, of which the last row of a matrix may have fewer.
#[repr(C, align(64))]
struct Tail([[i8; COLUMNS]; TILE]);

/// Adds to the sums of 16 to 32 tokens the products with some groups, which fill tiles, or puts
/// them there where those begin at column 0.
///
/// # Safety
/// The processor has AMX, and its tiles have [`SHAPES`].
unsafe fn multiply(groups: &[Group], col: usize, tokens: Tokens<'_>, sums: &mut [Sums]) {
    let Tokens { q, cols, count, .. } = tokens;
    let (q, sums) = (&q[..count * cols], &mut sums[..count]);
    let (tiles, _) = groups.as_chunks();
    let whole = tiles.len().min((cols - col) / COLUMNS);
    let from = col + COLUMNS * whole;
    let fresh = col == 0;
    // SAFETY: there are 16 to 32 tokens, and tiles before `whole` end within their columns, of
    // which the first begins `col` after a token does.
    unsafe { add(&tiles[..whole], (q.as_ptr().wrapping_add(col), cols), sums, fresh) };
    if let Some(tile) = tiles.get(whole).filter(|_| from < cols) {
        #[expect(clippy::large_stack_arrays, reason = "no heap, and no chip has these registers")]
        let mut last = Tail([[0; COLUMNS]; TILE]);
        for (last, q) in last.0.iter_mut().zip(q.chunks_exact(cols)) {
            last[..cols - from].copy_from_slice(&q[from..]);
        }
        let q = last.0.as_flattened().as_ptr();
        // SAFETY: `last` has the activations of a tile's columns of up to 32 tokens.
        unsafe { add(core::slice::from_ref(tile), (q, COLUMNS), sums, fresh && whole == 0) };
    }
}

/// Adds to the sums of 16 to 32 tokens the products of tiles of weights and the tokens, of which
/// `q` has the beginning and how far they are apart; puts them there where the sums are `fresh`.
///
/// # Safety
/// The processor has AMX, and its tiles have [`SHAPES`]; of each of the tokens there are
/// [`COLUMNS`] activations for each tile.
unsafe fn add(
    tiles: &[[Group; SIDE]],
    (q, stride): (*const i8, usize),
    sums: &mut [Sums],
    fresh: bool,
) {
    debug_assert!((SIDE..=TILE).contains(&sums.len()), "as many tokens as tiles have");
    if tiles.is_empty() && !fresh {
        return;
    }
    // The second 16 tokens are the last ones, so that both tiles are full; of 16 there is one.
    let second = sums.len() - SIDE;
    let first = sums.as_mut_ptr();
    // SAFETY: it reads `tiles`, which are 16 lines of 64 bytes twice, 128 bytes apart, and of
    // tokens 0 to 15 and `second` to `second` + 15, which exist, 64 activations a tile, which our
    // caller says are there. It changes `sums` of these tokens, two lines of 64 bytes each; all are
    // loaded before any is stored, so that a token of both tiles gets each product once. It changes
    // no register but those named, and leaves the stack alone.
    unsafe {
        asm!(
            "test {fresh:e}, {fresh:e}",
            "jnz 2f",
            "tileloadd tmm0, [{first} + {line}*1]",
            "tileloadd tmm1, [{first} + {line}*1 + 64]",
            "tileloadd tmm2, [{second} + {line}*1]",
            "tileloadd tmm3, [{second} + {line}*1 + 64]",
            "jmp 3f",
            "2:",
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "3:",
            "test {tiles}, {tiles}",
            "jz 6f",
            "4:",
            "tileloadd tmm6, [{weights} + {line}*1]",
            "tileloadd tmm4, [{q} + {stride}*1]",
            "tdpbsud tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{weights} + {line}*1 + 64]",
            "tdpbsud tmm1, tmm4, tmm7",
            "test {both:e}, {both:e}",
            "jz 5f",
            "tileloadd tmm5, [{other} + {stride}*1]",
            "tdpbsud tmm2, tmm5, tmm6",
            "tdpbsud tmm3, tmm5, tmm7",
            "5:",
            "add {weights}, 2048",
            "add {q}, 64",
            "add {other}, 64",
            "dec {tiles}",
            "jnz 4b",
            "6:",
            "tilestored [{first} + {line}*1], tmm0",
            "tilestored [{first} + {line}*1 + 64], tmm1",
            "test {both:e}, {both:e}",
            "jz 7f",
            "tilestored [{second} + {line}*1], tmm2",
            "tilestored [{second} + {line}*1 + 64], tmm3",
            "7:",
            fresh = in(reg) u32::from(fresh),
            both = in(reg) u32::from(second > 0),
            first = in(reg) first,
            second = in(reg) first.wrapping_add(second),
            line = in(reg) size_of::<Sums>(),
            weights = inout(reg) tiles.as_ptr() => _,
            tiles = inout(reg) tiles.len() => _,
            q = inout(reg) q => _,
            other = inout(reg) q.wrapping_add(second * stride) => _,
            stride = in(reg) stride,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
