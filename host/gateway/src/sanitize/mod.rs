//! Texts of devices, made harmless: whatever text of a device enters this program goes through
//! here.
//!
//! A code point that a terminal obeys, that hides text or that changes the order in which it is
//! read is replaced by U+FFFD. Names, descriptions, sentences and lines of the log have no need of
//! a line end; values and content may have line ends and tabs, and the joiners that some scripts
//! are written with.

pub(crate) mod extras;
pub(crate) mod record;
pub(crate) mod value;

pub use value::entries;

use std::borrow::Cow;
use std::fmt::Write as _;

/// What stands for what was replaced.
const REPLACED: char = char::REPLACEMENT_CHARACTER;

/// Whether a code point acts on who reads it, in place of being read.
pub(crate) const fn acts(point: char) -> bool {
    matches!(
        point,
        // C0, DEL and C1.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // No width: the soft hyphen, the joiner of graphemes, spaces and joiners, invisible signs,
        // fillers, the byte order mark, and what parts annotations from their text.
        | '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        // The order of reading; U+2066 to U+2069 stand above.
        | '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        // Ends of lines and paragraphs.
        | '\u{2028}'..='\u{2029}'
        // Tags, and the selectors behind them, which hide bytes as well.
        | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What of it is replaced in a value or in content.
const fn acts_in_content(point: char) -> bool {
    acts(point) && !matches!(point, '\n' | '\t' | '\u{200c}' | '\u{200d}')
}

/// A name, a description, a unit, a sentence or a line.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    replaced(text, acts)
}

/// A value that is text, or content.
#[must_use]
pub fn content(text: &str) -> Cow<'_, str> {
    replaced(text, acts_in_content)
}

/// Whether [`plain`] leaves a text as it is.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.chars().any(acts)
}

/// Whether [`content()`] leaves a text as it is.
pub(crate) fn is_content(text: &str) -> bool {
    // Nearly all are ASCII.
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.chars().any(acts_in_content)
}

fn replaced(text: &str, acts: fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|point| if acts(point) { REPLACED } else { point }).collect())
}

/// JSON with every code point that would act on a terminal written as its number. It says the same.
#[must_use]
pub fn terminal_json(text: &str) -> Cow<'_, str> {
    let acts = |point: char| acts(point) && !matches!(point, '\n' | '\t');
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for point in text.chars() {
        if acts(point) {
            for unit in point.encode_utf16(&mut [0; 2]) {
                // A string takes whatever is written to it.
                _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(point);
        }
    }
    Cow::Owned(escaped)
}

/// Text in one line, every code point that would act on a terminal written as `\u{...}`.
#[must_use]
pub fn terminal_text(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for point in text.chars() {
        if acts(point) {
            escaped.extend(point.escape_unicode());
        } else {
            escaped.push(point);
        }
    }
    Cow::Owned(escaped)
}
