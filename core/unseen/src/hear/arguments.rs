//! The arguments of the likeliest tool.

use trine_ask::Value;

use super::options::Place;
use super::texts::Span;
use super::together::{CANDIDATES_MAX, Candidate, Candidates, Together, Words};
use super::{Guess, Workspace};
use crate::base::Base;
use crate::beyond::is_beyond;
use crate::counted::is_of_things;
use crate::either::is_either;
use crate::items::{Items, List};
use crate::net::softmax;
use crate::option::{Choice, Kind, Order};
use crate::said::{Said, whole_text};
use crate::table::{ParamCode, Table, ToolCode};
use crate::tool::{PARAMS_MAX, Param, Takes};
use crate::written::stated;

/// The arguments of a tool.
#[derive(Clone, Copy, Debug)]
pub struct Filled {
    /// They: nodes and values.
    pub values: [Option<(u16, Given)>; PARAMS_MAX],
    /// The items of lists.
    pub items: Items,
    /// How sure they are.
    pub sure: f32,
    /// What is wrong with them. A parameter that is likelier missing may have a value all the same.
    pub fault: Option<ArgumentFault>,
    /// Whether they are a call: all that it needs is there, and nothing that it does not take.
    pub is_call: bool,
}

/// An argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// One value.
    One(Value),
    /// Some of the call's items.
    List(List),
}

/// What is wrong with arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentFault {
    /// A call needs this node, and nothing is it.
    Missing(u16),
    /// What was said for this node is not within its bounds.
    Range(u16),
    /// What was said for this node has a unit that it does not take.
    Unit(u16),
    /// A call needs what is not filled in.
    Cut,
}

impl ArgumentFault {
    /// Whether a value is there that no call has, or a call needs what has none.
    const fn is_grave(self) -> bool {
        !matches!(self, Self::Missing(_))
    }
}

impl Filled {
    const NOTHING: Self = Self {
        values: [None; PARAMS_MAX],
        items: Items::NONE,
        sure: 1.0,
        fault: None,
        is_call: false,
    };
}

impl Workspace {
    /// The arguments of the tool that [`Self::guess`] came to, for the same sentence.
    pub fn fill(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        said: &Said<'_>,
        guess: &Guess,
    ) -> Filled {
        let mut filled = Filled::NOTHING;
        let Some(tool) = table.tool(guess.tool) else { return filled };
        if tool.is_cut() {
            filled.fault = Some(ArgumentFault::Cut);
            return filled;
        }
        self.prepare_options(base, said.words().len());
        let (params, count) = params(&tool);
        let mut together = Together::NONE;
        for ((at, param), to) in (0_u8..).zip(tool.params()).zip(&mut together.params) {
            let order = Order::of(params.get(..count).unwrap_or_default(), at.into());
            let place = Place { base, said, tool: &tool, param: &param, at, order };
            *to = self.candidates(&place);
        }
        let params = params.iter().take(count);
        let (sure, likeliest) = together.likeliest(count);
        filled.sure = sure;
        let mut weakest: Option<(u16, f32)> = None;
        for ((param, picked), to) in params.zip(likeliest).zip(&mut filled.values) {
            filled.fault = graver(filled.fault, picked.fault);
            let is_weaker = weakest.is_none_or(|(_, least)| picked.share < least);
            if param.is_required && is_weaker {
                weakest = Some((param.node, picked.share));
            }
            let given = match (&param.takes, picked.value) {
                (_, None) => continue,
                (Takes::List(list), Some(Value::Text { start, end })) => {
                    let (first, behind) = picked.words;
                    let words = (first, behind.saturating_sub(1));
                    let list = filled.items.add(said, list, words, (start, end));
                    let Some(list) = list else {
                        filled.fault = graver(filled.fault, Some(ArgumentFault::Range(param.node)));
                        continue;
                    };
                    Given::List(list)
                }
                (_, Some(value)) => Given::One(value),
            };
            *to = Some((param.node, given));
        }
        let lacks = lacking(&tool, &filled.values);
        filled.is_call = lacks.is_none() && !filled.fault.is_some_and(ArgumentFault::is_grave);
        // Where something is said to be missing, it has a name: that of the least likely value.
        let missing = weakest.filter(|_| guess.is_of_missing());
        let missing = missing.map(|(node, _)| ArgumentFault::Missing(node));
        filled.fault = filled.fault.or(lacks).or(missing);
        filled
    }

