//! What README.md says of where Trine was run is in tests/platforms.tsv, and each row has its
//! proof: a leg of the tests, or a part of the soak whose last run succeeded.

use crate::shown::{read, root};

/// How far something was tried: on the machine itself, in an emulator or Wine, only as far as the
/// linker, or only as far as the compiler.
const WORDS: [&str; 4] = ["run", "emulated", "linked", "type-checked"];

/// A row of the file.
struct Platform {
    name: String,
    word: String,
    /// Commands, with ` + ` between.
    proof: String,
    about: String,
}

fn platforms() -> Vec<Platform> {
    let file = read("tests/platforms.tsv");
    let rows = file.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, word, proof, about] = fields[..] else { panic!("{line:?} has no four fields") };
        let [name, word, proof, about] = [name, word, proof, about].map(str::to_owned);
        Platform { name, word, proof, about }
    });
    rows.collect()
}

#[test]
fn the_readme_says_of_each_platform_what_was_done_there() {
    let table: String = platforms()
        .iter()
        .map(|Platform { name, word, about, .. }| format!("| {name} | {word} | {about} |\n"))
        .collect();
    assert!(read("README.md").contains(&table), "README.md needs these rows:\n{table}");
}

/// What the last run of a part of the soak said, of all the records.
fn last_run(part: &str) -> Option<String> {
    let records = std::fs::read_dir(root().join("benches/record")).unwrap();
    let names = records.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("soak-")).collect();
    names.sort();
    let rows = names.iter().flat_map(|name| {
        let text = read(&format!("benches/record/{name}"));
        let begin = format!("| {part}: ");
        text.lines().filter(|line| line.starts_with(&begin)).map(str::to_owned).collect::<Vec<_>>()
    });
    rows.last()
}

#[test]
fn each_platform_has_a_proof_that_succeeded() {
    let legs = read("xtask/src/legs/mod.rs");
    for Platform { name, word, proof, .. } in platforms() {
        assert!(WORDS.contains(&&*word), "{name}: {word:?} is none of {WORDS:?}");
        for command in proof.split(" + ") {
            if let Some(leg) = command.strip_prefix("cargo xtask test --leg ") {
                assert!(legs.contains(&format!("\"{leg}\"")), "{name}: no leg {leg}");
            } else if let Some(part) = command.strip_prefix("cargo xtask soak ") {
                let run = last_run(part).unwrap_or_else(|| panic!("{name}: {part} has no record"));
                assert!(!run.contains("FAILED"), "{name}: {run}");
            } else {
                assert_eq!(command, "cargo xtask test", "{name}: {command} proves nothing");
            }
        }
    }
}
