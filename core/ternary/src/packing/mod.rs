//! How codes lie in bytes: geometry (which byte and digit holds a weight) and the code of a byte.
//!
//! A byte holds four codes of two bits or five of base three. Packing, unpacking and the scalar
//! kernels know a layout only by its [`Cell`]s, so a new one is a new [`Packing`], its arms in this
//! file, and perhaps a [`Code`]. Kernels of an instruction set know the layouts by heart.
//!
//! # Our own layouts
//! Lanes are rows. A *panel* is 32 rows, a *step* the columns that one byte's digits and four
//! neighbouring bytes hold: 16 for [`Packing::Panel2Bit`], 20 for [`Packing::PanelBase3`]. A step
//! of a panel is 128 bytes: byte `4·r + j` holds, for row `r` of the panel, the columns `4·g + j`
//! of the step, one for each digit `g`. So a 64-byte register has four bytes for each of sixteen
//! rows; the four activations that its digit `g` meets lie side by side and are one 32-bit
//! broadcast for all rows; sums stay in their lanes to the end of the row, and a panel is read
//! front to back. Dot products by element (`sdot v, v, v.4b[i]`) want exactly this on ARM too.
//! Rows and columns that fill up the last panel and step hold zero bytes, and meet no activation.

mod code;

use crate::mcu::Layout;
pub use code::Code;
#[cfg(any(target_arch = "x86_64", trine_neon, trine_simd128))]
pub(crate) use code::{TABLE_HIGH, TABLE_LOW};

/// The most columns of a matrix, so that no 32-bit sum overflows, whatever the bytes are.
///
/// A whole sum is at most 2¹⁸·3·128 < 2²⁷. Kernels keep fields of a byte in place, scaled by up to
/// 64, in lanes of their own: a lane gains at most 4·(3·64)·128 = 98,304 in a step, which covers 16
/// columns or more, and 2¹⁸/16 · 98,304 < 2³¹.
pub const COLS_MAX: usize = 1 << 18;

/// How a ternary matrix lies in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Packing {
    /// Two bits, as in the official BitNet files and microsoft/BitNet on x86-64: blocks of 128
    /// columns in 32 bytes; column `j` in byte `j % 32`, bits `6 − 2·(j / 32)` up.
    I2S,
    /// What microsoft/BitNet writes on ARM under the same type number: blocks of 64 columns in 16
    /// bytes; column `j` in byte `j % 16`, bits `6 − 2·(j / 16)` up.
    I2SArm,
    /// Two bits, of ggml: blocks of 256 columns in 64 bytes and a half-precision scale; column
    /// `j` in byte `32·(j / 128) + j % 32`, bits `2·(j % 128 / 32)` up.
    Tq2_0,
    /// Base three, of ggml: blocks of 256 columns in 52 bytes and a half-precision scale.
    Tq1_0,
    /// Two bits, ours: panels of 32 rows, steps of 16 columns.
    Panel2Bit,
    /// Base three, ours: panels of 32 rows, steps of 20 columns, 1.6 bits a weight.
    PanelBase3,
    /// For look-up on microcontrollers ([`mcu`](crate::mcu)): four columns a byte, eight rows
    /// interleaved, two bits a weight. Not every byte has a meaning.
    Table4Trit,
    /// For look-up on microcontrollers: five columns a byte, eight rows interleaved, 1.6 bits a
    /// weight.
    Table5Trit,
    /// For multiplying halfwords on microcontrollers: two bits a weight, 16 columns a word, four
    /// rows interleaved.
    SmladPairs,
}

/// Where a byte's codes stand in a row: digit `i` is column `col + i·stride`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Index of the byte in the matrix.
    pub byte: usize,
    /// Column of digit 0.
    pub col: usize,
    /// Columns from one digit to the next.
    pub stride: usize,
    /// Digits in use.
    pub digits: usize,
}

/// Rows of a panel.
pub const PANEL_ROWS: usize = 32;
/// Bytes of one step of a panel.
const STEP_BYTES: usize = 128;

