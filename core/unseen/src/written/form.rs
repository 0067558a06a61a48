//! How a sentence is written as a call, and what stands around it.

use crate::base::Base;
use crate::hear::Reason;
use crate::table::{Table, TokenCode, ToolCode};
use crate::text::{Division, Spelling, words};
use crate::tool::Role;

use super::scan::{Raw, Scan, is_of_name};
use super::{Written, is_name, param};

/// How a call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `fan_set percent=40`, `fan_set percent: 40`
    Pairs,
    /// `fan_set(percent=40)`
    Round,
    /// `wait(20)`
    Value,
    /// `fan_set {"percent": 40}`
    Braces,
    /// `{"tool": "fan_set", "arguments": {"percent": 40}}`
    Wrapped,
}

impl Form {
    /// What ends the pairs; nothing does where they end with the sentence.
    pub(super) const fn close(self) -> Option<char> {
        match self {
            Self::Pairs => None,
            Self::Round | Self::Value => Some(')'),
            Self::Braces | Self::Wrapped => Some('}'),
        }
    }
}

/// What stands around a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// Nothing that changes it.
    Nothing,
    /// Words that say not to do it.
    Negation,
    /// Others: "if it rains", "tomorrow", "and then".
    Words,
}

impl Outside {
    /// Why there is no call.
    pub(super) const fn reason(self) -> Option<Reason> {
        match self {
            Self::Nothing => None,
            Self::Negation => Some(Reason::NEGATED),
            Self::Words => Some(Reason::AMBIGUOUS),
        }
    }

    const fn or_words(self) -> Self {
        if matches!(self, Self::Nothing) { Self::Words } else { self }
    }
}

/// Words around a call that change nothing.
const POLITE: [&[u8]; 28] = [
    b"please",
    b"pls",
    b"call",
    b"run",
    b"invoke",
    b"execute",
    b"use",
    b"do",
    b"just",
    b"now",
    b"then",
    b"ok",
    b"okay",
    b"hi",
    b"hey",
    b"hello",
    b"can",
    b"could",
    b"would",
    b"will",
    b"you",
    b"tool",
    b"function",
    b"the",
    b"thanks",
    b"thank",
    b"json",
    b"so",
];
/// Words that say not to do it.
const NEGATIONS: [&[u8]; 16] = [
    b"not",
    b"don't",
    b"dont",
    b"never",
    b"no",
    b"without",
    b"stop",
    b"cancel",
    b"avoid",
    b"won't",
    b"can't",
    b"cannot",
    b"shouldn't",
    b"mustn't",
    b"doesn't",
    b"isn't",
];
/// Keys of JSON for the name of a tool, and for its arguments.
const NAME_KEYS: [&str; 2] = ["tool", "name"];
/// See [`NAME_KEYS`].
const ARGUMENT_KEYS: [&str; 3] = ["arguments", "args", "parameters"];
/// Keys of JSON that say nothing.
const EMPTY_KEYS: [&str; 2] = ["type", "id"];

/// What some words around a call are.
fn outside(text: &str) -> Outside {
    let is_one = |word: &str, list: &[&[u8]]| {
        let plain = Spelling::new(word);
        list.iter().any(|other| *other == plain.bytes())
    };
    if words(text, Division::Text).any(|word| is_one(word, &NEGATIONS)) {
        return Outside::Negation;
    }
    match words(text, Division::Text).all(|word| is_one(word, &POLITE)) {
        true => Outside::Nothing,
        false => Outside::Words,
    }
}

/// What stands behind a call.
pub(super) fn behind(text: &str) -> Outside {
    match outside(text) {
        Outside::Nothing if text.contains(|c: char| !is_mark(c) && !c.is_alphabetic()) => {
            Outside::Words
        }
        outside => outside,
    }
}

/// Whether a mark behind a call changes nothing.
fn is_mark(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '!' | ';' | '`' | ',')
}

/// Where a text ends without the words behind a call that change nothing.
pub(super) fn without_thanks(text: &str) -> usize {
    let mut own = text.trim_end_matches(|c: char| c.is_whitespace() || c == '`');
    let unmarked = own.trim_end_matches(['.', '!']);
    if unmarked.ends_with(['"', '\'', ']']) {
        own = unmarked;
    }
    while let Some((before, last)) = own.rsplit_once(char::is_whitespace) {
        let before = before.trim_end();
        // In "note text: please" it is the text.
        if last.is_empty() || before.ends_with(['=', ':']) || outside(last) != Outside::Nothing {
            break;
        }
        if !last.chars().all(|c| c.is_alphabetic() || is_mark(c)) {
            break;
        }
        own = before;
    }
    own.len()
}

/// The call that a text is written as.
pub(super) fn find(names: Names<'_>, text: &str) -> Option<Written> {
    wrapped(names, text).or_else(|| named(names, text))
}

