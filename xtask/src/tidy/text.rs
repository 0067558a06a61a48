//! Rules about lines, names and file modes.

use super::File;

/// Files of code longer than this are listed.
const LINES_LISTED: usize = 400;
/// Files of code longer than this are a fault.
const LINES_MAX: usize = 600;
const CODE: &[&str] = &["rs", "py", "c", "h", "hpp", "cpp", "js", "mjs", "ts", "sh"];

/// Folders of one machine.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/ro", "ot/"),
    concat!("/tmp/", "target"),
];

/// Hosts that packages come from.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("registry.npmjs", ".org"),
    concat!("deb.debian", ".org"),
];

/// The variable that makes a stable compiler take unstable options, and who may set it.
const BOOTSTRAP: &str = concat!("RUSTC_", "BOOTSTRAP");
const MAY_BOOTSTRAP: &[&str] = &["devtools/common/src/baremetal.rs"];

/// Every fault of one file's text, name and mode.
pub(super) fn faults(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(text) = file.text() else { return faults };
    let path = &file.path;
    if !file.is_golden() && !text.is_empty() && !text.ends_with('\n') {
        faults.push(format!("{path}: the last line has no end"));
    }
    if file.is(CODE) && !file.is_golden() && text.lines().count() > LINES_MAX {
        let lines = text.lines().count();
        faults.push(format!("{path}: {lines} lines; split it, {LINES_MAX} is the most"));
    }
    let script = text.starts_with("#!") && !text.starts_with("#![");
    if script != file.executable {
        let have =
            if script { "a #! line and no executable bit" } else { "an executable bit only" };
        faults.push(format!("{path}: {have}"));
    }
    let path = path.as_str();
    if text.contains(BOOTSTRAP) && !path.ends_with(".md") && !MAY_BOOTSTRAP.contains(&path) {
        faults.push(format!("{path}: only {} may set {BOOTSTRAP}", MAY_BOOTSTRAP.join(" and ")));
    }
    faults.extend(names_of_a_machine(file, text));
    faults
}

/// Lock files name registries by their nature, and so does the list of allowed ones.
fn may_name_hosts(path: &str) -> bool {
    path.ends_with(".lock") || path.ends_with("package-lock.json") || path.ends_with("deny.toml")
}

fn names_of_a_machine(file: &File, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if may_name_hosts(&file.path) {
        return faults;
    }
    for (at, line) in text.lines().enumerate() {
        let mut found = MACHINE_PATHS.iter().chain(REGISTRY_HOSTS).filter(|name| holds(line, name));
        if let Some(name) = found.next() {
            let line = at.saturating_add(1);
            faults
                .push(format!("{}:{line}: `{name}` belongs to one machine or registry", file.path));
        }
    }
    faults
}

/// Whether the line names it, and not as the end of a longer word: a folder of ours may end in the
/// same way as a folder of a machine.
fn holds(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.' || c == '}')
    })
}

/// Files that are long, though not too long.
pub(super) fn long_files(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.is(CODE) && !file.is_golden())
        .filter_map(|file| Some((file, file.text()?.lines().count())))
        .filter(|(_, lines)| *lines > LINES_LISTED)
        .map(|(file, lines)| format!("{} has {lines} lines", file.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::{BOOTSTRAP, LINES_MAX, faults, long_files};

    #[test]
    fn a_plain_file_has_no_fault() {
        assert!(faults(&file("a.rs", "fn main() {}\n")).is_empty());
        let inner = concat!("see core/wo", "rk/a.md\n");
        assert!(faults(&file("a.md", inner)).is_empty());
    }

    #[test]
    fn a_missing_last_end_is_found() {
        assert_eq!(faults(&file("a.md", "text")).len(), 1);
        assert!(faults(&file("tests/golden/a.json", "{}")).is_empty());
    }

    #[test]
    fn long_files_are_found() {
        let lines = "x\n".repeat(LINES_MAX + 1);
        assert_eq!(faults(&file("a.py", &lines)).len(), 1);
        assert_eq!(long_files(&[file("a.py", &lines)]).len(), 1);
        assert!(faults(&file("a.md", &lines)).is_empty());
    }

    #[test]
    fn a_script_and_its_mode_agree() {
        let mut script = file("run", "#!/bin/sh\n");
        assert_eq!(faults(&script).len(), 1);
        script.executable = true;
        assert!(faults(&script).is_empty());
        script.bytes = b"echo\n".to_vec();
        assert_eq!(faults(&script).len(), 1);
        assert!(faults(&file("a.rs", "#![no_std]\n")).is_empty());
    }

    #[test]
    fn unstable_options_are_asked_for_in_one_place() {
        let text = format!("env {BOOTSTRAP}=1 cargo build\n");
        assert_eq!(faults(&file("host/build.rs", &text)).len(), 1);
        assert!(faults(&file("devtools/common/src/baremetal.rs", &text)).is_empty());
        assert!(faults(&file("docs/porting.md", &text)).is_empty());
    }

    #[test]
    fn machines_and_registries_are_found() {
        for planted in [concat!("see /wo", "rk/x"), concat!("from https://pypi", ".org/x")] {
            assert_eq!(faults(&file("a.md", &format!("{planted}\n"))).len(), 1, "{planted}");
            assert!(faults(&file("Cargo.lock", &format!("{planted}\n"))).is_empty());
        }
    }
}
