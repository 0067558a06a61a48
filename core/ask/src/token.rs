//! The tokens that are no pieces, by their numbers.

use crate::unit::Unit;

/// Characters that no piece has.
pub const UNKNOWN: u16 = 0;
/// Begins a sequence.
pub const BEGIN: u16 = 1;
/// Ends the sentence.
pub const CALL: u16 = 2;
/// No tool.
pub const NONE: u16 = 3;
/// No more arguments.
pub const END: u16 = 4;
/// False.
pub const FALSE: u16 = 5;
/// True.
pub const TRUE: u16 = 6;
/// The least value of a number.
pub const LEAST: u16 = 7;
/// Half of the greatest value.
pub const MIDDLE: u16 = 8;
/// The greatest value.
pub const GREATEST: u16 = 9;
/// Mentions begin here, where there are any: three of each kind.
pub const MENTIONS: u16 = 10;
/// Mentions of one kind that are told apart.
pub const MENTIONS_OF_A_KIND: u16 = 3;
/// Kinds of mentions.
pub const KINDS: usize = 10;
/// The kind of a number that no parameter takes.
pub const KIND_UNFIT: u16 = 9;

/// Names of the tokens before the mentions.
pub const NAMES: [&str; MENTIONS as usize] =
    ["<unk>", "<bos>", "<call>", "<none>", "<end>", "<false>", "<true>", "<min>", "<mid>", "<max>"];
/// Names of the kinds of mentions.
pub const KIND_NAMES: [&str; KINDS] =
    ["n", "pct", "time", "deg", "temp", "nth", "frac", "unit", "clock", "x"];

/// The token of tool number 0.
pub(crate) const fn first_tool(has_numbers: bool) -> u16 {
    if has_numbers { MENTIONS + MENTIONS_OF_A_KIND * KINDS as u16 } else { MENTIONS }
}

/// The kind of a mention in this unit, if a parameter takes it.
pub(crate) const fn kind(unit: Unit) -> u16 {
    match unit {
        Unit::None => 0,
        Unit::Percent => 1,
        Unit::Time(_) => 2,
        Unit::Degree => 3,
        Unit::Celsius => 4,
        Unit::Ordinal => 5,
        Unit::Share => 6,
        Unit::Fahrenheit | Unit::Other(_) => 7,
        Unit::Clock => 8,
        Unit::Foreign => KIND_UNFIT,
        // No program has one.
        #[cfg(feature = "measures")]
        Unit::Measure(_) => KIND_UNFIT,
    }
}
