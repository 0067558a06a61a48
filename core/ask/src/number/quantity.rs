//! A quantity: a number without its unit.

use super::Quantity;
use super::lex::{self, Gap, Lexeme, Part};
use super::rational::Rational;
use super::words::{self, NumberForm};
use crate::fold;
use crate::unit;

/// Denominators of written fractions, as in `3/4`.
const WRITTEN: core::ops::RangeInclusive<u32> = 2..=16;
/// The most digits of an integer.
const DIGITS_MAX: u8 = 9;
/// The most digits after the point.
const DECIMALS_MAX: u8 = 6;

/// The quantity at `start`.
pub(super) fn read(text: &str, start: usize) -> Option<Quantity> {
    let first = lex::next(text, start)?;
    match first.part {
        Part::Digits(..) => digits(text, &first),
        Part::Sign('-' | '+') => {
            let number = lex::next(text, first.end)?;
            let is_number = number.gap == Gap::Tight && matches!(number.part, Part::Digits(..));
            let quantity = if is_number { digits(text, &number)? } else { return None };
            let value = quantity.value;
            let value = if first.is_sign('-') { value.negated() } else { value };
            Some(Quantity { value, ..quantity })
        }
        // ".5", but not the end of a sentence before it.
        Part::Sign('.') => {
            let is_free = fold::before(text, start).is_none_or(|(c, _)| c.is_whitespace());
            let zero =
                Quantity { value: Rational::whole(0), end: first.end, form: NumberForm::Digits(1) };
            let number = point(text, zero, &first).filter(|number| number.end > first.end);
            number.filter(|_| is_free)
        }
        Part::Sign(sign) => {
            let value = vulgar(sign)?;
            Some(Quantity { value, end: first.end, form: NumberForm::Share })
        }
        Part::Word(_) => words(text, start, &first),
    }
}

fn words(text: &str, start: usize, first: &Lexeme) -> Option<Quantity> {
    let word = first.word();
    if matches!(word, b"minus" | b"negative") {
        let next = lex::next(text, first.end)?;
        let quantity = match next.part {
            Part::Digits(..) => digits(text, &next)?,
            _ => more(text, words::cardinal(text, first.end, None)?)?,
        };
        // A countdown: "T minus three minutes".
        let is_countdown = fold::before(text, start)
            .and_then(|(_, at)| fold::before(text, at))
            .is_some_and(|(c, at)| c == 't' && !follows_letter(text, at));
        let value = quantity.value;
        let value = if is_countdown { value } else { value.negated() };
        return Some(Quantity { value, ..quantity });
    }
    if matches!(word, b"a" | b"an") {
        return article(text, first.end);
    }
    let share = |over, under, end| {
        Some(Quantity { value: Rational::new(over, under)?, end, form: NumberForm::Share })
    };
    match word {
        half if words::is_half(half) => {
            let next = lex::next(text, first.end);
            let dozen = next
                .and_then(|next| if next.is("a") { lex::next(text, next.end) } else { Some(next) });
            if let Some(dozen) = dozen.filter(|lexeme| lexeme.is("dozen")) {
                let value = Rational::whole(6);
                return Some(Quantity { value, end: dozen.end, form: NumberForm::Words });
            }
            return share(1, 2, first.end);
        }
        b"couple" => return Some(couple(text, first.end)),
        b"halfway" | b"midway" => return share(1, 2, first.end),
        b"quarter" | b"quater" | b"qaurter" => return share(1, 4, first.end),
        b"point" => {
            let (value, end) = words::decimals(text, first.end)?;
            return Some(Quantity { value, end, form: NumberForm::Words });
        }
        // Alone it is a sound that people make.
        b"oh" if !lex::next(text, first.end).is_some_and(|next| next.is("point")) => return None,
        _ => {}
    }
    if let Some(place) = words::ordinal(word) {
        let value = Rational::whole(place);
        return Some(Quantity { value, end: first.end, form: NumberForm::Ordinal });
    }
    let hundred = words::multiplier(word).is_some().then_some(1);
    let cardinal = words::cardinal(text, start, hundred)?;
    if let Some(next) = lex::next(text, cardinal.end).filter(|next| next.gap != Gap::Tight) {
        let value = cardinal.value.floor();
        // "Forty second" is a duration.
        let place = words::ordinal(next.word()).filter(|place| *place < 10 && *place != 2);
        if let Some(place) = place
            && (20..100).contains(&value)
            && value % 10 == 0
        {
            let value = Rational::whole(value + place);
            return Some(Quantity { value, end: next.end, form: NumberForm::Ordinal });
        }
        if let Some(under) = words::denominator(next.word())
            && (1..under).contains(&value)
        {
            return share(value, under, next.end);
        }
    }
    more(text, cardinal)
}

