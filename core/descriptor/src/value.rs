//! Arguments and results as bytes: flat entries of (node, tag, value).
//!
//! An entry is the node number as a varint, a tag, and the value as postcard writes it:
//!
//! | tag | value |
//! |---|---|
//! | 1 bool | one byte, 0 or 1 |
//! | 2 integer | zigzag varint |
//! | 3 decimal | zigzag varint, scaled by the node's `10^places` |
//! | 4 text | varint length, UTF-8 |
//! | 5 label | varint number of the label |
//! | 6 object | nothing: the entries of its members follow |
//! | 7 array | varint count: that many items follow, each an entry of the item's node |
//!
//! Node numbers rise, except that each item of an array starts at the item's node again.

use trine_bits::varint::{self, unzigzag, zigzag};

/// The tags of entries.
pub mod tag {
    /// True or false.
    pub const BOOL: u8 = 1;
    /// Whole number.
    pub const INT: u8 = 2;
    /// Scaled number.
    pub const DECIMAL: u8 = 3;
    /// UTF-8 text.
    pub const TEXT: u8 = 4;
    /// Label of a choice.
    pub const LABEL: u8 = 5;
    /// Members follow.
    pub const OBJECT: u8 = 6;
    /// Items follow.
    pub const ARRAY: u8 = 7;
}

/// The bytes are not what this module writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The value of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// True or false.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Scaled number; the node knows the places.
    Decimal(i64),
    /// UTF-8 text.
    Text(&'a str),
    /// Number of a label.
    Label(u16),
    /// Members follow.
    Object,
    /// This many items follow.
    Array(u16),
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Node number.
    pub node: u16,
    /// Its value.
    pub value: Scalar<'a>,
}

/// One entry as it lies in the bytes: its text, if it is one, not yet looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// Node number.
    pub node: u16,
    /// What it is, of [`tag`].
    pub tag: u8,
    /// The Boolean (0 or 1), the number, the label or the count of items; else 0.
    pub number: i64,
    /// The bytes of a text; else empty.
    pub text: &'a [u8],
}

impl<'a> Item<'a> {
    /// Its value.
    ///
    /// # Errors
    /// [`Malformed`] where a text is not UTF-8.
    pub fn value(&self) -> Result<Scalar<'a>, Malformed> {
        Ok(match self.tag {
            tag::BOOL => Scalar::Bool(self.number != 0),
            tag::INT => Scalar::Int(self.number),
            tag::DECIMAL => Scalar::Decimal(self.number),
            tag::TEXT => Scalar::Text(core::str::from_utf8(self.text).map_err(|_| Malformed)?),
            tag::LABEL => Scalar::Label(self.number as u16),
            tag::OBJECT => Scalar::Object,
            _ => Scalar::Array(self.number as u16),
        })
    }
}

/// A varint of one byte or two, and what follows it.
pub(crate) const fn small(bytes: &[u8]) -> Option<(i32, &[u8])> {
    match bytes {
        [low @ 0..0x80, rest @ ..] => Some((*low as i32, rest)),
        [low, high @ 1..0x80, rest @ ..] => Some((*low as i32 & 0x7f | (*high as i32) << 7, rest)),
        _ => None,
    }
}

