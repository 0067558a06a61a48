//! Texts of services, made fit for an answer.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What may stand in a part of a path or query as it is (RFC 3986, section 2.3).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as one part of a path or query.
#[must_use]
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

/// The first `max` code points of a text; what is missing shows as `…`.
#[must_use]
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some(_) => text.chars().take(max.saturating_sub(1)).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// The last lines of a text, of `max` bytes at most, and whether something is missing.
#[must_use]
pub fn tail(text: &str, max: usize) -> (&str, bool) {
    let Some(from) = text.len().checked_sub(max).filter(|from| *from > 0) else {
        return (text, false);
    };
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let end = text.get(from..).unwrap_or_default();
    // A line that is cut is left out, where another one is left.
    let whole = end.split_once('\n').map(|(_, lines)| lines).filter(|lines| !lines.is_empty());
    (whole.unwrap_or(end), true)
}

/// Most bytes of the texts of a list: a result has at most 256 KiB, and is sent twice, once as
/// text.
const LIST_MAX: usize = 120_000;
/// What a number, an object or the head of a text takes at most.
const HEAD: usize = 8;

/// How many of the first items a result has room for: `max` at most, and fewer where their texts
/// are long.
pub fn fitting<'t, T, I: IntoIterator<Item = &'t str>>(
    items: &'t [T],
    max: usize,
    texts: impl Fn(&'t T) -> I,
) -> usize {
    let mut bytes = 0_usize;
    let fits = |item: &&'t T| {
        let size: usize = texts(item).into_iter().map(|text| text.len() + HEAD).sum();
        bytes = bytes.saturating_add(size + HEAD);
        bytes <= LIST_MAX
    };
    items.iter().take(max).take_while(fits).count()
}

/// A text in one line without control characters, of `max` code points at most.
#[must_use]
pub fn clean(text: &str, max: usize) -> String {
    let shown = |each: char| if each.is_control() { ' ' } else { each };
    cut(text.trim().chars().map(shown).collect::<String>().trim(), max)
}

/// The text at a JSON pointer; empty where there is none.
#[must_use]
pub fn member<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{LIST_MAX, clean, cut, escaped, fitting, tail};

    #[test]
    fn nothing_leaves_its_part_of_a_query() {
        assert_eq!(
            escaped("up{a=\"b\"}&c#d/../ é"),
            "up%7Ba%3D%22b%22%7D%26c%23d%2F..%2F%20%C3%A9"
        );
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(clean(" a\r\n\u{1b}[2Jb ", 9), "a   [2Jb");
    }

    #[test]
    fn a_list_is_no_longer_than_its_result_has_room_for() {
        let short = vec!["a"; 300];
        assert_eq!(fitting(&short, 200, |text| [*text]), 200);
        let long = "ü".repeat(500);
        let count = fitting(&vec![long.as_str(); 300], 200, |text| [*text]);
        assert_eq!(count, LIST_MAX / 1016);
    }

    #[test]
    fn the_last_lines_are_kept() {
        assert_eq!(tail("a\nb\n", 4), ("a\nb\n", false));
        assert_eq!(tail("one\ntwo\nthree\n", 11), ("two\nthree\n", true));
        assert_eq!(tail("one\ntwo\nthree\n", 10), ("three\n", true));
        assert_eq!(tail("äöü", 5), ("öü", true));
        assert_eq!(tail("äöü", 3), ("ü", true));
    }
}