/// A number with words that are misspelt by one letter; a unit has to follow.
pub(super) fn misspelt(text: &str, start: usize) -> Option<Quantity> {
    more(text, words::cardinal_like(text, start, None, words::SHORT_MIN)?)
}

/// Tens that are misspelt by one letter, and what is below them: "sixy five".
pub(super) fn misspelt_tens(text: &str, start: usize) -> Option<Quantity> {
    lex::next(text, start).filter(|first| words::is_near_tens(first.word()))?;
    let all = words::cardinal_like(text, start, None, words::SHORT_MIN)?;
    all.value.exact().filter(|value| (21..100).contains(value) && value % 10 != 0)?;
    Some(all)
}

/// "Fifty and five", as those say it whose own language does; a unit has to follow. Between two
/// numbers it is none.
pub(super) fn tens_and_ones(text: &str, start: usize) -> Option<Quantity> {
    let tens = words::cardinal(text, start, None)?;
    let and = lex::next(text, tens.end).filter(Lexeme::is_and)?;
    let ones = words::cardinal(text, and.end, None)?;
    let is_tens =
        tens.value.exact().is_some_and(|tens| (20..100).contains(&tens) && tens % 10 == 0);
    let is_ones = ones.value.exact().is_some_and(|ones| (1..10).contains(&ones));
    let is_sum = is_tens && is_ones && !lex::is_behind(text, start, "between");
    let value = tens.value.plus(ones.value).filter(|_| is_sum)?;
    Some(Quantity { value, ..ones })
}

/// "Couple of", of which only so many seconds, minutes or hours are sure to be two.
fn couple(text: &str, end: usize) -> Quantity {
    let of = lex::next(text, end).filter(|of| of.is("of"));
    let end = of.map_or(end, |of| of.end);
    Quantity { value: Rational::whole(2), end, form: NumberForm::Couple }
}

fn follows_letter(text: &str, at: usize) -> bool {
    fold::before(text, at).is_some_and(|(c, _)| fold::class(c) == fold::Class::Letter)
}

/// What follows an article.
fn article(text: &str, end: usize) -> Option<Quantity> {
    let next = lex::next(text, end)?;
    if let Some(under) = words::denominator(next.word()) {
        let value = Rational::new(1, under)?;
        return Some(Quantity { value, end: next.end, form: NumberForm::Share });
    }
    if words::multiplier(next.word()).is_some() {
        return more(text, words::cardinal(text, end, Some(1))?);
    }
    if next.is("couple") {
        return Some(couple(text, next.end));
    }
    Some(Quantity { value: Rational::whole(1), end, form: NumberForm::Article })
}

/// What goes on with a number: "point five", "and a half".
fn more(text: &str, quantity: Quantity) -> Option<Quantity> {
    let Some(next) = lex::next(text, quantity.end) else { return Some(quantity) };
    if next.is_any("point comma decimal")
        && let Some((fraction, end)) = words::decimals(text, next.end)
    {
        return Some(Quantity { value: quantity.value.plus(fraction)?, end, ..quantity });
    }
    if next.is_and()
        && let Some((fraction, end)) = and_share(text, next.end)
    {
        return Some(Quantity { value: quantity.value.plus(fraction)?, end, ..quantity });
    }
    Some(quantity)
}

/// "a half", "three quarters", "half": a fraction, and where it ends.
fn and_share(text: &str, start: usize) -> Option<(Rational, usize)> {
    let first = lex::next(text, start)?;
    let share = |over, under, end| Some((Rational::new(over, under)?, end));
    if words::is_half(first.word()) {
        return share(1, 2, first.end);
    }
    if let Part::Digits(over, 1) = first.part {
        let slash = lex::next(text, first.end).filter(|slash| slash.is_sign('/'))?;
        let fraction = written(text, over, &slash)?;
        return Some((fraction.value, fraction.end));
    }
    let over = match first.word() {
        b"a" | b"an" => 1,
        word => words::below_hundred(word)?,
    };
    let second = lex::next(text, first.end)?;
    let under = words::denominator(second.word()).filter(|under| over < *under)?;
    share(over, under, second.end)
}

