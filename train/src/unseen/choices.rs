//! From reads to scores of what their parameters may be.

use std::ops::Range;

use super::batch::{Alike, Group, Prepared, Read, raise};
use super::data::{SentenceData, ToolData};
use super::forward::{Out, head};
use super::net::Net;
use super::tape::{LIKENESS, NONE, Pair, Tape, Var};
use trine_unseen::option::{Choice, KINDS};
use trine_unseen::shape::LABEL_MEANINGS;
pub(super) use trine_unseen::shape::{CHOICE, LEXICAL, SPAN, SPAN_SCORES};

/// Words around an option that are looked at: so many before it, and so many behind.
const AROUND: [(usize, usize); 4] = [(1, 0), (3, 0), (0, 1), (0, 3)];

/// What the parameters of some reads may be.
#[derive(Debug)]
pub struct Choices {
    /// The scores of all options.
    pub scores: Var,
    /// The scores of words for texts.
    pub texts: Option<TextScores>,
    /// For each read its parameters.
    pub of: Vec<Vec<Parameter>>,
}

/// What a parameter may be.
#[derive(Debug)]
pub struct Parameter {
    /// The rows of its options.
    pub rows: Range<usize>,
    /// They.
    pub options: Vec<Choice>,
    /// Where it is a text: the words of the sentence.
    pub text: Option<Words>,
}

/// The words of a sentence, and the rows of their scores.
#[derive(Clone, Debug)]
pub struct Words {
    /// Rows of scores.
    pub rows: Range<usize>,
    /// Whether a text may begin with each, and end with it.
    pub may: Vec<[bool; 2]>,
    /// The texts that are cut out of what is quoted, where that matters.
    pub cut: Vec<(usize, usize)>,
}

/// The scores of words for texts: as the first, as the last, and as one of a text's.
#[derive(Clone, Copy, Debug)]
pub struct TextScores {
    /// By their products with the parameter.
    pub dots: [Var; SPAN_SCORES],
    /// By all else.
    pub head: Var,
}

/// What is given of the options of some reads.
#[derive(Default)]
struct Given {
    own: Vec<f32>,
    lexical: Vec<f32>,
    alike: Vec<f32>,
    pairs: Vec<Pair>,
    /// The parameter, the label and the word of each option.
    from_param: Vec<u32>,
    from_label: Vec<u32>,
    from_word: Vec<u32>,
    /// The tools' words of each parameter, and of each label.
    param_tokens: Vec<u32>,
    params: Vec<Range<usize>>,
    label_tokens: Vec<u32>,
    labels: Vec<Range<usize>>,
    texts: Texts,
}

/// What is given of texts and their words.
#[derive(Default)]
struct Texts {
    params: Vec<u32>,
    /// For each word its row, its text, and how like it is to parameters.
    rows: Vec<u32>,
    of: Vec<u32>,
    near: Vec<f32>,
}

/// A read with what it is of.
struct Place<'p> {
    list: &'p Prepared,
    /// The sentence, by its place in the list.
    at: usize,
    read: &'p Read,
    tool: &'p ToolData,
    sentence: &'p SentenceData,
}

impl Place<'_> {
    /// Whether a word of the tool is one of a parameter's own, or of one of its labels'.
    fn is_of(&self, token: usize, param: usize, label: Option<usize>) -> bool {
        let token = &self.tool.tokens[token];
        token.param == Some(param) && token.label == label
    }

    fn rows(&self, param: usize, label: Option<usize>) -> Vec<u32> {
        let kept = self.read.kept.iter().enumerate();
        let own = kept.filter(|(_, token)| self.is_of(**token, param, label));
        own.map(|(at, _)| (self.read.tokens.start + at) as u32).collect()
    }

    /// How near the sentence is to a label in meaning.
    fn label_likeness(&self, param: usize, label: usize) -> f32 {
        let kept = self.read.kept.iter().copied();
        let own = kept.filter(|token| self.is_of(*token, param, Some(label)));
        self.list.meaning(self.at).likeness(&self.list.told(self.read.tool, own))
    }

    /// Whether all labels of a parameter have a word.
    fn is_shared(&self, token: usize, param: usize, labels: usize) -> bool {
        let stem = self.tool.tokens[token].word.1;
        (0..labels).all(|label| {
            let mut own = self.read.kept.iter().filter(|t| self.is_of(**t, param, Some(label)));
            own.any(|token| self.tool.tokens[*token].word.1 == stem)
        })
    }
}

