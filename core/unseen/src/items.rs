//! The items of a list: what some words in a row of a sentence are one by one.
//!
//! "red, urgent and spring" has three. Texts and labels are divided at commas, semicolons and the
//! words between items, such as "and"; numbers are those that stand in the words.

use trine_ask::{NumberRule, Value};
use trine_descriptor::Scalar;

use crate::option::is_shortened;
use crate::said::{Said, Word};
use crate::text::{Division, Spelling, words};
use crate::tool::{ListOf, Of, Param, Takes};

/// Most items of all lists of a call.
pub const ITEMS_MAX: usize = 16;

/// Words between two items.
const BETWEEN: [&str; 5] = ["and", "or", "plus", "&", "+"];
/// Words before an item that are not of it.
const ARTICLES: [&str; 3] = ["the", "a", "an"];
/// Marks around an item that are not of it.
const QUOTES: [char; 10] = [
    '"', '\'', '`', '\u{201e}', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{ab}', '\u{bb}',
];

/// What items are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// Runs of the sentence: the first byte, and one behind the last 16 bits higher.
    Text,
    Int,
    Decimal,
    Label,
}

/// A list of a call: which of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    sort: Sort,
    first: u8,
    count: u8,
}

impl List {
    /// How many items there are.
    #[must_use]
    pub const fn count(&self) -> u16 {
        self.count as u16
    }
}

/// The items of all lists of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Items {
    all: [i64; ITEMS_MAX],
    count: u8,
}

impl Items {
    /// None.
    pub const NONE: Self = Self { all: [0; ITEMS_MAX], count: 0 };

    /// The items of a list in a sentence.
    pub fn of<'s>(
        &self,
        list: List,
        text: &'s str,
    ) -> impl Iterator<Item = Scalar<'s>> + use<'_, 's> {
        let own = self.all.iter().skip(list.first.into()).take(list.count.into());
        own.map(move |item| match list.sort {
            Sort::Text => {
                let (start, end) = (*item as u16, (*item >> 16) as u16);
                Scalar::Text(text.get(start.into()..end.into()).unwrap_or_default())
            }
            Sort::Int => Scalar::Int(*item),
            Sort::Decimal => Scalar::Decimal(*item),
            Sort::Label => Scalar::Label(*item as u16),
        })
    }

    /// Adds the list that the words from one to another are, those two included. `None`, and
    /// nothing is added, where they are no list that is taken.
    pub fn add(
        &mut self,
        said: &Said<'_>,
        takes: &ListOf<'_>,
        (first, last): (u8, u8),
        (start, end): (u16, u16),
    ) -> Option<List> {
        let mut found = *self;
        let text = said.text().get(start.into()..end.into())?;
        let sort = match takes.of {
            Of::Text { min, max } => {
                pieces(text, |from, piece| {
                    let length = piece.chars().count();
                    let fits = length >= min.into() && (max == u16::MAX || length <= max.into());
                    let from = start + from as u16;
                    let to = from + piece.len() as u16;
                    fits.then(|| found.push(i64::from(from) | i64::from(to) << 16)).flatten()
                })?;
                Sort::Text
            }
            Of::Number(rule) => {
                numbers(said, &rule, (first, last), |value| found.push(value))?;
                if rule.is_decimal { Sort::Decimal } else { Sort::Int }
            }
            Of::Choice(labels) => {
                let number = |piece: &str| labels.iter().position(|label| is_label(piece, label));
                pieces(text, |_, piece| match number(piece) {
                    Some(label) => found.push(label as i64),
                    None => piece.split_whitespace().try_for_each(|one| {
                        let is_empty = BETWEEN.contains(&one) || ARTICLES.contains(&one);
                        if is_empty { Some(()) } else { found.push(number(one)? as i64) }
                    }),
                })?;
                Sort::Label
            }
        };
        let list = List { sort, first: self.count, count: found.count - self.count };
        let is_few = list.count >= takes.least.max(1);
        let is_many = takes.most != u8::MAX && list.count > takes.most;
        if !is_few || is_many {
            return None;
        }
        *self = found;
        Some(list)
    }

    /// Adds the list of all values that `fill` hands over. `None`, and nothing is added, where it
    /// answers that they are none, or where they are too few or too many.
    pub(crate) fn put(
        &mut self,
        takes: &ListOf<'_>,
        fill: impl FnOnce(&mut dyn FnMut(Value) -> Option<()>) -> Option<()>,
    ) -> Option<List> {
        let mut found = *self;
        fill(&mut |value| {
            found.push(match value {
                Value::Text { start, end } => i64::from(start) | i64::from(end) << 16,
                Value::Int(number) | Value::Decimal(number) => number,
                Value::Label(label) => label.into(),
                Value::Bool(_) => return None,
            })
        })?;
        let sort = match takes.of {
            Of::Text { .. } => Sort::Text,
            Of::Number(rule) if rule.is_decimal => Sort::Decimal,
            Of::Number(_) => Sort::Int,
            Of::Choice(_) => Sort::Label,
        };
        let list = List { sort, first: self.count, count: found.count - self.count };
        let is_many = takes.most != u8::MAX && list.count > takes.most;
        if list.count < takes.least || is_many {
            return None;
        }
        *self = found;
        Some(list)
    }

    fn push(&mut self, item: i64) -> Option<()> {
        *self.all.get_mut(usize::from(self.count))? = item;
        self.count += 1;
        Some(())
    }
}

