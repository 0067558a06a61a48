//! `trine gen`: C out of a list of tools and what only the device knows of them.
//!
//! What is written must be C whatever the texts hold: comments and literals end where they should,
//! brackets have their other half, and no name is defined twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::header::{GenOptions, HeaderError, c_header, c_sentences};

/// The list of tools stands before a zero, the file of `--device` behind it. The length chooses the
/// prefix and the digits of results.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (tools, device) = text.split_once('\0').unwrap_or((&text, ""));
    let options = GenOptions {
        prefix: if data.len().is_multiple_of(2) { String::new() } else { "p".to_owned() },
        places: (data.len() % 11) as u8,
        source: "tools.json".to_owned(),
        device: device.to_owned(),
    };
    match c_header(tools, &options) {
        Ok(header) => check(&header),
        Err(error) => said(&error),
    }
    match c_sentences(tools, &options.prefix, &options.source) {
        Ok(sentences) => check(&sentences),
        Err(error) => said(&error),
    }
}

/// An error says something.
fn said(error: &HeaderError) {
    let text = trine_models::chain(error);
    assert!(text.len() > 8, "{text}");
    assert!(!matches!(error, HeaderError::Packed), "{text}");
}

/// Whether a text may be C.
fn check(text: &str) {
    let code = code(text);
    assert!(!code.contains("report this as a bug"), "{text}");
    let mut open = Vec::new();
    for c in code.chars() {
        assert!(
            c == '\n' || matches!(c, ' '..='~') && !matches!(c, '@' | '`' | '$'),
            "{c}: {text}"
        );
        match c {
            '(' | '[' | '{' => open.push(c),
            ')' => assert_eq!(open.pop(), Some('('), "{text}"),
            ']' => assert_eq!(open.pop(), Some('['), "{text}"),
            '}' => assert_eq!(open.pop(), Some('{'), "{text}"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}: {text}");
    let mut names = BTreeMap::new();
    let words = |line: &str| -> Vec<String> {
        line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map(str::to_owned).collect()
    };
    for line in code.lines() {
        let name = match &words(line)[..] {
            [first, define, name, ..] if first.is_empty() && define == "define" => name.clone(),
            [typedef, structure, name, ..] if typedef == "typedef" && structure == "struct" => {
                format!("struct {name}")
            }
            _ => continue,
        };
        // The header defines one macro for two languages; a constant may have its value twice.
        let before = names.insert(name.clone(), line).filter(|_| name != "TRINE_CAST");
        assert!(before.is_none_or(|before| before == line), "{name} twice: {text}");
    }
    members(&code, text);
}

/// No structure has a member twice.
fn members(code: &str, text: &str) {
    let mut structures: Vec<Option<BTreeSet<String>>> = Vec::new();
    for line in code.lines().map(str::trim) {
        let is_end = line.starts_with('}');
        if is_end {
            structures.pop();
        }
        if line.ends_with('{') {
            structures.push(line.contains("struct").then(BTreeSet::new));
        } else if let (Some(Some(members)), true) = (structures.last_mut(), line.ends_with(';')) {
            let name = line.trim_end_matches(';').split('[').next().unwrap_or_default();
            let name = name.rsplit([' ', '*', '}']).next().unwrap_or_default().to_owned();
            assert!(members.insert(name.clone()), "{name} twice in a structure: {text}");
        }
    }
}

/// C without its comments, and with empty literals.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("/*") {
            let end = rest.find("*/").unwrap_or_else(|| panic!("a comment has no end: {text}"));
            rest = &rest[end + 2..];
            code.push(' ');
        } else if c == '"' {
            rest = &rest[literal(&rest[1..], text) + 1..];
            code.push_str("\"\"");
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

/// Where a literal ends, behind its last quote.
fn literal(rest: &str, text: &str) -> usize {
    let (mut is_escaped, mut marks) = (false, 0);
    for (at, c) in rest.char_indices() {
        assert!(!c.is_ascii_control(), "a literal with {c:?}: {text}");
        assert!(marks < 2 || !"=/'()!<>-".contains(c), "a trigraph: {text}");
        marks = if c == '?' && !is_escaped { marks + 1 } else { 0 };
        match c {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    panic!("a literal has no end: {text}")
}
