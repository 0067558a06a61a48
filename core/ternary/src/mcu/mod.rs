//! Products on microcontrollers: by looking sums up, and by multiplying halfwords or bytes.
//!
//! | packing | bits a weight | how | for |
//! |---|---|---|---|
//! | [`Packing::Table5Trit`] | 1.6 | a byte is the place of five products' sum | many rows |
//! | [`Packing::Table4Trit`] | 2 | the same for four | fewer rows, without DSP |
//! | [`Packing::SmladPairs`] | 2 | SMLAD, two products an instruction | few rows, with it |
//! | the same | 2 | with Helium, sixteen bytes an instruction | up to some 500 rows |
//!
//! A group of four or five activations has 81 or 243 sums, which are put in a table of halfwords
//! once and found by all rows: a row then takes three to five instructions for a group, and none of
//! them multiplies. The tables cost as much as some hundred rows, so matrices that meet the same
//! activations should be computed together ([`gemv_each`]): queries, keys and values, gate and up.
//!
//! The caller lends the memory for tables, [`scratch_words`] of it. With less, down to one table,
//! sums are loaded and stored more often; the result is the same, which is that of
//! [`scalar`](crate::scalar). Tables should be in RAM without wait states.

mod arch;
pub(crate) mod code;
mod layout;
mod products;
// These two fill tables by hand.
#[cfg(not(any(trine_thumb, trine_mve, trine_rv32)))]
mod table;

#[cfg(trine_dots)]
pub(crate) use arch::dots::{dot_bytes, dot_i16, sum_whole};
pub(crate) use layout::Layout;
#[cfg(trine_mve)]
use products::PAIR_WORDS;
pub use products::{Part, gemv, gemv_each};

use crate::Packing;

/// Tables that are filled before rows go through them: 80 columns of [`Packing::Table5Trit`], whose
/// tables take 8 KiB.
const TABLES: usize = 16;

/// The packing that takes the fewest instructions on the processor that this is compiled for, in a
/// product of `rows` rows, tables included. Matrices that are computed together count as one.
/// Where flash is short, [`Packing::Table5Trit`] is always the smallest, and seldom far behind.
///
/// The numbers are where the lines of `cargo xtask bench mcu` meet.
#[must_use]
pub const fn best_packing(rows: usize) -> Packing {
    let (pairs_to, fours_to) = if cfg!(trine_mve) {
        (510, 0)
    } else if cfg!(trine_dsp) {
        (60, 100)
    } else if cfg!(trine_rv32) {
        (0, 1700)
    } else if cfg!(all(trine_thumb, not(trine_thumb2))) {
        (0, usize::MAX)
    } else {
        (0, 100)
    };
    if rows <= pairs_to {
        Packing::SmladPairs
    } else if rows <= fours_to {
        Packing::Table4Trit
    } else {
        Packing::Table5Trit
    }
}

/// Words of scratch with which a product is fastest, for that many columns: 0 for the packings of
/// hosts, which need none.
#[must_use]
pub const fn scratch_words(packing: Packing, cols: usize) -> usize {
    let Some(layout) = packing.layout() else { return 0 };
    let groups = layout.units(cols);
    match layout {
        Layout::SmladPairs => groups * products::PAIR_WORDS,
        _ if groups < TABLES => groups * arch::stride(layout),
        _ => TABLES * arch::stride(layout),
    }
}

/// Words of scratch without which there is no product. [`Packing::SmladPairs`] needs all of
/// [`scratch_words`]; looking up needs one table.
#[must_use]
pub const fn scratch_words_least(packing: Packing, cols: usize) -> usize {
    match packing.layout() {
        Some(layout @ (Layout::Table4Trit | Layout::Table5Trit)) if cols > 0 => {
            arch::stride(layout)
        }
        _ => scratch_words(packing, cols),
    }
}