/// A varint of three to eight bytes with eight bytes there, and what follows it: all its bytes at
/// once.
fn wide(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let word = u64::from_le_bytes(*bytes.first_chunk()?);
    // The last byte is the first one without the highest bit.
    let ends = !word & 0x8080_8080_8080_8080;
    let bits = ends.trailing_zeros() & !7;
    if !(16..=56).contains(&bits) || word >> bits & 0xff == 0 {
        return None;
    }
    let rest = bytes.get(bits as usize / 8 + 1..)?;
    let sevens = word & u64::MAX >> (56 - bits) & 0x7f7f_7f7f_7f7f_7f7f;
    let pairs = sevens & 0x7f_007f_007f_007f | (sevens & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    Some((fours & 0x0fff_ffff | fours >> 32 << 28, rest))
}

/// Reads entries, or the primitives they are made of. Never panics; what does not parse is
/// [`Malformed`].
///
/// ```
/// use trine_descriptor::{Scalar, ValueReader, ValueWriter};
///
/// let mut bytes = [0; 32];
/// let mut out = ValueWriter::new(&mut bytes);
/// out.int(0, -40);
/// out.text(3, "basil");
/// let mut entries = ValueReader::new(out.bytes());
/// while let Some(entry) = entries.entry()? {
///     match entry.node {
///         0 => assert_eq!(entry.value, Scalar::Int(-40)),
///         _ => assert_eq!(entry.value, Scalar::Text("basil")),
///     }
/// }
/// assert!(entries.is_at_end());
/// # Ok::<(), trine_descriptor::Malformed>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ValueReader<'a> {
    rest: &'a [u8],
}

impl<'a> ValueReader<'a> {
    /// A reader at the start of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all bytes were read.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next entry, or `None` at the end.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are no entry.
    pub fn entry(&mut self) -> Result<Option<Entry<'a>>, Malformed> {
        if self.is_at_end() {
            return Ok(None);
        }
        let item = self.item()?;
        Ok(Some(Entry { node: item.node, value: item.value()? }))
    }

    /// The next entry as it lies there. Unlike [`Self::entry`] it does not look whether a text is
    /// UTF-8.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are no entry, or there are no more.
    pub fn item(&mut self) -> Result<Item<'a>, Malformed> {
        self.next_item().ok_or(Malformed)
    }

    /// The same.
    #[inline]
    pub(crate) fn next_item(&mut self) -> Option<Item<'a>> {
        // Nearly all: a low node, and a value of one byte or two.
        if cfg!(any(feature = "short", all(target_pointer_width = "64", not(trine_small))))
            && let [node @ 0..0x80, tag, ref rest @ ..] = *self.rest
            && matches!(tag, tag::BOOL | tag::INT | tag::DECIMAL | tag::LABEL)
            && let Some((number, rest)) = small(rest)
            && (tag != tag::BOOL || number <= 1)
        {
            self.rest = rest;
            let signed = matches!(tag, tag::INT | tag::DECIMAL);
            let number = if signed { number >> 1 ^ -(number & 1) } else { number };
            return Some(Item { node: node.into(), tag, number: number.into(), text: &[] });
        }
        if cfg!(all(target_pointer_width = "64", not(trine_small)))
            && let [node @ 0..0x80, tag @ (tag::INT | tag::DECIMAL), ref rest @ ..] = *self.rest
            && let Some((raw, rest)) = wide(rest)
        {
            self.rest = rest;
            return Some(Item { node: node.into(), tag, number: unzigzag(raw), text: &[] });
        }
        self.long_item()
    }

    #[inline(never)]
    fn long_item(&mut self) -> Option<Item<'a>> {
        let mut sound = true;
        let node = self.varint(&mut sound);
        // No tag takes a second byte; as a number it is read by the same function.
        let tag = self.varint(&mut sound);
        let tag = if tag < 8 { tag as u8 } else { return None };
        // All values are one number, which for a text is its length: a Boolean is written as a
        // varint would be.
        let raw = if tag == tag::OBJECT { 0 } else { self.varint(&mut sound) };
        if !sound || node > u16::MAX.into() {
            return None;
        }
        let mut item = Item { node: node as u16, tag, number: raw.cast_signed(), text: &[] };
        if matches!(tag, tag::INT | tag::DECIMAL) {
            item.number = unzigzag(raw);
            return Some(item);
        }
        let most = match tag {
            tag::BOOL => 1,
            tag::TEXT => self.rest.len(),
            tag::LABEL..=tag::ARRAY => u16::MAX.into(),
            _ => return None,
        };
        if raw > most as u64 {
            return None;
        }
        if tag == tag::TEXT {
            item.text = self.take(raw as usize).ok()?;
            item.number = 0;
        }
        Some(item)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`Malformed`] at the end.
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        let (&byte, rest) = self.rest.split_first().ok_or(Malformed)?;
        self.rest = rest;
        Ok(byte)
    }

    /// An unsigned varint in as few bytes as it needs: one value has one encoding, so that bytes
    /// can be compared and digested in place of values.
    ///
    /// # Errors
    /// [`Malformed`] at the end, past 64 bits, or where a byte more than needed was spent.
    pub fn number(&mut self) -> Result<u64, Malformed> {
        let mut sound = true;
        let number = self.varint(&mut sound);
        if sound { Ok(number) } else { Err(Malformed) }
    }

    /// The same; takes `sound` back and answers 0 in place of an error, which two registers hold.
    #[inline(never)]
    pub(crate) fn varint(&mut self, sound: &mut bool) -> u64 {
        let end = self.rest.iter().position(|&byte| byte < 0x80);
        if let Some((number, rest)) = end.and_then(|end| self.rest.split_at_checked(end + 1))
            && let [before @ .., last] = number
            && (*last != 0 || before.is_empty())
            // Of 64 bits the tenth byte has one, which is set: else nine would do.
            && (before.len() < 9 || before.len() == 9 && *last == 1)
        {
            self.rest = rest;
            // From the last one on, since shifting 64 bits by a variable takes a function of the
            // compiler's library.
            return number.iter().rfold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
        }
        *sound = false;
        0
    }

    /// An unsigned varint of at most 16 bits.
    ///
    /// # Errors
    /// [`Malformed`] at the end or past 16 bits.
    pub fn short(&mut self) -> Result<u16, Malformed> {
        u16::try_from(self.number()?).map_err(|_| Malformed)
    }

    /// A zigzag varint.
    ///
    /// # Errors
    /// [`Malformed`] as for [`Self::number`].
    pub fn signed(&mut self) -> Result<i64, Malformed> {
        self.number().map(unzigzag)
    }

    /// Text behind its length.
    ///
    /// # Errors
    /// [`Malformed`] at the end or where the bytes are not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        core::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// Bytes behind their length.
    ///
    /// # Errors
    /// [`Malformed`] at the end.
    pub fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.number()?;
        self.take(usize::try_from(len).map_err(|_| Malformed)?)
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`Malformed`] where there are fewer.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Writes entries into a caller's buffer. A write that does not fit changes nothing but a flag, so
/// a tool writes its whole result and the dispatcher looks once.
#[derive(Debug)]
pub struct ValueWriter<'b> {
    out: &'b mut [u8],
    at: usize,
    overflowed: bool,
}

