//! The boards emulated by QEMU through the gateway.
//!
//! These tests need `qemu-system-arm` and the firmware that `cargo xtask firmware mps2-an386`
//! builds, one of them `qemu-system-riscv32` and that of `virt` too. Without them they say so and
//! end; where `TRINE_FIRMWARE=FOLDER` names the folder in which each board has its own, as `cargo
//! xtask test` does, or `TRINE_REQUIRE_EMULATION=1` is set, they fail instead.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Folder, Gateway, person, until};
use serde_json::json;

/// The board that has a Cortex-M4.
const ARM: [&str; 2] = ["mps2-an386", "qemu-system-arm"];
/// The one that has a RISC-V.
const RISCV: [&str; 2] = ["virt", "qemu-system-riscv32"];

/// The firmware of the first board, if it can run here.
fn firmware() -> Option<PathBuf> {
    firmware_of(ARM)
}

/// The firmware of a board and its emulator, if it can run here.
fn firmware_of([board, emulator]: [&str; 2]) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let named = std::env::var_os("TRINE_FIRMWARE").map(PathBuf::from);
    let required = named.is_some()
        || std::env::var_os("TRINE_REQUIRE_EMULATION").is_some_and(|value| value == "1");
    let folder = named.unwrap_or_else(|| target.join("firmware"));
    let firmware = folder.join(board).join("trine-firmware.elf");
    let has_emulator = Command::new(emulator).arg("--version").output().is_ok();
    if has_emulator && firmware.is_file() {
        return Some(firmware);
    }
    let missing = if has_emulator {
        format!("there is no {}: run cargo xtask firmware {board}", firmware.display())
    } else {
        format!("there is no {emulator}: install it")
    };
    assert!(!required, "{missing}");
    eprintln!("NOT RUN: {missing}");
    None
}

fn start(firmware: &Path, more: &[&str]) -> Gateway {
    start_on(ARM, firmware, more)
}

fn start_on([board, _]: [&str; 2], firmware: &Path, more: &[&str]) -> Gateway {
    let firmware = firmware.to_str().unwrap();
    let mut arguments = vec!["--emulate", board, "--firmware", firmware];
    arguments.extend(more);
    Gateway::start(&arguments)
}

/// The emulators that a process has started.
fn emulators(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().map_while(Result::ok) {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end while we look.
        let Ok(status) = std::fs::read_to_string(entry.path().join("status")) else { continue };
        let line = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default().to_owned()
        };
        if line("PPid:") == parent.to_string() && line("Name:").starts_with("qemu") {
            found.push(id);
        }
    }
    found
}

