//! Rules about what the code says, read as Rust tokens so that comments and strings do not count.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::File;

/// Folders in which `unsafe` may be written. Everywhere else it is forbidden.
const UNSAFE_ALLOWED: &[&str] = &[
    "core/arena/",
    "core/ternary/",
    "ffi/",
    "firmware-example/bsp/",
    "firmware-example/rust/src/bsp/",
    "fuzz/src/capi.rs",
    "ggml/",
    "host/models/src/sys/",
    "host/gateway/src/sys/",
    "tests/ggml/",
    "train/src/simd/",
];

/// Macros that leave something undone or print for their author.
const BANNED_MACROS: &[&str] = &["todo", "unimplemented", "dbg"];

/// Columns of a line of Rust. A raw string, which is how tests hold messages, cannot be broken
/// and may pass it, and so may a comment of one long word, such as an address.
const COLUMNS_MAX: usize = 100;

/// Lines above an `unsafe` in which its reason may begin.
const REASON_LINES: usize = 12;

/// Something found in a file.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// `unsafe` on this line.
    Unsafe(usize),
    /// A banned macro.
    Macro(usize, String),
    /// A test that is switched off.
    Ignored(usize),
    /// The first and last line of a raw string.
    Raw(usize, usize),
    /// `extern crate std` or `alloc`, outside what only tests compile.
    Heap(usize, String),
}

