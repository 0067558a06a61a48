//! What is wrong with some arguments or a result.

/// [`Fault::node`] when the fault is of no one node.
pub const NO_NODE: u16 = u16::MAX;

/// The rule that was broken. The numbers are on the wire and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum FaultCode {
    /// There is no parameter of that name.
    Unknown = 1,
    /// A required value is absent.
    Missing = 2,
    /// A value of another type than the node's.
    WrongType = 3,
    /// A number below the minimum, which is the bound.
    TooSmall = 4,
    /// A number above the maximum, which is the bound.
    TooLarge = 5,
    /// A number that is no multiple of the step, which is the bound, scaled.
    NotAMultiple = 6,
    /// Fewer code points than the bound.
    TooShort = 7,
    /// More code points than the bound.
    TooLong = 8,
    /// Not one of the labels.
    NotAChoice = 9,
    /// The same parameter twice.
    Repeated = 10,
    /// A value absent that another makes necessary; the bound is the other's node.
    MissingBecause = 11,
    /// Fewer items than the bound.
    TooFew = 12,
    /// More items than the bound.
    TooMany = 13,
    /// The bytes are no values: a fault of the sender, not of the user.
    Malformed = 14,
}

impl FaultCode {
    /// The code of a number from the wire.
    #[must_use]
    pub const fn from_u8(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Unknown,
            2 => Self::Missing,
            3 => Self::WrongType,
            4 => Self::TooSmall,
            5 => Self::TooLarge,
            6 => Self::NotAMultiple,
            7 => Self::TooShort,
            8 => Self::TooLong,
            9 => Self::NotAChoice,
            10 => Self::Repeated,
            11 => Self::MissingBecause,
            12 => Self::TooFew,
            13 => Self::TooMany,
            14 => Self::Malformed,
            _ => return None,
        })
    }
}

/// A broken rule, the node it concerns and the bound: all that the device sends.
/// [`crate::explain`] makes the sentence at the other end, where flash is cheap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule.
    pub code: FaultCode,
    /// Node number on the side that was checked, or [`NO_NODE`].
    pub node: u16,
    /// The bound that was passed, where the rule has one; else 0.
    pub bound: i64,
}

impl Fault {
    /// A fault without a bound.
    #[must_use]
    pub const fn new(code: FaultCode, node: u16) -> Self {
        Self { code, node, bound: 0 }
    }

    /// A fault with the bound that was passed.
    #[must_use]
    pub const fn bound(code: FaultCode, node: u16, bound: i64) -> Self {
        Self { code, node, bound }
    }
}
