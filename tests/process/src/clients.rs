//! The calls of real clients, as they were recorded: `tests/clients/run.py ALL --record`.

use std::hint::black_box;

use trine_board::TOOLS;
use trine_descriptor::{Field, Kind, Side, Tool, ValueWriter, validate};
use trine_mcp::{McpEngine, McpSession, ServerInfo, Single, Step};

use crate::Subject;

macro_rules! recorded {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../clients/messages/", $name, ".jsonl")))),*]
    };
}

/// Each client in each protocol family that it speaks, and what it sends.
const CLIENTS: &[(&str, &str)] = recorded! {
    "python-modern" "python-legacy" "typescript-modern" "typescript-legacy" "sdk1-legacy"
    "inspector-modern" "inspector-legacy" "rmcp-modern" "rmcp-legacy"
};

const SERVER: ServerInfo<'static> =
    ServerInfo { name: "greenhouse", title: "", version: "0.1.0", instructions: "" };

/// One call of one client, with what its tool answers.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) client: &'static str,
    message: &'static [u8],
    session: McpSession,
    tool: u16,
    result: Vec<u8>,
}

fn catalog() -> Single<'static, [Tool<'static>]> {
    Single::new(SERVER, TOOLS.as_slice())
}

/// All of them: client by client, in the order in which they were sent. A tool that answers no
/// value, as the camera does, is left out.
pub(crate) fn all() -> Vec<Recorded> {
    let mut calls = Vec::new();
    for (client, lines) in CLIENTS {
        let mut session = McpSession::new();
        for message in lines.lines().map(str::as_bytes) {
            let (mut args, mut out) = ([0; 256], vec![0; 4096]);
            let catalog = catalog();
            let engine = McpEngine::new(&catalog);
            // What opens the session is answered; the rest are calls.
            let step = engine.receive(message, &mut session, &mut args, &mut out);
            let Step::Call(call) = step else { continue };
            let Some(tool) = TOOLS.get(usize::from(call.tool)) else { continue };
            if let Some(result) = result(call.tool, tool.output) {
                calls.push(Recorded { client, message, session, tool: call.tool, result });
            }
        }
    }
    calls
}

/// An ordinary result of a tool: each member is there.
fn result(tool: u16, nodes: &[Field<'_>]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 1024];
    let mut out = ValueWriter::new(&mut bytes);
    // The item that is written again, and how often.
    let mut items = (u16::MAX, 0);
    for (node, field) in (0..).zip(nodes) {
        let again = if items.0 == node { items.1 } else { 1 };
        for _ in 0..again {
            match field.kind {
                Kind::Bool => out.bool(node, true),
                Kind::Int(range) => out.int(node, range.min.max(range.max.min(40))),
                Kind::Decimal(range) => out.decimal(node, range.min.max(range.max.min(215))),
                Kind::Text { .. } => out.text(node, "tea"),
                Kind::Choice(_) => out.label(node, 0),
                Kind::Object { .. } => out.object(node),
                Kind::Array { min, .. } => {
                    items = (node + 1, min.max(1));
                    out.array(node, min.max(1).into());
                }
                _ => return None,
            }
        }
    }
    let value = out.bytes();
    let fits = !nodes.is_empty() && validate(&TOOLS, tool, Side::Output, value).is_ok();
    fits.then(|| value.to_vec())
}

impl Recorded {
    /// The name of the tool that is called.
    pub(crate) fn tool(&self) -> &'static str {
        TOOLS.get(usize::from(self.tool)).map_or("", |tool| tool.info.name)
    }

    /// The length of the message.
    pub(crate) const fn len(&self) -> usize {
        self.message.len()
    }

    /// The same message for `serde_json`.
    #[cfg(feature = "peers")]
    pub(crate) fn parsed(&self) -> Box<dyn Subject> {
        Box::new(crate::peers::Value(self.message.to_vec()))
    }
}

/// The whole call but the tool: read, judged, the result judged, written.
impl Subject for Recorded {
    fn run(&mut self, calls: u32) -> usize {
        let catalog = catalog();
        let engine = McpEngine::new(&catalog);
        let (mut args, mut out) = ([0; 256], vec![0; 4096]);
        let mut written = 0;
        for _ in 0..calls {
            let message = black_box(self.message);
            let step = engine.receive(message, &mut self.session, &mut args, &mut out);
            let Step::Call(call) = step else { continue };
            let entries = args.get(..call.arguments).unwrap_or_default();
            // The engine says whether it has judged the arguments as it read them.
            if !call.checked && validate(&TOOLS, call.tool, Side::Params, entries).is_err() {
                continue;
            }
            let value = black_box(self.result.as_slice());
            // The result is judged while it is written.
            let answer = engine.finish_value(call.id, call.version, call.tool, value, &mut out);
            written += black_box(answer).unwrap_or_default();
        }
        written
    }
}
