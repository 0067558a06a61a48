//! Numbers with a measure: "half a litre", "25 litres a minute", "two metres forty".

use core::ops::Range;

use super::lex::{self, Gap, Lexeme, Part};
use super::rational::Rational;
use super::words::{self, NumberForm};
use super::{OwnUnits, Quantity, day, quantity, unit_of};
use crate::fold;
use crate::measure::{self, Measure};
use crate::unit::{self, DAY, HOUR, MINUTE, SECOND, Unit};

/// How a unit may be said.
#[derive(Clone, Copy)]
pub(super) struct Said {
    /// Digits are before it, perhaps with a space.
    pub(super) behind_digits: bool,
    /// An article or a share is before it: then only what a parameter has is a measure.
    pub(super) is_weak: bool,
}

/// What is read before all else: money with its sign, and times of day.
pub(super) fn first(
    text: &str,
    start: usize,
    own: &dyn OwnUnits,
) -> Option<(Rational, Unit, usize)> {
    if !own.has_measures() {
        return None;
    }
    if let Some((value, measure, end)) = money(text, start, own) {
        return Some(more(text, (value, measure), end, own));
    }
    Some((Rational::whole(0), Unit::Clock, day::find(text, start)?))
}

/// The value of a number, and what it has as its scale: of a time of day the minutes.
pub(super) fn of_day(
    text: &str,
    span: Range<usize>,
    (value, unit): (Rational, Unit),
    own: &dyn OwnUnits,
) -> (Rational, u32) {
    let is_clock = unit == Unit::Clock && own.has_measures();
    let minutes = is_clock.then(|| day::minutes(text, span.start, span.end)).flatten();
    minutes.map_or((value, 0), |minutes| (Rational::whole(minutes), MINUTE))
}

/// The quantity at `start`: also "third of an hour", "three and a half thousand", "two grand".
pub(super) fn quantity(text: &str, start: usize, own: &dyn OwnUnits) -> Option<Quantity> {
    if !own.has_measures() {
        return quantity::read(text, start);
    }
    if let Some(under) = third_of(text, &lex::next(text, start)?) {
        let end = lex::next(text, start)?.end;
        return Some(Quantity { value: Rational::new(1, under)?, end, form: NumberForm::Share });
    }
    thousands(text, quantity::read(text, start)?, own)
}

/// What "third of an hour" divides by: without its article, but with a unit.
fn third_of(text: &str, first: &Lexeme) -> Option<i64> {
    let under = words::denominator(first.word())?;
    let of = lex::next(text, first.end).filter(|of| of.is("of"))?;
    let mut unit = lex::next(text, of.end)?;
    if unit.is_any("a an one") {
        unit = lex::next(text, unit.end)?;
    }
    let is_unit = unit::named(unit.word()).is_some();
    (is_unit || measure::named(unit.word(), |_| false).is_some()).then_some(under)
}

/// The thousands behind a quantity: "three and a half thousand", "two grand".
fn thousands(text: &str, quantity: Quantity, own: &dyn OwnUnits) -> Option<Quantity> {
    let next = lex::next(text, quantity.end).filter(|next| next.gap == Gap::Space);
    let Some(next) = next else { return Some(quantity) };
    let is_grand = next.is("grand");
    let factor = match quantity.form {
        NumberForm::Digits(_) | NumberForm::Words | NumberForm::Article if is_grand => 1000,
        NumberForm::Digits(_) | NumberForm::Words if quantity.value.exact().is_none() => {
            words::multiplier(next.word()).filter(|factor| *factor >= 100).unwrap_or(1)
        }
        _ => 1,
    };
    if factor == 1 {
        return Some(quantity);
    }
    let value = quantity.value.times(Rational::whole(factor))?;
    let form = if quantity.form == NumberForm::Article { NumberForm::Words } else { quantity.form };
    let thousands = Quantity { value, end: next.end, form };
    // "A grand piano" is none.
    let is_sure = quantity.form != NumberForm::Article
        || lex::is_end(text, next.end)
        || unit_of(text, &thousands, own).is_some();
    Some(if is_sure { thousands } else { quantity })
}

