//! Sentences become calls, by the base model over the tools that the device has sent.

use trine_descriptor::{Field, Kind, Scalar, Side, ToolTable, record};
use trine_mcp::json::JsonWriter;
use trine_unseen::hear::{ArgumentFault, Workspace};
use trine_unseen::said::Said;
use trine_unseen::{Answer, Base, Call, Compiler, Table, table::TOOL_BYTES_MAX};

use crate::list::{List, TOOLS_MAX};
use crate::picture::members;

/// Bytes of a compiled table: as many as sixteen of the largest tools take, or more smaller ones.
const TABLE_MAX: usize = TOOLS_MAX / 2 * TOOL_BYTES_MAX;
/// How many places the confidence has.
const PLACES: u8 = 4;

/// The model, and what it has made of the tools.
pub(crate) struct Sentences<'m> {
    base: &'m [u8],
    table: [u8; TABLE_MAX],
    len: usize,
    /// Hash of the list that the table is of.
    made_of: u64,
    compiler: Compiler,
    workspace: Workspace,
}

impl core::fmt::Debug for Sentences<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sentences").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<'m> Sentences<'m> {
    pub(crate) const fn new(base: &'m [u8]) -> Self {
        let (compiler, workspace) = (Compiler::new(), Workspace::new());
        Self { base, table: [0; TABLE_MAX], len: 0, made_of: 0, compiler, workspace }
    }

    /// Writes what a sentence comes to, as a line of `trine ask --jsonl`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn ask(
        &mut self,
        list: &List,
        sentence: &[u8],
        out: &mut [u8],
    ) -> Result<usize, &'static str> {
        let base = Base::parse_trusted(self.base).map_err(|_| "the model cannot be read")?;
        self.compile(&base, list)?;
        let table = self.table.get(..self.len).unwrap_or_default();
        let table = Table::parse(table, &base, None).map_err(|_| "the tools cannot be read")?;
        let mut said = Said::empty();
        let models = (&base, &table);
        let answer = self.workspace.ask(&mut said, models, sentence, &mut || true);
        let answer = answer.map_err(|_| "the sentence is empty, too long, or no text")?;
        let is_sure = answer.confidence >= answer.threshold(&base, &table);
        let mut json = JsonWriter::new(out);
        Told { answer, is_sure, list }.write(&mut json);
        json.finish().map_err(|_| "the answer is too long")
    }

    /// Makes the table anew where the tools are others.
    fn compile(&mut self, base: &Base<'_>, list: &List) -> Result<(), &'static str> {
        let hash = record::table_hash(list);
        if self.len > 0 && hash == self.made_of {
            return Ok(());
        }
        self.len = 0;
        let len = self.compiler.compile(base, list, &mut self.table);
        self.len = len.map_err(|_| "the model cannot take these tools")?;
        self.made_of = hash;
        Ok(())
    }
}

/// An answer with the names of the tools.
struct Told<'a, 's> {
    answer: Answer<'s>,
    is_sure: bool,
    list: &'a List,
}

impl Told<'_, '_> {
    fn write(&self, json: &mut JsonWriter<'_>) {
        let Answer { calls, confidence, reason, between, .. } = &self.answer;
        let why = reason.map_or("", |reason| reason.name());
        let both = calls.iter().flatten().count() == 2 && why.is_empty();
        let one = calls.first().and_then(Option::as_ref).filter(|_| why.is_empty() && !both);
        match one {
            Some(call) if self.is_sure => {
                json.raw(b"{");
                self.call(call, json);
            }
            _ => json.raw(b"{\"tool\":null,\"arguments\":null"),
        }
        json.raw(b",\"confidence\":");
        json.decimal((confidence * 1e4 + 0.5) as i64, PLACES);
        if let Some(call) = one.filter(|_| !self.is_sure) {
            json.raw(b",\"likeliest\":{");
            self.call(call, json);
            json.raw(b"}");
        }
        let may_be_either = matches!(why, "" | "ambiguous");
        let why = match (why, both) {
            ("", true) => "two",
            ("", false) if one.is_none() => self.fault(),
            (why, _) => why,
        };
        if !why.is_empty() {
            json.raw(b",\"why\":");
            json.string(why);
        }
        if one.is_none() && !both {
            self.missing(why, json);
        }
        if let Some(tools) = between.filter(|_| may_be_either) {
            json.raw(b",\"between\":[");
            members(json, tools, |json, tool| json.string(self.name(tool)));
            json.raw(b"]");
        }
        if both {
            json.raw(b",\"calls\":[");
            members(json, calls.iter().flatten(), |json, call| {
                json.raw(b"{");
                self.call(call, json);
                json.raw(b"}");
            });
            json.raw(b"]");
        }
        json.raw(b"}");
    }

