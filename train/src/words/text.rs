//! Words of a sentence, and how near two words are.

/// A word, a number or a mark of a sentence.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Its letters, small.
    pub(super) text: String,
    /// Its stem.
    pub(super) stem: String,
    /// Whether it begins with a capital.
    pub(super) is_capital: bool,
}

impl Word {
    /// Whether it is a mark and no word.
    pub(super) fn is_mark(&self) -> bool {
        !self.text.chars().any(char::is_alphanumeric)
    }

    /// Whether it begins with a digit.
    pub(super) fn is_digits(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }
}

/// The words and marks of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let (start, first) = chars[at];
        let from = at;
        at += 1;
        if first.is_whitespace() {
            continue;
        }
        if first.is_alphanumeric() {
            let next = |at: usize| chars.get(at).map_or(' ', |(_, c)| *c);
            let digits = first.is_ascii_digit();
            let mut only_digits = digits;
            while at < chars.len() {
                let (c, after) = (next(at), next(at + 1));
                let inner = if only_digits {
                    ".,:".contains(c) && after.is_ascii_digit()
                } else {
                    "'\u{2019}".contains(c) && after.is_alphabetic() && !digits
                };
                if !c.is_alphanumeric() && !inner {
                    break;
                }
                only_digits &= c.is_ascii_digit() || inner;
                at += 1;
            }
        }
        let end = chars.get(at).map_or(text.len(), |(end, _)| *end);
        // Typographic apostrophes are plain ones.
        let folded = text[start..end].to_lowercase().replace('\u{2019}', "'");
        let is_capital = chars[from].1.is_uppercase();
        out.push(Word { start, end, stem: stem(&folded), text: folded, is_capital });
    }
    out
}

/// The words of a name: `setFan_speed2` is set, fan, speed and 2.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut before = ' ';
    let chars: Vec<char> = name.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let next_small = chars.get(at + 1).is_some_and(|c| c.is_lowercase());
        let begins = !before.is_alphanumeric()
            || (c.is_uppercase() && before.is_lowercase())
            || (c.is_uppercase() && before.is_uppercase() && next_small)
            || c.is_ascii_digit() != before.is_ascii_digit();
        if c.is_alphanumeric() {
            if begins || parts.is_empty() {
                parts.push(String::new());
            }
            if let Some(part) = parts.last_mut() {
                part.extend(c.to_lowercase());
            }
        }
        before = c;
    }
    parts
}

/// A word without its endings.
pub(super) fn stem(word: &str) -> String {
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix('\'')).unwrap_or(word);
    if word.len() < 4 || !word.is_ascii() {
        return word.to_owned();
    }
    let cut = |suffix: &str| word.strip_suffix(suffix).filter(|rest| rest.len() >= 3);
    let mut stem = if let Some(rest) = cut("ies").or_else(|| cut("ied")) {
        format!("{rest}y")
    } else if let Some(rest) = cut("ing").or_else(|| cut("ed")) {
        rest.to_owned()
    } else if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        word.to_owned()
    } else if let Some(rest) =
        ["ches", "shes", "sses", "xes"].iter().find_map(|end| cut(end).map(|_| end.len()))
    {
        word[..word.len() - rest + (rest - 2)].to_owned()
    } else {
        cut("s").unwrap_or(word).to_owned()
    };
    if let Some(rest) = stem.strip_suffix("ly").filter(|rest| rest.len() >= 4) {
        stem = rest.to_owned();
    }
    if stem.len() >= 4 && stem.ends_with('e') {
        stem.pop();
    }
    let bytes = stem.as_bytes();
    if let [.., a, b] = bytes
        && a == b
        && !b"aeiouls".contains(b)
        && stem.len() >= 4
    {
        stem.pop();
    }
    stem
}

/// How near two words are, from 0 to 1, by their letters alone.
pub(super) fn likeness(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let known = super::lexicon::is_known(a) && super::lexicon::is_known(b);
    if short.len() >= 3 && !known && is_slip(a, b) {
        let same_start = a.as_bytes().first() == b.as_bytes().first();
        return match (short.len(), same_start) {
            (6.., _) => 0.85,
            (4.., true) => 0.7,
            _ => 0.0,
        };
    }
    if short.len() >= 4 && long.starts_with(short) {
        return 0.75;
    }
    if short.len() >= 2 && short.len() <= 5 && is_short_for(short, long) {
        return if long.starts_with(short) && short.len() >= 3 { 0.7 } else { 0.5 };
    }
    let shared = shared_grams(a, b);
    if shared >= 0.5 { 0.8 * shared } else { 0.0 }
}

/// Whether one letter more, less, changed or swapped makes one word the other.
pub(super) fn is_slip(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let rest = |s: &'_ [u8], n: usize| s.get(n..).map(<[u8]>::to_vec);
    let swapped = matches!((a, b), ([a0, a1, a @ ..], [b0, b1, b @ ..])
        if a0 == b1 && a1 == b0 && a == b);
    let eq = |x: Option<Vec<u8>>, y: Option<Vec<u8>>| x.is_some() && x == y;
    swapped
        || eq(rest(a, 1), rest(b, 1))
        || eq(rest(a, 1), rest(b, 0))
        || eq(rest(a, 0), rest(b, 1))
}

/// Whether a short name leaves letters out of a word: `cmp` is compressor, `lvl` level.
fn is_short_for(short: &str, long: &str) -> bool {
    let vowels = short.bytes().filter(|c| b"aeiou".contains(c)).count();
    if short.as_bytes().first() != long.as_bytes().first()
        || long.len() < short.len() + 2
        || (vowels > 0 && !long.starts_with(short))
        || short.len() < 3
    {
        return false;
    }
    let mut letters = long.bytes();
    short.bytes().all(|c| letters.any(|other| other == c))
}

/// The share of groups of three to five letters that two words have in common (Dice).
fn shared_grams(a: &str, b: &str) -> f64 {
    if a.len().min(b.len()) < 4 {
        return 0.0;
    }
    let grams = |word: &str| -> Vec<Vec<u8>> {
        let framed = format!("<{word}>").into_bytes();
        (3..=5).flat_map(|n| framed.windows(n).map(<[u8]>::to_vec).collect::<Vec<_>>()).collect()
    };
    let (a, b) = (grams(a), grams(b));
    let shared = a.iter().filter(|gram| b.contains(gram)).count();
    2.0 * shared as f64 / (a.len() + b.len()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_become_words_and_marks() {
        let text = "Don\u{2019}t set it to -8.5 bar, 3A at 14:30.";
        let all: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
        let expected =
            ["don't", "set", "it", "to", "-", "8.5", "bar", ",", "3a", "at", "14:30", "."];
        assert_eq!(all, expected);
    }

    #[test]
    fn names_have_parts() {
        assert_eq!(parts("setFan_speed2"), ["set", "fan", "speed", "2"]);
        assert_eq!(parts("GAS_TBL.gas"), ["gas", "tbl", "gas"]);
    }

    #[test]
    fn endings_go_and_slips_stay_near() {
        for (a, b) in [("lights", "light"), ("stopped", "stop"), ("opening", "open")] {
            assert_eq!(stem(a), stem(b));
        }
        assert!(likeness("compresor", "compressor") > 0.8);
        assert!(likeness("cmp", "compressor") > 0.4);
        assert!(likeness("door", "pump") == 0.0);
    }
}
