//! JSON without a heap: a pull reader over a slice and a writer into a slice.
//!
//! The reader is strict RFC 8259 (UTF-8 checked, lone surrogates refused, nothing after the
//! value), never recurses and never copies: strings and numbers are spans of the input that
//! decode on demand. The writer appends to a caller's slice and keeps counting when the slice is
//! full, so one run also answers "how many bytes would it take".

#[cfg(any(feature = "extras", feature = "input"))]
pub(crate) mod added;
pub mod base64;
pub mod number;
pub(crate) mod object;
pub mod reader;
pub mod string;
pub mod writer;

pub(crate) mod scan;
mod skip;
#[cfg(test)]
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
mod tests;
mod utf8;
pub(crate) mod words;

pub use base64::Base64;
pub use number::{Number, Scaled};
pub use object::member;
pub use reader::{JsonError, JsonReader, Kind};
pub use string::JsonText;
pub use words::same;
pub use writer::JsonWriter;

/// Bytes up to the first that is not of UTF-8, such as a text that was cut within a character.
#[must_use]
pub fn text_start(bytes: &[u8]) -> &str {
    let whole = match core::str::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.valid_up_to(),
    };
    bytes.get(..whole).and_then(|start| core::str::from_utf8(start).ok()).unwrap_or_default()
}

#[cfg(test)]
mod start_tests {
    #[test]
    fn a_text_starts_up_to_where_it_was_cut_within_a_character() {
        assert_eq!(super::text_start("äö".as_bytes()), "äö");
        assert_eq!(super::text_start(b"\xc3\xa4\xc3"), "ä");
        assert_eq!(super::text_start(b"a\xffb"), "a");
        assert_eq!(super::text_start(b"\x80"), "");
    }
}
