//! What `measured.rs` is without the feature `measures`: numbers have the units of programs alone.

use core::ops::Range;

use super::lex::Lexeme;
use super::rational::Rational;
use super::{OwnUnits, Quantity, quantity};
use crate::unit::{self, Unit};

/// How a unit may be said.
#[derive(Clone, Copy)]
pub(super) struct Said {
    /// Digits are before it, perhaps with a space.
    pub(super) behind_digits: bool,
    #[expect(dead_code, reason = "only measures are weak")]
    pub(super) is_weak: bool,
}

type Found = Option<(Rational, Unit, usize)>;

pub(super) const fn first(_: &str, _: usize, _: &dyn OwnUnits) -> Found {
    None
}

pub(super) fn quantity(text: &str, start: usize, _: &dyn OwnUnits) -> Option<Quantity> {
    quantity::read(text, start)
}

pub(super) const fn hundreds(_: &str, _: &Quantity, _: &dyn OwnUnits) -> Found {
    None
}

pub(super) const fn longer(_: &str, _: (Rational, Unit), _: usize, _: &dyn OwnUnits) -> Found {
    None
}

pub(super) const fn part_of(
    _: &str,
    _: &Quantity,
    _: &dyn OwnUnits,
) -> Option<Option<(Unit, usize)>> {
    None
}

pub(super) const fn unit(_: &str, _: &Lexeme, _: Said, _: &dyn OwnUnits) -> Option<(Unit, usize)> {
    None
}

pub(super) const fn is_unit(_: Unit, _: &[u8], _: &dyn OwnUnits) -> bool {
    true
}

pub(super) fn scale(word: &[u8], _: &dyn OwnUnits) -> Option<Unit> {
    unit::scale(word)
}

pub(super) const fn of_day(
    _: &str,
    _: Range<usize>,
    (value, _): (Rational, Unit),
    _: &dyn OwnUnits,
) -> (Rational, u32) {
    (value, 0)
}
