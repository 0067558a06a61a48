//! Which words of a sentence a free text is.

use super::card::{Card, nearness};
use super::lexicon::is_stop;
use super::reading::Reading;

/// Words that a text stands behind.
const BEFORE: &[&str] = &[
    "called", "named", "name", "label", "labelled", "saying", "says", "say", "titled", "title",
    "reading", "as", "entitled", "text", "write", "announce", "with", "to", "for", "search",
    "find", "about", "called:", "number", "id", "is", "be", "user", "play", "add", "tag",
];

/// Words that end a text, where they stand behind it.
const AFTER: &[&str] = &[
    "please", "now", "thanks", "thank", "for", "will", "would", "could", "so", "because", "since",
    "to", "on", "in", "at", "from", "off", "again", "up", "out", "down", "mate", "love", "and",
    "who", "that", "is", "has", "over", "then", "when", "it's", "i", "we", "you",
];

/// Marks that end a text.
const ENDS: &[&str] = &[",", ".", "!", "?", ";", "\"", "\u{201c}", "\u{201d}", "\u{201e}", "("];

/// A text with how sure it is, and the words that it takes.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// The text.
    pub(super) text: String,
    /// How sure it is, from 0 to 1.
    pub(super) score: f64,
    /// Its first word.
    pub(super) first: usize,
    /// Behind its last.
    pub(super) last: usize,
}

/// The likeliest text for a parameter of a tool.
pub(super) fn find(
    reading: &Reading<'_>,
    card: &Card,
    param: usize,
    taken: &[bool],
) -> Option<Span> {
    let spans = quoted(reading)
        .into_iter()
        .chain(shaped(reading, taken))
        .chain(behind_cues(reading, card, param, taken))
        .chain(names(reading, card, taken))
        .chain(unexplained(reading, card, taken));
    let spans = spans.filter(|span| !span.text.is_empty());
    spans.max_by(|a, b| a.score.total_cmp(&b.score))
}

fn span(reading: &Reading<'_>, first: usize, last: usize, score: f64) -> Option<Span> {
    let (mut first, mut last) = (first, last);
    let word = |at: usize| reading.words[at].text.as_str();
    while first < last
        && (["the", "a", "an", "my", "our", "his", "her", ":", "-", "that"].contains(&word(first))
            || ENDS.contains(&word(first)))
    {
        first += 1;
    }
    while first < last && (ENDS.contains(&word(last - 1)) || word(last - 1) == "please") {
        last -= 1;
    }
    let pronouns = ["it", "them", "that", "this", "him", "her", "me", "us", "one", "something"];
    if first == last || (last == first + 1 && pronouns.contains(&word(first))) {
        return None;
    }
    let text = &reading.text[reading.words[first].start..reading.words[last - 1].end];
    Some(Span { text: text.to_owned(), score, first, last })
}

/// What stands between quotation marks.
fn quoted(reading: &Reading<'_>) -> Option<Span> {
    let marks = ["\"", "\u{201c}", "\u{201d}", "\u{201e}"];
    let is_mark = |at: &usize| marks.contains(&reading.words[*at].text.as_str());
    let mut at = (0..reading.words.len()).filter(is_mark);
    let (first, last) = (at.next()?, at.next()?);
    let mut span = span(reading, first + 1, last, 1.0)?;
    span.text = reading.text[reading.words[first].end..reading.words[last].start].trim().to_owned();
    if let Some(text) = span.text.strip_suffix('.') {
        span.text = text.to_owned();
    }
    Some(span)
}

/// What has no form of a common word: INK22, nginx:1.27, h.bauer@firm.example.
fn shaped(reading: &Reading<'_>, taken: &[bool]) -> Vec<Span> {
    let mut out = Vec::new();
    let words = &reading.words;
    let mut at = 0;
    while at < words.len() {
        // A run without spaces.
        let mut last = at + 1;
        while last < words.len() && words[last].start == words[last - 1].end {
            last += 1;
        }
        // "NGC 7331".
        let capitals = |at: usize, last: usize| {
            let text = &reading.text[words[at].start..words[last - 1].end];
            text.len() > 1 && text.chars().all(char::is_uppercase)
        };
        if words.get(last).is_some_and(super::text::Word::is_digits) && capitals(at, last) {
            last += 1;
        }
        let mut end = last;
        while end > at + 1 && words[end - 1].is_mark() {
            end -= 1;
        }
        let text = &reading.text[words[at].start..words[end - 1].end];
        let has = |test: fn(char) -> bool| text.chars().any(test);
        let mixed = has(|c| c.is_ascii_digit()) && has(char::is_alphabetic);
        let joined = has(|c| "_@:/.-".contains(c)) && has(char::is_alphabetic);
        let capitals = text.len() > 1 && text.chars().all(|c| !c.is_lowercase());
        let apart = !text.contains('\'') && !taken[at..end].iter().any(|taken| *taken);
        let score = match () {
            () if !apart => 0.0,
            () if text.contains('@') || (mixed && text.len() > 2) => 0.85,
            () if joined && !text.contains('-') => 0.8,
            () if joined => 0.6,
            () if mixed => 0.7,
            () if capitals && !reading.is_shouted => 0.65,
            () if words[at].is_digits() && text.len() >= 3 => 0.6,
            () if words[at].is_digits() => 0.35,
            () => 0.0,
        };
        if score > 0.0 && !words[at].is_mark() {
            out.extend(span(reading, at, end, score));
        }
        at = last;
    }
    out
}

