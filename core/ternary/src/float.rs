//! Floating point in one defined order, so that every processor gives the same bits.
//!
//! A sum over `x` is made of 16 partial sums: element `j` is added to sum `j % 16`, in rising
//! order. Then sum `i` takes up sum `i + 8`, for i < 8, then `i + 4`, `i + 2`, `i + 1`. Products
//! are rounded before they are added: there is no fused multiply-add anywhere. The width of 16 is
//! that of a 512-bit register, and a narrower one holds it in parts.
//!
//! The functions are methods of [`Kernels`](crate::Kernels). Where two slices should be equally
//! long and are not, the shorter one counts.

use crate::half::{f16_from_f32, f32_from_f16};

/// Microcontrollers have no wide registers to fill: numbers are taken one by one there.
pub(crate) const SMALL: bool = cfg!(target_os = "none");

/// The 16 partial sums.
pub(crate) type Lanes = [f32; 16];

/// The sum of the partial sums.
#[inline(always)]
pub(crate) fn reduce(lanes: Lanes) -> f32 {
    let mut lanes = lanes;
    for width in [8, 4, 2, 1] {
        let (low, high) = lanes.split_at_mut_checked(width).unwrap_or_default();
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
    }
    lanes[0]
}

/// Calls `term` with each pair of elements and adds what it gives in the defined order.
#[inline(always)]
fn sum_of<A: Copy, B: Copy>(a: &[A], b: &[B], term: impl Fn(A, B) -> f32) -> f32 {
    if SMALL {
        let mut lanes = [0.0; 16];
        for (j, (a, b)) in a.iter().zip(b).enumerate() {
            lanes[j % 16] += term(*a, *b);
        }
        return reduce(lanes);
    }
    let len = a.len().min(b.len());
    let (a, a_tail) = a[..len].as_chunks::<16>();
    let (b, b_tail) = b[..len].as_chunks::<16>();
    let mut lanes = [0.0; 16];
    for (a, b) in a.iter().zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += term(*a, *b);
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(a_tail.iter().zip(b_tail)) {
        *lane += term(*a, *b);
    }
    reduce(lanes)
}

#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum_of(a, b, |a, b| a * b)
}

#[inline(always)]
pub(crate) fn sum(a: &[f32]) -> f32 {
    sum_of(a, a, |a, _| a)
}

/// `widen` makes floats of half-precision numbers.
#[inline(always)]
pub(crate) fn dot_f16(a: &[f32], b: &[u16], widen: impl Fn(&[u16; 16]) -> Lanes) -> f32 {
    if SMALL {
        return sum_of(a, b, |a, b| a * f32_from_f16(b));
    }
    let len = a.len().min(b.len());
    let (a, a_tail) = a[..len].as_chunks::<16>();
    let (b, b_tail) = b[..len].as_chunks::<16>();
    let mut lanes = [0.0; 16];
    for (a, b) in a.iter().zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(widen(b))) {
            *lane += a * b;
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(a_tail.iter().zip(b_tail)) {
        *lane += a * f32_from_f16(*b);
    }
    reduce(lanes)
}

#[inline(always)]
pub(crate) fn axpy(factor: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// `widen` makes floats of half-precision numbers.
#[inline(always)]
pub(crate) fn axpy_f16(factor: f32, x: &[u16], y: &mut [f32], widen: impl Fn(&[u16; 16]) -> Lanes) {
    if SMALL {
        let pairs = y.iter_mut().zip(x);
        return pairs.for_each(|(y, x)| *y += factor * f32_from_f16(*x));
    }
    let len = x.len().min(y.len());
    let (x, x_tail) = x[..len].as_chunks::<16>();
    let (y, y_tail) = y[..len].as_chunks_mut::<16>();
    for (y, x) in y.iter_mut().zip(x) {
        for (y, x) in y.iter_mut().zip(widen(x)) {
            *y += factor * x;
        }
    }
    for (y, x) in y_tail.iter_mut().zip(x_tail) {
        *y += factor * f32_from_f16(*x);
    }
}

#[inline(always)]
pub(crate) fn add(x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

#[inline(always)]
pub(crate) fn multiply(x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y *= x;
    }
}

#[inline(always)]
pub(crate) fn scale(factor: f32, y: &mut [f32]) {
    for y in y {
        *y *= factor;
    }
}

#[inline(always)]
pub(crate) fn scale_by(factor: f32, weight: &[f32], x: &[f32], y: &mut [f32]) {
    for ((y, x), weight) in y.iter_mut().zip(x).zip(weight) {
        *y = x * factor * weight;
    }
}

#[inline(always)]
pub(crate) fn relu_squared(x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        let x = if *x > 0.0 { *x } else { 0.0 };
        *y *= x * x;
    }
}

/// `rotation` has cosines and then sines.
#[inline(always)]
pub(crate) fn rotate(rotation: &[f32], heads: &mut [f32]) {
    let half = rotation.len() / 2;
    let (cosines, sines) = rotation.split_at(half);
    for head in heads.chunks_exact_mut(rotation.len().max(1)) {
        let (first, second) = head.split_at_mut(half);
        for (((a, b), cosine), sine) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
            (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
        }
    }
}

#[inline(always)]
pub(crate) fn rescale(factor: f32, x: &[i32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = *x as f32 * factor;
    }
}

/// Products of some rows with some tokens, those of a row side by side.
#[derive(Debug, Clone, Copy)]
pub struct ByRow<'x> {
    /// From the product of the first row and the first token.
    pub products: &'x [i32],
    /// From a product to the one of the next row.
    pub step: usize,
    /// How many rows.
    pub rows: usize,
}

