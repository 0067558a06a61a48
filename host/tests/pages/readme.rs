//! What README.md shows is what the program prints, what a compiled example holds, and what a
//! record or a budget says.

use crate::shown::{Scratch, read, root, timeless};
use serde_json::Value;

fn readme() -> String {
    read("README.md")
}

/// The first block behind a fence of this kind which begins so.
fn block<'r>(readme: &'r str, fence: &str, start: &str) -> &'r str {
    let blocks = readme.split("\n```").skip(1).step_by(2);
    let mut of_kind = blocks.filter_map(|block| block.strip_prefix(fence)?.strip_prefix('\n'));
    let found = of_kind.find(|block| block.starts_with(start));
    found.unwrap_or_else(|| panic!("README.md has no block of {fence:?} with {start:?}"))
}

#[test]
fn the_readme_is_short() {
    let lines = readme().lines().count();
    assert!((60..=160).contains(&lines), "{lines} lines");
}

#[test]
fn the_scenes_in_the_readme_are_those_of_the_demo() {
    let (readme, printed) = (readme(), Scratch::new("demo").printed("trine demo"));
    let shown = timeless(printed.lines());
    let mut left = shown.iter();
    for wanted in timeless(block(&readme, "", "2. ").lines()) {
        assert!(left.any(|line| *line == wanted), "`trine demo` does not print: {wanted}");
    }
    // On a busy computer the same call takes milliseconds.
    let [quick, slow] = ["45 us;", "1.2 ms;"].map(|time| format!("20 + 14 bytes; {time} entered"));
    assert_eq!(timeless([&*quick]), timeless([&*slow]));
}

#[test]
fn the_code_in_the_readme_is_that_of_the_examples() {
    let readme = readme();
    for (fence, start, example) in [
        ("c", "/* The tool.", "host-example/c/hello.c"),
        ("rust", "/// Multiply", "host-example/rust/src/main.rs"),
    ] {
        let code = block(&readme, fence, start);
        assert!(code.lines().count() >= 14 && read(example).contains(code), "{example} differs");
        assert!(readme.contains(&format!("From `{example}`")), "README.md does not name {example}");
    }
}

/// Statements that the first program in C has at most, and functions of the library that it calls.
const SHORT: (usize, usize) = (20, 6);

#[test]
fn the_first_program_in_c_is_short() {
    let program = read("host-example/c/hello.c");
    let statements = program.lines().filter(|line| line.ends_with(';')).count();
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let called = program.match_indices('(').filter_map(|(at, _)| {
        let name = program[..at].rsplit(|char| !is_part(char)).next()?;
        (name.starts_with("trine_") && !name.ends_with("_config")).then_some(name)
    });
    let called: std::collections::BTreeSet<&str> = called.collect();
    assert!(statements <= SHORT.0 && called.len() <= SHORT.1, "{statements}, {called:?}");
    let shown = format!("`host-example/c`, {statements} statements");
    assert!(read("docs/c-abi.md").contains(&shown), "docs/c-abi.md does not say: {shown}");
}

/// A row of the figures: what is shown, the command that measures it, and its record.
struct Figure<'r> {
    shown: &'r str,
    command: &'r str,
    /// Where in the file it stands: a key, or the beginning of a row.
    place: &'r str,
    path: &'r str,
}

fn figures(readme: &str) -> Vec<Figure<'_>> {
    let table = readme.split("| what | figure |").nth(1).unwrap().lines().skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [_, shown, _, command, record] = cells[..] else { panic!("not five cells: {line}") };
        let (place, path) = record.trim_matches(['[', ')']).split_once("](").unwrap();
        Figure { shown, command: command.trim_matches('`'), place, path }
    })
    .collect()
}

