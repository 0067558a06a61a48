//! Rust types as nodes: what `trine-derive` generates code against.
//!
//! `#[derive(Choice)]` on an enum, `#[derive(Record)]` on a result struct and `#[derive(Tool)]` on a
//! parameter struct implement these traits; the types of the standard library that make sense as
//! nodes implement them here.

use crate::{Args, DecimalRange, Field, IntRange, Kind, ValueWriter};

/// A type that can stand as one node (with the nodes inside it).
pub trait Value {
    /// Its kind, with the widest bounds that the type can hold.
    const KIND: Kind<'static>;
    /// The nodes inside it, flat in pre-order; empty for scalars.
    const NODES: &'static [Field<'static>] = &[];

    /// Writes it as node number `node`.
    fn write(&self, node: u16, out: &mut ValueWriter<'_>);
}

/// A type that can be read from arguments.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Decimal<const PLACES: u8>(pub i64);

impl<const PLACES: u8> Value for Decimal<PLACES> {
    const KIND: Kind<'static> =
        Kind::Decimal(&DecimalRange { min: i64::MIN, max: i64::MAX, step: 0, places: PLACES });

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
                Kind::Int(&IntRange { min: <$type>::MIN as i64, max: <$type>::MAX as i64 });

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
