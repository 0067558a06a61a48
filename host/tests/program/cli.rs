//! The commands that show one thing and end: `call`, `tools`, `devices` and `doctor`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::trine;

const TRINE: &str = env!("CARGO_BIN_EXE_trine");

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Calls a tool of a simulated board.
fn call(tool: &str, arguments: &str) -> Output {
    trine(&["call", "greenhouse", tool, arguments, "--simulate=greenhouse"])
}

#[test]
fn a_call_prints_its_result_and_its_cost() {
    let output = call("fan_set", r#"{"percent": 40}"#);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let result = json_of(&output);
    assert_eq!(result["structuredContent"], json!({ "percent": 40 }));
    assert_ne!(result["isError"], true);
    let cost = text(&output.stderr);
    let bytes = |at: usize| cost.split(' ').nth(at).unwrap().parse::<u32>().unwrap();
    assert!((1..64).contains(&bytes(0)) && (1..64).contains(&bytes(3)), "{cost}");
}

#[test]
fn the_stages_of_a_call_are_printed_in_order_with_their_times() {
    let names = [
        "request",
        "arguments",
        "queue",
        "slot",
        "message",
        "frame",
        "sent",
        "received",
        "answer",
        "result",
        "json",
    ];
    let stages = |command: &[&str], more: &[&str]| -> Vec<(u64, String)> {
        let call = ["greenhouse", "fan_set", r#"{"percent": 40}"#];
        let output = trine(&[command, &call, more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(json_of(&output)["structuredContent"], json!({ "percent": 40 }));
        let stage = |line: &str| {
            let mut words = line.split_whitespace();
            let us = words.next()?.parse().ok()?;
            (words.next()? == "us").then(|| Some((us, words.next()?.to_owned())))?
        };
        text(&output.stderr).lines().filter_map(stage).collect()
    };
    // In this process, and with a link between on which layers stand.
    for more in [&["--simulate=greenhouse"][..], &["--simulate=greenhouse", "--faults", "seed=1"]] {
        let stages = stages(&["call", "--stages"], more);
        let found: Vec<_> = stages.iter().map(|(_, name)| &**name).collect();
        assert_eq!(found, names, "{more:?}");
        assert!(stages.is_sorted_by_key(|(us, _)| *us), "{stages:?}");
        assert!(stages[10].0 < 60_000_000, "{stages:?}");
    }
    let traced = stages(&["trace"], &["--simulate=greenhouse"]);
    assert_eq!(traced.iter().map(|(_, name)| &**name).collect::<Vec<_>>(), names);
    // What the board refuses before it is sent has the stages until then.
    let refused = call("fan_set", r#"{"percent": 140}"#);
    assert_eq!(text(&refused.stderr).lines().count(), 1, "{}", text(&refused.stderr));
}

#[test]
fn what_the_board_refuses_is_exit_code_1() {
    let output = call("fan_set", r#"{"percent": 140}"#);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let result = json_of(&output);
    assert_eq!(result["isError"], true);
    let said = result["content"][0]["text"].as_str().unwrap();
    assert!(said.contains("fan_set") && said.contains("percent") && said.contains("100"), "{said}");
}

#[test]
fn what_is_wrong_with_the_command_is_exit_code_2() {
    for (args, word) in [
        (&["call", "greenhouse", "fan_set", "{"][..], "not JSON"),
        (&["call", "greenhouse", "fan_set", "[1]"], "not a JSON object"),
        (&["call", "shed", "fan_set", "{}"], "shed"),
        (&["call", "greenhouse", "roof_remove", "{}"], "fan_set"),
    ] {
        let output = trine(&[args, &["--simulate=greenhouse"]].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains(word), "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    for command in [&["call", "greenhouse", "fan_set"][..], &["tools"], &["devices"]] {
        let output = trine(command);
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert!(text(&output.stderr).contains("--simulate"), "{}", text(&output.stderr));
    }
}

#[cfg(unix)]
#[test]
fn a_device_that_is_not_there_is_exit_code_3() {
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nowhere.sock");
    let link = format!("shed={}", nowhere.display());
    let options = ["--unix", &link, "--patience", "1"];
    let output = trine(&[&["call", "shed", "fan_set", "{}"][..], &options].concat());
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("shed is offline"), "{}", text(&output.stderr));
    let output = trine(&[&["devices", "--json"][..], &options].concat());
    assert_eq!(output.status.code(), Some(3));
    let devices = json_of(&output);
    assert_eq!(devices[0]["name"], "shed");
    assert_ne!(devices[0]["state"], "online");
    assert_eq!(devices[0]["status"], Value::Null);
}

#[test]
fn an_image_can_be_saved() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bed.png");
    let save = ["--simulate=greenhouse", "--save", file.to_str().unwrap()];
    let output = trine(&[&["call", "greenhouse", "camera_snap"][..], &save].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(json_of(&output)["content"][0]["mimeType"], "image/png");
    assert!(fs::read(&file).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
}

#[test]
fn tools_as_json_are_those_of_the_boards_own_files() {
    let output = trine(&["tools", "--simulate=greenhouse", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let listed = json_of(&output);
    assert_eq!(listed[0]["device"], "greenhouse");
    let mut expected = Vec::new();
    for name in ["tools.json", "camera.json"] {
        let board = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-example/board");
        let file: Value =
            serde_json::from_str(&fs::read_to_string(Path::new(board).join(name)).unwrap())
                .unwrap();
        expected.extend(file["tools"].as_array().unwrap().clone());
    }
    let found = listed[0]["tools"].as_array().unwrap();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        for key in ["name", "title", "description", "inputSchema", "outputSchema", "annotations"] {
            assert_eq!(found[key], expected[key], "{} {key}", expected["name"]);
        }
    }
}

#[test]
fn golden_tools_fit_a_terminal() {
    for (name, options) in [("tools", &[][..]), ("tools-schema", &["--schema"][..])] {
        let output = trine(&[&["tools", "--simulate=greenhouse"], options].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let shown = text(&output.stdout);
        let prose = shown.lines().filter(|line| !line.trim_start().starts_with('{'));
        prose.for_each(|line| assert!(line.chars().count() <= 80, "{line}"));
        compare(&format!("{name}.txt"), &shown);
    }
    let one = trine(&["tools", "greenhouse", "--simulate=greenhouse"]);
    assert_eq!(one.stdout, trine(&["tools", "--simulate=greenhouse"]).stdout);
}

#[test]
fn devices_show_who_they_are_and_their_counters() {
    let output = trine(&["devices", "--simulate=north", "--simulate=south", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let devices = json_of(&output);
    for (index, name) in ["north", "south"].into_iter().enumerate() {
        let device = &devices[index];
        assert_eq!(device["name"], name);
        assert_eq!(device["state"], "online");
        assert_eq!(device["product"], "greenhouse");
        assert_eq!(device["tools"], 11);
        let status = &device["status"];
        assert_eq!(status["framesBad"], 0);
        assert!(status["framesIn"].as_u64().unwrap() >= 2, "{status}");
        let (memory, used) = (&status["memoryBytes"], &status["memoryUsedBytes"]);
        assert!(used.as_u64().unwrap() > 0 && used.as_u64() <= memory.as_u64(), "{status}");
    }
    assert_ne!(devices[0]["serial"], devices[1]["serial"]);
    let shown = text(&trine(&["devices", "--simulate=north"]).stdout);
    for word in ["north", "online", "greenhouse", "11 tools", "0 bad", "memory"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    shown.lines().for_each(|line| assert!(line.chars().count() <= 80, "{line}"));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    for command in [&["tools", "--simulate", "--schema"][..], &["demo"], &["devices", "--simulate"]]
    {
        let mut child = Command::new(TRINE)
            .args(command)
            .env("TRINE_LOG", "off")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = text(&output.stderr);
        assert!(!said.contains("panicked"), "{command:?}: {said}");
        assert_eq!(output.status.code(), Some(0), "{command:?}: {said}");
    }
}

/// A home directory of its own, in which the doctor looks for clients.
fn doctor(home: &Path, path: &str, options: &[&str]) -> Output {
    let mut command = Command::new(TRINE);
    command.arg("doctor").args(options).current_dir(home);
    for name in ["XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "MCP_CATALOG_PATH"] {
        command.env_remove(name);
    }
    command.env("HOME", home).env("PATH", path).env("TRINE_LOG", "off").output().unwrap()
}

fn home(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("doctor-{name}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn check<'a>(found: &'a Value, subject: &str) -> &'a Value {
    let checks = found["checks"].as_array().unwrap();
    checks.iter().find(|check| check["subject"] == subject).unwrap()
}

#[test]
fn a_doctor_without_qemu_warns_and_ends_well() {
    let home = home("plain");
    let output = doctor(&home, "", &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let found = json_of(&output);
    assert_eq!(found["ok"], true);
    assert_eq!(check(&found, "qemu")["verdict"], "warn");
    assert!(check(&found, "qemu")["advice"].as_str().unwrap().contains("apt install"));
    assert_eq!(check(&found, "emulated")["verdict"], "warn");
    assert_eq!(check(&found, "simulated")["verdict"], "ok");
    assert!(check(&found, "simulated")["text"].as_str().unwrap().contains("11 tools"));
    let absent = check(&found, "MCP clients")["text"].as_str().unwrap();
    assert!(absent.contains("Cursor") && absent.contains("Zed"), "{absent}");
    let shown = text(&doctor(&home, "", &[]).stdout);
    assert!(shown.lines().any(|line| line.starts_with("warn  qemu")), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    fs::remove_dir_all(&home).unwrap();
}

#[test]
fn a_doctor_sees_which_clients_start_trine() {
    let home = home("clients");
    let write = |client: &str| {
        let mut command = Command::new(TRINE);
        command.args(["connect", client, "--write"]).current_dir(&home).env("HOME", &home);
        command.env_remove("XDG_CONFIG_HOME").env_remove("CODEX_HOME");
        assert!(command.output().unwrap().status.success());
    };
    write("codex");
    fs::create_dir_all(home.join(".gemini")).unwrap();
    fs::create_dir_all(home.join(".config/zed")).unwrap();
    fs::write(home.join(".config/zed/settings.json"), "{ broken").unwrap();
    let output = doctor(&home, "", &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let found = json_of(&output);
    assert_eq!(check(&found, "Codex")["verdict"], "ok");
    assert!(check(&found, "Codex")["text"].as_str().unwrap().contains("gateway --simulate"));
    assert_eq!(check(&found, "Gemini CLI")["advice"], "trine connect gemini --write");
    assert_eq!(check(&found, "Zed")["verdict"], "warn");

    let args = ["gateway", "--serial", "/dev/ttyACM0"];
    let gone = json!({ "mcpServers": { "yard": { "command": "/nowhere/trine", "args": args } } });
    fs::create_dir_all(home.join(".cursor")).unwrap();
    fs::write(home.join(".cursor/mcp.json"), gone.to_string()).unwrap();
    let output = doctor(&home, "", &["--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let found = json_of(&output);
    assert_eq!(found["ok"], false);
    assert_eq!(check(&found, "Cursor")["verdict"], "fail");
    let advice = check(&found, "Cursor")["advice"].as_str().unwrap();
    assert_eq!(advice, "trine connect cursor --write --name yard -- --serial /dev/ttyACM0");
    fs::remove_dir_all(&home).unwrap();
}

fn compare(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli").join(name);
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, found).unwrap();
        return;
    }
    assert_eq!(found, fs::read_to_string(&path).unwrap(), "{name}");
}
