//! One node of a parameter list or a result.

use crate::value::tag;

/// Bounds of an integer, both included.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntRange {
    /// Smallest value allowed; `i64::MIN` leaves the side open (results only).
    pub min: i64,
    /// Largest value allowed; `i64::MAX` leaves the side open (results only).
    pub max: i64,
}

impl IntRange {
    /// No bound on either side: legal in results, where the device itself is the source.
    pub const OPEN: Self = Self { min: i64::MIN, max: i64::MAX };
}

/// Bounds of a decimal number, every figure scaled by `10^places`.
///
/// A target of 5 to 35 degrees in steps of 0.5 is `{places: 1, min: 50, max: 350, step: 5}`.
/// Integers stand in for floats because converting floats to text costs some 30 kB of flash.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecimalRange {
    /// Smallest value allowed, scaled; `i64::MIN` leaves the side open (results only).
    pub min: i64,
    /// Largest value allowed, scaled; `i64::MAX` leaves the side open (results only).
    pub max: i64,
    /// The value must be a multiple of this, scaled; 0 sets no such rule (results only).
    pub step: i64,
    /// Digits after the decimal point, 0 to 9.
    pub places: u8,
}

/// The type of a node with its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// True or false.
    Bool,
    /// An integer.
    Int(IntRange),
    /// A number with a fixed count of digits after the point.
    Decimal(DecimalRange),
    /// UTF-8 text; bounds in code points, so storage needs four bytes for each.
    Text {
        /// Fewest code points.
        min: u16,
        /// Most code points; `u16::MAX` leaves it open (results only).
        max: u16,
    },
    /// One of some labels, written `grow|door|all`. A label holds no `|`.
    Choice(&'a str),
    /// Named members: the `nodes` nodes that follow.
    Object {
        /// How many of the following nodes belong to it, at every depth.
        nodes: u8,
    },
    /// A list of one kind of item, which is the node that follows (with its own nodes).
    Array {
        /// How many of the following nodes belong to it, at every depth.
        nodes: u8,
        /// Fewest items.
        min: u8,
        /// Most items; `u8::MAX` leaves it open (results only).
        max: u8,
    },
}

impl<'a> Kind<'a> {
    /// How many of the following nodes belong to a node of this kind.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        match self {
            Self::Object { nodes } | Self::Array { nodes, .. } => *nodes as usize,
            _ => 0,
        }
    }

    /// The tag of its values.
    #[must_use]
    pub const fn tag(&self) -> u8 {
        match self {
            Self::Bool => tag::BOOL,
            Self::Int(_) => tag::INT,
            Self::Decimal(_) => tag::DECIMAL,
            Self::Text { .. } => tag::TEXT,
            Self::Choice(_) => tag::LABEL,
            Self::Object { .. } => tag::OBJECT,
            Self::Array { .. } => tag::ARRAY,
        }
    }

    /// Whether it is an object or an array, perhaps an empty object.
    #[must_use]
    pub const fn is_container(&self) -> bool {
        matches!(self, Self::Object { .. } | Self::Array { .. })
    }

    /// The labels of a choice in order; none for another kind.
    #[must_use]
    pub const fn labels(&self) -> Labels<'a> {
        match self {
            Self::Choice(labels) => Labels { rest: Some(labels) },
            _ => Labels { rest: None },
        }
    }

    /// Label number `index` of a choice.
    #[must_use]
    pub fn label(&self, index: usize) -> Option<&'a str> {
        self.labels().nth(index)
    }

    /// Whether a choice has a label of that number.
    #[must_use]
    pub fn has_label(&self, index: usize) -> bool {
        let Self::Choice(labels) = self else { return false };
        let mut before = index;
        for byte in labels.bytes() {
            if before == 0 {
                break;
            }
            before -= usize::from(byte == b'|');
        }
        before == 0
    }

    /// The number of the label that equals `text`.
    #[must_use]
    pub fn label_index(&self, text: &str) -> Option<usize> {
        self.labels().position(|label| label == text)
    }
}

/// The labels of a choice. A loop over bytes: the general search of `str::split` costs four times
/// the instructions on a microcontroller and 400 bytes of flash.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let end = rest.bytes().position(|byte| byte == b'|');
        let (label, tail) = match end.and_then(|end| rest.split_at_checked(end)) {
            Some((label, tail)) => (label, tail.get(1..)),
            None => (rest, None),
        };
        self.rest = tail;
        Some(label)
    }
}

