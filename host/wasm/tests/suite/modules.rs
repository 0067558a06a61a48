//! Modules in WebAssembly's text, with their tables in linear memory as clang lays them out.

use std::fmt::Write as _;

use trine_descriptor::ValueWriter;
use trine_mcp::Outcome;
use trine_wasm::{Guest, Limits};

/// Where the data of a module begins.
pub(crate) const BASE: u32 = 1024;

/// Parts of a node, for [`node`].
pub(crate) const INT: u8 = 2;
pub(crate) const STRING: u8 = 4;
pub(crate) const REQUIRED: u8 = 1;
pub(crate) const PRESET: u8 = 2;

/// A node: its texts, its kind, its flags, and preset, minimum and maximum.
pub(crate) struct Node {
    pub(crate) texts: [&'static str; 4],
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) numbers: [i32; 3],
}

/// An integer from 0 to 1,000 that is required.
pub(crate) const fn int(name: &'static str) -> Node {
    Node { texts: [name, "", "", "A number."], kind: INT, flags: REQUIRED, numbers: [0, 0, 1_000] }
}

/// A text of at most 1,000 code points.
pub(crate) const fn text(name: &'static str) -> Node {
    Node { texts: [name, "", "", "A text."], kind: STRING, flags: REQUIRED, numbers: [0, 0, 1_000] }
}

/// Data of a module, and its table.
#[derive(Default)]
pub(crate) struct Plug {
    pub(crate) bytes: Vec<u8>,
    tools: Vec<u8>,
    functions: Vec<String>,
    code: String,
    hooks: [u32; 4],
    /// Where the table is, once the module is made.
    pub(crate) table: u32,
    /// Where the tools are.
    pub(crate) list: u32,
    pub(crate) memory: &'static str,
}

impl Plug {
    pub(crate) fn new() -> Self {
        Self { memory: "2", ..Self::default() }
    }

