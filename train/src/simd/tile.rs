//! Matrices in bf16, cut into tiles of a kilobyte.

use super::Product;

/// Rows of a tile, and columns of pairs.
pub(crate) const SIDE: usize = 16;
/// Numbers in a row of a tile.
pub(crate) const DEPTH: usize = 32;

/// Sixteen lines of 32 numbers in bf16.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tile(pub(crate) [[u16; DEPTH]; SIDE]);

impl Tile {
    const ZERO: Self = Self([[0; DEPTH]; SIDE]);

    /// Transposes pairs: those of a line become a column.
    pub(super) fn transpose(&mut self) {
        let from = self.0;
        for (row, line) in self.0.iter_mut().enumerate() {
            for (column, pair) in line.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                *pair = [from[column][2 * row], from[column][2 * row + 1]];
            }
        }
    }
}

/// A matrix as one side of a product, padded with zeros to whole tiles.
///
/// As the left side, (rows, depth): line `r % 16` of a tile has 32 numbers of row `r`. As the right
/// side, (depth, columns): line `d % 32 / 2` has 16 pairs of the numbers of rows `d` and `d + 1`.
/// The tiles of one row, or column, of tiles lie along the depth one after another. Transposing the
/// pairs of each tile turns the one into the other, of the transposed matrix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tiles {
    /// Those from `count` on are room for a larger matrix.
    tiles: Vec<Tile>,
    count: usize,
    /// Tiles along the depth.
    pub(super) depth: usize,
}

impl Tiles {
    /// Room for rows, or columns, and a depth, with any numbers in it. Rows that are taken are
    /// padded; [`Self::clear_from`] is for those that are not taken.
    pub(crate) fn resize(&mut self, side: usize, depth: usize) {
        self.depth = depth.div_ceil(DEPTH);
        self.count = side.div_ceil(SIDE) * self.depth;
        if self.tiles.len() < self.count {
            self.tiles.resize(self.count, Tile::ZERO);
        }
    }

    /// Rows, or columns, with those that are padding.
    pub(super) fn side(&self) -> usize {
        self.count.checked_div(self.depth).unwrap_or(0) * SIDE
    }

    pub(super) fn tiles(&self) -> &[Tile] {
        &self.tiles[..self.count]
    }

    pub(super) fn tiles_mut(&mut self) -> &mut [Tile] {
        &mut self.tiles[..self.count]
    }

    /// Takes a row from a column on, times a factor. The column must be one of whole lines.
    pub(crate) fn put(&mut self, (at, column): (usize, usize), row: &[f32], factor: f32) {
        let depth = self.depth;
        let tiles = &mut self.tiles_mut()[at / SIDE * depth..][..depth][column / DEPTH..];
        #[cfg(target_arch = "x86_64")]
        if super::x86_64::has_avx512_bf16() {
            return super::x86_64::put_row(tiles, at % SIDE, row, factor);
        }
        put_plain(tiles, at % SIDE, row, factor);
    }

    /// The line of a row and 32 numbers of its depth.
    fn line(&mut self, row: usize, part: usize) -> &mut [u16; DEPTH] {
        &mut self.tiles[row / SIDE * self.depth + part].0[row % SIDE]
    }

    /// Fills the rows from this one on with zeros.
    pub(crate) fn clear_from(&mut self, row: usize) {
        for row in row..self.side() {
            (0..self.depth).for_each(|part| self.line(row, part).fill(0));
        }
    }

    /// Takes rows of numbers as the left side, and zeros up to whole tiles of depth.
    pub(crate) fn take(&mut self, numbers: &[f32], columns: usize) {
        let rows = numbers.len() / columns;
        self.resize(round_up(rows), columns);
        for (at, row) in numbers.chunks_exact(columns).enumerate() {
            self.put((at, 0), row, 1.0);
        }
        self.clear_from(rows);
    }

