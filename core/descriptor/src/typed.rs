//! Rust types as nodes: what `trine-derive` generates code against.
//!
//! `#[derive(Choice)]` on an enum, `#[derive(Record)]` on a result struct and `#[derive(Tool)]` on
//! a parameter struct implement these traits; the types of the standard library that make sense as
//! nodes implement them here.

use crate::{Args, DecimalRange, Field, IntRange, Kind, Literal, NODES_MAX, ValueWriter};

/// A type that can stand as one node (with the nodes inside it).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a node of a descriptor",
    note = "derive `Choice` for an enum and `Record` for a struct"
)]
pub trait Value {
    /// Its kind, with the widest bounds that the type can hold.
    const KIND: Kind<'static>;
    /// The nodes inside it, flat in pre-order; empty for scalars.
    const NODES: &'static [Field<'static>] = &[];

    /// Writes it as node number `node`.
    fn write(&self, node: u16, out: &mut ValueWriter<'_>);
}

/// A struct whose members are nodes. `#[derive(Record)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the result of a tool",
    note = "derive `Record` for a struct whose fields are the members of the result"
)]
pub trait Record {
    /// The members, flat in pre-order, numbered from 0.
    const FIELDS: &'static [Field<'static>];

    /// Writes the members, the first as node number `base`: 0 at the top level of a result.
    fn write_fields(&self, base: u16, out: &mut ValueWriter<'_>);
}

/// A type that can be read from arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter",
    note = "parameters are `bool`, `u8` to `i64`, `Decimal`, `&str` and enums that derive `Choice`"
)]
pub trait FromArgs<'a>: Sized {
    /// Reads it from node number `node`; `None` when absent without a default.
    fn read(args: &Args<'a>, node: u16) -> Option<Self>;
}

/// A parameter struct. `#[derive(Tool)]` implements it and adds `const TOOL`.
pub trait ToolParams<'a>: Sized {
    /// Reads all parameters; `None` only where the arguments were not validated.
    fn read(args: &Args<'a>) -> Option<Self>;
}

/// An enum whose variants are the labels of a choice. `#[derive(Choice)]` implements it.
pub trait Choice: Sized + Copy {
    /// The labels in order of the variants, joined by `|`.
    const LABELS: &'static str;
    /// The number of this label.
    fn index(self) -> u16;
    /// The variant of a number.
    fn from_index(index: u16) -> Option<Self>;
}

/// A number with `PLACES` digits after the point, held scaled: `Decimal::<1>(215)` is 21.5.
///
/// ```
/// use trine_descriptor::{Decimal, Scalar, Value, ValueReader, ValueWriter};
///
/// // 21.5 degrees, in tenths.
/// let mut bytes = [0; 8];
/// let mut out = ValueWriter::new(&mut bytes);
/// Decimal::<1>(215).write(0, &mut out);
/// let entry = ValueReader::new(out.bytes()).entry()?;
/// assert_eq!(entry.map(|entry| entry.value), Some(Scalar::Decimal(215)));
/// # Ok::<(), trine_descriptor::Malformed>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Decimal<const PLACES: u8>(pub i64);

impl<const PLACES: u8> Value for Decimal<PLACES> {
    const KIND: Kind<'static> =
        Kind::Decimal(DecimalRange { min: i64::MIN, max: i64::MAX, step: 0, places: PLACES });

    fn write(&self, node: u16, out: &mut ValueWriter<'_>) {
        out.decimal(node, self.0);
    }
}

impl<'a, const PLACES: u8> FromArgs<'a> for Decimal<PLACES> {
    fn read(args: &Args<'a>, node: u16) -> Option<Self> {
        args.decimal(node).map(Self)
    }
}

impl Value for bool {
    const KIND: Kind<'static> = Kind::Bool;

    fn write(&self, node: u16, out: &mut ValueWriter<'_>) {
        out.bool(node, *self);
    }
}

impl<'a> FromArgs<'a> for bool {
    fn read(args: &Args<'a>, node: u16) -> Option<Self> {
        args.bool(node)
    }
}

impl Value for &str {
    const KIND: Kind<'static> = Kind::Text { min: 0, max: u16::MAX };

    fn write(&self, node: u16, out: &mut ValueWriter<'_>) {
        out.text(node, self);
    }
}

impl<'a> FromArgs<'a> for &'a str {
    fn read(args: &Args<'a>, node: u16) -> Option<Self> {
        args.text(node)
    }
}

impl<T: Value> Value for Option<T> {
    const KIND: Kind<'static> = T::KIND;
    const NODES: &'static [Field<'static>] = T::NODES;

    fn write(&self, node: u16, out: &mut ValueWriter<'_>) {
        if let Some(value) = self {
            value.write(node, out);
        }
    }
}

impl<'a, T: FromArgs<'a>> FromArgs<'a> for Option<T> {
    // An absent optional parameter is a value of the struct, not a failure of reading.
    fn read(args: &Args<'a>, node: u16) -> Option<Self> {
        Some(T::read(args, node))
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const KIND: Kind<'static> =
                Kind::Int(IntRange { min: <$type>::MIN as i64, max: <$type>::MAX as i64 });

            fn write(&self, node: u16, out: &mut ValueWriter<'_>) {
                out.int(node, i64::from(*self));
            }
        }

        impl<'a> FromArgs<'a> for $type {
            fn read(args: &Args<'a>, node: u16) -> Option<Self> {
                Self::try_from(args.int(node)?).ok()
            }
        }
    )*};
}

integers!(u8, i8, u16, i16, u32, i32, i64);

