//! `cargo xtask picture`: `docs/picture.svg`, a board, the way of one call and what it costs. The
//! drawing is `picture.svg` beside this file; every figure comes from a file that a test holds.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};

use crate::sh;

const PICTURE: &str = "docs/picture.svg";
const DRAWING: &str = include_str!("picture.svg");
/// What the demo prints, the bytes of the wire, the bounds that tests hold, and a model.
const DEMO: &str = "host/tests/golden/demo.txt";
const WIRE: &str = "tests/golden/wire-v1/messages.txt";
const BUDGETS: &str = "tests/budgets.toml";
const MODEL: &str = "models/board.gguf";
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

/// Writes the picture anew.
///
/// # Errors
/// When a figure is not where it should be, or the file cannot be written.
pub(crate) fn write() -> Result<()> {
    std::fs::write(sh::root().join(PICTURE), svg()?).context(PICTURE)
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(sh::root().join(path)).context(path.to_owned())
}

fn svg() -> Result<String> {
    let [there, back, asked, answered] = costs(&read(DEMO)?)?;
    let budgets: toml::Table = read(BUDGETS)?.parse()?;
    let bound = |keys: &[&str]| -> Result<i64> {
        let [tables @ .., key] = keys else { return Ok(0) };
        let table = tables.iter().try_fold(&budgets, |at, key| at.get(*key)?.as_table());
        let bound = table.and_then(|table| table.get(*key)?.as_integer());
        bound.with_context(|| format!("{BUDGETS} has no {}", keys.join(".")))
    };
    let thousands = |n: i64| format!("{},{:03}", n / 1_000, n % 1_000);
    let model = std::fs::metadata(sh::root().join(MODEL)).context(MODEL)?.len() / 1024;
    let mut made = DRAWING.to_owned();
    for (name, value) in [
        ("there", there.to_string()),
        ("back", back.to_string()),
        ("asked", asked.to_string()),
        ("answered", answered.to_string()),
        ("call", CALL.to_owned()),
        ("frame", frame(&read(WIRE)?, there)?),
        ("flash", thousands(bound(&["mps2-an386", "base", "flash"])?)),
        ("ram", thousands(bound(&["mps2-an386", "base", "ram"])?)),
        ("instructions", thousands(bound(&["call_instructions", "mps2-an386-base"])?)),
        ("model", model.to_string()),
    ] {
        let place = format!("@{name}@");
        ensure!(made.contains(&place), "the drawing has no place for {name}");
        made = made.replace(&place, &value);
    }
    Ok(made)
}

/// Of the call that is shown: bytes to the board and back, and both as JSON-RPC.
fn costs(demo: &str) -> Result<[usize; 4]> {
    let (_, rest) = demo.split_once(&format!("   {CALL}\n")).context("the demo lacks the call")?;
    let line = rest.lines().find(|line| line.contains("wire ")).context("the call has no cost")?;
    let numbers = line.split([' ', ',', ';']).filter_map(|word| word.parse().ok());
    numbers.collect::<Vec<usize>>().try_into().ok().context("a call has four sizes")
}

/// The bytes of its frame with what each of them is.
fn frame(golden: &str, size: usize) -> Result<String> {
    let line = golden.lines().find_map(|line| line.strip_prefix("host.call "));
    let hex = line.and_then(|line| line.split(' ').nth(1)).context("no call in the reference")?;
    let named: usize = FIELDS.iter().map(|field| field.0).sum();
    ensure!(hex.len() == 2 * named && named == size, "{named} bytes are named: {hex}");
    let mut out = String::new();
    let mut at = 0;
    for (count, name, class) in FIELDS {
        for byte in at..at + count {
            let (x, pair) = (22 + 44 * byte, hex.get(2 * byte..2 * byte + 2).unwrap_or_default());
            writeln!(
                out,
                "<rect class=\"{class}\" x=\"{x}\" y=\"242\" width=\"44\" height=\"34\"/>\
                 <text class=\"m\" x=\"{}\" y=\"264\">{pair}</text>",
                x + 22
            )?;
        }
        let middle = 22 + 44 * at + 22 * count;
        writeln!(out, "<text class=\"s\" x=\"{middle}\" y=\"296\">{name}</text>")?;
        at += count;
    }
    Ok(out.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{PICTURE, costs, frame, read, svg};

    #[test]
    fn the_picture_is_what_the_command_makes() {
        let made = svg().unwrap();
        assert_eq!(read(PICTURE).unwrap(), made, "run `cargo xtask picture`");
        // The one that is left is the style's for a dark page.
        let places = made.matches('@').count();
        assert!(made.len() < 20_000 && places == 1, "{} bytes, {places} places", made.len());
    }

    #[test]
    fn a_frame_of_another_size_is_refused() {
        let golden = "host.call 02 0003020905d00682ba02030702509b79fbd100\n";
        assert!(frame(golden, 19).is_ok() && frame(golden, 20).is_err());
        assert!(frame(&golden.replace("d100", "00"), 19).is_err());
        assert!(costs("3. The same\n").is_err());
    }
}
