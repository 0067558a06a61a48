//! The choices that lead to a known answer: what models are trained on.

use core::fmt;
use core::ops::Range;

use trine_descriptor::{Scalar, ValueReader};

use crate::grammar::{Choices, GrammarState, IMPLIED, Next, State};
use crate::number::Mention;
use crate::program::{NumberRule, Param, ParamRule};
use crate::token;
use crate::unit::Unit;

/// Why an answer cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TeachError {
    /// The tool is none that a model may choose.
    Tool(u16),
    /// The value of this node cannot be said with the words of the sentence.
    Value(u16),
    /// The arguments are not those of a valid call.
    Arguments,
    /// Decoding came to another call, which has no choice left to make it right.
    Other,
}

impl fmt::Display for TeachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool(tool) => write!(f, "tool {tool} is not one of the tools of the model"),
            Self::Value(node) => {
                write!(f, "the value of parameter {node} is not in the sentence")
            }
            Self::Arguments => f.write_str("the arguments are not those of a valid call"),
            Self::Other => f.write_str("the sentence's words lead to another call"),
        }
    }
}

impl core::error::Error for TeachError {}

/// The answer that decoding is to come to: a tool and its arguments, as
/// [`trine_descriptor::ValueWriter`] writes them.
#[derive(Clone, Copy, Debug)]
pub struct Label<'l> {
    /// The tool's number.
    pub tool: u16,
    /// Its arguments.
    pub arguments: &'l [u8],
}

/// Takes a grammar state to the answer `label`, to none where it is `None`. Hands each choice to
/// `each`: how many tokens stand before it, what is chosen, and what is permitted.
///
/// # Errors
/// When the grammar does not lead there.
pub fn teach(
    grammar: &mut GrammarState<'_>,
    label: Option<Label<'_>>,
    mut each: impl FnMut(usize, u16, &Choices),
) -> Result<(), TeachError> {
    while grammar.next() == Next::Choice {
        let target = match label {
            None => token::NONE,
            Some(label) => Teacher { grammar, label }.target()?,
        };
        if !grammar.choices().tokens().contains(&target) {
            return Err(TeachError::Other);
        }
        each(grammar.sequence().len(), target, grammar.choices());
        grammar.choose(target);
    }
    match (grammar.answer(), label) {
        (Some(Err(_)), None) => Ok(()),
        (Some(Ok(call)), Some(label)) => {
            let mut wanted = ValueReader::new(label.arguments);
            for (node, value) in call.arguments() {
                let entry = wanted.entry().map_err(|_| TeachError::Arguments)?;
                if !entry.is_some_and(|entry| entry.node == node && entry.value == value) {
                    return Err(TeachError::Other);
                }
            }
            let is_same = call.tool() == label.tool && wanted.is_at_end();
            if is_same { Ok(()) } else { Err(TeachError::Other) }
        }
        _ => Err(TeachError::Other),
    }
}

struct Teacher<'t, 'a> {
    grammar: &'t GrammarState<'a>,
    label: Label<'t>,
}

impl Teacher<'_, '_> {
    /// What is to be chosen.
    fn target(&self) -> Result<u16, TeachError> {
        let tokens = self.grammar.sentence().tokens();
        let at = |at: usize| tokens.get(at).copied().ok_or(TeachError::Other);
        match self.grammar.state {
            State::Tool => Ok(self.grammar.program().first_tool().saturating_add(self.label.tool)),
            State::Param => self.opening(self.grammar.text_from),
            State::Value(param) => self.value(&self.param(param)?),
            State::Start(param) => {
                at(self.find(&self.param(param)?, self.grammar.text_from)?.start)
            }
            State::Run(param) => {
                let run = self.find(&self.param(param)?, self.grammar.text_from)?;
                let next = run.start + self.grammar.run.length;
                if next == run.end { self.opening(run.end) } else { at(next) }
            }
            State::Called | State::Refused(_) => Err(TeachError::Other),
        }
    }

