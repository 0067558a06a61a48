//! A program that serves its own functions over standard input and output: a whole MCP server.
//!
//! ```text
//! cargo run -p trine-mcp --example stdio
//! {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}
//! {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"fan_set","arguments":{"percent":40}}}
//! ```

use std::io::{BufRead, Write};

use trine_descriptor::{
    Annotations, Args, Field, IntRange, Kind, Side, Tool, ToolInfo, ValueWriter, validate,
};
use trine_mcp::{Call, McpEngine, McpSession, Outcome, ServerInfo, Single, Step};

const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });

static TOOLS: [Tool<'static>; 2] = [
    Tool::new(
        ToolInfo {
            title: "Set the fan",
            annotations: Annotations(Annotations::IDEMPOTENT),
            ..ToolInfo::new("fan_set", "Set the speed of the fan in percent; 0 stops it.")
        },
        &[Field::new("percent", PERCENT).describe("Percent of full speed.")],
        &[Field::new("percent", PERCENT)],
    ),
    Tool::new(
        ToolInfo {
            title: "Read the fan",
            annotations: Annotations(Annotations::READ_ONLY | Annotations::IDEMPOTENT),
            ..ToolInfo::new("fan_get", "Read the speed of the fan in percent.")
        },
        &[],
        &[Field::new("percent", PERCENT)],
    ),
];

const SERVER: ServerInfo<'static> =
    ServerInfo { name: "fan", title: "A fan", version: "0.1.0", instructions: "" };

/// The program itself: one fan.
struct Fan {
    percent: i64,
}

impl Fan {
    fn run(&mut self, call: &Call<'_>, arguments: &[u8], value: &mut ValueWriter<'_>) {
        if let Some(percent) = Args::new(&TOOLS, call.tool, arguments).int(0) {
            self.percent = percent;
        }
        value.int(0, self.percent);
    }
}

/// Buffers of a connection, and what it serves.
struct Server {
    session: McpSession,
    fan: Fan,
    args: Vec<u8>,
    out: Vec<u8>,
}

impl Server {
    /// Answers one message; `None` where nothing is answered.
    fn answer(&mut self, message: &[u8], in_array: bool) -> Option<Vec<u8>> {
        let catalog = Single::new(SERVER, &TOOLS);
        let engine = McpEngine::new(&catalog);
        let (session, args, out) = (&mut self.session, &mut self.args, &mut self.out);
        let step = if in_array {
            engine.receive_one(message, session, args, out)
        } else {
            engine.receive(message, session, args, out)
        };
        let len = match step {
            Step::Reply(len) => len,
            Step::Listen(listen) => listen.acknowledgement,
            Step::Call(call) => {
                let arguments = &args[..call.arguments];
                let mut buffer = [0; 64];
                let mut value = ValueWriter::new(&mut buffer);
                let (id, version, tool) = (call.id, call.version, call.tool);
                match validate(&TOOLS, tool, Side::Params, arguments) {
                    Err(fault) => engine.finish(id, version, tool, Outcome::Fault(fault), out),
                    Ok(()) => {
                        self.fan.run(&call, arguments, &mut value);
                        engine.finish_value(id, version, tool, value.bytes(), out)
                    }
                }
                .ok()?
            }
            Step::Batch(batch) => {
                let answers: Vec<_> =
                    batch.filter_map(|element| self.answer(element, true)).collect();
                let joined = [b"[", answers.join(&b","[..]).as_slice(), b"]"].concat();
                return (!answers.is_empty()).then_some(joined);
            }
            _ => return None,
        };
        Some(self.out[..len].to_vec())
    }
}

fn main() -> std::io::Result<()> {
    let mut server = Server {
        session: McpSession::new(),
        fan: Fan { percent: 0 },
        args: vec![0; 256],
        out: vec![0; 4096],
    };
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().split(b'\n') {
        if let Some(answer) = server.answer(&line?, false) {
            output.write_all(&answer)?;
            output.write_all(b"\n")?;
            output.flush()?;
        }
    }
    Ok(())
}