/// A constant value: the default of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal<'a> {
    /// For [`Kind::Bool`].
    Bool(bool),
    /// For [`Kind::Int`], and scaled for [`Kind::Decimal`].
    Number(i64),
    /// For [`Kind::Text`].
    Text(&'a str),
    /// For [`Kind::Choice`]: the number of the label.
    Label(u16),
}

/// A parameter is required when another, a choice at top level, holds a given label.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Node of the other parameter.
    pub node: u16,
    /// Number of its label.
    pub label: u16,
}

/// One node: a parameter, a member of a result, or the item of an array.
///
/// ```
/// use trine_descriptor::{Condition, Field, IntRange, Kind, Literal};
///
/// const NODES: [Field<'static>; 3] = [
///     Field::new("mode", Kind::Choice("off|auto|manual")),
///     // Required when `mode`, which is node 0, has its label 2.
///     Field::new("hours", Kind::Int(IntRange { min: 1, max: 24 }))
///         .required_when(Condition { node: 0, label: 2 }),
///     Field::new("note", Kind::Text { min: 0, max: 40 }).default_to(Literal::Text("none")),
/// ];
/// assert_eq!(NODES[0].kind.label_index("manual"), Some(2));
/// assert!(!NODES[2].required);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Name in the JSON object; empty for the item of an array.
    pub name: &'a str,
    /// One sentence for a person or a model; may be empty in results.
    pub description: &'a str,
    /// Unit of the number as the on-device model needs it (`%`, `s`, `degC`); may be empty.
    pub unit: &'a str,
    /// Type and bounds.
    pub kind: Kind<'a>,
    /// Whether it must be present.
    pub required: bool,
    /// When it must be present although not `required`; parameters at top level only.
    pub required_if: Option<Condition>,
    /// What a missing parameter counts as.
    pub default: Option<Literal<'a>>,
}

/// What a call needs of a node that is an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer<'a> {
    /// The bytes of its name. In a table that no one has checked they may be anything.
    pub name: &'a [u8],
    /// A value within these bounds is allowed; the whole node may allow more.
    pub range: IntRange,
    /// Whether it may be missing, whatever the others hold.
    pub optional: bool,
}

impl<'a> Field<'a> {
    /// A required field with no description, unit or default.
    #[must_use]
    pub const fn new(name: &'a str, kind: Kind<'a>) -> Self {
        Self {
            name,
            description: "",
            unit: "",
            kind,
            required: true,
            required_if: None,
            default: None,
        }
    }

    /// The part of it that calls need, if it is an integer.
    #[must_use]
    #[inline(always)]
    pub const fn integer(&self) -> Option<Integer<'a>> {
        let Kind::Int(range) = self.kind else { return None };
        let optional = !self.required && self.required_if.is_none();
        Some(Integer { name: self.name.as_bytes(), range, optional })
    }

    /// The same field with a description.
    #[must_use]
    pub const fn describe(mut self, description: &'a str) -> Self {
        self.description = description;
        self
    }

    /// The same field, not required.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The same field, not required, with the value that counts when it is missing.
    #[must_use]
    pub const fn default_to(mut self, literal: Literal<'a>) -> Self {
        self.required = false;
        self.default = Some(literal);
        self
    }

    /// The same field, required only under a condition.
    #[must_use]
    pub const fn required_when(mut self, condition: Condition) -> Self {
        self.required = false;
        self.required_if = Some(condition);
        self
    }

    /// The same field with a unit.
    #[must_use]
    pub const fn unit(mut self, unit: &'a str) -> Self {
        self.unit = unit;
        self
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::Kind;
    use std::vec::Vec;

    #[test]
    fn labels_are_what_stands_between_the_bars() {
        for text in ["a", "grow|door|status|all", "", "|", "a||b|", "é|漢字|ß"] {
            let kind = Kind::Choice(text);
            let labels: Vec<&str> = text.split('|').collect();
            assert_eq!(kind.labels().collect::<Vec<_>>(), labels);
            for index in 0..labels.len() + 2 {
                assert_eq!(kind.label(index), labels.get(index).copied());
                assert_eq!(kind.has_label(index), index < labels.len());
            }
            for label in &labels {
                let first = labels.iter().position(|other| other == label);
                assert_eq!(kind.label_index(label), first);
            }
            assert_eq!(kind.label_index("grow|door"), None);
        }
        assert_eq!((Kind::Bool.label(0), Kind::Bool.has_label(0)), (None, false));
    }
}
