//! What decoding has to know of some tools, in a few hundred bytes.
//!
//! ```text
//! program   = version:u8 tools:u8 symbols:u16 hash:u64 numbers:u8 units:u8  unit*  tool*
//! unit      = length:u8 folded bytes
//! tool      = length:u16  offered:u8 params:u8  param*
//! param     = node mark:u8 key [position:u8 label]  rule
//! mark      = tag | required << 3 | conditional << 4
//! rule      = by tag: 1 bool: none; 2, 3 number: unit:u8 places:u8 min max step; 4 text: min max;
//!             5 choice: count token*
//! ```
//!
//! Integers of a fixed width are little-endian, all others varints, zigzag for the bounds of
//! numbers. `symbols` is how many tokens there are before the pieces, `key` and `token` are
//! tokens, `position` is the place of the parameter that a condition depends on in this list, where
//! it comes first. Tags are those of [`trine_descriptor::value::tag`].

use trine_descriptor::ValueReader;
use trine_descriptor::value::tag;

use crate::number::{Mention, OwnUnits, Rational};
use crate::unit::Unit;

/// Version of the format.
pub(crate) const VERSION: u8 = 1;
/// Bytes before the units.
pub(crate) const HEAD: usize = 14;
/// Mark of a parameter.
pub(crate) const REQUIRED: u8 = 8;
/// Mark of a parameter.
pub(crate) const CONDITIONAL: u8 = 16;

/// A program, made by [`crate::compile`].
#[derive(Clone, Copy, Debug)]
pub struct Program<'p> {
    bytes: &'p [u8],
}

/// A tool of a program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToolCode<'p> {
    /// Whether the model may choose it.
    pub(crate) is_offered: bool,
    count: u8,
    body: &'p [u8],
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param<'p> {
    /// Its node in the descriptor.
    pub(crate) node: u16,
    /// Its key token.
    pub(crate) key: u16,
    is_required: bool,
    /// The place of another parameter and its label that make this one required.
    condition: Option<(u8, u16)>,
    pub(crate) rule: ParamRule<'p>,
}

/// What values a parameter may have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ParamRule<'p> {
    Bool,
    Number(NumberRule),
    /// Bounds in code points.
    Text {
        min: u64,
        max: u64,
    },
    Choice(LabelTokens<'p>),
}

/// The tokens of a choice's labels, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelTokens<'p> {
    count: u16,
    bytes: ValueReader<'p>,
}

impl Iterator for LabelTokens<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.count = self.count.checked_sub(1)?;
        self.bytes.short().ok()
    }
}

/// What numbers a parameter takes. Bounds and step are scaled by `10^places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRule {
    /// Whether it is a decimal; else an integer.
    pub is_decimal: bool,
    /// The unit that its values are in.
    pub unit: Unit,
    /// Digits after the point.
    pub places: u8,
    /// Least value.
    pub min: i64,
    /// Greatest value.
    pub max: i64,
    /// Values are multiples of this; 0 sets no rule.
    pub step: i64,
}

/// A value that a number does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Implied {
    Least,
    Middle,
    Greatest,
}

impl NumberRule {
    /// Whether a number in this unit can be meant for the parameter at all, whatever its value.
    #[must_use]
    pub fn takes(&self, unit: Unit) -> bool {
        match unit {
            Unit::None => true,
            Unit::Percent | Unit::Share => self.unit.has_shares() || self.unit == unit,
            Unit::Time(_) => matches!(self.unit, Unit::Time(_)),
            Unit::Degree => {
                matches!(self.unit, Unit::Degree | Unit::Celsius | Unit::Fahrenheit)
            }
            Unit::Celsius | Unit::Fahrenheit | Unit::Other(_) => self.unit == unit,
            Unit::Ordinal => self.unit == Unit::None,
            Unit::Clock | Unit::Foreign => false,
            #[cfg(feature = "measures")]
            Unit::Measure(_) => false,
        }
    }

