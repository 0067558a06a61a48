//! The licence texts of all that is linked into a package.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use devtools::sh;

use super::crates::{Crate, Crates};

/// What the names of files with licences begin with.
const NAMES: [&str; 6] = ["licen", "copying", "copyright", "unlicense", "notice", "authors"];
/// Copyright lines of crates whose archives have no licence file.
const NOTICES: &str = "ffi/package/notices.tsv";

/// The licences of all crates from outside, each text once. A crate without any is an error: its
/// licence asks for its text.
pub(super) fn texts(crates: &Crates) -> Result<String> {
    let notices = sh::read(NOTICES)?;
    let mit = sh::read("LICENSE-MIT")?;
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut out = String::from(
        "The licences of the crates that are linked into this package. That of Trine itself is in\n\
         LICENSE-APACHE and LICENSE-MIT, and that of Rust's standard library in the file beside \
         this one.\n\n",
    );
    for one in crates.values().filter(|one| !one.is_ours()) {
        let name = format!("{} {}", one.name, one.version);
        // Strings take whatever is written to them.
        _ = writeln!(out, "{name}: {}", one.licence);
        for text in of_crate(one, &notices, &mit)? {
            by_text.entry(text).or_default().push(name.clone());
        }
    }
    for (text, names) in by_text {
        let line = "-".repeat(78);
        _ = write!(out, "\n{line}\n{}\n{line}\n\n{text}\n", names.join(", "));
    }
    Ok(out)
}

fn of_crate(one: &Crate, notices: &str, mit: &str) -> Result<Vec<String>> {
    let is_named = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        NAMES.iter().any(|start| name.starts_with(start))
    };
    let mut texts = Vec::new();
    for path in sh::entries(&one.folder)?.into_iter().filter(is_named) {
        // Some have a folder of them.
        let files = if path.is_dir() { sh::entries(&path)? } else { vec![path] };
        for file in files {
            let text = fs::read_to_string(&file);
            texts.push(tidied(&text.with_context(|| file.display().to_string())?));
        }
    }
    let begins = format!("{}\t", one.name);
    let notice = notices.lines().find_map(|line| line.strip_prefix(&begins));
    match (texts.is_empty(), notice) {
        (false, _) => Ok(texts),
        (true, Some(notice)) if one.licence.split(" OR ").any(|way| way == "MIT") => {
            let body = mit.split_once("\n\n").map_or(mit, |(_, body)| body);
            let notice = if notice == "-" { String::new() } else { format!("{notice}\n\n") };
            Ok(vec![tidied(&format!("{notice}{body}"))])
        }
        (true, _) => bail!(
            "{} {} ({}) has no licence file: put the notice of its repository ({}) into {NOTICES}",
            one.name,
            one.version,
            one.licence,
            one.repository
        ),
    }
}

/// A text without what differs for no reason: ends of lines and lines at its ends.
fn tidied(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// The notices of Rust's standard library, which each compiler brings along.
pub(super) fn of_rust() -> Result<PathBuf> {
    let root = sh::output(sh::command("rustc").args(["--print", "sysroot"]))?;
    let own = Path::new(root.trim()).join("share/doc/rust/COPYRIGHT-library.html");
    if own.exists() {
        return Ok(own);
    }
    let debian = sh::entries(Path::new("/usr/share/doc")).unwrap_or_default().into_iter();
    let is_std = |path: &PathBuf| path.to_string_lossy().contains("/libstd-rust-");
    let mut copyrights = debian.filter(is_std).map(|folder| folder.join("copyright"));
    let found = copyrights.find(|path| path.exists());
    found.with_context(|| format!("{} is not there: the compiler's licences", own.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use devtools::sh;

    use super::super::crates::Crate;
    use super::of_crate;

    #[test]
    fn a_crate_without_a_licence_needs_a_notice_and_the_licence_of_mit() {
        let folder = sh::scratch("licences");
        let mut one = Crate {
            name: "some".to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT OR Apache-2.0".to_owned(),
            repository: "https://example.org".to_owned(),
            folder: folder.clone(),
            checksum: Some("ab".to_owned()),
            needs: BTreeSet::new(),
        };
        let mit = "Copyright us\n\nPermission is granted\n";
        let error = of_crate(&one, "something\tCopyright x\n", mit).unwrap_err().to_string();
        assert!(error.starts_with("some 1.0.0 (MIT OR Apache-2.0) has no licence file"), "{error}");
        let notices = "some\tCopyright (c) 2020 Them\n";
        let texts = of_crate(&one, notices, mit).unwrap();
        assert_eq!(texts, ["Copyright (c) 2020 Them\n\nPermission is granted"]);
        assert_eq!(of_crate(&one, "some\t-\n", mit).unwrap(), ["Permission is granted"]);
        one.licence = "Zlib".to_owned();
        assert!(of_crate(&one, notices, mit).is_err());
        fs::write(folder.join("LICENSE"), "\nText  \r\nof it\n\n").unwrap();
        assert_eq!(of_crate(&one, notices, mit).unwrap(), ["Text\nof it"]);
    }
}