impl Packing {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::I2S,
        Self::I2SArm,
        Self::Tq2_0,
        Self::Tq1_0,
        Self::Panel2Bit,
        Self::PanelBase3,
        Self::Table4Trit,
        Self::Table5Trit,
        Self::SmladPairs,
    ];

    /// How a packing for microcontrollers lies; `None` for the others.
    pub(crate) const fn layout(self) -> Option<Layout> {
        match self {
            Self::Table4Trit => Some(Layout::Table4Trit),
            Self::Table5Trit => Some(Layout::Table5Trit),
            Self::SmladPairs => Some(Layout::SmladPairs),
            _ => None,
        }
    }

    /// Bytes of a matrix; `None` when the format has no such matrix ([`cols_multiple`] does not
    /// divide the columns, or they are more than [`COLS_MAX`]) or the size overflows.
    ///
    /// [`cols_multiple`]: Self::cols_multiple
    #[must_use]
    pub const fn bytes(self, rows: usize, cols: usize) -> Option<usize> {
        if cols > COLS_MAX || !cols.is_multiple_of(self.cols_multiple()) {
            return None;
        }
        rows.div_ceil(self.rows_multiple()).checked_mul(self.group_bytes(cols))
    }

    /// Bytes of [`rows_multiple`](Self::rows_multiple) rows that are stored together.
    pub(crate) const fn group_bytes(self, cols: usize) -> usize {
        match self {
            Self::I2S | Self::I2SArm => cols / 4,
            Self::Tq2_0 => cols / 256 * 66,
            Self::Tq1_0 => cols / 256 * 54,
            Self::Panel2Bit => cols.div_ceil(16) * STEP_BYTES,
            Self::PanelBase3 => cols.div_ceil(20) * STEP_BYTES,
            Self::Table4Trit => Layout::Table4Trit.group_bytes(cols),
            Self::Table5Trit => Layout::Table5Trit.group_bytes(cols),
            Self::SmladPairs => Layout::SmladPairs.group_bytes(cols),
        }
    }

    /// What the columns must be a multiple of. Our own layouts take any number.
    #[must_use]
    pub const fn cols_multiple(self) -> usize {
        match self {
            Self::I2S => 128,
            Self::I2SArm => 64,
            Self::Tq2_0 | Self::Tq1_0 => 256,
            Self::Panel2Bit
            | Self::PanelBase3
            | Self::Table4Trit
            | Self::Table5Trit
            | Self::SmladPairs => 1,
        }
    }

    /// Rows that are stored together: where work is split between threads, or a matrix is repacked
    /// in parts, the cuts should be at multiples of it. A matrix may have any number of rows.
    #[must_use]
    pub const fn rows_multiple(self) -> usize {
        match self {
            Self::I2S | Self::I2SArm | Self::Tq2_0 | Self::Tq1_0 => 1,
            Self::Panel2Bit | Self::PanelBase3 => PANEL_ROWS,
            Self::Table4Trit => Layout::Table4Trit.rows(),
            Self::Table5Trit => Layout::Table5Trit.rows(),
            Self::SmladPairs => Layout::SmladPairs.rows(),
        }
    }

    /// How a byte holds its digits.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::I2S | Self::I2SArm => Code::BitsHighFirst,
            Self::Tq2_0 | Self::Panel2Bit | Self::SmladPairs => Code::BitsLowFirst,
            Self::Tq1_0 => Code::Fraction,
            Self::PanelBase3 => Code::Table,
            Self::Table4Trit => Code::Place4,
            Self::Table5Trit => Code::Place5,
        }
    }

    /// Bytes that hold weights of one row.
    #[must_use]
    pub const fn cells(self, cols: usize) -> usize {
        match self {
            Self::I2S | Self::I2SArm | Self::Tq2_0 => cols / 4,
            Self::Tq1_0 => cols / 256 * 52,
            Self::Panel2Bit => cols.div_ceil(16) * 4,
            Self::PanelBase3 => cols.div_ceil(20) * 4,
            Self::Table4Trit => Layout::Table4Trit.row_bytes(cols),
            Self::Table5Trit => Layout::Table5Trit.row_bytes(cols),
            Self::SmladPairs => Layout::SmladPairs.row_bytes(cols),
        }
    }

    /// Byte number `index` of those that hold weights of a row.
    #[must_use]
    pub const fn cell(self, cols: usize, row: usize, index: usize) -> Cell {
        let group = row / self.rows_multiple() * self.group_bytes(cols);
        match self {
            Self::I2S => {
                let col = index / 32 * 128 + index % 32;
                Cell { byte: group + index, col, stride: 32, digits: 4 }
            }
            Self::I2SArm => {
                let col = index / 16 * 64 + index % 16;
                Cell { byte: group + index, col, stride: 16, digits: 4 }
            }
            Self::Tq2_0 => {
                let byte = group + index / 64 * 66 + index % 64;
                Cell { byte, col: index / 32 * 128 + index % 32, stride: 32, digits: 4 }
            }
            Self::Tq1_0 => tq1_0(group + index / 52 * 54, index / 52 * 256, index % 52),
            Self::Panel2Bit => line(group, row, index, 4),
            Self::PanelBase3 => line(group, row, index, 5),
            Self::Table4Trit => Layout::Table4Trit.cell(cols, row, index),
            Self::Table5Trit => Layout::Table5Trit.cell(cols, row, index),
            Self::SmladPairs => Layout::SmladPairs.cell(cols, row, index),
        }
    }
}

/// A block of `TQ1_0` is 32 bytes of five digits 32 columns apart, 16 bytes of five digits 16
/// columns apart, four bytes of four digits 4 columns apart, and the scale.
const fn tq1_0(block: usize, col: usize, at: usize) -> Cell {
    let (col, stride, digits) = match at {
        0..32 => (col + at, 32, 5),
        32..48 => (col + 160 + (at - 32), 16, 5),
        _ => (col + 240 + (at - 48), 4, 4),
    };
    Cell { byte: block + at, col, stride, digits }
}

const fn line(panel: usize, row: usize, index: usize, digits: usize) -> Cell {
    let (step, j) = (index / 4, index % 4);
    let byte = panel + step * STEP_BYTES + row % PANEL_ROWS * 4 + j;
    Cell { byte, col: step * 4 * digits + j, stride: 4, digits }
}
