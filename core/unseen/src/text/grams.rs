//! Letters that two words share.

use super::WORD_MAX;

/// Groups of two and of three letters of a word with both of its ends.
const GRAMS_MAX: usize = 2 * WORD_MAX + 1;

/// The groups of two and of three letters of a word with its ends, each once, in order, as 16 bits
/// each: two that differ are the same once in 65,536 times.
#[derive(Clone, Copy, Debug)]
pub struct Grams {
    codes: [u16; GRAMS_MAX],
    count: u8,
}

impl Grams {
    /// Of no word.
    pub const EMPTY: Self = Self { codes: [0; GRAMS_MAX], count: 0 };

    /// Of a word.
    #[must_use]
    pub fn new(word: &[u8]) -> Self {
        let mut grams = Self::EMPTY;
        let (mut first, mut second) = (0, u32::from(b'^'));
        for letter in word.iter().take(WORD_MAX).chain(b"$") {
            let letter = u32::from(*letter);
            grams.push(second << 8 | letter);
            if first != 0 {
                grams.push(first << 16 | second << 8 | letter);
            }
            (first, second) = (second, letter);
        }
        grams
    }

    /// Puts a group in its place, if it is not there.
    fn push(&mut self, group: u32) {
        // Knuth's multiplicative hash.
        let code = (group.wrapping_mul(2_654_435_761) >> 16) as u16;
        let count = usize::from(self.count);
        let place = self.codes().partition_point(|other| *other < code);
        if self.codes().get(place) == Some(&code) || count == GRAMS_MAX {
            return;
        }
        if let Some(part) = self.codes.get_mut(place..=count) {
            part.rotate_right(1);
            if let Some(first) = part.first_mut() {
                *first = code;
            }
            self.count += 1;
        }
    }

    /// The groups.
    #[must_use]
    pub fn codes(&self) -> &[u16] {
        self.codes.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// Twice the groups that two words share, over all of both (Dice, 1945): from 0 to 1.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> f32 {
        let (mut a, mut b) = (self.codes(), other.codes());
        let mut both = 0_u8;
        while let ([one, behind_one @ ..], [two, behind_two @ ..]) = (a, b) {
            both += u8::from(one == two);
            if one <= two {
                a = behind_one;
            }
            if two <= one {
                b = behind_two;
            }
        }
        let all = (self.count + other.count).max(1);
        2.0 * f32::from(both) / f32::from(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_words_share_are_a_share_of_all() {
        let of = |a: &str, b: &str| Grams::new(a.as_bytes()).likeness(&Grams::new(b.as_bytes()));
        assert!((of("valve", "valve") - 1.0).abs() < 1e-6);
        assert!(of("valve", "vavle") > 0.3 && of("valve", "lamp") < 0.2);
        assert!(of("", "") >= 0.99);
        // ^a, ab, bc, c$, ^ab, abc, bc$
        assert_eq!(Grams::new(b"abc").codes().len(), 7);
        let long = [b'x'; 40];
        assert!(Grams::new(&long).codes().len() <= GRAMS_MAX);
    }
}
