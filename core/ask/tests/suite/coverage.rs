//! How many labels can be said at all with the words of their sentences.

use std::io::Write as _;

use crate::common;
use serde_json::Value as Json;
use trine_ask::{GrammarState, Label, Sentence, SentenceError, Vocabulary, teach};
use trine_descriptor::Tool;

/// How many sentences there are with a call, and those whose call cannot be walked to.
fn take_all_labels(tools: &[Tool<'static>], lines: &str) -> (usize, Vec<String>) {
    let program = common::program(tools);
    let letters = common::letters();
    let table = common::table(&program, letters.iter().map(String::as_str));
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let (mut count, mut misses) = (0, Vec::new());
    for line in lines.lines() {
        let json: Json = serde_json::from_str(line).unwrap();
        let text = json["text"].as_str().unwrap();
        let tool = tools.iter().position(|tool| Some(tool.info.name) == json["tool"].as_str());
        let sentence = match Sentence::read(text.as_bytes(), &program, &vocabulary) {
            Ok(sentence) => sentence,
            Err(SentenceError::Empty) if tool.is_none() => continue,
            Err(error) => {
                misses.push(format!("{text}: {error}"));
                continue;
            }
        };
        let mut grammar = GrammarState::new(program, &vocabulary, &sentence);
        let Some(tool) = tool else {
            teach(&mut grammar, None, |_, _, _| {}).unwrap();
            continue;
        };
        count += 1;
        let arguments = common::arguments(&tools[tool], &json["arguments"]).unwrap();
        let label = Label { tool: tool as u16, arguments: &arguments };
        if let Err(error) = teach(&mut grammar, Some(label), |_, _, _| {}) {
            misses.push(format!("{text}: {} {}: {error}", json["tool"], json["arguments"]));
        }
    }
    (count, misses)
}

#[test]
fn the_boards_labels_follow_from_the_words_of_their_sentences() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).unwrap();
    let tools = common::tools(&read("firmware-example/board/tools.json")).unwrap();
    let (mut count, mut misses) = (0, Vec::new());
    let mut files: Vec<_> = std::fs::read_dir(format!("{root}/train/board/sentences"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let (more, missed) = take_all_labels(&tools, &std::fs::read_to_string(file).unwrap());
        count += more;
        misses.extend(missed);
    }
    let share = 100.0 * misses.len() as f64 / count as f64;
    println!("{count} calls, {} misses ({share:.2} %)", misses.len());
    misses.iter().for_each(|miss| println!("  {miss}"));
    assert!(count > 2000 && misses.len() * 100 <= count, "{} of {count}", misses.len());
}

/// The folder of SNIPS, which is not part of the repository: `snips` in the folder `TRINE_DATA`.
fn snips() -> Option<std::path::PathBuf> {
    let data = std::path::PathBuf::from(std::env::var_os("TRINE_DATA")?);
    Some(data.join("snips"))
}

#[test]
fn snips_labels_follow_from_the_words_of_their_sentences() {
    let Some(folder) = snips() else {
        // The harness keeps what a passing test prints, but not what goes to the stream itself.
        let line = "skipped: labels of SNIPS: set TRINE_DATA to a folder with snips/";
        writeln!(std::io::stderr(), "{line}").unwrap();
        return;
    };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let tools = common::tools(&read("tools.json")).unwrap();
    for name in ["train.jsonl", "dev.jsonl"] {
        let (count, misses) = take_all_labels(&tools, &read(name));
        println!("{name}: {count} calls, {} misses", misses.len());
        misses.iter().take(40).for_each(|miss| println!("  {miss}"));
        assert!(misses.len() * 100 <= count);
    }
}