/// What is wrong with a figure, by the text of its record.
fn figure_fault(figure: &Figure<'_>, text: &str) -> Option<String> {
    let Figure { shown, command, place, path } = figure;
    let bound = shown.strip_prefix("≤ ").map(|bound| bound.replace(',', ""));
    let number = bound.clone().unwrap_or_else(|| (*shown).to_owned());
    let holds = if path.ends_with(".toml") {
        let words = text.replace("\n#", "").split_whitespace().collect::<Vec<_>>().join(" ");
        let budgets: toml_edit::DocumentMut = text.parse().unwrap();
        let value = place.split('.').try_fold(budgets.as_item(), |item, key| item.get(key));
        let value = value.and_then(|value| value.as_integer()).map(|value| value.to_string());
        bound.is_some() && value.as_ref() == Some(&number) && words.contains(command)
    } else if path.ends_with("demo.txt") {
        let cost = text.split("   fan_set {\"percent\":40}\n").nth(1);
        let line = cost.and_then(|rest| rest.lines().nth(1)).unwrap_or_default();
        let (kind, nth) = place.split_once(", ").unwrap_or_default();
        let numbers = line.split_once(&format!("{kind} ")).map(|(_, rest)| rest.split([' ', ';']));
        let nth = if nth == "1st" { 0 } else { 2 };
        numbers.and_then(|mut words| words.nth(nth)) == Some(number.as_str())
    } else {
        let title = text.lines().next().unwrap_or_default();
        title.starts_with(&format!("# `{command}`")) && is_recorded(text, place, &number, &bound)
    };
    (!holds).then(|| format!("{path} does not have {shown} at {place} by `{command}`"))
}

/// Whether a row that begins so holds the number; a bound is in a column of gates.
fn is_recorded(text: &str, place: &str, number: &str, bound: &Option<String>) -> bool {
    let mut head: Vec<&str> = Vec::new();
    let mut before = "";
    for line in text.lines() {
        if line.starts_with("|---") {
            head = before.split('|').map(str::trim).collect();
        }
        before = line;
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let is_row = cells.get(1).is_some_and(|first| first.starts_with(place));
        let at = cells.iter().position(|cell| cell.split(' ').next() == Some(number));
        if let Some(at) = at.filter(|_| is_row) {
            return head.get(at) == Some(&"gate") || bound.is_none();
        }
    }
    false
}