    /// Makes of a left side, (rows, columns), that part of the right side of which the depth are
    /// these rows: from row `from` on, of so many that `out` was made for. With `transposed`, it
    /// becomes the left side whose rows are these columns.
    pub(crate) fn pair(&self, from: usize, transposed: bool, out: &mut Self) {
        let (across, down) = (self.depth, out.depth);
        for (block, tiles) in self.tiles().chunks_exact(2 * across).enumerate() {
            let (upper, lower) = tiles.split_at(across);
            for (column, both) in upper.iter().zip(lower).enumerate() {
                let start = 2 * column * down + from / DEPTH + block;
                if let Ok([one, other]) = out.tiles.get_disjoint_mut([start, start + down]) {
                    pair([both.0, both.1], transposed, [one, other]);
                }
            }
        }
    }
}

pub(super) fn put_plain(tiles: &mut [Tile], at: usize, row: &[f32], factor: f32) {
    for (tile, numbers) in tiles.iter_mut().zip(row.chunks(DEPTH)) {
        let line = &mut tile.0[at];
        line.fill(0);
        line.iter_mut().zip(numbers).for_each(|(bits, x)| *bits = bf16(*x * factor));
    }
}

/// Makes pairs of the rows of two tiles, one below the other: of their first sixteen columns in one
/// tile, of the others in another.
fn pair(from: [&Tile; 2], transposed: bool, out: [&mut Tile; 2]) {
    #[cfg(target_arch = "x86_64")]
    if super::x86_64::has_avx512_bf16() {
        return super::x86_64::pair(from, transposed, out);
    }
    pair_plain(from, transposed, out);
}

pub(super) fn pair_plain(from: [&Tile; 2], transposed: bool, out: [&mut Tile; 2]) {
    let [one, other] = out;
    let rows = from.iter().flat_map(|tile| tile.0.as_chunks::<2>().0);
    for ([even, odd], (one, other)) in rows.zip(one.0.iter_mut().zip(&mut other.0)) {
        let pairs = one.as_chunks_mut::<2>().0.iter_mut().chain(other.as_chunks_mut::<2>().0);
        for (pair, (even, odd)) in pairs.zip(even.iter().zip(odd)) {
            *pair = [*even, *odd];
        }
    }
    if transposed {
        one.transpose();
        other.transpose();
    }
}

/// The bits of a number in bf16: to the nearest, ties to even.
pub(super) const fn bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    (bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

/// The number that bits in bf16 stand for.
const fn float(bits: u16) -> f32 {
    f32::from_bits((bits as u32) << 16)
}

/// Up to whole lines.
pub(crate) const fn round_up(count: usize) -> usize {
    count.next_multiple_of(DEPTH)
}

/// The product, number by number.
pub(super) fn multiply(product: &Product<'_>, out: &mut [f32]) {
    let Product { a, from, b, columns, add } = *product;
    for (row, out) in out.chunks_exact_mut(columns).enumerate() {
        let a = &a.tiles()[(from + row) / SIDE * a.depth..][..a.depth];
        for (column, out) in out.iter_mut().enumerate() {
            let b = &b.tiles()[column / SIDE * b.depth..][..b.depth];
            let mut sum = if add { *out } else { 0.0 };
            for (a, b) in a.iter().zip(b) {
                let pairs = a.0[row % SIDE].as_chunks::<2>().0.iter().zip(&b.0);
                for (a, line) in pairs {
                    let b = &line[2 * (column % SIDE)..];
                    sum += float(a[0]) * float(b[0]) + float(a[1]) * float(b[1]);
                }
            }
            *out = sum;
        }
    }
}

/// The weights of a matrix, (rows, columns), as the right side of two products.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packed {
    /// Transposed: of the forward pass.
    pub(crate) forward: Tiles,
    /// As they are: of the derivative of what they multiply.
    pub(crate) back: Tiles,
}

impl Packed {
    pub(crate) fn take(&mut self, weights: &[f32], columns: usize) {
        self.forward.take(weights, columns);
        self.back.resize(round_up(columns), weights.len() / columns);
        self.forward.pair(0, false, &mut self.back);
        super::transpose(&mut self.forward);
    }
}
