//! Words as numbers: rows of a table, letters that two words share, and which way a word points.

use std::collections::HashMap;
use std::path::Path;

use crate::{Error, Result};

/// Pieces of words with a row of numbers each. A word is the mean of its pieces.
#[derive(Clone, Debug)]
pub struct Table {
    /// Numbers of a row.
    pub columns: usize,
    rows: Vec<f32>,
    pieces: HashMap<String, usize>,
}

/// What the mean of several pieces is multiplied by: a mean is shorter than what it is made of.
const SEVERAL: f32 = 1.2;

impl Table {
    /// Reads pieces, one a line, those that go on in a word with `##` before them, and their rows
    /// in 8 bits, which are brought to a mean square of 1.
    ///
    /// # Errors
    /// When a file cannot be read, or there are not as many numbers as pieces have.
    pub fn read(pieces: &Path, rows: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(pieces).map_err(|error| Error::read(pieces, error))?;
        let bytes = std::fs::read(rows).map_err(|error| Error::read(rows, error))?;
        let pieces: HashMap<String, usize> =
            text.lines().enumerate().map(|(at, piece)| (piece.to_owned(), at)).collect();
        let columns = bytes.len() / pieces.len().max(1);
        if columns == 0 || columns * pieces.len() != bytes.len() {
            let what = "not one row of the same length for each piece: make both again";
            return Err(Error::Unseen { path: rows.into(), what });
        }
        let mut rows: Vec<f32> = bytes.iter().map(|byte| f32::from(byte.cast_signed())).collect();
        let squares = rows.iter().map(|x| f64::from(x * x)).sum::<f64>();
        let factor = (pieces.len() as f64 / squares.max(1.0)).sqrt() as f32;
        rows.iter_mut().for_each(|x| *x *= factor);
        Ok(Self { columns, rows, pieces })
    }

    /// The row of a word, and whether it is anything but one piece.
    #[must_use]
    pub fn row(&self, word: &str) -> (Vec<f32>, bool) {
        let letters: Vec<char> = word.chars().filter(|c| *c != '\'').collect();
        let (mut at, mut count, mut out) = (0, 0, vec![0.0; self.columns]);
        while at < letters.len() {
            let piece = |end: usize| {
                let text: String = letters[at..end].iter().collect();
                let text = if at == 0 { text } else { format!("##{text}") };
                self.pieces.get(&text).map(|row| (*row, end))
            };
            let Some((row, end)) = (at + 1..=letters.len()).rev().find_map(piece) else {
                at += 1;
                continue;
            };
            let row = &self.rows[row * self.columns..(row + 1) * self.columns];
            out.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            (at, count) = (end, count + 1);
        }
        let factor = if count > 1 { SEVERAL / count as f32 } else { 1.0 };
        out.iter_mut().for_each(|x| *x *= factor);
        (out, count != 1)
    }
}

/// Words and stems by numbers, with what is known of each.
#[derive(Debug)]
pub struct Lexicon<'t> {
    table: &'t Table,
    words: HashMap<String, u32>,
    stems: HashMap<String, u32>,
    rows: Vec<f32>,
    directions: Vec<f32>,
    is_pieced: Vec<bool>,
    grams: Vec<Vec<u64>>,
}

impl<'t> Lexicon<'t> {
    /// One without words.
    #[must_use]
    pub fn new(table: &'t Table) -> Self {
        Self {
            table,
            words: HashMap::new(),
            stems: HashMap::new(),
            rows: Vec::new(),
            directions: Vec::new(),
            is_pieced: Vec::new(),
            grams: Vec::new(),
        }
    }

    /// Numbers of a row.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.table.columns
    }

    /// The number of a word.
    pub fn word(&mut self, text: &str) -> u32 {
        if let Some(known) = self.words.get(text) {
            return *known;
        }
        let number = self.is_pieced.len() as u32;
        let (row, is_pieced) = self.table.row(text);
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
        self.directions.extend(row.iter().map(|x| x / length));
        self.rows.extend(row);
        self.is_pieced.push(is_pieced);
        self.words.insert(text.to_owned(), number);
        number
    }

    /// The number of a stem.
    pub fn stem(&mut self, text: &str) -> u32 {
        if let Some(known) = self.stems.get(text) {
            return *known;
        }
        let number = self.grams.len() as u32;
        self.grams.push(grams(text));
        self.stems.insert(text.to_owned(), number);
        number
    }

    /// The row of a word.
    #[must_use]
    pub fn row(&self, word: u32) -> &[f32] {
        let start = word as usize * self.columns();
        &self.rows[start..start + self.columns()]
    }

    /// Whether a word is anything but one piece.
    #[must_use]
    pub fn is_pieced(&self, word: u32) -> bool {
        self.is_pieced[word as usize]
    }

    /// How alike two words are: whether their stems are one, in letters, and in meaning (the
    /// cosine of their rows).
    #[must_use]
    pub fn alike(&self, one: (u32, u32), other: (u32, u32)) -> [f32; 3] {
        let exact = f32::from(u8::from(one.1 == other.1));
        let letters = shared(&self.grams[one.1 as usize], &self.grams[other.1 as usize]);
        let columns = self.columns();
        let direction = |word: u32| &self.directions[word as usize * columns..][..columns];
        let meaning = direction(one.0).iter().zip(direction(other.0)).map(|(a, b)| a * b).sum();
        [exact, letters, meaning]
    }
}

/// The groups of two and of three letters of a word with its ends, each once, in order.
fn grams(word: &str) -> Vec<u64> {
    let letters: Vec<char> = format!("^{word}$").chars().collect();
    let group = |letters: &[char]| {
        letters.iter().fold(letters.len() as u64, |sum, c| (sum << 21) ^ u64::from(u32::from(*c)))
    };
    let mut out: Vec<u64> = letters.windows(2).chain(letters.windows(3)).map(group).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// Twice the groups that two words share, over all (Dice, 1945).
fn shared(a: &[u64], b: &[u64]) -> f32 {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while let (Some(one), Some(other)) = (a.get(i), b.get(j)) {
        both += usize::from(one == other);
        i += usize::from(one <= other);
        j += usize::from(one >= other);
    }
    2.0 * both as f32 / (a.len() + b.len()).max(1) as f32
}

/// Words that turn something on, or up.
const ON: &str = "on start open enable enabled unmute unlock up raise resume activate active \
    allow begin run true yes lit light in engage arm connect power again back play show increase \
    higher more lift release free go awake wake restart extend out unfold visible loud restore";
/// Words that turn it off, or down.
const OFF: &str = "off stop close closed shut disable disabled mute muted lock locked down lower \
    pause kill cut end false no dark disengage disarm disconnect hold held hide decrease less \
    block blocked inhibit bypass halt cease silent silence quiet retract drop douse extinguish \
    without finished done enough sleep frozen freeze remove revoke of suspend deactivate";

/// Whether a word is of the one kind, and of the other.
#[must_use]
pub fn polarity(word: &str) -> [f32; 2] {
    [ON, OFF]
        .map(|list| f32::from(u8::from(list.split_ascii_whitespace().any(|other| other == word))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_words_share_are_a_share_of_all() {
        let of = |a: &str, b: &str| shared(&grams(a), &grams(b));
        assert!((of("valve", "valve") - 1.0).abs() < 1e-6);
        assert!(of("valve", "vavle") > 0.3 && of("valve", "lamp") < 0.2);
        assert_eq!(polarity("unlock"), [1.0, 0.0]);
        assert_eq!(polarity("mute"), [0.0, 1.0]);
    }
}
