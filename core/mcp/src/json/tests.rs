//! The short ways of the reader by themselves, and what it says of a text that is wrong.

use std::format;

use super::reader::{plain_member, token};
use super::{JsonError, JsonReader};

#[test]
fn each_fault_of_a_text_has_its_own_error() {
    let skip = |text: &str| JsonReader::new(text.as_bytes()).skip_value().map(|_| ());
    let deep = "[".repeat(65);
    for (text, error) in [
        ("", JsonError::End),
        ("  ", JsonError::End),
        ("\"a", JsonError::End),
        ("[1", JsonError::End),
        ("{\"a\":", JsonError::End),
        ("\"a string of more than two words, without its end", JsonError::End),
        ("?", JsonError::Syntax),
        ("[1 2]", JsonError::Syntax),
        ("\"a string of two words and more\u{1}\"", JsonError::Syntax),
        ("\"\\x\"", JsonError::Escape),
        ("\"a string of two words and more \\ud800\"", JsonError::Escape),
        ("\"\\ud83dxxde42\"", JsonError::Escape),
        ("\"\\ud83d\\uDBFF\"", JsonError::Escape),
        (&deep, JsonError::Depth),
    ] {
        assert_eq!(skip(text), Err(error), "{text}");
    }
    let utf8 = |bytes: &[u8]| JsonReader::new(bytes).string().map(|_| ());
    assert_eq!(utf8(b"\"\x80\""), Err(JsonError::Utf8));
    assert_eq!(utf8(b"\"\xc3\xa9 and then some more, and \xed\xa0\x80\""), Err(JsonError::Utf8));
    assert_eq!(utf8(b"1"), Err(JsonError::Syntax));
    let words = [
        (JsonError::End, "the text ends inside a value"),
        (JsonError::Syntax, "unexpected byte"),
        (JsonError::Utf8, "string is not UTF-8"),
        (JsonError::Escape, "malformed escape in a string"),
        (JsonError::Depth, "nested too deep"),
    ];
    for (error, text) in words {
        assert_eq!(format!("{error}"), text);
    }
}

#[test]
fn a_reader_says_how_far_it_is() {
    let mut reader = JsonReader::new(b" [1, 22] ");
    assert_eq!(reader.position(), 0);
    reader.begin_array().unwrap();
    assert_eq!(reader.position(), 2);
    let mut first = true;
    for behind in [3, 7] {
        assert!(reader.next_element(&mut first).unwrap());
        reader.skip_value().unwrap();
        assert_eq!(reader.position(), behind);
    }
    assert!(!reader.next_element(&mut first).unwrap());
    assert_eq!((reader.position(), reader.end()), (8, Ok(())));
}

#[test]
fn a_reader_consumes_what_it_is_told_to_if_that_comes_next() {
    let mut reader = JsonReader::new(b"{}{x");
    assert!(
        !reader.eat(b"[]") && !reader.eat(b"{}{}") && !reader.eat(b"{}{x.") && reader.eat(b"{}")
    );
    assert_eq!(reader.rest(), b"{x");
}

#[test]
fn white_space_is_passed_over_and_controls_are_not() {
    for space in ["", " ", "\t", "\n\r \t"] {
        let text = format!("{space}1 ");
        assert_eq!(token(text.as_bytes()), Ok((b'1', &b"1 "[..])));
        assert_eq!(token(space.as_bytes()), Err(JsonError::End));
        for control in ["\u{0}", "\u{b}", "\u{c}", "\u{1f}"] {
            let text = format!("{space}{control}1");
            assert_eq!(token(text.as_bytes()), Err(JsonError::Syntax), "{text:?}");
        }
    }
}

#[test]
fn short_plain_names_are_read_at_a_glance() {
    for len in 0..20 {
        let name = &"abcdefghijklmnopqrst"[..len];
        // They are searched in two words, which lie in the text as a whole.
        let is_quick = len <= 16;
        let text = format!("\"{name}\":[1,2,3,4,5,6,7,8]");
        let rest = &text.as_bytes()[len + 3..];
        let wanted = is_quick.then_some((name.as_bytes(), rest));
        assert_eq!(plain_member(text.as_bytes(), true), wanted, "{text}");
        assert_eq!(plain_member(text.as_bytes(), false), None);
        let text = format!(",{text}");
        let rest = &text.as_bytes()[len + 4..];
        let wanted = is_quick.then_some((name.as_bytes(), rest));
        assert_eq!(plain_member(text.as_bytes(), false), wanted, "{text}");
        assert_eq!(plain_member(text.as_bytes(), true), None);
    }
    for text in
        ["\"a\" :1,\"b\":2}", "\"a\\n\":1,\"b\":2", "\"\u{e9}\":1,\"b\":22222", " \"a\":1,\"b\":2"]
    {
        assert_eq!(plain_member(text.as_bytes(), true), None, "{text}");
    }
}