    fn candidates(&mut self, place: &Place<'_, '_>) -> Candidates {
        let mut out = Candidates::NONE;
        match &place.param.param.takes {
            Takes::Text { .. } | Takes::List(_) => self.texts(place, &mut out),
            Takes::Other => out.put(Candidate { share: 1.0, ..Candidate::NOTHING }),
            _ => self.options(place, &mut out),
        }
        out
    }

    /// The score that a parameter is left out. On its own, so that what it takes of the stack is
    /// free again before texts are scored.
    #[inline(never)]
    fn absent(&mut self, place: &Place<'_, '_>) -> f32 {
        self.scored(place).scores().first().copied().unwrap_or(0.0)
    }

    /// What a text may be.
    #[inline(never)]
    fn texts(&mut self, place: &Place<'_, '_>, out: &mut Candidates) {
        let param = &place.param.param;
        let absent = self.absent(place);
        let spans = self.spans::<CANDIDATES_MAX>(place, absent);
        let missing = ArgumentFault::Missing(param.node);
        if !param.is_required {
            out.put(Candidate { share: spans.absent, ..Candidate::NOTHING });
        }
        let words = place.said.words();
        let word = |at: u8| words.get(usize::from(at));
        for Span { words: (first, last), share } in spans.best.into_iter().flatten() {
            let (Some(one), Some(other)) = (word(first), word(last)) else { continue };
            let (start, end) = whole_text(place.said.text(), one.reach, other.reach);
            let range = usize::from(start)..usize::from(end);
            let fits = match &param.takes {
                Takes::List(list) => {
                    let mut items = Items::NONE;
                    items.add(place.said, list, (first, last), (start, end)).is_some()
                }
                _ => fits(param, place.said.text().get(range).unwrap_or_default()),
            };
            let is_missing = param.is_required && spans.absent > share;
            let fault = match fits {
                false => Some(ArgumentFault::Range(param.node)),
                true => is_missing.then_some(missing),
            };
            let value = Some(Value::Text { start, end });
            out.put(Candidate { value, share, fault, words: (first, last + 1), sort: Words::Text });
        }
        if out.is_empty() {
            out.put(Candidate { fault: Some(missing), ..Candidate::NOTHING });
        }
    }

    /// What any other parameter may be.
    #[inline(never)]
    fn options(&mut self, place: &Place<'_, '_>, out: &mut Candidates) {
        let param = &place.param.param;
        let mut scored = self.scored(place);
        softmax(scored.scores());
        // "20 parsnips" are no percentage, though 20 is a number that it takes.
        for choice in scored.choices_mut() {
            let of = (place.tool, place.at, param);
            choice.is_other |= matches!(choice.kind, Kind::Number | Kind::Negative)
                && choice.word.is_some_and(|word| is_of_things(of, place.said, word));
        }
        let all = || scored.choices().iter().zip(&scored.scores);
        // What is required is not left out.
        let is_lacking = |choice: &Choice| choice.kind == Kind::Absent && param.is_required;
        let absent = all().find(|(choice, _)| is_lacking(choice)).map_or(0.0, |(_, share)| *share);
        let is_other = scored.choices().iter().any(|choice| choice.is_other);
        let is_own = |choice: &Choice| is_beyond((place.tool, place.at), place.said, choice);
        let is_beyond = scored.choices().iter().any(is_own);
        let stated = match param.takes {
            Takes::Bool => stated(place.base, (place.tool, place.at), place.said.text()),
            _ => [false; 2],
        };
        let is_stated = stated[0] || stated[1];
        // What is true by "open=true" is not false, and not left out.
        let is_denied = |choice: &Choice| match choice.kind {
            Kind::True => stated[1],
            Kind::False => stated[0],
            _ => is_stated,
        };
        // Where the network takes the other for likelier, as in "close it if open=true", this is
        // shown and not done.
        let denied = all().filter(|(choice, _)| is_denied(choice));
        let denied = denied.fold(0.0_f32, |most, (_, share)| most.max(*share));
        for (choice, share) in all().filter(|(choice, _)| !is_lacking(choice)) {
            if is_denied(choice) {
                continue;
            }
            let sort = match choice.kind {
                Kind::Label => Words::Label,
                _ if choice.is_clock() => Words::Clock,
                _ => Words::Number,
            };
            out.put(Candidate {
                value: value(param, choice),
                share: match is_either(place.said, scored.choices(), choice) {
                    true => *share * EITHER,
                    false if is_stated && *share >= denied => 1.0,
                    false => *share,
                },
                fault: fault(param, choice, [is_other, is_beyond], absent > *share && !is_stated),
                words: choice.word.map_or((0, 0), |word| (word, word + 1)),
                sort,
            });
        }
        if out.is_empty() {
            let fault = Some(ArgumentFault::Missing(param.node));
            out.put(Candidate { fault, ..Candidate::NOTHING });
        }
    }
}

