//! Texts of sentences replaced by other texts, so that a model learns where a text stands, not what
//! it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Call, List, Record};
use crate::random::Random;

/// How often the texts of a sentence are replaced.
const REPLACED: f32 = 0.75;
/// How often a text is replaced by one of a parameter of the same name.
const OF_NAME: f32 = 0.6;
/// How often the texts of a sentence stand in quotes where they are replaced.
const QUOTED: f32 = 0.2;
/// The marks.
const QUOTES: [(&str, &str); 4] =
    [("'", "'"), ("\"", "\""), ("\u{201c}", "\u{201d}"), ("\u{2018}", "\u{2019}")];
/// How often the last word of a parameter's name stands before its text: "delete id Z-11".
const NAMED: f32 = 0.15;
/// The words of which this is so.
const NAMES: [&str; 10] =
    ["id", "uuid", "code", "number", "key", "name", "token", "address", "url", "title"];
/// Fewest texts of a name that are chosen from.
const OF_NAME_MIN: usize = 4;

/// Texts that sentences have for parameters.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    by_name: BTreeMap<String, BTreeSet<String>>,
    by_form: BTreeMap<Form, BTreeSet<String>>,
}

/// What a text looks like: how many words it has, and whether it has digits, marks, and a capital.
type Form = (usize, bool, bool, bool);

fn form(text: &str) -> Form {
    let is_mark = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    (
        text.split_whitespace().count().min(4),
        text.contains(|c: char| c.is_ascii_digit()),
        text.contains(is_mark),
        text.starts_with(char::is_uppercase),
    )
}

/// The name of a parameter, whatever its spelling.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The arguments of a call that are any text, with how long they may be.
fn texts<'c>(
    list: &'c List,
    call: &'c Call,
) -> impl Iterator<Item = (&'c str, &'c str, [usize; 2])> {
    let tool = list.tools.iter().find(|tool| tool["name"] == call.tool.as_str());
    call.arguments.iter().filter_map(move |(name, value)| {
        let schema = tool?["inputSchema"]["properties"].get(name)?;
        let is_free =
            ["enum", "const", "pattern", "format"].iter().all(|key| schema.get(key).is_none());
        let length =
            |key: &str, other: u64| schema.get(key).and_then(Json::as_u64).unwrap_or(other);
        let bounds = [length("minLength", 0), length("maxLength", 200)].map(|size| size as usize);
        is_free.then_some((name.as_str(), value.as_str()?, bounds))
    })
}

/// Where a text stands in a sentence, once and as whole words.
fn place(sentence: &str, text: &str) -> Option<usize> {
    let at = sentence.find(text).filter(|_| !text.is_empty())?;
    let rest = &sentence[at + text.len()..];
    let is_free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let is_whole = is_free(sentence[..at].chars().next_back()) && is_free(rest.chars().next());
    (is_whole && !rest.contains(text)).then_some(at)
}

/// Whether a text stands between spaces, or at an end of the sentence.
fn is_bare(before: &str, behind: &str) -> bool {
    let is_free = |c: Option<char>| c.is_none_or(|c| c == ' ' || ",.;!?".contains(c));
    is_free(before.chars().next_back()) && is_free(behind.chars().next())
}

/// A text in quotes that it does not hold itself.
fn quoted(text: &str, (open, close): (&str, &str)) -> String {
    let has_marks = text.contains(open) || text.contains(close);
    if has_marks { text.to_owned() } else { [open, text, close].concat() }
}

/// The last word of the name of the parameter that has this text, where that can stand before it.
fn name_of(call: &Call, text: &str) -> Option<&'static str> {
    let (name, _) = call.arguments.iter().find(|(_, value)| value.as_str() == Some(text))?;
    NAMES.into_iter().find(|word| last_word(name).eq_ignore_ascii_case(word))
}

/// The last word of a name: behind the last mark, or from its last capital on.
fn last_word(name: &str) -> &str {
    let last = name.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_border = |at: &usize| {
        let bytes = last.as_bytes();
        bytes[*at].is_ascii_uppercase()
            && at.checked_sub(1).is_some_and(|at| bytes[at].is_ascii_lowercase())
    };
    let from = (0..last.len()).rev().find(is_border).unwrap_or(0);
    last.get(from..).unwrap_or(last)
}

/// Whether a sentence has a word.
fn has_word(sentence: &str, word: &str) -> bool {
    let mut words = sentence.split(|c: char| !c.is_alphanumeric());
    words.any(|own| own.eq_ignore_ascii_case(word))
}

impl Texts {
    /// Those of lists.
    #[must_use]
    pub fn new(lists: &[List]) -> Self {
        let mut out = Self::default();
        for list in lists {
            for record in &list.records {
                for (name, text, _) in record.calls.iter().flat_map(|call| texts(list, call)) {
                    if place(&record.text, text).is_some() {
                        out.by_name.entry(plain(name)).or_default().insert(text.into());
                        out.by_form.entry(form(text)).or_default().insert(text.into());
                    }
                }
            }
        }
        out
    }

