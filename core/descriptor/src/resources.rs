//! Resources and templates as variants of an enum, by `trine_derive::Resources`.

use crate::lists::Found;
use crate::{Field, Kind, Resource, Template};

/// Content that never changes, as it lies in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// Text.
    Text(&'static str),
    /// Anything else.
    Bytes(&'static [u8]),
}

impl Constant {
    /// Its bytes.
    #[must_use]
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// How many bytes it has.
    #[must_use]
    pub const fn size(self) -> u64 {
        self.bytes().len() as u64
    }
}

/// Whether all of these can be arguments of a prompt: texts and choices.
#[must_use]
pub const fn are_arguments(fields: &[Field<'_>]) -> bool {
    let mut at = 0;
    while at < fields.len() {
        if !matches!(fields[at].kind, Kind::Text { .. } | Kind::Choice(_)) {
            return false;
        }
        at += 1;
    }
    true
}

/// The resources and templates of a device, each a variant.
pub trait Resources: Copy + 'static {
    /// Those with an address of their own, in the order of the variants.
    const RESOURCES: &'static [Resource<'static>];
    /// The templates, in the order of the variants.
    const TEMPLATES: &'static [Template<'static>];

    /// The variant of an entry of the lists.
    fn found(found: Found) -> Option<Self>;

    /// Its media type; may be empty.
    fn mime(self) -> &'static str;

    /// Its content, where that never changes.
    fn content(self) -> Option<Constant>;
}
