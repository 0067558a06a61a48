//! What a network makes of a sentence.

use std::cell::RefCell;

use super::batch::{Group, Prepared};
use super::choices::{Choices, Parameter};
use super::data::{Answer, Arguments, ListData, REASONS, SentenceData, ToolData, sentence};
use super::forward::{Dropout, ranked};
use super::loss::{chance, shares};
use super::model::Model;
use super::option::Kind;
use super::tape::{Tape, ternary};
use super::text::Lexicon;
use crate::lists::check::WHYS;
use crate::lists::score::{Prediction, Predictor};
use crate::lists::{Call, List};
use crate::words::view::{Takes, View};

/// The most words of a text.
const TEXT_MAX: usize = 16;
/// A chance of two calls from which on the sentence is divided.
const TWO_LEAST: f32 = 0.1;
/// How many places it is divided at.
const SPLITS_MAX: usize = 8;
/// Words between two commands.
const BETWEEN: [&str; 9] = ["and", "then", ";", ",", ".", "plus", "also", "&", "!"];

/// A call, and how sure it is.
#[derive(Clone, Debug)]
struct Guess {
    call: Option<Call>,
    /// How sure the tool and its arguments are, if there is one call.
    confidence: f32,
    /// The chance that there are two.
    two: f32,
    /// Why there is none, where none is likelier than any tool.
    why: Option<&'static str>,
}

/// A list's tools, ready for sentences.
#[derive(Debug)]
struct Ready {
    name: String,
    view: View,
    tools: Vec<ToolData>,
}

/// A model that predicts.
#[derive(Debug)]
pub struct Unseen<'m> {
    model: &'m Model,
    weights: Vec<f32>,
    lexicon: RefCell<Lexicon<'m>>,
    ready: RefCell<Option<Ready>>,
}

impl<'m> Unseen<'m> {
    /// Of a model.
    #[must_use]
    pub fn new(model: &'m Model) -> Self {
        let lexicon = RefCell::new(Lexicon::new(&model.table));
        Self { model, weights: ternary(&model.params), lexicon, ready: RefCell::new(None) }
    }

    /// The likeliest call of some sentences.
    fn guess(&self, ready: &Ready, texts: &[&str]) -> Vec<Guess> {
        let mut lexicon = self.lexicon.borrow_mut();
        let read = |text: &&str| sentence(text, &ready.view, &ready.tools, &mut lexicon);
        let sentences: Vec<SentenceData> = texts.iter().map(read).collect();
        let answers = vec![Answer::default(); sentences.len()];
        let (name, tools) = (ready.name.clone(), ready.tools.clone());
        let list = Prepared::new(ListData { name, tools, sentences, answers }, &lexicon);
        let groups = [Group::whole(&list, (0..texts.len()).collect())];
        let (net, params) = (&self.model.net, &self.model.params);
        let mut tape = Tape::new(params, &self.weights, false);
        let out = net.forward(&mut tape, &lexicon, &groups, &mut Dropout::none());
        let best = |at: usize| {
            let rows = out.of[at].clone();
            let mut scores = tape.value(out.score)[rows.clone()].to_vec();
            let first = ranked(&scores).first().copied().unwrap_or(0);
            scores.push(tape.value(out.none)[at]);
            let shares = shares(&scores);
            (rows.start + first, shares[first], shares[scores.len() - 1])
        };
        let chosen: Vec<(usize, f32, f32)> = (0..texts.len()).map(best).collect();
        let places: Vec<usize> = chosen.iter().map(|(place, ..)| *place).collect();
        let choices = net.choices(&mut tape, &groups, &out, &places);
        let each = chosen.iter().enumerate().map(|(at, (place, share, none))| {
            let tool = &list.data.tools[out.reads[*place].tool];
            let filled = filled(&tape, &choices, &choices.of[at], tool, &list.data.sentences[at]);
            let whys = &tape.value(out.why)[at * REASONS..(at + 1) * REASONS];
            let call = filled.map(|(arguments, sure)| (arguments, sure * share));
            Guess {
                confidence: call.as_ref().map_or(0.0, |(_, sure)| *sure),
                call: call.map(|(arguments, _)| Call { tool: tool.name.clone(), arguments }),
                two: chance(tape.value(out.two)[at]),
                why: if none > share { reason(whys) } else { None },
            }
        });
        each.collect()
    }

