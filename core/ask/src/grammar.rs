//! The grammar of calls: what is permitted, and what was chosen.

use core::ops::Range;

use crate::answer::{Call, Reason, Value};
use crate::program::{Implied, Param, ParamRule, Program, ToolCode};
use crate::sentence::{Item, Sentence};
use crate::token;
use crate::vocabulary::Vocabulary;
use crate::{CHOICES_MAX, PARAMS_MAX, SEQUENCE_MAX, TOKENS_MAX};

/// Words of a set of the sentence's tokens.
const WORDS: usize = TOKENS_MAX.div_ceil(32);
/// Stands behind every parameter that is no text.
const TEXTS: u8 = u8::MAX;

/// The tokens that are permitted.
#[derive(Clone, Debug)]
pub struct Choices {
    tokens: [u16; CHOICES_MAX],
    count: usize,
}

impl Choices {
    const NONE: Self = Self { tokens: [0; CHOICES_MAX], count: 0 };

    /// The tokens, each once.
    #[must_use]
    pub fn tokens(&self) -> &[u16] {
        self.tokens.get(..self.count).unwrap_or_default()
    }

    fn push(&mut self, token: u16) {
        if !self.tokens().contains(&token)
            && let Some(place) = self.tokens.get_mut(self.count)
        {
            *place = token;
            self.count += 1;
        }
    }
}

/// What a grammar state waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// One of [`GrammarState::choices`].
    Choice,
    /// Nothing: there is an answer.
    Nothing,
}

/// Where a grammar state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Tool,
    Param,
    /// The value of a parameter that is no text, by its place.
    Value(u8),
    /// The first token of a text.
    Start(u8),
    /// Its next token, or its end.
    Run(u8),
    Called,
    Refused(Reason),
}

/// Runs of the sentence that agree with what was read of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The tokens that they may begin with.
    starts: [u32; WORDS],
    /// How many tokens were read.
    pub(crate) length: usize,
}

impl Run {
    const NONE: Self = Self { starts: [0; WORDS], length: 0 };

    fn iter(&self) -> impl Iterator<Item = usize> + use<> {
        let starts = self.starts;
        let bits = (0..TOKENS_MAX)
            .filter(move |at| starts.get(at / 32).is_some_and(|word| word >> (at % 32) & 1 == 1));
        bits.into_iter()
    }

    fn set(&mut self, at: usize) {
        if let Some(word) = self.starts.get_mut(at / 32) {
            *word |= 1 << (at % 32);
        }
    }

    fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let before = *self;
        self.starts = [0; WORDS];
        before.iter().filter(|at| keep(*at)).for_each(|at| self.set(at));
    }
}

/// The state of the grammar of some tools over one sentence.
#[derive(Clone, Debug)]
pub struct GrammarState<'a> {
    program: Program<'a>,
    sentence: &'a Sentence<'a>,
    pub(crate) state: State,
    tool: u16,
    /// The first parameter, of those that are no texts, that may still come; [`TEXTS`] when none.
    cursor: u8,
    /// The parameters that were begun, a bit for each.
    begun: u32,
    /// By the parameter's place: its node and value.
    values: [Option<(u16, Value)>; PARAMS_MAX],
    pub(crate) run: Run,
    /// The token after the last text.
    pub(crate) text_from: usize,
    choices: Choices,
    sequence: [u16; SEQUENCE_MAX],
    length: usize,
    /// Whether what is no choice is read too.
    pub(crate) reads_forced: bool,
}

impl<'a> GrammarState<'a> {
    /// The state over a sentence, before its first choice.
    #[must_use]
    pub fn new(
        program: Program<'a>,
        vocabulary: &Vocabulary<'_>,
        sentence: &'a Sentence<'a>,
    ) -> Self {
        let mut grammar = Self::empty(program, sentence);
        grammar.begin(vocabulary.begins);
        grammar
    }

    /// A state that has to begin where it is.
    #[expect(clippy::large_stack_arrays, reason = "what is built is what is kept")]
    pub(crate) const fn empty(program: Program<'a>, sentence: &'a Sentence<'a>) -> Self {
        Self {
            program,
            sentence,
            state: State::Tool,
            tool: 0,
            cursor: 0,
            begun: 0,
            values: [None; PARAMS_MAX],
            run: Run::NONE,
            text_from: 0,
            choices: Choices::NONE,
            sequence: [0; SEQUENCE_MAX],
            length: 0,
            reads_forced: false,
        }
    }

