//! Words without their endings: a few rules of English, much simpler than Porter's (1980).

use super::WORD_MAX;

/// Shortest word that loses an ending.
const LONG_MIN: usize = 4;
/// Shortest rest.
const REST_MIN: usize = 3;

/// Writes the stem of a word, and answers how long it is.
pub(super) fn stem(word: &[u8], out: &mut [u8; WORD_MAX]) -> usize {
    let word = word.strip_suffix(b"'s").or_else(|| word.strip_suffix(b"'")).unwrap_or(word);
    let length = word.len().min(WORD_MAX);
    if let (Some(to), Some(from)) = (out.get_mut(..length), word.get(..length)) {
        to.copy_from_slice(from);
    }
    if length < LONG_MIN || !word.is_ascii() {
        return length;
    }
    let mut stem = word;
    let ends = |suffix: &[u8]| stem.strip_suffix(suffix).filter(|rest| rest.len() >= REST_MIN);
    if let Some(rest) = ends(b"ies").or_else(|| ends(b"ied")) {
        // The letter behind the rest becomes a y.
        if let Some(place) = out.get_mut(rest.len()) {
            *place = b'y';
        }
        return finished(out, rest.len() + 1);
    }
    if let Some(rest) = ends(b"ing").or_else(|| ends(b"ed")) {
        stem = rest;
    } else if stem.ends_with(b"ss") || stem.ends_with(b"us") || stem.ends_with(b"is") {
        // No plural.
    } else if [&b"ches"[..], b"shes", b"sses", b"xes"].iter().any(|end| ends(end).is_some()) {
        stem = stem.get(..stem.len() - 2).unwrap_or(stem);
    } else if let Some(rest) = ends(b"s") {
        stem = rest;
    }
    finished(out, stem.len())
}

/// Takes "ly", a last e, and one of two equal consonants away.
fn finished(out: &[u8; WORD_MAX], length: usize) -> usize {
    let mut stem = out.get(..length).unwrap_or_default();
    if let Some(rest) = stem.strip_suffix(b"ly").filter(|rest| rest.len() >= LONG_MIN) {
        stem = rest;
    }
    if let [rest @ .., b'e'] = stem
        && stem.len() >= LONG_MIN
    {
        stem = rest;
    }
    if let [rest @ .., a] = stem
        && rest.last() == Some(a)
        && !b"aeiouls".contains(a)
        && stem.len() >= LONG_MIN
    {
        stem = rest;
    }
    stem.len()
}

#[cfg(test)]
mod tests {
    use super::super::Spelling;

    #[test]
    fn endings_go() {
        for (a, b) in [
            ("lights", "light"),
            ("stopped", "stop"),
            ("opening", "open"),
            ("batteries", "battery"),
            ("quickly", "quick"),
            ("close", "closing"),
            ("switches", "switch"),
            ("fan's", "fans"),
            ("boxes", "box"),
        ] {
            assert_eq!(Spelling::new(a).stem(), Spelling::new(b).stem(), "{a} {b}");
        }
        for word in ["bus", "glass", "this", "on", "fill", "off"] {
            assert_eq!(Spelling::new(word).stem(), word.as_bytes());
        }
    }
}
