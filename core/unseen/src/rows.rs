//! Words as rows of numbers: pieces of words with a row each.
//!
//! ```text
//! rows    = columns:u8 classes:u8 0:u16 unit:f32  class*  letters  codes  scales
//! class   = rest:u8 length:u8 count:u16
//! letters = the pieces of each class, in order, each `length` bytes
//! codes   = for each piece columns/2 bytes: the code of column 2·j in the low half of byte j,
//!           that of column 2·j + 1 in the high half, each 8 more than it is
//! scales  = one byte for each piece
//! ```
//!
//! Pieces of a class are equally long, and begin a word (`rest` 0) or go on in one (1). Classes are
//! in the order of (`rest`, `length`), pieces in that of their bytes, so that a piece is found
//! by halving. A number of a row is code · scale · unit. Integers and floats are little-endian.

use crate::read::Reader;

/// Most numbers of a row.
pub const COLUMNS_MAX: usize = 64;
/// Most letters of a piece.
pub const PIECE_MAX: usize = 20;
/// Most classes.
const CLASSES_MAX: usize = 2 * PIECE_MAX;
/// Bytes before the classes.
const HEAD: usize = 8;
/// Bytes of a class.
const CLASS: usize = 4;
/// What the mean of several pieces is multiplied by: a mean is shorter than what it is made of.
const SEVERAL: f32 = 1.2;

/// The rows of all pieces.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'m> {
    columns: usize,
    unit: f32,
    classes: &'m [u8],
    letters: &'m [u8],
    codes: &'m [u8],
    scales: &'m [u8],
}

/// A word's row: the mean of those of its pieces, in 8 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The numbers, of which the greatest has a magnitude of 127; zeros of a word without pieces.
    pub codes: [i8; COLUMNS_MAX],
    /// What 127 stands for.
    pub most: f32,
    /// Whether the word is anything but one piece.
    pub is_pieced: bool,
}

impl Row {
    /// That of no word.
    pub const EMPTY: Self = Self { codes: [0; COLUMNS_MAX], most: 0.0, is_pieced: true };

    /// One over the length of the codes; 0 of zeros.
    #[must_use]
    pub fn inverse_length(&self) -> f32 {
        inverse_length(&self.codes)
    }
}

/// What several words mean together: the direction of the sum of their rows, in 8 bits. Rows of
/// words that say little are short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meaning {
    /// The numbers, of which the greatest has a magnitude of 127; zeros of no words.
    pub codes: [i8; COLUMNS_MAX],
    /// One over the length of these; 0 of zeros.
    pub inverse_length: f32,
}

impl Meaning {
    /// That of no word.
    pub const NONE: Self = Self { codes: [0; COLUMNS_MAX], inverse_length: 0.0 };

    /// That of words with these rows: their codes, and what 127 stands for.
    #[must_use]
    pub fn of(rows: impl Iterator<Item = ([i8; COLUMNS_MAX], f32)>) -> Self {
        let mut sums = [0.0_f32; COLUMNS_MAX];
        for (codes, most) in rows {
            let step = most / 127.0;
            sums.iter_mut().zip(codes).for_each(|(sum, code)| *sum += f32::from(code) * step);
        }
        let greatest = sums.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        if greatest <= 0.0 {
            return Self::NONE;
        }
        let mut codes = [0; COLUMNS_MAX];
        codes.iter_mut().zip(sums).for_each(|(to, x)| *to = rounded(x * (127.0 / greatest)));
        Self { codes, inverse_length: inverse_length(&codes) }
    }

    /// How near two meanings are: their cosine.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> f32 {
        dot(&self.codes, &other.codes) as f32 * self.inverse_length * other.inverse_length
    }
}

/// One over the length of codes; 0 of zeros.
#[must_use]
pub fn inverse_length(codes: &[i8]) -> f32 {
    // At most 64 · 127², which single precision has exactly.
    let squares = dot(codes, codes) as f32;
    if squares > 0.0 { 1.0 / trine_ternary::math::sqrt(squares) } else { 0.0 }
}

/// The nearest integer to a number of at most 127 in magnitude, ties to even.
pub(crate) fn rounded(x: f32) -> i8 {
    /// Adding and subtracting it rounds what is below 2²² in magnitude.
    const MAGIC: f32 = 12_582_912.0;

    (x + MAGIC - MAGIC) as i8
}

