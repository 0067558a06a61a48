//! The five revisions of the protocol, and what differs between them.
//!
//! Sources: `schema/<revision>/schema.ts` of the specification and its changelogs.

use crate::json::JsonText;

/// A revision of MCP. Older ones compare as less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Version {
    /// 2024-11-05.
    V2024_11_05,
    /// 2025-03-26: tool annotations, batches, progress messages.
    V2025_03_26,
    /// 2025-06-18: structured results, titles; no batches.
    V2025_06_18,
    /// 2025-11-25: the last one with `initialize`.
    V2025_11_25,
    /// 2026-07-28: stateless; every request names its revision.
    V2026_07_28,
}

/// All revisions, newest first: the order in which an error offers them.
pub const VERSIONS: [Version; 5] = [
    Version::V2026_07_28,
    Version::V2025_11_25,
    Version::V2025_06_18,
    Version::V2025_03_26,
    Version::V2024_11_05,
];

impl Version {
    /// The newest revision that `initialize` can agree on.
    pub const NEWEST_LEGACY: Self = Self::V2025_11_25;

    /// The name of the revision, a date.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The revision of that name.
    #[must_use]
    pub fn named(name: &JsonText<'_>) -> Option<Self> {
        VERSIONS.into_iter().find(|version| name.is(version.name().as_bytes()))
    }

    /// Whether each request carries its own revision and results their `resultType`.
    #[must_use]
    pub const fn is_stateless(self) -> bool {
        matches!(self, Self::V2026_07_28)
    }

    /// Whether this is one of the `initialize` revisions.
    #[must_use]
    pub const fn is_legacy(self) -> bool {
        !self.is_stateless()
    }

    /// Whether a message may be an array of messages.
    #[must_use]
    pub const fn has_batches(self) -> bool {
        matches!(self, Self::V2025_03_26)
    }

    /// Whether tools carry `annotations`, and progress a `message`.
    #[must_use]
    pub fn has_annotations(self) -> bool {
        self >= Self::V2025_03_26
    }

    /// Whether content may be `audio`.
    #[must_use]
    pub fn has_audio(self) -> bool {
        self >= Self::V2025_03_26
    }

    /// Whether content may be a `resource_link`.
    #[must_use]
    pub fn has_links(self) -> bool {
        self >= Self::V2025_06_18
    }

    /// Whether a server may ask for a form, in a session.
    #[must_use]
    pub fn has_forms(self) -> bool {
        self >= Self::V2025_06_18
    }

    /// Whether tools have `icons`.
    #[cfg(feature = "extras")]
    pub(crate) fn has_icons(self) -> bool {
        self >= Self::V2025_11_25
    }

    /// Whether a request for a form has a `mode`.
    #[cfg(feature = "requests")]
    pub(crate) fn has_modes(self) -> bool {
        self >= Self::V2025_11_25
    }

    /// Whether there are `structuredContent`, `outputSchema`, `title` and `_meta` of a tool.
    #[must_use]
    pub fn has_structured(self) -> bool {
        self >= Self::V2025_06_18
    }
}
