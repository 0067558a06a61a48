//! The arguments of a call, as its tool asks for them.

use crate::Rules;
use crate::value::{Item, Scalar, ValueReader, tag};

/// The arguments of a call, validated, borrowed from the receive buffer.
///
/// A getter answers the value given, or the descriptor's default when the parameter is absent, or
/// `None` when there is neither. Each getter scans from the start: calls have a handful of
/// parameters, and a scan costs less than an index would in RAM.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, &[])];
///
/// use trine_descriptor::{Args, ValueWriter};
///
/// let mut bytes = [0; 16];
/// let mut arguments = ValueWriter::new(&mut bytes);
/// arguments.int(0, 40);
/// let args = Args::new(&TOOLS, 0, arguments.bytes());
/// assert_eq!(args.int(0), Some(40));
/// assert_eq!(args.text(0), None); // it is no text
/// ```
#[derive(Clone, Copy)]
pub struct Args<'a> {
    table: &'a dyn Rules,
    tool: u16,
    bytes: &'a [u8],
}

impl core::fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Args").field("tool", &self.tool).field("bytes", &self.bytes).finish()
    }
}

impl<'a> Args<'a> {
    /// The arguments of a call of `tool`; `bytes` have passed [`crate::validate()`].
    #[must_use]
    pub const fn new(table: &'a dyn Rules, tool: u16, bytes: &'a [u8]) -> Self {
        Self { table, tool, bytes }
    }

    /// The encoded entries.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the parameter was given.
    #[must_use]
    pub fn has(&self, node: u16) -> bool {
        given(self.bytes, node).is_some()
    }

    /// The value given, or the default, as it lies there.
    #[must_use]
    pub fn item(&self, node: u16) -> Option<Item<'a>> {
        let mut item = given(self.bytes, node);
        if item.is_none() {
            item = self.table.absent(self.tool, node);
        }
        item
    }

    /// The value given, or the default.
    #[must_use]
    pub fn get(&self, node: u16) -> Option<Scalar<'a>> {
        self.item(node)?.value().ok()
    }

    /// A Boolean.
    #[must_use]
    #[inline]
    pub fn bool(&self, node: u16) -> Option<bool> {
        self.number(node, tag::BOOL).map(|value| value != 0)
    }

    /// An integer.
    #[must_use]
    #[inline]
    pub fn int(&self, node: u16) -> Option<i64> {
        self.number(node, tag::INT)
    }

    /// A scaled number.
    #[must_use]
    #[inline]
    pub fn decimal(&self, node: u16) -> Option<i64> {
        self.number(node, tag::DECIMAL)
    }

    /// A text.
    #[must_use]
    pub fn text(&self, node: u16) -> Option<&'a str> {
        core::str::from_utf8(self.text_bytes(node)?).ok()
    }

    /// The bytes of a text. In validated arguments they are UTF-8, which [`Self::text`] has to look
    /// for once more.
    #[must_use]
    pub fn text_bytes(&self, node: u16) -> Option<&'a [u8]> {
        self.item(node).filter(|item| item.tag == tag::TEXT).map(|item| item.text)
    }

    /// The number of a label.
    #[must_use]
    #[inline]
    pub fn label(&self, node: u16) -> Option<u16> {
        self.number(node, tag::LABEL).map(|value| value as u16)
    }

    // Out of line on a microcontroller: one search serves all getters.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    #[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
    fn number(&self, node: u16, tag: u8) -> Option<i64> {
        let Self { table, tool, bytes } = *self;
        #[cfg(all(target_pointer_width = "64", not(trine_small)))]
        if let Some(number) = crate::quick::given(bytes, node, tag) {
            return Some(number);
        }
        any_number(table, tool, bytes, (node, tag))
    }
}

/// The number given, or the default, wherever it is.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(never))]
fn any_number(table: &dyn Rules, tool: u16, bytes: &[u8], (node, tag): (u16, u8)) -> Option<i64> {
    let item = Args::new(table, tool, bytes).item(node)?;
    (item.tag == tag).then_some(item.number)
}

/// The first entry of `node`.
pub(crate) fn given(bytes: &[u8], node: u16) -> Option<Item<'_>> {
    let mut reader = ValueReader::new(bytes);
    loop {
        // Answered as it was read: nothing is copied.
        let item = reader.next_item();
        if item.is_none_or(|item| item.node == node) {
            return item;
        }
    }
}
