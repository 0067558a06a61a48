//! Words as numbers: rows of a table, and how alike two words are.

use std::collections::HashMap;
use std::path::Path;

use trine_unseen::rows::{COLUMNS_MAX, PIECE_MAX, Row, Rows, dot, inverse_length};
use trine_unseen::text::{Grams, Spelling};

use crate::{Error, Result};

/// Pieces of words with a row of numbers each, as a base model has them.
#[derive(Clone, Debug)]
pub struct Table {
    bytes: Vec<u8>,
    columns: usize,
}

/// The greatest code of a row.
const CODE_MAX: f32 = 7.0;
/// The greatest scale of a row.
const SCALE_MAX: f32 = 255.0;
/// Scales of a row that are tried, next to the one with which the greatest number is the greatest
/// code: with less than that a few numbers are cut, and all others are nearer.
const SCALES: [f32; 5] = [1.0, 0.92, 0.84, 0.76, 0.68];

impl Table {
    /// Reads pieces, one a line, those that go on in a word with `##` before them, and their rows
    /// in 8 bits, which are brought to a mean length of 1, and to four bits.
    ///
    /// # Errors
    /// When a file cannot be read, or there are not as many numbers as pieces have.
    pub fn read(pieces: &Path, rows: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(pieces).map_err(|error| Error::read(pieces, error))?;
        let bytes = std::fs::read(rows).map_err(|error| Error::read(rows, error))?;
        let pieces: Vec<&str> = text.lines().collect();
        let columns = bytes.len() / pieces.len().max(1);
        let is_sound = columns * pieces.len() == bytes.len()
            && (1..=COLUMNS_MAX).contains(&columns)
            && columns.is_multiple_of(2);
        if !is_sound {
            let what = "not one row of the same length for each piece: make both again";
            return Err(Error::Unseen { path: rows.into(), what });
        }
        let rows: Vec<f32> = bytes.iter().map(|byte| f32::from(byte.cast_signed())).collect();
        Ok(Self { bytes: packed(&pieces, &rows, columns), columns })
    }

    /// The rows of a base; `None` where they are none.
    #[must_use]
    pub fn of_rows(rows: &[u8]) -> Option<Self> {
        let (parsed, length) = Rows::parse(rows)?;
        let columns = parsed.columns();
        (length == rows.len()).then(|| Self { bytes: rows.to_vec(), columns })
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Numbers of a row.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// The rows.
    fn rows(&self) -> Option<Rows<'_>> {
        Rows::parse(&self.bytes).map(|(rows, _)| rows)
    }
}

/// A piece and the place of its row.
type Piece<'p> = (bool, &'p [u8], usize);

/// Pieces and rows as [`trine_unseen::rows`] has them.
fn packed(pieces: &[&str], rows: &[f32], columns: usize) -> Vec<u8> {
    let mut all: Vec<Piece<'_>> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let (is_rest, letters) = match piece.strip_prefix("##") {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, *piece),
        };
        if (1..=PIECE_MAX).contains(&letters.len()) {
            all.push((is_rest, letters.as_bytes(), at));
        }
    }
    all.sort_by_key(|(is_rest, letters, _)| (*is_rest, letters.len(), *letters));
    let squares = rows.iter().map(|x| f64::from(x * x)).sum::<f64>();
    let greatest = rows.iter().fold(1e-9, |most: f32, x| most.max(x.abs()));
    let unit = greatest / (CODE_MAX * SCALE_MAX);
    let length = ((pieces.len() as f64 / squares.max(1e-9)).sqrt()) as f32;
    let classes: Vec<&[Piece<'_>]> =
        all.chunk_by(|a, b| (a.0, a.1.len()) == (b.0, b.1.len())).collect();
    let mut out = vec![columns as u8, classes.len() as u8, 0, 0];
    out.extend((unit * length).to_le_bytes());
    for class in &classes {
        let [first, ..] = class else { continue };
        out.extend([u8::from(first.0), first.1.len() as u8]);
        out.extend((class.len() as u16).to_le_bytes());
    }
    all.iter().for_each(|(_, letters, _)| out.extend(*letters));
    let mut scales = Vec::new();
    for (_, _, at) in &all {
        let (scale, codes) = rounded(&rows[at * columns..(at + 1) * columns], unit);
        scales.push(scale);
        out.extend(codes.chunks_exact(2).map(|pair| pair[0] | pair[1] << 4));
    }
    out.extend(scales);
    out
}

