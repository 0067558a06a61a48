//! What a schema says beyond its nodes: JSON members that a device adds to it.
//!
//! ```text
//! extras = extra*
//! extra  = side:u8  node  members      a JSON object, behind its length
//! ```
//!
//! A host shows them to clients and checks no value by them.

use crate::Side;
use crate::record::Encoder;
use crate::value::ValueReader;

/// The node of an [`Extra`] that stands for the whole schema.
pub const WHOLE: u16 = u16::MAX;

/// Members for one schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extra<'a> {
    /// Whose they are.
    pub of: Of,
    /// The members: a JSON object.
    pub members: &'a str,
}

/// What an [`Extra`] belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A node, or [`WHOLE`].
    Node(Side, u16),
    /// The tool itself, as it stands in a list: icons, and its user interface.
    Tool,
}

/// The records of a list, one after another; what cannot be read ends it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras<'a>(&'a [u8]);

impl<'a> Extras<'a> {
    /// The records in these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The members for one schema; none where there are none.
    #[must_use]
    pub fn members(self, of: Of) -> Option<&'a str> {
        let mut records = self;
        records.find(|extra| extra.of == of).map(|extra| extra.members)
    }
}

impl<'a> Iterator for Extras<'a> {
    type Item = Extra<'a>;

    fn next(&mut self) -> Option<Extra<'a>> {
        let mut from = ValueReader::new(self.0);
        let side = from.byte().ok()?;
        let node = from.short().ok()?;
        let members = from.text().ok()?;
        self.0 = self.0.get(self.0.len() - from.remaining()..)?;
        let of = match side {
            0 => Of::Node(Side::Params, node),
            1 => Of::Node(Side::Output, node),
            _ => Of::Tool,
        };
        Some(Extra { of, members })
    }
}

/// Bytes that records take.
#[must_use]
pub const fn len(extras: &[Extra<'_>]) -> usize {
    encoded(extras, &mut [])
}

/// The records, at compile time in a `const`: `N` is their [`len`].
///
/// ```
/// use trine_descriptor::extras::{self, Extra, Extras, Of};
/// use trine_descriptor::{Side, Tool, ToolInfo};
///
/// const ALL: &[Extra<'static>] =
///     &[Extra { of: Of::Node(Side::Params, 0), members: r#"{"format":"email"}"# }];
/// static BYTES: [u8; extras::len(ALL)] = extras::encode(ALL);
///
/// assert!(Extras::new(&BYTES).eq(ALL.iter().copied()));
/// let tool = Tool::new(ToolInfo::new("mail", "Mails."), &[], &[]);
/// assert_ne!(tool.hash(), tool.with_extras(&BYTES).hash());
/// ```
///
/// # Panics
/// At compile time, when the records have more than `N` bytes.
#[must_use]
pub const fn encode<const N: usize>(extras: &[Extra<'_>]) -> [u8; N] {
    let mut bytes = [0; N];
    assert!(encoded(extras, &mut bytes) <= N, "N is the length of the records");
    bytes
}

/// Writes records to the start of `out`, and answers their length; `None` where they do not fit.
pub fn write(extras: &[Extra<'_>], out: &mut [u8]) -> Option<usize> {
    let len = encoded(extras, out);
    (len <= out.len()).then_some(len)
}

/// Writes what fits, and answers how many bytes there are.
const fn encoded(extras: &[Extra<'_>], out: &mut [u8]) -> usize {
    let mut out = Encoder::window(out, 0);
    let mut at = 0;
    while at < extras.len() {
        let (side, node) = match extras[at].of {
            Of::Node(Side::Params, node) => (0, node),
            Of::Node(Side::Output, node) => (1, node),
            Of::Tool => (2, 0),
        };
        out.byte(side);
        out.number(node as u64);
        out.text(extras[at].members);
        at += 1;
    }
    out.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written_and_no_cut_does_harm() {
        let node = |node| Of::Node(Side::Params, node);
        let all = [
            Extra { of: node(300), members: "{\"a\":1}" },
            Extra { of: Of::Node(Side::Output, WHOLE), members: "{}" },
            Extra { of: Of::Tool, members: "" },
        ];
        let mut bytes = [0; 64];
        let len = write(&all, &mut bytes).unwrap();
        let bytes = &bytes[..len];
        assert!(Extras::new(bytes).eq(all));
        assert_eq!(Extras::new(bytes).members(node(300)), Some("{\"a\":1}"));
        assert_eq!(Extras::new(bytes).members(node(1)), None);
        for short in 0..len {
            assert_eq!(write(&all, &mut [0; 64][..short]), None);
            let read = Extras::new(&bytes[..short]);
            assert!(read.count() < 3 && read.zip(all).all(|(read, all)| read == all));
        }
    }
}