    /// A text for that of a parameter.
    fn other(&self, name: &str, text: &str, random: &mut Random) -> Option<&str> {
        let named = self.by_name.get(&plain(name)).filter(|all| all.len() >= OF_NAME_MIN);
        let named = named.filter(|_| random.chance(OF_NAME));
        let all = named.or_else(|| self.by_form.get(&form(text)))?;
        all.iter().nth(random.below(all.len())).map(String::as_str)
    }

    /// A sentence of a list with other texts, by chance. What cannot be replaced stays.
    #[must_use]
    pub fn replaced(&self, list: &List, record: &Record, random: &mut Random) -> Record {
        let mut out = record.clone();
        if !random.chance(REPLACED) {
            return out;
        }
        let mut new: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, text, [least, most]) in record.calls.iter().flat_map(|call| texts(list, call)) {
            let Some(other) = self.other(name, text, random) else { continue };
            let fits = (least..=most).contains(&other.chars().count());
            let is_said = record.text.contains(other) || new.values().any(|own| *own == other);
            if fits && !is_said && place(&record.text, text).is_some() {
                new.entry(text).or_insert(other);
            }
        }
        // One within another cannot be replaced after it.
        let is_within = |text: &str| new.keys().any(|own| *own != text && own.contains(text));
        let kept: Vec<(&str, &str)> =
            new.iter().filter(|(text, _)| !is_within(text)).map(|(a, b)| (*a, *b)).collect();
        let mut places: Vec<(usize, &str, &str)> = kept
            .iter()
            .filter_map(|(text, other)| Some((place(&record.text, text)?, *text, *other)))
            .collect();
        places.sort_unstable();
        let quotes = random.chance(QUOTED).then(|| QUOTES[random.below(QUOTES.len())]);
        let named = random.chance(NAMED);
        for (at, text, other) in places.into_iter().rev() {
            let behind = &out.text[at + text.len()..];
            let is_free = is_bare(&out.text[..at], behind);
            let other = match quotes {
                Some(marks) if is_free => quoted(other, marks),
                _ => other.to_owned(),
            };
            let name = record.calls.iter().find_map(|call| name_of(call, text));
            let name = name.filter(|name| named && is_free && !has_word(&out.text, name));
            let other = name.map_or(other.clone(), |name| format!("{name} {other}"));
            out.text.replace_range(at..at + text.len(), &other);
        }
        for value in out.calls.iter_mut().flat_map(|call| call.arguments.values_mut()) {
            let own = value.as_str().and_then(|own| kept.iter().find(|(text, _)| *text == own));
            if let Some((_, other)) = own {
                *value = (*other).into();
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::{Set, load};

    #[test]
    fn replaced_texts_stand_in_their_sentences() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/lists"));
        let lists = load(folder, Set::Training).unwrap();
        let all = Texts::new(&lists);
        let mut random = Random::named(1, "texts");
        let (mut changed, mut lost, mut quoted, mut named) = (0, 0, 0, 0);
        for list in &lists {
            for record in &list.records {
                let other = all.replaced(list, record, &mut random);
                assert_eq!(other.calls.len(), record.calls.len());
                let pairs = record.calls.iter().zip(&other.calls);
                for ((name, old, _), (_, new, _)) in
                    pairs.flat_map(|(old, new)| texts(list, old).zip(texts(list, new)))
                {
                    if old == new {
                        continue;
                    }
                    changed += 1;
                    lost += usize::from(place(&other.text, new).is_none());
                    let is_in = |text: String| usize::from(other.text.contains(&text));
                    quoted += QUOTES.map(|(open, close)| is_in(format!("{open}{new}{close}")))[0];
                    named += is_in(format!("id {new}"));
                    assert!(other.text.contains(new), "{name}: {} in {}", new, other.text);
                    assert!(place(&record.text, old).is_some(), "{old}");
                }
            }
        }
        assert!(changed > 1500 && lost < changed / 100, "{lost} of {changed}");
        // Each of four marks stands around one in twenty; few parameters are an id.
        assert!((changed / 40..changed / 10).contains(&quoted), "{quoted} of {changed}");
        assert!((changed / 500..changed / 10).contains(&named), "{named} of {changed}");
    }

    #[test]
    fn a_name_is_the_last_word_of_a_parameters_name() {
        let names = ["projectId", "project_uuid", "id", "solid", "nickname", "user-ID", "tag_of"];
        let words = ["Id", "uuid", "id", "solid", "nickname", "ID", "of"];
        assert_eq!(names.map(last_word), words);
        assert!(has_word("the ID of it", "id") && !has_word("did it", "id"));
    }
}
