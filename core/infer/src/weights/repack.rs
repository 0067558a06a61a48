//! Weights in another packing, in memory that the caller gives.

use trine_ternary::parallel::{Parallel, for_each_chunk};
use trine_ternary::{Matrix, Packing, repack};

use super::{Layer, Linear, Name, Role, Weights};
use crate::error::Error;

/// What every matrix is aligned to: a line of the processor's cache.
const LINE: usize = 64;
/// Rows that a thread repacks at a time, about.
const ROWS: usize = 64;

/// Packs a matrix in another way into `out`, which is as long as that packing makes it. Threads
/// share the rows.
///
/// # Errors
/// When the other packing has no such matrix, or `out` is of another length.
pub fn repack_matrix(
    from: &Matrix<'_>,
    to: Packing,
    out: &mut [u8],
    pool: &dyn Parallel,
) -> Result<(), trine_ternary::Error> {
    let (rows, columns) = (from.rows(), from.cols());
    // Packs no row, but checks all that can be wrong.
    Matrix::new(to, rows, columns, out)?;
    let some = to.rows_multiple().max(ROWS).next_multiple_of(to.rows_multiple());
    let bytes = to.bytes(some, columns).ok_or(trine_ternary::Error::Overflow)?;
    for_each_chunk(pool, out, bytes, &|index, part| {
        let first = index * some;
        let done = repack(from, first..rows.min(first + some), to, part);
        debug_assert!(done.is_ok(), "the parts are whole groups of rows");
    });
    Ok(())
}

impl<'a> Weights<'a> {
    /// Bytes that [`Self::repack`] needs.
    ///
    /// # Errors
    /// When a matrix cannot be packed so.
    pub fn repacked_bytes(&self, to: Packing) -> Result<usize, Error> {
        // The block may start anywhere.
        let mut sum = LINE - 1;
        self.matrices(|name, linear| {
            let matrix = linear.matrix;
            let bytes = packed_bytes(name, &matrix, to)?;
            let bytes = bytes.checked_next_multiple_of(LINE).ok_or(Error::TooLarge)?;
            sum = sum.checked_add(bytes).ok_or(Error::TooLarge)?;
            Ok(())
        })?;
        Ok(sum)
    }

    fn matrices(
        &self,
        mut f: impl FnMut(Name, Linear<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for (index, layer) in self.layers.iter().enumerate() {
            for role in Role::MATRICES {
                if let Some(linear) = layer.matrix(role) {
                    f(Name::layer(index, role), linear)?;
                }
            }
        }
        Ok(())
    }

    /// These weights with all ternary matrices packed in another way. `memory` has
    /// [`Self::repacked_bytes`], `layers` one element for each block. Norms, embedding and head
    /// stay where they are.
    ///
    /// # Errors
    /// When there is too little memory, or a matrix cannot be packed so.
    pub fn repack<'m>(
        &self,
        to: Packing,
        memory: &'m mut [u8],
        layers: &'m mut [Layer<'m>],
        pool: &dyn Parallel,
    ) -> Result<Weights<'m>, Error>
    where
        'a: 'm,
    {
        let (needed, given) = (self.repacked_bytes(to)?, memory.len());
        let small = Error::Memory(trine_arena::OutOfMemory { needed, given });
        let skip = memory.as_ptr().align_offset(LINE);
        let mut rest = memory.get_mut(skip..).ok_or(small)?;
        for (index, layer) in self.layers.iter().enumerate() {
            let place = layers.get_mut(index).ok_or(small)?;
            *place = *layer;
            for role in Role::MATRICES {
                let Some(linear) = layer.matrix(role) else { continue };
                let name = Name::layer(index, role);
                let bytes = packed_bytes(name, &linear.matrix, to)?;
                let (out, after) =
                    rest.split_at_mut_checked(bytes.next_multiple_of(LINE)).ok_or(small)?;
                rest = after;
                let out = out.get_mut(..bytes).unwrap_or_default();
                let packed = |error| Error::Packed(name, error);
                repack_matrix(&linear.matrix, to, out, pool).map_err(packed)?;
                let (rows, columns) = (linear.matrix.rows(), linear.matrix.cols());
                let matrix = Matrix::new(to, rows, columns, out).map_err(packed)?;
                if let Some(place) = place.matrix_mut(role) {
                    *place = Linear { matrix, ..linear };
                }
            }
        }
        let layers = layers.get(..self.layers.len()).ok_or(small)?;
        Ok(Weights { layers, ..*self })
    }
}

fn packed_bytes(name: Name, matrix: &Matrix<'_>, to: Packing) -> Result<usize, Error> {
    let (cols, multiple) = (matrix.cols(), to.cols_multiple());
    let columns = Error::Packed(name, trine_ternary::Error::Columns { cols, multiple });
    to.bytes(matrix.rows(), cols).ok_or(columns)
}
