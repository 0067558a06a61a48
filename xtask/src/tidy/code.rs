//! Rules about lines of Rust that no lint of rustc or clippy keeps, and that those lints are on.
//!
//! Clippy denies an `unsafe` without its reason, `todo!`, `unimplemented!` and `dbg!`; rustc
//! forbids `unsafe` where the root of a crate says so.

use serde_json::Value;

use super::File;

/// Folders in which `unsafe` may be written. Everywhere else it is forbidden.
const UNSAFE_ALLOWED: &[&str] = &[
    "browser/engine/tests/suite/bench.rs",
    "browser/kernels/",
    "browser/module/",
    "core/arena/",
    "core/ternary/",
    "ffi/",
    "firmware-example/bsp/",
    "firmware-example/rust/src/bsp/",
    "fuzz/src/capi.rs",
    "fuzz/src/capi_lists.rs",
    "fuzz/src/capi_program.rs",
    "ggml/",
    "host/models/src/sys/",
    "host/gateway/src/sys/",
    "host/plugins/",
    "host/gateway/tests/live_bytes/counting.rs",
    "plugins/bitnet/library/",
    "tests/ggml/",
    "train/src/simd/",
];
/// What stands behind an `unsafe` that does something.
const UNSAFE: [&str; 5] = [" {", " fn ", " impl", " trait", " extern"];

/// Columns of a line of Rust. A raw string, which is how tests hold messages, cannot be broken
/// and may pass it, and so may a comment of one long word, such as an address.
const COLUMNS_MAX: usize = 100;

pub(super) fn faults(file: &File) -> Vec<String> {
    let path = &file.path;
    let may_be_unsafe = UNSAFE_ALLOWED.iter().any(|folder| path.starts_with(folder));
    let is_core = path.starts_with("core/") && !path.contains("/tests");
    let mut faults = Vec::new();
    let (mut before, mut is_raw) = ("", false);
    for (at, line) in (1..).zip(file.text().unwrap_or_default().lines()) {
        let was_raw = is_raw || line.contains("r#\"") || line.contains("r\"");
        is_raw = (is_raw || line.contains("r#\"")) && !line.contains("\"#");
        let code = if was_raw { "" } else { line.split("//").next().unwrap_or_default() };
        if !may_be_unsafe && is_unsafe(code) {
            faults.push(format!("{path}:{at}: unsafe is not allowed in this folder"));
        }
        if code.trim_start().starts_with("#[ignore") {
            faults.push(format!("{path}:{at}: a test that does not run"));
        }
        let is_heap = ["extern crate std;", "extern crate alloc;"].contains(&code.trim());
        // What only tests compile is in their module, or stands behind an attribute that says so.
        if is_core && is_heap && !code.starts_with(' ') && !before.contains("(test") {
            faults.push(format!("{path}:{at}: {}, and core/ has no heap", code.trim()));
        }
        let is_one_word =
            line.trim_start().starts_with("//") && line.split_whitespace().count() < 3;
        let columns = line.chars().count();
        if columns > COLUMNS_MAX && !was_raw && !is_one_word {
            faults.push(format!("{path}:{at}: {columns} columns"));
        }
        before = line;
    }
    faults
}

fn is_unsafe(code: &str) -> bool {
    code.split("unsafe").skip(1).any(|rest| UNSAFE.iter().any(|begin| rest.starts_with(begin)))
}

/// Every crate root without the attributes that it must have, and every manifest without lints.
pub(super) fn faults_of_crates(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let (path, text) = (&file.path, file.text().unwrap_or_default());
        if path.ends_with("Cargo.toml") && !has_lints(text) {
            faults.push(format!("{path}: no lints ask for the reason of an unsafe"));
        }
        let root = ["/src/lib.rs", "/src/main.rs"].iter().find_map(|end| path.strip_suffix(end));
        let Some(folder) = root else { continue };
        let declares = |wanted: &[&str]| text.lines().any(|line| wanted.contains(&line));
        let no_std = ["#![no_std]", "#![cfg_attr(not(test), no_std)]"];
        let is_for_chips = folder.starts_with("core/") && folder != "core/derive";
        let is_board = ["firmware-example/board", "firmware-example/motorboat"].contains(&folder);
        if (is_for_chips || is_board) && !declares(&no_std) {
            faults.push(format!("{path}: {} is missing", no_std[0]));
        }
        let is_free = !UNSAFE_ALLOWED.iter().any(|allowed| path.starts_with(allowed));
        let inside = format!("{folder}/");
        let has_some = UNSAFE_ALLOWED.iter().any(|allowed| allowed.starts_with(&inside));
        let forbid = ["#![forbid(unsafe_code)]", "#![deny(unsafe_code)]"];
        let forbid = forbid.get(..=usize::from(has_some)).unwrap_or_default();
        if is_free && has_code(path) && !declares(forbid) {
            faults.push(format!("{path}: {} is missing", forbid.join(" or ")));
        }
    }
    faults
}

/// Roots that are part of what is shipped; tests, and programs whose code is in their library, are
/// held by the rule on lines.
fn has_code(path: &str) -> bool {
    let hosted = ["host/src/lib", "host/client", "host/gateway", "host/models"];
    let shipped = ["core/", "devtools/", "train/"].into_iter().chain(hosted);
    path.starts_with("xtask/") || shipped.into_iter().any(|folder| path.starts_with(folder))
}

fn has_lints(manifest: &str) -> bool {
    let Ok(manifest) = toml::from_str::<Value>(manifest) else { return false };
    let lints = ["/lints/workspace", "/lints/clippy/undocumented_unsafe_blocks"];
    let mut lints = lints.into_iter().chain(["/lints/rust/unsafe_code"]);
    manifest["package"].is_null() || lints.any(|lint| manifest.pointer(lint).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::{COLUMNS_MAX, UNSAFE, faults, faults_of_crates};

    #[test]
    fn unsafe_outside_its_folders_is_found() {
        let text = format!("fn f() {{\n    unsafe{} g() }}\n}}\n", UNSAFE[0]);
        assert_eq!(faults(&file("core/wire/src/lib.rs", &text)).len(), 1);
        assert!(faults(&file("core/arena/src/lib.rs", &text)).is_empty());
        let said = format!("// unsafe{}\n#![forbid(unsafe_code)]\n", UNSAFE[0]);
        assert!(faults(&file("core/wire/src/lib.rs", &said)).is_empty());
    }

    #[test]
    fn a_test_that_does_not_run_is_found() {
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
    fn a_crate_must_declare_both_and_have_lints() {
        let found = |path, text| faults_of_crates(&[file(path, text)]).len();
        let fine = "#![no_std]\n#![forbid(unsafe_code)]\n";
        assert_eq!(found("core/wire/src/lib.rs", fine), 0);
        assert_eq!(found("core/wire/src/lib.rs", "//! #![no_std]\n"), 2);
        assert_eq!(found("core/wire/src/lib.rs", "#![no_std]\n"), 1);
        assert_eq!(found("core/arena/src/lib.rs", "#![no_std]\n"), 0);
        assert_eq!(found("host/gateway/src/lib.rs", "#![deny(unsafe_code)]\n"), 0);
        assert_eq!(found("core/derive/src/lib.rs", "#![forbid(unsafe_code)]\n"), 0);
        assert_eq!(found("a/Cargo.toml", "[package]\nname = 'a'\n"), 1);
        assert_eq!(found("a/Cargo.toml", "[package]\n[lints]\nworkspace = true\n"), 0);
        assert_eq!(found("a/Cargo.toml", "[workspace]\n"), 0);
    }
}
