//! What README.md shows of the program is what the program prints.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// What a command prints.
fn printed(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args(args).current_dir(root()).env("TRINE_LOG", "off").env_remove("TRINE_ASK_MODEL");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The words of a command line, where quotes hold some together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, ' ') => words.push(String::new()),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            _ => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Lines with `#` for the numbers of times, which differ from run to run.
fn timeless(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let parts = line.trim_end().split("; ").map(|part| match part.split_once(' ') {
            Some((number, unit)) if ["us", "ms"].contains(&unit) => {
                assert!(number.parse::<f64>().is_ok(), "{line}");
                format!("# {unit}")
            }
            _ => part.to_owned(),
        });
        parts.collect::<Vec<String>>().join("; ")
    };
    text.lines().map(line).collect()
}

/// Whether lines are those that are shown, where `...` stands for any number of them.
fn is_shown(found: &[String], shown: &[String]) -> bool {
    match shown.split_first() {
        None => found.is_empty(),
        Some((line, rest)) if line == "..." => {
            (0..=found.len()).any(|from| is_shown(&found[from..], rest))
        }
        Some((line, rest)) => found.first() == Some(line) && is_shown(&found[1..], rest),
    }
}

/// Blocks between fences.
fn blocks(readme: &str) -> impl Iterator<Item = &str> {
    readme.split("\n```").skip(1).step_by(2)
}

#[test]
fn commands_in_the_readme_print_what_stands_below_them() {
    let readme = readme();
    let mut commands = 0;
    for block in blocks(&readme) {
        for shown in block.split("\n$ ").skip(1) {
            let (command, wanted) = shown.split_once('\n').unwrap_or((shown, ""));
            let all = words(command);
            assert_eq!(all[0], "trine", "no test runs `{command}`");
            let args: Vec<&str> = all[1..].iter().map(String::as_str).collect();
            let found = timeless(&printed(&args));
            assert!(is_shown(&found, &timeless(wanted)), "`{command}`: {found:#?}\n{wanted}");
            commands += 1;
        }
    }
    assert!(commands > 0, "README.md shows no command with its output");
}

#[test]
fn the_scenes_in_the_readme_are_those_of_the_demo() {
    let (readme, shown) = (readme(), timeless(&printed(&["demo"])));
    let scenes = blocks(&readme).find(|block| block.trim_start().starts_with("1. ")).unwrap();
    let mut left = shown.iter();
    for wanted in timeless(scenes.trim_start()) {
        assert!(left.any(|line| *line == wanted), "`trine demo` does not print: {wanted}");
    }
    // A row of the figures is of the third scene.
    let scene = shown.iter().skip_while(|line| !line.starts_with("3. "));
    let cost = scene.clone().find(|line| line.starts_with("   wire ")).unwrap();
    let numbers: Vec<&str> =
        cost.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let [there, back, asked, answered] = numbers[..] else { panic!("{cost}") };
    let row = format!(
        "| {there} bytes there, {back} back (as JSON-RPC: {asked} and {answered}) | `trine"
    );
    assert!(readme.contains(&row), "README.md lacks: {row}");
}

/// Of the sentences in a folder: how many, right calls in a hundred, and acts in a hundred where
/// none was right.
fn score(folder: &str) -> (u64, u64, u64) {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut files: Vec<String> =
        entries.map(|entry| entry.unwrap().path().to_str().unwrap().to_owned()).collect();
    files.retain(|file| file.ends_with(".jsonl"));
    let args: Vec<&str> = ["eval"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let score: Value = serde_json::from_str(&printed(&args)).unwrap();
    let percent = |name: &str| score[name]["percent"].as_f64().unwrap().round() as u64;
    (score["sentences"].as_u64().unwrap(), percent("exact"), 100 - percent("abstained"))
}

#[test]
fn the_figures_of_the_boards_model_are_those_of_eval() {
    let readme = readme().split_whitespace().collect::<Vec<&str>>().join(" ");
    let bytes = std::fs::metadata(root().join("models/board.gguf")).unwrap().len();
    let (count, right, wrong) = score("train/board/validation");
    let (_, hard_right, hard_wrong) = score("train/board/fit");
    for wanted in [
        format!("A ternary model of {} KiB is in the program", bytes / 1024),
        format!("On {},{:03} sentences whose wordings", count / 1000, count % 1000),
        format!("the right call for {right} of 100, and one for {wrong} of 100 where there is no"),
        format!("that is {hard_right} and {hard_wrong} ("),
    ] {
        assert!(readme.contains(&wanted), "README.md does not say: {wanted}");
    }
}
