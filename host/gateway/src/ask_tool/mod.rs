//! The tool `ask`: its descriptor beside the tools of a device, and its results. And `ask_all`,
//! which is the same over all tools.
//!
//! The gateway knows no model. Whoever starts it gives [`KnownTools`], from which the tool is
//! described, and a [`Reply`] to each sentence.

mod entries;
mod params;

use serde_json::{Map, Value};
use trine_descriptor::{
    Annotations, DecimalRange, Field, Kind, Literal, Side, Tool, ToolInfo, ToolTable, record,
};

use crate::table::{BadTable, Table};
pub(crate) use entries::entries;
use params::{Param, merged};

/// What the tool is called where nothing stands before it.
pub(crate) const NAME: &str = "ask";
/// Nodes of the parameters.
pub(crate) const TEXT: u16 = 0;
pub(crate) const RUN: u16 = 1;

/// What the tool over the tools of all devices and of this program is called.
pub(crate) const NAME_ALL: &str = "ask_all";

const DESCRIPTION: &str = "Turn a sentence into a call of one of the other tools of this device, \
    by a small model that knows these tools and nothing else. Without `run` nothing is called. No \
    tool is an answer too: then there is no `tool` in it.";
const DESCRIPTION_ALL: &str = "Turn a sentence into a call of one of the other tools in this list, \
    by a small model that knows these tools and nothing else. Without `run` nothing is called. No \
    tool is an answer too: then there is no `tool` in it.";
/// Digits after the point of a confidence.
const PLACES: u8 = 4;
/// Most bytes of a tool's labels that a tool over all devices reads: one device with more of them
/// would be in the way of the others.
const LABELS_MAX: usize = 4096;

/// Answers whether the first tools of a table are those that a model was made for.
pub type IsKnown = Box<dyn Fn(&dyn ToolTable) -> bool + Send + Sync>;

/// The tools that a model reads.
#[derive(Debug)]
pub struct KnownTools {
    /// Bytes of the longest sentence that the model reads.
    pub sentence_max: u16,
    /// Which tools it reads.
    pub which: Which,
}

/// Which tools a model reads.
pub enum Which {
    /// Those that it was made for.
    First {
        /// How many they are.
        count: u16,
        /// Whether they are the first tools of a table.
        are_of: IsKnown,
    },
    /// Any. What such a model replies may have [`Reply::why`], `missing`, `between` and `calls`.
    Any,
}

impl KnownTools {
    /// Whether the model reads any tools.
    pub(crate) const fn is_any(&self) -> bool {
        matches!(self.which, Which::Any)
    }

    /// Whether the model reads the tools of this table.
    pub(crate) fn are_in(&self, table: &dyn ToolTable) -> bool {
        match &self.which {
            Which::First { are_of, .. } => are_of(table),
            Which::Any => table.count() > 0,
        }
    }
}

impl std::fmt::Debug for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::First { count, .. } => {
                f.debug_struct("First").field("count", count).finish_non_exhaustive()
            }
            Self::Any => f.write_str("Any"),
        }
    }
}

/// A tool and its arguments.
pub type NamedCall = (String, Map<String, Value>);

/// The call that a model makes of a sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The tool and its arguments; `None` where no tool does what the sentence asks for.
    pub call: Option<NamedCall>,
    /// Whether the model is sure enough for the call to be made.
    pub is_sure: bool,
    /// The probability of the answer.
    pub confidence: f32,
    /// Why there is no call; empty where there is one.
    pub reason: String,
    /// The same in one word; empty where there is a call. This and what follows is of models that
    /// read any tools.
    pub why: String,
    /// What was not said, or said wrongly: `tool.parameter`.
    pub missing: Vec<String>,
    /// The tools of which the sentence may mean either.
    pub between: Vec<String>,
    /// The calls, where there are two. Then none is made.
    pub calls: Vec<NamedCall>,
}

/// How a tool that takes sentences is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// It is for all tools in the list, and its result names the device.
    pub(crate) is_for_all: bool,
    /// Its result has the tool and the arguments as texts: there is no room for all their names.
    pub(crate) is_plain: bool,
}

impl Form {
    /// Of one device.
    pub(crate) const ONE: Self = Self { is_for_all: false, is_plain: false };
}

/// These tools under other names, without their results; `None` where there are none. Those with
/// too many labels are left out where they are not of one device.
pub(crate) fn gathered<'t>(
    tools: impl Iterator<Item = (&'t str, &'t Table, u16)>,
    form: Form,
) -> Option<Table> {
    let tool = |(name, table, row): (&'t str, &'t Table, u16)| {
        let (info, params) = (table.info(row)?, table.nodes(row, Side::Params)?);
        let labels = params.iter().filter_map(|field| match field.kind {
            Kind::Choice(labels) => Some(labels.len()),
            _ => None,
        });
        let is_read = !form.is_for_all || labels.sum::<usize>() <= LABELS_MAX;
        is_read.then(|| Tool::new(ToolInfo { name, ..info }, params, &[]))
    };
    let tools: Vec<Tool<'_>> = tools.filter_map(tool).collect();
    if tools.is_empty() {
        return None;
    }
    // Each was in a table that kept the rules.
    Table::checked_before(list(&tools)).ok()
}

