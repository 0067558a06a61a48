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

/// File, line and object of each sentence that is for training.
fn sentences() -> Vec<(String, Value)> {
    read("sentences")
}

fn read(folder: &str) -> Vec<(String, Value)> {
    let folder = root().join("../../train/board").join(folder);
    let mut all = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        for (at, line) in text.lines().enumerate() {
            all.push((format!("{name}:{}", at + 1), serde_json::from_str(line).unwrap()));
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

/// The words of a sentence, with each number taken for any other.
fn wording(text: &str) -> String {
    let is_mark = |letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '\'';
    let lower = text.to_lowercase();
    let words = lower.split(is_mark).filter(|word| !word.is_empty()).map(|word| {
        let digit = |letter: char| if letter.is_ascii_digit() { '#' } else { letter };
        let mut letters: Vec<char> = word.chars().map(digit).collect();
        letters.dedup_by(|one, other| (*one, *other) == ('#', '#'));
        letters.into_iter().collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_measured_with_is_worded_as_nothing_that_is_trained_or_fitted_on() {
    let of = |folder: &str| -> Vec<(String, String)> {
        let worded = |(place, sentence): (String, Value)| {
            (wording(sentence["text"].as_str().unwrap()), place)
        };
        read(folder).into_iter().map(worded).collect()
    };
    let mut known: BTreeMap<String, String> = of("sentences").into_iter().collect();
    for (folder, least) in [("fit", 3_000), ("validation", 2_800)] {
        let sentences = of(folder);
        assert!(sentences.len() >= least, "{folder}: {} sentences", sentences.len());
        for (text, place) in sentences {
            let twin = known.insert(text.clone(), format!("{folder}/{place}"));
            assert!(twin.is_none(), "{folder}/{place}: {text:?} is in {}", twin.unwrap());
        }
    }
}

#[test]
fn sentences_that_differ_in_a_number_alone_are_of_one_wording() {
    assert_eq!(wording("Fan to 40%, it\'s hot!"), wording("fan to 7 % it's hot"));
    assert_ne!(wording("fan to 40"), wording("vent to 40"));
}
