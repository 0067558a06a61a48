//! What the processor's vector and tile instructions are used for, and all that is unsafe in this
//! crate: work compiled for wide registers, products of matrices in bf16, and a setting of glibc.

#![expect(clippy::large_stack_arrays, reason = "a tile has a kilobyte, on machines that have many")]

#[cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "a setting of glibc")
)]
pub(crate) mod memory;
mod tile;
mod triangle;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub(crate) use tile::{DEPTH, Packed, SIDE, Tile, Tiles, round_up};
pub(crate) use triangle::{LANES, ROWS, Rows, Seen, by_columns, by_rows};

/// How matrices are multiplied while a model is trained.
///
/// Whole numbers of 8 bits and trits are exact in bf16, and sums are made in single precision, so
/// the forward pass of a ternary model is the same whatever the choice; derivatives are rounded to
/// bf16, and so are the numbers of a dense model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Products {
    /// Single precision throughout, on every processor. The others are tested against it.
    Single,
    /// bf16 by AVX-512: Intel since Cooper Lake, AMD since Zen 4.
    Avx512,
    /// bf16 by AMX on Linux: Intel since Sapphire Rapids.
    Amx,
}

impl Products {
    /// All of them, the plainest first.
    pub const ALL: [Self; 3] = [Self::Single, Self::Avx512, Self::Amx];

    /// Whether this processor, and its operating system, can run it.
    #[must_use]
    pub fn is_supported(self) -> bool {
        match self {
            Self::Single => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => x86_64::has_avx512_bf16(),
            #[cfg(target_arch = "x86_64")]
            Self::Amx => x86_64::has_amx_bf16(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Amx => false,
        }
    }

    /// The fastest that this processor can run.
    #[must_use]
    pub fn best() -> Self {
        Self::ALL.into_iter().rfind(|products| products.is_supported()).unwrap_or(Self::Single)
    }
}

/// Work that the compiler vectorises: [`wide`] has it compiled for several widths of registers.
pub(crate) trait Work {
    /// Must be `#[inline(always)]`, and so must what it calls that has loops.
    fn run(self);
}

/// Does work with the widest registers there are.
pub(crate) fn wide(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    return x86_64::wide(work);
    #[cfg(not(target_arch = "x86_64"))]
    work.run();
}

/// A product of matrices, in tiles ([`Tiles`] says how).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'a> {
    /// The left side,
    pub(crate) a: &'a Tiles,
    /// of which it takes as many rows as there are in the result, from this one on. It must be one
    /// with which tiles begin.
    pub(crate) from: usize,
    /// The right side.
    pub(crate) b: &'a Tiles,
    /// Columns of the result.
    pub(crate) columns: usize,
    /// Whether it is added to what is there.
    pub(crate) add: bool,
}

impl Product<'_> {
    /// Computes it. Rows of the result lie without gaps.
    pub(crate) fn compute(&self, products: Products, out: &mut [f32]) {
        let rows = out.len() / self.columns.max(1);
        let fits = self.a.depth == self.b.depth
            && self.from.is_multiple_of(SIDE)
            && self.from + rows <= self.a.side()
            && self.columns <= self.b.side();
        assert!(fits, "the sizes of a product");
        match products {
            #[cfg(target_arch = "x86_64")]
            Products::Amx if products.is_supported() => x86_64::amx(self, out),
            #[cfg(target_arch = "x86_64")]
            Products::Avx512 if products.is_supported() => x86_64::avx512(self, out),
            _ => tile::multiply(self, out),
        }
    }
}

/// Transposes the pairs of each tile: pairs of rows become columns.
pub(crate) fn transpose(tiles: &mut Tiles) {
    #[cfg(target_arch = "x86_64")]
    if x86_64::has_avx512_bf16() {
        return x86_64::transpose(tiles);
    }
    tiles.tiles_mut().iter_mut().for_each(Tile::transpose);
}

#[cfg(test)]
mod tests;
