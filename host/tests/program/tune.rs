//! `trine train` for one's own tools, and the corrections that it learns from.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{done, trine};

const TOOLS: &str = r#"[
    {"name": "gate_move", "description": "Opens or closes a gate.", "inputSchema": {
        "type": "object", "required": ["open"],
        "properties": {"open": {"type": "boolean"}}}},
    {"name": "pump_set", "description": "Speed of the pump.", "inputSchema": {
        "type": "object", "required": ["percent"],
        "properties": {"percent": {"type": "integer", "minimum": 0, "maximum": 100}}}}]"#;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tune-{name}"))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The list of tools as a file.
fn tools(name: &str) -> PathBuf {
    let path = path(name).with_extension("tools.json");
    fs::write(&path, TOOLS).unwrap();
    path
}

/// Sentences as a file: calls, and some without.
fn sentences(name: &str, count: usize) -> PathBuf {
    let words =
        ["swing", "slide", "haul", "wind", "crank", "bring", "push", "drag", "roll", "yank"];
    let line = |at: usize| {
        let (word, other) = (words[at % 10], words[at / 3 % 10]);
        let text = match at % 3 {
            0 => format!("{word} the gate open for truck {other}"),
            1 => format!("{word} {at} percent into the pump"),
            _ => format!("we {word} and {other} all day"),
        };
        match at % 3 {
            0 => json!({"text": text, "tool": "gate_move", "arguments": {"open": true}}),
            1 => {
                let call = json!({"tool": "pump_set", "arguments": {"percent": at}});
                json!({"text": text, "calls": [call], "why": null})
            }
            _ => json!({"text": text, "calls": [], "why": "chat"}),
        }
    };
    let path = path(name).with_extension("jsonl");
    fs::write(&path, (0..count).map(|at| format!("{}\n", line(at))).collect::<String>()).unwrap();
    path
}

#[test]
fn without_sentences_nothing_is_trained_and_the_forecast_is_that_of_the_base() {
    let (tools, out) = (tools("none"), path("none.delta"));
    let args = ["train", "--tools", text(&tools), "--out", text(&out)];
    let said = done(&args);
    assert!(
        said.contains("no sentences of your own") && said.contains("wrong call made"),
        "{said}"
    );
    let info: Value =
        serde_json::from_str(&done(&["model", "info", "--json", text(&out)])).unwrap();
    assert_eq!(info["changed_weights"], 0, "{info}");
    assert_eq!(info["reads_from"], info["acts_from"], "hints lower no threshold: {info}");
    done(&[&args[..], &["--trust-hints"]].concat());
    let info: Value =
        serde_json::from_str(&done(&["model", "info", "--json", text(&out)])).unwrap();
    assert!(info["reads_from"].as_f64() < info["acts_from"].as_f64(), "{info}");
    let json: Value = serde_json::from_str(&done(&[&args[..], &["--json"]].concat())).unwrap();
    assert_eq!((&json["sentences"], &json["scored"]), (&json!(0), &json!(0)), "{json}");
    let ask = |model: &[&str]| {
        let args = ["ask", "--tools", text(&tools), "open the gate"];
        trine(&[&args[..], model].concat()).stdout
    };
    assert_eq!(ask(&["--model", text(&out)]), ask(&[]), "the base without changes");
}

#[test]
fn a_delta_is_taken_where_a_base_is_and_the_same_seed_gives_the_same_bytes() {
    let (tools, own) = (tools("some"), sentences("some", 24));
    let (out, again, whole) = (path("some.delta"), path("again.delta"), path("whole.bin"));
    let train = |out: &Path| {
        let args = ["train", "--steps", "2", "--tools", text(&tools), "--sentences", text(&own)];
        done(&[&args[..], &["--out", text(out)]].concat())
    };
    let said = train(&out);
    assert!(said.contains("cross-validation over 24 sentences"), "{said}");
    train(&again);
    assert!(fs::read(&out).unwrap() == fs::read(&again).unwrap(), "the same bytes");
    let report = fs::read_to_string(out.with_extension("md")).unwrap();
    assert!(report.contains("| wrong call made, of all sentences |"), "{report}");
    let json = fs::read_to_string(out.with_extension("report.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["sentences"], &json["scored"]), (&json!(24), &json!(24)), "{json}");
    let (low, high) =
        (&json["forecast"]["made"]["interval_90"][0], &json["forecast"]["made"]["interval_90"][1]);
    assert!(low.as_f64() < high.as_f64(), "{json}");
    let score = done(&["eval", "--model", text(&out), "--tools", text(&tools), text(&own)]);
    assert!(score.contains("\"sentences\": 24"), "{score}");
    done(&["model", "pack", text(&out), "-o", text(&whole)]);
    let ask = |model: &Path| {
        trine(&["ask", "--tools", text(&tools), "--model", text(model), "open the gate"]).stdout
    };
    assert_eq!(ask(&out), ask(&whole), "the whole base answers as the delta does");
    let other = path("other.tools.json");
    fs::write(&other, r#"[{"name": "lamp", "description": "Turns it on."}]"#).unwrap();
    let refused = trine(&["ask", "--tools", text(&other), "--model", text(&out), "open the gate"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && why.contains("made for other tools"), "{why}");
}

#[test]
fn a_sentence_that_a_tool_refuses_stops_the_training_with_its_line() {
    let (tools, own, out) = (tools("bad"), path("bad.jsonl"), path("bad.delta"));
    let line = json!({"text": "all", "tool": "pump_set", "arguments": {"percent": 101}});
    fs::write(&own, format!("{line}\n")).unwrap();
    let args = ["train", "--tools", text(&tools), "--sentences", text(&own), "--out", text(&out)];
    let failed = trine(&args);
    let why = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(why.contains("line 1: the tool refuses the call: pump_set: percent"), "{why}");
    assert!(!out.exists());
}

#[test]
fn corrections_are_kept_and_train_reads_them() {
    let (tools, file) = (tools("kept"), path("kept.jsonl"));
    _ = fs::remove_file(&file);
    let keep = |sentence: &str, is: &str| {
        let args = ["ask", "--tools", text(&tools), sentence, "--correct", text(&file), "--is", is];
        trine(&args)
    };
    keep("open the gate", "right");
    keep("leave it", "negated");
    keep("hello", "none");
    keep("full blast", r#"{"tool": "pump_set", "arguments": {"percent": 100}}"#);
    let lines = fs::read_to_string(&file).unwrap();
    for (is, what) in [
        (r#"{"tool": "pump_set", "arguments": {"percent": 101}}"#, "pump_set: percent"),
        (r#"{"tool": "door", "arguments": {}}"#, "no tool door"),
        ("perhaps", "invalid --is"),
    ] {
        let refused = keep("full blast", is);
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && why.contains(what), "{why}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), lines, "nothing is written");
    let all: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let calls: Vec<usize> = all.iter().map(|one| one["calls"].as_array().unwrap().len()).collect();
    assert_eq!(calls, [1, 0, 0, 1]);
    assert_eq!((&all[1]["why"], &all[2]["why"]), (&json!("negated"), &json!("cannot")));
    let out = path("kept.delta");
    let args = ["train", "--steps", "1", "--tools", text(&tools), "--sentences", text(&file)];
    let said = done(&[&args[..], &["--out", text(&out)]].concat());
    assert!(said.contains("4 sentences of your own"), "{said}");
}
