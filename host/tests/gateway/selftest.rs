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
