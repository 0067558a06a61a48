//! Which characters are letters, numbers and space, as Unicode has them.

include!("golden/classes.in");

/// What a pre-tokenizer tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// General category L.
    Letter,
    /// General category N.
    Number,
    /// Carriage return and line feed.
    Newline,
    /// All other characters of the property `White_Space`.
    Space,
    /// Everything else.
    Other,
}

impl Class {
    pub(super) fn of(character: char) -> Self {
        match character {
            'a'..='z' | 'A'..='Z' => Self::Letter,
            '0'..='9' => Self::Number,
            '\r' | '\n' => Self::Newline,
            '\t' | '\x0b' | '\x0c' | ' ' => Self::Space,
            '\0'..='\x7f' => Self::Other,
            _ if is_in(LETTERS, character) => Self::Letter,
            _ if is_in(NUMBERS, character) => Self::Number,
            _ if is_in(SPACES, character) => Self::Space,
            _ => Self::Other,
        }
    }
}

/// Whether one of the ranges holds the character. An entry is its first code point shifted by 11
/// bits, and how many more there are.
fn is_in(ranges: &[u32], character: char) -> bool {
    let code = u32::from(character);
    let after = ranges.partition_point(|entry| entry >> 11 <= code);
    let before = after.checked_sub(1).and_then(|at| ranges.get(at));
    before.is_some_and(|entry| code - (entry >> 11) <= entry & 0x7ff)
}

#[cfg(test)]
mod tests {
    use super::Class;

    #[test]
    fn characters_have_the_class_that_unicode_gives_them() {
        for (characters, class) in [
            ("aZäßŒЖاक中ꙮ한ªʰ𠀀𝒳", Class::Letter),
            ("09²½٣Ⅷ〇①𝟘", Class::Number),
            ("\r\n", Class::Newline),
            (" \t\u{b}\u{c}\u{85}\u{a0}\u{1680}\u{2003}\u{2028}\u{202f}\u{3000}", Class::Space),
            ("'!_€—\u{301}\u{200b}\u{200d}\u{feff}😀\0\u{180e}\u{10ffff}", Class::Other),
        ] {
            for character in characters.chars() {
                assert_eq!(Class::of(character), class, "U+{:04X}", u32::from(character));
            }
        }
    }
}
