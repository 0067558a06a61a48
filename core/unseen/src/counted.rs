//! Numbers of things: in "20 parsnips" the number is no percentage, and no speed.
//!
//! A unit that is known says what a number is of (`trine_ask`). Any other noun right behind a
//! number says that it counts something, which is not what a parameter with a unit is.

use trine_ask::Unit;

use crate::said::{Said, Word};
use crate::table::ToolCode;
use crate::text::Spelling;
use crate::tool::{NONE, Param, Role, Takes};

/// Words in the names of what is measured, whether its unit is said or not.
const LEVELS: &str = "level speed volume brightness intensity power position strength gain \
    pressure temperature temp humidity percent percentage angle rate dim throttle height depth";
/// Words that end like a plural, and are none; what a step of any scale is; and turns, which stand
/// for turns a minute.
const NO_THINGS: &str = "is was has this its his us as yes plus thus minus always perhaps thanks \
    across towards besides unless whereas less ours yours hers theirs does goes gets says wants \
    needs looks seems feels makes takes comes stays runs keeps starts stops helps works sometimes \
    afterwards upwards downwards forwards backwards nowadays times points notches steps clicks \
    ticks levels units bars marks turns revs revolutions rotations rounds grades lots bits pls \
    bucks";
/// Plurals that do not end like one.
const THINGS: &str = "sheep fish deer cattle mice geese children men women teeth";

fn is_listed(list: &str, word: &[u8]) -> bool {
    list.split(' ').any(|other| other.as_bytes() == word)
}

/// Whether a number of a sentence counts something, and a parameter is of another kind.
#[inline(never)]
pub(crate) fn is_of_things(
    (tool, at, param): (&ToolCode<'_>, u8, &Param<'_>),
    said: &Said<'_>,
    number: u8,
) -> bool {
    let Some(thing) = behind(said, number.into()) else { return false };
    let spelling = &thing.spelling;
    is_measured(tool, at, param)
        && is_thing(spelling.bytes())
        && !tool.tokens().any(|token| token.stem == spelling.stem())
}

/// The word right behind a number without a unit.
fn behind<'a>(said: &'a Said<'_>, number: usize) -> Option<&'a Word> {
    let (one, other) = (said.words().get(number)?, said.words().get(number + 1)?);
    let (mention, _) = said.mentions().get(usize::from(one.mention?))?;
    let gap = said.text().get(one.span.1.into()..other.span.0.into())?;
    let is_right_behind = !gap.is_empty() && gap.chars().all(char::is_whitespace);
    let is_number = mention.unit == Unit::None && other.mention.is_none();
    (is_right_behind && is_number).then_some(other)
}

/// Whether a parameter has a unit, or is a level of something.
fn is_measured(tool: &ToolCode<'_>, at: u8, param: &Param<'_>) -> bool {
    let Takes::Number(rule) = &param.takes else { return false };
    let is_name = |role: u8| role == Role::Param as u8;
    let mut names = tool
        .tokens()
        .filter(|token| is_name(token.role) && token.param == at && token.label == NONE);
    match rule.unit {
        Unit::ANY => false,
        Unit::None => {
            let is_level =
                |stem: &[u8]| LEVELS.split(' ').any(|level| Spelling::new(level).stem() == stem);
            names.any(|token| is_level(token.stem))
        }
        _ => true,
    }
}

/// Whether a word is that of several things. Of one alone it cannot be told: "25 hot", "20 plz".
fn is_thing(word: &[u8]) -> bool {
    let is_plural = word.len() >= 4
        && word.iter().all(u8::is_ascii_lowercase)
        && word.ends_with(b"s")
        && ![&b"ss"[..], b"us", b"is"].iter().any(|end| word.ends_with(end));
    is_plural && !is_listed(NO_THINGS, word) || is_listed(THINGS, word)
}

#[cfg(test)]
mod tests {
    use super::is_thing;

    #[test]
    fn plurals_are_things() {
        for word in ["parsnips", "flurbs", "quatloos", "sheep", "people"] {
            assert_eq!(is_thing(word.as_bytes()), word != "people", "{word}");
        }
        for word in ["", "as", "gas", "glass", "bus", "please", "times", "goes", "notches", "revs"]
        {
            assert!(!is_thing(word.as_bytes()), "{word}");
        }
    }
}
