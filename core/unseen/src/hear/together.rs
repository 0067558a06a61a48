//! The likeliest arguments of a tool, taken together: a word is of one text or number only.

use trine_ask::Value;

use super::ArgumentFault;
use crate::tool::PARAMS_MAX;

/// Most values of a parameter that are tried.
pub(super) const CANDIDATES_MAX: usize = 6;
/// Sets of arguments that are followed at once (a beam).
const WIDTH: usize = 8;
/// What a set counts in which a word is of two values.
const TWICE: f32 = 1e-3;

/// What a value's words are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A time of day, which may be of two parameters: its hour, and its minute.
    Clock,
    /// A label.
    Label,
}

/// A value that a parameter may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// It; none where it is left out.
    pub(super) value: Option<Value>,
    /// How likely it is.
    pub(super) share: f32,
    /// What is wrong with it.
    pub(super) fault: Option<ArgumentFault>,
    /// Its words: the first, and the one behind the last.
    pub(super) words: (u8, u8),
    /// What they are.
    pub(super) sort: Words,
}

impl Candidate {
    /// No value.
    pub(super) const NOTHING: Self =
        Self { value: None, share: 0.0, fault: None, words: (0, 0), sort: Words::Label };

    /// Whether a word is of both, and can be of one only.
    fn is_against(&self, other: &Self) -> bool {
        let is_once = match (self.sort, other.sort) {
            (Words::Text, other) | (other, Words::Text) => other != Words::Label,
            (one, other) => one == other && one != Words::Clock,
        };
        is_once && self.words.0 < other.words.1 && other.words.0 < self.words.1
    }
}

/// The likeliest values of a parameter, the likeliest first.
#[derive(Clone, Copy)]
pub(super) struct Candidates([Option<Candidate>; CANDIDATES_MAX]);

impl Candidates {
    /// None.
    pub(super) const NONE: Self = Self([None; CANDIDATES_MAX]);

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    /// Adds one, where it is likelier than the least of as many as are kept.
    pub(super) fn put(&mut self, candidate: Candidate) {
        let mut next = Some(candidate);
        for kept in &mut self.0 {
            let is_less = |kept: Candidate| next.is_some_and(|next| next.share > kept.share);
            if kept.is_none_or(is_less) {
                core::mem::swap(kept, &mut next);
            }
        }
    }
}

/// The likeliest values of all parameters.
pub(super) struct Together {
    /// They.
    pub(super) params: [Candidates; PARAMS_MAX],
}

/// A set of arguments, as far as it is followed: for each parameter the place of its value.
#[derive(Clone, Copy)]
struct Set {
    share: f32,
    places: [u8; PARAMS_MAX],
}

impl Together {
    /// Nothing.
    #[expect(clippy::large_stack_arrays, reason = "it is a constant")]
    pub(super) const NONE: Self = Self { params: [Candidates::NONE; PARAMS_MAX] };

    fn at(&self, param: usize, place: u8) -> Candidate {
        let own = self.params.get(param).and_then(|own| own.0.get(usize::from(place)));
        own.copied().flatten().unwrap_or(Candidate::NOTHING)
    }

    /// The values of the first `count` parameters that are likeliest together, and how likely.
    pub(super) fn likeliest(&self, count: usize) -> (f32, impl Iterator<Item = Candidate>) {
        let mut sets = [None; WIDTH];
        sets[0] = Some(Set { share: 1.0, places: [0; PARAMS_MAX] });
        for (param, own) in self.params.iter().enumerate().take(count) {
            let mut next: [Option<Set>; WIDTH] = [None; WIDTH];
            for set in sets.iter().flatten() {
                for (place, candidate) in (0_u8..).zip(own.0.iter().flatten()) {
                    let twice = (0..param).any(|other| {
                        let place = set.places.get(other).copied().unwrap_or(0);
                        self.at(other, place).is_against(candidate)
                    });
                    let share = set.share * candidate.share * if twice { TWICE } else { 1.0 };
                    let mut set = Set { share, ..*set };
                    if let Some(to) = set.places.get_mut(param) {
                        *to = place;
                    }
                    put(&mut next, set);
                }
            }
            sets = next;
        }
        let best = sets[0].unwrap_or(Set { share: 0.0, places: [0; PARAMS_MAX] });
        let value =
            move |param: usize| self.at(param, best.places.get(param).copied().unwrap_or(0));
        (best.share, (0..count).map(value))
    }
}

/// Keeps a set where it is likelier than the least that is kept.
fn put(sets: &mut [Option<Set>; WIDTH], set: Set) {
    let mut next = Some(set);
    for kept in sets {
        let is_less = |kept: Set| next.is_some_and(|next| next.share > kept.share);
        if kept.is_none_or(is_less) {
            core::mem::swap(kept, &mut next);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn text(words: (u8, u8), share: f32) -> Candidate {
        let value = Some(Value::Text { start: words.0.into(), end: words.1.into() });
        Candidate { value, share, fault: None, words, sort: Words::Text }
    }

    fn number(value: i64, word: u8, share: f32) -> Candidate {
        let words = (word, word + 1);
        Candidate { value: Some(Value::Int(value)), share, fault: None, words, sort: Words::Number }
    }

    fn likeliest(params: &[&[Candidate]]) -> (f32, Vec<(u8, u8)>) {
        let mut together = Together::NONE;
        for (own, to) in params.iter().zip(&mut together.params) {
            own.iter().for_each(|candidate| to.put(*candidate));
        }
        let (share, all) = together.likeliest(params.len());
        (share, all.map(|candidate| candidate.words).collect())
    }

    #[test]
    fn a_word_is_of_one_text_only() {
        // From Leven to Perth: the likeliest of each is both.
        let origin = [text((1, 4), 0.4), text((1, 2), 0.35), text((3, 4), 0.1)];
        let destination = [text((1, 2), 0.1), text((3, 4), 0.35), text((1, 4), 0.4)];
        let (share, words) = likeliest(&[&origin, &destination]);
        assert_eq!(words, [(1, 2), (3, 4)]);
        assert!((share - 0.35 * 0.35).abs() < 1e-6);
    }

    #[test]
    fn a_number_within_a_text_is_not_said_again() {
        let seats = [number(644, 3, 0.6), number(2, 0, 0.3)];
        let (_, words) = likeliest(&[&[text((2, 4), 0.9)], &seats]);
        assert_eq!(words, [(2, 4), (0, 1)]);
        let both = [number(20, 3, 0.9), number(5, 5, 0.1)];
        assert_eq!(likeliest(&[&both, &both]).1, [(3, 4), (5, 6)]);
        // A time has an hour and a minute.
        let clock = both.map(|one| Candidate { sort: Words::Clock, ..one });
        assert_eq!(likeliest(&[&clock, &clock]).1, [(3, 4), (3, 4)]);
    }

    #[test]
    fn words_that_are_needed_twice_are_unlikely() {
        let only = [text((1, 3), 0.9)];
        let (share, words) = likeliest(&[&only, &only]);
        assert!(words == [(1, 3), (1, 3)] && share < 0.001, "{share}");
    }

    #[test]
    fn the_likeliest_are_kept() {
        let many: Vec<Candidate> = (0..20).map(|at| number(at, 0, at as f32 / 20.0)).collect();
        assert!((likeliest(&[&many]).0 - 0.95).abs() < 1e-6);
        let nothing = Candidate { share: f32::NAN, ..Candidate::NOTHING };
        assert_eq!(likeliest(&[&[nothing]]).1, [(0, 0)]);
    }
}
