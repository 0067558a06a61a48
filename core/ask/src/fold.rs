//! Characters as the model sees them.

/// What a character is to the division of a sentence into items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// It ends an item and is none.
    Silent,
    /// Part of a word.
    Letter,
    /// An item of its own.
    Mark,
}

/// What U+00C0 to U+00FF are made from; the two in the middle of each row are signs.
const LATIN: &[u8; 64] = b"aaaaaaaceeeeiiiidnooooo\xd7ouuuuytsaaaaaaaceeeeiiiidnooooo\xf7ouuuuyty";

/// The character in place of which the model sees another: lower case, no accents, plain quotes
/// and dashes.
pub(crate) fn fold(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        '\u{d7}' | '\u{f7}' => c,
        '\u{c0}'..='\u{ff}' => {
            let at = (u32::from(c) - 0xc0) as usize;
            LATIN.get(at).map_or(c, |byte| char::from(*byte))
        }
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        _ => c,
    }
}

/// A text as the model sees it, character by character.
pub fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(fold)
}

/// The class of a folded character.
pub(crate) const fn class(c: char) -> Class {
    match c {
        '\0'..=' ' | '\u{7f}'..='\u{a0}' => Class::Silent,
        '.' | ',' | ';' | '-' | '_' => Class::Silent,
        '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{3000}' | '\u{feff}' => {
            Class::Silent
        }
        'a'..='z' | 'A'..='Z' | '0'..='9' => Class::Letter,
        '\u{d7}' | '\u{f7}' | '\u{2010}'..='\u{206f}' => Class::Mark,
        '\u{c0}'.. => Class::Letter,
        _ => Class::Mark,
    }
}

/// A folded character of a text, and where the next one begins.
pub(crate) fn at(text: &str, start: usize) -> Option<(char, usize)> {
    let c = text.get(start..)?.chars().next()?;
    Some((fold(c), start + c.len_utf8()))
}

/// The folded character that ends before `end`.
pub(crate) fn before(text: &str, end: usize) -> Option<(char, usize)> {
    let c = text.get(..end)?.chars().next_back()?;
    Some((fold(c), end - c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::{Class, class, fold};

    #[test]
    fn characters_fold_to_what_a_keyboard_has() {
        let folded = |text: &str| text.chars().map(fold).collect::<std::string::String>();
        assert_eq!(folded("Crème BRÛLÉE ÆØÅ ß"), "creme brulee aoa s");
        assert_eq!(folded("don’t “go” – 3×4 ÷ 漢字"), "don't \"go\" - 3×4 ÷ 漢字");
        assert_eq!(folded("ÀÿÞþÐð"), "ayttdd");
    }

    #[test]
    fn classes_divide_all_characters() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let silent = c.is_whitespace() || c.is_control();
            assert!(!silent || class(c) == Class::Silent || c == '\u{1680}' || c == '\u{205f}');
        }
        assert_eq!(class('é'), Class::Letter);
        assert_eq!(class('%'), Class::Mark);
        assert_eq!(class('°'), Class::Mark);
    }
}
