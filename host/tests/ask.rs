//! `trine ask` and `trine eval` as programs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../src/ask/untrained.rs"]
mod untrained;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SENTENCES: [&str; 6] = [
    "make the fan spin at forty percent",
    "open the north valve for a quarter of an hour",
    "what is the capital of France?",
    "on line two show hello",
    "",
    "a\u{1f525}",
];

/// The model that was never trained, as a file.
fn model() -> String {
    static WRITTEN: std::sync::Once = std::sync::Once::new();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ask.gguf");
    WRITTEN.call_once(|| std::fs::write(&path, untrained::file()).unwrap());
    path.to_str().unwrap().to_owned()
}

fn trine(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args(args)
        .env("TRINE_LOG", "off")
        .env_remove("TRINE_ASK_MODEL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn lines() -> String {
    SENTENCES.map(|sentence| serde_json::json!({"text": sentence}).to_string() + "\n").concat()
}

#[test]
fn each_line_in_gives_one_object_out() {
    let output = trine(&["ask", "--jsonl", "--model", &model()], &lines());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let replies: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(replies.len(), SENTENCES.len());
    for (sentence, reply) in SENTENCES.iter().zip(&replies) {
        assert!((0.0..=1.0).contains(&reply["confidence"].as_f64().unwrap()), "{reply}");
        assert_eq!(reply["tool"].is_string(), reply["arguments"].is_object(), "{reply}");
        // The same sentence alone has the same answer, and the exit code says which it is.
        let alone = trine(&["ask", sentence, "--model", &model()], "");
        let code = if reply["tool"].is_string() { 0 } else { 1 };
        assert_eq!(alone.status.code(), Some(code), "{sentence}: {}", text(&alone.stderr));
        let shown = text(&alone.stdout);
        let begins = reply["tool"].as_str().unwrap_or("no tool");
        assert!(shown.starts_with(begins), "{shown} is not {reply}");
    }
    assert!(replies.iter().any(|reply| reply["tool"].is_string()));
}

#[test]
fn what_is_not_sure_is_not_run_and_what_is_is() {
    let alone = |threshold: &str| {
        let sentence = SENTENCES
            .iter()
            .find(|sentence| trine(&["ask", sentence, "--model", &model()], "").status.success());
        let more = ["--run", "greenhouse", "--simulate", "--threshold", threshold];
        let args = ["ask", sentence.unwrap(), "--model", &model()];
        trine(&[&args[..], &more[..]].concat(), "")
    };
    let shown = alone("1");
    assert_eq!((shown.status.code(), text(&shown.stdout).lines().count()), (Some(1), 1));
    assert!(text(&shown.stdout).contains("not sure enough"));
    let run = alone("0");
    assert_eq!(text(&run.stdout).lines().count(), 2, "{}", text(&run.stderr));
}

#[test]
fn a_score_says_how_many_were_right() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ask.jsonl");
    let wanted = lines().replace('}', ",\"tool\":null,\"arguments\":null,\"kind\":\"chat\"}");
    std::fs::write(&path, wanted).unwrap();
    let output = trine(&["eval", path.to_str().unwrap(), "--model", &model()], "");
    let score: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(score["abstained"]["of"], SENTENCES.len());
    assert_eq!(score["by_kind"]["chat"], score["abstained"]);
    assert_eq!(score["exact"]["of"], 0);
}

#[test]
fn what_is_not_right_is_said_and_ends_with_2() {
    let refused = |args: &[&str], input: &str| {
        let output = trine(args, input);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(text(&output.stdout), "");
        text(&output.stderr)
    };
    let said = refused(&["ask", "fan", "--model", "none.gguf"], "");
    assert!(said.contains("none.gguf"), "{said}");
    let plain = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/bitnet/plain.gguf");
    let said = refused(&["ask", "fan", "--model", plain], "");
    assert!(said.contains("not made to turn sentences into calls"), "{said}");
    let said = refused(&["ask", "fan", "--model", &model(), "--run", "greenhouse"], "");
    assert!(said.contains("no device is named"), "{said}");
    let said = refused(&["ask", "--jsonl", "--model", &model()], "{\"text\": 1}\n");
    assert!(said.contains("line 1 of standard input: there is no text"), "{said}");
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-example/board/device.json");
    let said = refused(&["ask", "fan", "--model", &model(), "--tools", tools], "");
    assert!(said.contains("device.json"), "{said}");
    assert!(!refused(&["ask", "--model", &model()], "").is_empty());
}
