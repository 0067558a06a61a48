//! `docs/features.md`: what was asked for, and the test or command that shows it, made of
//! `tests/requirements.tsv` by `cargo xtask asked`. What each is called stands in the page itself,
//! and in the list of ids in the folder `TRINE_DATA`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::sh;

const PATH: &str = "docs/features.md";
const TABLE: &str = "tests/requirements.tsv";
const OPENING: &str = "\
# What was asked for

Each feature that was asked of Trine, in the words of who asked, with the test that shows it or the
command that does. One without any is missing, is there in part, or is not shown by one test yet.
The table is made of `tests/requirements.tsv` by `cargo xtask asked`, and a test sees that it is
what that says.
";
const HEAD: &str = "\n| | feature | shown by | note |\n|---|---|---|---|\n";
/// Of a feature that nothing shows.
const NOTHING: &str = "nothing yet";

/// A feature that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Feature {
    id: String,
    group: String,
    name: String,
}

/// Writes the page, with the names of the list if there is one.
pub(crate) fn write() -> Result<()> {
    let list = std::env::var_os("TRINE_DATA").map(|data| Path::new(&data).join("requirements.tsv"));
    let features = match list.filter(|list| list.exists()) {
        Some(list) => listed(&std::fs::read_to_string(&list).context("the list")?),
        None => named(&sh::read(PATH)?),
    };
    std::fs::write(sh::root().join(PATH), page(&features, &sh::read(TABLE)?))?;
    println!("{PATH} has {} features", features.len());
    Ok(())
}

/// Sees that the page is what would be written.
pub(crate) fn check() -> Result<()> {
    let there = sh::read(PATH)?;
    let made = page(&named(&there), &sh::read(TABLE)?);
    ensure!(made == there, "{PATH} is old: run `cargo xtask asked`");
    println!("{PATH} is what {TABLE} says");
    Ok(())
}

/// The features of a list with the columns id, group and name.
fn listed(list: &str) -> Vec<Feature> {
    let feature = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        Some(Feature { id: columns.next()?, group: columns.next()?, name: columns.next()? })
    };
    list.lines().skip(1).filter_map(feature).collect()
}

/// The features of a page.
fn named(page: &str) -> Vec<Feature> {
    let mut group = "";
    let mut all = Vec::new();
    for line in page.lines() {
        group = line.strip_prefix("## ").unwrap_or(group);
        let Some(row) = line.strip_prefix("| ").filter(|row| !row.starts_with('|')) else {
            continue;
        };
        let mut cells = row.split(" | ");
        if let (Some(id), Some(name)) = (cells.next(), cells.next()) {
            let (id, group) = (id.to_owned(), group.to_owned());
            let name = name.trim_matches('`').replace("\\|", "|");
            all.push(Feature { id, group, name });
        }
    }
    all
}

/// The page of these features, and of the proofs in a table.
fn page(features: &[Feature], table: &str) -> String {
    let row = |line: &'_ str| -> Option<(String, (String, String))> {
        let mut columns = line.split('\t').map(str::to_owned);
        Some((columns.next()?, (columns.next()?, columns.next()?)))
    };
    let proofs: BTreeMap<_, _> = table.lines().skip(1).filter_map(row).collect();
    let (mut text, mut group) = (OPENING.to_owned(), "");
    for feature in features {
        if feature.group != group {
            group = &feature.group;
            text += &format!("\n## {group}\n{HEAD}");
        }
        // In the words of who asked, which may have marks of their own.
        let name = feature.name.replace('`', "'").replace('|', "\\|");
        let (shown, note) = match proofs.get(&feature.id) {
            Some((proofs, note)) => {
                let proofs: Vec<_> = proofs.split(" + ").map(|proof| link(proof.trim())).collect();
                (proofs.join(", "), note.replace('|', "\\|"))
            }
            None => (NOTHING.to_owned(), String::new()),
        };
        text += &format!("| {} | `{name}` | {shown} | {note} |\n", feature.id);
    }
    text
}

/// A proof as the page has it.
fn link(proof: &str) -> String {
    if proof.starts_with("cargo ") {
        return format!("`{proof}`");
    }
    let (file, function) = proof.split_once("::").map_or((proof, ""), |(file, name)| (file, name));
    let shown = match function {
        "" => file,
        _ => function,
    };
    // Pages lie in the same folder as this one.
    let target = file.strip_prefix("docs/").map_or(format!("../{file}"), str::to_owned);
    format!("[`{shown}`]({target})")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "id\tgroup\titem\nA-01\tOne\tfirst|last\tx\ty\nB-01\tTwo\tb\n";
    const PROOFS: &str = "id\tproof\tnote\nA-01\tdocs/a.md + b/c.rs::d + cargo xtask check\tso\n";

    #[test]
    fn a_page_has_each_feature_with_its_proofs_and_is_made_again_of_itself() {
        let made = page(&listed(LIST), PROOFS);
        let row = "| A-01 | `first\\|last` | [`docs/a.md`](a.md), [`d`](../b/c.rs), \
                   `cargo xtask check` | so |\n";
        assert!(made.contains(row), "{made}");
        assert!(made.contains("\n## Two\n") && made.contains("| B-01 | `b` | nothing yet |  |\n"));
        assert_eq!(named(&made), listed(LIST));
        assert_eq!(page(&named(&made), PROOFS), made);
        assert_ne!(page(&named(&made), "id\tproof\tnote\n"), made);
    }
}
