//! Sentences that are written as calls: `fan_set percent=40`, `fan_set(percent=40)`, and JSON.
//!
//! They need a parser and no model. A name is known by the words of the table: each word of it, in
//! order, has the stem and the row of a word that was written, so that `tag` is not `tags`. What
//! is written as a call is that call, or none: it is never guessed.
//!
//! - [`scan`]: where a text is divided; [`form`]: how it is written; [`value`]: its values.

mod form;
mod scan;
mod stated;
mod value;

pub(crate) use stated::stated;

use trine_ask::{SENTENCE_MAX, SentenceError, folded};

use crate::ask::{Answer, Call};
use crate::base::Base;
use crate::hear::{ArgumentFault, Given, Reason, lacking};
use crate::items::Items;
use crate::said::Said;
use crate::table::{Table, TokenCode, ToolCode};
use crate::text::{Division, Spelling, WORD_MAX, words};
use crate::tool::{NONE, PARAMS_MAX, Param, Role, Takes};
use form::{Form, Outside};
use scan::{Raw, Scan};

/// A call that is written as one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// The tool; none where no tool has the name, or two have it.
    tool: Option<u16>,
    /// Where its arguments begin: the first key of pairs, what is behind a bracket.
    at: u16,
    /// Where JSON with the name in it ends.
    behind: u16,
    form: Form,
    /// What stands before it.
    before: Outside,
}

impl Written {
    /// One of a tool that is not there.
    const NONE: Self =
        Self { tool: None, at: 0, behind: 0, form: Form::Wrapped, before: Outside::Nothing };
}

/// The call that a sentence is written as, if it is.
#[inline(never)]
pub(crate) fn find(base: &Base<'_>, table: &Table<'_>, sentence: &[u8]) -> Option<Written> {
    if sentence.len() > SENTENCE_MAX {
        return None;
    }
    let text = core::str::from_utf8(sentence).ok()?;
    text.contains(['=', ':', '(', '{']).then(|| form::find((base, table), text)).flatten()
}

/// The answer to a sentence that is written as a call. `said` is memory.
///
/// # Errors
/// Never: what is no sentence is not written as a call.
#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
pub(crate) fn answer<'s>(
    written: &Written,
    (base, table): (&Base<'_>, &Table<'_>),
    sentence: &'s [u8],
    said: &mut Said<'s>,
) -> Result<Answer<'s>, SentenceError> {
    let text = core::str::from_utf8(sentence).unwrap_or_default();
    let mut out = Answer { reason: written.before.reason(), ..Answer::default() };
    if out.reason.is_some() {
        return Ok(out);
    }
    let Some((tool, code)) = written.tool.and_then(|tool| Some((tool, table.tool(tool)?))) else {
        out.reason = Some(Reason::CANNOT);
        return Ok(out);
    };
    let values = [None; PARAMS_MAX];
    out.calls = [Some(Call { tool, text, values, items: Items::NONE }), None];
    let [Some(call), _] = &mut out.calls else { return Ok(out) };
    let mut filling = Filling { names: (base, &code), table, said, call, fault: None };
    let read = filling.read(written, text);
    let fault = filling.fault;
    let fault = fault.or_else(|| code.is_cut().then_some(ArgumentFault::Cut));
    match (read, fault.or_else(|| lacking(&code, &call.values))) {
        (Ok(()), None) => out.confidence = 1.0,
        (Ok(()), Some(fault)) => (out.calls[0], out.fault) = (None, Some((tool, fault))),
        (Err(reason), _) => (out.calls[0], out.reason) = (None, Some(reason)),
    }
    Ok(out)
}

/// A call that is filled in.
struct Filling<'a, 's, 't> {
    names: (&'a Base<'a>, &'a ToolCode<'t>),
    table: &'a Table<'t>,
    /// Memory, where numbers with units are read.
    said: &'a mut Said<'s>,
    call: &'a mut Call<'s>,
    fault: Option<ArgumentFault>,
}

impl<'s> Filling<'_, 's, '_> {
    /// Reads all pairs, and what is behind them. An error where a key is not known, or where it is
    /// not written as a call is.
    fn read(&mut self, written: &Written, text: &'s str) -> Result<(), Reason> {
        let close = written.form.close();
        let end = if close.is_none() { form::without_marks(text) } else { text.len() };
        let text = text.get(..end).unwrap_or_default();
        let mut scan = Scan::new(text, written.at.into());
        loop {
            scan.skip(|c| c.is_whitespace() || c == ',' || close.is_none() && c == ';');
            let is_end = match close {
                Some(close) => scan.take(close),
                None => scan.is_at_end(),
            };
            if is_end {
                break;
            }
            if written.form == Form::Value {
                self.only(&mut scan)?;
                continue;
            }
            let before = scan;
            let Some(key) = scan.key() else {
                // "text='a b' please": it is clear where the text ends.
                scan = before;
                let is_end = close.is_none() && form::behind(scan.rest()).reason().is_none();
                is_end.then_some(()).ok_or(Reason::CANNOT)?;
                break;
            };
            let (at, param) = param(self.names, key).ok_or(Reason::CANNOT)?;
            let raw = scan.value(close).ok_or(Reason::CANNOT)?;
            match raw {
                // JSON may have what is left out.
                Raw::Plain(..) if close.is_some() && value::is_absent(&param, raw.of(text)) => {}
                Raw::Plain(from, to) if close.is_none() && to == text.len() => {
                    let (raw, text) = plain(&param, (from, text));
                    self.put(at, &param, raw, text);
                }
                _ => self.put(at, &param, raw, text),
            }
        }
        let behind = match written.form {
            Form::Wrapped => text.get(written.behind.into()..).unwrap_or_default(),
            _ => scan.rest(),
        };
        form::behind(behind).reason().map_or(Ok(()), Err)
    }

