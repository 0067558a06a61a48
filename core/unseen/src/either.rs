//! Values of which it may be either: "the gym or the annex", "40 or 50 percent".

use crate::option::{Choice, Kind};
use crate::said::{Said, Word};

/// What may stand next to "or" between two values.
const BESIDE: [&[u8]; 8] = [b"the", b"my", b"a", b"an", b"to", b"at", b"on", b"in"];

/// Whether a value is said that another one of the same parameter may replace.
pub(crate) fn is_either(said: &Said<'_>, choices: &[Choice], one: &Choice) -> bool {
    let is_said = |choice: &Choice| matches!(choice.kind, Kind::Label | Kind::Number);
    let place = |choice: &Choice| {
        let word = choice.word.filter(|_| is_said(choice))?;
        Some((usize::from(word), usize::from(word) + usize::from(choice.words)))
    };
    let Some(own) = place(one) else { return false };
    let others =
        choices.iter().filter(|other| (other.label, other.value) != (one.label, one.value));
    others.filter_map(place).any(|other| {
        let ((_, end), (start, _)) = (own.min(other), own.max(other));
        said.words().get(end..start).is_some_and(is_or)
    })
}

/// Whether words are "or", and what may stand next to it.
fn is_or(between: &[Word]) -> bool {
    let is_or = |word: &Word| word.spelling.bytes() == b"or";
    let is_small = |word: &Word| is_or(word) || BESIDE.contains(&word.spelling.bytes());
    let ors = between.iter().filter(|word| is_or(word)).count();
    ors == 1 && between.iter().all(|word| word.quote == 0 && is_small(word))
}
