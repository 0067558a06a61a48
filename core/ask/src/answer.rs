//! What a sentence came to.

use core::fmt;
use core::ops::Range;

use trine_descriptor::{Scalar, ValueWriter};

/// The value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number scaled by the parameter's places.
    Decimal(i64),
    /// A run of the sentence, from and up to these bytes.
    Text {
        /// Its first byte.
        start: u16,
        /// One past its last.
        end: u16,
    },
    /// The number of a label.
    Label(u16),
}

/// Why there is no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No tool does what the sentence says.
    NoTool,
    /// Nothing in the sentence can be the value of a required parameter.
    Missing {
        /// The tool.
        tool: u16,
        /// The node of the parameter.
        node: u16,
    },
    /// What the sentence says is not within the bounds of a parameter.
    OutOfRange {
        /// The tool.
        tool: u16,
        /// The node of the parameter.
        node: u16,
    },
    /// The call would be longer than a sequence may be.
    TooLong,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTool => f.write_str("no tool does that"),
            Self::Missing { .. } => f.write_str("something that the tool needs was not said"),
            Self::OutOfRange { .. } => f.write_str("a value is out of the tool's bounds"),
            Self::TooLong => f.write_str("the sentence is too long for a call"),
        }
    }
}

/// A call, borrowed from what decoded it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub(crate) tool: u16,
    pub(crate) text: &'a str,
    /// In any order.
    pub(crate) values: &'a [Option<(u16, Value)>],
}

impl<'a> Call<'a> {
    /// A call with these arguments, in any order: nodes and values, of which texts are of `text`.
    #[must_use]
    pub const fn new(tool: u16, text: &'a str, values: &'a [Option<(u16, Value)>]) -> Self {
        Self { tool, text, values }
    }

    /// The number of the tool.
    #[must_use]
    pub const fn tool(&self) -> u16 {
        self.tool
    }

    /// The arguments: nodes, in rising order, and their values.
    pub fn arguments(&self) -> impl Iterator<Item = (u16, Scalar<'a>)> + use<'a> {
        let (values, text) = (self.values, self.text);
        // The node behind the last one may be 65,536.
        let mut least = 0_u32;
        core::iter::from_fn(move || {
            let given = values.iter().flatten().filter(|(node, _)| u32::from(*node) >= least);
            let (node, value) = given.min_by_key(|(node, _)| *node)?;
            least = u32::from(*node) + 1;
            Some((*node, value.scalar(text)))
        })
    }

    /// Writes the arguments as the dispatcher and the wire take them.
    pub fn encode(&self, out: &mut ValueWriter<'_>) {
        self.arguments().for_each(|(node, value)| out.scalar(node, value));
    }
}

impl Value {
    /// It as arguments have it; a text is one of `text`.
    #[must_use]
    pub fn scalar(self, text: &str) -> Scalar<'_> {
        match self {
            Self::Bool(value) => Scalar::Bool(value),
            Self::Int(value) => Scalar::Int(value),
            Self::Decimal(value) => Scalar::Decimal(value),
            Self::Text { start, end } => {
                let span: Range<usize> = start.into()..end.into();
                Scalar::Text(text.get(span).unwrap_or_default())
            }
            Self::Label(label) => Scalar::Label(label),
        }
    }
}

/// An answer in numbers, as `docs/wire.md` has them (§4.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// 0 a call, 1 an unsure one, 2 no tool, 3 something missing, 4 out of range, 5 too long.
    pub verdict: u8,
    /// The tool, 0 where none is meant.
    pub tool: u16,
    /// The node of the parameter that verdicts 3 and 4 are about; else 0.
    pub node: u16,
}

/// What a sentence came to.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// A call to be made.
    Call(Call<'a>),
    /// The likeliest call, not sure enough to be made: to be shown and asked about.
    Unsure(Call<'a>),
    /// No call.
    No(Reason),
}

impl<'a> Answer<'a> {
    /// The answer in numbers.
    #[must_use]
    pub const fn outline(&self) -> Outline {
        let (verdict, tool, node) = match *self {
            Self::Call(call) => (0, call.tool, 0),
            Self::Unsure(call) => (1, call.tool, 0),
            Self::No(Reason::NoTool) => (2, 0, 0),
            Self::No(Reason::Missing { tool, node }) => (3, tool, node),
            Self::No(Reason::OutOfRange { tool, node }) => (4, tool, node),
            Self::No(Reason::TooLong) => (5, 0, 0),
        };
        Outline { verdict, tool, node }
    }

    /// The call, sure or not.
    #[must_use]
    pub const fn call(&self) -> Option<Call<'a>> {
        match *self {
            Self::Call(call) | Self::Unsure(call) => Some(call),
            Self::No(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Scalar, Value};

    #[test]
    fn arguments_rise_and_end_behind_the_last_node_there_is() {
        let values = [
            Some((u16::MAX, Value::Bool(true))),
            None,
            Some((3, Value::Text { start: 1, end: 3 })),
        ];
        let mut arguments = Call::new(0, "abcd", &values).arguments();
        assert_eq!(arguments.next(), Some((3, Scalar::Text("bc"))));
        assert_eq!(arguments.next(), Some((u16::MAX, Scalar::Bool(true))));
        assert_eq!(arguments.next(), None);
    }
}