    /// The parameter's value for a number of the sentence; `None` where it does not take the
    /// number, the value is not one of its steps, or is out of its bounds.
    #[must_use]
    pub fn value(&self, mention: &Mention) -> Option<i64> {
        if !self.takes(mention.unit) {
            return None;
        }
        let scale = Rational::whole(10_i64.checked_pow(self.places.into())?);
        let value = match (mention.unit, self.unit) {
            (Unit::Time(_), Unit::Time(scale_ms)) => {
                mention.value.times(Rational::new(1, scale_ms.into())?)?.times(scale)?.exact()?
            }
            (Unit::None, Unit::Time(scale_ms)) if mention.scale > 0 => {
                let factor = Rational::new(mention.scale.into(), scale_ms.into())?;
                mention.value.times(factor)?.times(scale)?.exact()?
            }
            (Unit::Share, _) => self.share(mention.value)?,
            (Unit::Percent, Unit::None | Unit::Degree) => {
                self.share(mention.value.times(Rational::new(1, 100)?)?)?
            }
            _ => mention.value.times(scale)?.exact()?,
        };
        self.accepts(value).then_some(value)
    }

    /// A share of the greatest value, rounded down to a step.
    pub(crate) fn share(&self, share: Rational) -> Option<i64> {
        Some(self.on_step(share.times(Rational::whole(self.max))?.floor()))
    }

    pub(crate) fn on_step(&self, value: i64) -> i64 {
        value - value.checked_rem_euclid(self.step).unwrap_or(0)
    }

    /// Whether a scaled value is within the bounds, and one of the steps.
    #[must_use]
    pub fn accepts(&self, value: i64) -> bool {
        (self.min..=self.max).contains(&value) && value.checked_rem(self.step).unwrap_or(0) == 0
    }

    /// A value that no one said; `None` where the parameter has none such.
    pub(crate) fn implied(&self, which: Implied) -> Option<i64> {
        if !self.unit.has_shares() {
            return None;
        }
        // Half of all numbers, or the greatest of them, is no value that a word stands for.
        if self.min.unsigned_abs().max(self.max.unsigned_abs()) >= UNBOUNDED {
            return None;
        }
        let value = match which {
            Implied::Least => self.min,
            Implied::Middle => self.on_step(self.max.div_euclid(2)).max(self.min),
            Implied::Greatest => self.max,
        };
        self.accepts(value).then_some(value)
    }
}

/// The bound of a schema that has none: the greatest integer that JSON's numbers hold exactly.
const UNBOUNDED: u64 = (1 << 53) - 1;

impl<'p> Program<'p> {
    /// A program that was compiled before.
    ///
    /// `None` where it is of another version. What else might be wrong with it makes tools that
    /// are never chosen, and no panic.
    #[must_use]
    pub fn new(bytes: &'p [u8]) -> Option<Self> {
        (bytes.first() == Some(&VERSION) && bytes.len() >= HEAD).then_some(Self { bytes })
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'p [u8] {
        self.bytes
    }

    /// How many tools there are: their numbers are those of the table.
    #[must_use]
    pub fn tools(&self) -> u16 {
        self.field::<1>(1).map_or(0, |[tools]| tools.into())
    }

    /// How many tokens there are before the pieces.
    #[must_use]
    pub fn symbols(&self) -> u16 {
        self.field(2).map_or(0, u16::from_le_bytes)
    }

