//! Calls of `fan_set` as clients of MCP send them: `tests/clients/messages`, in which the numbers
//! and the tool's name are others each time.

use anyhow::{Context, Result, ensure};
use devtools::sh;

/// The tool that is called.
const TOOL: &str = "fan_set";

/// A message of a client, in pieces.
pub(crate) struct Recorded {
    /// What stands before each hole.
    pieces: Vec<(String, Hole)>,
    rest: String,
}

/// What changes from one call to the next.
#[derive(Clone, Copy)]
enum Hole {
    /// The request's id, and the token of its progress, which may serve one request at a time.
    Id,
    Tool,
    Percent,
}

const HOLES: [(&str, Hole); 4] = [
    ("\"id\":", Hole::Id),
    ("\"progressToken\":", Hole::Id),
    ("\"name\":\"", Hole::Tool),
    ("\"percent\":", Hole::Percent),
];

/// A call of each client of a protocol family, whose files are named after it: `legacy`, `modern`.
pub(crate) fn calls(family: &str) -> Result<Vec<Recorded>> {
    let files = sh::entries(&sh::root().join("tests/clients/messages"))?;
    let of = |file: &std::path::PathBuf| {
        file.file_stem().is_some_and(|name| name.to_string_lossy().ends_with(family))
    };
    let own: Vec<_> = files.into_iter().filter(of).collect();
    ensure!(!own.is_empty(), "no client's messages of the family {family}");
    let first = |file: &std::path::PathBuf| -> Result<Recorded> {
        let text = std::fs::read_to_string(file)?;
        let line = text.lines().find(|line| line.contains(&format!("\"{TOOL}\"")));
        Recorded::new(line.with_context(|| format!("no {TOOL} in {}", file.display()))?)
    };
    own.iter().map(first).collect()
}

impl Recorded {
    fn new(message: &str) -> Result<Self> {
        let (mut pieces, mut rest) = (Vec::new(), message);
        while let Some((end, hole, length)) = next(rest) {
            let (piece, after) = rest.split_at(end);
            pieces.push((piece.to_owned(), hole));
            rest = &after[length..];
        }
        let count = |it: fn(Hole) -> bool| pieces.iter().filter(|(_, hole)| it(*hole)).count();
        let [tools, percents] =
            [count(|it| matches!(it, Hole::Tool)), count(|it| matches!(it, Hole::Percent))];
        ensure!((tools, percents) == (1, 1), "not one call of {TOOL}: {message}");
        Ok(Self { pieces, rest: rest.to_owned() })
    }

    /// Whether the client wants to be told of progress, so that a server may answer by a stream.
    pub(crate) fn wants_progress(&self) -> bool {
        self.pieces.iter().any(|(piece, _)| piece.ends_with("\"progressToken\":"))
    }

    /// The message with these in it, without a line end.
    pub(crate) fn with(&self, id: u64, tool: &str) -> String {
        let mut text = String::with_capacity(512);
        for (piece, hole) in &self.pieces {
            text += piece;
            match hole {
                Hole::Id => text += &id.to_string(),
                Hole::Tool => text += tool,
                Hole::Percent => text += &(id % 101).to_string(),
            }
        }
        text + &self.rest
    }
}

/// The first hole: where what stands before it ends, what it is, and how long its old value is.
fn next(text: &str) -> Option<(usize, Hole, usize)> {
    let found = HOLES.iter().filter_map(|(mark, hole)| {
        let end = text.match_indices(mark).map(|(at, _)| at + mark.len());
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        end.map(|end| match hole {
            Hole::Tool if text[end..].starts_with(TOOL) => (end, *hole, TOOL.len()),
            Hole::Tool => (end, *hole, 0),
            _ => (end, *hole, text.as_bytes()[end..].iter().take_while(|it| is_digit(it)).count()),
        })
        .find(|(.., length)| *length > 0)
    });
    found.min_by_key(|(end, ..)| *end)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::calls;

    #[test]
    fn a_recorded_call_gets_new_numbers_and_keeps_the_rest() {
        for (family, clients) in [("legacy", 5), ("modern", 4)] {
            let calls = calls(family).unwrap();
            assert_eq!(calls.len(), clients);
            for call in calls {
                let message: Value =
                    serde_json::from_str(&call.with(1234, "board_fan_set")).unwrap();
                assert_eq!(message["id"], 1234);
                assert_eq!(message["params"]["name"], "board_fan_set");
                assert_eq!(message["params"]["arguments"]["percent"], 1234 % 101);
                let meta = &message["params"]["_meta"];
                let token = &meta["progressToken"];
                assert!(token.is_null() || *token == 1234, "{message}");
                let version = &meta["io.modelcontextprotocol/protocolVersion"];
                assert_eq!(*version == "2026-07-28", family == "modern", "{message}");
            }
        }
    }
}
