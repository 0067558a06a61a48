//! Values that are no containers.

use trine_bits::varint;
use trine_descriptor::value::tag;
use trine_descriptor::{Fault, FaultCode, IntRange, Kind, ValueWriter};

use super::{JUDGES, Refusal, Value, fault};
use crate::json::reader::string_from;
use crate::json::scan::{WORD, plain_end, word_of_plain};
use crate::json::words::{bar, same};
use crate::json::writer::copy;
use crate::json::{JsonReader, JsonText, Number, Scaled};

/// Encodes one scalar at the start of `out`.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(never))]
#[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(always))]
pub(super) fn encode<'m>(
    node: u16,
    kind: &Kind<'_>,
    rest: &'m [u8],
    out: &mut [u8],
) -> Result<Value<'m>, Refusal<'m>> {
    let mut reader = JsonReader::new(rest);
    let mut writer = ValueWriter::new(out);
    let right = match (kind, reader.next_byte()?) {
        (Kind::Int(range), b'0'..=b'9' | b'-') => {
            let number = reader.number()?;
            let bounds = (range.min, range.max);
            let value = match number.small() {
                Some(small) => small,
                None => {
                    scaled(number, 0, node, bounds)?.ok_or(fault(FaultCode::WrongType, node))?
                }
            };
            writer.int(node, value);
            within(value, bounds)
        }
        (Kind::Decimal(range), b'0'..=b'9' | b'-') => {
            let bounds = (range.min, range.max);
            let value = scaled(reader.number()?, range.places, node, bounds)?;
            let step = Fault::bound(FaultCode::NotAMultiple, node, range.step.max(1));
            let value = value.ok_or(Refusal::Fault(step))?;
            writer.decimal(node, value);
            within(value, bounds) && value.checked_rem(range.step).is_none_or(|rem| rem == 0)
        }
        (Kind::Bool, b't' | b'f') => {
            writer.bool(node, reader.bool()?);
            true
        }
        (Kind::Choice(_), b'"') => {
            let text = reader.string()?;
            let label = kind.labels().position(|label| text.is(label.as_bytes()));
            writer.label(node, label.ok_or(fault(FaultCode::NotAChoice, node))? as u16);
            true
        }
        (&Kind::Text { min, max }, b'"') => {
            let value = reader.string()?;
            text(node, value, &mut writer);
            if writer.overflowed() {
                return Err(too_long(value, node, max));
            }
            // The highest number there is stands for no bound.
            JUDGES && (min..=max).contains(&(value.code_points().min(u16::MAX.into()) as u16))
        }
        _ => {
            reader.kind()?;
            return Err(fault(FaultCode::WrongType, node));
        }
    };
    if writer.overflowed() {
        return Err(Refusal::Space);
    }
    Ok(Value { len: writer.len(), right, inside: 0, rest: reader.rest() })
}

/// What [`plain`] has encoded: the length of the entry, whether it keeps the rules of its node, and
/// what follows.
type Plain<'m> = (usize, bool, &'m [u8]);

/// Encodes a natural number of one digit or two, where its end is plain to see.
#[inline(always)]
pub(super) fn small<'m>(
    node: u8,
    range: &IntRange,
    text: &'m [u8],
    out: &mut [u8],
) -> Option<Plain<'m>> {
    let (value, rest) = match text {
        [a @ b'0'..=b'9', b',' | b'}', ..] => (a & 15, text.get(1..)?),
        [a @ b'1'..=b'9', b @ b'0'..=b'9', b',' | b'}', ..] => {
            (10 * (a & 15) + (b & 15), text.get(2..)?)
        }
        _ => return None,
    };
    let (low, high) = (value << 1 & 0x7f, value >> 6);
    let long = u8::from(high > 0);
    *out.first_chunk_mut()? = [node, tag::INT, low | long << 7, high];
    Some((usize::from(3 + long), within(value.into(), (range.min, range.max)), rest))
}

/// Encodes what needs no second look: a plain number, a Boolean, a label or a text of plain ASCII,
/// for a node below 128. `None` says nothing.
#[inline(always)]
pub(super) fn plain<'m>(
    node: u8,
    kind: &Kind<'_>,
    text: &'m [u8],
    out: &mut [u8],
) -> Option<Plain<'m>> {
    match kind {
        Kind::Bool => {
            let (value, rest) = match text {
                [b't', b'r', b'u', b'e', rest @ ..] => (1, rest),
                [b'f', b'a', b'l', b's', b'e', rest @ ..] => (0, rest),
                _ => return None,
            };
            *out.first_chunk_mut()? = [node, tag::BOOL, value];
            Some((3, true, rest))
        }
        Kind::Choice(labels) => {
            let (text, rest) = plain_string(text)?;
            let label = label_number(labels.as_bytes(), text).filter(|label| *label < 0x80)?;
            *out.first_chunk_mut()? = [node, tag::LABEL, label as u8];
            Some((3, true, rest))
        }
        &Kind::Text { min, max } => {
            let (text, points, rest) = match plain_string(text) {
                Some((text, rest)) => (text, text.len(), rest),
                None => unescaped(text)?,
            };
            let len = u8::try_from(text.len()).ok().filter(|len| *len < 0x80)?;
            let (head, room) = out.split_first_chunk_mut()?;
            *head = [node, tag::TEXT, len];
            copy(room.get_mut(..text.len())?, text);
            // No more than the bytes.
            Some((3 + text.len(), (min..=max).contains(&(points as u16)), rest))
        }
        Kind::Int(range) => {
            if JUDGES && let Some(small) = small(node, range, text, out) {
                return Some(small);
            }
            let (number, rest) = Number::read(text)?;
            let value = number.small()?;
            let len = plain_number((node, tag::INT), value, out)?;
            Some((len, within(value, (range.min, range.max)), rest))
        }
        Kind::Decimal(range) => {
            let (value, rest) = plain_decimal(text, range.places)?;
            let len = plain_number((node, tag::DECIMAL), value, out)?;
            let fits = value.checked_rem(range.step).is_none_or(|rem| rem == 0);
            Some((len, within(value, (range.min, range.max)) && fits, rest))
        }
        _ => None,
    }
}

