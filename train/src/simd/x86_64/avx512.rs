//! Products in bf16 by AVX-512, and the transposition of tiles.

use std::arch::x86_64::{
    __m512bh, __m512i, _mm512_cvtne2ps_pbh, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_mul_ps, _mm512_permutex2var_epi16, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_shuffle_i32x4, _mm512_storeu_ps, _mm512_storeu_si512, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use crate::simd::{DEPTH, Product, SIDE, Tile, Tiles};

/// Rows that are summed at a time, by two tiles of columns.
const ROWS: usize = 8;

/// `out (+)= a · b`. The sizes were checked, and that [`super::has_avx512_bf16`].
pub(in super::super) fn multiply(product: &Product<'_>, out: &mut [f32]) {
    let Product { a, from, b, columns, add } = *product;
    if a.depth == 0 || out.is_empty() {
        return;
    }
    let rows = out.len() / columns;
    for row in (0..rows).step_by(ROWS) {
        let left = &a.tiles()[(from + row) / SIDE * a.depth..][..a.depth];
        for column in (0..columns).step_by(2 * SIDE) {
            let start = column / SIDE * b.depth;
            let right = &b.tiles()[start..][..b.depth];
            let next = b.tiles().get(start + b.depth..start + 2 * b.depth).unwrap_or(right);
            let mut sums = [[[0.0; SIDE]; 2]; ROWS];
            // SAFETY: the caller asked whether the processor has this.
            unsafe { block(left, right, next, row % SIDE, &mut sums) };
            let many = (2 * SIDE).min(columns - column);
            for (at, sums) in sums.iter().enumerate().take(rows - row) {
                let out = &mut out[(row + at) * columns + column..][..many];
                let sums = out.iter_mut().zip(sums.as_flattened());
                if add {
                    sums.for_each(|(out, sum)| *out += sum);
                } else {
                    sums.for_each(|(out, sum)| *out = *sum);
                }
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bf16")]
fn block(
    left: &[Tile],
    right: &[Tile],
    next: &[Tile],
    row: usize,
    out: &mut [[[f32; SIDE]; 2]; ROWS],
) {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for ((left, right), next) in left.iter().zip(right).zip(next) {
        for pair in 0..SIDE {
            let columns = [halves(load(&right.0[pair])), halves(load(&next.0[pair]))];
            for (sums, line) in sums.iter_mut().zip(&left.0[row..]) {
                let two = line[2 * pair..2 * pair + 2].as_ptr().cast::<i32>();
                // SAFETY: two numbers of 16 bits are four bytes.
                let two = halves(_mm512_set1_epi32(unsafe { two.read_unaligned() }));
                for (sum, columns) in sums.iter_mut().zip(columns) {
                    *sum = _mm512_dpbf16_ps(*sum, two, columns);
                }
            }
        }
    }
    for (out, sum) in out.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
        // SAFETY: sixteen numbers fit the register.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), *sum) };
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(line: &[u16; 32]) -> __m512i {
    // SAFETY: 32 numbers of 16 bits fill the register.
    unsafe { _mm512_loadu_si512(line.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn halves(register: __m512i) -> __m512bh {
    // SAFETY: both are any 64 bytes.
    unsafe { std::mem::transmute(register) }
}

/// Takes a row into line `at` of tiles, times a factor. The caller asked
/// [`super::has_avx512_bf16`].
pub(in super::super) fn put_row(tiles: &mut [Tile], at: usize, row: &[f32], factor: f32) {
    // SAFETY: the caller asked whether the processor has this.
    unsafe { put_lines(tiles, at, row, factor) };
}

#[target_feature(enable = "avx512f,avx512bf16")]
fn put_lines(tiles: &mut [Tile], at: usize, row: &[f32], factor: f32) {
    let (parts, rest) = row.as_chunks::<DEPTH>();
    for (tile, part) in tiles.iter_mut().zip(parts) {
        put_line(&mut tile.0[at], part, factor);
    }
    if let Some(tile) = tiles.get_mut(parts.len()).filter(|_| !rest.is_empty()) {
        let mut part = [0.0; DEPTH];
        part[..rest.len()].copy_from_slice(rest);
        put_line(&mut tile.0[at], &part, factor);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
fn put_line(line: &mut [u16; DEPTH], part: &[f32; DEPTH], factor: f32) {
    let factor = _mm512_set1_ps(factor);
    // SAFETY: there are 32 numbers.
    let low = unsafe { _mm512_loadu_ps(part.as_ptr()) };
    // SAFETY: there are 32 numbers.
    let high = unsafe { _mm512_loadu_ps(part.as_ptr().wrapping_add(SIDE)) };
    let both = _mm512_cvtne2ps_pbh(_mm512_mul_ps(high, factor), _mm512_mul_ps(low, factor));
    // SAFETY: both are any 64 bytes.
    store(line, unsafe { std::mem::transmute::<__m512bh, __m512i>(both) });
}

/// The lanes of even lines and, from 32 on, of odd ones, that make pairs.
const ONE: [u16; DEPTH] = pairs(0);
const OTHER: [u16; DEPTH] = pairs(16);

const fn pairs(start: u16) -> [u16; DEPTH] {
    let mut lanes = [0; DEPTH];
    let mut at = 0;
    while at < DEPTH {
        lanes[at] = start + at as u16 / 2 + if at % 2 == 1 { 32 } else { 0 };
        at += 1;
    }
    lanes
}

/// Makes pairs of the rows of two tiles, one below the other, and transposes them if asked to. The
/// caller asked [`super::has_avx512_bf16`].
pub(in super::super) fn pair(from: [&Tile; 2], transposed: bool, out: [&mut Tile; 2]) {
    // SAFETY: the caller asked whether the processor has this.
    unsafe { pair_lines(from, transposed, out) };
}

#[target_feature(enable = "avx512f,avx512bw")]
fn pair_lines(from: [&Tile; 2], is_transposed: bool, [one, other]: [&mut Tile; 2]) {
    let (low, high) = (load(&ONE), load(&OTHER));
    half(from, low, is_transposed, one);
    half(from, high, is_transposed, other);
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn half(from: [&Tile; 2], lanes: __m512i, is_transposed: bool, out: &mut Tile) {
    let mut pairs = [lanes; SIDE];
    for (pairs, tile) in pairs.chunks_exact_mut(SIDE / 2).zip(from) {
        for (pair, two) in pairs.iter_mut().zip(tile.0.chunks_exact(2)) {
            *pair = _mm512_permutex2var_epi16(load(&two[0]), lanes, load(&two[1]));
        }
    }
    if is_transposed {
        pairs = transposed(pairs);
    }
    for (line, pair) in out.0.iter_mut().zip(pairs) {
        store(line, pair);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(line: &mut [u16; DEPTH], register: __m512i) {
    // SAFETY: 32 numbers of 16 bits take the register.
    unsafe { _mm512_storeu_si512(line.as_mut_ptr().cast(), register) };
}

/// Transposes the pairs of each tile. The caller asked [`super::has_avx512_bf16`].
pub(in super::super) fn transpose(tiles: &mut Tiles) {
    // SAFETY: the caller asked whether the processor has this.
    unsafe { transpose_all(tiles.tiles_mut()) };
}

#[target_feature(enable = "avx512f")]
fn transpose_all(tiles: &mut [Tile]) {
    for tile in tiles {
        let mut registers = [load(&tile.0[0]); SIDE];
        for (register, line) in registers.iter_mut().zip(&tile.0) {
            *register = load(line);
        }
        for (line, register) in tile.0.iter_mut().zip(transposed(registers)) {
            store(line, register);
        }
    }
}

/// Columns of sixteen registers of sixteen numbers: first within each 128 bits of four registers,
/// then the 128 bits among registers four and eight apart.
#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(r: [__m512i; 16]) -> [__m512i; 16] {
    let mut q = r;
    for four in 0..4 {
        let [a, b, c, d] = [r[4 * four], r[4 * four + 1], r[4 * four + 2], r[4 * four + 3]];
        let (ab_low, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (cd_low, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        q[4 * four] = _mm512_unpacklo_epi64(ab_low, cd_low);
        q[4 * four + 1] = _mm512_unpackhi_epi64(ab_low, cd_low);
        q[4 * four + 2] = _mm512_unpacklo_epi64(ab_high, cd_high);
        q[4 * four + 3] = _mm512_unpackhi_epi64(ab_high, cd_high);
    }
    // Lane l of q[4 f + i] has column 4 l + i of rows 4 f to 4 f + 3.
    let mut out = r;
    for i in 0..4 {
        let even = _mm512_shuffle_i32x4::<0x88>(q[i], q[4 + i]);
        let odd = _mm512_shuffle_i32x4::<0xdd>(q[i], q[4 + i]);
        let even_high = _mm512_shuffle_i32x4::<0x88>(q[8 + i], q[12 + i]);
        let odd_high = _mm512_shuffle_i32x4::<0xdd>(q[8 + i], q[12 + i]);
        // `even`: lanes 0 and 2 of rows 0..4, then of rows 4..8.
        out[i] = _mm512_shuffle_i32x4::<0x88>(even, even_high);
        out[8 + i] = _mm512_shuffle_i32x4::<0xdd>(even, even_high);
        out[4 + i] = _mm512_shuffle_i32x4::<0x88>(odd, odd_high);
        out[12 + i] = _mm512_shuffle_i32x4::<0xdd>(odd, odd_high);
    }
    out
}
