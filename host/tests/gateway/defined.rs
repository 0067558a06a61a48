//! A tool that a JSON file defines, replaced while it is served.

use std::process::Command;

use serde_json::json;

use crate::harness::{Folder, Gateway};

#[test]
fn a_tool_that_json_defines_is_replaced_by_an_order_and_taken_out() {
    let folder = Folder::new("defined");
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let write = |answer: u32| {
        let run = format!("printf '{{\"is\":{answer}}}'");
        let definition = json!({"id": "answer", "name": "Answer", "description": "Answers.",
            "input_schema": {"type": "object"},
            "execute": {"command": ["/bin/sh", "-c", run]}});
        std::fs::write(path("answer.json"), definition.to_string()).unwrap();
    };
    let order = |what: &[&str]| {
        let mut trine = Command::new(env!("CARGO_BIN_EXE_trine"));
        trine.arg("plugin").args(what).args(["--control", &path("orders")]);
        let output = trine.output().unwrap();
        assert!(output.status.success(), "{what:?}: {output:?}");
    };
    write(1);
    let file = path("answer.json");
    let mut gateway =
        Gateway::start(&["--fixtures", "--plugin", &file, "--plugin-control", &path("orders")]);
    assert_eq!(gateway.value("answer", json!({})), json!({"is": 1}));
    write(2);
    assert_eq!(gateway.value("answer", json!({})), json!({"is": 1}), "no one has ordered it");
    order(&["update", &file]);
    assert_eq!(gateway.value("answer", json!({})), json!({"is": 2}));
    order(&["unload", "answer"]);
    assert!(!gateway.tools().contains(&"answer".to_owned()));
}