fn is_alive(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

#[test]
fn every_tool_works_on_the_emulated_board() {
    every_tool_works_on(ARM);
}

#[test]
fn every_tool_works_on_the_emulated_board_with_a_risc_v() {
    every_tool_works_on(RISCV);
}

fn every_tool_works_on(board: [&str; 2]) {
    let Some(firmware) = firmware_of(board) else { return };
    let folder = Folder::new(&format!("emulated-{}", board[0]));
    let socket = folder.path("button");
    let button = format!("unix:{}", socket.display());
    let more = ["--button", &button, "--time-scale", "10"];
    let mut gateway = start_on(board, &firmware, &more);
    gateway.tools_of(11);
    assert_eq!(gateway.value("fan_set", json!({"percent": 40})), json!({"percent": 40}));
    let lamp = json!({"light": "grow", "on": true, "brightness": 30});
    assert_eq!(gateway.value("light_set", lamp.clone()), lamp);
    gateway.value("climate_set", json!({"mode": "heat", "celsius": 21.5}));
    gateway.value("display_show", json!({"text": "\u{e9}".repeat(32), "line": 2}));
    assert_eq!(gateway.value("vent_move", json!({"degrees": 45})), json!({"degrees": 45}));
    gateway.value("sensor_read", json!({"sensor": "temperature"}));
    gateway.value("valve_close", json!({"valve": "all"}));
    let image = gateway.call("camera_snap", json!({}));
    assert_eq!(image["content"][0]["mimeType"], json!("image/png"));
    gateway.value("timer_start", json!({"seconds": 5, "label": "tea"}));
    let valve = json!({"valve": "north", "seconds": 30});
    let said = gateway.refusal("valve_open", valve.clone());
    assert!(said.contains("person"), "{said}");
    // On a busy machine the board's clock is behind: the question is shown for longer, and the
    // button pressed again.
    let is_open = (0..20).any(|_| {
        person(&socket, "button");
        gateway.call("valve_open", valve.clone())["isError"] == json!(false)
    });
    assert!(is_open, "no press counts; the log:\n{}", gateway.log());
    let status = gateway.value("board_status", json!({}));
    assert_eq!(status["fan_percent"], json!(40));
    assert_eq!(status["display"][1], json!("\u{e9}".repeat(32)));
    let said = gateway.refusal("fan_set", json!({"percent": 101}));
    assert_eq!(said, "fan_set: percent must be at most 100");
    gateway.logged("timer_start: ");
    let emulator = emulators(gateway.child.id());
    assert_eq!(emulator.len(), 1);
    assert!(gateway.end().success());
    assert!(!is_alive(emulator[0]), "the emulator outlived the gateway");
}

#[test]
fn the_emulator_dies_with_the_gateway_also_when_that_is_killed() {
    let Some(firmware) = firmware() else { return };
    let mut gateway = start(&firmware, &[]);
    gateway.value("fan_set", json!({"percent": 1}));
    let emulator = emulators(gateway.child.id());
    assert_eq!(emulator.len(), 1);
    // SIGKILL: the gateway can do nothing any more.
    gateway.child.kill().unwrap();
    gateway.child.wait().unwrap();
    let gone = || (!is_alive(emulator[0])).then_some(());
    until(gone, || format!("the emulator {} is still running", emulator[0]));
}

#[test]
fn an_emulator_that_ends_is_started_again() {
    let Some(firmware) = firmware() else { return };
    let mut gateway = start(&firmware, &[]);
    gateway.value("fan_set", json!({"percent": 50}));
    let emulator = emulators(gateway.child.id());
    let killed = Command::new("kill").args(["-KILL", &emulator[0].to_string()]).status().unwrap();
    assert!(killed.success());
    gateway.logged("online again");
    // It is another boot: what was set is gone.
    let status = gateway.value("board_status", json!({}));
    assert_eq!(status["fan_percent"], json!(0));
    assert_ne!(emulators(gateway.child.id()), emulator);
    gateway.input = None;
    assert_eq!(gateway.exited().code(), Some(0));
}

#[test]
fn what_is_missing_for_emulation_is_named() {
    if firmware().is_none() {
        return;
    }
    let said = |arguments: &[&str]| {
        let output = Gateway::command(arguments).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let unknown = said(&["--emulate", "abacus"]);
    assert!(unknown.contains("abacus") && unknown.contains("mps2-an386, virt"), "{unknown}");
    let absent = said(&["--emulate", "mps2-an386", "--firmware", "/nonexistent.elf"]);
    assert!(absent.contains("/nonexistent.elf"), "{absent}");
    for (board, package) in [("mps2-an386", "qemu-system-arm"), ("virt", "qemu-system-misc")] {
        let no_path = Gateway::command(&["--emulate", board]).env("PATH", "").output().unwrap();
        let no_path = String::from_utf8(no_path.stderr).unwrap();
        assert!(no_path.contains(&format!("apt-get install {package}")), "{no_path}");
    }
}

#[test]
fn several_emulated_boards_have_serial_numbers_of_their_own() {
    let Some(firmware) = firmware() else { return };
    let mut gateway = start(&firmware, &["--emulate", "mps2-an386"]);
    let tools = gateway.tools_of(22);
    let names = ["greenhouse_mps2-0001_fan_set", "greenhouse_mps2-0002_fan_set"];
    assert!(names.iter().all(|name| tools.iter().any(|tool| tool == name)), "{tools:?}");
    gateway.value(names[0], json!({"percent": 1}));
    gateway.value(names[1], json!({"percent": 2}));
    let status = gateway.value("greenhouse_mps2-0001_board_status", json!({}));
    assert_eq!(status["fan_percent"], json!(1));
}