    /// Two calls of the halves of a sentence, and how sure both are.
    fn halves(&self, ready: &Ready, text: &str) -> Option<([Call; 2], f32)> {
        let words = ready.view.sentence(text).words;
        let between = words.iter().enumerate().skip(1);
        let between = between.filter(|(_, word)| BETWEEN.contains(&&*word.text));
        let splits: Vec<(usize, usize)> =
            between.map(|(_, word)| word.span).take(SPLITS_MAX).collect();
        let mut texts = Vec::new();
        for (start, end) in splits {
            let (left, right) = (&text[..start], &text[end..]);
            let has_words = |text: &str| text.chars().any(char::is_alphanumeric);
            if has_words(left) && has_words(right) {
                texts.extend([left, right]);
            }
        }
        if texts.is_empty() {
            return None;
        }
        let guesses = self.guess(ready, &texts);
        let pairs = guesses.chunks_exact(2).filter_map(|pair| {
            let [one, other] = pair else { return None };
            let calls = [one.call.clone()?, other.call.clone()?];
            (calls[0] != calls[1]).then_some((calls, one.confidence * other.confidence))
        });
        pairs.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

impl Predictor for Unseen<'_> {
    fn name(&self) -> String {
        format!("unseen {:016x}", self.model.hash())
    }

    fn predict(&self, list: &List, text: &str) -> Prediction {
        if self.ready.borrow().as_ref().is_none_or(|ready| ready.name != list.name) {
            let view = View::new(list);
            let tools = super::data::tools(&view, &mut self.lexicon.borrow_mut());
            *self.ready.borrow_mut() = Some(Ready { name: list.name.clone(), view, tools });
        }
        let ready = self.ready.borrow();
        let Some(ready) = ready.as_ref() else { return Prediction::default() };
        let Some(guess) = self.guess(ready, &[text]).pop() else { return Prediction::default() };
        let one = guess.confidence * (1.0 - guess.two);
        let two = if guess.two > TWO_LEAST { self.halves(ready, text) } else { None };
        let two =
            two.map(|(calls, sure)| (calls, sure * guess.two)).filter(|(_, sure)| *sure > one);
        let (calls, confidence) = match two {
            Some((calls, sure)) => (calls.to_vec(), sure),
            None => (guess.call.into_iter().collect(), one),
        };
        let why = guess.why.map(str::to_owned);
        Prediction { calls, confidence: f64::from(confidence), why }
    }
}

/// The likeliest reason for no call.
fn reason(scores: &[f32]) -> Option<&'static str> {
    let best = ranked(scores).into_iter().find_map(|at| at.checked_sub(1));
    best.and_then(|at| WHYS.get(at).copied())
}

/// The arguments of a call, and how sure they are; `None` where it is no valid call.
fn filled(
    tape: &Tape<'_>,
    choices: &Choices,
    params: &[Parameter],
    tool: &ToolData,
    sentence: &SentenceData,
) -> Option<(Arguments, f32)> {
    if tool.is_cut {
        return None;
    }
    let (mut arguments, mut sure) = (Arguments::new(), 1.0);
    for (param, view) in params.iter().zip(&tool.params) {
        if let Some(text) = &param.text {
            let absent = chance(tape.value(choices.scores)[param.rows.start]);
            if !view.is_required {
                sure *= absent.max(1.0 - absent);
                if absent > 0.5 {
                    continue;
                }
            }
            let (first, last, share) = best_text(tape, choices.ends?, text)?;
            sure *= share;
            let span = sentence.words[first].span.0..sentence.words[last].span.1;
            let text = &sentence.text[span];
            let is_long = |max| text.chars().count() > max;
            if matches!(view.takes, Takes::Text(max) if is_long(max)) {
                return None;
            }
            arguments.insert(view.name.clone(), text.into());
            continue;
        }
        if matches!(view.takes, Takes::Other) {
            if view.is_required {
                return None;
            }
            continue;
        }
        let shares = shares(&tape.value(choices.scores)[param.rows.clone()]);
        let order = ranked(&shares);
        // What is required is not left out.
        let best = order
            .into_iter()
            .find(|at| !(view.is_required && param.options[*at].kind == Kind::Absent))?;
        sure *= shares[best];
        let choice = &param.options[best];
        if choice.kind == Kind::Absent {
            continue;
        }
        if !choice.is_valid || is_doubtful(choice.kind, param) {
            return None;
        }
        arguments.insert(view.name.clone(), choice.value.clone());
    }
    Some((arguments, sure))
}

/// Whether a value is implied where a number was said that the parameter does not take: "20
/// hertz" is not the greatest speed.
fn is_doubtful(kind: Kind, param: &Parameter) -> bool {
    let is_implied = matches!(kind, Kind::Least | Kind::Half | Kind::Greatest | Kind::Zero);
    let is_other =
        |choice: &super::option::Choice| choice.kind == Kind::Number && choice.value.is_null();
    is_implied && param.options.iter().any(is_other)
}

/// The likeliest first and last word of a text, and how likely they are.
fn best_text(
    tape: &Tape<'_>,
    ends: [super::tape::Var; 2],
    text: &[super::choices::Words; 2],
) -> Option<(usize, usize, f32)> {
    let share = |end: usize| shares(&tape.value(ends[end])[text[end].rows.clone()]);
    let (first, last) = (share(0), share(1));
    let mut best: Option<(usize, usize, f32)> = None;
    for (one, begin) in text[0].words.iter().zip(&first) {
        for (other, end) in text[1].words.iter().zip(&last) {
            let fits = (*one..*one + TEXT_MAX).contains(other);
            if fits && best.is_none_or(|(_, _, most)| begin * end > most) {
                best = Some((*one, *other, begin * end));
            }
        }
    }
    best
}
