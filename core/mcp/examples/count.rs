//! One stateless `tools/call` of 274 bytes, many times over, for an instruction count:
//!
//! ```text
//! cargo build --release -p trine-mcp --example count
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/count 1000
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/count 2000
//! ```
//!
//! The difference of the two totals, divided by 1000, is the cost of a call: the message parsed and
//! checked, the arguments encoded and validated, the tool run, the result validated and written.
//! With `engine` as a second argument nothing is validated or run: that is the engine alone.

use std::hint::black_box;
use trine_descriptor::{Args, Field, IntRange, Kind, Side, Tool, ToolInfo, ValueWriter, validate};
use trine_mcp::{Engine, Outcome, ServerInfo, Session, Single, Step};

const INT: Kind<'static> = Kind::Int(&IntRange { min: -1_000_000, max: 1_000_000 });

static TOOLS: [Tool<'static>; 2] = [
    Tool::new(
        ToolInfo::new("echo", "Returns the text."),
        &[Field::new("text", Kind::Text { min: 0, max: 64 })],
        &[Field::new("text", Kind::Text { min: 0, max: 64 })],
    ),
    Tool::new(
        ToolInfo::new("add", "Adds two numbers."),
        &[Field::new("a", INT), Field::new("b", INT)],
        &[Field::new("sum", Kind::Int(&IntRange::OPEN))],
    ),
];

const MESSAGE: &[u8] = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"a":12,"b":5},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#;

fn main() {
    let count: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1000);
    let engine_alone = std::env::args().nth(2).is_some_and(|mode| mode == "engine");
    let server = ServerInfo { name: "greenhouse", title: "", version: "0.1.0", instructions: "" };
    let catalog = Single::new(server, &TOOLS);
    let engine = Engine::new(&catalog);
    let mut session = Session::new();
    let (mut args, mut out, mut value) = ([0; 64], [0; 512], [0; 64]);
    let mut written = 0;
    for _ in 0..count {
        let step = engine.receive(black_box(MESSAGE), &mut session, &mut args, &mut out);
        let Step::Call(call) = step else { continue };
        let entries = &args[..call.arguments];
        let mut sum = ValueWriter::new(&mut value);
        if engine_alone {
            sum.int(0, 1178);
        } else {
            if validate(&TOOLS, call.tool, Side::Params, entries).is_err() {
                continue;
            }
            let given = Args::new(&TOOLS, call.tool, entries);
            sum.int(0, given.int(0).unwrap_or(0) + given.int(1).unwrap_or(0));
            if validate(&TOOLS, call.tool, Side::Output, sum.bytes()).is_err() {
                continue;
            }
        }
        let outcome = Outcome::Value(sum.bytes());
        let response = engine.finish(call.id, call.version, call.tool, outcome, &mut out);
        written += black_box(response).unwrap_or(0);
    }
    println!(
        "{count} calls of {} bytes, {} bytes each back",
        MESSAGE.len(),
        written / count.max(1) as usize
    );
}
