//! An answer as the entries of a result.

use serde_json::{Map, Value};
use trine_descriptor::{Field, Kind, Side, ToolTable as _, ValueWriter};

use super::{NamedCall, PLACES, Reply};
use crate::table::Table;

const UNSURE: &str = "the model is not sure enough: ask whether this call is meant";
/// Bytes that the entries of an answer take beside its texts.
const ENTRIES: usize = 1024;
/// Bytes that one value takes beside its text.
const ENTRY: usize = 16;
/// Nodes of what any answer has behind the arguments, from the confidence on.
const REASON: u16 = 2;
const RESULT: u16 = 3;
/// Nodes of what the answer of a model that reads any tools has there too.
const WHY: u16 = 4;
const MISSING: u16 = 5;
const BETWEEN: u16 = 7;
const CALLS: u16 = 9;
const DEVICE: u16 = 13;

/// An answer as entries of the result of `table`. `result` is what the tool that was run answered,
/// `device` the device of the tool, where the tool is not of one device.
pub(crate) fn entries(
    table: &Table,
    reply: &Reply,
    (result, device): (Option<&str>, Option<&str>),
) -> Vec<u8> {
    let texts = result.map_or(0, str::len) + device.map_or(0, str::len);
    let mut memory = vec![0; ENTRIES + texts + length(reply)];
    let mut out = ValueWriter::new(&mut memory);
    let nodes = table.nodes(0, Side::Output).unwrap_or_default();
    let behind = 2 + nodes.get(1).map_or(0, |field| field.kind.nodes()) as u16;
    if let Some(call) = &reply.call {
        called(&mut out, nodes, behind, call);
    }
    let confidence = f64::from(reply.confidence) * 10_f64.powi(PLACES.into());
    out.decimal(behind, confidence.round() as i64);
    out.bool(behind + 1, reply.is_sure);
    let is_unsure = reply.call.is_some() && !reply.is_sure;
    let reason = if is_unsure { UNSURE } else { reply.reason.as_str() };
    if !reason.is_empty() {
        out.text(behind + REASON, reason);
    }
    if let Some(result) = result {
        out.text(behind + RESULT, result);
    }
    if nodes.len() > usize::from(behind + WHY) {
        more(&mut out, behind, reply);
    }
    if let Some(device) = device {
        out.text(behind + DEVICE, device);
    }
    // What is not whole is no result, and the engine says so.
    let len = if out.overflowed() { 0 } else { out.len() };
    memory.truncate(len);
    memory
}

/// Bytes of the texts of a reply, or a few more.
fn length(reply: &Reply) -> usize {
    let call = |(tool, arguments): &NamedCall| ENTRY + tool.len() + json(arguments).len();
    let calls: usize = reply.call.iter().chain(&reply.calls).map(call).sum();
    let given = reply.call.as_ref().map_or(0, |(_, arguments)| ENTRY * arguments.len());
    let lists = reply.missing.iter().chain(&reply.between);
    let lists: usize = lists.map(|text| ENTRY + text.len()).sum();
    calls + given + lists + reply.reason.len().max(UNSURE.len()) + reply.why.len()
}

fn json(arguments: &Map<String, Value>) -> String {
    serde_json::to_string(arguments).unwrap_or_default()
}

/// The tool and its arguments, by the nodes before `behind` or as texts.
fn called(out: &mut ValueWriter<'_>, nodes: &[Field<'_>], behind: u16, call: &NamedCall) {
    let [name, given, params @ ..] = nodes else { return };
    let (tool, arguments) = call;
    value(out, 0, name, &tool.as_str().into());
    if !given.kind.is_container() {
        return out.text(1, &json(arguments));
    }
    out.object(1);
    for (node, field) in (2..behind).zip(params) {
        if let Some(given) = arguments.get(field.name) {
            value(out, node, field, given);
        }
    }
}

/// What there is to say beside the call.
fn more(out: &mut ValueWriter<'_>, behind: u16, reply: &Reply) {
    if !reply.why.is_empty() {
        out.text(behind + WHY, &reply.why);
    }
    for (node, list) in [(behind + MISSING, &reply.missing), (behind + BETWEEN, &reply.between)] {
        if !list.is_empty() {
            out.array(node, list.len() as u16);
            list.iter().for_each(|text| out.text(node + 1, text));
        }
    }
    if !reply.calls.is_empty() {
        let node = behind + CALLS;
        out.array(node, reply.calls.len() as u16);
        for (tool, arguments) in &reply.calls {
            out.object(node + 1);
            out.text(node + 2, tool);
            out.text(node + 3, &json(arguments));
        }
    }
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
