//! What a library is made for: speed or size.

/// How a library is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// For a host: the quickest.
    Quick,
    /// For a chip.
    Chip,
    /// For who counts bytes before instructions: a chip's smallest profile.
    Smallest,
    /// A host's: the code of chips, and nothing that unwinds.
    Small,
}

impl Size {
    pub(super) const fn opt_level(self) -> &'static str {
        match self {
            Self::Quick => "3",
            Self::Chip => "s",
            Self::Smallest | Self::Small => "z",
        }
    }

    /// What rustc is told for the last crate.
    pub(super) const fn last(self) -> &'static [&'static str] {
        match self {
            // What a few functions have alike would be put into functions of its own: 14 bytes less
            // for 120 instructions a call.
            Self::Smallest => &["-Cllvm-args=-enable-machine-outliner=never"],
            Self::Quick | Self::Chip | Self::Small => &[],
        }
    }

    /// What rustc is told for every crate.
    pub(super) const fn flags(self) -> Option<&'static str> {
        match self {
            // At its own threshold a `copy_from_slice` of known length stays a call that can panic.
            Self::Small => Some("--cfg trine_small -Cllvm-args=-inline-threshold=15"),
            Self::Quick | Self::Chip | Self::Smallest => None,
        }
    }
}
