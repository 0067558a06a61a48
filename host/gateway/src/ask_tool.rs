//! The tool `ask`: its descriptor beside the tools of a device, and its results.
//!
//! The gateway knows no model. Whoever starts it gives [`KnownTools`], from which the tool is
//! described, and a [`Reply`] to each sentence.

use serde_json::{Map, Value};
use trine_descriptor::{
    Annotations, DecimalRange, Field, IntRange, Kind, Literal, Side, Tool, ToolInfo, ToolTable,
    ValueWriter, record,
};

use crate::table::{BadTable, Table};

/// What the tool is called where nothing stands before it.
pub(crate) const NAME: &str = "ask";
/// Nodes of the parameters.
pub(crate) const TEXT: u16 = 0;
pub(crate) const RUN: u16 = 1;

const DESCRIPTION: &str = "Turn a sentence into a call of one of the other tools of this device, \
    by a small model that knows these tools and nothing else. Without `run` nothing is called. No \
    tool is an answer too: then there is no `tool` in it.";
const UNSURE: &str = "the model is not sure enough: ask whether this call is meant";
/// Digits after the point of a confidence.
const PLACES: u8 = 4;
/// Bytes that the entries of an answer take beside its texts.
const ENTRIES: usize = 1024;

/// Answers whether the first tools of a table are those that a model was made for.
pub type IsKnown = Box<dyn Fn(&dyn ToolTable) -> bool + Send + Sync>;

/// The tools that a model was made for.
pub struct KnownTools {
    /// How many they are.
    pub count: u16,
    /// Bytes of the longest sentence that the model reads.
    pub sentence_max: u16,
    /// Whether they are the first tools of a table.
    pub are_first_of: IsKnown,
}

impl std::fmt::Debug for KnownTools {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnownTools")
            .field("count", &self.count)
            .field("sentence_max", &self.sentence_max)
            .finish_non_exhaustive()
    }
}

/// The call that a model makes of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The tool and its arguments; `None` where no tool does what the sentence asks for.
    pub call: Option<(String, Map<String, Value>)>,
    /// Whether the model is sure enough for the call to be made.
    pub is_sure: bool,
    /// The probability of the answer.
    pub confidence: f32,
    /// Why there is no call; empty where there is one.
    pub reason: String,
}

/// A table of the one tool: its result names the tools of `known`, which are the first of `tools`,
/// and their parameters.
///
/// # Errors
/// When the tools have more parameters than one result can name.
pub(crate) fn table(tools: &Table, known: &KnownTools) -> Result<Table, BadTable> {
    let KnownTools { count: known, sentence_max, .. } = *known;
    let infos: Vec<ToolInfo<'_>> = (0..known).filter_map(|tool| tools.info(tool)).collect();
    let names: Vec<&str> = infos.iter().map(|info| info.name).collect();
    let names = names.join("|");
    let params = merged(tools, known);
    let own = [
        Field::new("text", Kind::Text { min: 0, max: sentence_max })
            .describe("What somebody says, such as: make the fan spin at forty percent."),
        Field::new("run", Kind::Bool).optional().default_to(Literal::Bool(false)).describe(
            "Make the call, if the model is sure of it. A tool that asks for a person at \
                       the device asks as ever.",
        ),
    ];
    let output = output(&names, &params);
    let risks = Annotations::DESTRUCTIVE | Annotations::OPEN_WORLD;
    let annotations = infos.iter().fold(0, |all, info| all | info.annotations.0 & risks);
    let info = ToolInfo {
        title: "Turn a sentence into a call",
        version: env!("CARGO_PKG_VERSION"),
        annotations: Annotations(annotations),
        ..ToolInfo::new(NAME, DESCRIPTION)
    };
    let one = [Tool::new(info, &own, &output)];
    let mut list = vec![0; record::page(&one, 0, &mut [])];
    record::page(&one, 0, &mut list);
    Table::new(list.into())
}

/// The nodes of the result.
fn output<'a>(tools: &'a str, params: &'a [Param<'a>]) -> Vec<Field<'a>> {
    let words = Kind::Text { min: 0, max: u16::MAX };
    let share = DecimalRange { min: 0, max: 10_i64.pow(PLACES.into()), step: 1, places: PLACES };
    // What does not fit a table is refused as one.
    let nodes = u8::try_from(params.len()).unwrap_or(u8::MAX);
    let mut fields = vec![
        Field::new("tool", Kind::Choice(tools))
            .optional()
            .describe("The tool; absent where none does what was said."),
        Field::new("arguments", Kind::Object { nodes })
            .optional()
            .describe("Its arguments, and none of another tool."),
    ];
    fields.extend(params.iter().map(Param::field));
    fields.extend([
        Field::new("confidence", Kind::Decimal(share)).describe("The probability of the answer."),
        Field::new("sure", Kind::Bool)
            .describe("Whether it is enough. If not, ask whether the call is what was meant."),
        Field::new("reason", words).optional().describe("Why no tool is called."),
        Field::new("result", words).optional().describe("What the tool that was run answered."),
    ]);
    fields
}

