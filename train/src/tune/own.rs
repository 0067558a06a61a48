//! Sentences of one's own: lines of JSON with what is to be called.

use std::path::Path;

use serde_json::{Value as Json, json};
use trine_descriptor::{Side, TextSink, Tool, explain};
use trine_models::ToolsError;
use trine_models::tools::{self, LeftOut};

use crate::example;
use crate::lists::check::WHYS;
use crate::lists::{Call, List, Record};
use crate::{Error, Result};

/// Why there is no call, where a line does not say it.
const WHY: &str = "cannot";

/// A list of tools without sentences, out of JSON: an array, or an object with `tools`.
///
/// # Errors
/// When the text is no JSON, or no list of tools.
pub fn list(text: &str) -> Result<List> {
    tools::parse(text)?;
    let json: Json = serde_json::from_str(text)?;
    let json = json.get("result").unwrap_or(&json);
    let array = json.as_array().or_else(|| json["tools"].as_array()).cloned();
    Ok(List { name: "own".into(), tools: array.unwrap_or_default(), records: Vec::new() })
}

/// Adds the sentences of a file, or of all `.jsonl` files of a folder.
///
/// # Errors
/// When a file cannot be read, or a line is wrong: with its place.
pub fn load(list: &mut List, path: &Path) -> Result<()> {
    for file in example::files(path)? {
        let text = std::fs::read_to_string(&file).map_err(|error| Error::read(&file, error))?;
        add(list, &text).map_err(|error| error.at(file.display()))?;
    }
    Ok(())
}

/// The sentences of a file, to be scored: each line as [`load`] reads it, and none is passed over.
/// A kind and a reason are what the line says, or empty. An argument that has no form here, such as
/// an object, is taken as it is.
///
/// # Errors
/// When the file cannot be read, or a line is wrong: with file and line.
pub fn read(list: &List, path: &Path) -> Result<Vec<Record>> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::read(path, error))?;
    let json = Json::from(list.tools.clone()).to_string();
    let (texts, left_out) = tools::parse_all(&json)?;
    let labels = tools::joined(&texts);
    let fields = tools::fields(&texts, &labels);
    let table = tools::table(&texts, &fields);
    let lines = (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty());
    let each = lines.map(|(line, text)| {
        let place = |error: Error| error.at(format!("{}:{line}", path.display()));
        let json = serde_json::from_str(text).map_err(|error| place(Error::from(error)))?;
        scored(&json, line, &table, &left_out).map_err(place)
    });
    each.collect()
}