/// Every fault of one file's code.
pub(super) fn faults(file: &File) -> Vec<String> {
    let path = &file.path;
    let text = file.text().unwrap_or_default();
    let Some(found) = read(text) else {
        return vec![format!("{path}: these are no Rust tokens")];
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut faults: Vec<String> =
        found.iter().filter_map(|found| fault(path, found, &lines)).collect();
    faults.extend(wide_lines(path, &found, &lines));
    faults
}

fn wide_lines(path: &str, found: &[Found], lines: &[&str]) -> Vec<String> {
    let is_raw = |line| {
        found.iter().any(
            |found| matches!(found, Found::Raw(first, last) if (*first..=*last).contains(&line)),
        )
    };
    let is_one_word = |text: &str| {
        let mut words = text.split_whitespace();
        words.next().is_some_and(|word| word.starts_with("//")) && words.count() == 1
    };
    (1_usize..)
        .zip(lines)
        .filter(|(line, text)| !is_raw(*line) && !is_one_word(text))
        .map(|(line, text)| (line, text.chars().count()))
        .filter(|(_, columns)| *columns > COLUMNS_MAX)
        .map(|(line, columns)| format!("{path}:{line}: {columns} columns"))
        .collect()
}

fn fault(path: &str, found: &Found, lines: &[&str]) -> Option<String> {
    match found {
        Found::Unsafe(line) if !UNSAFE_ALLOWED.iter().any(|folder| path.starts_with(folder)) => {
            Some(format!("{path}:{line}: unsafe is not allowed in this folder"))
        }
        Found::Unsafe(line) if !has_reason(lines, *line) => {
            Some(format!("{path}:{line}: unsafe without a `// SAFETY:` (or `# Safety`) above it"))
        }
        Found::Unsafe(_) | Found::Raw(..) => None,
        Found::Macro(line, name) => Some(format!("{path}:{line}: {name}! must not stay")),
        Found::Ignored(line) => Some(format!("{path}:{line}: a test that does not run")),
        Found::Heap(line, name) => (path.starts_with("core/") && !path.contains("/tests"))
            .then(|| format!("{path}:{line}: extern crate {name}, and core/ has no heap")),
    }
}

/// Whether the lines just above, up to the end of the statement before, give the reason.
fn has_reason(lines: &[&str], line: usize) -> bool {
    let above = lines.get(..line).unwrap_or(lines);
    for (back, text) in above.iter().rev().enumerate().take(REASON_LINES) {
        let text = text.trim();
        if text.contains("SAFETY:") || text.contains("# Safety") {
            return true;
        }
        let comment = text.starts_with("//") || text.starts_with("#[");
        if back > 0 && !comment && (text.is_empty() || text.ends_with([';', '}'])) {
            return false;
        }
    }
    false
}

/// The number of `unsafe` in each folder that has any.
pub(super) fn unsafe_counts(files: &[File]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for file in files.iter().filter(|file| file.is(&["rs"])) {
        let Some(folder) = UNSAFE_ALLOWED.iter().find(|folder| file.path.starts_with(**folder))
        else {
            continue;
        };
        let found = file.text().and_then(read).unwrap_or_default();
        let count = found.iter().filter(|found| matches!(found, Found::Unsafe(_))).count();
        *counts.entry(*folder).or_default() += count;
    }
    counts
}

fn read(text: &str) -> Option<Vec<Found>> {
    // A `#!` line is no token, and only a script has one.
    let tokens: TokenStream = text.parse().ok()?;
    let mut found = Vec::new();
    walk(tokens, false, &mut found);
    Some(found)
}

fn walk(stream: TokenStream, for_tests: bool, found: &mut Vec<Found>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        let next = |by: usize| at.checked_add(by).and_then(|at| trees.get(at));
        match tree {
            TokenTree::Group(group) => {
                let before = trees.get(..at).unwrap_or_default();
                walk(group.stream(), for_tests || is_test_module(before), found);
            }
            TokenTree::Literal(literal) if is_raw_string(&literal.to_string()) => {
                let span = literal.span();
                found.push(Found::Raw(span.start().line, span.end().line));
            }
            TokenTree::Ident(ident) => {
                let line = ident.span().start().line;
                let name = ident.to_string();
                if name == "unsafe" && !names_only(next(1), next(2)) {
                    found.push(Found::Unsafe(line));
                } else if BANNED_MACROS.contains(&name.as_str()) && is_punct(next(1), '!') {
                    found.push(Found::Macro(line, name));
                } else if name == "extern" && is_ident(next(1), "crate") {
                    let named = next(2).map(ToString::to_string).unwrap_or_default();
                    let heap = named == "std" || named == "alloc";
                    let before = trees.get(..at).unwrap_or_default();
                    if heap && !for_tests && !is_for_tests(before) {
                        found.push(Found::Heap(line, named));
                    }
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if let Some(TokenTree::Group(group)) = next(1)
                    && group.delimiter() == Delimiter::Bracket
                    && group.stream().into_iter().any(|tree| is_ident(Some(&tree), "ignore"))
                {
                    found.push(Found::Ignored(punct.span().start().line));
                }
            }
            _ => {}
        }
    }
}

/// `r"…"`, `r#"…"#` and `br"…"`.
fn is_raw_string(literal: &str) -> bool {
    let literal = literal.strip_prefix('b').unwrap_or(literal);
    literal.strip_prefix('r').is_some_and(|rest| rest.starts_with(['"', '#']))
}

/// Where `unsafe` stands before something that does nothing by itself: `unsafe fn(` names a type,
/// `#[unsafe(no_mangle)]` is an attribute, and `unsafe extern` declares a function of C, of which
/// the header says what it asks.
fn names_only(first: Option<&TokenTree>, second: Option<&TokenTree>) -> bool {
    let is_arguments = |tree: Option<&TokenTree>| match tree {
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
        _ => false,
    };
    is_arguments(first)
        || is_ident(first, "extern")
        || (is_ident(first, "fn") && is_arguments(second))
}

/// Whether what comes before a block is `#[cfg(test)] mod name`.
fn is_test_module(before: &[TokenTree]) -> bool {
    let [attributes @ .., word, _name] = before else { return false };
    is_ident(Some(word), "mod") && is_for_tests(attributes)
}

/// Whether what comes before an item is `#[cfg(test)]`.
fn is_for_tests(before: &[TokenTree]) -> bool {
    before.last().is_some_and(|tree| {
        let TokenTree::Group(group) = tree else { return false };
        let text = group.stream().to_string();
        text.starts_with("cfg") && text.contains("test")
    })
}

fn is_ident(tree: Option<&TokenTree>, name: &str) -> bool {
    matches!(tree, Some(TokenTree::Ident(ident)) if ident == name)
}

fn is_punct(tree: Option<&TokenTree>, mark: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::{COLUMNS_MAX, faults, unsafe_counts};

    #[test]
    fn unsafe_outside_its_folders_is_found() {
        let text = "fn f() {\n    // SAFETY: planted.\n    unsafe { g() }\n}\n";
        assert_eq!(faults(&file("core/wire/src/lib.rs", text)).len(), 1);
        assert!(faults(&file("core/arena/src/lib.rs", text)).is_empty());
        assert_eq!(unsafe_counts(&[file("core/arena/src/lib.rs", text)])["core/arena/"], 1);
    }

    #[test]
    fn unsafe_without_its_reason_is_found() {
        let path = "core/arena/src/lib.rs";
        assert_eq!(faults(&file(path, "fn f() {\n    unsafe { g() }\n}\n")).len(), 1);
        let of_another = "// SAFETY: of another.\nfn f() {}\nfn g() {\n    unsafe { h() }\n}\n";
        assert_eq!(faults(&file(path, of_another)).len(), 1);
        let above = "// SAFETY: the statement's.\nlet x =\n    unsafe { h() };\n";
        assert!(faults(&file(path, above)).is_empty());
        assert!(faults(&file(path, "/// # Safety\n/// Ask.\npub unsafe fn f() {}\n")).is_empty());
        assert!(faults(&file(path, "type F = unsafe fn(u8);\n")).is_empty());
        let c = "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn f() {}\n";
        assert!(faults(&file(path, c)).is_empty());
    }

    #[test]
    fn comments_and_strings_do_not_count() {
        let text = "// unsafe\nconst A: &str = \"unsafe { todo!() }\";\n#![forbid(unsafe_code)]\n";
        assert!(faults(&file("core/wire/src/lib.rs", text)).is_empty());
    }

    #[test]
    fn unfinished_work_is_found() {
        for name in ["todo", "unimplemented", "dbg"] {
            let text = format!("fn f() {{ {name}!(1) }}\n");
            assert_eq!(faults(&file("host/src/a.rs", &text)).len(), 1, "{name}");
        }
        for attribute in ["ignore", "ignore = \"slow\""] {
            let text = format!("#[test]\n#[{attribute}]\nfn f() {{}}\n");
            assert_eq!(faults(&file("host/src/a.rs", &text)).len(), 1, "{attribute}");
        }
    }

    #[test]
    fn a_heap_below_the_host_is_found() {
        let path = "core/wire/src/lib.rs";
        assert_eq!(faults(&file(path, "extern crate alloc;\n")).len(), 1);
        assert!(faults(&file(path, "#[cfg(test)]\nextern crate std;\n")).is_empty());
        let module = "#[cfg(test)]\nmod tests {\n    extern crate std;\n}\n";
        assert!(faults(&file(path, module)).is_empty());
        assert_eq!(faults(&file(path, &module.replace("(test)", "(fuzzing)"))).len(), 1);
        assert!(faults(&file("host/src/main.rs", "extern crate alloc;\n")).is_empty());
    }

    #[test]
    fn wide_lines_are_found() {
        let line = format!("// a {}\n", "é".repeat(COLUMNS_MAX - 4));
        assert_eq!(faults(&file("host/src/a.rs", &line)).len(), 1);
        assert!(faults(&file("host/src/a.rs", &line.replace(" a", ""))).is_empty());
        let raw = format!("const A: &str = r#\"{}\"#;\n", "x".repeat(COLUMNS_MAX));
        assert!(faults(&file("host/src/a.rs", &raw)).is_empty());
        assert_eq!(faults(&file("host/src/a.rs", &raw.replace(['r', '#'], ""))).len(), 1);
    }

    #[test]
    fn what_is_no_rust_is_found() {
        assert_eq!(faults(&file("host/src/a.rs", "fn f( {\n")).len(), 1);
    }
}
