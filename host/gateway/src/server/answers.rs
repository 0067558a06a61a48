//! Results of calls, with the addresses of user interfaces as clients are shown them.

use trine_mcp::{Block, Id, McpEngine, NeedBytes, Outcome, Version};

use crate::hub::{Snapshot, shown_address};

/// Writes the answer to a call.
pub(super) fn finish(
    engine: &McpEngine<'_, Snapshot>,
    (id, version): (Id<'_>, Version),
    tool: u16,
    outcome: Outcome<'_>,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let finish = |outcome, out| engine.finish(id, version, tool, outcome, out);
    let Outcome::Content(blocks) = outcome else { return finish(outcome, out) };
    let scope = engine.served().entry(tool).and_then(|entry| entry.scope.as_deref());
    let Some(scope) = scope else { return finish(outcome, out) };
    let address = |block: &Block<'_>| match *block {
        Block::Link { uri, .. } | Block::Embedded { uri, .. } => {
            Some(shown_address(uri, Some(scope)).into_owned())
        }
        _ => None,
    };
    let addresses: Vec<Option<String>> = blocks.iter().map(address).collect();
    let pairs = blocks.iter().zip(&addresses);
    let blocks: Vec<Block<'_>> = pairs.map(|(block, uri)| with(*block, uri.as_deref())).collect();
    finish(Outcome::Content(&blocks), out)
}

/// A block with another address.
fn with<'a>(block: Block<'a>, uri: Option<&'a str>) -> Block<'a> {
    match (block, uri) {
        (Block::Link { name, mime, description, .. }, Some(uri)) => {
            Block::Link { uri, name, mime, description }
        }
        (Block::Embedded { mime, contents, .. }, Some(uri)) => {
            Block::Embedded { uri, mime, contents }
        }
        (other, _) => other,
    }
}