/// The scale of a row and its codes, 8 more than they are.
fn rounded(row: &[f32], unit: f32) -> (u8, Vec<u8>) {
    let greatest = row.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
    let with = |share: f32| {
        let scale = (greatest * share / (CODE_MAX * unit)).ceil().clamp(1.0, SCALE_MAX);
        let code = |x: &f32| (x / (scale * unit)).round().clamp(-CODE_MAX, CODE_MAX);
        let error = |x: &f32| (x - code(x) * scale * unit).powi(2);
        let sum: f32 = row.iter().map(error).sum();
        let codes: Vec<u8> = row.iter().map(|x| (code(x) + 8.0) as u8).collect();
        (sum, scale as u8, codes)
    };
    let best = SCALES.map(with).into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or((1, Vec::new()), |(_, scale, codes)| (scale, codes))
}

/// Words and stems by numbers, with what is known of each.
#[derive(Debug)]
pub struct Lexicon<'t> {
    table: Option<Rows<'t>>,
    columns: usize,
    words: HashMap<String, u32>,
    stems: HashMap<Vec<u8>, u32>,
    floats: Vec<f32>,
    rows: Vec<(Row, f32)>,
    grams: Vec<Grams>,
}

impl<'t> Lexicon<'t> {
    /// One without words.
    #[must_use]
    pub fn new(table: &'t Table) -> Self {
        Self {
            table: table.rows(),
            columns: table.columns,
            words: HashMap::new(),
            stems: HashMap::new(),
            floats: Vec::new(),
            rows: Vec::new(),
            grams: Vec::new(),
        }
    }

    /// Numbers of a row.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// The number of a word of a tool, or of a sentence where `row` gives its row.
    pub fn word(&mut self, key: &str, row: impl FnOnce(&Rows<'_>) -> Row) -> u32 {
        if let Some(known) = self.words.get(key) {
            return *known;
        }
        let number = self.rows.len() as u32;
        let row = self.table.as_ref().map_or(Row::EMPTY, row);
        let step = row.most / 127.0;
        self.floats.extend(row.codes.iter().take(self.columns).map(|x| f32::from(*x) * step));
        self.rows.push((row, inverse_length(&row.codes)));
        self.words.insert(key.to_owned(), number);
        number
    }

    /// The number of a stem.
    pub fn stem(&mut self, spelling: &Spelling) -> u32 {
        if let Some(known) = self.stems.get(spelling.stem()) {
            return *known;
        }
        let number = self.grams.len() as u32;
        self.grams.push(Grams::new(spelling.stem()));
        self.stems.insert(spelling.stem().to_vec(), number);
        number
    }

    /// The row of a word.
    #[must_use]
    pub fn row(&self, word: u32) -> &[f32] {
        let start = word as usize * self.columns;
        &self.floats[start..start + self.columns]
    }

    /// What the engine knows of a word: its row in 8 bits.
    #[must_use]
    pub fn codes(&self, word: u32) -> Row {
        self.rows[word as usize].0
    }

    /// Whether a word is anything but one piece.
    #[must_use]
    pub fn is_pieced(&self, word: u32) -> bool {
        self.rows[word as usize].0.is_pieced
    }

    /// How alike two words are: whether their stems are one, in letters, and in meaning (the
    /// cosine of their rows), in parts of [`PARTS`].
    #[must_use]
    pub fn alike(&self, one: (u32, u32), other: (u32, u32)) -> [i8; 3] {
        let exact = if one.1 == other.1 { PARTS } else { 0 };
        let letters = self.grams[one.1 as usize].likeness(&self.grams[other.1 as usize]);
        let (a, b) = (&self.rows[one.0 as usize], &self.rows[other.0 as usize]);
        let meaning = dot(&a.0.codes, &b.0.codes) as f32 * a.1 * b.1;
        [exact, parted(letters), parted(meaning)]
    }
}

/// Parts of how alike two words are.
pub const PARTS: i8 = i8::MAX;

/// A number in parts of [`PARTS`].
fn parted(x: f32) -> i8 {
    (x * f32::from(PARTS)).round_ties_even() as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_four_bits_are_near_what_they_were() {
        let columns = 64;
        let row = |seed: usize| {
            (0..columns).map(move |at| (((at * 37 + seed * 91) % 201) as f32 - 100.0) / 100.0)
        };
        let rows: Vec<f32> = (0..3).flat_map(row).collect();
        let bytes = packed(&["ab", "##cd", "a"], &rows, columns);
        let (table, length) = Rows::parse(&bytes).unwrap();
        assert_eq!((table.pieces(), length), (3, bytes.len()));
        let found = table.row(std::iter::once(&b"ab"[..]));
        let step = found.most / 127.0;
        let product: f32 =
            found.codes.iter().zip(&rows).map(|(code, x)| f32::from(*code) * step * x).sum();
        let squares = |all: &[f32]| all.iter().map(|x| x * x).sum::<f32>();
        let own: Vec<f32> = found.codes.iter().map(|code| f32::from(*code) * step).collect();
        let cosine = product / (squares(&own) * squares(&rows[..columns])).sqrt();
        assert!(cosine > 0.98, "{cosine}");
    }
}