/// What is most like around a word: so many before it, and so many behind.
fn around(near: &[Alike], word: usize, (before, behind): (usize, usize)) -> Alike {
    let mut most = Alike::default();
    let left = word.saturating_sub(before)..word;
    let right = word + 1..(word + 1 + behind).min(near.len());
    left.chain(right).for_each(|at| raise(&mut most, &near[at]));
    most
}

/// How near a sentence is to a label, and how much nearer than to any other.
fn ahead(likenesses: &[f32], own: usize) -> [f32; LABEL_MEANINGS] {
    let one = likenesses.get(own).copied().unwrap_or(0.0);
    let others = likenesses.iter().enumerate().filter(|(at, _)| *at != own);
    [one, one - others.map(|(_, other)| *other).reduce(f32::max).unwrap_or(0.0)]
}

impl Given {
    /// Adds the options of a read.
    fn read(&mut self, place: &Place<'_>) -> Vec<Parameter> {
        let first = self.from_word.len();
        let each = place.sentence.options[place.read.tool].iter().enumerate();
        let params = each.map(|(param, options)| self.param(place, param, options)).collect();
        let start = self.pairs.last().map_or(0, |pair| pair.start + pair.len());
        let (queries, keys) = (first..self.from_word.len(), place.read.rows.clone());
        self.pairs.push(Pair { queries, keys, start });
        params
    }

    fn param(&mut self, place: &Place<'_>, param: usize, options: &[Choice]) -> Parameter {
        let from = self.param_tokens.len();
        self.param_tokens.extend(place.rows(param, None));
        self.params.push(from..self.param_tokens.len());
        let near = place.read.nearness(|token| place.is_of(token, param, None));
        let first = self.from_word.len();
        let labels = options.iter().filter(|option| option.label.is_some()).count();
        let near_labels: Vec<f32> = (0..labels).map(|at| place.label_likeness(param, at)).collect();
        for option in options {
            self.own
                .extend((0..KINDS).map(|kind| f32::from(u8::from(kind == option.kind as usize))));
            self.own.extend(option.features().map(|is| f32::from(u8::from(is))));
            self.from_param.push(self.params.len() as u32 - 1);
            self.label(place, param, option.label.map(usize::from), &near_labels);
            let word = option.word.map(|word| place.read.rows.start as u32 + u32::from(word));
            self.from_word.push(word.unwrap_or(NONE));
            for window in AROUND {
                let found = option.word.map(|word| around(&near, word.into(), window));
                self.lexical.extend(found.unwrap_or_default());
            }
        }
        let is_text = place.tool.params[param].is_text;
        let text = is_text.then(|| self.text(place, param, &near));
        Parameter { rows: first..self.from_word.len(), options: options.to_vec(), text }
    }

    /// How alike the words and a label are: all of it, and what not all labels have.
    fn label(&mut self, place: &Place<'_>, param: usize, label: Option<usize>, likenesses: &[f32]) {
        let words = place.read.rows.len();
        let Some(number) = label else {
            self.from_label.push(NONE);
            self.alike.extend(std::iter::repeat_n(0.0, words * LIKENESS));
            self.lexical.extend(std::iter::repeat_n(0.0, 2 * LIKENESS + 1 + LABEL_MEANINGS));
            return;
        };
        let from = self.label_tokens.len();
        self.label_tokens.extend(place.rows(param, label));
        self.labels.push(from..self.label_tokens.len());
        self.from_label.push(self.labels.len() as u32 - 1);
        let near = place.read.nearness(|token| place.is_of(token, param, label));
        let exact = near.iter().fold(0.0, |most: f32, one| most.max(one[0]));
        self.alike.extend(near.iter().flatten());
        let found = place.read.found(|token| place.is_of(token, param, label));
        self.lexical.extend(found);
        let own = place.read.found(|token| {
            place.is_of(token, param, label) && !place.is_shared(token, param, likenesses.len())
        });
        self.lexical.extend(own);
        self.lexical.push(exact);
        self.lexical.extend(ahead(likenesses, number));
    }

