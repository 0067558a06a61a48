//! Answers as they were, to the bit: of the base model, and of bases of random weights, which do
//! what a trained one seldom does. `cargo xtask golden` writes them again.

use std::fs;
use std::path::Path;

use crate::common::{SENTENCES, asker, bases, bits, compiled, plain};

/// Sentences of two commands, of small talk, and with words that several tools have.
const MORE: [&str; 6] = [
    "fan to thirty percent and switch the lamp off",
    "hello there, nice to meet you",
    "keep a note that says 'heat the room' and set the fan to 5 %",
    "heat, auto, 20 degrees, or set the fan to 20 percent",
    "set the fan",
    "is the lamp on, and what does the status say of the heat and the fan and the note",
];

#[test]
fn answers_are_those_of_the_golden_file_to_the_bit() {
    let tools = plain();
    let mut text = String::new();
    for (at, base) in bases().iter().enumerate() {
        let table = compiled(base, &tools);
        let table = trine_unseen::Table::parse(&table, base, None).unwrap();
        let mut asker = asker();
        for sentence in SENTENCES.iter().chain(&MORE) {
            let answer = asker.ask(base, &table, sentence.as_bytes()).unwrap();
            text += &format!("{at} {sentence}\n  {}\n", bits(&answer));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/golden/answers.txt");
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    for (was, is) in kept.lines().zip(text.lines()) {
        assert_eq!(is, was, "a new base model is a reason: `cargo xtask golden`");
    }
    assert_eq!(text.len(), kept.len());
}