    /// Goes up to the first choice; `begins` puts a token of its own before the sentence.
    pub(crate) fn begin(&mut self, begins: bool) {
        if begins {
            self.push(token::BEGIN);
        }
        self.sentence.tokens().iter().for_each(|token| self.push(*token));
        self.push(token::CALL);
        self.go_on();
    }

    /// What is waited for.
    #[must_use]
    pub const fn next(&self) -> Next {
        match self.state {
            State::Called | State::Refused(_) => Next::Nothing,
            _ => Next::Choice,
        }
    }

    /// What is permitted; empty when there is an answer.
    #[must_use]
    pub const fn choices(&self) -> &Choices {
        &self.choices
    }

    /// What the model reads, up to now.
    #[must_use]
    pub fn sequence(&self) -> &[u16] {
        self.sequence.get(..self.length).unwrap_or_default()
    }

    /// The sentence.
    #[must_use]
    pub const fn sentence(&self) -> &'a Sentence<'a> {
        self.sentence
    }

    /// The call, or why there is none; `None` while there is a choice to be made.
    #[must_use]
    pub fn answer(&self) -> Option<Result<Call<'_>, Reason>> {
        let (tool, text) = (self.tool, self.sentence.text());
        match self.state {
            State::Called => Some(Ok(Call { tool, text, values: &self.values })),
            State::Refused(reason) => Some(Err(reason)),
            _ => None,
        }
    }

    /// The tool that was chosen.
    pub(crate) fn code(&self) -> Option<ToolCode<'a>> {
        self.program.tool(self.tool)
    }

    pub(crate) const fn program(&self) -> &Program<'a> {
        &self.program
    }

    /// Takes a choice. What is not permitted changes nothing.
    pub fn choose(&mut self, token: u16) {
        if self.choices.tokens().contains(&token) {
            self.apply(token, true);
            self.go_on();
        }
    }

    /// Takes what is the only thing permitted, until there is a choice or an answer.
    fn go_on(&mut self) {
        loop {
            self.permit();
            match (self.next(), self.choices.tokens()) {
                (Next::Choice, [only]) => self.apply(*only, false),
                (Next::Choice, []) => self.state = State::Refused(self.missing()),
                _ => return,
            }
        }
    }

    /// Fills the choices.
    fn permit(&mut self) {
        let mut choices = core::mem::replace(&mut self.choices, Choices::NONE);
        choices.count = 0;
        match self.state {
            State::Tool => {
                choices.push(token::NONE);
                for tool in 0..self.program.tools() {
                    if self.program.tool(tool).is_some_and(|code| code.is_offered) {
                        choices.push(self.program.first_tool().saturating_add(tool));
                    }
                }
            }
            State::Param => self.openings(self.text_from, &mut choices),
            State::Value(at) => self.values_of(at, &mut choices),
            State::Start(_) => {
                let tokens = self.sentence.tokens();
                let starts = self.run.iter().filter_map(|at| tokens.get(at));
                starts.for_each(|token| choices.push(*token));
            }
            State::Run(_) => {
                let (tokens, length) = (self.sentence.tokens(), self.run.length);
                let next = self.run.iter().filter_map(|at| tokens.get(at + length));
                next.for_each(|token| choices.push(*token));
                if let Some(run) = self.closed() {
                    self.openings(run.end, &mut choices);
                }
            }
            State::Called | State::Refused(_) => {}
        }
        self.choices = choices;
    }

    /// The parameters that may come next, and the end. Texts begin with token `from` or later: when
    /// no item is left for them, none may come.
    fn openings(&self, from: usize, choices: &mut Choices) {
        let Some(code) = self.code() else { return };
        for (at, param) in (0_u8..).zip(code.params()) {
            if !param.is_text() && at >= self.cursor {
                choices.push(param.key);
                if self.is_required(&param) {
                    return;
                }
            }
        }
        let is_left = |item: &Item| usize::from(item.first) >= from;
        let has_items = self.sentence.items().last().is_some_and(is_left);
        let mut may_end = true;
        for (at, param) in (0_u8..).zip(code.params()) {
            if param.is_text() && !self.has_begun(at) {
                if has_items {
                    choices.push(param.key);
                }
                may_end &= !self.is_required(&param);
            }
        }
        if may_end {
            choices.push(token::END);
        }
    }

    fn is_required(&self, param: &Param<'_>) -> bool {
        param.is_required(|at| match self.values.get(usize::from(at)) {
            Some(Some((_, Value::Label(label)))) => Some(*label),
            _ => None,
        })
    }

    fn has_begun(&self, at: u8) -> bool {
        self.begun.checked_shr(at.into()).unwrap_or(0) & 1 == 1
    }

    /// The values of a parameter that is no text.
    fn values_of(&self, at: u8, choices: &mut Choices) {
        let Some(param) = self.code().and_then(|code| code.param(at)) else { return };
        match param.rule {
            ParamRule::Bool => [token::FALSE, token::TRUE].iter().for_each(|t| choices.push(*t)),
            ParamRule::Choice(labels) => labels.for_each(|label| choices.push(label)),
            ParamRule::Number(rule) => {
                for (mention, token) in self.sentence.mentions() {
                    if rule.takes(mention.unit) {
                        choices.push(*token);
                    }
                }
                for (token, which) in IMPLIED {
                    if rule.implied(which).is_some() {
                        choices.push(token);
                    }
                }
            }
            ParamRule::Text { .. } => {}
        }
    }

    /// What is missing where nothing is permitted.
    fn missing(&self) -> Reason {
        let (State::Value(at) | State::Start(at) | State::Run(at)) = self.state else {
            return Reason::NoTool;
        };
        let node = self.code().and_then(|code| code.param(at)).map_or(0, |param| param.node);
        Reason::Missing { tool: self.tool, node }
    }

    fn apply(&mut self, token: u16, is_chosen: bool) {
        match self.state {
            State::Tool if token == token::NONE => self.state = State::Refused(Reason::NoTool),
            State::Tool => {
                self.push(token);
                self.tool = token.saturating_sub(self.program.first_tool());
                self.go_to(State::Param);
            }
            State::Param => self.open(token, is_chosen),
            State::Value(at) => self.value(at, token, is_chosen),
            State::Start(at) => {
                self.read(token);
                self.go_to(State::Run(at));
            }
            State::Run(at) => match self.closed() {
                Some(run) if self.is_opening(token) => self.close(at, run, token, is_chosen),
                _ => {
                    self.read(token);
                    self.refuse_what_is_too_long(at);
                }
            },
            State::Called | State::Refused(_) => {}
        }
    }

    /// Goes to a state, unless an answer was come to.
    fn go_to(&mut self, state: State) {
        if self.next() == Next::Choice {
            self.state = state;
        }
    }

    /// Whether a token is a key or the end, and so closes a text.
    fn is_opening(&self, token: u16) -> bool {
        token == token::END
            || self.code().is_some_and(|code| code.params().any(|param| param.key == token))
    }

    /// Begins a parameter, or ends the call.
    fn open(&mut self, token: u16, is_chosen: bool) {
        if token == token::END {
            return self.go_to(State::Called);
        }
        let params = self.code().into_iter().flat_map(|code| code.params());
        let Some((at, param)) = (0_u8..).zip(params).find(|(_, param)| param.key == token) else {
            return;
        };
        if is_chosen || self.reads_forced {
            self.push(token);
        }
        self.begun |= 1_u32.checked_shl(at.into()).unwrap_or(0);
        if !param.is_text() {
            self.cursor = at.saturating_add(1);
            return self.go_to(State::Value(at));
        }
        self.cursor = TEXTS;
        if let Some(run) = self.quoted() {
            self.text_from = run.end;
            if self.reads_forced {
                let sentence = self.sentence;
                let words = sentence.tokens().get(run.clone()).unwrap_or_default();
                words.iter().for_each(|token| self.push(*token));
            }
            let value = self.text(&param, run);
            self.set(at, &param, value);
            return self.go_to(State::Param);
        }
        self.run = Run::NONE;
        for item in self.sentence.items() {
            if usize::from(item.first) >= self.text_from {
                self.run.set(item.first.into());
            }
        }
        self.go_to(State::Start(at));
    }

    /// What is quoted, where there is one text that it can be.
    fn quoted(&self) -> Option<Range<usize>> {
        let texts = self.code()?.params().filter(Param::is_text).count();
        self.sentence.quoted().filter(|_| texts == 1)
    }

    /// Takes the value of a parameter that is no text.
    fn value(&mut self, at: u8, token: u16, is_chosen: bool) {
        let Some(param) = self.code().and_then(|code| code.param(at)) else { return };
        if is_chosen || self.reads_forced {
            self.push(token);
        }
        let value = match param.rule {
            ParamRule::Bool => Some(Value::Bool(token == token::TRUE)),
            ParamRule::Choice(mut labels) => {
                let label = labels.position(|label| label == token);
                label.map(|label| Value::Label(label as u16))
            }
            ParamRule::Number(rule) => {
                let value = match IMPLIED.iter().find(|(implied, _)| *implied == token) {
                    Some((_, which)) => rule.implied(*which),
                    None => {
                        let mut mentions = self.sentence.mentions().iter();
                        let taken = mentions
                            .find(|(mention, name)| *name == token && rule.takes(mention.unit));
                        taken.and_then(|(mention, _)| rule.value(mention))
                    }
                };
                let wrap = if rule.is_decimal { Value::Decimal } else { Value::Int };
                value.map(wrap)
            }
            ParamRule::Text { .. } => None,
        };
        self.set(at, &param, value);
        self.go_to(State::Param);
    }

    /// Sets a value, or refuses where there is none within the bounds.
    fn set(&mut self, at: u8, param: &Param<'_>, value: Option<Value>) {
        match (value, self.values.get_mut(usize::from(at))) {
            (Some(value), Some(place)) => *place = Some((param.node, value)),
            _ => {
                let (tool, node) = (self.tool, param.node);
                self.go_to(State::Refused(Reason::OutOfRange { tool, node }));
            }
        }
    }

    /// Reads a token of a text.
    fn read(&mut self, token: u16) {
        self.push(token);
        let (tokens, length) = (self.sentence.tokens(), self.run.length);
        self.run.retain(|at| tokens.get(at + length) == Some(&token));
        self.run.length += 1;
    }

    /// The first run that ends with an item.
    fn closed(&self) -> Option<Range<usize>> {
        let mut ends = self.run.iter().map(|at| at..at + self.run.length);
        ends.find(|run| self.sentence.is_boundary(run.end))
    }

    /// Closes a text with the key of the next, or the end.
    fn close(&mut self, at: u8, run: Range<usize>, token: u16, is_chosen: bool) {
        self.text_from = run.end;
        if let Some(param) = self.code().and_then(|code| code.param(at)) {
            let value = self.text(&param, run);
            self.set(at, &param, value);
        }
        self.go_to(State::Param);
        if self.state == State::Param {
            self.open(token, is_chosen);
        }
    }

    /// The text of a run, if it is within the bounds.
    fn text(&self, param: &Param<'_>, run: Range<usize>) -> Option<Value> {
        let ParamRule::Text { min, max } = param.rule else { return None };
        let span = self.sentence.slice(run)?;
        let length = self.sentence.text().get(span.clone())?.chars().count() as u64;
        let (start, end) = (u16::try_from(span.start).ok()?, u16::try_from(span.end).ok()?);
        let fits = length >= min && (length <= max || max == u16::MAX.into());
        fits.then_some(Value::Text { start, end })
    }

    /// Ends a decoding whose text is longer than its bound already.
    fn refuse_what_is_too_long(&mut self, at: u8) {
        let Some(param) = self.code().and_then(|code| code.param(at)) else { return };
        let ParamRule::Text { max, .. } = param.rule else { return };
        let span = self.closed().and_then(|run| self.sentence.slice(run));
        let text = span.and_then(|span| self.sentence.text().get(span)).unwrap_or_default();
        if max < u16::MAX.into() && text.chars().count() as u64 > max {
            self.set(at, &param, None);
        }
    }

    fn push(&mut self, token: u16) {
        match self.sequence.get_mut(self.length) {
            Some(place) => {
                *place = token;
                self.length += 1;
            }
            None => self.go_to(State::Refused(Reason::TooLong)),
        }
    }
}

/// Tokens for values that no one said.
pub(crate) const IMPLIED: [(u16, Implied); 3] = [
    (token::LEAST, Implied::Least),
    (token::MIDDLE, Implied::Middle),
    (token::GREATEST, Implied::Greatest),
];
