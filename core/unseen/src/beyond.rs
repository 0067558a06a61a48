//! Numbers that are said of a parameter by its name: in "on line 9" the number is that of the line,
//! whether there is such a line or not.

use crate::option::{Choice, Kind};
use crate::said::{Said, Word};
use crate::table::ToolCode;
use crate::tool::{NONE, Role};

/// Words that may stand between a name and its number.
const BETWEEN: [&[u8]; 8] = [b"#", b"number", b"no", b"nr", b"to", b"at", b"of", b"is"];

/// Whether an option is a number that its parameter does not take, right behind its name.
#[inline(never)]
pub(crate) fn is_beyond((tool, at): (&ToolCode<'_>, u8), said: &Said<'_>, choice: &Choice) -> bool {
    let is_number = matches!(choice.kind, Kind::Number | Kind::Negative);
    let is_out = is_number && !choice.is_valid && !choice.is_other;
    let number = choice.word.filter(|_| is_out).map(usize::from);
    number.and_then(|number| name(said, number)).is_some_and(|name| is_name_of((tool, at), name))
}

/// The word of a sentence that may be the name of what a number is.
fn name<'a>(said: &'a Said<'_>, number: usize) -> Option<&'a Word> {
    let words = said.words();
    let follows = |at: usize| {
        let (one, other) = (words.get(at)?, words.get(at + 1)?);
        let gap = said.text().get(one.span.1.into()..other.span.0.into())?;
        let is_open = one.quote == 0 && other.quote == 0;
        let is_gap = gap.chars().all(|c| c.is_whitespace() || matches!(c, ':' | '='));
        (is_open && is_gap).then_some(one)
    };
    let before = number.checked_sub(1)?;
    let word = follows(before)?;
    if BETWEEN.contains(&word.spelling.bytes()) {
        return follows(before.checked_sub(1)?);
    }
    Some(word)
}

/// Whether a word is in the name of a parameter, and in that of no other of its tool.
fn is_name_of((tool, at): (&ToolCode<'_>, u8), word: &Word) -> bool {
    let stem = word.spelling.stem();
    let is_in_name = |role: u8, label: u8| role == Role::Param as u8 && label == NONE;
    let mut own = false;
    for token in tool.tokens().filter(|token| is_in_name(token.role, token.label)) {
        if token.stem == stem {
            if token.param != at {
                return false;
            }
            own = true;
        }
    }
    own
}