    /// Puts bytes at a multiple of 8, and answers where.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = BASE + u32::try_from(self.bytes.len()).unwrap();
        self.bytes.extend_from_slice(bytes);
        at
    }

    /// A function, by the body of it in text; answers its index.
    pub(crate) fn function(&mut self, signature: &str, body: &str) -> u32 {
        let name = format!("$f{}", self.functions.len() + 1);
        writeln!(self.code, "(func {name} {signature} {body})").unwrap();
        self.functions.push(name);
        u32::try_from(self.functions.len()).unwrap()
    }

    /// Code that is no entry of the table of functions.
    pub(crate) fn code(mut self, code: &str) -> Self {
        self.code += code;
        self
    }

    fn nodes(&mut self, nodes: &[Node]) -> u32 {
        let mut all = Vec::new();
        for Node { texts, kind, flags, numbers } in nodes {
            let at = self.put((texts.join("\0") + "\0").as_bytes());
            let [name, unit, extra, _] = texts.map(str::len);
            all.extend_from_slice(&at.to_le_bytes());
            all.extend_from_slice(&[name as u8, unit as u8, extra as u8, 0, *kind, *flags, 0, 0]);
            numbers.iter().for_each(|number| all.extend_from_slice(&number.to_le_bytes()));
        }
        if all.is_empty() { 0 } else { self.put(&all) }
    }

    /// A tool whose function has this body: `$state` and `$call` are its parameters.
    pub(crate) fn tool(self, name: &str, nodes: [&[Node]; 2], body: &str) -> Self {
        self.tool_with(name, nodes, body, (0, 0))
    }

    /// The same with `more` and flags.
    pub(crate) fn tool_with(
        mut self,
        name: &str,
        [params, results]: [&[Node]; 2],
        body: &str,
        (more, flags): (u32, u8),
    ) -> Self {
        let texts = self.put(format!("{name}\0\0\0Does something.\0").as_bytes());
        let counts = [params.len() as u8, results.len() as u8];
        let (params, results) = (self.nodes(params), self.nodes(results));
        let call = self.function("(param $state i32) (param $call i32) (result i32)", body);
        let words = [texts, params, results, call, 0, more];
        words.iter().for_each(|word| self.tools.extend_from_slice(&word.to_le_bytes()));
        let [params, results] = counts;
        let bytes = [name.len() as u8, 0, 0, 0, 0, flags, params, results, 0, 0, 0, 0];
        self.tools.extend_from_slice(&bytes);
        self
    }

    /// `init`, `shutdown`, `health` or `self_test`, by its number.
    pub(crate) fn hook(mut self, number: usize, body: &str) -> Self {
        let result = if number == 1 { "" } else { "(result i32)" };
        self.hooks[number] = self.function(&format!("(param $state i32) {result}"), body);
        self
    }

    /// Puts the table into the data.
    pub(crate) fn finish(&mut self) {
        let tools = std::mem::take(&mut self.tools);
        let count = u32::try_from(tools.len() / 36).unwrap();
        self.list = self.put(&tools);
        let texts = ["tester", "1.2.3", "Tests.", "Me", "tests", ""];
        let texts = texts.map(|text| [self.put(text.as_bytes()), text.len() as u32]);
        let mut words = vec![0x4c50_5254, 96, 0x0001_0000, 0];
        words.extend(texts.as_flattened());
        words.extend([0, self.list, count, 0]);
        words.extend(self.hooks);
        let table: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.table = self.put(&table);
    }

    /// The module in text.
    pub(crate) fn text(&self) -> String {
        let mut data = String::new();
        self.bytes.iter().for_each(|byte| write!(data, "\\{byte:02x}").unwrap());
        let Self { code, functions, table, memory, .. } = self;
        let (size, functions) = (functions.len() + 1, functions.join(" "));
        format!(
            "(module {IMPORTS}
               (memory (export \"memory\") {memory})
               (table (export \"__indirect_function_table\") {size} funcref)
               (elem (i32.const 1) func {functions})
               (data (i32.const {BASE}) \"{data}\")
               (func (export \"trine_plugin_entry\") (param i32) (result i32) i32.const {table})
               {code})"
        )
    }

    pub(crate) fn wasm(mut self) -> Vec<u8> {
        self.finish();
        wat::parse_str(self.text()).unwrap()
    }

    pub(crate) fn load(self) -> Guest {
        self.load_with(&Limits::default())
    }

    pub(crate) fn load_with(self, limits: &Limits) -> Guest {
        Guest::load(&self.wasm(), limits).unwrap()
    }
}

/// All that a module may import, as clang declares it.
pub(crate) const IMPORTS: &str = r#"
    (import "trine" "param" (func $param (param i32 i32 i32) (result i32)))
    (import "trine" "result" (func $result (param i32 i32 i32) (result i32)))
    (import "trine" "has" (func $has (param i32 i32) (result i32)))
    (import "trine" "get_bool" (func $get_bool (param i32 i32) (result i32)))
    (import "trine" "get_int" (func $get_int (param i32 i32) (result i64)))
    (import "trine" "get_decimal" (func $get_decimal (param i32 i32) (result i64)))
    (import "trine" "get_choice" (func $get_choice (param i32 i32) (result i32)))
    (import "trine" "get_string" (func $get_string (param i32 i32 i32) (result i32)))
    (import "trine" "put_bool" (func $put_bool (param i32 i32 i32) (result i32)))
    (import "trine" "put_int" (func $put_int (param i32 i32 i64) (result i32)))
    (import "trine" "put_decimal" (func $put_decimal (param i32 i32 i64) (result i32)))
    (import "trine" "put_choice" (func $put_choice (param i32 i32 i32) (result i32)))
    (import "trine" "put_string" (func $put_string (param i32 i32 i32 i32) (result i32)))
    (import "trine" "put_object" (func $put_object (param i32 i32) (result i32)))
    (import "trine" "put_array" (func $put_array (param i32 i32 i32) (result i32)))
    (import "trine" "put_block" (func $put_block (param i32 i32) (result i32)))
    (import "trine" "fail" (func $fail (param i32 i32 i32) (result i32)))
    (import "trine" "content" (func $content (param i32 i32 i32 i32) (result i32)))
    (import "trine" "call_get_info" (func $info (param i32 i32) (result i32)))
    (import "trine" "is_cancelled" (func $is_cancelled (param i32) (result i32)))
    (import "trine" "progress" (func $progress (param i32 i32 i32 i32 i32) (result i32)))
    (import "trine" "log" (func $log (param i32 i32 i32 i32) (result i32)))
    (import "trine" "now" (func $now (result i64)))
"#;

/// A tool that adds 1 to its number, and counts its calls in a global.
pub(crate) const ADD: &str = "
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (call $put_int (local.get $call) (i32.const 0)
      (i64.add (i64.const 1) (call $get_int (local.get $call) (i32.const 0))))";
pub(crate) const CALLS: &str = "(global $calls (mut i32) (i32.const 0))";

/// A tool that answers how often `add` was called.
pub(crate) const COUNT: &str = "
    (call $put_int (local.get $call) (i32.const 0) (i64.extend_i32_u (global.get $calls)))";

/// A module with `add`, `count`, and `other`, which has this body.
pub(crate) fn with_other(body: &str) -> Plug {
    let plug = Plug::new().code(CALLS);
    let plug = plug.tool("add", [&[int("n")], &[int("sum")]], ADD);
    let plug = plug.tool("count", [&[], &[int("calls")]], COUNT);
    plug.tool("other", [&[text("text")], &[int("n")]], body)
}

/// How a call of a tool without a client ends, with arguments that `write` writes.
pub(crate) fn call(
    guest: &Guest,
    row: u16,
    write: impl FnOnce(&mut ValueWriter<'_>),
) -> Result<Vec<u8>, String> {
    let mut room = vec![0; 4_096];
    let mut args = ValueWriter::new(&mut room);
    write(&mut args);
    let mut ends = Vec::new();
    guest.call_here(row, args.bytes(), &mut |outcome| {
        ends.push(match outcome {
            Outcome::Value(entries) => Ok(entries.to_vec()),
            Outcome::Error(why) => Err(why.to_owned()),
            other => Err(format!("{other:?}")),
        });
    });
    assert_eq!(ends.len(), 1, "a call has one end");
    ends.remove(0)
}

/// The entries of an integer.
pub(crate) fn value(node: u16, number: i64) -> Result<Vec<u8>, String> {
    let mut room = [0; 16];
    let mut out = ValueWriter::new(&mut room);
    out.int(node, number);
    Ok(out.bytes().to_vec())
}