/// A parameter of some of the tools.
struct Param<'a> {
    name: &'a str,
    kind: Kind<'a>,
    /// The labels of a choice.
    labels: String,
}

impl Param<'_> {
    fn field(&self) -> Field<'_> {
        let kind = match self.kind {
            Kind::Choice(_) => Kind::Choice(&self.labels),
            kind => kind,
        };
        Field::new(self.name, kind).optional()
    }

    /// Lets it have the values of another one too; as a text, where the two are of other types.
    fn take(&mut self, other: Kind<'_>) {
        self.kind = match (self.kind, other) {
            (Kind::Bool, Kind::Bool) => Kind::Bool,
            (Kind::Int(one), Kind::Int(other)) => {
                Kind::Int(IntRange { min: one.min.min(other.min), max: one.max.max(other.max) })
            }
            (Kind::Decimal(one), Kind::Decimal(other)) if one.places == other.places => {
                Kind::Decimal(DecimalRange {
                    min: one.min.min(other.min),
                    max: one.max.max(other.max),
                    step: if one.step == other.step { one.step } else { 1 },
                    places: one.places,
                })
            }
            (Kind::Text { min, max }, Kind::Text { min: least, max: most }) => {
                Kind::Text { min: min.min(least), max: max.max(most) }
            }
            (Kind::Choice(labels), Kind::Choice(_)) => {
                for label in other.labels() {
                    if !self.labels.split('|').any(|known| known == label) {
                        self.labels.push('|');
                        self.labels.push_str(label);
                    }
                }
                Kind::Choice(labels)
            }
            _ => Kind::Text { min: 0, max: u16::MAX },
        };
    }
}

/// The parameters that a call can have, each name once.
fn merged(tools: &Table, known: u16) -> Vec<Param<'_>> {
    let mut params: Vec<Param<'_>> = Vec::new();
    for tool in 0..known {
        let nodes = tools.nodes(tool, Side::Params).unwrap_or_default();
        let mut at = 0;
        while let Some(field) = nodes.get(at) {
            at += 1 + field.kind.nodes();
            if field.kind.is_container() {
                continue;
            }
            match params.iter_mut().find(|param| param.name == field.name) {
                Some(param) => param.take(field.kind),
                None => {
                    let labels: Vec<&str> = field.kind.labels().collect();
                    let labels = labels.join("|");
                    params.push(Param { name: field.name, kind: field.kind, labels });
                }
            }
        }
    }
    params
}

/// Nodes behind the arguments: confidence, sure, reason, result.
const BEHIND: usize = 4;

/// An answer as entries of the result of `table`. `result` is what the tool that was run answered.
pub(crate) fn entries(table: &Table, reply: &Reply, result: Option<&str>) -> Vec<u8> {
    let texts = reply.reason.len() + result.map_or(0, str::len);
    let given = reply.call.iter().flat_map(|(_, arguments)| arguments.values());
    let given: usize = given.map(|value| value.to_string().len()).sum();
    let mut memory = vec![0; ENTRIES + texts + given];
    let mut out = ValueWriter::new(&mut memory);
    let nodes = table.nodes(0, Side::Output).unwrap_or_default();
    let behind = nodes.len().saturating_sub(BEHIND) as u16;
    if let (Some((tool, arguments)), Some(names)) = (&reply.call, nodes.first()) {
        value(&mut out, 0, names, &tool.as_str().into());
        out.object(1);
        for (node, field) in (2..behind).zip(nodes.iter().skip(2)) {
            if let Some(given) = arguments.get(field.name) {
                value(&mut out, node, field, given);
            }
        }
    }
    let confidence = f64::from(reply.confidence) * 10_f64.powi(PLACES.into());
    out.decimal(behind, confidence.round() as i64);
    out.bool(behind + 1, reply.is_sure);
    let reason = if reply.is_sure { reply.reason.as_str() } else { UNSURE };
    if !reason.is_empty() {
        out.text(behind + 2, reason);
    }
    if let Some(result) = result {
        out.text(behind + 3, result);
    }
    // What is not whole is no result, and the engine says so.
    let len = if out.overflowed() { 0 } else { out.len() };
    memory.truncate(len);
    memory
}

