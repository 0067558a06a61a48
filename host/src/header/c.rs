//! The header as a whole, and C as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::model::{Tool, identifier};
use super::{GenOptions, descriptors, table, types};

/// Longest line.
const COLUMNS: usize = 100;

/// Names in C, which begin with the prefix.
pub(super) struct Names<'a> {
    prefix: &'a str,
}

impl Names<'_> {
    /// A name of a type, function or array.
    pub(super) fn plain(&self, parts: &[&str]) -> String {
        let prefix = Some(self.prefix).filter(|prefix| !prefix.is_empty());
        let parts = prefix.into_iter().chain(parts.iter().copied()).filter(|it| !it.is_empty());
        parts
            .map(|part| identifier(part).trim_end_matches('_').to_owned())
            .collect::<Vec<_>>()
            .join("_")
    }

    /// A name of a constant.
    pub(super) fn constant(&self, parts: &[&str]) -> String {
        self.plain(parts).to_ascii_uppercase()
    }

    /// The ends of the names of labels, no two of them the same.
    pub(super) fn labels(&self, labels: &[String]) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for label in labels {
            let legal =
                |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
            let plain: String = label.chars().map(legal).collect();
            let mut name = plain.clone();
            let mut number = all.len();
            while all.contains(&name) {
                name = format!("{plain}_{number}");
                number += 1;
            }
            all.push(name);
        }
        all
    }
}

/// The whole header.
pub(super) fn header(tools: &[Tool], options: &GenOptions) -> String {
    let names = Names { prefix: &options.prefix };
    let guard = names.constant(&["tools", "h"]);
    let mut out = String::new();
    let source = options.source.replace("*/", "* /");
    _ = writeln!(out, "/* Made by trine gen from {source}; edit that. */");
    _ = writeln!(out, "#ifndef {guard}\n#define {guard}\n\n#include <trine.h>\n");
    out.push_str(
        "#ifndef TRINE_CAST\n#ifdef __cplusplus\n\
         #define TRINE_CAST(type, value) static_cast<type>(value)\n#else\n\
         #define TRINE_CAST(type, value) ((type)(value))\n#endif\n#endif\n\n",
    );
    out.push_str(
        "/* Numbers of the tools, in the order of their table, and how many there are. */\n",
    );
    for (at, tool) in tools.iter().enumerate() {
        _ = writeln!(out, "#define {} {at}u", names.constant(&["tool", &tool.name]));
    }
    _ = writeln!(out, "#define {} {}u\n", names.constant(&["tools_count"]), tools.len());
    for tool in tools {
        types::constants(&mut out, &names, tool);
        types::side(&mut out, &names, tool, true);
        types::side(&mut out, &names, tool, false);
    }
    let switch = names.constant(&["tools_descriptors"]);
    _ = writeln!(
        out,
        "/* The descriptors, for the one file that defines {switch} before it includes this.\n   \
         Each ..._ENTRY(call, user_data, more) is an entry of the table of tools: `more` is a\n   \
         trine_tool_more or NULL. */\n#ifdef {switch}\n"
    );
    for tool in tools {
        descriptors::tool(&mut out, &names, tool);
    }
    _ = writeln!(out, "#endif\n");
    table::write(&mut out, &names, tools);
    _ = writeln!(out, "#endif");
    out
}

/// A macro, a type, an array or a function of a header that has the name of another: what it is
/// made of has names of its own, and together they may be the same. A constant of the same value
/// may stand there twice.
pub(super) fn defined_twice(header: &str) -> Option<&str> {
    let mut lines: BTreeMap<&str, &str> = BTreeMap::new();
    // That one is defined for C and for C++.
    let all = header.lines().filter_map(|line| Some((defined(line)?, line)));
    let mut all = all.filter(|(name, _)| *name != "TRINE_CAST");
    let twice = all.find(|(name, line)| {
        let before = lines.insert(name, line);
        before.is_some_and(|before| before != *line || !line.starts_with("#define "))
    });
    twice.map(|(name, _)| name)
}

/// The name that a line of a header defines.
fn defined(line: &str) -> Option<&str> {
    if let Some(line) = line.strip_prefix("static ") {
        return line.split_once(['[', '('])?.0.split(' ').next_back();
    }
    let line = line.strip_prefix("#define ").or_else(|| line.strip_prefix("typedef struct "));
    line?.split([' ', '(']).next()
}

/// A comment before what it is about; nothing for no text.
pub(super) fn comment(out: &mut String, indent: &str, text: &str) {
    let text = text.replace("*/", "* /").replace("/*", "/ *");
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return;
    }
    let mut line = format!("{indent}/**");
    for word in words {
        if line.chars().count() + word.chars().count() + 4 > COLUMNS {
            _ = writeln!(out, "{line}");
            line = format!("{indent}   ");
        }
        line.push(' ');
        line.push_str(word);
    }
    _ = writeln!(out, "{line} */");
}

/// A text as a literal of C.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    let mut last = ' ';
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            // Two question marks may begin a trigraph.
            '?' if last == '?' => out.push_str("\\?"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Three digits, so that what follows is not read as one more.
            c if c.is_ascii_control() => _ = write!(out, "\\{:03o}", c as u32),
            c => out.push(c),
        }
        last = c;
    }
    out.push('"');
    out
}

/// A macro call with an indent, broken into lines where it is too long: behind a comma, or in a
/// literal behind a space.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let (mut out, mut line) = (String::new(), " ".repeat(indent));
    // A place to break at: bytes of the line, and whether it lies in a literal.
    let mut place: Option<(usize, bool)> = None;
    let (mut inside, mut escaped) = (false, false);
    for c in text.chars() {
        line.push(c);
        match c {
            '"' if !escaped => inside = !inside,
            ' ' => place = Some((line.len(), inside)),
            _ => {}
        }
        escaped = inside && c == '\\' && !escaped;
        if line.chars().count() > COLUMNS - 5 {
            let Some((at, in_literal)) = place.take() else { continue };
            let rest = line.split_off(at);
            let (end, start) = if in_literal { ("\"", "\"") } else { ("", "") };
            _ = writeln!(out, "{}{end}", if in_literal { &line } else { line.trim_end() });
            line = format!("{}{start}{rest}", " ".repeat(indent + 4));
        }
    }
    out.push_str(&line);
    out
}