/// How many nodes some lists hold together; for generated code.
#[must_use]
pub const fn total(parts: &[&[Field<'static>]]) -> usize {
    let (mut count, mut i) = (0, 0);
    while i < parts.len() {
        count += parts[i].len();
        i += 1;
    }
    count
}

/// Joins lists of nodes at compile time; for generated code. `N` is [`total`] of the same lists.
#[must_use]
pub const fn concat<const N: usize>(parts: &[&[Field<'static>]]) -> [Field<'static>; N] {
    let mut all = [Field::new("", Kind::Bool); N];
    let (mut at, mut i) = (0, 0);
    while i < parts.len() {
        let mut j = 0;
        while j < parts[i].len() {
            all[at] = parts[i][j];
            at += 1;
            j += 1;
        }
        i += 1;
    }
    all
}

/// The node number of the first node of list number `list`; for generated code.
///
/// # Panics
/// At compile time, when there are more nodes than [`NODES_MAX`].
#[must_use]
pub const fn offset(parts: &[&[Field<'static>]], list: usize) -> u16 {
    let (mut count, mut i) = (0, 0);
    while i < list {
        count += parts[i].len();
        i += 1;
    }
    assert!(count <= NODES_MAX, "a descriptor has at most 128 nodes: split the tool");
    count as u16
}

/// The kind of an object that holds these lists; for generated code.
///
/// # Panics
/// At compile time, when there are more nodes than [`NODES_MAX`].
#[must_use]
pub const fn object(parts: &[&[Field<'static>]]) -> Kind<'static> {
    Kind::Object { nodes: offset(parts, parts.len()) as u8 }
}

/// The kind of an array whose item is these lists; for generated code. `usize::MAX` leaves `max`
/// open.
///
/// # Panics
/// At compile time, when the bounds do not fit together or there are too many nodes.
#[must_use]
pub const fn array(parts: &[&[Field<'static>]], min: usize, max: usize) -> Kind<'static> {
    assert!(min <= max, "the fewest items are more than the most");
    assert!(min < 255 && (max < 255 || max == usize::MAX), "an array has at most 254 items");
    Kind::Array { nodes: offset(parts, parts.len()) as u8, min: min as u8, max: max as u8 }
}

/// The kind of a text; for generated code. `i64::MAX` leaves `max` open.
///
/// # Panics
/// At compile time, when the bounds do not fit together.
#[must_use]
pub const fn text(min: i64, max: i64) -> Kind<'static> {
    assert!(0 <= min && min <= max, "the shortest length is above the longest");
    assert!(min < 65535 && (max < 65535 || max == i64::MAX), "a text has at most 65534 characters");
    Kind::Text { min: min as u16, max: max as u16 }
}

/// What an integer type holds; for generated code.
#[must_use]
pub const fn natural(kind: Kind<'static>) -> IntRange {
    if let Kind::Int(range) = kind { range } else { IntRange::OPEN }
}

/// The bounds of an integer of a type of that kind; for generated code.
///
/// # Panics
/// At compile time, when the bounds do not fit together or the type cannot hold them.
#[must_use]
pub const fn int_range(min: i64, max: i64, kind: Kind<'static>) -> IntRange {
    let IntRange { min: low, max: high } = natural(kind);
    assert!(min <= max, "the minimum is above the maximum");
    assert!(min == i64::MIN || (low <= min && min <= high), "the type cannot hold the minimum");
    assert!(max == i64::MAX || (low <= max && max <= high), "the type cannot hold the maximum");
    IntRange { min, max }
}

/// The bounds of a decimal, scaled; for generated code.
///
/// # Panics
/// At compile time, when the bounds do not fit together.
#[must_use]
pub const fn decimal_range(min: i64, max: i64, step: i64, places: u8) -> DecimalRange {
    assert!(min <= max, "the minimum is above the maximum");
    assert!(step >= 0, "a step is not negative");
    DecimalRange { min, max, step, places }
}

/// The default of a node of that kind; for generated code.
///
/// # Panics
/// At compile time, when the default breaks the bounds.
#[must_use]
pub const fn default_of(kind: Kind<'static>, literal: Literal<'static>) -> Literal<'static> {
    let fits = match (kind, literal) {
        (Kind::Int(range), Literal::Number(value)) => range.min <= value && value <= range.max,
        (Kind::Decimal(range), Literal::Number(value)) => {
            range.min <= value && value <= range.max && (range.step == 0 || value % range.step == 0)
        }
        (Kind::Text { min, max }, Literal::Text(value)) => {
            let points = characters(value.as_bytes());
            min as usize <= points && points <= max as usize
        }
        _ => true,
    };
    assert!(fits, "the default is out of the parameter's own bounds");
    literal
}

/// How many characters there are in UTF-8 text: all bytes but those that continue one.
const fn characters(bytes: &[u8]) -> usize {
    let (mut count, mut i) = (0, 0);
    while i < bytes.len() {
        count += (bytes[i] & 0xc0 != 0x80) as usize;
        i += 1;
    }
    count
}

/// The number of a label; for generated code.
///
/// # Panics
/// At compile time, when there is no such label.
#[must_use]
pub const fn label_index(labels: &str, label: &str) -> u16 {
    let (labels, label) = (labels.as_bytes(), label.as_bytes());
    let (mut start, mut index) = (0, 0);
    loop {
        let mut end = start;
        while end < labels.len() && labels[end] != b'|' {
            end += 1;
        }
        let mut same = end - start == label.len();
        let mut i = 0;
        while same && i < label.len() {
            same = labels[start + i] == label[i];
            i += 1;
        }
        if same {
            return index;
        }
        assert!(end < labels.len(), "the choice has no such label");
        start = end + 1;
        index += 1;
    }
}

/// The count of a list as it is written; for generated code. A list of more than 65535 items is
/// written wrong and refused when the result is checked.
#[must_use]
pub const fn count(len: usize) -> u16 {
    if len > u16::MAX as usize { u16::MAX } else { len as u16 }
}