/// The tools as records.
fn list(tools: &[Tool<'_>]) -> Box<[u8]> {
    let mut list = vec![0; record::page(tools, 0, &mut [])];
    record::page(tools, 0, &mut list);
    list.into()
}

/// A table of the one tool: its result names the tools of `known`, which are the first of `tools`,
/// and their parameters.
///
/// # Errors
/// When the tools have more parameters than one result can name, and are to be named.
pub(crate) fn table(tools: &Table, known: &KnownTools, form: Form) -> Result<Table, BadTable> {
    let count = match known.which {
        Which::First { count, .. } => count,
        Which::Any => tools.count(),
    };
    let infos: Vec<ToolInfo<'_>> = (0..count).filter_map(|tool| tools.info(tool)).collect();
    let names: Vec<&str> = infos.iter().map(|info| info.name).collect();
    let names = names.join("|");
    let params = if form.is_plain { Vec::new() } else { merged(tools, count) };
    let own = [
        Field::new("text", Kind::Text { min: 0, max: known.sentence_max })
            .describe("What a person says, such as: make the fan spin at forty percent."),
        Field::new("run", Kind::Bool).optional().default_to(Literal::Bool(false)).describe(
            "Make the call, if the model is sure of it. A tool that asks for a person at \
                       the device asks as ever.",
        ),
    ];
    let mut output = output(&names, &params, form);
    if known.is_any() {
        output.extend(more(form));
    }
    let risks = Annotations::DESTRUCTIVE | Annotations::OPEN_WORLD;
    let annotations = infos.iter().fold(0, |all, info| all | info.annotations.0 & risks);
    let (name, description) =
        if form.is_for_all { (NAME_ALL, DESCRIPTION_ALL) } else { (NAME, DESCRIPTION) };
    let info = ToolInfo {
        title: "Turn a sentence into a call",
        version: env!("CARGO_PKG_VERSION"),
        annotations: Annotations(annotations),
        ..ToolInfo::new(name, description)
    };
    Table::new(list(&[Tool::new(info, &own, &output)]))
}

/// A text of any length.
const WORDS: Kind<'static> = Kind::Text { min: 0, max: u16::MAX };

/// The nodes of the result.
fn output<'a>(tools: &'a str, params: &'a [Param<'a>], form: Form) -> Vec<Field<'a>> {
    let share = DecimalRange { min: 0, max: 10_i64.pow(PLACES.into()), step: 1, places: PLACES };
    // What does not fit a table is refused as one.
    let nodes = u8::try_from(params.len()).unwrap_or(u8::MAX);
    let (tool, arguments, how) = if form.is_plain {
        (WORDS, WORDS, "Its arguments, as JSON.")
    } else {
        (Kind::Choice(tools), Kind::Object { nodes }, "Its arguments, and none of another tool.")
    };
    let mut fields = vec![
        Field::new("tool", tool)
            .optional()
            .describe("The tool; absent where none does what was said."),
        Field::new("arguments", arguments).optional().describe(how),
    ];
    fields.extend(params.iter().map(Param::field));
    fields.extend([
        Field::new("confidence", Kind::Decimal(share)).describe("The probability of the answer."),
        Field::new("sure", Kind::Bool)
            .describe("Whether it is enough. If not, ask whether the call is what was meant."),
        Field::new("reason", WORDS).optional().describe("Why no tool is called."),
        Field::new("result", WORDS).optional().describe("What the tool that was run answered."),
    ]);
    fields
}

/// The nodes behind those, of a model that reads any tools.
fn more(form: Form) -> Vec<Field<'static>> {
    let mut fields = vec![
        Field::new("why", WORDS)
            .optional()
            .describe("Why no tool is called, in one word, such as missing, ambiguous or two."),
        Field::new("missing", Kind::Array { nodes: 1, min: 0, max: u8::MAX })
            .optional()
            .describe("What was not said, or said wrongly: tool.parameter."),
        Field::new("", WORDS),
        Field::new("between", Kind::Array { nodes: 1, min: 0, max: u8::MAX })
            .optional()
            .describe("The tools of which the sentence may mean either."),
        Field::new("", WORDS),
        Field::new("calls", Kind::Array { nodes: 3, min: 0, max: u8::MAX })
            .optional()
            .describe("The calls, where there are two. None is made: ask for one at a time."),
        Field::new("", Kind::Object { nodes: 2 }),
        Field::new("tool", WORDS),
        Field::new("arguments", WORDS).describe("As JSON."),
    ];
    if form.is_for_all {
        let device = Field::new("device", WORDS).optional();
        fields.push(device.describe("The device of the tool; absent for a tool of this program."));
    }
    fields
}

#[cfg(test)]
mod tests;
