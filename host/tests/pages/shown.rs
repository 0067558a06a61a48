//! Pages and the commands on them: what a page shows, and how a command of it is run.

#![allow(dead_code, reason = "each test program uses a part of this")]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().canonicalize().unwrap()
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Programs that a block without a fence may begin with, to tell commands from code.
const PROGRAMS: [&str; 15] = [
    "trine", "cargo", "cc", "gcc", "g++", "clang", "printf", "ln", "ssh", "scp", "export", "git",
    "python3", "pip", "teach",
];

/// A command on a page.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) line: usize,
    pub(crate) command: String,
    /// What stands below it, where a prompt stands before it.
    pub(crate) output: Option<Vec<String>>,
}

/// The blocks of a page: the number of the first line, what is behind the fence, and the lines.
/// What is indented by four spaces is `sh` where it begins with a program.
fn blocks(page: &str) -> Vec<(usize, &str, Vec<&str>)> {
    let mut found = Vec::new();
    let mut lines = page.lines().zip(2..).peekable();
    let mut blank = true;
    while let Some((line, next)) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let inside = lines.by_ref().map(|(line, _)| line);
            let block = inside.take_while(|line| !line.starts_with("```")).collect();
            found.push((next, info.trim(), block));
        } else if let Some(first) = line.strip_prefix("    ").filter(|_| blank) {
            let mut block = vec![first];
            while let Some((line, _)) = lines.next_if(|(line, _)| line.starts_with("    ")) {
                block.push(&line[4..]);
            }
            let word = first.split(' ').next().unwrap_or_default();
            let is_path = ["target/", "./", ".ci/"].iter().any(|path| word.starts_with(path));
            let is_commands = PROGRAMS.contains(&word) || is_path;
            found.push((next - 1, if is_commands { "sh" } else { "other" }, block));
        }
        blank = line.trim().is_empty();
    }
    found
}

/// The commands of a page, in order.
pub(crate) fn commands(page: &str) -> Vec<Shown> {
    let mut found = Vec::new();
    for (first, info, lines) in blocks(page) {
        let is_session = ["", "console", "text"].contains(&info);
        if !is_session && !["sh", "bash"].contains(&info) {
            continue;
        }
        let mut of_block: Vec<Shown> = Vec::new();
        let mut goes_on = false;
        for (text, line) in lines.iter().zip(first..) {
            let given = if is_session && !goes_on { text.strip_prefix("$ ") } else { Some(*text) };
            let given = given.map(str::trim).filter(|text| is_session || !text.is_empty());
            let last = of_block.last_mut();
            let Some(given) = given.filter(|text| is_session || !text.starts_with('#')) else {
                if let Some(output) = last.and_then(|last| last.output.as_mut()) {
                    output.push((*text).to_owned());
                }
                continue;
            };
            let part = without_note(given.trim_end_matches('\\').trim_end());
            match last.filter(|_| goes_on) {
                Some(last) => last.command = format!("{} {part}", last.command),
                None => {
                    let output = is_session.then(Vec::new);
                    of_block.push(Shown { line, command: part.to_owned(), output });
                }
            }
            goes_on = given.ends_with('\\');
        }
        found.append(&mut of_block);
    }
    found
}

/// A command without the words about it, which stand behind two spaces outside quotes.
fn without_note(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            (None, ' ') if before == ' ' => return line[..at].trim_end(),
            _ => {}
        }
        before = c;
    }
    line
}

/// Files that pages speak of and a reader has: what a scratch folder has under these names.
const GIVEN: [(&str, &str); 6] = [
    ("tools.json", "firmware-example/board/tools.json"),
    ("my-tools.json", "firmware-example/board/tools.json"),
    ("device.json", "firmware-example/board/device.json"),
    ("board.gguf", "models/board.gguf"),
    ("sentences.jsonl", "train/board/validation/crowd.jsonl"),
    ("my-sentences.jsonl", "train/board/validation/crowd.jsonl"),
];

