//! One generated request.

/// The two kinds of MCP: with `initialize`, and without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolFamily {
    /// 2025-11-25, opened by `initialize`.
    Legacy,
    /// 2026-07-28: every request names its revision.
    Modern,
}

impl ProtocolFamily {
    /// The name in the table of differences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }
}

/// A line to send, and what the generator meant by it.
#[derive(Debug, Clone)]
pub struct Case {
    /// What the line is about, as a dotted path: `call.bad.range`. The table selects by it.
    pub tag: String,
    /// The line without its end.
    pub line: Vec<u8>,
    /// Whether the line goes to a connection of its own, on which nothing was said before.
    pub fresh: bool,
}

impl Case {
    /// A line for the connection that is open.
    pub fn new(tag: impl Into<String>, line: impl Into<Vec<u8>>) -> Self {
        Self { tag: tag.into(), line: line.into(), fresh: false }
    }

    /// The same line for a connection of its own.
    pub fn alone(mut self) -> Self {
        self.fresh = true;
        self
    }
}
