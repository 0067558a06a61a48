//! The values that are no containers.

use core::ops::RangeInclusive;

use trine_descriptor::value::tag;
use trine_descriptor::{Kind, Scalar, ValueReader};

use super::cursor::Cursor;
use super::number::{boolean, decimal, integer, is_multiple};
use super::pair::{Pair, Place};
use crate::json::JsonWriter;
use crate::json::words::{Words, bar};

/// Writes the value of the entry that starts `entries`, whose tag and value these are, and a comma.
/// Answers what follows both.
#[inline(always)]
pub(super) fn scalar<'e, 'o>(
    kind: &Kind<'_>,
    (entries, tag, value): (&'e [u8], u8, &'e [u8]),
    pair: Pair<'o>,
    (at, is_plain): (Place, bool),
) -> Option<(Pair<'o>, &'e [u8])> {
    let short = match (kind, tag) {
        (Kind::Int(range), tag::INT) => integer(value, range),
        (Kind::Bool, tag::BOOL) => boolean(value),
        (Kind::Decimal(range), tag::DECIMAL) => decimal(value, range),
        _ => None,
    };
    if let Some((word, len, rest)) = short {
        return Some((pair.short(at, (word, len))?, rest));
    }
    let string = match (kind, tag) {
        (Kind::Choice(labels), tag::LABEL) => label(labels, is_plain, value),
        (Kind::Text { min, max }, tag::TEXT) => short_text(value, *min..=*max),
        _ => None,
    };
    match string {
        Some((words, len, rest)) => Some((pair.string(at, (&words, len))?, rest)),
        None => any(kind, entries, pair.after(at)?),
    }
}

/// A short string, its length, and what follows its entry.
type String<'e> = (Words, usize, &'e [u8]);

/// The label of an entry.
#[inline(always)]
pub(super) fn label<'e>(labels: &str, is_plain: bool, value: &'e [u8]) -> Option<String<'e>> {
    let [label @ 0..0x80, rest @ ..] = value else { return None };
    let label = label_at(labels, *label)?;
    Some((Words::of(label, is_plain)?, label.len(), rest))
}

/// The text of an entry. A byte may be counted as a code point: it is ASCII.
#[inline(always)]
pub(super) fn short_text(value: &[u8], allowed: RangeInclusive<u16>) -> Option<String<'_>> {
    let [len @ 0..0x80, rest @ ..] = value else { return None };
    let (text, rest) = rest.split_at_checked(usize::from(*len))?;
    let words = Words::of_plain(text).filter(|_| allowed.contains(&(*len).into()))?;
    Some((words, text.len(), rest))
}

/// A label of a choice.
#[inline(always)]
fn label_at(labels: &str, number: u8) -> Option<&[u8]> {
    let mut rest = labels.as_bytes();
    for _ in 0..number {
        rest = rest.get(bar(rest) + 1..)?;
    }
    rest.get(..bar(rest))
}

/// Writes a string that needs no escapes.
#[inline(always)]
fn quoted(value: &[u8], out: &mut Cursor<'_>, text: &mut Cursor<'_>) -> Option<()> {
    out.literal(b"\"")?;
    out.plain(value)?;
    out.literal(b"\"")?;
    text.literal(b"\\\"")?;
    text.plain(value)?;
    text.literal(b"\\\"")
}

/// Writes the value of the entry that starts `entries`, and a comma. Answers what follows both.
#[inline(always)]
pub(super) fn any<'e, 'o>(
    kind: &Kind<'_>,
    entries: &'e [u8],
    pair: Pair<'o>,
) -> Option<(Pair<'o>, &'e [u8])> {
    let (len, rest) = written(kind, entries, &mut *pair.out, &mut *pair.text)?;
    Some((pair.after(len)?.lead(b',')?, rest))
}

