//! Every example of `docs/wire.md` is one of the golden byte strings.

use std::collections::BTreeSet;

use crate::lines::{lines, text};

/// The lines of the blocks that are marked `golden`.
fn examples(page: &str) -> Vec<&str> {
    let (mut found, mut inside) = (Vec::new(), false);
    for line in page.lines() {
        match line {
            "```golden" => inside = true,
            "```" => inside = false,
            line if inside => found.push(line),
            _ => {}
        }
    }
    found
}

/// The bytes of a name as its file has them. Packets stand apart with a bar, as on the page.
fn golden_bytes(file: &str, name: &str) -> String {
    let (source, column) = match file {
        "message" => ("messages", 1),
        "frame" => ("messages", 2),
        "bus" => ("bus", 4),
        "keyed" => ("keyed", 2),
        "value" => ("values", 1),
        packets => (packets, 2),
    };
    let all = text(&format!("{source}.txt"));
    let rows = lines(&all);
    let row = rows.iter().find(|row| row[0] == name);
    let row = row.unwrap_or_else(|| panic!("{source}.txt has no {name}"));
    let last = if file.starts_with("packets") { row.len() } else { column + 1 };
    row[column..last].join("|")
}

#[test]
fn the_examples_of_the_specification_are_golden_bytes() {
    let page = include_str!("../../../../docs/wire.md");
    let examples = examples(page);
    let mut shown = BTreeSet::new();
    for example in &examples {
        let mut words = example.split_ascii_whitespace();
        let (file, name) = (words.next().unwrap(), words.next().unwrap());
        let bytes: String = words.collect();
        assert_eq!(bytes, golden_bytes(file, name), "{example}");
        shown.insert((file, name));
    }
    assert!(examples.len() > 80, "{} examples", examples.len());
    // No kind and no outcome is without one.
    for (side, kinds) in [("host.", 0..=13u8), ("device.", 0..=11)] {
        for kind in kinds {
            let has = |(file, name): &(&str, &str)| {
                let kind_of = |name| u8::from_str_radix(&golden_bytes("message", name)[..2], 16);
                *file == "message" && name.starts_with(side) && kind_of(name) == Ok(kind)
            };
            assert!(shown.iter().any(has), "{side} kind {kind}");
        }
    }
    for outcome in 0..=14 {
        let head = format!("0209{outcome:02x}");
        let has = |(file, name): &(&str, &str)| {
            *file == "message" && golden_bytes("message", name).starts_with(&head)
        };
        assert!(shown.iter().any(has), "outcome {outcome}");
    }
}

#[test]
fn the_specification_holds_no_rust() {
    let page = include_str!("../../../../docs/wire.md");
    for word in ["u32", "u16 ", "&str", "fn ", "::", "Option", "```rust", ".rs"] {
        assert!(!page.contains(word), "{word}");
    }
}
