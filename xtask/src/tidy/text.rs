//! Rules about lines, names and file modes.

use super::File;

/// Files of code longer than this are a fault.
const LINES_MAX: usize = 600;
const CODE: &[&str] = &["rs", "py", "c", "h", "hpp", "cpp", "js", "mjs", "ts", "sh"];

/// Folders of one machine, and hosts that packages come from.
const FOREIGN: [&str; 8] = [
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/ro", "ot/"),
    concat!("/tmp/", "target"),
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
    let path = file.path.as_str();
    if !file.is_golden() && !text.is_empty() && !text.ends_with('\n') {
        faults.push(format!("{path}: the last line has no end"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX && file.is(CODE) && !file.is_golden() {
        faults.push(format!("{path}: {lines} lines; split it, {LINES_MAX} is the most"));
    }
    match (text.starts_with("#!") && !text.starts_with("#!["), file.executable) {
        (true, false) => faults.push(format!("{path}: a #! line and no executable bit")),
        (false, true) => faults.push(format!("{path}: an executable bit only")),
        _ => {}
    }
    if text.contains(BOOTSTRAP) && !path.ends_with(".md") && !MAY_BOOTSTRAP.contains(&path) {
        faults.push(format!("{path}: only {} may set {BOOTSTRAP}", MAY_BOOTSTRAP.join(" and ")));
    }
    faults.extend(names_of_a_machine(path, text));
    faults
}

/// Lock files name registries by their nature, and so does the list of allowed ones.
const MAY_NAME_HOSTS: [&str; 3] = [".lock", "package-lock.json", "deny.toml"];

fn names_of_a_machine(path: &str, text: &str) -> Vec<String> {
    if MAY_NAME_HOSTS.iter().any(|end| path.ends_with(end)) {
        return Vec::new();
    }
    let fault = |(at, line)| {
        let name = FOREIGN.iter().find(|name| holds(line, name))?;
        Some(format!("{path}:{at}: `{name}` belongs to one machine or registry"))
    };
    (1_u32..).zip(text.lines()).filter_map(fault).collect()
}

/// Whether the line names it, and not as the end of a longer word: a folder of ours may end in the
/// same way as a folder of a machine.
fn holds(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.' || c == '}')
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::{BOOTSTRAP, File, LINES_MAX, faults};

    #[test]
    fn each_fault_is_found_where_it_is_one() {
        let long = "x\n".repeat(LINES_MAX + 1);
        let unstable = format!("env {BOOTSTRAP}=1 cargo build\n");
        let machine = concat!("see /wo", "rk/x\n");
        for (path, text) in [
            ("a.md", "no end"),
            ("a.py", &long),
            ("run", "#!/bin/sh\n"),
            ("host/build.rs", &unstable),
            ("a.md", machine),
            ("a.md", concat!("from https://pypi", ".org/x\n")),
        ] {
            assert_eq!(faults(&file(path, text)).len(), 1, "{path}");
        }
        for (path, text) in [
            ("a.rs", "fn main() {}\n"),
            ("a.md", concat!("see core/wo", "rk/a.md\n")),
            ("tests/golden/a.json", "{}"),
            ("a.md", &long),
            ("a.rs", "#![no_std]\n"),
            ("devtools/common/src/baremetal.rs", &unstable),
            ("docs/porting.md", &unstable),
            ("Cargo.lock", machine),
        ] {
            assert!(faults(&file(path, text)).is_empty(), "{path}");
        }
        let executable = |text| faults(&File { executable: true, ..file("run", text) }).len();
        assert_eq!(["#!/bin/sh\n", "echo\n"].map(executable), [0, 1]);
    }
}