/// Products of some rows with some tokens, in blocks of [`PANEL_ROWS`](crate::PANEL_ROWS) rows:
/// those of a block and a token side by side.
#[derive(Debug, Clone, Copy)]
pub struct InBlocks<'x> {
    /// From the product of the first row and the first token.
    pub products: &'x [i32],
    /// From a product to the one of the same token in the next block.
    pub step: usize,
    /// How many rows.
    pub rows: usize,
}

#[inline(always)]
#[cfg(not(target_os = "none"))]
pub(crate) fn rescale_blocks(factors: &[f32], x: InBlocks<'_>, y: &mut [f32], stride: usize) {
    const ROWS: usize = crate::packing::PANEL_ROWS;
    for (block, first) in (0..x.rows).step_by(ROWS).enumerate() {
        let (tokens, _) = x.products.get(block * x.step..).unwrap_or_default().as_chunks::<ROWS>();
        let count = ROWS.min(x.rows - first);
        for ((y, x), factor) in y.chunks_mut(stride.max(1)).zip(tokens).zip(factors) {
            let y = y.get_mut(first..).unwrap_or_default();
            match y.first_chunk_mut::<ROWS>() {
                Some(y) if count == ROWS => rescale_lanes(*factor, x, y),
                _ => rescale(*factor, x.get(..count).unwrap_or_default(), y),
            }
        }
    }
}

/// [`rescale`] of a number of products that is known. All are made before the first is written,
/// which tells the compiler that no product is among what is written.
#[inline(always)]
fn rescale_lanes<const N: usize>(factor: f32, x: &[i32; N], y: &mut [f32; N]) {
    for (y, x) in y.as_chunks_mut::<16>().0.iter_mut().zip(x.as_chunks::<16>().0) {
        let lanes = x.map(|x| x as f32);
        *y = lanes.map(|x| x * factor);
    }
}

/// Products of 16 rows and 16 tokens.
pub(crate) type Square = [[i32; 16]; 16];

/// `turn` makes what is by row be by token; `fetch` says that a number will be read soon.
#[inline(always)]
pub(crate) fn rescale_turned(
    factors: &[f32],
    x: ByRow<'_>,
    y: &mut [f32],
    stride: usize,
    turn: impl Fn(&mut Square),
    fetch: impl Fn(&i32),
) {
    let ByRow { products, step, rows } = x;
    if SMALL {
        for (token, (y, factor)) in y.chunks_mut(stride.max(1)).zip(factors).enumerate() {
            let x = products.get(token..).unwrap_or_default().iter().step_by(step.max(1));
            y.iter_mut().zip(x).take(rows).for_each(|(y, x)| *y = *x as f32 * factor);
        }
        return;
    }
    for (block, factors) in factors.chunks(16).enumerate() {
        let token = 16 * block;
        for first in (0..rows).step_by(16) {
            let count = 16.min(rows - first);
            #[expect(clippy::large_stack_arrays, reason = "no heap; chips return before")]
            let mut square = [[0; 16]; 16];
            for (row, line) in square.iter_mut().take(count).enumerate() {
                let at = (first + row) * step + token;
                if let Some(ahead) = products.get(at + 16 * step) {
                    fetch(ahead);
                }
                let x = products.get(at..).unwrap_or_default();
                match x.first_chunk() {
                    Some(x) => *line = *x,
                    None => line.iter_mut().zip(x).for_each(|(line, x)| *line = *x),
                }
            }
            turn(&mut square);
            let y = y.chunks_mut(stride.max(1)).skip(token);
            for ((y, line), factor) in y.zip(&square).zip(factors) {
                let y = y.get_mut(first..).unwrap_or_default();
                match y.first_chunk_mut::<16>() {
                    Some(y) if count == 16 => rescale_lanes(*factor, line, y),
                    _ => rescale(*factor, line.get(..count).unwrap_or_default(), y),
                }
            }
        }
    }
}

/// The lines of a square as its columns, one number at a time.
pub(crate) fn turn(square: &mut Square) {
    let before = *square;
    for (row, line) in before.iter().enumerate() {
        for (to, x) in square.iter_mut().zip(line) {
            to[row] = *x;
        }
    }
}

/// `widen` makes floats of half-precision numbers.
#[inline(always)]
pub(crate) fn from_f16(x: &[u16], y: &mut [f32], widen: impl Fn(&[u16; 16]) -> Lanes) {
    let len = x.len().min(y.len());
    let (x, x_tail) = x[..len].as_chunks::<16>();
    let (y, y_tail) = y[..len].as_chunks_mut::<16>();
    for (y, x) in y.iter_mut().zip(x) {
        *y = widen(x);
    }
    for (y, x) in y_tail.iter_mut().zip(x_tail) {
        *y = f32_from_f16(*x);
    }
}

/// `narrow` makes half-precision numbers of floats.
#[inline(always)]
pub(crate) fn to_f16(x: &[f32], y: &mut [u16], narrow: impl Fn(&Lanes) -> [u16; 16]) {
    if SMALL {
        return y.iter_mut().zip(x).for_each(|(y, x)| *y = f16_from_f32(*x));
    }
    let len = x.len().min(y.len());
    let (x, x_tail) = x[..len].as_chunks::<16>();
    let (y, y_tail) = y[..len].as_chunks_mut::<16>();
    for (y, x) in y.iter_mut().zip(x) {
        *y = narrow(x);
    }
    for (y, x) in y_tail.iter_mut().zip(x_tail) {
        *y = f16_from_f32(*x);
    }
}

/// What the functions of half precision take where there are no instructions for it.
pub(crate) fn widen(halves: &[u16; 16]) -> Lanes {
    halves.map(f32_from_f16)
}

/// The way back.
pub(crate) fn narrow(lanes: &Lanes) -> [u16; 16] {
    lanes.map(f16_from_f32)
}
