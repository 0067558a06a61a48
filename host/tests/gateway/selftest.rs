//! `trine selftest` on boards that are well, and on ones that are not.

use std::process::{Command, Output};
use std::sync::atomic::Ordering::SeqCst;

use crate::board::Board;
use crate::harness::Folder;
use serde_json::{Value, json};

fn selftest(arguments: &[&str]) -> (Output, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args(["selftest", "board", "--json", "--patience", "2"]).args(arguments);
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, report)
}

fn verdict(report: &Value, name: &str) -> String {
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("{report}"));
    let check = checks.iter().find(|check| check["name"] == json!(name));
    check.unwrap_or_else(|| panic!("no {name}: {report}"))["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn a_sound_board_passes_every_check() {
    let folder = Folder::new("selftest");
    let board = Board::start(folder.path("board"), "A1");
    let address = format!("board={}", board.address());
    for arguments in [&["--simulate=board"][..], &["--unix", &address]] {
        let (output, report) = selftest(arguments);
        assert_eq!(output.status.code(), Some(0), "{report:#}");
        assert_eq!(report["pass"], json!(true));
        for name in ["identity", "echo", "list", "clock", "memory", "noise", "tool sensor_read"] {
            assert_eq!(verdict(&report, name), "pass", "{name}: {report:#}");
        }
        let echo = report["checks"].as_array().unwrap().iter().find(|c| c["name"] == "echo");
        assert!(echo.unwrap()["longestBytes"].as_u64().unwrap() >= 100, "{report:#}");
    }
}

#[test]
fn a_board_whose_clock_runs_wild_fails_that_check_alone() {
    let folder = Folder::new("wild");
    let board = Board::start(folder.path("board"), "A1");
    board.controls.pace.store(2, SeqCst);
    let (output, report) = selftest(&["--unix", &format!("board={}", board.address())]);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    assert_eq!(
        (verdict(&report, "clock"), verdict(&report, "echo")),
        ("fail".into(), "pass".into())
    );
    assert_eq!(report["pass"], json!(false));
}

#[test]
fn a_board_without_a_serial_number_fails_and_one_that_is_silent_is_exit_code_3() {
    let folder = Folder::new("nameless");
    let board = Board::start(folder.path("board"), "");
    let address = format!("board={}", board.address());
    let (output, report) = selftest(&["--unix", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(verdict(&report, "identity"), "fail");
    board.controls.stuck.store(true, SeqCst);
    let (output, _) = selftest(&["--unix", &address]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn the_sizes_that_are_enough_for_a_board_are_said_with_what_it_has_seen() {
    let folder = Folder::new("sizes");
    let board = Board::start(folder.path("board"), "A1");
    let address = format!("board={}", board.address());
    let trine = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
        command.args(arguments).args(["--unix", &address]);
        command.output().unwrap()
    };
    let sizes = || {
        let output = trine(&["size", "--device", "board", "--json"]);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let size = |sizes: &Value, name: &str| {
        let all = sizes["sizes"].as_array().unwrap();
        all.iter().find(|size| size["name"] == name).unwrap().clone()
    };
    let before = sizes();
    assert_eq!(before["calls"], 0, "{before:#}");
    for _ in 0..3 {
        assert!(trine(&["call", "board", "board_status"]).status.success());
    }
    let after = sizes();
    assert_eq!(after["calls"], 3, "{after:#}");
    for name in ["memory", "rx_bytes", "message_max", "result_max", "calls_max"] {
        let size = size(&after, name);
        let [now, proposed] = ["now", "proposed"].map(|key| size[key].as_u64().unwrap());
        assert!(0 < proposed && proposed <= now, "{size}");
    }
    let waited = |sizes: &Value| size(sizes, "rx_bytes")["most"].as_u64().unwrap();
    assert!(waited(&after) >= waited(&before) && waited(&after) > 0);
    let text = trine(&["size", "--device", "board"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("3 calls in ") && text.contains("calls_max"), "{text}");
    let none = trine(&["size", "--device", "elsewhere"]);
    assert_eq!(none.status.code(), Some(2));
}