/// Hands the pieces of a text over with their places, until one is not taken.
fn pieces<'s>(text: &'s str, mut each: impl FnMut(usize, &'s str) -> Option<()>) -> Option<()> {
    let mut from = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..)?;
        let cut = between(text, at);
        if cut == 0 {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        piece(text, (from, at), &mut each)?;
        at += cut;
        from = at;
    }
    piece(text, (from, text.len()), &mut each)
}

/// A piece without what is not of it; nothing where nothing else is there.
fn piece<'s>(
    text: &'s str,
    (from, to): (usize, usize),
    each: &mut impl FnMut(usize, &'s str) -> Option<()>,
) -> Option<()> {
    let is_gap = |c: char| c.is_whitespace() || QUOTES.contains(&c);
    let mut own = text.get(from..to)?;
    let mut left = from + own.len() - own.trim_start_matches(is_gap).len();
    own = own.trim_matches(is_gap);
    if let Some((first, rest)) = own.split_once(' ')
        && ARTICLES.iter().any(|article| first.eq_ignore_ascii_case(article))
    {
        let rest = rest.trim_start_matches(is_gap);
        left += own.len() - rest.len();
        own = rest;
    }
    if own.is_empty() { Some(()) } else { each(left, own) }
}

/// How many bytes of what stands between two items there are at a place.
fn between(text: &str, at: usize) -> usize {
    let (Some(before), Some(rest)) = (text.get(..at), text.get(at..)) else { return 0 };
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    if rest.starts_with(';') {
        return 1;
    }
    if rest.starts_with(',') {
        // In "1,200" a comma is of a number.
        let digits = rest.chars().skip(1).take_while(char::is_ascii_digit).count();
        return usize::from(!(is_digit(before.chars().next_back()) && digits == 3));
    }
    if !before.is_empty() && !before.ends_with([' ', ',']) {
        return 0;
    }
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let word = rest.get(..length).unwrap_or_default();
    let is_one = BETWEEN.iter().any(|other| word.eq_ignore_ascii_case(other));
    if is_one { length } else { 0 }
}

/// The numbers of some words, until one is not taken; `None` where there is none.
fn numbers(
    said: &Said<'_>,
    rule: &NumberRule,
    (first, last): (u8, u8),
    mut each: impl FnMut(i64) -> Option<()>,
) -> Option<()> {
    let own = said.words().iter().take(usize::from(last) + 1).skip(first.into());
    let mut has_one = false;
    for at in own.filter_map(|word| word.mention) {
        let (mention, _) = said.mentions().get(usize::from(at))?;
        let value = rule.value_near(mention).or_else(|| rule.unchecked(mention));
        each(value.filter(|value| rule.accepts(*value))?)?;
        has_one = true;
    }
    has_one.then_some(())
}

/// Whether a text or a list of a parameter may begin or end with a word: numbers do with one, and
/// labels with a word of theirs.
#[must_use]
pub fn bounds(word: &Word, param: &Param<'_>) -> bool {
    let Takes::List(list) = &param.takes else { return true };
    match list.of {
        Of::Text { .. } => true,
        Of::Number(_) => word.mention.is_some(),
        Of::Choice(labels) => labels.iter().any(|label| {
            let is_one = |own| Spelling::new(own).stem() == word.spelling.stem();
            is_shortened(label, word.spelling.bytes()) || words(label, Division::Name).any(is_one)
        }),
    }
}

