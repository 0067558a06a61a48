//! Rules of numbers without a program: made of descriptors, kept in flash, met in any common unit.

use trine_bits::varint;
use trine_descriptor::{Field, Kind, ValueReader};

use crate::NumberRule;
use crate::measure::{FIRST_CODE, Measure};
use crate::number::{Mention, OwnUnits, Rational};
use crate::program::Implied;
use crate::said;
use crate::unit::{MINUTE, Unit};

/// Most bytes of a rule: see [`NumberRule::write`].
pub const NUMBER_RULE_MAX: usize = 33;

/// The first byte of a unit of the tools' own.
const OWN_CODE: u8 = 15;
/// Of the byte of the places: the rule is of a decimal.
const DECIMAL: u8 = 0x80;

/// Number rules of any tools, for reading sentences without a program.
pub trait NumberRules {
    /// Hands over each rule until `each` says true; answers whether it did.
    fn any(&self, each: &mut dyn FnMut(&NumberRule) -> bool) -> bool;

    /// The number of a unit of the tools' own, by its folded name: the one that its rules have.
    /// `None` where no rule has it. It is asked for any word behind a number, and goes before
    /// units that are known here.
    fn own_unit(&self, word: &[u8]) -> Option<u8>;
}

/// Rules for which numbers are read in any common unit.
pub(crate) struct Measured<'r>(pub(crate) &'r dyn NumberRules);

impl OwnUnits for Measured<'_> {
    fn own_unit(&self, word: &[u8]) -> Option<u8> {
        self.0.own_unit(word)
    }

    fn has_measures(&self) -> bool {
        true
    }

    fn has(&self, measure: Measure) -> bool {
        self.0.any(&mut |rule| rule.takes_any(Unit::Measure(measure)))
    }

    fn fits(&self, value: Rational, unit: Unit) -> bool {
        let mention = Mention { value, unit, ..Mention::NONE };
        self.0.any(&mut |rule| rule.value_any(&mention).is_some())
    }
}

impl Mention {
    /// The number itself where it is whole and has no unit: the 2 to compare with "HDMI2".
    #[must_use]
    pub fn whole(&self) -> Option<i64> {
        if self.unit == Unit::None { self.value.exact() } else { None }
    }

    /// The hour and the minute of a time of day, as far as they are said: without "am" or "pm"
    /// "half past six" is 6 and 30. Only sentences of [`Sentence::fill_for`] have them; the value
    /// of such a number is the minutes of the day.
    ///
    /// [`Sentence::fill_for`]: crate::Sentence::fill_for
    #[must_use]
    pub fn clock(&self) -> Option<(u8, u8)> {
        let is_known = self.unit == Unit::Clock && self.scale == MINUTE;
        let minutes = self.value.exact().filter(|_| is_known)?;
        Some((u8::try_from(minutes / 60).ok()?, u8::try_from(minutes % 60).ok()?))
    }
}

/// How many steps a value has at least that is brought to the nearest.
const FINE: u64 = 100;

/// Rules for numbers in any common unit.
impl NumberRule {
    /// The rule of a number of a descriptor; `None` where it is no number. Its unit is looked for
    /// in its `unit`, its name, its description. `own` numbers a unit that is none known here, as
    /// [`NumberRules::own_unit`] does by its folded name.
    pub fn of(field: &Field<'_>, own: impl Fn(&str) -> u8) -> Option<Self> {
        let (is_decimal, places, min, max, step) = match field.kind {
            Kind::Int(range) => (false, 0, range.min, range.max, 1),
            Kind::Decimal(range) => (true, range.places, range.min, range.max, range.step),
            _ => return None,
        };
        let unit = match said::symbol(field.unit) {
            Some(Unit::None) => {
                let hint = said::in_text(field.description);
                said::in_name(field.name, hint).or(hint).unwrap_or(Unit::None)
            }
            Some(unit) => unit,
            None => Unit::Other(own(field.unit)),
        };
        Some(Self { is_decimal, unit, places, min, max, step })
    }