    fn name(&self, tool: u16) -> &str {
        self.list.info(tool).map_or("", |info| info.name)
    }

    fn field(&self, tool: u16, node: u16) -> Option<Field<'_>> {
        self.list.node(tool, Side::Params, node)
    }

    fn has_one_parameter(&self, tool: u16) -> bool {
        let nodes = usize::from(self.list.node_count(tool, Side::Params));
        self.field(tool, 0).is_some_and(|first| 1 + first.kind.nodes() == nodes)
    }

    /// What is wrong with the arguments of the likeliest tool, in the words of `why`.
    fn fault(&self) -> &'static str {
        match self.answer.fault {
            Some((_, ArgumentFault::Missing(_))) => "missing",
            Some((_, ArgumentFault::Range(_))) => "range",
            Some((_, ArgumentFault::Unit(_))) => "unit",
            _ => "cannot",
        }
    }

    /// The parameter that is missing, out of its bounds or of another unit. One with another fault
    /// is only named where the tool has no other.
    fn missing(&self, why: &str, json: &mut JsonWriter<'_>) {
        let Some((tool, fault)) = self.answer.fault else { return };
        use ArgumentFault::{Cut, Missing, Range, Unit};
        let node = match fault {
            Missing(node) | Range(node) | Unit(node) => node,
            Cut => return,
        };
        if !matches!(why, "missing" | "range" | "unit") {
            return;
        }
        let is_of_why = self.fault() == why || self.has_one_parameter(tool);
        let Some(field) = self.field(tool, node).filter(|_| is_of_why) else { return };
        json.raw(b",\"missing\":[\"");
        json.escaped(self.name(tool).as_bytes());
        json.raw(b".");
        json.escaped(field.name.as_bytes());
        json.raw(b"\"]");
    }

    /// The members of a call.
    fn call(&self, call: &Call<'_>, json: &mut JsonWriter<'_>) {
        json.raw(b"\"tool\":");
        json.string(self.name(call.tool));
        json.raw(b",\"arguments\":{");
        let (mut is_first, mut items) = (true, 0);
        for (node, value) in call.arguments() {
            let Some(field) = self.field(call.tool, node) else { continue };
            if items > 0 {
                items -= 1;
                value_json(&field, value, json);
                json.raw(if items > 0 { b"," } else { b"]" });
                continue;
            }
            if !is_first {
                json.raw(b",");
            }
            is_first = false;
            json.string(field.name);
            json.raw(b":");
            match value {
                Scalar::Array(0) => json.raw(b"[]"),
                Scalar::Array(count) => {
                    items = count;
                    json.raw(b"[");
                }
                value => value_json(&field, value, json),
            }
        }
        json.raw(b"}");
    }
}

fn value_json(field: &Field<'_>, value: Scalar<'_>, json: &mut JsonWriter<'_>) {
    match (value, field.kind) {
        (Scalar::Bool(value), _) => json.bool(value),
        (Scalar::Int(value), _) => json.integer(value),
        (Scalar::Decimal(value), Kind::Decimal(range)) => json.decimal(value, range.places),
        (Scalar::Text(text), _) => json.string(text),
        (Scalar::Label(label), kind) => json.string(kind.label(label.into()).unwrap_or_default()),
        _ => json.raw(b"null"),
    }
}