/// What stands behind a word for it, or behind a colon.
fn behind_cues(reading: &Reading<'_>, card: &Card, param: usize, taken: &[bool]) -> Vec<Span> {
    let words = &reading.words;
    let is_own = |stem: &str| {
        let own = card.params.get(param).map_or(&[][..], |param| &param.terms);
        own.iter().any(|term| term == stem && term.len() > 2)
    };
    let mut out = Vec::new();
    for at in 0..words.len().saturating_sub(1) {
        let text = words[at].text.as_str();
        let score = match text {
            ":" => 0.8,
            "called" | "named" | "labelled" | "titled" | "saying" | "entitled" => 0.78,
            "says" | "say" => 0.72,
            _ if is_own(&words[at].stem) => 0.58,
            "to" | "as" | "for" | "name" | "is" | "be" => 0.45,
            _ if BEFORE.contains(&text) => 0.5,
            _ => continue,
        };
        let mut first = at + 1;
        while first < words.len()
            && [
                "is", "to", "as", "be", ":", "of", "the", "should", "called", "must", "-", "a",
                "number", "no",
            ]
            .contains(&words[first].text.as_str())
        {
            first += 1;
        }
        let long = card
            .params
            .get(param)
            .is_some_and(|param| matches!(param.kind, super::card::Kind::Text(max) if max > 40));
        let mut last = first;
        while last < words.len()
            && !ENDS.contains(&words[last].text.as_str())
            && !taken[last]
            && (text == ":" || long || !AFTER.contains(&words[last].text.as_str()))
        {
            last += 1;
        }
        out.extend(span(
            reading,
            first,
            last,
            score - if last - first > 4 && !long { 0.2 } else { 0.0 },
        ));
    }
    out
}

/// Runs of words with capitals, not at the beginning.
fn names(reading: &Reading<'_>, card: &Card, taken: &[bool]) -> Vec<Span> {
    let words = &reading.words;
    let mut out = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let is_name = |at: usize| {
            words.get(at).is_some_and(|word| {
                (word.is_capital || word.is_digits())
                    && !taken[at]
                    && word.text != "i"
                    && !word.text.starts_with("i'")
            })
        };
        let begins = at == 0 || [".", "!", "?"].contains(&words[at - 1].text.as_str());
        if !is_name(at) || !words[at].is_capital {
            at += 1;
            continue;
        }
        let mut last = at + 1;
        while is_name(last)
            || (is_name(last + 1)
                && ["of", "the", "and", "&", "de", "-"].contains(&words[last].text.as_str()))
        {
            last += 1;
        }
        let own = card.terms.contains_key(&words[at].stem);
        let common = is_stop(&words[at].text);
        let score = match (begins, own || common) {
            (true, _) if last - at < 2 => 0.15,
            (true, _) => 0.3,
            (false, true) => 0.5,
            (false, false) => 0.7,
        };
        out.extend(span(reading, at, last, score));
        at = last;
    }
    out
}

/// The longest run of words that the tool does not explain.
fn unexplained(reading: &Reading<'_>, card: &Card, taken: &[bool]) -> Vec<Span> {
    let words = &reading.words;
    let is_free = |at: usize| {
        let word = &words[at];
        let verbs = [
            "start", "stop", "show", "play", "open", "find", "call", "send", "delete", "add",
            "lock", "run", "restart", "make", "write", "look", "point", "save", "ring", "search",
            "print", "see", "turn", "move", "put", "set", "rename", "create", "put", "flag",
            "queue", "read",
        ];
        !word.is_mark()
            && !taken[at]
            && !is_stop(&word.text)
            && !verbs.contains(&word.text.as_str())
            && !card.terms.keys().any(|term| nearness(&word.stem, term) >= 0.7)
    };
    let mut out = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let mut last = at;
        while last < words.len() && is_free(last) {
            last += 1;
        }
        if last > at {
            let place = last as f64 / words.len() as f64;
            out.extend(span(reading, at, last, 0.3 + 0.1 * place));
        }
        at = last + 1;
    }
    out
}