/// The sum of products.
#[must_use]
pub fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// The sum of products of codes and of codes where they lie in flash, both whole fours. They are
/// taken four at a time: compilers that save bytes unroll nothing.
pub(crate) fn dot_bytes(a: &[i8], b: &[u8]) -> i32 {
    let fours = a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0);
    let product = |a: i8, b: u8| i32::from(a) * i32::from(b.cast_signed());
    fours.fold(0, |sum, ([a, b, c, d], [e, f, g, h])| {
        sum + product(*a, *e) + product(*b, *f) + product(*c, *g) + product(*d, *h)
    })
}

impl<'m> Rows<'m> {
    /// Rows that begin there, and how many bytes they have; `None` where these are no rows.
    #[must_use]
    pub fn parse(bytes: &'m [u8]) -> Option<(Self, usize)> {
        let mut reader = Reader::new(bytes);
        let [columns, classes, 0, 0] = reader.array()? else { return None };
        let (columns, count) = (usize::from(columns), usize::from(classes));
        let unit = f32::from_le_bytes(reader.array()?);
        if columns == 0 || columns > COLUMNS_MAX || columns % 2 == 1 || count > CLASSES_MAX {
            return None;
        }
        let classes = reader.take(count * CLASS)?;
        let (mut pieces, mut letters) = (0, 0);
        for class in each_class(classes) {
            if !(1..=PIECE_MAX).contains(&class.length) {
                return None;
            }
            pieces += class.count;
            letters += class.count * class.length;
        }
        let letters = reader.take(letters)?;
        let codes = reader.take(pieces * columns / 2)?;
        let scales = reader.take(pieces)?;
        Some((Self { columns, unit, classes, letters, codes, scales }, reader.at()))
    }

    /// Bytes before the letters, of so many classes.
    #[must_use]
    pub const fn head_bytes(classes: usize) -> usize {
        HEAD + classes * CLASS
    }

    /// Numbers of a row.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// How many pieces there are.
    #[must_use]
    pub const fn pieces(&self) -> usize {
        self.scales.len()
    }

    /// The row of a word, or of several that stand for one. Each is folded, and divided from its
    /// first letter on into the longest pieces that there are; letters without one are passed over.
    #[must_use]
    pub fn row<'w>(&self, words: impl Iterator<Item = &'w [u8]>) -> Row {
        let (mut sums, mut count) = ([0_i32; COLUMNS_MAX], 0_u16);
        for word in words {
            let mut at = 0;
            while at < word.len() {
                let rest = word.get(at..).unwrap_or_default();
                let found = (1..=rest.len().min(PIECE_MAX))
                    .rev()
                    .find_map(|length| Some((self.find(at > 0, rest.get(..length)?)?, length)));
                let Some((piece, length)) = found else {
                    at += 1;
                    continue;
                };
                self.add(piece, &mut sums);
                (at, count) = (at + length, count.saturating_add(1));
            }
        }
        self.rounded(&sums, count)
    }

    fn rounded(&self, sums: &[i32; COLUMNS_MAX], count: u16) -> Row {
        let greatest = sums.iter().map(|sum| sum.unsigned_abs()).max().unwrap_or(0);
        let mut row = Row { is_pieced: count != 1, ..Row::EMPTY };
        if greatest == 0 {
            return row;
        }
        let factor = if count > 1 { SEVERAL / f32::from(count) } else { 1.0 };
        row.most = greatest as f32 * self.unit * factor;
        for (code, sum) in row.codes.iter_mut().zip(sums) {
            *code = rounded(*sum as f32 * (127.0 / greatest as f32));
        }
        row
    }

    /// Adds the row of a piece.
    fn add(&self, piece: usize, sums: &mut [i32; COLUMNS_MAX]) {
        let scale = self.scales.get(piece).map_or(0, |scale| i32::from(*scale));
        let bytes = self.columns / 2;
        let codes = self.codes.get(piece * bytes..(piece + 1) * bytes).unwrap_or_default();
        for (pair, byte) in sums.chunks_exact_mut(2).zip(codes) {
            let both = [byte & 15, byte >> 4];
            for (sum, code) in pair.iter_mut().zip(both) {
                *sum += (i32::from(code) - 8) * scale;
            }
        }
    }

    /// The number of a piece.
    fn find(&self, is_rest: bool, piece: &[u8]) -> Option<usize> {
        let (mut first, mut at) = (0, 0);
        for class in each_class(self.classes) {
            let end = at + class.count * class.length;
            if class.is_rest == is_rest && class.length == piece.len() {
                let letters = self.letters.get(at..end)?;
                return halved(letters, class.length, piece).map(|place| first + place);
            }
            (first, at) = (first + class.count, end);
        }
        None
    }
}