#[test]
fn every_figure_of_the_table_is_that_of_its_record() {
    let readme = readme();
    let figures = figures(&readme);
    assert!(figures.len() >= 10, "{} figures", figures.len());
    let faults: Vec<String> =
        figures.iter().filter_map(|figure| figure_fault(figure, &read(figure.path))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The number in the second cell of a row of the record.
fn recorded(record: &str, row: &str) -> f64 {
    let line = record.lines().find(|line| line.starts_with(&format!("| {row}"))).unwrap();
    line.trim_end_matches([' ', '|']).rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn the_times_of_the_commands_are_those_of_the_record() {
    let (readme, contributing) = (readme(), read("CONTRIBUTING.md"));
    let record = read("benches/record/2026-11-23-loop.md");
    let of = |row: &str| recorded(&record, row);
    let clone = read("benches/record/2026-11-25-loop.md");
    let (script, demo) = (recorded(&clone, "the script").round(), of("demo").round());
    for wanted in [format!("every test in {script} minutes"), format!("`trine` in {demo} minutes")]
    {
        assert!(readme.contains(&wanted), "README.md does not say: {wanted}");
    }
    let (check, test) = (of("`cargo check -p"), of("`cargo test -p"));
    let before =
        [of("`cargo xtask test --leg fmt"), of("`cargo clippy"), of("`cargo test --profile")];
    let before = before.iter().sum::<f64>().round();
    for wanted in [check, test, before].map(|seconds| format!("{seconds} s of CPU")) {
        assert!(contributing.contains(&wanted), "CONTRIBUTING.md does not say: {wanted}");
    }
}

#[test]
fn a_wrong_figure_is_found() {
    let record = "# `cargo xtask bench x`, today\n\n| what | ours | gate |\n|---|---:|---:|\n\
                  | speed, one | 1.5 | 2 (goal 3) |\n";
    let fault = |shown, command, place, path, text| {
        figure_fault(&Figure { shown, command, place, path }, text).is_some()
    };
    let recorded = |shown, command, place| fault(shown, command, place, "a.md", record);
    assert!(!recorded("1.5", "cargo xtask bench x", "speed"));
    assert!(!recorded("≤ 2", "cargo xtask bench x", "speed"));
    assert!(recorded("1.6", "cargo xtask bench x", "speed"));
    assert!(recorded("≤ 1.5", "cargo xtask bench x", "speed"));
    assert!(recorded("1.5", "cargo xtask bench y", "speed"));
    assert!(recorded("1.5", "cargo xtask bench x", "size"));
    let budgets = "# by `trine size`\n[a.b]\nflash = 2000\n";
    assert!(!fault("≤ 2,000", "trine size", "a.b.flash", "b.toml", budgets));
    assert!(fault("≤ 2,001", "trine size", "a.b.flash", "b.toml", budgets));
    assert!(fault("2,000", "trine size", "a.b.flash", "b.toml", budgets));
    assert!(fault("≤ 2,000", "trine size", "a.b.ram", "b.toml", budgets));
    let demo = "   fan_set {\"percent\":40}\n   ok\n   wire 19 + 14 bytes, JSON-RPC 215 + 263; x\n";
    assert!(!fault("14", "trine demo", "wire, 2nd", "demo.txt", demo));
    assert!(fault("19", "trine demo", "wire, 2nd", "demo.txt", demo));
    assert!(!fault("263", "trine demo", "JSON-RPC, 2nd", "demo.txt", demo));
}

#[test]
fn the_badges_are_true() {
    let (readme, manifest) = (readme(), read("Cargo.toml"));
    let manifest: toml_edit::DocumentMut = manifest.parse().unwrap();
    let package = &manifest["workspace"]["package"];
    let rust = package["rust-version"].as_str().unwrap();
    let licence = package["license"].as_str().unwrap().replace('-', "--").replace(' ', "%20");
    for badge in [format!("badge/rust-{rust}%2B-"), format!("badge/licence-{licence}-")] {
        assert!(readme.contains(&badge), "README.md has no {badge}");
    }
    assert_eq!(readme.matches("img.shields.io").count(), 2, "a badge that no test checks");
    assert!(readme.contains(&format!("Rust {rust} or newer")));
}

#[test]
fn the_clients_in_the_readme_are_those_of_the_tests() {
    let readme = readme();
    let python = read("tests/clients/requirements.txt");
    let python = python.lines().find_map(|line| line.strip_prefix("mcp==")).unwrap();
    let node: Value = serde_json::from_str(&read("tests/clients/package.json")).unwrap();
    let of = |name: &str| {
        node["dependencies"][format!("@modelcontextprotocol/{name}")].as_str().unwrap().to_owned()
    };
    let (client, sdk, inspector) = (of("client"), of("sdk"), of("inspector"));
    let wanted = format!(
        "MCP SDKs for Python {python} and TypeScript {client} and {sdk}, MCP Inspector {inspector}"
    );
    assert!(readme.contains(&wanted), "README.md does not say: {wanted}");
}

/// Of the sentences in a folder: how many, right calls in a hundred, and calls in a hundred where
/// none was right.
fn score(folder: &str) -> (u64, u64, u64) {
    let printed = Scratch::new("score").printed(&format!("trine eval {folder}/*.jsonl"));
    let score: Value = serde_json::from_str(&printed).unwrap();
    let percent = |name: &str| score[name]["percent"].as_f64().unwrap().round() as u64;
    (score["sentences"].as_u64().unwrap(), percent("exact"), 100 - percent("abstained"))
}

#[test]
fn the_figures_of_the_boards_model_are_those_of_eval() {
    let readme = readme().split_whitespace().collect::<Vec<&str>>().join(" ");
    let bytes = std::fs::metadata(root().join("models/board.gguf")).unwrap().len();
    let (count, right, wrong) = score("train/board/validation");
    for wanted in [
        format!("A model of {} KiB in the program", bytes / 1024),
        format!("On a development set of {},{:03} sentences", count / 1000, count % 1000),
        "the threshold was chosen with it".to_owned(),
        format!("the right call for {right} of 100, and a call for {wrong} of 100 where no call"),
    ] {
        assert!(readme.contains(&wanted), "README.md does not say: {wanted}");
    }
}