/// Whether a piece of a sentence is a label: its words are those of the label, or one of the two is
/// a shortened form of the other.
fn is_label(piece: &str, label: &str) -> bool {
    let mut own = words(piece, Division::Text).map(Spelling::new);
    let mut wanted = words(label, Division::Name).map(Spelling::new);
    let mut any = false;
    let mut alone = words(piece, Division::Text).map(Spelling::new);
    if let (Some(word), None) = (alone.next(), alone.next())
        && is_shortened(label, word.bytes())
    {
        return true;
    }
    loop {
        match (own.next(), wanted.next()) {
            (None, None) => return any,
            (Some(one), Some(other)) if one.stem() == other.stem() => any = true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use super::*;
    use crate::tool::{LabelsOf, RulesOf};

    const TEXT: Of<'static> = Of::Text { min: 1, max: 12 };

    /// What a sentence as a whole is as a list.
    fn list(sentence: &str, of: Of<'static>) -> Option<Vec<String>> {
        let mut said = Said::empty();
        said.fill(sentence.as_bytes(), &RulesOf(&[])).unwrap();
        let takes = ListOf { of, least: 0, most: u8::MAX };
        let (mut items, last) = (Items::NONE, said.words().len() as u8 - 1);
        let list = items.add(&said, &takes, (0, last), (0, sentence.len() as u16))?;
        let text = |item: Scalar<'_>| match item {
            Scalar::Text(text) => text.into(),
            Scalar::Int(number) => std::format!("{number}"),
            Scalar::Label(label) => std::format!("#{label}"),
            other => std::format!("{other:?}"),
        };
        Some(items.of(list, said.text()).map(text).collect())
    }

    #[test]
    fn texts_are_divided_at_commas_and_the_words_between_items() {
        let texts = |sentence| list(sentence, TEXT).unwrap_or_default().join("|");
        assert_eq!(texts("red, urgent and spring"), "red|urgent|spring");
        assert_eq!(texts("the oven, and the big lamp"), "oven|big lamp");
        assert_eq!(texts("\"x b\", 'c' & d;e"), "x b|c|d|e");
        assert_eq!(texts("sandy beach"), "sandy beach", "no word between items is there");
        assert_eq!(texts("band, android"), "band|android");
        assert_eq!(texts("1,200 or 7,5"), "1,200|7|5");
        assert_eq!(texts("a"), "a");
        assert_eq!(list("a much too long text", TEXT), None);
        assert_eq!(list("and", TEXT), None);
    }

    #[test]
    fn numbers_are_those_that_stand_there() {
        use trine_descriptor::{Field, IntRange, Kind};

        let field = Field::new("n", Kind::Int(IntRange { min: 0, max: 99 }));
        let rule = NumberRule::of(&field, crate::tool::own_unit).unwrap();
        let numbers = |sentence| list(sentence, Of::Number(rule)).unwrap_or_default().join("|");
        assert_eq!(numbers("3, five and 12"), "3|5|12");
        assert_eq!(numbers("3 5 12"), "3|5|12");
        assert_eq!(numbers("seven"), "7");
        assert_eq!(list("3 and 500", Of::Number(rule)), None, "500 is too much");
        assert_eq!(list("none", Of::Number(rule)), None);
    }

    #[test]
    fn labels_are_known_by_their_words() {
        let of = Of::Choice(LabelsOf("friday|work_day|sun"));
        let labels = |sentence| list(sentence, of).unwrap_or_default().join("|");
        assert_eq!(labels("Fridays, the work days and sun"), "#0|#1|#2");
        assert_eq!(labels("friday sun"), "#0|#2");
        assert_eq!(labels("Sunday or on Fri"), "", "a word that is of no label stands there");
        assert_eq!(labels("Sunday or Fri"), "#2|#0");
        assert_eq!(list("friday and monday", of), None);
    }

    #[test]
    fn there_are_as_many_items_as_are_taken() {
        let mut said = Said::empty();
        let text = "1 2 3 4 5 6 7 8 9";
        said.fill(text.as_bytes(), &RulesOf(&[])).unwrap();
        let of = Of::Text { min: 0, max: u16::MAX };
        let mut items = Items::NONE;
        let mut add = |least, most| {
            items.add(&said, &ListOf { of, least, most }, (0, 8), (0, text.len() as u16))
        };
        assert_eq!(add(2, 3), None);
        assert_eq!(add(0, 0), None);
        let counts: Vec<u16> = (0..20).filter_map(|_| add(1, 1)).map(|list| list.count()).collect();
        assert_eq!(counts, [1; ITEMS_MAX], "there is room for no more");
    }
}
