//! Calls and lists at the sizes that people use: what `cargo xtask bench sizes` counts.
//!
//! A tool reads each argument that it is given by its number, and answers how many there were; or
//! it returns the text that it is given.

use std::hint::black_box;

use trine_arena::Ring;
use trine_descriptor::{
    Args, DecimalRange, Field, IntRange, Kind, Side, Tool, ToolInfo, ToolTable, ValueWriter,
    validate,
};
use trine_dispatch::{Answer, Call, Config, Device, Local, Tools};
use trine_mcp::{McpEngine, McpSession, ServerInfo, Single, Step};

use crate::{Make, Subject};

/// What there is much of.
#[derive(Clone, Copy)]
enum Size {
    /// A call with so many arguments, of every kind in turn.
    Arguments(usize),
    /// A call with a text of so many bytes, which is returned.
    Text(usize),
    /// A call with one argument of the last of so many tools.
    Last(usize),
    /// The list of so many tools with two parameters.
    List(usize),
}

use Size::{Arguments, Last, List, Text};

macro_rules! subjects {
    (calls: $($call:literal $size:expr),*; lists: $($list:literal $count:literal),*) => {
        /// Each size for each who is compared: a call as values, as a message, as a message that is
        /// parsed and no more, and to rmcp's server; a list in both servers.
        pub(crate) const SUBJECTS: &[(&str, Make)] = &[
            $(
                (concat!($call, "-values"), |_| Box::new(Values::new($size))),
                (concat!($call, "-json"), |_| Box::new(Json::new($size))),
                #[cfg(feature = "peers")]
                (concat!($call, "-parse"), |_| Box::new(crate::peers::Value(message($size)))),
                #[cfg(feature = "peers")]
                (concat!($call, "-rmcp"), |_| Box::new(rmcp($size))),
            )*
            $(
                (concat!($list, "-json"), |_| Box::new(Json::new(List($count)))),
                #[cfg(feature = "peers")]
                (concat!($list, "-rmcp"), |_| Box::new(rmcp(List($count)))),
            )*
        ];
    };
}

subjects! {
    calls: "arguments-1" Arguments(1), "arguments-5" Arguments(5), "arguments-20" Arguments(20),
        "text-4096" Text(4096), "last-10" Last(10), "last-100" Last(100), "last-1000" Last(1000);
    lists: "list-10" 10, "list-100" 100, "list-1000" 1000
}

/// Ends the program, which has nothing to measure then.
fn fail(what: impl std::fmt::Debug) -> ! {
    eprintln!("not what was expected: {what:?}");
    std::process::exit(1)
}

/// Data for as long as the program runs.
fn kept<T: ?Sized>(data: Box<T>) -> &'static T {
    Box::leak(data)
}

fn text(text: String) -> &'static str {
    kept(text.into_boxed_str())
}

/// A parameter, of the kind that its number has.
fn parameter(number: usize) -> Field<'static> {
    let kind = match number % 5 {
        0 => Kind::Int(IntRange { min: -1000, max: 1000 }),
        1 => Kind::Bool,
        2 => Kind::Choice("low|middle|high"),
        3 => Kind::Text { min: 0, max: 64 },
        _ => Kind::Decimal(DecimalRange { min: -1000, max: 1000, step: 5, places: 1 }),
    };
    Field::new(text(format!("parameter_{number}")), kind).describe("What it is for, in a sentence.")
}

/// Its argument, in JSON.
const fn argument(number: usize) -> &'static str {
    match number % 5 {
        0 => "12",
        1 => "true",
        2 => "\"middle\"",
        3 => "\"a text of some words\"",
        _ => "21.5",
    }
}

impl Size {
    /// How many tools there are, and how many parameters each has.
    const fn tools(self) -> (usize, usize) {
        match self {
            Arguments(count) => (1, count),
            Text(_) => (1, 1),
            Last(count) => (count, 1),
            List(count) => (count, 2),
        }
    }
}