    /// Writes it for flash, the same on every processor, and returns how many bytes it took: at
    /// most [`NUMBER_RULE_MAX`]. `None` where they do not fit, or where no descriptor has such a
    /// unit or so many places.
    ///
    /// The bytes are the places, with 128 more for a decimal; two of the unit; and the bounds and
    /// the step as zigzag varints.
    #[must_use]
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        if self.places >= DECIMAL {
            return None;
        }
        let [code, index] = unit_codes(self.unit)?;
        let mark = if self.is_decimal { DECIMAL } else { 0 };
        let (head, mut rest) = out.split_first_chunk_mut()?;
        *head = [self.places | mark, code, index];
        let mut length = head.len();
        for number in [self.min, self.max, self.step] {
            let written = varint::write(varint::zigzag(number), rest)?;
            rest = rest.get_mut(written..)?;
            length += written;
        }
        Some(length)
    }

    /// A rule that [`Self::write`] wrote, and how many bytes it takes; `None` where there is none.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut reader = ValueReader::new(bytes);
        let (mark, code, index) = (reader.byte().ok()?, reader.byte().ok()?, reader.byte().ok()?);
        let rule = Self {
            is_decimal: mark & DECIMAL != 0,
            unit: unit_of_codes([code, index])?,
            places: mark & !DECIMAL,
            min: reader.signed().ok()?,
            max: reader.signed().ok()?,
            step: reader.signed().ok()?,
        };
        Some((rule, bytes.len() - reader.remaining()))
    }

    /// Values that words stand for, whatever the unit: the least, half of the greatest, the
    /// greatest, and zero where there are values below it. `None` where there is no such value.
    #[must_use]
    pub fn implied_values(&self) -> [Option<i64>; 4] {
        let open = Self { unit: Unit::None, ..*self };
        let [least, middle, greatest] =
            [Implied::Least, Implied::Middle, Implied::Greatest].map(|which| open.implied(which));
        let is_bounded = least.or(middle).or(greatest).is_some();
        let zero = (self.min < 0 && is_bounded && self.accepts(0)).then_some(0);
        [least, middle, greatest, zero]
    }

    /// As [`Self::takes`], with units that are converted: whether a number in this unit can be
    /// meant for the parameter at all, whatever its value.
    #[must_use]
    pub fn takes_any(&self, unit: Unit) -> bool {
        let is_heat = matches!(self.unit, Unit::Celsius | Unit::Fahrenheit);
        let is_any = self.unit == Unit::ANY;
        match unit {
            Unit::Ordinal | Unit::Share | Unit::Clock | Unit::Foreign if is_any => false,
            _ if is_any => true,
            Unit::Time(_) => self.unit.is_time(),
            Unit::Measure(measure) => {
                self.unit.is_like(measure) || self.counts(measure) || is_heat && measure.is_kelvin()
            }
            Unit::Celsius | Unit::Fahrenheit => is_heat,
            _ => self.takes(unit),
        }
    }

    /// As [`Self::value`], with units that are converted: the parameter's value for a number of a
    /// sentence; `None` where it does not take the number, the value is not one of its steps, or
    /// is out of its bounds.
    #[must_use]
    pub fn value_any(&self, mention: &Mention) -> Option<i64> {
        let value = self.whole(mention, self.scaled(mention)?)?;
        self.accepts(value).then_some(value)
    }

    /// As [`Self::value_any`], with what was converted brought to the nearest step of a decimal
    /// where that is at most half a percent off: 200 degrees Fahrenheit are 93.3 degrees Celsius.
    #[must_use]
    pub fn value_near(&self, mention: &Mention) -> Option<i64> {
        let value = self.scaled(mention)?;
        let near = || {
            let is_fine =
                |value: &i64| self.step.unsigned_abs().saturating_mul(FINE) <= value.unsigned_abs();
            let value = value.rounded().filter(is_fine).map(|value| self.near_step(value));
            value.filter(|_| self.is_decimal && self.is_converted(mention))
        };
        let value =
            self.whole(mention, value).filter(|value| self.accepts(*value)).or_else(near)?;
        self.accepts(value).then_some(value)
    }

    /// The step that is nearest to a value.
    fn near_step(&self, value: i64) -> i64 {
        let over = value.checked_rem_euclid(self.step).unwrap_or(0);
        let up =
            if 2 * i128::from(over) >= i128::from(self.step) && over > 0 { self.step } else { 0 };
        value.saturating_sub(over).saturating_add(up)
    }

    /// As [`Self::value_any`], but also out of the bounds or between the steps: what was said, in
    /// the unit and the places of the parameter, so that an error can name it. What is too fine for
    /// the places is the nearest value, unless that is one of the parameter's: then it is `None`.
    #[must_use]
    pub fn unchecked(&self, mention: &Mention) -> Option<i64> {
        let value = self.scaled(mention)?;
        let nearest = || value.rounded().filter(|nearest| !self.accepts(*nearest));
        self.whole(mention, value).or_else(nearest)
    }

    /// A number of a sentence in the unit and the places of the parameter.
    fn scaled(&self, mention: &Mention) -> Option<Rational> {
        if !self.takes_any(mention.unit) {
            return None;
        }
        let share = |share: Rational| self.share(share).map(Rational::whole);
        let value = match (mention.unit, self.unit) {
            (Unit::Time(scale), Unit::ANY) => mention.value.divided(scale, 1)?,
            (_, Unit::ANY) => mention.value,
            (Unit::Share, _) => return share(mention.value),
            (Unit::Percent, Unit::None) if self.is_percent_like() => mention.value,
            (Unit::Percent, Unit::None | Unit::Degree | Unit::Measure(_)) => {
                return share(mention.value.times(Rational::new(1, 100)?)?);
            }
            _ => self.converted(mention)?,
        };
        value.times(Rational::whole(10_i64.checked_pow(self.places.into())?))
    }

    /// The whole number that a value is: where it was converted, perhaps but for a millionth.
    fn whole(&self, mention: &Mention, value: Rational) -> Option<i64> {
        if self.is_converted(mention) { value.nearly() } else { value.exact() }
    }

    /// Whether the unit of a number is another than the parameter's.
    fn is_converted(&self, mention: &Mention) -> bool {
        match (mention.unit, self.unit) {
            (_, Unit::ANY) => false,
            (Unit::Measure(_) | Unit::Celsius | Unit::Fahrenheit, own) => mention.unit != own,
            (Unit::Time(_), own) => !matches!(own, Unit::Time(_)),
            _ => false,
        }
    }

    /// Whether its bounds are those of a percentage that has no share of it: humidity, 40 to 70.
    fn is_percent_like(&self) -> bool {
        let hundred = 10_i64.checked_pow(u32::from(self.places) + 2).unwrap_or(0);
        let ten = hundred / 10;
        self.min >= ten && self.max <= hundred
    }

    /// Whether a measure stands for as much of it in the time of the parameter.
    fn counts(&self, measure: Measure) -> bool {
        matches!(self.unit, Unit::Measure(own) if measure.stands_for(own))
    }

    /// The value of a number in the unit of the parameter.
    fn converted(&self, mention: &Mention) -> Option<Rational> {
        let value = mention.value;
        match (mention.unit, self.unit) {
            (Unit::Time(_), Unit::Time(scale)) => value.times(Rational::new(1, scale.into())?),
            (Unit::None, Unit::Time(scale)) if mention.scale > 0 => {
                value.times(Rational::new(mention.scale.into(), scale.into())?)
            }
            (Unit::None, Unit::Measure(own)) if mention.scale > 0 && own.is_time() => {
                own.of_milliseconds(value.times(Rational::whole(mention.scale.into()))?)
            }
            (Unit::Time(_), Unit::Measure(own)) => own.of_milliseconds(value),
            (Unit::Measure(from), Unit::Measure(to)) if from.is_like(to) => from.convert(value, to),
            (Unit::Measure(from), Unit::Measure(to)) => from.in_time_of(to)?.convert(value, to),
            (Unit::Measure(from), Unit::Time(scale)) => from.milliseconds(value)?.divided(scale, 1),
            (Unit::Fahrenheit, Unit::Celsius) => value.plus(Rational::whole(-32))?.divided(9, 5),
            (Unit::Celsius, Unit::Fahrenheit) => value.divided(5, 9)?.plus(Rational::whole(32)),
            (Unit::Measure(_), Unit::Celsius) => value.plus(Rational::new(-27315, 100)?),
            (Unit::Measure(_), Unit::Fahrenheit) => {
                value.divided(5, 9)?.plus(Rational::new(-45967, 100)?)
            }
            _ => Some(value),
        }
    }
}

/// The bytes of a unit that descriptors have.
fn unit_codes(unit: Unit) -> Option<[u8; 2]> {
    let codes = match unit {
        Unit::Other(index) => [OWN_CODE, index],
        Unit::Measure(measure) => measure.codes(),
        unit => [unit.code(), 0],
    };
    (unit_of_codes(codes) == Some(unit)).then_some(codes)
}

/// The unit of those.
fn unit_of_codes([code, index]: [u8; 2]) -> Option<Unit> {
    if code == OWN_CODE {
        return Some(Unit::Other(index));
    }
    Measure::from_codes([code, index])
        .map(Unit::Measure)
        .or_else(|| (index == 0 && code < FIRST_CODE).then(|| Unit::from_code(code)))
}