// It gets the room itself, so that the cursors need not lie in memory.
#[inline(never)]
fn written<'e, 'o>(
    kind: &Kind<'_>,
    entries: &'e [u8],
    out: &'o mut [u8],
    text: &'o mut [u8],
) -> Option<(Place, &'e [u8])> {
    let mut reader = ValueReader::new(entries);
    let value = reader.entry().ok()??.value;
    let rest = reader.take(reader.remaining()).ok()?;
    let all = (out.len(), text.len());
    let (mut out, mut text) = (Cursor(out), Cursor(text));
    one(kind, value, &mut out, &mut text)?;
    Some((Place::new(all.0 - out.0.len(), all.1 - text.0.len()), rest))
}

/// Writes a value of any kind but a container.
fn one(
    kind: &Kind<'_>,
    value: Scalar<'_>,
    out: &mut Cursor<'_>,
    text: &mut Cursor<'_>,
) -> Option<()> {
    let mut digits = [0; 32];
    let mut number = JsonWriter::new(&mut digits);
    match (kind, value) {
        // What is written here is ASCII: a byte is a code point.
        (Kind::Text { min, max }, Scalar::Text(value))
            if (usize::from(*min)..=usize::from(*max)).contains(&value.len()) =>
        {
            return quoted(value.as_bytes(), out, text);
        }
        (Kind::Choice(_), Scalar::Label(label)) => {
            return quoted(kind.label(label.into())?.as_bytes(), out, text);
        }
        (Kind::Int(range), Scalar::Int(value)) if range.min <= value && value <= range.max => {
            number.integer(value);
        }
        (Kind::Decimal(range), Scalar::Decimal(value))
            if range.min <= value && value <= range.max && is_multiple(value, range) =>
        {
            number.decimal(value, range.places);
        }
        _ => return None,
    }
    let len = number.finish().ok()?;
    out.start(&digits, len)?;
    text.start(&digits, len)
}

#[cfg(test)]
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
mod tests {
    use super::*;

    fn text<'e>((words, len, rest): &(Words, usize, &'e [u8])) -> (std::vec::Vec<u8>, &'e [u8]) {
        let mut room = [0; Words::LEN_MAX];
        words.store(&mut room);
        (room[..*len].to_vec(), rest)
    }

    #[test]
    fn labels_are_found_by_their_number() {
        for (number, wanted) in ["heat", "", "a_label_of_some_size", "off"].iter().enumerate() {
            let labels = "heat||a_label_of_some_size|off";
            let number = number as u8;
            assert_eq!(label_at(labels, number), Some(wanted.as_bytes()));
            // Those of two words at most are written at once.
            let entry = [number, 9];
            let found = label(labels, true, &entry).map(|it| text(&it));
            let is_short = wanted.len() <= Words::LEN_MAX;
            assert_eq!(found, is_short.then(|| (wanted.as_bytes().to_vec(), &[9][..])));
        }
        assert_eq!(label_at("heat|off", 2), None);
        assert!(label("heat|off", true, &[2]).is_none() && label("heat", true, &[]).is_none());
        assert!(label("heat", true, &[0x80, 1]).is_none(), "a number of two bytes");
        assert!(label("a\"b|c", false, &[0]).is_none(), "it needs an escape");
        assert!(label("a\"b|c", false, &[1]).is_some());
    }

    #[test]
    fn short_texts_of_plain_ascii_are_written_at_once_within_their_bounds() {
        for len in 0..=20u8 {
            let entry: std::vec::Vec<u8> =
                core::iter::once(len).chain((b'a'..).take(usize::from(len))).chain([7]).collect();
            let found = |min, max| short_text(&entry, min..=max).map(|it| text(&it));
            let bytes = &entry[1..=usize::from(len)];
            let is_short = usize::from(len) <= Words::LEN_MAX;
            let wanted = is_short.then(|| (bytes.to_vec(), &[7][..]));
            let exact = u16::from(len);
            assert_eq!(found(exact, exact), wanted);
            assert!(found(exact + 1, 40).is_none());
            assert!(len == 0 || found(0, exact - 1).is_none());
            assert!(short_text(&entry[..usize::from(len)], 0..=40).is_none(), "cut");
        }
        for special in [b"\x02a\"", b"\x02\\a", b"\x02a\x1f", b"\x02\xc3\xa9"] {
            assert!(short_text(special, 0..=40).is_none());
        }
    }
}