fn scored(json: &Json, line: usize, table: &[Tool<'_>], left_out: &[LeftOut]) -> Result<Record> {
    let says_none = json["calls"].is_array() || json.get("tool").is_some_and(Json::is_null);
    if !says_none && !json["tool"].is_string() {
        return Err(Error::NoCalls);
    }
    let calls = calls(json, |json| {
        let is_of = |one: &&LeftOut| json["tool"] == *one.tool;
        let given = |one: &LeftOut| one.with_tool || json["arguments"].get(&one.param).is_some();
        if left_out.iter().filter(is_of).any(given) {
            named(json, table, left_out)
        } else {
            call(json, table)
        }
    })?;
    let says = json["why"].is_string() || json["kind"].is_string();
    let mut record = record(json, line, calls)?;
    if json["kind"].is_null() {
        record.kind.clear();
    }
    if !says {
        record.why = record.why.map(|_| String::new());
    }
    Ok(record)
}

/// A call whose tool and parameters are in the list.
fn named(json: &Json, table: &[Tool<'_>], left_out: &[LeftOut]) -> Result<Call> {
    let name = json["tool"].as_str().ok_or(Error::NoCalls)?;
    let tool = table.iter().find(|tool| tool.info.name == name);
    let tool = tool.ok_or_else(|| Error::UnknownTool { name: name.to_owned() })?;
    let arguments = json["arguments"].as_object().cloned().unwrap_or_default();
    let is_known = |param: &str| {
        let is_field = tool.params.iter().any(|field| field.name == param);
        is_field || left_out.iter().any(|one| one.tool == name && one.param == param)
    };
    match arguments.keys().find(|param| !is_known(param)) {
        Some(param) => {
            let (tool, param) = (name.to_owned(), param.clone());
            Err(ToolsError::UnknownParam { tool, param }.into())
        }
        None => Ok(Call { tool: name.to_owned(), arguments }),
    }
}

/// Adds the sentences of a text, one JSON object a line: with `calls`, or with `tool` (null for no
/// call) and `arguments`. A sentence that is there already is passed over.
///
/// # Errors
/// With the line and what is wrong with it.
pub fn add(list: &mut List, text: &str) -> Result<()> {
    let texts = crate::unseen::data::texts(list)?;
    let labels = tools::joined(&texts);
    let fields = tools::fields(&texts, &labels);
    let table = tools::table(&texts, &fields);
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let place = |error: Error| error.at(format!("line {line}"));
        let record = own(text, line, &table).map_err(place)?;
        match list.records.iter_mut().find(|own| own.text == record.text) {
            // The last word counts.
            Some(own) => *own = record,
            None => list.records.push(record),
        }
    }
    Ok(())
}

fn own(text: &str, line: usize, table: &[Tool<'_>]) -> Result<Record> {
    let json: Json = serde_json::from_str(text)?;
    let calls = calls(&json, |json| call(json, table))?;
    record(&json, line, calls)
}

/// The calls of a line, each read by `call`.
fn calls(json: &Json, call: impl Fn(&Json) -> Result<Call>) -> Result<Vec<Call>> {
    let calls: Vec<&Json> = match json.get("calls") {
        Some(calls) => calls.as_array().ok_or(Error::NoCalls)?.iter().collect(),
        None if json["tool"].is_string() => vec![json],
        None => Vec::new(),
    };
    calls.into_iter().map(call).collect()
}

fn record(json: &Json, line: usize, calls: Vec<Call>) -> Result<Record> {
    let word = |name: &str| json[name].as_str().filter(|word| WHYS.contains(word));
    // The kinds of train/board/README.md are taken too.
    let range = (json["kind"] == "out-of-range").then_some("range");
    let sure = json.get("sure").map(|sure| certainty(sure).ok_or(Error::NoShare)).transpose()?;
    // A model that labelled it does not say why.
    let unsaid = if sure.is_some() { "" } else { WHY };
    let why = word("why").or_else(|| word("kind")).or(range).unwrap_or(unsaid);
    let names = |name: &str| -> Vec<String> {
        let each = json[name].as_array().into_iter().flatten().filter_map(Json::as_str);
        each.map(str::to_owned).collect()
    };
    let or = |name: &str, other: &str| json[name].as_str().unwrap_or(other).to_owned();
    Ok(Record {
        line,
        text: json["text"].as_str().ok_or(Error::NoText)?.to_owned(),
        why: calls.is_empty().then(|| why.to_owned()),
        calls,
        missing: names("missing"),
        between: names("between"),
        kind: or("kind", "plain"),
        hand: or("hand", "own"),
        list: or("list", "own"),
        sure,
    })
}

/// A share above 0.
fn certainty(json: &Json) -> Option<f32> {
    json.as_f64().map(|share| share as f32).filter(|share| *share > 0.0 && *share <= 1.0)
}

/// A sentence as its line has it, without what names its hand.
#[must_use]
pub fn written(record: &Record) -> Json {
    let call = |call: &Call| json!({"tool": call.tool, "arguments": call.arguments});
    let calls: Vec<Json> = record.calls.iter().map(call).collect();
    let mut json = json!({"text": record.text, "calls": calls, "why": record.why});
    for (name, list) in [("missing", &record.missing), ("between", &record.between)] {
        if !list.is_empty() {
            json[name] = json!(list);
        }
    }
    json
}

struct Sentence(String);

impl TextSink for Sentence {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

/// A call that its tool takes.
fn call(json: &Json, table: &[Tool<'_>]) -> Result<Call> {
    let name = json["tool"].as_str().ok_or(Error::NoCalls)?;
    let at = table.iter().position(|tool| tool.info.name == name);
    let at = at.ok_or_else(|| Error::UnknownTool { name: name.to_owned() })?;
    let arguments = json["arguments"].as_object().cloned().unwrap_or_default();
    let bytes = tools::encode(&table[at], &Json::Object(arguments.clone()))?;
    let checked = trine_descriptor::validate(table, at as u16, Side::Params, &bytes);
    checked.map_err(|fault| {
        let mut why = Sentence(String::new());
        explain(table, at as u16, Side::Params, fault, (name, ""), &mut why);
        Error::Refused { why: why.0 }
    })?;
    Ok(Call { tool: name.to_owned(), arguments })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: &str = r#"{"tools": [{"name": "gate", "inputSchema": {"type": "object",
        "properties": {"percent": {"type": "integer", "minimum": 0, "maximum": 100}},
        "required": ["percent"]}}]}"#;

    fn added(line: &str) -> Result<Vec<Record>> {
        let mut list = list(TOOLS)?;
        add(&mut list, line)?;
        Ok(list.records)
    }

    #[test]
    fn both_forms_are_read_and_the_last_word_counts() {
        let old = r#"{"text": "half", "tool": "gate", "arguments": {"percent": 50}}"#;
        let new = r#"{"text": "half", "calls": [{"tool": "gate", "arguments": {"percent": 51}}]}"#;
        let none = r#"{"text": "no", "tool": null, "kind": "negated"}"#;
        let all = added(&format!("{old}\n\n{none}\n{new}\n")).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].calls[0].arguments["percent"], 51);
        assert_eq!((all[1].why.as_deref(), all[1].calls.len()), (Some("negated"), 0));
        let beyond = r#"{"text": "to 200", "tool": null, "kind": "out-of-range"}"#;
        assert_eq!(added(beyond).unwrap()[0].why.as_deref(), Some("range"));
        assert_eq!(added(&written(&all[0]).to_string()).unwrap()[0].calls, all[0].calls);
    }

    #[test]
    fn a_line_may_say_how_sure_it_is_and_no_reason() {
        let lines = r#"{"text": "half", "tool": "gate", "arguments": {"percent": 50}, "sure": 0.75}
            {"text": "no", "tool": null, "kind": "", "sure": 1}
            {"text": "nor", "tool": null, "sure": 0.0001}
            {"text": "not", "tool": null, "kind": "negated", "sure": 0.5}
            {"text": "never", "tool": null}"#;
        let all = added(lines).unwrap();
        let each =
            |of: fn(&Record) -> (Option<&str>, Option<f32>)| all.iter().map(of).collect::<Vec<_>>();
        let said = each(|record| (record.why.as_deref(), record.sure));
        let wanted = [
            (None, Some(0.75)),
            (Some(""), Some(1.0)),
            (Some(""), Some(0.0001)),
            (Some("negated"), Some(0.5)),
            (Some(WHY), None),
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn a_call_that_its_tool_refuses_is_named() {
        for (line, what) in [
            (r#"{"text": "a", "tool": "gate", "arguments": {"percent": 101}}"#, "gate: percent"),
            (r#"{"text": "a", "tool": "gate", "arguments": {}}"#, "gate: percent"),
            (r#"{"text": "a", "tool": "gate", "arguments": {"speed": 1}}"#, "speed"),
            (r#"{"text": "a", "tool": "door", "arguments": {}}"#, "no tool door"),
            (r#"{"text": "a", "calls": [1]}"#, "invalid \"calls\""),
            (r#"{"tool": null}"#, "missing \"text\""),
            (r#"{"text": "a", "tool": null, "sure": 0}"#, "invalid \"sure\""),
            (r#"{"text": "a", "tool": null, "sure": 1.5}"#, "invalid \"sure\""),
            (r#"{"text": "a", "tool": null, "sure": "very"}"#, "invalid \"sure\""),
        ] {
            let error = trine_models::chain(&added(line).unwrap_err());
            assert!(error.starts_with("line 1: ") && error.contains(what), "{error}");
        }
    }

    #[test]
    fn sentences_to_be_scored_are_all_kept_and_say_no_more_than_their_lines() {
        let path = std::env::temp_dir().join(format!("trine-scored-{}", std::process::id()));
        let tools = r#"[{"name": "gate", "inputSchema": {"type": "object", "properties": {
            "percent": {"type": "integer", "minimum": 0, "maximum": 100},
            "how": {"type": "object"}}, "required": ["percent"]}}]"#;
        let list = list(tools).unwrap();
        let read = |lines: &str| {
            std::fs::write(&path, lines).unwrap();
            super::read(&list, &path)
        };
        let good = r#"{"text": "half", "tool": "gate", "arguments": {"percent": 50}}
            {"text": "half", "tool": "gate", "arguments": {"percent": 50, "how": {}}}

            {"text": "no", "tool": null}
            {"text": "not", "calls": [], "why": "negated", "kind": "terse"}
            {"text": "200", "tool": null, "kind": "out-of-range"}"#;
        let all = read(good).unwrap();
        let lines: Vec<usize> = all.iter().map(|record| record.line).collect();
        assert_eq!(lines, [1, 2, 4, 5, 6]);
        let whys: Vec<Option<&str>> = all.iter().map(|record| record.why.as_deref()).collect();
        assert_eq!(whys, [None, None, Some(""), Some("negated"), Some("range")]);
        assert_eq!((&*all[0].kind, &*all[3].kind), ("", "terse"));
        for (line, what) in [
            (r#"{"text": "a", "tool": "gate", "arguments": {"how": {}, "speed": 1}}"#, "speed"),
            (r#"{"text": "a", "tool": "gate", "arguments": {"percent": 101}}"#, "at most 100"),
            (r#"{"text": "a", "tool": "door", "arguments": {}}"#, "no tool door"),
            (r#"{"text": "a", "call": []}"#, "invalid \"calls\""),
            (r#"{"text": "a", "tool": 5}"#, "invalid \"calls\""),
            ("{", "invalid JSON"),
        ] {
            let error = trine_models::chain(&read(&format!("\n{line}\n")).unwrap_err());
            let place = format!("{}:2: ", path.display());
            assert!(error.starts_with(&place) && error.contains(what), "{error}");
        }
        std::fs::remove_file(&path).unwrap();
    }
}