    fn param(&self, at: u8) -> Result<Param<'_>, TeachError> {
        let code = self.grammar.code().ok_or(TeachError::Tool(self.label.tool))?;
        code.param(at).ok_or(TeachError::Arguments)
    }

    /// The value that the label has for a node.
    fn given(&self, node: u16) -> Option<Scalar<'_>> {
        let mut entries = ValueReader::new(self.label.arguments);
        while let Ok(Some(entry)) = entries.entry() {
            if entry.node == node {
                return Some(entry.value);
            }
        }
        None
    }

    /// The key of the next parameter, or the end: the first that is no text, else the text that
    /// comes first from token `from` on.
    fn opening(&self, from: usize) -> Result<u16, TeachError> {
        let permitted = self.grammar.choices().tokens();
        let code = self.grammar.code().ok_or(TeachError::Tool(self.label.tool))?;
        let open =
            |param: &Param<'_>| permitted.contains(&param.key) && self.given(param.node).is_some();
        if let Some(param) = code.params().find(|param| !param.is_text() && open(param)) {
            return Ok(param.key);
        }
        let mut first: Option<(usize, u16)> = None;
        for param in code.params().filter(|param| param.is_text() && open(param)) {
            let start = self.find(&param, from)?.start;
            if first.is_none_or(|(least, _)| start < least) {
                first = Some((start, param.key));
            }
        }
        Ok(first.map_or(token::END, |(_, key)| key))
    }

    fn value(&self, param: &Param<'_>) -> Result<u16, TeachError> {
        let wrong = TeachError::Value(param.node);
        let given = self.given(param.node).ok_or(wrong)?;
        match (param.rule, given) {
            (ParamRule::Bool, Scalar::Bool(value)) => {
                Ok(if value { token::TRUE } else { token::FALSE })
            }
            (ParamRule::Choice(mut labels), Scalar::Label(label)) => {
                labels.nth(label.into()).ok_or(wrong)
            }
            (ParamRule::Number(rule), Scalar::Int(value) | Scalar::Decimal(value)) => {
                self.number(&rule, value).ok_or(wrong)
            }
            _ => Err(wrong),
        }
    }

    /// The token of a number: of those with the value the one whose unit says most, and the first
    /// of these; else an implied value.
    fn number(&self, rule: &NumberRule, value: i64) -> Option<u16> {
        let mentions = self.grammar.sentence().mentions().iter();
        // Of the numbers with one token the first that may be meant is what the token stands for.
        let meant = |mention: &Mention, name: u16| {
            let mut same = self.grammar.sentence().mentions().iter();
            let first = same.find(|(other, token)| *token == name && rule.takes(other.unit));
            first.is_some_and(|(other, _)| other.start == mention.start)
        };
        let right = mentions
            .filter(|(mention, name)| rule.value(mention) == Some(value) && meant(mention, *name));
        let said = right.min_by_key(|(mention, _)| match mention.unit {
            Unit::None => 1,
            Unit::Ordinal => 2,
            Unit::Share => 3,
            _ => 0,
        });
        let implied = || IMPLIED.iter().find(|(_, which)| rule.implied(*which) == Some(value));
        said.map(|(_, token)| *token).or_else(|| implied().map(|(token, _)| *token))
    }

    /// The tokens of the first run from token `from` on that is the text of a parameter.
    fn find(&self, param: &Param<'_>, from: usize) -> Result<Range<usize>, TeachError> {
        let wrong = TeachError::Value(param.node);
        let Some(Scalar::Text(wanted)) = self.given(param.node) else { return Err(wrong) };
        let sentence = self.grammar.sentence();
        let (text, items) = (sentence.text(), sentence.items());
        let after =
            |at: usize| items.get(at + 1).map_or(sentence.tokens().len(), |item| item.first.into());
        for (first, start) in items.iter().enumerate() {
            if usize::from(start.first) < from {
                continue;
            }
            for (last, end) in items.iter().enumerate().skip(first) {
                let span = usize::from(start.start)..usize::from(end.end);
                if text.get(span).is_some_and(|found| found == wanted) {
                    return Ok(start.first.into()..after(last));
                }
            }
        }
        Err(wrong)
    }
}
