//! JSON-RPC in, JSON-RPC out.

use std::hint::black_box;

use trine_descriptor::{Args, Side, ValueWriter, validate};
use trine_mcp::{McpEngine, McpSession, ServerInfo, Single, Step};

use crate::Subject;
use crate::table::TOOLS;

/// A stateless call of 274 bytes.
pub(crate) const MESSAGE: &[u8] = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"a":12,"b":5},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#;
const _: () = assert!(MESSAGE.len() == 274, "the documents speak of 274 bytes");

/// The same call in a session, in the order in which the TypeScript client writes it.
const IN_SESSION: &[u8] = br#"{"method":"tools/call","params":{"name":"add","arguments":{"a":12,"b":5}},"jsonrpc":"2.0","id":7}"#;
const INITIALIZE: &[u8] = br#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;

const SERVER: ServerInfo<'static> =
    ServerInfo { name: "greenhouse", title: "", version: "0.1.0", instructions: "" };

/// A server of the two tools.
struct Server {
    message: &'static [u8],
    session: McpSession,
    /// Whether only the reading is wanted: the arguments are encoded, and nothing is run.
    read_only: bool,
}

/// The whole call: read, judge, run, judge the result, write.
pub(crate) fn whole(_calls: u32) -> Box<dyn Subject> {
    Box::new(Server { message: MESSAGE, session: McpSession::new(), read_only: false })
}

/// The message alone: read, with its arguments encoded and judged.
pub(crate) fn read(_calls: u32) -> Box<dyn Subject> {
    Box::new(Server { message: MESSAGE, session: McpSession::new(), read_only: true })
}

/// The whole call in a session of 2025-11-25.
pub(crate) fn session(_calls: u32) -> Box<dyn Subject> {
    let mut session = McpSession::new();
    let catalog = Single::new(SERVER, &TOOLS);
    let (mut args, mut out) = ([0; 64], [0; 512]);
    let step = McpEngine::new(&catalog).receive(INITIALIZE, &mut session, &mut args, &mut out);
    assert!(matches!(step, Step::Reply(_)), "{step:?}");
    Box::new(Server { message: IN_SESSION, session, read_only: false })
}

impl Subject for Server {
    fn run(&mut self, calls: u32) -> usize {
        let catalog = Single::new(SERVER, &TOOLS);
        let engine = McpEngine::new(&catalog);
        let (mut args, mut out, mut value) = ([0; 64], [0; 512], [0; 64]);
        let mut written = 0;
        for _ in 0..calls {
            let message = black_box(self.message);
            let step = engine.receive(message, &mut self.session, &mut args, &mut out);
            let Step::Call(call) = step else { continue };
            if self.read_only {
                written += black_box(call).arguments;
                continue;
            }
            let entries = args.get(..call.arguments).unwrap_or_default();
            // The engine says whether it has judged the arguments as it read them.
            if !call.checked && validate(&TOOLS, call.tool, Side::Params, entries).is_err() {
                continue;
            }
            let given = Args::new(&TOOLS, call.tool, entries);
            let mut sum = ValueWriter::new(&mut value);
            sum.int(0, given.int(0).unwrap_or_default() + given.int(1).unwrap_or_default());
            // The result is judged while it is written.
            let sum = sum.bytes();
            let answer = engine.finish_value(call.id, call.version, call.tool, sum, &mut out);
            written += black_box(answer).unwrap_or_default();
        }
        written
    }
}
