//! Numbers with a measure: "half a litre", "25 litres a minute", "two metres forty".

use super::lex::{self, Gap, Lexeme, Part};
use super::rational::Rational;
use super::words::NumberForm;
use super::{OwnUnits, quantity};
use crate::fold;
use crate::measure::{self, Measure};
use crate::unit::{self, DAY, HOUR, SECOND, Unit};

/// How a measure may be said.
#[derive(Clone, Copy)]
pub(super) struct Said {
    /// Digits are before it, perhaps with a space.
    pub(super) behind_digits: bool,
    /// An article or a share is before it: then only what a parameter has is one.
    pub(super) is_weak: bool,
}

/// The measure at a word, and where it ends with the time that it is in.
pub(super) fn at(
    text: &str,
    first: &Lexeme,
    said: Said,
    own: &dyn OwnUnits,
) -> Option<(Unit, usize)> {
    let (measure, end) = whole(text, first, said, own)?;
    let timed = in_time(text, measure, end, own);
    // Turns and lines are things to count, but in a time they measure.
    if timed.is_none() && measure.is_alone() {
        return None;
    }
    let (measure, end) = timed.unwrap_or((measure, end));
    let is_sure = !said.is_weak || own.has(measure);
    is_sure.then_some((Unit::Measure(measure), end))
}

/// The measure at a word, without a time.
fn whole(text: &str, first: &Lexeme, said: Said, own: &dyn OwnUnits) -> Option<(Measure, usize)> {
    let has = |measure: Measure| has_any(measure, own);
    if let Part::Sign(sign) = first.part {
        return micro(text, sign, first.end, own)
            .or_else(|| measure::sign(sign, has).map(|measure| (measure, first.end)));
    }
    let word = first.word();
    if first.is_any("cubic cube square sq nautical") {
        let next = lex::next(text, first.end)?;
        let length = measure::named(next.word(), |_| false)?;
        let measure = if first.is("nautical") {
            measure::named(b"nmi", |_| false).filter(|_| next.is_any("mile miles"))
        } else {
            measure::power(word, length)
        };
        return measure.map(|measure| (measure, next.end));
    }
    // "M3", of which the figure is a part of its own.
    let figure = lex::next(text, first.end).filter(|next| next.gap == Gap::Tight);
    let is_three = |figure: &Lexeme| {
        first.is("m") && (figure.part == Part::Digits(3, 1) || figure.is_sign('\u{b3}'))
    };
    if let Some(figure) = figure.filter(is_three) {
        return Some((measure::named(b"m3", |_| false)?, figure.end));
    }
    let found = measure::named(word, has)?;
    if let Some(compound) = compound(text, first, found) {
        return Some(compound);
    }
    // "w/ the heater", "5 m/s"
    let slash = lex::next(text, first.end).filter(|next| next.is_sign('/'));
    if word.len() == 1 && slash.is_some() && in_time(text, found, first.end, own).is_none() {
        return None;
    }
    is_fit(text, first, said, has(found)).then_some((found, first.end))
}

/// "Newton metres", "kilowatt hours".
fn compound(text: &str, first: &Lexeme, found: Measure) -> Option<(Measure, usize)> {
    let next = lex::next(text, first.end)?;
    let measure = if first.is_any("newton newtons") {
        let length = measure::named(next.word(), |_| false)?;
        measure::power(first.word(), length)?
    } else if next.is_any("hour hours") {
        measure::hours(found)?
    } else {
        return None;
    };
    Some((measure, next.end))
}

/// Whether a word that names a measure means it.
fn is_fit(text: &str, first: &Lexeme, said: Said, is_known: bool) -> bool {
    let (word, is_tight) = (first.word(), first.gap == Gap::Tight);
    if word.len() == 1 {
        let is_open = is_known || !matches!(word, b"m" | b"p" | b"t");
        return said.behind_digits && is_open && (is_tight || !measure::is_tight(word));
    }
    let is_sound = first.is_any("in us um");
    let is_open = !is_sound && (is_known || !measure::is_doubtful(word));
    let is_last = lex::is_end(text, first.end) && (is_known || !is_sound);
    is_open || said.behind_digits && (is_tight || is_last)
}

/// Whether a parameter has the measure, or so much of it in a time.
fn has_any(measure: Measure, own: &dyn OwnUnits) -> bool {
    own.has(measure) || measure.per(SECOND).is_some_and(|rate| own.has(rate))
}

