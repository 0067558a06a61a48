//! What was right, kept for the next training.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use trine::{Error, Result};
use trine_descriptor::{Field, Side, Tool, ToolTable, explain, validate};
use trine_models::ask::{Reply, Sentence};
use trine_models::tools::encode;
use trine_train::lists::check::WHYS;

use crate::cli::terminal::answer;

/// What is said where the answer was right.
const RIGHT: &str = "right";
/// What is said where nothing was to be called, for no reason that is known.
const NONE: &str = "none";

/// Appends a sentence with what was right to a file: what `is` says, or the person at the terminal.
///
/// # Errors
/// When nobody says it, when it is no call that the tools take, or the file cannot be written:
/// then nothing is.
pub(super) fn correct(
    path: &Path,
    (sentence, reply): (&[u8], &Reply),
    is: Option<&str>,
    tools: &dyn ToolTable,
) -> Result<()> {
    let text = std::str::from_utf8(sentence).map_err(|_| Error::SentenceBytes)?;
    let is = match is {
        Some(is) => is.to_owned(),
        None => asked()?,
    };
    let (calls, why) = meant(is.trim(), reply)?;
    for call in &calls {
        check(call, tools)?;
    }
    let line = json!({"text": text, "calls": calls, "why": why});
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| writeln!(file, "{line}"));
    written.map_err(|error| Error::write(path, error))
}

/// The answer of the person at the terminal.
fn asked() -> Result<String> {
    let question = format!("What was right: {RIGHT}, {NONE}, a reason, or a call as JSON?");
    let answer = answer(&question).ok_or(Error::NoCorrection)?;
    answer.map_err(|source| Error::Stream { action: "read", stream: "standard input", source })
}

/// A call of an answer as a line has it.
fn written((tool, arguments): &(String, Map<String, Value>)) -> Value {
    json!({"tool": tool, "arguments": arguments})
}

/// The calls that are meant, and why there are none.
fn meant(is: &str, reply: &Reply) -> Result<(Vec<Value>, Option<String>)> {
    let none = |why: &str| {
        let why = if WHYS.contains(&why) { why } else { "cannot" };
        (Vec::new(), Some(why.to_owned()))
    };
    if is == NONE || WHYS.contains(&is) {
        return Ok(none(is));
    }
    if is == RIGHT {
        let calls: Vec<Value> = reply.call.iter().chain(&reply.calls).map(written).collect();
        return Ok(if calls.is_empty() { none(reply.why) } else { (calls, None) });
    }
    let given: Value = serde_json::from_str(is).map_err(Error::Correction)?;
    let calls = match given {
        Value::Array(calls) => calls,
        call => vec![call],
    };
    let call = |call: Value| {
        let arguments = call["arguments"].as_object().cloned().unwrap_or_default();
        json!({"tool": call["tool"], "arguments": arguments})
    };
    Ok((calls.into_iter().map(call).collect(), None))
}

/// Whether a tool takes the call.
fn check(call: &Value, tools: &dyn ToolTable) -> Result<()> {
    let name = call["tool"].as_str().unwrap_or_default();
    let info = |tool: u16| tools.info(tool).filter(|info| info.name == name);
    let found = (0..tools.count()).find_map(|tool| Some((tool, info(tool)?)));
    let Some((at, info)) = found else {
        let unknown = trine_train::Error::UnknownTool { name: name.to_owned() };
        return Err(unknown.into());
    };
    let count = tools.node_count(at, Side::Params);
    let fields: Vec<Field<'_>> =
        (0..count).filter_map(|node| tools.node(at, Side::Params, node)).collect();
    let table = [Tool::new(info, &fields, &[])];
    let bytes = encode(&table[0], &call["arguments"]).map_err(trine_models::Error::from)?;
    validate(&table[..], 0, Side::Params, &bytes).map_err(|fault| {
        let mut why = Sentence(String::new());
        explain(&table[..], 0, Side::Params, fault, (name, ""), &mut why);
        trine_train::Error::Refused { why: why.0 }.into()
    })
}
