//! Every example of `docs/wire.md` is one of the golden byte strings.

use std::collections::BTreeSet;

use trine_wire::message::{self, DeviceMessage, Outcome, feature, flag};

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

#[test]
fn features_have_the_bits_of_the_specification() {
    let page = include_str!("../../../../docs/wire.md");
    let table = page.split("- `features`, one bit each:").nth(1).unwrap();
    let rows = table.lines().skip(4).take_while(|line| line.starts_with('|'));
    let cells = rows.flat_map(|row| row.trim_matches('|').split('|').map(str::trim));
    let cells: Vec<&str> = cells.collect();
    let named = cells.chunks(2).filter(|pair| !pair[0].is_empty());
    let named: Vec<(u32, &str)> = named.map(|pair| (pair[0].parse().unwrap(), pair[1])).collect();
    let known = [
        ("tools that need a person", feature::CONSENT),
        ("content in chunks", feature::CONTENT),
        ("progress", feature::PROGRESS),
        ("log", feature::LOG),
        ("need input", feature::NEED_INPUT),
        ("keys", feature::KEYED),
        ("factory tests", feature::FACTORY),
        ("resources", feature::RESOURCES),
        ("prompts", feature::PROMPTS),
        ("completion", feature::COMPLETE),
        ("credit", feature::CREDIT),
        ("cancel", feature::CANCEL),
        ("ask", feature::ASK),
    ];
    assert_eq!(named.len(), known.len());
    for (bit, name) in named {
        let (_, mask) = known.iter().find(|known| known.0 == name).unwrap();
        assert_eq!(*mask, 2_u32.pow(bit), "{name}");
    }
    // "bit 0: the host wants progress", "bit 0: a block of type 10 is wanted too".
    assert_eq!((flag::PROGRESS, flag::TOKENS), (1, 1));
}

#[test]
fn a_result_of_a_later_version_is_known_by_its_id() {
    let result = |kind, outcome| [kind, 0x85, 0x02, outcome];
    for outcome in 15..=127 {
        let bytes = result(2, outcome);
        assert_eq!(message::read::<DeviceMessage<'_>>(&bytes), None);
        assert_eq!(message::later_outcome(&bytes), Some((261, outcome)));
        // Another kind, and a message that was cut.
        assert_eq!(message::later_outcome(&result(3, outcome)), None);
        assert_eq!(message::later_outcome(&bytes[..3]), None);
    }
    // The last one that this version knows, and one that is too short for it.
    assert_eq!(message::later_outcome(&result(2, 14)), None);
    let known = DeviceMessage::Result { id: 261, outcome: Outcome::Unauthenticated };
    assert_eq!(message::read::<DeviceMessage<'_>>(&result(2, 14)), Some(known));
    assert_eq!(message::later_outcome(&result(2, 0)), None);
}

#[test]
fn an_outcome_is_read_alone_as_it_is_read_with_its_message() {
    let in_message = |bytes: &[u8]| match message::read::<DeviceMessage<'_>>(bytes) {
        Some(DeviceMessage::Result { outcome, .. }) => Some(format!("{outcome:?}")),
        _ => None,
    };
    let (mut results, mut others) = (0, 0);
    // Every kind and every outcome, with members that some of them take, cut everywhere.
    for kind in 0..=16 {
        for outcome in 0..=20 {
            let bytes = [kind, 0x85, 0x02, outcome, 3, b'a', 1, b'c', 4, 5, 6, 7, 8, 9];
            for len in 0..=bytes.len() {
                let alone = message::result(&bytes[..len]).map(|outcome| format!("{outcome:?}"));
                assert_eq!(alone, in_message(&bytes[..len]), "{kind} {outcome} {len}");
                (results, others) =
                    if alone.is_some() { (results + 1, others) } else { (results, others + 1) };
            }
        }
    }
    assert!(results > 100 && others > 1_000, "{results} {others}");
}
