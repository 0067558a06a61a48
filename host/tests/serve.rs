//! `trine serve` as a program, by the example that calls it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

const TRINE: &str = env!("CARGO_BIN_EXE_trine");

/// What the example prints, line by line.
fn explain(arguments: &[&str]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-example/inference/explain.sh");
    let run = Command::new("sh").arg(script).args(arguments).env("TRINE", TRINE).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let lines = String::from_utf8(run.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_example_has_quantum_computing_explained_by_any_model() {
    let model = Path::new(env!("CARGO_TARGET_TMPDIR")).join("serve.gguf");
    let model = model.to_str().unwrap();
    let sizes = ["--width", "128", "--ffn", "128", "--blocks", "1", "--heads", "2"];
    let more = ["--kv-heads", "1", "--vocab", "258", "--bytes", "--context", "400", "-o", model];
    let made = Command::new(TRINE).args(["model", "make"]).args(sizes).args(more).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for (arguments, most) in [(&[][..], 250), (&[model][..], 256)] {
        let answers = explain(arguments);
        let [opened, answer] = &answers[..] else { panic!("{answers:?}") };
        assert_eq!(opened["result"]["serverInfo"]["name"], "trine-inference");
        assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(2), &json!(false)));
        let written = &answer["result"]["structuredContent"];
        let tokens = written["tokens_generated"].as_u64().unwrap();
        assert!(tokens > 0 && tokens <= most, "{written}");
        assert!(!written["generated_text"].as_str().unwrap().is_empty());
    }
}

#[test]
fn a_folder_that_is_none_is_refused_at_the_start() {
    let run = Command::new(TRINE).args(["serve", "--models", "/no/such/folder"]).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(said.contains("--models /no/such/folder: no such folder"), "{said}");
}
