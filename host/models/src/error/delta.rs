//! Why bytes are no delta over a base.

use std::fmt;

/// Why bytes are no delta, or one of another base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeltaError {
    /// They do not begin like one.
    Magic,
    /// It is cut, or something stands behind it.
    Length {
        /// Bytes that it says it has.
        needed: usize,
        /// Bytes there are.
        given: usize,
    },
    /// A byte of it has changed.
    Hash,
    /// It is of another base.
    Base {
        /// The hash of that.
        made: u64,
        /// The hash of this one.
        given: u64,
    },
    /// It is of another list of tools.
    List {
        /// The hash of that.
        made: u64,
        /// The hash of this one.
        given: u64,
    },
    /// Its changes are none of that base's.
    Changes,
}

impl fmt::Display for DeltaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not a delta: it does not begin with TRINED01"),
            Self::Length { needed, given } => {
                write!(f, "the delta has {given} bytes of {needed}: copy it again")
            }
            Self::Hash => f.write_str("the delta has changed since it was made: copy it again"),
            Self::Base { made, given } => write!(
                f,
                "the delta was made for base {made:016x}, this program has {given:016x}: train it \
                 again with trine train"
            ),
            Self::List { made, given } => write!(
                f,
                "the delta was made for other tools (hash {made:016x}, these have {given:016x}): \
                 give that list, or train for these with trine train"
            ),
            Self::Changes => f.write_str("the delta does not fit its base: train it again"),
        }
    }
}

impl std::error::Error for DeltaError {}
