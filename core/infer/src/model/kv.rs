//! The cache of keys and values.
//!
//! For each block, key-value head and position there is one row of `head width` numbers, for
//! keys (already turned by their position) and for values alike: (block, head, position, width).

use core::ops::Range;

use trine_arena::Arena;
use trine_ternary::Kernels;

use super::kv_head::KvHead;
use crate::config::Config;
use crate::error::Error;

/// How keys and values are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KvKind {
    /// Single precision: four bytes a number, as computed.
    F32,
    /// Half precision: two bytes a number, rounded to nearest.
    #[default]
    F16,
    /// One byte a number and one `f32` a row, the row's largest magnitude being 127.
    I8,
}

impl KvKind {
    /// The longest context whose keys and values are better kept in half precision.
    pub const NEAR: usize = 512;

    /// How keys and values of a context are best kept: above [`Self::NEAR`] tokens most of
    /// attention's time is theirs, and they are int8.
    ///
    /// ```
    /// use trine_infer::KvKind;
    ///
    /// assert_eq!(KvKind::of_context(KvKind::NEAR), KvKind::F16);
    /// assert_eq!(KvKind::of_context(KvKind::NEAR + 1), KvKind::I8);
    /// ```
    #[must_use]
    pub const fn of_context(context: usize) -> Self {
        if context > Self::NEAR { Self::I8 } else { Self::F16 }
    }
}

/// Keys, or values, of all blocks.
#[derive(Debug)]
enum Rows<'m> {
    F32(&'m mut [f32]),
    F16(&'m mut [u16]),
    /// Codes, and the scale of each row.
    I8(&'m mut [i8], &'m mut [f32]),
}

/// The same to read.
#[derive(Clone, Copy, Debug)]
pub(super) enum View<'c> {
    F32(&'c [f32]),
    F16(&'c [u16]),
    I8(&'c [i8], &'c [f32]),
}

/// The sizes of a cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    kind: KvKind,
    layers: usize,
    kv_heads: usize,
    /// Positions that there is room for.
    context: usize,
    width: usize,
}

impl Shape {
    pub(crate) const fn new(config: &Config, kind: KvKind, context: usize) -> Self {
        let (layers, kv_heads) = (config.layers, config.kv_heads);
        Self { kind, layers, kv_heads, context, width: config.head_width() }
    }

    /// Rows of keys, or of values.
    fn rows(&self) -> Option<usize> {
        self.layers.checked_mul(self.kv_heads)?.checked_mul(self.context)
    }

    /// Bytes of keys and values, without padding: rows of scales come first, codes last.
    pub(crate) fn bytes(&self) -> Option<usize> {
        let row = match self.kind {
            KvKind::F32 => self.width.checked_mul(4)?,
            KvKind::F16 => self.width.checked_mul(2)?,
            KvKind::I8 => self.width.checked_add(4)?,
        };
        self.rows()?.checked_mul(row)?.checked_mul(2)
    }
}

/// Keys and values of all blocks.
#[derive(Debug)]
pub(crate) struct Cache<'m> {
    shape: Shape,
    kernels: Kernels,
    keys: Rows<'m>,
    values: Rows<'m>,
}

impl<'m> Cache<'m> {
    /// A cache in the arena, whose bytes are as they are: a row is written before it is read.
    pub(crate) fn new(
        shape: Shape,
        kernels: Kernels,
        arena: &mut Arena<'m>,
    ) -> Result<Self, Error> {
        let rows = shape.rows().ok_or(Error::TooLarge)?;
        let numbers = rows.checked_mul(shape.width).ok_or(Error::TooLarge)?;
        let (keys, values) = match shape.kind {
            KvKind::F32 => (Rows::F32(arena.as_it_is(numbers)), Rows::F32(arena.as_it_is(numbers))),
            KvKind::F16 => (Rows::F16(arena.as_it_is(numbers)), Rows::F16(arena.as_it_is(numbers))),
            KvKind::I8 => {
                let (key_scales, value_scales) = (arena.as_it_is(rows), arena.as_it_is(rows));
                let (keys, values) = (arena.as_it_is(numbers), arena.as_it_is(numbers));
                (Rows::I8(keys, key_scales), Rows::I8(values, value_scales))
            }
        };
        Ok(Self { shape, kernels, keys, values })
    }

    /// Positions that there is room for.
    pub(crate) const fn context(&self) -> usize {
        self.shape.context
    }

    /// Keeps the key and the value of one head at one position.
    pub(crate) fn put(
        &mut self,
        layer: usize,
        head: usize,
        position: usize,
        key: &[f32],
        value: &[f32],
    ) {
        let row = self.row(layer, head) + position;
        self.keys.put(&self.kernels, row, key);
        self.values.put(&self.kernels, row, value);
    }

