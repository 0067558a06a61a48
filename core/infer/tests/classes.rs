//! The tables of letters, numbers and space in `src/token/golden` are those of Unicode as
//! `regex-syntax` has them. `TRINE_GOLDEN=write` writes them again.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::fmt::Write as _;

use regex_syntax::hir::{Class, HirKind};

/// Entries have 11 bits for how many characters follow the first.
const MORE_MAX: u32 = 0x7ff;

fn ranges(expression: &str) -> Vec<(u32, u32)> {
    let parsed = regex_syntax::parse(expression).unwrap();
    let HirKind::Class(Class::Unicode(class)) = parsed.kind() else {
        panic!("{expression} is no class");
    };
    class.iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect()
}

fn table(name: &str, expression: &str) -> String {
    let mut entries = Vec::new();
    for (mut first, last) in ranges(expression) {
        while first <= last {
            let more = (last - first).min(MORE_MAX);
            entries.push(first << 11 | more);
            first += more + 1;
        }
    }
    let mut text = format!("const {name}: &[u32] = &[");
    for (at, entry) in entries.iter().enumerate() {
        text += if at % 8 == 0 { "\n    " } else { " " };
        write!(text, "{entry:#x},").unwrap();
    }
    text + "\n];\n"
}

#[test]
fn golden_classes_are_those_of_unicode() {
    let text =
        "// Made by tests/classes.rs: code points beyond ASCII, first << 11 | how many more.\n"
            .to_owned()
            + &table("LETTERS", r"[\p{L}--\x00-\x7F]")
            + &table("NUMBERS", r"[\p{N}--\x00-\x7F]")
            + &table("SPACES", r"[\p{White_Space}--\x00-\x7F]");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/token/golden/classes.in");
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(path, text).unwrap();
    } else {
        assert!(std::fs::read_to_string(path).unwrap() == text, "{path} is not what it should be");
    }
}
