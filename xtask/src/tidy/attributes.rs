//! Rules about what the root of each crate declares.

use super::File;

/// Crates for chips: no `std`.
const NO_STD: &[&str] = &[
    "core/arena",
    "core/ask",
    "core/bits",
    "core/descriptor",
    "core/dispatch",
    "core/infer",
    "core/mcp",
    "core/plan",
    "core/ternary",
    "core/wire",
    "firmware-example/board",
];

/// Crates without a line of `unsafe`.
const NO_UNSAFE: &[&str] = &[
    "core/ask",
    "core/bits",
    "core/derive",
    "core/descriptor",
    "core/dispatch",
    "core/infer",
    "core/mcp",
    "core/plan",
    "core/wire",
    "firmware-example/board",
    "xtask",
];

/// Every crate root that lacks an attribute it must have, and every crate that no list knows.
pub(super) fn faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let Some(folder) = root_of(&file.path) else { continue };
        let text = file.text().unwrap_or_default();
        let known = NO_STD.contains(&folder) || NO_UNSAFE.contains(&folder);
        if folder.starts_with("core/") && !known {
            faults.push(format!("{folder}: xtask/src/tidy/attributes.rs does not know this crate"));
        }
        if NO_STD.contains(&folder) && !declares(text, &["no_std", "cfg_attr(not(test), no_std)"]) {
            faults.push(format!("{}: #![no_std] is missing", file.path));
        }
        if NO_UNSAFE.contains(&folder) && !declares(text, &["forbid(unsafe_code)"]) {
            faults.push(format!("{}: #![forbid(unsafe_code)] is missing", file.path));
        }
    }
    faults
}

fn root_of(path: &str) -> Option<&str> {
    path.strip_suffix("/src/lib.rs").or_else(|| path.strip_suffix("/src/main.rs"))
}

fn declares(text: &str, attributes: &[&str]) -> bool {
    text.lines().any(|line| {
        let inner = line.trim().strip_prefix("#![").and_then(|line| line.strip_suffix(']'));
        inner.is_some_and(|inner| attributes.contains(&inner))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::faults;

    #[test]
    fn a_crate_root_must_declare_both() {
        let fine = "#![no_std]\n#![forbid(unsafe_code)]\n";
        assert!(faults(&[file("core/wire/src/lib.rs", fine)]).is_empty());
        assert_eq!(faults(&[file("core/wire/src/lib.rs", "//! #![no_std]\n")]).len(), 2);
        assert_eq!(faults(&[file("core/wire/src/lib.rs", "#![no_std]\n")]).len(), 1);
        assert!(faults(&[file("core/arena/src/lib.rs", "#![no_std]\n")]).is_empty());
    }

    #[test]
    fn an_unknown_core_crate_is_found() {
        assert_eq!(faults(&[file("core/new/src/lib.rs", "")]).len(), 1);
    }
}