/// The place of a piece among those of its length.
fn halved(letters: &[u8], length: usize, piece: &[u8]) -> Option<usize> {
    let (mut from, mut to) = (0, letters.len() / length.max(1));
    while from < to {
        let middle = from + (to - from) / 2;
        match letters.get(middle * length..(middle + 1) * length)?.cmp(piece) {
            core::cmp::Ordering::Less => from = middle + 1,
            core::cmp::Ordering::Greater => to = middle,
            core::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}

struct Class {
    is_rest: bool,
    length: usize,
    count: usize,
}

fn each_class(classes: &[u8]) -> impl Iterator<Item = Class> + '_ {
    classes.chunks_exact(CLASS).filter_map(|class| {
        let [rest, length, low, high] = *class else { return None };
        let count = u16::from_le_bytes([low, high]).into();
        Some(Class { is_rest: rest == 1, length: length.into(), count })
    })
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// Pieces "a", "ab", "##b", with the rows (1, 0), (0, 2), (-1, 1) times their scales.
    fn bytes() -> Vec<u8> {
        let mut out = std::vec![2, 3, 0, 0];
        out.extend(0.5_f32.to_le_bytes());
        out.extend([0, 1, 1, 0, 0, 2, 1, 0, 1, 1, 1, 0]);
        out.extend(b"aabb");
        out.extend([0x89, 0xa8, 0x97]);
        out.extend([10, 20, 30]);
        out
    }

    #[test]
    fn a_word_is_the_mean_of_its_longest_pieces() {
        let bytes = bytes();
        let (rows, length) = Rows::parse(&bytes).unwrap();
        assert_eq!((length, rows.pieces(), rows.columns()), (bytes.len(), 3, 2));
        let row = |word: &str| rows.row(core::iter::once(word.as_bytes()));
        let one = row("ab");
        assert_eq!((&one.codes[..2], one.most, one.is_pieced), (&[0, 127][..], 20.0, false));
        // "a" and "##b", then "##b" again: (10 - 60, 60) · 0.5 · 1.2 / 3
        let two = row("azbb");
        assert!(two.is_pieced && (two.most - 12.0).abs() < 1e-5, "{two:?}");
        assert_eq!(&two.codes[..2], &[-106, 127]);
        assert_eq!(row("xyz"), Row::EMPTY);
        let both = rows.row([&b"a"[..], b"ab"].into_iter());
        assert_eq!(&both.codes[..2], &[32, 127]);
    }

    #[test]
    fn words_together_mean_the_direction_of_their_sum() {
        let row = |x: i8, y: i8| {
            let mut codes = [0; COLUMNS_MAX];
            (codes[0], codes[1]) = (x, y);
            codes
        };
        let (right, up) = (row(127, 0), row(0, 127));
        let of = |rows: &[([i8; COLUMNS_MAX], f32)]| Meaning::of(rows.iter().copied());
        // A short row counts for little: (3, 1) and (1, 3).
        let (one, other) = (of(&[(right, 3.0), (up, 1.0)]), of(&[(right, 0.5), (up, 1.5)]));
        assert_eq!((one.codes[0], one.codes[1], one.codes[2]), (127, 42, 0));
        assert!((one.likeness(&other) - 0.6).abs() < 0.01, "{}", one.likeness(&other));
        assert!((one.likeness(&one) - 1.0).abs() < 1e-5);
        assert!((of(&[(right, 1.0)]).likeness(&of(&[(up, 1.0)]))).abs() < 1e-6);
        // No words, and words that say nothing, are like nothing.
        assert_eq!(of(&[]), Meaning::NONE);
        assert_eq!(of(&[(right, 0.0)]).likeness(&one).to_bits(), 0);
    }

    #[test]
    fn what_is_cut_or_odd_is_no_table() {
        let bytes = bytes();
        for length in 0..bytes.len() {
            assert!(Rows::parse(&bytes[..length]).is_none(), "{length}");
        }
        for at in 0..12 {
            let mut odd = bytes.clone();
            odd[at] ^= 0x55;
            if let Some((rows, _)) = Rows::parse(&odd) {
                _ = rows.row(core::iter::once(&b"abab"[..]));
            }
        }
    }
}
