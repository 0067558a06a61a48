//! Where a text that is written as a call is divided.

use crate::text::is_letter;

/// A value as it is written: where it begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// Between quotation marks.
    Quoted(usize, usize),
    /// Between quotation marks, with a backslash: it would have to be written again.
    Escaped,
    /// Without any.
    Plain(usize, usize),
    /// What is in square brackets.
    List(usize, usize),
    /// What is in braces.
    Object,
}

impl Raw {
    /// It, in a text.
    pub(super) fn of(self, text: &str) -> &str {
        let (start, end) = match self {
            Self::Quoted(start, end) | Self::Plain(start, end) | Self::List(start, end) => {
                (start, end)
            }
            Self::Escaped | Self::Object => (0, 0),
        };
        text.get(start..end).unwrap_or_default()
    }
}

/// Whether a character is of a name.
pub(super) fn is_of_name(c: char) -> bool {
    is_letter(c) || matches!(c, '_' | '-' | '.' | '/' | '$')
}

/// Whether a name begins with a character: "-" and "/" are in names only.
pub(super) fn begins_name(c: char) -> bool {
    is_letter(c) || matches!(c, '_' | '$')
}

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'s> {
    text: &'s str,
    at: usize,
}

impl<'s> Scan<'s> {
    pub(super) const fn new(text: &'s str, at: usize) -> Self {
        Self { text, at }
    }

    /// Where it is.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// All of the text.
    pub(super) const fn text(&self) -> &'s str {
        self.text
    }

    /// What is behind it.
    pub(super) fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Passes over some characters, and answers them.
    pub(super) fn skip(&mut self, is_one: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let length = rest.find(|c| !is_one(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn spaces(&mut self) {
        self.skip(char::is_whitespace);
    }

    /// Passes over a character, if it is there.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let is_there = self.rest().starts_with(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    /// A name, perhaps in quotation marks.
    pub(super) fn name(&mut self) -> Option<&'s str> {
        let quote = ['"', '\''].into_iter().find(|quote| self.take(*quote));
        let name = if self.rest().starts_with(begins_name) { self.skip(is_of_name) } else { "" };
        let is_closed = quote.is_none_or(|quote| self.take(quote));
        (is_closed && !name.is_empty()).then_some(name)
    }

    /// A name and the mark behind it: `percent=`, `"percent": `.
    pub(super) fn key(&mut self) -> Option<&'s str> {
        let name = self.name()?;
        self.spaces();
        // "==" compares.
        let is_one = self.take(':') || self.take('=') && !self.rest().starts_with('=');
        self.spaces();
        is_one.then_some(name)
    }

    /// Whether a name with "=" behind it is there.
    pub(super) fn is_equation(mut self) -> bool {
        let is_name = self.name().is_some();
        self.spaces();
        is_name && self.take('=')
    }

    /// A value, and what is behind it up to the next pair. Pairs end at `close`, or with the text.
    pub(super) fn value(&mut self, close: Option<char>) -> Option<Raw> {
        let raw = match self.rest().chars().next()? {
            quote @ ('"' | '\'') => self.quoted(quote)?,
            '[' => self.bracketed(('[', ']'), Raw::List)?,
            '{' => self.bracketed(('{', '}'), |_, _| Raw::Object)?,
            _ => return self.plain(close),
        };
        let before = self.at;
        self.spaces();
        let is_next = match close {
            Some(close) => self.rest().starts_with([',', close]),
            None => self.at > before || self.is_at_end() || self.rest().starts_with([',', ';']),
        };
        is_next.then_some(raw)
    }

    fn quoted(&mut self, quote: char) -> Option<Raw> {
        self.take(quote);
        let start = self.at;
        let (mut is_escaped, mut has_any) = (false, false);
        for (at, c) in self.rest().char_indices() {
            if c == quote && !is_escaped {
                self.at = start + at + c.len_utf8();
                return Some(if has_any { Raw::Escaped } else { Raw::Quoted(start, start + at) });
            }
            is_escaped = c == '\\' && !is_escaped;
            has_any |= c == '\\';
        }
        None
    }

    /// What is in brackets, which may be in each other.
    fn bracketed(
        &mut self,
        (open, close): (char, char),
        raw: impl Fn(usize, usize) -> Raw,
    ) -> Option<Raw> {
        let (start, mut depth) = (self.at + open.len_utf8(), 0_u16);
        while let Some(c) = self.rest().chars().next() {
            if matches!(c, '"' | '\'') {
                self.quoted(c)?;
                continue;
            }
            self.at += c.len_utf8();
            depth = depth.saturating_add(u16::from(c == open));
            if c == close {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(raw(start, self.at - c.len_utf8()));
                }
            }
        }
        None
    }

    /// A value without marks around it.
    fn plain(&mut self, close: Option<char>) -> Option<Raw> {
        let start = self.at;
        let end = match close {
            Some(close) => start + self.rest().find([',', close])?,
            None => self.next_pair(),
        };
        let own = self.text.get(start..end)?;
        let is_gap = |c: char| c.is_whitespace() || close.is_none() && matches!(c, ',' | ';');
        self.at = end;
        let own = own.trim_end_matches(is_gap);
        // What has a mark of a call in it ends otherwise than it looks.
        let is_one = close.is_none() || !own.contains(['"', '(', '[', '{', '=']);
        (is_one && !own.is_empty()).then_some(Raw::Plain(start, start + own.len()))
    }

    /// Where the next pair begins, or the text ends.
    fn next_pair(&self) -> usize {
        let is_gap = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
        let mut scan = *self;
        loop {
            scan.skip(|c| !is_gap(c));
            let end = scan.at;
            scan.skip(is_gap);
            let begins = |c: char| is_letter(c) && !c.is_ascii_digit() || matches!(c, '_' | '"');
            let is_pair = scan.rest().starts_with(begins) && { scan }.key().is_some();
            if scan.is_at_end() || is_pair {
                return end;
            }
        }
    }
}

/// Hands the items over that stand in square brackets, or with commas between them, until one is
/// not taken.
pub(super) fn items(
    text: &str,
    (start, end): (usize, usize),
    mut each: impl FnMut(Raw) -> Option<()>,
) -> Option<()> {
    let mut scan = Scan::new(text.get(..end)?, start);
    scan.spaces();
    while !scan.is_at_end() {
        let raw = match scan.rest().chars().next()? {
            quote @ ('"' | '\'') => scan.quoted(quote)?,
            _ => {
                let from = scan.at();
                let own = scan.skip(|c| c != ',').trim_end();
                let is_one = !own.is_empty() && !own.contains(['"', '[', ']', '{', '}', '(']);
                is_one.then_some(Raw::Plain(from, from + own.len()))?
            }
        };
        each(raw)?;
        scan.spaces();
        if scan.is_at_end() {
            break;
        }
        if !scan.take(',') {
            return None;
        }
        scan.spaces();
        // Another has to follow.
        if scan.is_at_end() {
            return None;
        }
    }
    Some(())
}
