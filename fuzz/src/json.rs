//! The MCP engine: lines of a client, each followed by a good one, and every way in which a tool
//! may answer what they ask for.

use serde_json::Value;
use trine_descriptor::{Field, Kind, Side, validate};
use trine_mcp::result::Outcome;
use trine_mcp::{
    Answer, Block, Call, Failure, Head, InputKind, InputRequest, McpEngine, McpSession, ServerInfo,
    Single, Step,
};

use crate::tools::{ASKING, CONTENT, LATER, NESTED_TOOL, NESTING as TOOLS};

const SERVER: ServerInfo<'static> =
    ServerInfo { name: "fuzz", title: "", version: "1", instructions: "" };
const PING: &[u8] = br#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
const OPEN: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{}}}"#;

/// What the tool that asks for a person asks its client for, under the name `q`.
const KINDS: [InputKind<'static>; 3] = [
    InputKind::Form {
        fields: &[
            Field::new("on", Kind::Bool).describe("On."),
            Field::new("why", Kind::Text { min: 0, max: 9 }).describe("Why.").optional(),
        ],
        extras: &[],
    },
    InputKind::Sampling { tokens: 9 },
    InputKind::Roots,
];

/// Reads each line as a message. The first byte says whether a session was opened before, and how
/// much room there is for answers.
pub fn run(data: &[u8]) {
    let (mode, data) = data.split_first().map_or((0, data), |(mode, rest)| (*mode, rest));
    let mut session = McpSession::new();
    let room = if mode & 2 == 0 { 8192 } else { 700 };
    if mode & 1 != 0 {
        take(OPEN, &mut session, 8192);
    }
    for line in data.split(|byte| *byte == b'\n') {
        take(line, &mut session, room);
    }
    if session.version().is_some() {
        let answer = take(PING, &mut session, room).expect("a ping is answered");
        assert_eq!(answer["result"], Value::Object(serde_json::Map::new()));
    }
}

/// One message; answers what was replied, which is JSON whatever came.
fn take(message: &[u8], session: &mut McpSession, room: usize) -> Option<Value> {
    if let Some(head) = Head::read(message) {
        assert!(!head.has_meta || head.version.is_some());
    }
    let catalog = Single::new(SERVER, &TOOLS[..]);
    let engine = McpEngine::new(&catalog);
    let (mut args, mut out) = ([0; 256], vec![0; room]);
    match engine.receive(message, session, &mut args, &mut out) {
        Step::Reply(len) => Some(json(&out[..len])),
        Step::Call(call) => {
            run_call(engine, &call, session, (&args, room));
            None
        }
        Step::Listen(listen) => Some(json(&out[..listen.acknowledgement])),
        Step::Batch(batch) => {
            for element in batch {
                let (mut args, mut out) = ([0; 256], vec![0; room]);
                match engine.receive_one(element, session, &mut args, &mut out) {
                    Step::Reply(len) => drop(json(&out[..len])),
                    Step::Call(call) => run_call(engine, &call, session, (&args, room)),
                    _ => {}
                }
            }
            None
        }
        _ => None,
    }
}

/// What the engine calls checked is accepted by the descriptor; any end of a call is JSON.
fn run_call(
    engine: McpEngine<'_, Single<'_, [trine_descriptor::Tool<'static>]>>,
    call: &Call<'_>,
    session: &McpSession,
    (args, room): (&[u8], usize),
) {
    let entries = &args[..call.arguments];
    let verdict = validate(&TOOLS, call.tool, Side::Params, entries);
    assert!(!call.checked || verdict.is_ok(), "{verdict:?} {entries:?}");
    let kind = KINDS[call.arguments % KINDS.len()];
    let can_be_asked = answers(call, &kind);
    let requests = [InputRequest { name: "q", message: "What \"for\"?", kind }];
    let text = "a \u{e9} \"text\"\n";
    let blocks = [
        Block::Text(text),
        Block::Image { mime: "image/png", data: &entries },
        Block::Audio { mime: "audio/wav", data: &entries },
        Block::Link { uri: "a:b", name: text, mime: "", description: "" },
    ];
    let outcome = match verdict {
        Err(fault) => Outcome::Fault(fault),
        Ok(()) => match call.tool {
            ASKING if can_be_asked => Outcome::NeedsInput { requests: &requests, state: entries },
            ASKING => Outcome::Failed(Failure::NeedsInput),
            CONTENT => Outcome::Content(&blocks[call.arguments % 2..]),
            LATER => Outcome::Error(text),
            // What was accepted may stand for what a tool answers, whatever its result looks like.
            _ => Outcome::Value(entries),
        },
    };
    let client = call.client(session);
    assert!(call.version.is_stateless() || client == session.client());
    if call.tool == NESTED_TOOL && verdict.is_ok() {
        assert_eq!(validate(&TOOLS, call.tool, Side::Output, entries), Ok(()));
    }
    let mut out = vec![0; room];
    if let Ok(len) = engine.finish(call.id, call.version, call.tool, outcome, &mut out) {
        let answer = json(&out[..len]);
        assert!(answer["result"].is_object() || answer["error"].is_object(), "{answer}");
    }
}

/// Reads what came with a call that was sent again. Answers whether it may be asked for more.
fn answers(call: &Call<'_>, kind: &InputKind<'_>) -> bool {
    let Some(retry) = call.retry else { return true };
    let mut state = [0; 64];
    let len = retry.state(&mut state).unwrap_or_default();
    assert!(len <= state.len() && (len == 0 || retry.has_state()));
    if let Some(Answer::Accepted(filled)) = retry.answer("q", kind) {
        let mut out = [0; 64];
        if let Ok(len) = filled.encode(kind, &mut out) {
            assert!(len <= out.len());
        }
    }
    retry.results().count() % 2 == 1
}

fn json(bytes: &[u8]) -> Value {
    assert!(!bytes.contains(&b'\n'), "an answer is one line");
    serde_json::from_slice(bytes).expect("an answer is JSON")
}
