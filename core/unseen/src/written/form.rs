//! How a sentence is written as a call, and what stands around it.

use crate::base::Base;
use crate::hear::Reason;
use crate::table::{Table, TokenCode, ToolCode};
use crate::text::{Division, Spelling, words};
use crate::tool::Role;

use super::scan::{Raw, Scan, begins_name, is_of_name};
use super::{Written, is_long, is_name, param};

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
    /// Others: "if it rains", "tomorrow", "and then", and marks: "#", "//".
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
const EMPTY_KEYS: [&str; 3] = ["type", "id", "jsonrpc"];
/// Keys of JSON with the name and the arguments in them, as in MCP.
const OUTER_KEYS: [&str; 2] = ["params", "function"];

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
#[inline(never)]
pub(super) fn behind(text: &str) -> Outside {
    match outside(text) {
        Outside::Nothing if text.contains(|c: char| !is_mark(c) && !c.is_alphabetic()) => {
            Outside::Words
        }
        outside => outside,
    }
}

/// What stands before a call. "!" negates there, as in programs; "#" and "//" are comments.
fn before(text: &str) -> Outside {
    let own = behind(text.trim_end_matches([' ', ':']));
    if text.contains('!') { own.or_words() } else { own }
}

/// Whether a mark behind a call changes nothing.
fn is_mark(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '!' | ';' | '`' | ',')
}

/// Where a text ends without the marks behind a call that change nothing.
pub(super) fn without_marks(text: &str) -> usize {
    let own = text.trim_end_matches(|c: char| c.is_whitespace() || c == '`');
    let unmarked = own.trim_end_matches(['.', '!']);
    if unmarked.ends_with(['"', '\'', ']']) { unmarked.len() } else { own.len() }
}

/// A number or a truth without the words behind it that change nothing.
pub(super) fn without_thanks(text: &str) -> &str {
    let mut own = text;
    while let Some((before, last)) = own.rsplit_once(char::is_whitespace) {
        if last.is_empty() || behind(last) != Outside::Nothing {
            break;
        }
        own = before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    }
    own
}

/// The call that a text is written as.
pub(super) fn find(names: Names<'_>, text: &str) -> Option<Written> {
    wrapped(names, text).or_else(|| named(names, text))
}

/// The key of a name in JSON.
const NAME: &[u8] = b"\"name\"";

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
        scan.skip(|c| !begins_name(c));
        let start = scan.at();
        let name = scan.skip(is_of_name);
        if name.is_empty() {
            return None;
        }
        let Some((form, at)) = form(scan) else { continue };
        let is_compound = words(name, Division::Name).nth(1).is_some();
        // "Fan" is a word; `fan_set` is none.
        if !is_compound && outside(text.get(..start)?) != Outside::Nothing {
            continue;
        }
        let Some(tool) = tool_named(names, name) else {
            if scan.rest().starts_with('(') && is_of_code(name) {
                return Some(Written::NONE);
            }
            continue;
        };
        let before = before(text.get(..start)?);
        if is_compound || tool.is_none_or(|tool| is_for(names, tool, (form, text, at))) {
            // Two tools with one name.
            let before = if tool.is_none() { before.or_words() } else { before };
            let tool = tool.filter(|_| !is_long(name));
            return Some(Written { tool, at: at as u16, behind: 0, form, before });
        }
    }
}

/// Whether a name is written as only programs have them: `gate_shut`, `gate.shut`, `gateShut`.
fn is_of_code(name: &str) -> bool {
    let bytes = name.trim_matches(['.', '_']).as_bytes();
    let is_camel = |pair: &[u8]| matches!(pair, [b'a'..=b'z', b'A'..=b'Z']);
    bytes.iter().any(|byte| matches!(byte, b'_' | b'.')) || bytes.windows(2).any(is_camel)
}

/// Whether what is behind a word that is a tool's name are arguments of that tool. In "note title:
/// buy milk" they are words.
fn is_for((base, table): Names<'_>, tool: u16, (form, text, at): (Form, &str, usize)) -> bool {
    let mut scan = Scan::new(text, at);
    scan.spaces();
    if form == Form::Value || form.close().is_some_and(|close| { scan }.take(close)) {
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
struct Parts<'t> {
    name: Option<&'t str>,
    /// Where the arguments begin.
    at: Option<usize>,
    /// Where all of it ends, if it is JSON.
    behind: Option<usize>,
    /// What has the name in it: behind its bracket.
    inner: Option<usize>,
    /// Whether it has no other keys.
    is_known: bool,
}

impl<'t> Parts<'t> {
    /// Reads them from behind the bracket on.
    #[inline(never)]
    fn read(text: &'t str, start: usize) -> Self {
        let mut own = Self { name: None, at: None, behind: None, inner: None, is_known: true };
        let mut scan = Scan::new(text, start);
        loop {
            scan.spaces();
            let last = scan.at();
            if scan.take('}') {
                (own.at, own.behind) = (own.at.or(Some(last)), Some(scan.at()));
                return own;
            }
            let Some(key) = scan.key() else { return own };
            let value = scan.at();
            let Some(raw) = scan.value(Some('}')) else { return own };
            own.put(key, raw, (text, value + 1));
            scan.take(',');
        }
    }

    fn put(&mut self, key: &str, raw: Raw, (text, at): (&'t str, usize)) {
        match raw {
            Raw::Quoted(..) if NAME_KEYS.contains(&key) && self.name.is_none() => {
                self.name = Some(raw.of(text));
            }
            Raw::Object if ARGUMENT_KEYS.contains(&key) && self.at.is_none() => {
                self.at = Some(at);
            }
            Raw::Object if OUTER_KEYS.contains(&key) && self.inner.is_none() => {
                self.inner = Some(at);
            }
            Raw::Quoted(..) if key == "method" => self.is_known &= raw.of(text) == "tools/call",
            _ => self.is_known &= EMPTY_KEYS.contains(&key),
        }
    }
}

/// The call that is JSON with the name of a tool in it.
fn wrapped(names: Names<'_>, text: &str) -> Option<Written> {
    let start = text.find('{')?;
    let mut parts = Parts::read(text, start + 1);
    let mut is_known = parts.is_known;
    match (parts.name, parts.inner) {
        (None, Some(inner)) => {
            let outer = parts.behind;
            parts = Parts::read(text, inner);
            is_known &= parts.is_known && parts.inner.is_none() && parts.behind.is_some();
            parts.behind = outer;
        }
        (_, inner) => is_known &= inner.is_none(),
    }
    let before = before(text.get(..start)?);
    let Some(name) = parts.name else {
        // Another form of JSON with a name in it is none that is guessed.
        // By bytes: a search for a text has a panic in it that the compiler does not remove.
        let mut parts = text.as_bytes().windows(NAME.len());
        let is_other = before == Outside::Nothing && parts.any(|part| part == NAME);
        return is_other.then_some(Written::NONE);
    };
    let tool = tool_named(names, name);
    // {"name": "Ana"} is something else.
    let is_call = match tool {
        Some(_) => true,
        None => {
            let own = parts.at.and_then(|at| text.get(..at));
            before == Outside::Nothing && own.is_some_and(|own| own.ends_with('{'))
        }
    };
    let (at, end) = (parts.at.unwrap_or(0) as u16, parts.behind.unwrap_or(0) as u16);
    let tool = tool.flatten().filter(|_| is_known && parts.behind.is_some() && !is_long(name));
    is_call.then_some(Written { tool, at, behind: end, form: Form::Wrapped, before })
}
