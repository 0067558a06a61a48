//! A call as text, a line for its tool and one for each argument.
//!
//! ```text
//! fan_set
//! percent: 40
//! end
//! ```
//!
//! What may come next are texts of which none begins another, but for words that are copied: each
//! ends with a sign that the rest of it has not.

use core::fmt::{self, Write as _};

use trine_descriptor::{Side, ToolTable};

use crate::grammar::IMPLIED;
use crate::program::{Param, ParamRule, Program};
use crate::sentence::Sentence;
use crate::token;

/// The line for no tool.
const NONE: &str = "none\n";
/// The line that ends a call.
const END: &str = "end\n";

/// What is written so far, as far as the next text depends on it.
pub(super) struct Lines<'s> {
    table: &'s dyn ToolTable,
    program: Program<'s>,
    sentence: &'s Sentence<'s>,
    tool: u16,
    param: Option<Param<'s>>,
    /// The last word of a text that is being copied.
    copied: Option<u16>,
}

impl<'s> Lines<'s> {
    pub(super) const fn new(
        table: &'s dyn ToolTable,
        program: Program<'s>,
        sentence: &'s Sentence<'s>,
    ) -> Self {
        Self { table, program, sentence, tool: 0, param: None, copied: None }
    }

    pub(super) const fn sentence(&self) -> &'s Sentence<'s> {
        self.sentence
    }

    /// Forgets the call.
    pub(super) fn clear(&mut self) {
        (self.tool, self.param, self.copied) = (0, None, None);
    }

    /// Writes what a token adds.
    pub(super) fn write(&self, token: u16, out: &mut TextBuffer<'_>) -> fmt::Result {
        let is_tool = self.tool_of(token).is_some();
        if self.copied.is_some() && token < self.program.symbols() {
            out.write_char('\n')?;
        }
        match token {
            token::NONE => out.write_str(NONE),
            token::END => out.write_str(END),
            token::FALSE => out.write_str(" false\n"),
            token::TRUE => out.write_str(" true\n"),
            _ if token >= self.program.symbols() => self.word(token, out),
            _ if is_tool => {
                let info = self.tool_of(token).and_then(|tool| self.table.info(tool));
                writeln!(out, "{}", info.map_or("", |info| info.name))
            }
            _ => match self.param_of(token) {
                Some(param) => write!(out, "{}:", self.name(&param)),
                None => self.value(token, out),
            },
        }
    }

    /// Takes a token as written.
    pub(super) fn take(&mut self, token: u16) {
        if token >= self.program.symbols() {
            self.copied = Some(token);
        } else if let Some(tool) = self.tool_of(token) {
            self.tool = tool;
        } else if let Some(param) = self.param_of(token) {
            (self.param, self.copied) = (Some(param), None);
        }
    }

    fn tool_of(&self, token: u16) -> Option<u16> {
        let tool = token.checked_sub(self.program.first_tool())?;
        (tool < self.program.tools()).then_some(tool)
    }

    fn param_of(&self, key: u16) -> Option<Param<'s>> {
        self.program.tool(self.tool)?.params().find(|param| param.key == key)
    }

    fn name(&self, param: &Param<'_>) -> &'s str {
        let field = self.table.node(self.tool, Side::Params, param.node);
        field.map_or("", |field| field.name)
    }

    /// A word of the sentence, with what stands before it there.
    fn word(&self, token: u16, out: &mut TextBuffer<'_>) -> fmt::Result {
        let (items, text) = (self.sentence.items(), self.sentence.text());
        let tokens = self.sentence.tokens();
        // Each word is a token of its own, and the same word the same one.
        let follows = |at: &usize| {
            let before = at.checked_sub(1).and_then(|before| tokens.get(before));
            tokens.get(*at) == Some(&token)
                && (self.copied.is_none() || before == self.copied.as_ref())
        };
        let places = 0..items.len();
        let at = places.clone().find(follows);
        let at = at.or_else(|| places.clone().find(|at| tokens.get(*at) == Some(&token)));
        let Some(item) = at.and_then(|at| items.get(at)) else { return Ok(()) };
        let before = at.and_then(|at| items.get(at.checked_sub(1)?)).map(|item| item.end);
        let gap = match before {
            Some(end) if self.copied.is_some() => usize::from(end)..usize::from(item.start),
            _ => return write!(out, " {}", slice(text, item.start, item.end)),
        };
        let gap = text.get(gap).filter(|gap| gap.trim().is_empty()).unwrap_or(" ");
        write!(out, "{gap}{}", slice(text, item.start, item.end))
    }

    /// A value that is no text.
    fn value(&self, token: u16, out: &mut TextBuffer<'_>) -> fmt::Result {
        match self.param.map(|param| (param.rule, param.node)) {
            Some((ParamRule::Choice(mut labels), node)) => {
                let at = labels.position(|label| label == token);
                let field = self.table.node(self.tool, Side::Params, node);
                let label = field.zip(at).and_then(|(field, at)| field.kind.labels().nth(at));
                writeln!(out, " {}", label.unwrap_or(""))
            }
            Some((ParamRule::Number(rule), _)) => {
                let implied = IMPLIED.iter().find(|(implied, _)| *implied == token);
                let taken = self.sentence.mentions().iter();
                let mut taken = taken.filter(|(of, name)| *name == token && rule.takes(of.unit));
                let mention = taken.next().map(|(mention, _)| mention);
                let value = match implied {
                    Some((_, which)) => rule.implied(*which),
                    None => mention.and_then(|mention| rule.value(mention)),
                };
                match (value, mention) {
                    (Some(value), _) => writeln!(out, " {}", Number(value, rule.places)),
                    // Out of bounds: as it was said.
                    (None, Some(said)) => {
                        writeln!(out, " {}", slice(self.sentence.text(), said.start, said.end))
                    }
                    (None, None) => writeln!(out, " ?"),
                }
            }
            _ => Ok(()),
        }
    }
}

fn slice(text: &str, start: u16, end: u16) -> &str {
    text.get(start.into()..end.into()).unwrap_or_default()
}

/// A number times ten to the power of `1`, without zeros at its end.
pub(super) struct Number(pub(super) i64, pub(super) u8);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value, mut places) = *self;
        let (sign, mut rest) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
        while places > 0 && rest.is_multiple_of(10) {
            (rest, places) = (rest / 10, places - 1);
        }
        let unit = 10_u64.checked_pow(places.into()).unwrap_or(u64::MAX);
        let (whole, part) = (rest / unit, rest % unit);
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{part:0width$}", width = usize::from(places))
    }
}

/// Text in memory that a caller gave.
pub(super) struct TextBuffer<'b> {
    bytes: &'b mut [u8],
    used: usize,
}

impl<'b> TextBuffer<'b> {
    pub(super) const fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, used: 0 }
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.used).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Write for TextBuffer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.used.saturating_add(text.len());
        let place = self.bytes.get_mut(self.used..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn numbers_are_written_without_zeros_at_their_end() {
        assert_eq!(Number(405, 1).to_string(), "40.5");
        assert_eq!(Number(400, 1).to_string(), "40");
        assert_eq!(Number(-5, 2).to_string(), "-0.05");
        assert_eq!(Number(i64::MIN, 0).to_string(), i64::MIN.to_string());
        assert_eq!(Number(0, 3).to_string(), "0");
    }
}