fn tool(number: usize, size: Size) -> Tool<'static> {
    const TEXT: &[Field<'static>] =
        &[Field::new("text", Kind::Text { min: 0, max: 4096 }).describe("A text.")];
    const GIVEN: &[Field<'static>] =
        &[Field::new("given", Kind::Int(IntRange { min: 0, max: 99 }))];
    let info = ToolInfo::new(text(format!("tool_{number}")), "What it does, in a sentence.");
    if let Text(_) = size {
        return Tool::new(info, TEXT, TEXT);
    }
    let parameters: Box<[_]> = (0..size.tools().1).map(parameter).collect();
    Tool::new(info, kept(parameters), GIVEN)
}

/// A text of this many bytes.
fn words(bytes: usize) -> String {
    "abcdefg ".repeat(bytes / 8)
}

/// What a client sends.
fn message(size: Size) -> Vec<u8> {
    let (tools, parameters) = size.tools();
    let one = |number| format!("\"parameter_{number}\":{}", argument(number));
    let arguments = match size {
        Text(bytes) => format!("\"text\":\"{}\"", words(bytes)),
        _ => (0..parameters).map(one).collect::<Vec<_>>().join(","),
    };
    let call = format!("\"name\":\"tool_{}\",\"arguments\":{{{arguments}}},", tools.max(1) - 1);
    let (method, params) = match size {
        List(_) => ("list", ""),
        _ => ("call", &*call),
    };
    let text = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/{method}\",\"params\":{{{params}\
         \"_meta\":{{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
         \"io.modelcontextprotocol/clientInfo\":{{\"name\":\"c\",\"version\":\"1\"}},\
         \"io.modelcontextprotocol/clientCapabilities\":{{}}}}}}}}"
    );
    text.into_bytes()
}

/// What the tool does.
fn answer(size: Size, args: &Args<'_>, out: &mut ValueWriter<'_>) {
    if let Text(_) = size {
        return out.text(0, args.text(0).unwrap_or_default());
    }
    let is_there = |number: &usize| {
        let node = *number as u16;
        match number % 5 {
            0 => args.int(node) == Some(12),
            1 => args.bool(node) == Some(true),
            2 => args.label(node) == Some(1),
            3 => args.text(node).is_some_and(|text| text.len() == 20),
            _ => args.decimal(node) == Some(215),
        }
    };
    out.int(0, (0..size.tools().1).filter(is_there).count() as i64);
}

const SERVER: ServerInfo<'static> =
    ServerInfo { name: "sizes", title: "", version: "0.1.0", instructions: "" };

/// The MCP engine: a message in, a message out.
struct Json {
    size: Size,
    tools: &'static [Tool<'static>],
    message: Vec<u8>,
    out: Vec<u8>,
}

impl Json {
    fn with(size: Size, message: Vec<u8>) -> Self {
        let tools: Box<[_]> = (0..size.tools().0).map(|number| tool(number, size)).collect();
        Self { size, tools: kept(tools), message, out: vec![0; 1 << 20] }
    }

    /// A server that has answered rightly.
    fn new(size: Size) -> Self {
        let mut server = Self::with(size, message(size));
        let answer = server.answer();
        let said = String::from_utf8_lossy(&answer);
        let listed = said.matches("\"inputSchema\"").count();
        let is_right = match size {
            Text(bytes) => said.contains(&words(bytes)),
            List(count) => listed == count,
            Arguments(count) => said.contains(&format!("{{\"given\":{count}}}")),
            Last(_) => said.contains("{\"given\":1}"),
        };
        if !is_right {
            fail(said);
        }
        server
    }

    fn answer(&mut self) -> Vec<u8> {
        let len = self.run(1);
        self.out.get(..len).unwrap_or_default().to_vec()
    }
}

impl Subject for Json {
    fn run(&mut self, calls: u32) -> usize {
        let (size, tools) = (self.size, self.tools);
        let catalog = Single::new(SERVER, tools);
        let (engine, mut session) = (McpEngine::new(&catalog), McpSession::new());
        let (mut args, mut value) = (vec![0; 1 << 14], vec![0; 1 << 14]);
        let table = Table(tools);
        let mut written = 0;
        for _ in 0..calls {
            let message = black_box(&*self.message);
            let call = match engine.receive(message, &mut session, &mut args, &mut self.out) {
                Step::Reply(len) => {
                    written += black_box(len);
                    continue;
                }
                Step::Call(call) => call,
                other => fail(other),
            };
            let entries = args.get(..call.arguments).unwrap_or_default();
            // The engine says whether it has judged the arguments as it read them.
            if !call.checked && validate(tools, call.tool, Side::Params, entries).is_err() {
                fail(call);
            }
            let mut result = ValueWriter::new(&mut value);
            answer(size, &Args::new(&table, call.tool, entries), &mut result);
            // The result is judged while it is written.
            let (version, tool, value) = (call.version, call.tool, result.bytes());
            let done = engine.finish_value(call.id, version, tool, value, &mut self.out);
            written += black_box(done).unwrap_or_else(|error| fail(error));
        }
        written
    }
}

