//! An MCP server on standard input and output with one tool: its types are its description.
//!
//! The core crates by themselves: bytes in, bytes out, and no more memory than the buffers here.
#![forbid(unsafe_code)]

use std::io::{BufRead, Write};

use trine_derive::{Record, Tool};
use trine_descriptor::typed::Record as _;
use trine_descriptor::{Args, Side, Tool, ToolParams as _, ValueWriter, validate};
use trine_mcp::{Call, McpEngine, McpSession, Outcome, ServerInfo, Single, Step};

/// Multiply two numbers.
#[derive(Tool)]
#[trine(title = "Multiply", read_only, output = Product)]
struct Multiply {
    /// The first number.
    #[trine(min = -1000, max = 1000)]
    a: i32,
    /// The second one.
    #[trine(min = -1000, max = 1000, default = 2)]
    b: i32,
}

#[derive(Record)]
struct Product {
    /// One times the other.
    #[trine(min = -1_000_000, max = 1_000_000)]
    product: i32,
}

static TOOLS: [Tool<'static>; 1] = [Multiply::TOOL];

const SERVER: ServerInfo<'static> =
    ServerInfo { name: "multiply", title: "", version: "1.0.0", instructions: "" };

/// Does one call: checks the arguments by the descriptor, then enters the tool.
fn run<'v>(
    call: &Call<'_>,
    arguments: &[u8],
    value: &'v mut [u8],
) -> Result<&'v [u8], Outcome<'v>> {
    validate(&TOOLS, call.tool, Side::Params, arguments).map_err(Outcome::Fault)?;
    let Some(p) = Multiply::read(&Args::new(&TOOLS, call.tool, arguments)) else {
        return Err(Outcome::Error("the arguments do not fit the tool's own types"));
    };
    let mut out = ValueWriter::new(value);
    Product { product: p.a * p.b }.write_fields(0, &mut out);
    let len = out.len();
    Ok(value.get(..len).unwrap_or_default())
}

fn main() -> std::io::Result<()> {
    let catalog = Single::new(SERVER, &TOOLS);
    let engine = McpEngine::new(&catalog);
    let mut session = McpSession::new();
    let (mut args, mut value, mut out) = (vec![0; 64], vec![0; 64], vec![0; 4_096]);
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        let len = match engine.receive(&line, &mut session, &mut args, &mut out) {
            Step::Reply(len) => len,
            Step::Call(call) => {
                let arguments = args.get(..call.arguments).unwrap_or_default();
                let (id, version, tool) = (call.id, call.version, call.tool);
                let written = match run(&call, arguments, &mut value) {
                    // Checked by the descriptor while it is written.
                    Ok(value) => engine.finish_value(id, version, tool, value, &mut out),
                    Err(outcome) => engine.finish(id, version, tool, outcome, &mut out),
                };
                written.map_err(|_| std::io::Error::other("the answer does not fit"))?
            }
            // A client that listens is told that it may; nothing here ever happens by itself.
            Step::Listen(listen) => listen.acknowledgement,
            _ => continue,
        };
        output.write_all(out.get(..len).unwrap_or_default())?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}