/// What "\u{b5}m" and "\u{b5}s" are.
fn micro(text: &str, sign: char, end: usize, own: &dyn OwnUnits) -> Option<(Measure, usize)> {
    let next = lex::next(text, end).filter(|_| matches!(sign, '\u{b5}' | '\u{3bc}'))?;
    let name: &[u8] = match next.word() {
        b"s" => b"us",
        b"m" => b"um",
        b"l" => b"ul",
        b"g" => b"ug",
        b"a" => b"ua",
        b"v" => b"uv",
        b"f" => b"uf",
        b"h" => b"uh",
        _ => return None,
    };
    Some((measure::named(name, |measure| own.has(measure))?, next.end))
}

/// The measure in the time that is said behind it: `/min`, "per minute", "a minute", "in the
/// second". Words that may mean something else make a rate only where a parameter has it.
fn in_time(
    text: &str,
    measure: Measure,
    end: usize,
    own: &dyn OwnUnits,
) -> Option<(Measure, usize)> {
    let mut first = lex::next(text, end)?;
    // "150 millilitres of carbon dioxide a minute"
    if first.is("of") {
        let mut words = 0;
        while words < 3 && !first.is_any("a an per each") {
            first = lex::next(text, first.end).filter(|next| !next.word().is_empty())?;
            words += 1;
        }
    }
    let mut time = lex::next(text, first.end)?;
    if first.is_any("hour minute second") {
        let Some(Unit::Time(scale)) = unit::named(first.word()) else { return None };
        let rate = measure.per(scale).filter(|rate| own.has(*rate) && !own.has(measure))?;
        return Some((rate, first.end));
    }
    let is_sure = first.is("per") || first.is_sign('/');
    if first.is_any("in by per for") && time.is_any("a an one the each every") {
        time = lex::next(text, time.end)?;
    } else if !is_sure && !first.is_any("a an each every the by in") {
        return None;
    }
    let scale = match (time.word(), unit::spelt(time.word())) {
        (b"s", _) => SECOND,
        (b"h", _) => HOUR,
        (b"d", _) if first.is_sign('/') => DAY,
        (b"secnd" | b"secon", _) => SECOND,
        (_, Some(Unit::Time(scale @ SECOND..))) => scale,
        _ => return None,
    };
    let rate = measure.per(scale)?;
    (is_sure || own.has(rate)).then_some((rate, time.end))
}

/// The money of a sign before a number, "$5", and where the number ends.
pub(super) fn money(
    text: &str,
    start: usize,
    own: &dyn OwnUnits,
) -> Option<(Rational, Unit, usize)> {
    let sign = lex::next(text, start)?;
    let Part::Sign(c) = sign.part else { return None };
    let measure = measure::sign(c, |measure| own.has(measure)).filter(|it| it.is_money())?;
    let number = lex::next(text, sign.end)?;
    let quantity = match number.part {
        Part::Digits(..) => quantity::read(text, sign.end)?,
        _ => return None,
    };
    Some((quantity.value, Unit::Measure(measure), quantity.end))
}

/// A value in a measure with what goes on with it: "and a half", "and fifty cents", "forty".
pub(super) fn longer(
    text: &str,
    (value, measure): (Rational, Measure),
    end: usize,
    own: &dyn OwnUnits,
) -> (Rational, Unit, usize) {
    let more = further(text, measure, end, own)
        .and_then(|(more, end)| Some((value.plus(more)?.reduced(), end)));
    let (value, end) = more.unwrap_or((value, end));
    let timed = more.and_then(|(_, end)| in_time(text, measure, end, own));
    let (measure, end) = timed.unwrap_or((measure, end));
    (value, Unit::Measure(measure), end)
}

fn further(
    text: &str,
    measure: Measure,
    end: usize,
    own: &dyn OwnUnits,
) -> Option<(Rational, usize)> {
    let (mut start, mut next) = (end, lex::next(text, end)?);
    let is_joined = next.is_and();
    if is_joined {
        start = next.end;
        next = lex::next(text, start)?;
    }
    let more = quantity::read(text, start)?;
    if let Some((Unit::Measure(smaller), end)) = super::unit_of(text, &more, own) {
        let is_part = smaller.is_like(measure) && measure.is_larger(smaller);
        return Some((smaller.convert(more.value, measure).filter(|_| is_part)?, end));
    }
    match more.form {
        NumberForm::Share if is_joined => Some((more.value, more.end)),
        NumberForm::Digits(_) | NumberForm::Words if !is_joined && next.gap == Gap::Space => {
            let parts = measure.parts()?;
            let count = more.value.exact().filter(|count| {
                (1..parts).contains(count) && (parts < 100 || count * 10 >= parts)
            })?;
            let is_free = lex::is_end(text, more.end)
                || !matches!(fold::at(text, more.end), Some(('%' | ':', _)));
            let no_unit = super::unit_of(text, &more, own).is_none() && is_free;
            Some((Rational::new(count, parts)?, more.end)).filter(|_| no_unit)
        }
        _ => None,
    }
}