/// One value of the kind that a node has.
fn value(out: &mut ValueWriter<'_>, node: u16, field: &Field<'_>, value: &Value) {
    match field.kind {
        Kind::Bool => out.bool(node, value == true),
        Kind::Int(_) => out.int(node, value.as_i64().unwrap_or_default()),
        Kind::Decimal(range) => {
            let unit = 10_f64.powi(range.places.into());
            out.decimal(node, (value.as_f64().unwrap_or_default() * unit).round() as i64);
        }
        Kind::Choice(_) => {
            let label = field.kind.label_index(value.as_str().unwrap_or_default());
            out.label(node, label.unwrap_or_default() as u16);
        }
        _ => match value {
            Value::String(text) => out.text(node, text),
            other => out.text(node, &other.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use trine_board::TOOLS;
    use trine_descriptor::validate;

    fn of(tools: &[Tool<'_>]) -> Table {
        let mut list = vec![0; record::page(tools, 0, &mut [])];
        record::page(tools, 0, &mut list);
        Table::new(list.into()).unwrap()
    }

    fn known(count: u16) -> KnownTools {
        KnownTools { count, sentence_max: 1024, are_first_of: Box::new(|_| true) }
    }

    fn reply(tool: &str, arguments: Value) -> Reply {
        let call = Some((tool.to_owned(), arguments.as_object().cloned().unwrap()));
        Reply { call, is_sure: true, confidence: 0.987_65, reason: String::new() }
    }

    #[test]
    fn every_call_of_the_board_fits_the_result() {
        let mut list = vec![0; record::page(&TOOLS, 0, &mut [])];
        record::page(&TOOLS, 0, &mut list);
        let board = Table::new(list.into()).unwrap();
        let ask = table(&board, &known(10)).unwrap();
        let calls = vec![
            ("fan_set", json!({"percent": 40})),
            ("climate_set", json!({"mode": "heat", "celsius": 21.5})),
            ("valve_close", json!({"valve": "all"})),
            ("light_set", json!({"light": "grow", "on": true, "brightness": 80})),
            ("display_show", json!({"text": "h\u{e9}", "line": 2})),
            ("board_status", json!({})),
        ];
        for (tool, arguments) in calls {
            let entries = entries(&ask, &reply(tool, arguments), Some("{}"));
            assert!(!entries.is_empty(), "{tool}");
            assert_eq!(validate(&ask, 0, Side::Output, &entries), Ok(()), "{tool}");
        }
        let nothing =
            Reply { call: None, reason: "no tool does that".into(), ..reply("", json!({})) };
        assert_eq!(validate(&ask, 0, Side::Output, &entries(&ask, &nothing, None)), Ok(()));
    }

    #[test]
    fn parameters_of_one_name_are_one_that_takes_the_values_of_all() {
        let range = |min, max| Kind::Int(IntRange { min, max });
        let step = |places| Kind::Decimal(DecimalRange { min: 0, max: 9, step: 1, places });
        let one = [
            Field::new("level", range(1, 5)).describe("l"),
            Field::new("place", Kind::Choice("a|b")).describe("p"),
            Field::new("much", step(1)).describe("m"),
        ];
        let other = [
            Field::new("level", range(3, 9)).describe("l"),
            Field::new("place", Kind::Choice("b|c")).describe("p"),
            Field::new("much", step(2)).describe("m"),
        ];
        let tools = [("one", &one), ("other", &other)]
            .map(|(name, params)| Tool::new(ToolInfo::new(name, "d"), params, &[]));
        let ask = table(&of(&tools), &known(2)).unwrap();
        let nodes = ask.nodes(0, Side::Output).unwrap();
        let kind = |name: &str| nodes.iter().find(|node| node.name == name).unwrap().kind;
        assert_eq!(kind("tool"), Kind::Choice("one|other"));
        assert_eq!(kind("level"), range(1, 9));
        assert_eq!(kind("place"), Kind::Choice("a|b|c"));
        assert_eq!(kind("much"), Kind::Text { min: 0, max: u16::MAX });
        let given = json!({"level": 9, "place": "c", "much": 0.25});
        let entries = entries(&ask, &reply("other", given), None);
        assert_eq!(validate(&ask, 0, Side::Output, &entries), Ok(()));
    }
}
