//! `trine demo`: it runs anywhere, fast, and reads well.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn demo(options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.arg("demo").args(options).env("TRINE_LOG", "warn").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn golden_demo() {
    let output = demo(&[]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}\n{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    assert!(!shown.contains('\u{1b}'), "colours without a terminal: {shown:?}");
    for line in shown.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/demo.txt");
    let found = masked(&shown);
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        fs::write(path, found).unwrap();
    } else {
        assert_eq!(found, fs::read_to_string(path).unwrap());
    }
}

#[test]
fn the_picture_can_be_kept() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo.png");
    let output = demo(&["--save", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(fs::read(&file).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
}

#[test]
fn the_list_of_the_last_scene_is_kept_and_may_be_edited() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo-list.json");
    _ = fs::remove_file(&file);
    let path = file.to_str().unwrap();
    let output = demo(&["--list", path]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let kept = fs::read_to_string(&file).unwrap();
    let edited = kept.replace("lift_move", "crane_move").replace("goods lift", "crane");
    let edited = edited.replace("lift it by two and a half", "move the crane by three");
    fs::write(&file, &edited).unwrap();
    let output = demo(&["--list", path]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(shown.contains("is crane_move {\"metres\":3}"), "{shown}");
    assert_eq!(fs::read_to_string(&file).unwrap(), edited, "what is there stays");
    fs::write(&file, r#"{"tools": [{"name": "lamp_on"}]}"#).unwrap();
    let shown = text(&demo(&["--list", path]).stdout);
    assert!(shown.contains("no sentences: add"), "{shown}");
    fs::write(&file, "{").unwrap();
    let output = demo(&["--list", path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("demo-list.json: invalid JSON in the list of tools"));
}

/// The text with `#` for what differs from run to run: times everywhere; in the last scene and in
/// the totals all numbers, since what the sensors read is there, and sizes follow from it.
fn masked(shown: &str) -> String {
    let mut text = String::new();
    let mut changing = false;
    for line in shown.lines() {
        changing |= line.contains("The whole board in one answer");
        changing &= line != "Now try";
        let scene = line.starts_with(|c: char| c.is_ascii_digit());
        let mut words: Vec<&str> = Vec::new();
        let mut all = line.split(' ').peekable();
        while let Some(word) = all.next() {
            if is_number(word) && all.next_if(|next| is_unit_of_time(next)).is_some() {
                words.push("#time");
            } else if is_number(word) && changing && !scene {
                // How many spaces stand before a number depends on its length.
                while words.last() == Some(&"") {
                    words.pop();
                }
                words.push("#");
            } else {
                words.push(word);
            }
        }
        text.push_str(&words.join(" "));
        text.push('\n');
    }
    text
}

fn is_number(word: &str) -> bool {
    let digits = word.trim_matches(|c: char| "(,;:.)".contains(c));
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',')
}

fn is_unit_of_time(word: &str) -> bool {
    ["us", "ms", "s"].contains(&word.trim_end_matches([';', '.', ',']))
}