/// A folder in which commands of a page are run: it has what the repository has.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(folder.join("path")).unwrap();
        symlink(env!("CARGO_BIN_EXE_trine"), folder.join("path/trine")).unwrap();
        for entry in std::fs::read_dir(root()).unwrap() {
            let entry = entry.unwrap();
            if !["target", ".git"].iter().any(|name| entry.file_name() == *name) {
                symlink(entry.path(), folder.join(entry.file_name())).unwrap();
            }
        }
        for (name, from) in GIVEN {
            // Copies: a command that writes to them is not to change the repository.
            std::fs::copy(root().join(from), folder.join(name)).unwrap();
        }
        Self(folder)
    }

    /// Runs a command as a shell does, with nothing on its standard input.
    pub(crate) fn run(&self, command: &str) -> Output {
        let path = std::env::var("PATH").unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-ec", command]).current_dir(&self.0).stdin(Stdio::null());
        shell.env("PATH", format!("{}:{path}", self.0.join("path").display()));
        let others = std::env::vars().map(|(name, _)| name);
        for name in others.filter(|name| name.starts_with("TRINE_") || name.starts_with("XDG_")) {
            shell.env_remove(name);
        }
        shell.env("HOME", &self.0).env("TRINE_LOG", "off").output().unwrap()
    }

    /// What a command prints, which has to succeed.
    pub(crate) fn printed(&self, command: &str) -> String {
        let done = self.run(command);
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "`{command}`: {}\n{errors}", done.status);
        String::from_utf8(done.stdout).unwrap()
    }
}

/// Lines with `#` for what differs from run to run: times, and numbers that are drawn.
pub(crate) fn timeless<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    lines.into_iter().map(|line| line.trim_end()).map(timeless_line).collect()
}

fn timeless_line(line: &str) -> String {
    // Numbers that are drawn take more bytes or fewer.
    let is_drawn_of = ["hello", "call", "result"];
    let is_call = is_drawn_of.iter().any(|word| line.contains(&format!(" {word} ")));
    let mut words: Vec<String> = Vec::new();
    let mut all = line.split(' ').peekable();
    while let Some(word) = all.next() {
        let before = words.last().map_or("", |word| word.as_str());
        let bare = word.trim_start_matches('(').trim_end_matches([',', ';']);
        let unit = all.peek().map_or("", |unit| unit.trim_end_matches([';', ')']));
        let is_number = !bare.is_empty() && bare.parse::<f64>().is_ok();
        let is_drawn = ["nonce", "epoch", "session"].contains(&before) && bare.len() == 8;
        let is_of_call = ["call", "result"].contains(&before) || unit == "bytes";
        let has_unit = ["us", "ms", "s"].contains(&unit);
        let is_time = has_unit || words.iter().all(String::is_empty);
        let changes = is_drawn || is_number && (is_time || is_call && is_of_call);
        words.push(if changes { word.replace(bare, "#") } else { word.to_owned() });
        // What takes microseconds takes milliseconds on a busy computer.
        if is_number
            && has_unit
            && let Some(written) = all.next()
        {
            words.push(written.replacen(unit, "time", 1));
        }
    }
    words.join(" ").trim_start().to_owned()
}

/// Whether lines are those that are shown, where a line `...` stands for any number of them, and
/// three dots at the end of a line for the rest of it.
pub(crate) fn is_shown(found: &[String], shown: &[String]) -> bool {
    match shown.split_first() {
        None => found.is_empty(),
        Some((line, rest)) if line == "..." => {
            (0..=found.len()).any(|from| is_shown(&found[from..], rest))
        }
        Some((line, rest)) => found.split_first().is_some_and(|(first, others)| {
            let same = line.strip_suffix("...").map(|start| first.starts_with(start));
            same.unwrap_or(first == line) && is_shown(others, rest)
        }),
    }
}