/// A table whose length is known when the program runs.
struct Table(&'static [Tool<'static>]);

impl ToolTable for Table {
    fn count(&self) -> u16 {
        self.0.count()
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.0.info(tool)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        self.0.node_count(tool, side)
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        self.0.node(tool, side, node)
    }

    fn nodes(&self, tool: u16, side: Side) -> Option<&[Field<'_>]> {
        self.0.nodes(tool, side)
    }

    fn hash(&self, tool: u16) -> u64 {
        ToolTable::hash(self.0, tool)
    }
}

/// The program's tools, as the device enters them.
struct Entered(Size);

impl Tools for Entered {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        answer(self.0, &call.args, out);
        Answer::Done
    }
}

/// `Device::local`: entries in, entries out.
struct Values {
    size: Size,
    tool: u16,
    device: Device<'static>,
    entries: Vec<u8>,
    out: Vec<u8>,
}

impl Values {
    fn new(size: Size) -> Self {
        let json = Json::new(size);
        let table: &'static Table = Box::leak(Box::new(Table(json.tools)));
        let memory = |len: usize| Box::leak(vec![0; len].into_boxed_slice());
        let (_, rx) = Box::leak(Box::new(Ring::new(memory(64)))).split();
        let config =
            Config { epoch: 1, message_max: 1 << 13, result_max: 1 << 13, ..Config::DEFAULT };
        let mut device = Device::new(config, memory(config.memory()), rx, table)
            .unwrap_or_else(|error| fail(error));
        for _ in 0..json.tools.len() + 4 {
            device.poll(1, 8, &mut Entered(size));
        }
        if let Some(error) = device.fault() {
            fail(error);
        }
        // The arguments as the engine encodes them.
        let (catalog, mut entries) = (Single::new(SERVER, json.tools), vec![0; 1 << 14]);
        let (mut session, mut out) = (McpSession::new(), vec![0; 1 << 20]);
        let step =
            McpEngine::new(&catalog).receive(&json.message, &mut session, &mut entries, &mut out);
        let Step::Call(call) = step else { fail(step) };
        entries.truncate(call.arguments);
        let mut values = Self { size, tool: call.tool, device, entries, out };
        values.run(1);
        values
    }
}

impl Subject for Values {
    fn run(&mut self, calls: u32) -> usize {
        let mut bytes = 0;
        for _ in 0..calls {
            let call = (self.tool, black_box(&*self.entries));
            match self.device.local(call, 1, &mut Entered(self.size), &mut self.out) {
                Local::Done(len) => bytes += black_box(len),
                other => fail(other),
            }
        }
        bytes
    }
}

/// rmcp's server of the same tools.
#[cfg(feature = "peers")]
fn rmcp(size: Size) -> crate::peers::Rmcp {
    let listed = Json::with(size, message(List(0))).answer();
    let mut list: serde_json::Value =
        serde_json::from_slice(&listed).unwrap_or_else(|error| fail(error));
    let tools = list["result"]["tools"].take();
    let server = trine_peer::Many::new(tools).unwrap_or_else(|error| fail(error));
    let is_good = |answer: &[u8]| answer.starts_with(br#"{"jsonrpc":"2.0","id":7,"result":{"#);
    crate::peers::Rmcp::new(|far| server.run(far), &message(size), is_good)
}

#[cfg(test)]
mod tests {
    use super::SUBJECTS;

    #[test]
    fn each_size_is_answered_as_it_should_be() {
        // A wrong answer ends the program.
        for (name, make) in SUBJECTS {
            assert!(make(2).run(2) > 0, "{name}");
        }
    }
}
