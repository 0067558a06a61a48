//! What descriptions explain labels with, and what labels share.

use crate::text::{Division, Spelling, is_letter, words};

/// Most words that a label is explained with.
const WORDS_MAX: usize = 4;
/// Most words that labels share: further ones are looked at no more, so that long labels are read
/// in a time that grows as they do.
const SHARED_MAX: usize = 16;
/// Words that explain nothing.
const STOP: &str = "a an the of to in for at by is are and or it with this on as be";

/// How many words all of several labels begin with, of which each has more: these tell none from
/// the others.
pub(super) fn shared_words(labels: &str) -> usize {
    let mut all = labels.split('|');
    let Some(first) = all.next() else { return 0 };
    if all.clone().next().is_none() {
        return 0;
    }
    let has = |label: &str, at: usize, word: Spelling| {
        let mut own = words(label, Division::Name).skip(at);
        own.next().is_some_and(|own| Spelling::new(own) == word) && own.next().is_some()
    };
    let mut shared = 0;
    for word in words(first, Division::Name).take(SHARED_MAX) {
        let word = Spelling::new(word);
        if !labels.split('|').all(|label| has(label, shared, word)) {
            break;
        }
        shared += 1;
    }
    shared
}

/// The words behind a label and a sign in a text: "A = left ear, B = right ear".
pub(super) fn explanation<'t>(texts: [&'t str; 2], label: &str, mut each: impl FnMut(&'t str)) {
    let Some(rest) = texts.iter().find_map(|text| behind(text, label)) else { return };
    let end = rest.find(['.', ';', ')', '|', ',']).unwrap_or(rest.len());
    let own = words(rest.get(..end).unwrap_or_default(), Division::Text).take(WORDS_MAX);
    let is_stop = |word: &str| {
        let word = Spelling::new(word);
        STOP.split(' ').any(|stop| stop.as_bytes() == word.bytes())
    };
    own.filter(|word| !is_stop(word)).for_each(&mut each);
}

/// What stands behind a label and a sign.
fn behind<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    if label.is_empty() {
        return None;
    }
    let mut from = 0;
    while let Some(at) = find(text.get(from..)?, label) {
        let (start, end) = (from + at, from + at + label.len());
        let is_free = |c: Option<char>| c.is_none_or(|c| !is_letter(c));
        let before = text.get(..start)?.chars().next_back();
        let rest = text.get(end..)?;
        if is_free(before)
            && is_free(rest.chars().next())
            && let Some(found) = behind_sign(rest)
        {
            return Some(found);
        }
        from = start + text.get(start..)?.chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// Where a text stands in another, whatever the case of its ASCII letters.
fn find(text: &str, part: &str) -> Option<usize> {
    text.char_indices()
        .map(|(at, _)| at)
        .find(|at| text.get(*at..at + part.len()).is_some_and(|own| own.eq_ignore_ascii_case(part)))
}

/// What stands behind the sign with which a text begins.
fn behind_sign(text: &str) -> Option<&str> {
    let text = text.trim_start_matches([' ', '\'', '"', '`']);
    if let Some(rest) = text.strip_prefix(['=', ':', '(']) {
        return Some(rest);
    }
    ["is ", "for "].iter().find_map(|sign| text.strip_prefix(sign))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn labels_are_explained_by_what_stands_behind_them() {
        let of = |text, label| {
            let mut all = Vec::new();
            explanation([text, ""], label, |word| all.push(word));
            all
        };
        let text = "Ear: A = left ear, b: the right ear. C (both) and 'D' is a test";
        assert_eq!(of(text, "A"), ["left", "ear"]);
        assert_eq!(of(text, "B"), ["right", "ear"]);
        assert_eq!((of(text, "C"), of(text, "D")), (["both"].to_vec(), ["test"].to_vec()));
        assert!(of(text, "E").is_empty() && of(text, "").is_empty());
    }

    #[test]
    fn what_all_labels_begin_with_is_shared() {
        assert_eq!(shared_words("MODE_OFF|MODE_ECO"), 1);
        assert_eq!(shared_words("mode_a_b|mode_a_c"), 2);
        assert_eq!(shared_words("mode|mode_b"), 0);
        assert_eq!((shared_words("one"), shared_words("")), (0, 0));
    }
}