impl<'b> ValueWriter<'b> {
    /// A writer at the start of `out`.
    #[must_use]
    pub const fn new(out: &'b mut [u8]) -> Self {
        Self { out, at: 0, overflowed: false }
    }

    /// How many bytes were written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.at
    }

    /// Whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.at == 0
    }

    /// Whether something did not fit; the bytes are then worthless.
    #[must_use]
    pub const fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// The bytes written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.out.get(..self.at).unwrap_or_default()
    }

    /// Forgets everything written.
    pub const fn clear(&mut self) {
        self.at = 0;
        self.overflowed = false;
    }

    /// An entry of any value.
    pub fn scalar(&mut self, node: u16, value: Scalar<'_>) {
        match value {
            Scalar::Bool(value) => self.bool(node, value),
            Scalar::Int(value) => self.int(node, value),
            Scalar::Decimal(value) => self.decimal(node, value),
            Scalar::Text(value) => self.text(node, value),
            Scalar::Label(value) => self.label(node, value),
            Scalar::Object => self.object(node),
            Scalar::Array(count) => self.array(node, count),
        }
    }

    /// An entry as it would be read. One way in for all of them, where few are written, is smaller
    /// than one for each.
    pub fn item(&mut self, item: &Item<'_>) {
        if cfg!(all(target_pointer_width = "64", not(trine_small))) && item.tag == tag::INT {
            return self.int(item.node, item.number);
        }
        self.head(item.node, item.tag);
        // All values are one number, as they are read; for a text that is its length alone.
        let mut number = item.number.cast_unsigned() | item.text.len() as u64;
        if matches!(item.tag, tag::INT | tag::DECIMAL) {
            number = zigzag(item.number);
        }
        if item.tag != tag::OBJECT {
            self.number(number);
        }
        if cfg!(any(feature = "short", all(target_pointer_width = "64", not(trine_small)))) {
            return self.slice(item.text);
        }
        item.text.iter().for_each(|&byte| self.byte(byte));
    }

    /// True or false.
    #[inline(never)]
    pub fn bool(&mut self, node: u16, value: bool) {
        self.head(node, tag::BOOL);
        self.byte(u8::from(value));
    }

    /// An integer.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    #[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
    pub fn int(&mut self, node: u16, value: i64) {
        if cfg!(all(target_pointer_width = "64", not(trine_small)))
            && let (0..0x80, -0x40..0x40) = (node, value)
            && let Some(room) = self.out.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut)
            && !self.overflowed
        {
            *room = [node as u8, tag::INT, zigzag(value) as u8];
            self.at += 3;
            return;
        }
        self.any_int(node, value);
    }

    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(never))]
    fn any_int(&mut self, node: u16, value: i64) {
        self.head(node, tag::INT);
        self.signed(value);
    }

    /// A number scaled by the node's places.
    #[inline(never)]
    pub fn decimal(&mut self, node: u16, scaled: i64) {
        self.head(node, tag::DECIMAL);
        self.signed(scaled);
    }

    /// Text.
    pub fn text(&mut self, node: u16, value: &str) {
        self.head(node, tag::TEXT);
        self.number(value.len() as u64);
        self.slice(value.as_bytes());
    }

    /// A label by its number.
    #[inline(never)]
    pub fn label(&mut self, node: u16, index: u16) {
        self.head(node, tag::LABEL);
        self.number(u64::from(index));
    }

    /// An object; the entries of its members come next.
    pub fn object(&mut self, node: u16) {
        self.head(node, tag::OBJECT);
    }

    /// An array; `count` entries of its item's node come next.
    pub fn array(&mut self, node: u16, count: u16) {
        self.head(node, tag::ARRAY);
        self.number(u64::from(count));
    }

    /// Entries that were encoded before.
    pub fn slice(&mut self, bytes: &[u8]) {
        match self.at.checked_add(bytes.len()).and_then(|end| self.out.get_mut(self.at..end)) {
            Some(place) if !self.overflowed => {
                // The lengths are equal, which `copy_from_slice` would look at once more.
                place.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                self.at += bytes.len();
            }
            _ => self.overflowed = true,
        }
    }

    /// What `write` writes to the free part and answers the length of; it writes nothing where it
    /// answers `None`, which counts as what does not fit.
    pub fn with_rest(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) {
        let rest = self.out.get_mut(self.at..).unwrap_or_default();
        match write(rest) {
            Some(len) if !self.overflowed && len <= rest.len() => self.at += len,
            _ => self.overflowed = true,
        }
    }

    fn head(&mut self, node: u16, tag: u8) {
        self.number(u64::from(node));
        self.byte(tag);
    }

    fn signed(&mut self, value: i64) {
        self.number(zigzag(value));
    }

    #[inline(never)]
    fn number(&mut self, value: u64) {
        varint::encode(value, |byte| self.byte(byte));
    }

    fn byte(&mut self, byte: u8) {
        match self.out.get_mut(self.at) {
            Some(place) if !self.overflowed => {
                *place = byte;
                self.at += 1;
            }
            _ => self.overflowed = true,
        }
    }
}
