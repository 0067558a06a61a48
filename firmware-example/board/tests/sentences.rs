//! The sentences of `train/board`: each label is a call that the board's own schemas accept.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::Value;

const OF_CALLS: [&str; 12] = [
    "plain",
    "terse",
    "polite",
    "indirect",
    "number-words",
    "unit",
    "order",
    "speech",
    "typo",
    "learner",
    "child",
    "long",
];
const OF_NONE: [&str; 11] = [
    "missing",
    "ambiguous",
    "out-of-range",
    "negated",
    "double",
    "conditional",
    "cannot",
    "chat",
    "about",
    "attack",
    "noise",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The schemas of the arguments by the tools' names.
fn schemas() -> BTreeMap<String, Validator> {
    let text = fs::read_to_string(root().join("tools.json")).unwrap();
    let tools: Value = serde_json::from_str(&text).unwrap();
    let tools = tools["tools"].as_array().unwrap().iter();
    let schema = |tool: &Value| {
        let validator = jsonschema::validator_for(&tool["inputSchema"]).unwrap();
        (tool["name"].as_str().unwrap().to_owned(), validator)
    };
    tools.map(schema).collect()
}

/// File, line and object of each sentence, those that are for measuring too. That these are worded
/// as nothing that is trained on, `train/tests/board.rs` looks at.
fn sentences() -> Vec<(String, Value)> {
    ["sentences", "fit", "validation"].into_iter().flat_map(read).collect()
}

fn read(of: &str) -> Vec<(String, Value)> {
    let folder = root().join("../../train/board").join(of);
    let mut all = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        for (at, line) in text.lines().enumerate() {
            all.push((format!("{of}/{name}:{}", at + 1), serde_json::from_str(line).unwrap()));
        }
    }
    all
}

#[test]
fn each_label_is_a_call_that_the_board_accepts_or_none() {
    let schemas = schemas();
    let mut calls = 0;
    for (place, sentence) in sentences() {
        let kind = sentence["kind"].as_str().unwrap();
        let Some(tool) = sentence["tool"].as_str() else {
            assert!(sentence["arguments"].is_null(), "{place}: arguments of no tool");
            assert!(OF_NONE.contains(&kind), "{place}: {kind} is no kind of a sentence without");
            continue;
        };
        assert!(OF_CALLS.contains(&kind), "{place}: {kind} is no kind of a call");
        let schema = schemas.get(tool).unwrap_or_else(|| panic!("{place}: no tool {tool}"));
        let fault = schema.validate(&sentence["arguments"]).err();
        assert!(fault.is_none(), "{place}: {}", fault.unwrap());
        calls += 1;
    }
    assert!(calls > 2_000, "{calls} calls");
}

#[test]
fn free_texts_are_copied_from_the_sentence_and_no_sentence_stands_twice() {
    let mut texts = BTreeSet::new();
    for (place, sentence) in sentences() {
        let text = sentence["text"].as_str().unwrap().to_owned();
        for member in ["text", "label"] {
            if let Some(copy) = sentence["arguments"][member].as_str() {
                assert!(text.contains(copy), "{place}: {copy:?} is no part of the sentence");
            }
        }
        assert!(sentence["wording"].is_string(), "{place}: a wording");
        assert!(texts.insert(text), "{place}: stands there before");
    }
}
