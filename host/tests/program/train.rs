//! `trine train` says no more than it knows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("told-{name}"))
}

/// Trains for a few steps; what it said on both streams, and the report beside the model.
fn train(name: &str, args: &[&str]) -> (String, String, String) {
    let out = path(name).with_extension("gguf");
    _ = fs::remove_file(out.with_extension("ckpt"));
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-example/board/tools.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args([
        "train",
        "--whole",
        "--steps",
        "2",
        "--threads",
        "2",
        "--backend",
        "cpu",
        "--tools",
    ]);
    let done = command.arg(tools).arg("--out").arg(&out).args(args).env("TRINE_LOG", "off");
    let done = done.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (said, told) = (text(done.stdout), text(done.stderr));
    assert!(done.status.success(), "{told}");
    (said, told, fs::read_to_string(out.with_extension("md")).unwrap())
}

/// Writes sentences: calls of the fan, each in words of its own, and some without a call.
fn sentences(name: &str, calls: usize, nothings: usize) -> String {
    let word = |at: usize| -> String {
        [at / 26, at % 26].iter().map(|at| char::from(b'a' + *at as u8)).collect()
    };
    let call = |at: usize| {
        let arguments = json!({"percent": 40});
        let text = format!("the {} fan at 40 percent", word(at));
        json!({"text": text, "tool": "fan_set", "arguments": arguments})
    };
    let nothing = |at: usize| json!({"text": format!("a story of {}", word(at)), "tool": null});
    let lines = (0..calls).map(call).chain((0..nothings).map(nothing));
    let path = path(name).with_extension("jsonl");
    fs::write(&path, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn templates_alone_give_no_forecast_and_a_careful_threshold() {
    let (said, told, report) = train("templates", &[]);
    for text in [&said, &told, &report] {
        assert!(!text.contains('%'), "{text}");
    }
    assert!(said.contains("no forecast: there are no sentences of your own"), "{said}");
    assert!(said.contains("less sure than 0.9"), "{said}");
    let (said, ..) = train("templates-json", &["--json"]);
    let json: Value = serde_json::from_str(&said).unwrap();
    assert!(json["forecast"].is_null() && json["no_forecast"].is_string(), "{json}");
    assert!(json["threshold"].as_f64().unwrap() >= 0.9, "{json}");
}

#[test]
fn a_few_sentences_of_ones_own_are_no_figure() {
    let few = sentences("few", 20, 10);
    let (said, told, report) = train("few", &["--sentences", &few]);
    for text in [&said, &told, &report] {
        assert!(!text.contains('%'), "{text}");
    }
    assert!(said.contains("were kept from training, and a figure needs 30"), "{said}");
}

#[test]
fn a_sentence_to_score_that_is_trained_on_is_not_scored() {
    let both = sentences("both", 40, 0);
    let (said, ..) = train("both", &["--sentences", &both, "--valid", &both, "--json"]);
    let json: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(json["scored"], json!({"calls": 0, "nothings": 0, "not_scored": 40}), "{json}");
    assert!(json["forecast"].is_null(), "{json}");
}

#[test]
fn enough_sentences_are_scored_and_named() {
    let (own, valid) = (sentences("own", 40, 0), sentences("valid", 0, 40));
    let (said, ..) = train("enough", &["--sentences", &own, "--valid", &valid]);
    assert!(said.contains("% of 40 sentences without one: nothing is done"), "{said}");
    assert!(said.contains("no forecast for sentences with a call: 0 were kept"), "{said}");
}