/// A number that begins with digits.
fn digits(text: &str, first: &Lexeme) -> Option<Quantity> {
    let Part::Digits(value, count) = first.part else { return None };
    let has_zeros = count > 1 && value < 10_u32.pow(u32::from(count.min(DIGITS_MAX)) - 1);
    if count == 2 && has_zeros && value > 0 {
        let value = Rational::whole(value.into());
        return Some(Quantity { value, end: first.end, form: NumberForm::Padded });
    }
    if count > DIGITS_MAX || has_zeros {
        return None;
    }
    let (whole, end) = thousands(text, value, count, first.end);
    let quantity =
        Quantity { value: Rational::whole(whole.into()), end, form: NumberForm::Digits(count) };
    let Some(next) = lex::next(text, end) else { return Some(quantity) };
    if next.gap == Gap::Tight {
        match next.part {
            Part::Sign('.' | ',') => return point(text, quantity, &next),
            Part::Sign('/') => return written(text, value, &next),
            _ if matches!(next.word(), b"st" | b"nd" | b"rd" | b"th") => {
                return Some(Quantity { end: next.end, form: NumberForm::Ordinal, ..quantity });
            }
            _ => {}
        }
    }
    tail(text, quantity)
}

/// Groups of three digits behind commas, or behind spaces that break no line.
fn thousands(text: &str, value: u32, count: u8, end: usize) -> (u32, usize) {
    let (mut value, mut end) = (value, end);
    while count <= 3
        && value > 0
        && let Some((',' | '\u{a0}' | '\u{2009}' | '\u{202f}', after)) = fold::at(text, end)
        && let Some(group) = lex::next(text, after).filter(|group| group.gap == Gap::Tight)
        && let Part::Digits(more, 3) = group.part
        && let Some(sum) = value.checked_mul(1000).and_then(|sum| sum.checked_add(more))
    {
        (value, end) = (sum, group.end);
    }
    (value, end)
}

/// Digits behind a point or a comma, if there are any.
fn point(text: &str, quantity: Quantity, point: &Lexeme) -> Option<Quantity> {
    let digits = lex::next(text, point.end).filter(|digits| digits.gap == Gap::Tight);
    match digits.map(|digits| (digits.part, digits.end)) {
        Some((Part::Digits(over, count @ 1..=DECIMALS_MAX), end))
            if point.is_sign('.') || count <= 2 =>
        {
            let fraction = Rational::new(over.into(), 10_i64.pow(count.into()))?;
            tail(text, Quantity { value: quantity.value.plus(fraction)?, end, ..quantity })
        }
        Some((Part::Digits(..), _)) => None,
        _ => Some(quantity),
    }
}

/// A fraction in digits, `3/4`: a share.
fn written(text: &str, over: u32, slash: &Lexeme) -> Option<Quantity> {
    let under = lex::next(text, slash.end).filter(|under| under.gap == Gap::Tight)?;
    match under.part {
        Part::Digits(count, 1 | 2) if WRITTEN.contains(&count) && over < count && over > 0 => {
            let value = Rational::new(over.into(), count.into())?;
            Some(Quantity { value, end: under.end, form: NumberForm::Share })
        }
        _ => None,
    }
}

/// What goes on with a number in digits: a fraction, thousands, "and a half".
fn tail(text: &str, quantity: Quantity) -> Option<Quantity> {
    let Some(next) = lex::next(text, quantity.end) else { return Some(quantity) };
    let times = |factor: i64| {
        let value = quantity.value.times(Rational::whole(factor))?;
        Some(Quantity { value, end: next.end, ..quantity })
    };
    match next.part {
        Part::Sign(sign) if vulgar(sign).is_some() => {
            let value = quantity.value.plus(vulgar(sign)?)?;
            Some(Quantity { value, end: next.end, ..quantity })
        }
        Part::Digits(over, 1) if next.gap == Gap::Space => {
            let fraction = lex::next(text, next.end)
                .filter(|slash| slash.is_sign('/') && slash.gap == Gap::Tight)
                .and_then(|slash| written(text, over, &slash));
            let Some(fraction) = fraction else { return Some(quantity) };
            Some(Quantity {
                value: quantity.value.plus(fraction.value)?,
                end: fraction.end,
                ..quantity
            })
        }
        Part::Word(_) if next.is("k") => {
            // "Heat 21 k" is only okay, and 4000 K are a colour.
            let has_unit =
                lex::next(text, next.end).is_some_and(|after| unit::named(after.word()).is_some());
            let is_large = quantity.value.floor() >= 100;
            if has_unit || is_large || next.gap == Gap::Tight {
                times(1000)
            } else {
                Some(quantity)
            }
        }
        Part::Word(_) => match words::multiplier(next.word()).filter(|_| next.gap == Gap::Space) {
            Some(factor) => times(factor),
            None => more(text, quantity),
        },
        _ => Some(quantity),
    }
}

/// The value of a character that is a fraction.
fn vulgar(sign: char) -> Option<Rational> {
    let (over, under) = match sign {
        '\u{bc}' => (1, 4),
        '\u{bd}' => (1, 2),
        '\u{be}' => (3, 4),
        '\u{2153}' => (1, 3),
        '\u{2154}' => (2, 3),
        _ => return None,
    };
    Rational::new(over, under)
}
