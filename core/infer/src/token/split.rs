//! The pre-tokenizer of Llama 3: where BPE may not merge across.
//!
//! It is the regular expression of the model's own `tokenizer.json`,
//!
//! ```text
//! (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
//! | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
//! ```
//!
//! written out: each alternative below is one of its own, in its order.

use super::class::Class;

/// Bytes of the first word of a text, 0 of an empty one.
pub(super) fn first_word(text: &str) -> usize {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return 0 };
    let rest = characters.as_str();
    let next = characters.next().map(Class::of);
    let class = Class::of(first);
    let from = |start: usize, classes: &[Class]| start + run(text.get(start..), classes);
    let one = first.len_utf8();
    if first == '\''
        && let Some(length) = contraction(rest)
    {
        return one + length;
    }
    let leads = matches!(class, Class::Space | Class::Other) && next == Some(Class::Letter);
    if class == Class::Letter || leads {
        return from(one, &[Class::Letter]);
    }
    if class == Class::Number {
        let numbers = text.char_indices().take(3).take_while(|(_, c)| Class::of(*c) == class);
        return numbers.last().map_or(one, |(at, last)| at + last.len_utf8());
    }
    if class == Class::Other || (first == ' ' && next == Some(Class::Other)) {
        return from(from(one, &[Class::Other]), &[Class::Newline]);
    }
    space(text)
}

/// Bytes at the beginning of `text` that belong to characters of these classes.
fn run(text: Option<&str>, classes: &[Class]) -> usize {
    let text = text.unwrap_or_default();
    text.find(|character| !classes.contains(&Class::of(character))).unwrap_or(text.len())
}

/// A text that begins with space or a newline, of which no word takes the first one.
fn space(text: &str) -> usize {
    let length = run(Some(text), &[Class::Space, Class::Newline]);
    let spaces = text.get(..length).unwrap_or_default();
    if let Some(last) = spaces.rfind(['\r', '\n']) {
        return last + 1;
    }
    // The last one goes to the word that follows, unless there is no other or no word.
    let last = spaces.char_indices().next_back().map_or(0, |(at, _)| at);
    if length == text.len() || last == 0 { length } else { last }
}

/// Bytes of what follows an apostrophe in a contraction, in either case. As Unicode folds cases,
/// the long s is an s.
fn contraction(rest: &str) -> Option<usize> {
    let mut characters = rest.chars();
    let first = characters.next()?;
    match first.to_ascii_lowercase() {
        's' | 't' | 'm' | 'd' | 'ſ' => return Some(first.len_utf8()),
        _ => {}
    }
    let second = characters.next()?;
    let pair = (first.to_ascii_lowercase(), second.to_ascii_lowercase());
    matches!(pair, ('r' | 'v', 'e') | ('l', 'l')).then_some(2)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::first_word;

    fn words(mut text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        while !text.is_empty() {
            let (word, rest) = text.split_at(first_word(text));
            assert!(!word.is_empty());
            words.push(word);
            text = rest;
        }
        words
    }

    #[test]
    fn words_end_where_the_expression_says() {
        assert_eq!(words("Hello world"), ["Hello", " world"]);
        assert_eq!(words("I'll say it's"), ["I", "'ll", " say", " it", "'s"]);
        assert_eq!(words("DON'T 'twas"), ["DON", "'T", " '", "twas"]);
        assert_eq!(words("1234567 x1"), ["123", "456", "7", " x", "1"]);
        assert_eq!(words("a  b   c"), ["a", " ", " b", "  ", " c"]);
        assert_eq!(words("end   "), ["end", "   "]);
        assert_eq!(words("a \n\n b\r\n"), ["a", " \n\n", " b", "\r\n"]);
        assert_eq!(words("x = (y);\n\n  z"), ["x", " =", " (", "y", ");\n\n", " ", " z"]);
        assert_eq!(words("\tif_x"), ["\tif", "_x"]);
        assert_eq!(words("naïve Ж中"), ["naïve", " Ж中"]);
        assert_eq!(words(" 5"), [" ", "5"]);
        assert_eq!(words(""), [""; 0]);
    }
}