/// Where names are looked up.
type Names<'a> = (&'a Base<'a>, &'a Table<'a>);

/// The tool with a name: none of these where two have it. `None` where no tool has it.
fn tool_named((base, table): Names<'_>, name: &str) -> Option<Option<u16>> {
    let is_own = |tool: &ToolCode<'_>| {
        let is_of_name = |token: &TokenCode<'_>| token.role == Role::Name as u8;
        is_name(base, tool.tokens().filter(is_of_name), name)
    };
    let mut all = (0..table.count()).zip(table.tools()).filter(|(_, tool)| is_own(tool));
    let (tool, _) = all.next()?;
    Some(Some(tool).filter(|_| all.next().is_none()))
}

/// A name with its arguments behind it.
fn named(names: Names<'_>, text: &str) -> Option<Written> {
    let mut scan = Scan::new(text, 0);
    loop {
        scan.skip(|c| !is_of_name(c));
        let start = scan.at();
        let name = scan.skip(is_of_name);
        if name.is_empty() {
            return None;
        }
        let Some((form, at)) = form(scan) else { continue };
        let is_compound = words(name, Division::Name).nth(1).is_some();
        let before = outside(text.get(..start)?);
        // "Fan" is a word; `fan_set` is none.
        if !is_compound && (before != Outside::Nothing || form == Form::Value) {
            continue;
        }
        let Some(tool) = tool_named(names, name) else { continue };
        if is_compound || tool.is_none_or(|tool| is_for(names, tool, (form, text, at))) {
            // Two tools with one name.
            let before = if tool.is_none() { before.or_words() } else { before };
            return Some(Written { tool, at: at as u16, behind: 0, form, before });
        }
    }
}

/// Whether what is behind a word that is a tool's name are arguments of that tool. In "note title:
/// buy milk" they are words.
fn is_for((base, table): Names<'_>, tool: u16, (form, text, at): (Form, &str, usize)) -> bool {
    let mut scan = Scan::new(text, at);
    scan.spaces();
    if form.close().is_some_and(|close| { scan }.take(close)) {
        return true;
    }
    let key = scan.key();
    let is_loose = text.get(..scan.at()).is_none_or(|own| own.trim_end().len() < own.len());
    let is_words = form == Form::Pairs && is_loose && !{ Scan::new(text, at) }.is_equation();
    let param = table.tool(tool).zip(key).and_then(|(tool, key)| param((base, &tool), key));
    param.is_some() && !is_words
}

/// How the arguments behind a name are written, and where they begin.
fn form(behind: Scan<'_>) -> Option<(Form, usize)> {
    let mut scan = behind;
    let is_tight = scan.take('(');
    scan.spaces();
    if is_tight || scan.take('(') {
        let at = scan.at();
        scan.spaces();
        let is_pairs = scan.rest().starts_with(')') || { scan }.key().is_some();
        // "fan_set (the big one)"
        let form = if is_pairs { Form::Round } else { Form::Value };
        return (is_tight || is_pairs).then_some((form, at));
    }
    if scan.take('{') {
        return Some((Form::Braces, scan.at()));
    }
    let at = scan.at();
    (at > behind.at() && scan.key().is_some()).then_some((Form::Pairs, at))
}

/// JSON with the name of a tool and its arguments in it.
fn wrapped(names: Names<'_>, text: &str) -> Option<Written> {
    let start = text.find('{')?;
    let mut scan = Scan::new(text, start + 1);
    // The name, where the arguments begin, and where all of it ends if it is JSON.
    let (mut name, mut at, mut behind) = (None, None, None);
    let mut is_known = true;
    loop {
        scan.spaces();
        let last = scan.at();
        if scan.take('}') {
            (at, behind) = (at.or(Some(last)), Some(scan.at()));
            break;
        }
        let Some(key) = scan.key() else { break };
        let value = scan.at();
        let Some(raw) = scan.value(Some('}')) else { break };
        match raw {
            Raw::Quoted(..) if NAME_KEYS.contains(&key) && name.is_none() => {
                name = Some(raw.of(text));
            }
            Raw::Object if ARGUMENT_KEYS.contains(&key) && at.is_none() => at = Some(value + 1),
            _ => is_known &= EMPTY_KEYS.contains(&key),
        }
        scan.take(',');
    }
    let (name, before) = (name?, outside(text.get(..start)?));
    let tool = tool_named(names, name);
    // {"name": "Ana"} is something else.
    let is_call = match tool {
        Some(_) => true,
        None => {
            before == Outside::Nothing
                && at.is_some_and(|at| text.get(..at).is_some_and(|own| own.ends_with('{')))
        }
    };
    let (at, end) = (at.unwrap_or(0) as u16, behind.unwrap_or(0) as u16);
    let tool = tool.flatten().filter(|_| is_known && behind.is_some());
    is_call.then_some(Written { tool, at, behind: end, form: Form::Wrapped, before })
}
