//! What stands between quotation marks.

/// Marks that open, with those that close.
const MARKS: [(char, &[char]); 7] = [
    ('"', &['"']),
    ('\'', &['\'', '\u{2019}']),
    ('`', &['`']),
    ('\u{201c}', &['\u{201d}']),
    ('\u{2018}', &['\u{2019}', '\'']),
    ('\u{201e}', &['\u{201c}', '\u{201d}']),
    ('\u{ab}', &['\u{bb}']),
];

/// What stands between the next quotation marks from a byte on: the first byte, and the one behind
/// the last. Marks between letters or digits are apostrophes.
pub(crate) fn quoted(text: &str, from: usize) -> Option<(usize, usize)> {
    // The mark before may be of several bytes.
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at))?;
    let behind = text.get(from..)?;
    behind.char_indices().find_map(|(at, mark)| {
        let closing = MARKS.iter().find(|(open, _)| *open == mark)?.1;
        let before = text.get(..from + at)?.chars().next_back();
        let start = from + at + mark.len_utf8();
        let own = text.get(start..)?;
        let opens = before.is_none_or(|c| !c.is_alphanumeric() && !closing.contains(&c));
        let is_empty = own.starts_with(|c: char| c.is_whitespace() || closing.contains(&c));
        let closes = |(at, c): &(usize, char)| {
            let next = own.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
            closing.contains(c) && next.is_none_or(|next| !next.is_alphanumeric())
        };
        if !opens || is_empty {
            return None;
        }
        let (end, _) = own.char_indices().find(closes)?;
        Some((start, start + end))
    })
}

/// The number of the quoted part in which each word stands, the first is 1; 0 outside of all, and
/// everywhere where all of a text is quoted. Words come in their order.
pub(crate) struct Quotes<'t> {
    text: &'t str,
    next: Option<(usize, usize)>,
    number: u8,
}

impl<'t> Quotes<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let has_word =
            |text: Option<&str>| text.is_some_and(|text| text.contains(char::is_alphanumeric));
        let next = quoted(text, 0);
        let is_part = |(start, end): &(usize, usize)| {
            has_word(text.get(..*start)) || has_word(text.get(*end..))
        };
        Self { text, next: next.filter(is_part), number: 1 }
    }

    pub(crate) fn of_word(&mut self, (start, end): (u16, u16)) -> u8 {
        while let Some((_, close)) = self.next.filter(|(_, close)| *close <= usize::from(start)) {
            self.next = quoted(self.text, close + 1);
            self.number = self.number.saturating_add(1);
        }
        let is_in = |(open, close)| open <= usize::from(start) && usize::from(end) <= close;
        if self.next.is_some_and(is_in) { self.number } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::quoted;

    fn all(text: &str) -> Vec<&str> {
        let mut from = 0;
        let next = || {
            let (start, end) = quoted(text, from)?;
            from = end + 1;
            text.get(start..end)
        };
        core::iter::from_fn(next).collect()
    }

    #[test]
    fn quotes_are_pairs_and_apostrophes_are_none() {
        assert_eq!(all("host 'db.company.com' and \"a b\""), ["db.company.com", "a b"]);
        assert_eq!(all("Ana's list isn't the dogs' one"), [] as [&str; 0]);
        assert_eq!(all("play 'Don't Stop' by Ana's band"), ["Don't Stop"]);
        assert_eq!(all("\u{201c}a\u{201d}, \u{201e}b\u{201c} and `c`"), ["a", "b", "c"]);
        assert_eq!(all("['Sam', 'Alice']"), ["Sam", "Alice"]);
        assert_eq!(all("songs from '19, or 5\" ones"), [] as [&str; 0]);
        assert_eq!(all("an open \" one"), [] as [&str; 0]);
        assert_eq!(all(""), [] as [&str; 0]);
    }
}
