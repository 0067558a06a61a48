//! Reads, compares and writes the lines under `tests/golden/wire-v1`, whose form its README tells.
//! Tests of other crates include this file by its path.
#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::fmt::Write as _;
use std::path::PathBuf;

/// What to do where the code no longer writes a file.
const FROZEN: &str = "what was released stays as it is: tests/golden/wire-v1/README.md says where \
                      lines are added, and how; `TRINE_GOLDEN=write` writes the files";

/// Where the files of version 1 lie, from a folder two below the root of the repository.
fn path(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = root.ancestors().find(|folder| folder.join("tests/golden").is_dir());
    root.unwrap().join("tests/golden/wire-v1").join(name)
}

/// Whether this run writes the files instead of comparing with them.
fn writes() -> bool {
    std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write")
}

/// The text of a file.
pub(crate) fn text(name: &str) -> String {
    let path = path(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words of each line that is neither empty nor a note.
pub(crate) fn lines(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_ascii_whitespace().collect()).collect()
}

/// The value of a note `# name: value`.
pub(crate) fn note<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let (said, value) = line.strip_prefix('#')?.split_once(':')?;
        (said.trim() == name).then_some(value.trim())
    })
}

/// Compares what the code writes with a file, or writes the file when `TRINE_GOLDEN=write` asks
/// for it.
pub(crate) fn compare(name: &str, written: &str) {
    if writes() {
        return std::fs::write(path(name), written).unwrap();
    }
    let golden = text(name);
    let (mut code, mut file) = (written.lines(), golden.lines());
    for line in 1.. {
        match (code.next(), file.next()) {
            (None, None) => return,
            (code, file) if code == file => (),
            (code, file) => {
                panic!("{name}, line {line}\n code: {code:?}\n file: {file:?}\n{FROZEN}")
            }
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    let mut hex = String::new();
    for byte in bytes {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

pub(crate) fn unhex(hex: &str) -> Vec<u8> {
    let hex = if hex == "-" { "" } else { hex };
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// One line of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaptureLine {
    /// Milliseconds since the start.
    pub(crate) at_ms: u64,
    /// Whether the host says it.
    pub(crate) by_host: bool,
    pub(crate) bytes: Vec<u8>,
}

/// The lines of a capture: `time_ms > hex` from the host, `time_ms < hex` from the device.
pub(crate) fn capture(text: &str) -> Vec<CaptureLine> {
    let said = lines(text).into_iter().map(|words| match words.as_slice() {
        [at_ms, way @ (">" | "<"), bytes] => {
            CaptureLine { at_ms: at_ms.parse().unwrap(), by_host: *way == ">", bytes: unhex(bytes) }
        }
        words => panic!("{words:?} is no line of a capture"),
    });
    said.collect()
}

/// A line as a capture holds it.
pub(crate) fn capture_line(said: &CaptureLine) -> String {
    format!("{} {} {}\n", said.at_ms, if said.by_host { '>' } else { '<' }, hex(&said.bytes))
}