    /// The one value of a tool with one parameter: `wait(20)`.
    fn only(&mut self, scan: &mut Scan<'s>) -> Result<(), Reason> {
        let mut params = self.names.1.params().map(|param| param.param);
        let (Some(param), None) = (params.next(), params.next()) else {
            return Err(Reason::CANNOT);
        };
        let raw = scan.value(Some(')')).ok_or(Reason::CANNOT)?;
        if matches!(raw, Raw::Plain(..)) && value::is_absent(&param, raw.of(scan.text())) {
            return Ok(());
        }
        self.put(0, &param, raw, scan.text());
        Ok(())
    }

    /// Takes the value of a parameter up.
    fn put(&mut self, at: usize, param: &Param<'_>, raw: Raw, text: &'s str) {
        let is_twice = self.call.values.get(at).is_none_or(Option::is_some);
        let given = if is_twice {
            Err(ArgumentFault::Range(param.node))
        } else {
            self.given(param, raw, text)
        };
        match (given, self.call.values.get_mut(at)) {
            (Ok(given), Some(place)) => *place = Some((param.node, given)),
            (Err(fault), _) => self.fault = self.fault.or(Some(fault)),
            _ => {}
        }
    }

    fn given(
        &mut self,
        param: &Param<'_>,
        raw: Raw,
        text: &'s str,
    ) -> Result<Given, ArgumentFault> {
        value::given((self.table, self.said), param, (raw, text), &mut self.call.items)
    }
}

/// The last value of pairs, which goes on to the end of a text. Thanks may be behind a number and
/// behind true and false; a text, a label or a list may have such words in it.
fn plain<'s>(param: &Param<'_>, (from, text): (usize, &'s str)) -> (Raw, &'s str) {
    let own = text.get(from..).unwrap_or_default();
    let end = match param.takes {
        Takes::Number(_) | Takes::Bool => from + form::without_thanks(own).len(),
        _ => text.len(),
    };
    (Raw::Plain(from, end), text.get(..end).unwrap_or_default())
}

/// Whether a name has a word that is longer than a table keeps: another may begin like it.
fn is_long(name: &str) -> bool {
    let length = |word: &str| folded(word).map(char::len_utf8).sum::<usize>();
    words(name, Division::Name).any(|word| length(word) > WORD_MAX)
}

/// Whether some words of a tool are a name, each as it was written.
fn is_name<'t>(base: &Base<'_>, tokens: impl Iterator<Item = TokenCode<'t>>, name: &str) -> bool {
    let (mut tokens, mut said, mut count) = (tokens, words(name, Division::Name), 0);
    loop {
        match (tokens.next(), said.next()) {
            (None, None) => return count > 0,
            (Some(token), Some(word)) if is_word(base, &token, word) => count += 1,
            _ => return false,
        }
    }
}

/// Whether a word is one of a tool's: they have one stem, and one row. Of words with one stem that
/// are spelt otherwise the rows differ.
#[inline(never)]
fn is_word(base: &Base<'_>, token: &TokenCode<'_>, word: &str) -> bool {
    let spelling = Spelling::new(word);
    spelling.stem() == token.stem && {
        let row = base.rows.row(core::iter::once(spelling.bytes()));
        row.codes.iter().zip(token.row).all(|(own, other)| *own == other.cast_signed())
    }
}

/// The parameter with a name, and its place. `None` where there is none, or where there are two.
fn param<'t>((base, tool): (&Base<'_>, &ToolCode<'t>), key: &str) -> Option<(usize, Param<'t>)> {
    let is_named = |at: u8| is_key(base, tool, at, key);
    let mut found = (0..PARAMS_MAX as u8).filter(|at| is_named(*at));
    let (at, None) = (usize::from(found.next()?), found.next()) else { return None };
    Some((at, tool.params().nth(at)?.param))
}

/// Whether a name is that of a tool's parameter.
fn is_key(base: &Base<'_>, tool: &ToolCode<'_>, param: u8, key: &str) -> bool {
    let is_own = |token: &TokenCode<'_>| {
        token.role == Role::Param as u8 && token.param == param && token.label == NONE
    };
    !is_long(key) && is_name(base, tool.tokens().filter(is_own), key)
}
