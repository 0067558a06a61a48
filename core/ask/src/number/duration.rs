//! Durations of several parts: "an hour and a half", `2 min 30`.

use super::lex::{self, Gap, Lexeme, Part};
use super::rational::Rational;
use super::words::NumberForm;
use super::{OwnUnits, Quantity, quantity, unit_of};
use crate::unit::{HOUR, MINUTE, Unit};

/// Sounds and words inside of a duration that change nothing.
const FILLERS: &str = "like um uh er about maybe";
/// Most letters of a unit that is cut short, "5 min. 30 sec".
const SHORT_MAX: usize = 3;

/// What goes on with a duration.
struct More {
    /// Milliseconds.
    value: Rational,
    /// The milliseconds of its unit; 0 where none is named.
    scale: u32,
    end: usize,
    /// Whether it is no more than a number: "an hour and twenty".
    is_number: bool,
    /// Whether a comma or a point is before it.
    is_parted: bool,
}

/// A duration that begins at `start` and whose last part was in `scale`, with what goes on with it:
/// smaller units, "and a half", or "2 min 30".
pub(super) fn longer(
    text: &str,
    start: usize,
    (value, scale): (Rational, u32),
    end: usize,
    own: &dyn OwnUnits,
) -> (Rational, Unit, usize) {
    let (mut value, mut end, mut smallest, mut named) = (value, end, scale, scale);
    // "Every two hours, one minute of mist"
    let may_part = !lex::is_behind(text, start, "every each per");
    while let Some(more) = further(text, (value, smallest), end, own)
        && (may_part || !more.is_parted)
        && let Some(sum) = value.plus(more.value)
    {
        (value, smallest, end) = (sum, more.scale, more.end);
        named = if smallest == 0 { named } else { smallest };
    }
    (value, Unit::Time(named), end)
}

/// "Hour and a half", without its article.
pub(super) fn bare(
    text: &str,
    start: usize,
    first: &Lexeme,
    own: &dyn OwnUnits,
) -> Option<(Rational, Unit, usize)> {
    let scale = if first.is_any("hour hr") { HOUR } else { MINUTE };
    let is_unit = scale == HOUR || first.is("minute");
    lex::next(text, first.end).filter(|and| is_unit && and.is_and())?;
    let value = Rational::whole(scale.into());
    let more = further(text, (value, scale), first.end, own)?;
    // "Any minute and twenty people are here."
    let is_sure = !more.is_number || lex::is_end(text, more.end);
    is_sure.then(|| longer(text, start, (value, scale), first.end, own))
}

/// The next part of a duration that was so long so far, and whose last part was in `scale`.
fn further(
    text: &str,
    (so_far, scale): (Rational, u32),
    end: usize,
    own: &dyn OwnUnits,
) -> Option<More> {
    let (mut start, mut lexeme) = (end, lex::next(text, end)?);
    let is_parted = lexeme.is_sign(',') || lexeme.is_sign('.');
    if is_parted {
        if !may_part(text, end, &lexeme) {
            return None;
        }
        start = lexeme.end;
        lexeme = lex::next(text, start)?;
    }
    // "Ten minutes plus five" are fifteen.
    let (is_joined, is_plus) = (lexeme.is_and(), lexeme.is("plus"));
    if is_joined {
        start = lexeme.end;
        lexeme = lex::next(text, start)?;
    }
    if lexeme.is_any(FILLERS) {
        start = lexeme.end;
    }
    let quantity = quantity::read(text, start)?;
    let unit = unit_of(text, &quantity, own);
    if let Some((Unit::Time(smaller), end)) = unit
        && smaller < scale
        && !(is_parted && (smaller != scale / 60 || quantity.form == NumberForm::Article))
    {
        let value = quantity.value.times(Rational::whole(smaller.into()))?;
        return Some(More { value, scale: smaller, end, is_number: false, is_parted });
    }
    match (quantity.form, unit) {
        _ if is_parted => None,
        (NumberForm::Share, None) if is_joined => {
            let value = quantity.value.times(Rational::whole(scale.into()))?;
            Some(More { value, scale: 0, end: quantity.end, is_number: false, is_parted })
        }
        (NumberForm::Digits(_) | NumberForm::Padded | NumberForm::Words, None) if !is_plus => {
            let is_tight = lexeme.gap == Gap::Tight && matches!(lexeme.part, Part::Digits(..));
            let is_last = is_joined && lex::is_end(text, quantity.end);
            // `1h5`, but not `15m2`; "an hour and five", but "an hour and one" may go on.
            let is_sure = is_tight || is_last && quantity.value != Rational::whole(1);
            let is_sure = is_sure && scale == HOUR;
            number((so_far, scale), &quantity, is_joined, is_sure)
        }
        _ => None,
    }
}

/// A number without a unit behind a duration: "2 min 30", "an hour and ten". Below ten it has to be
/// sure for another reason.
fn number(
    (so_far, scale): (Rational, u32),
    quantity: &Quantity,
    is_joined: bool,
    is_sure: bool,
) -> Option<More> {
    let count = quantity.value.exact().filter(|count| (0..60).contains(count))?;
    let is_two_figures =
        matches!(quantity.form, NumberForm::Digits(2) | NumberForm::Padded) || count >= 10;
    let is_fit = (MINUTE..=HOUR).contains(&scale) && (is_two_figures || is_sure);
    // "Ten minutes ten" says one number twice.
    let again = Rational::whole(count).times(Rational::whole(scale.into()));
    let is_again = !is_joined && quantity.form == NumberForm::Words && again == Some(so_far);
    let value = Rational::whole(count * i64::from(scale / 60));
    (is_fit && !is_again).then_some(More {
        value,
        scale: 0,
        end: quantity.end,
        is_number: true,
        is_parted: false,
    })
}

/// Whether a duration may go on behind a comma or a point: "1 hour, 30 minutes", "5 min. 30 sec",
/// but not "an hour, fifty minutes say".
fn may_part(text: &str, end: usize, sign: &Lexeme) -> bool {
    let unit = lex::word_before(text, end).len();
    let is_counted = !lex::is_behind(text, end.saturating_sub(unit), "a an every each per");
    is_counted && (sign.is_sign(',') || unit <= SHORT_MAX)
}