/// Writes an entry with a number.
fn plain_number((node, tag): (u8, u8), value: i64, out: &mut [u8]) -> Option<usize> {
    let (head, room) = out.split_first_chunk_mut()?;
    *head = [node, tag];
    Some(2 + varint::write(varint::zigzag(value), room)?)
}

/// A number of few digits in units of 10^-`places`, and what follows it.
fn plain_decimal(text: &[u8], places: u8) -> Option<(i64, &[u8])> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        _ => (false, text),
    };
    let (whole, rest) = Number::read_digits(digits)?;
    let (mut value, mut left, mut rest) = (whole, places, rest);
    if let [b'.', digits @ ..] = rest {
        rest = digits;
        while let ([digit @ b'0'..=b'9', tail @ ..], 1..) = (rest, left) {
            value = value.checked_mul(10)?.checked_add(i64::from(digit & 15))?;
            (left, rest) = (left - 1, tail);
        }
        if rest.len() == digits.len() {
            return None;
        }
    }
    for _ in 0..left {
        value = value.checked_mul(10)?;
    }
    let value = if is_negative { -value } else { value };
    matches!(rest, [b',' | b'}', ..]).then_some((value, rest))
}

/// A string of plain ASCII, and what follows it.
#[inline(always)]
fn plain_string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let [b'"', text @ ..] = text else { return None };
    let mut end = word_of_plain(text, 0);
    if end == WORD {
        end = word_of_plain(text, end);
    }
    match text.get(end)? {
        b'"' => {}
        b'\\' | 0x80.. => return None,
        _ => end = plain_end(text, end),
    }
    match text.split_at_checked(end)? {
        (text, [b'"', rest @ ..]) => Some((text, rest)),
        _ => None,
    }
}

/// A string without escapes, its code points, and what follows it.
#[inline(never)]
fn unescaped(text: &[u8]) -> Option<(&[u8], usize, &[u8])> {
    let [b'"', text @ ..] = text else { return None };
    let (text, rest) = string_from(text, 0).ok()?;
    Some((text.plain()?, text.code_points(), rest))
}

/// The number of the label that is this text.
#[inline(always)]
fn label_number(mut labels: &[u8], text: &[u8]) -> Option<usize> {
    let mut number = 0;
    loop {
        let end = bar(labels);
        if end == text.len() && same(labels.get(..end)?, text) {
            return Some(number);
        }
        labels = labels.get(end + 1..)?;
        number += 1;
    }
}

/// Whether a number is within bounds; no one asks where arguments are not judged.
#[inline(always)]
const fn within(value: i64, (min, max): (i64, i64)) -> bool {
    JUDGES && min <= value && value <= max
}

/// Writes a text entry, decoded on the way.
fn text(node: u16, text: JsonText<'_>, writer: &mut ValueWriter<'_>) {
    varint::encode(node.into(), |byte| writer.slice(&[byte]));
    writer.slice(&[tag::TEXT]);
    varint::encode(text.decoded_len() as u64, |byte| writer.slice(&[byte]));
    match text.plain() {
        Some(plain) => writer.slice(plain),
        None => {
            let mut utf8 = [0; 4];
            text.pieces().for_each(|piece| writer.slice(piece.bytes(&mut utf8)));
        }
    }
}

/// The number in units of 10^-places; `None` if it is no multiple of that.
fn scaled<'m>(
    number: Number<'m>,
    places: u8,
    node: u16,
    (min, max): (i64, i64),
) -> Result<Option<i64>, Refusal<'m>> {
    match number.scaled(places) {
        Scaled::Exact(value) => Ok(Some(value)),
        Scaled::Inexact => Ok(None),
        Scaled::TooLarge => Err(Refusal::Fault(Fault::bound(FaultCode::TooLarge, node, max))),
        Scaled::TooSmall => Err(Refusal::Fault(Fault::bound(FaultCode::TooSmall, node, min))),
    }
}

/// A text that does not fit the buffer: the device would refuse most of them, so say what it says.
fn too_long(text: JsonText<'_>, node: u16, max: u16) -> Refusal<'_> {
    if max != u16::MAX && text.code_points() > usize::from(max) {
        return Refusal::Fault(Fault::bound(FaultCode::TooLong, node, max.into()));
    }
    Refusal::Space
}