    /// The keys and values of one head, of the sequence whose first position is `base`.
    pub(crate) fn head(&self, layer: usize, head: usize, base: usize) -> KvHead<'_> {
        let first = self.row(layer, head) + base;
        KvHead {
            kernels: self.kernels,
            width: self.shape.width,
            first,
            keys: self.keys.view(),
            values: self.values.view(),
        }
    }

    /// The row of position 0.
    const fn row(&self, layer: usize, head: usize) -> usize {
        (layer * self.shape.kv_heads + head) * self.shape.context
    }

    /// Copies keys and values of `count` positions from one place to another; they do not overlap.
    #[cfg(not(target_os = "none"))]
    pub(crate) fn copy(&mut self, from: usize, to: usize, count: usize) {
        let width = self.shape.width;
        for head in 0..self.shape.layers * self.shape.kv_heads {
            let first = head * self.shape.context;
            let span = first + from..first + from + count;
            self.keys.copy(width, span.clone(), first + to);
            self.values.copy(width, span, first + to);
        }
    }

    /// Moves positions `from` down to `to` and the ones after, turning each key by `rotation`.
    /// `row` is room for one row.
    pub(crate) fn shift(
        &mut self,
        from: Range<usize>,
        to: usize,
        row: &mut [f32],
        rotation: impl Fn(&mut [f32]),
    ) {
        let width = self.shape.width;
        for head in 0..self.shape.layers * self.shape.kv_heads {
            let first = head * self.shape.context;
            let span = first + from.start..first + from.end;
            self.keys.copy_within(width, span.clone(), first + to);
            self.values.copy_within(width, span, first + to);
            for place in first + to..first + to + from.len() {
                self.keys.view().read(width, place, row);
                rotation(row);
                self.keys.put(&self.kernels, place, row);
            }
        }
    }
}

impl Rows<'_> {
    fn put(&mut self, kernels: &Kernels, row: usize, numbers: &[f32]) {
        let width = numbers.len();
        let span = row * width..(row + 1) * width;
        match self {
            Self::F32(all) => {
                if let Some(place) = all.get_mut(span) {
                    place.copy_from_slice(numbers);
                }
            }
            Self::F16(halves) => {
                if let Some(place) = halves.get_mut(span) {
                    kernels.to_f16(numbers, place);
                }
            }
            Self::I8(quantized, scales) => {
                if let (Some(place), Some(scale)) =
                    (quantized.get_mut(span), scales.get_mut(row..=row))
                {
                    let written = kernels.quantize_blocks(numbers, width, place, scale);
                    debug_assert!(written.is_ok(), "a row is one block");
                }
            }
        }
    }

    const fn view(&self) -> View<'_> {
        match self {
            Self::F32(all) => View::F32(all),
            Self::F16(halves) => View::F16(halves),
            Self::I8(quantized, scales) => View::I8(quantized, scales),
        }
    }

    /// Copies rows to a place that they do not overlap.
    #[cfg(not(target_os = "none"))]
    fn copy(&mut self, width: usize, rows: Range<usize>, to: usize) {
        let span = rows.start * width..rows.end * width;
        match self {
            Self::F32(all) => copy(all, span, to * width),
            Self::F16(halves) => copy(halves, span, to * width),
            Self::I8(quantized, scales) => {
                copy(quantized, span, to * width);
                copy(scales, rows, to);
            }
        }
    }

    fn copy_within(&mut self, width: usize, rows: Range<usize>, to: usize) {
        let span = rows.start * width..rows.end * width;
        match self {
            Self::F32(all) => move_up(all, span, to * width),
            Self::F16(halves) => move_up(halves, span, to * width),
            Self::I8(quantized, scales) => {
                move_up(quantized, span, to * width);
                move_up(scales, rows, to);
            }
        }
    }
}

/// Copies elements to a place before them, one by one: they may overlap.
pub(super) fn move_up<T: Copy>(all: &mut [T], from: Range<usize>, to: usize) {
    for (from, to) in from.zip(to..) {
        if let Some(element) = all.get(from).copied()
            && let Some(place) = all.get_mut(to)
        {
            *place = element;
        }
    }
}

/// Copies elements to a place in the same slice, all of which is there.
#[cfg(not(target_os = "none"))]
fn copy<T: Copy>(all: &mut [T], from: Range<usize>, to: usize) {
    let fits = |end: usize| end <= all.len();
    if fits(from.end) && fits(to + from.len()) {
        all.copy_within(from, to);
    }
}

impl View<'_> {
    fn read(&self, width: usize, row: usize, numbers: &mut [f32]) {
        let span = row * width..(row + 1) * width;
        match self {
            Self::F32(all) => {
                for (number, element) in numbers.iter_mut().zip(all.get(span).unwrap_or_default()) {
                    *number = *element;
                }
            }
            Self::F16(halves) => {
                for (number, half) in numbers.iter_mut().zip(halves.get(span).unwrap_or_default()) {
                    *number = trine_ternary::f32_from_f16(*half);
                }
            }
            Self::I8(quantized, scales) => {
                let scale = scales.get(row).copied().unwrap_or(0.0);
                for (number, code) in
                    numbers.iter_mut().zip(quantized.get(span).unwrap_or_default())
                {
                    *number = f32::from(*code) * scale;
                }
            }
        }
    }
}
