//! `docs/picture.svg`, the picture of ARCHITECTURE.md: a board, the way of one call and what it
//! costs. It is a reference file: `cargo xtask golden` writes it from the drawing `picture.svg`
//! beside this file, and every figure comes from a file that a test holds.

use crate::shown::{read, root};

const PICTURE: &str = "docs/picture.svg";
/// The call that is shown, as the demo makes it and as the reference of the wire has it.
const CALL: &str = "fan_set {\"percent\":40}";
/// What the bytes of its frame are, in order: how many, their name, their class in the drawing.
const FIELDS: [(usize, &str, &str); 10] = [
    (1, "start", "low"),
    (1, "COBS", "low"),
    (1, "call", "mid"),
    (1, "id", "mid"),
    (1, "tool", "high"),
    (4, "call guard", "mid"),
    (2, "deadline, length", "mid"),
    (3, "percent = 40", "high"),
    (4, "CRC-32", "low"),
    (1, "end", "low"),
];

#[test]
fn golden_picture() {
    let [there, back, asked, answered] = costs(&read("host/tests/golden/demo.txt"));
    let budgets: toml_edit::DocumentMut = read("tests/budgets.toml").parse().unwrap();
    let base = &budgets["mps2-an386"]["base"];
    let thousands = |bound: &toml_edit::Item| {
        let bound = bound.as_integer().unwrap();
        format!("{},{:03}", bound / 1_000, bound % 1_000)
    };
    let model = std::fs::metadata(root().join("models/board.gguf")).unwrap().len() / 1024;
    let mut made = include_str!("picture.svg").to_owned();
    for (name, value) in [
        ("there", there.to_string()),
        ("back", back.to_string()),
        ("asked", asked.to_string()),
        ("answered", answered.to_string()),
        ("call", CALL.to_owned()),
        ("frame", frame(&read("tests/golden/wire-v1/messages.txt"), there)),
        ("flash", thousands(&base["flash"])),
        ("ram", thousands(&base["ram"])),
        ("instructions", thousands(&budgets["call_instructions"]["mps2-an386-base"])),
        ("model", model.to_string()),
    ] {
        let place = format!("@{name}@");
        assert!(made.contains(&place), "the drawing has no place for {name}");
        made = made.replace(&place, &value);
    }
    // The one that is left is the style's for a dark page.
    let places = made.matches('@').count();
    assert!(made.len() < 20_000 && places == 1, "{} bytes, {places} places", made.len());
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(root().join(PICTURE), made).unwrap();
    } else {
        assert_eq!(read(PICTURE), made, "run `cargo xtask golden`");
    }
}

/// Of the call that is shown: bytes to the board and back, and both as JSON-RPC.
fn costs(demo: &str) -> [usize; 4] {
    let (_, rest) = demo.split_once(&format!("   {CALL}\n")).unwrap();
    let line = rest.lines().find(|line| line.contains("wire ")).unwrap();
    let numbers = line.split([' ', ',', ';']).filter_map(|word| word.parse().ok());
    numbers.collect::<Vec<usize>>().try_into().unwrap()
}

/// The bytes of its frame with what each of them is.
fn frame(golden: &str, size: usize) -> String {
    let line = golden.lines().find_map(|line| line.strip_prefix("host.call ")).unwrap();
    let hex = line.split(' ').nth(1).unwrap();
    let named: usize = FIELDS.iter().map(|field| field.0).sum();
    assert!(hex.len() == 2 * named && named == size, "{named} bytes are named: {hex}");
    let mut lines = Vec::new();
    let mut at = 0;
    for (count, name, class) in FIELDS {
        for byte in at..at + count {
            let (x, pair) = (22 + 44 * byte, &hex[2 * byte..2 * byte + 2]);
            lines.push(format!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"242\" width=\"44\" height=\"34\"/>\
                 <text class=\"m\" x=\"{}\" y=\"264\">{pair}</text>",
                x + 22
            ));
        }
        let middle = 22 + 44 * at + 22 * count;
        lines.push(format!("<text class=\"s\" x=\"{middle}\" y=\"296\">{name}</text>"));
        at += count;
    }
    lines.join("\n")
}