/// "One fifty": a hundred and fifty, where a parameter takes that, and none takes fifty.
pub(super) fn hundreds(
    text: &str,
    ones: &Quantity,
    own: &dyn OwnUnits,
) -> Option<(Rational, Unit, usize)> {
    if !own.has_measures() || ones.form != NumberForm::Words {
        return None;
    }
    let count = ones.value.exact().filter(|count| (1..10).contains(count))?;
    let next = lex::next(text, ones.end).filter(|next| next.gap != Gap::Tight)?;
    let tens = words::cardinal(text, ones.end, None).filter(|_| !next.is_and())?;
    let below = tens.value.exact().filter(|below| (10..100).contains(below))?;
    let (unit, end) = unit_of(text, &tens, own).unwrap_or((Unit::None, tens.end));
    let value = Rational::whole(count * 100 + below);
    let is_meant = !unit.is_time() && own.fits(value, unit) && !own.fits(tens.value, unit);
    is_meant.then_some((value, unit, end))
}

/// The unit that digits are a part of, "0.75 of a metre"; what is behind them if it is "of".
pub(super) fn part_of(
    text: &str,
    quantity: &Quantity,
    own: &dyn OwnUnits,
) -> Option<Option<(Unit, usize)>> {
    let of = lex::next(text, quantity.end).filter(|of| of.is("of") && own.has_measures())?;
    let article = lex::next(text, of.end).filter(|next| next.is_any("a an one"));
    let said = Said { behind_digits: true, is_weak: true };
    matches!(quantity.form, NumberForm::Digits(_))
        .then(|| super::unit_at(text, article?.end, said, own))
}

/// The measure at a word or a sign that is no other unit, and where it ends.
pub(super) fn unit(
    text: &str,
    first: &Lexeme,
    said: Said,
    own: &dyn OwnUnits,
) -> Option<(Unit, usize)> {
    if !own.has_measures() {
        return None;
    }
    let said = Said { behind_digits: said.behind_digits && !said.is_weak, ..said };
    let found = at(text, first, said, own)?;
    // Minutes are as short as metres.
    let other = unit::named(first.word()).or_else(|| unit::letter(first.word()));
    let is_open = other.is_none_or(|other| other == Unit::Foreign);
    let is_meant = is_open || matches!(found.0, Unit::Measure(it) if it.is_rate() || own.has(it));
    is_meant.then_some(found)
}

/// Whether a word is the unit that it is in programs: what these know and do not have are measures.
pub(super) fn is_unit(found: Unit, word: &[u8], own: &dyn OwnUnits) -> bool {
    found != Unit::Foreign || !own.has_measures() || unit::is_listed("month months", word)
}

/// The scale that a word behind degrees names.
pub(super) fn scale(word: &[u8], own: &dyn OwnUnits) -> Option<Unit> {
    if !own.has_measures() {
        return unit::scale(word);
    }
    match word {
        b"kelvin" => measure::named(word, |_| false).map(Unit::Measure),
        _ => unit::scale(word).filter(|unit| *unit != Unit::Foreign),
    }
}

/// The measure at a word, and where it ends with the time that it is in.
fn at(text: &str, first: &Lexeme, said: Said, own: &dyn OwnUnits) -> Option<(Unit, usize)> {
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
fn money(text: &str, start: usize, own: &dyn OwnUnits) -> Option<(Rational, Measure, usize)> {
    let sign = lex::next(text, start)?;
    let Part::Sign(c) = sign.part else { return None };
    let measure = measure::sign(c, |measure| own.has(measure)).filter(|it| it.is_money())?;
    let number = lex::next(text, sign.end)?;
    let quantity = match number.part {
        Part::Digits(..) => quantity(text, sign.end, own)?,
        _ => return None,
    };
    Some((quantity.value, measure, quantity.end))
}

/// A value in a measure, if it is one, with what goes on with it.
pub(super) fn longer(
    text: &str,
    (value, unit): (Rational, Unit),
    end: usize,
    own: &dyn OwnUnits,
) -> Option<(Rational, Unit, usize)> {
    match unit {
        Unit::Measure(measure) => Some(more(text, (value, measure), end, own)),
        _ => None,
    }
}

/// A value in a measure with what goes on with it: "and a half", "and fifty cents", "forty".
fn more(
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
    if let Some((Unit::Measure(smaller), end)) = unit_of(text, &more, own) {
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
            let no_unit = unit_of(text, &more, own).is_none() && is_free;
            Some((Rational::new(count, parts)?, more.end)).filter(|_| no_unit)
        }
        _ => None,
    }
}