    fn text(&mut self, place: &Place<'_>, param: usize, near: &[Alike]) -> Words {
        let others = place.read.nearness(|token| {
            let token = &place.tool.tokens[token];
            token.label.is_none() && token.param.is_some_and(|own| own != param)
        });
        let (from, text) = (self.texts.rows.len(), self.texts.params.len() as u32);
        self.texts.params.push(self.params.len() as u32 - 1);
        for word in 0..place.sentence.words.len() {
            self.texts.rows.push((place.read.rows.start + word) as u32);
            self.texts.of.push(text);
            self.texts.near.extend(near[word]);
            self.texts.near.extend(AROUND.iter().flat_map(|window| around(near, word, *window)));
            self.texts.near.extend(others[word]);
            self.texts.near.extend(around(&others, word, AROUND[1]));
        }
        let bounds = &place.sentence.bounds[place.read.tool][param];
        let may = place.sentence.words.iter().zip(bounds);
        let may = may.map(|(word, bounds)| [word.begins && *bounds, word.ends && *bounds]);
        let is_list = place.tool.params[param].is_list;
        let cut = if is_list { Vec::new() } else { place.sentence.cut.clone() };
        Words { rows: from..self.texts.rows.len(), may: may.collect(), cut }
    }
}

impl Net {
    /// Scores what the parameters of some reads, by their places in `out`, may be.
    pub fn choices(
        &self,
        tape: &mut Tape<'_>,
        groups: &[Group<'_>],
        out: &Out,
        chosen: &[usize],
    ) -> Choices {
        let mut given = Given::default();
        let each = chosen.iter().map(|at| {
            let read = &out.reads[*at];
            let group = &groups[read.place.0];
            let data = &group.list.data;
            let at = group.sentences[read.place.1];
            let (tool, sentence) = (&data.tools[read.tool], &data.sentences[at]);
            given.read(&Place { list: group.list, at, read, tool, sentence })
        });
        let of: Vec<Vec<Parameter>> = each.collect();
        let params = tape.gather(out.tokens, &given.param_tokens.into());
        let params = tape.mean(params, &given.params.into());
        let texts = self.texts(tape, out, params, given.texts, &of);
        // An option is its kind with its parameter, its label, and its word.
        let own = tape.given(given.own, CHOICE);
        let own = tape.linear(own, self.choice, None);
        let of_param = tape.linear(params, self.choice_param, None);
        let of_param = tape.gather(of_param, &given.from_param.into());
        let labels = tape.gather(out.tokens, &given.label_tokens.into());
        let labels = tape.mean(labels, &given.labels.into());
        let labels = tape.linear(labels, self.choice_label, None);
        let labels = tape.gather(labels, &given.from_label.into());
        let words = tape.gather(out.words, &given.from_word.into());
        let words = tape.linear(words, self.choice_word, None);
        let option = tape.add(own, of_param);
        let option = tape.add(option, labels);
        let option = tape.add(option, words);
        // It looks at the sentence, and is scored by what it finds.
        let q = tape.linear(option, self.choice_query, None);
        let k = tape.linear(out.words, self.choice_key, None);
        let (pairs, alike) = (given.pairs.into(), given.alike.into());
        let strengths = (self.choice_alike, self.choice_nothing);
        let found = tape.cross((q, k, out.words), &pairs, &alike, 1, strengths);
        let product = tape.multiply(option, found);
        let lexical = tape.given(given.lexical, LEXICAL);
        let seen = tape.join(&[option, found, product, lexical]);
        let scores = head(tape, seen, &self.choice_score);
        Choices { scores, texts, of }
    }

    /// Scores words for each text.
    fn texts(
        &self,
        tape: &mut Tape<'_>,
        out: &Out,
        params: Var,
        texts: Texts,
        of: &[Vec<Parameter>],
    ) -> Option<TextScores> {
        if texts.params.is_empty() {
            return None;
        }
        let count = texts.params.len();
        let own = tape.gather(params, &texts.params.into());
        let bias = tape.rows(self.text);
        let bias = tape.gather(bias, &vec![0; count].into());
        let own = tape.add(own, bias);
        let scale = 1.0 / trine_ternary::math::sqrt(self.shape.dim as f32);
        let words = tape.gather(out.words, &texts.rows.into());
        let ranges = of.iter().flatten().filter_map(|param| param.text.as_ref());
        let pair = |(at, text): (usize, &Words)| {
            let keys = text.rows.clone();
            Pair { queries: at..at + 1, start: keys.start, keys }
        };
        let pairs = ranges.enumerate().map(pair).collect::<Vec<Pair>>();
        let pairs: std::sync::Arc<[Pair]> = pairs.into();
        let queries = self.ends.map(|product| tape.linear(own, product, None));
        let dots = queries.map(|query| tape.dots(query, words, &pairs, scale));
        let within = tape.gather(queries[SPAN_SCORES - 1], &texts.of.into());
        let product = tape.multiply(words, within);
        let near = tape.given(texts.near, SPAN);
        let seen = tape.join(&[words, product, near]);
        Some(TextScores { dots, head: head(tape, seen, &self.span) })
    }
}