/// How sure at most is a value where another one may be meant as well.
const EITHER: f32 = 0.5;

/// Whether a text has a length that its parameter takes.
pub(crate) fn fits(param: &Param<'_>, text: &str) -> bool {
    match param.takes {
        Takes::Text { min, max } => {
            let length = text.chars().count();
            length >= min.into() && (max == u16::MAX || length <= max.into())
        }
        _ => true,
    }
}

/// The value of an option; none of one that is left out.
fn value(param: &Param<'_>, choice: &Choice) -> Option<Value> {
    let is_decimal = matches!(&param.takes, Takes::Number(rule) if rule.is_decimal);
    Some(match choice.kind {
        Kind::Absent => return None,
        Kind::True => Value::Bool(true),
        Kind::False => Value::Bool(false),
        Kind::Label => Value::Label(choice.label?.into()),
        _ if is_decimal => Value::Decimal(choice.value),
        _ => Value::Int(choice.value),
    })
}

/// What is wrong with an option. Nothing is implied where a number was said that the parameter
/// does not take: "20 hertz" is not the greatest speed. And nothing is left out where one was said
/// by the parameter's name: "on line 9" is not on the first line.
fn fault(
    param: &Param<'_>,
    choice: &Choice,
    [is_other, is_beyond]: [bool; 2],
    is_missing: bool,
) -> Option<ArgumentFault> {
    let is_implied = matches!(choice.kind, Kind::Least | Kind::Half | Kind::Greatest | Kind::Zero);
    if choice.is_other || is_implied && is_other {
        return Some(ArgumentFault::Unit(param.node));
    }
    if !choice.is_valid || is_beyond && (is_implied || choice.kind == Kind::Absent) {
        return Some(ArgumentFault::Range(param.node));
    }
    is_missing.then_some(ArgumentFault::Missing(param.node))
}

/// Of two faults the one that no call has: a value that its parameter does not take goes before one
/// that is likelier missing. Of two of a kind the first.
fn graver(one: Option<ArgumentFault>, other: Option<ArgumentFault>) -> Option<ArgumentFault> {
    let grave = |fault: Option<ArgumentFault>| fault.filter(|fault| fault.is_grave());
    grave(one).or(grave(other)).or(one).or(other)
}

/// The parameters of a tool.
#[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
fn params<'t>(tool: &ToolCode<'t>) -> ([Param<'t>; PARAMS_MAX], usize) {
    let mut params = [Param::OTHER; PARAMS_MAX];
    let mut count = 0;
    for (place, ParamCode { param, .. }) in params.iter_mut().zip(tool.params()) {
        (*place, count) = (param, count + 1);
    }
    (params, count)
}

/// What is required, always or by a label, and is not there.
pub(crate) fn lacking(
    tool: &ToolCode<'_>,
    values: &[Option<(u16, Given)>; PARAMS_MAX],
) -> Option<ArgumentFault> {
    let given =
        |node: u16| values.iter().flatten().find(|(own, _)| *own == node).map(|(_, value)| *value);
    let lacks = |param: &Param<'_>| {
        let holds = param.condition.is_some_and(|condition| {
            given(condition.node) == Some(Given::One(Value::Label(condition.label)))
        });
        (param.is_required || holds) && given(param.node).is_none()
    };
    let first = tool.params().find(|param| lacks(&param.param));
    first.map(|param| ArgumentFault::Missing(param.param.node))
}