    /// The hash of the tools.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.field(4).map_or(0, u64::from_le_bytes)
    }

    /// Whether a parameter is a number.
    #[must_use]
    pub fn has_numbers(&self) -> bool {
        self.field(12) == Some([1])
    }

    /// The token of tool number 0.
    #[must_use]
    pub fn first_tool(&self) -> u16 {
        crate::token::first_tool(self.has_numbers())
    }

    fn field<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    fn own_units(&self) -> impl Iterator<Item = &'p [u8]> + use<'p> {
        let mut reader = ValueReader::new(self.bytes.get(HEAD..).unwrap_or_default());
        let count = self.field::<1>(13).map_or(0, |[count]| count);
        (0..count).map_while(move |_| reader.bytes().ok())
    }

    fn units_bytes(&self) -> usize {
        self.own_units().map(|unit| unit.len() + 1).sum()
    }

    /// Tool number `tool`.
    pub(crate) fn tool(&self, tool: u16) -> Option<ToolCode<'p>> {
        let mut rest = self.bytes.get(HEAD + self.units_bytes()..)?;
        for _ in 0..tool {
            let (length, after) = rest.split_first_chunk::<2>()?;
            rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
        }
        let (length, after) = rest.split_first_chunk::<2>()?;
        let body = after.get(..usize::from(u16::from_le_bytes(*length)))?;
        let ([offered, count], body) = body.split_first_chunk()?;
        Some(ToolCode { is_offered: *offered == 1, count: *count, body })
    }

    /// Every number rule of every tool.
    pub(crate) fn number_rules(&self) -> impl Iterator<Item = NumberRule> + use<'p> {
        let program = *self;
        (0..self.tools())
            .filter_map(move |tool| program.tool(tool))
            .flat_map(|tool| tool.params())
            .filter_map(|param| match param.rule {
                ParamRule::Number(rule) => Some(rule),
                _ => None,
            })
    }
}

impl OwnUnits for Program<'_> {
    fn own_unit(&self, word: &[u8]) -> Option<u8> {
        self.own_units().position(|unit| unit == word).and_then(|at| u8::try_from(at).ok())
    }
}

impl<'p> ToolCode<'p> {
    /// The parameters, those with a condition last.
    pub(crate) fn params(&self) -> impl Iterator<Item = Param<'p>> + use<'p> {
        let mut reader = ValueReader::new(self.body);
        (0..self.count).map_while(move |_| param(&mut reader))
    }

    /// Parameter number `at` of that list.
    pub(crate) fn param(&self, at: u8) -> Option<Param<'p>> {
        self.params().nth(at.into())
    }
}

impl Param<'_> {
    pub(crate) const fn is_text(&self) -> bool {
        matches!(self.rule, ParamRule::Text { .. })
    }

    /// Whether it must be given, the labels of the choices so far being these.
    pub(crate) fn is_required(&self, label: impl Fn(u8) -> Option<u16>) -> bool {
        let holds = self.condition.is_some_and(|(other, wanted)| label(other) == Some(wanted));
        self.is_required || holds
    }
}

fn param<'p>(reader: &mut ValueReader<'p>) -> Option<Param<'p>> {
    let node = reader.short().ok()?;
    let mark = reader.byte().ok()?;
    let key = reader.short().ok()?;
    let condition = if mark & CONDITIONAL != 0 {
        Some((reader.byte().ok()?, reader.short().ok()?))
    } else {
        None
    };
    let rule = match mark & 7 {
        tag::BOOL => ParamRule::Bool,
        number @ (tag::INT | tag::DECIMAL) => ParamRule::Number(NumberRule {
            is_decimal: number == tag::DECIMAL,
            unit: Unit::from_code(reader.byte().ok()?),
            places: reader.byte().ok()?,
            min: reader.signed().ok()?,
            max: reader.signed().ok()?,
            step: reader.signed().ok()?,
        }),
        tag::TEXT => ParamRule::Text { min: reader.number().ok()?, max: reader.number().ok()? },
        tag::LABEL => {
            let count = reader.short().ok()?;
            let labels = LabelTokens { count, bytes: *reader };
            for _ in 0..count {
                reader.short().ok()?;
            }
            ParamRule::Choice(labels)
        }
        _ => return None,
    };
    let is_required = mark & REQUIRED != 0;
    Some(Param { node, key, is_required, condition, rule })
}
