//! The table of crates in `ARCHITECTURE.md`: each crate with what its manifest says and what
//! `edges.toml` lets it need. `cargo xtask crates` writes it, the leg `structure` compares it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::edges::Edges;
use super::graph::{self, Node};
use crate::sh;

const PAGE: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- crates: written by `cargo xtask crates` -->\n";
const END: &str = "<!-- end of crates -->\n";

pub(crate) fn write() -> Result<()> {
    let page = sh::read(PAGE)?;
    let (before, _, after) = parts(&page)?;
    let table = table(&Edges::read()?, &graph::all()?);
    std::fs::write(sh::root().join(PAGE), format!("{before}{BEGIN}{table}{END}{after}"))?;
    Ok(())
}

/// The lines of the page that are not what `cargo xtask crates` writes.
pub(crate) fn faults() -> Result<Vec<String>> {
    let page = sh::read(PAGE)?;
    let (_, found, _) = parts(&page)?;
    Ok(differences(found, &table(&Edges::read()?, &graph::all()?)))
}

/// What stands before the table, the table, and what stands behind it.
fn parts(page: &str) -> Result<(&str, &str, &str)> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{PAGE}: no {BEGIN}"))?;
    let (table, after) = rest.split_once(END).with_context(|| format!("{PAGE}: no {END}"))?;
    Ok((before, table, after))
}

fn differences(found: &str, wanted: &str) -> Vec<String> {
    let [has, should]: [BTreeSet<&str>; 2] = [found, wanted].map(|text| text.lines().collect());
    let missing = should.difference(&has).map(|line| format!("{PAGE} lacks: {line}"));
    let wrong = has.difference(&should).map(|line| format!("{PAGE} has, and should not: {line}"));
    let mut faults: Vec<String> = missing.chain(wrong).collect();
    if faults.is_empty() && found != wanted {
        faults.push(format!("{PAGE}: the rows are not in order"));
    }
    if !faults.is_empty() {
        faults.push("`cargo xtask crates` writes it".to_owned());
    }
    faults
}

fn table(edges: &Edges, nodes: &[Node]) -> String {
    let row = |node: &Node| {
        let needs = match edges.crates.get(&node.name) {
            Some(allowed) => [list(&allowed.ours), list(&allowed.outside)].join(" | "),
            None => "(a tool: any) | (any)".to_owned(),
        };
        let about = node.about.trim_end_matches('.');
        let row = format!("| `{}` | {} | {about} | {needs} |\n", node.folder, node.name);
        (node.folder.clone(), row)
    };
    let rows: BTreeMap<String, String> = nodes.iter().map(row).collect();
    let head = "| folder | crate | what it is | needs of ours | needs from outside |\n\
                |---|---|---|---|---|\n";
    head.to_owned() + &rows.into_values().collect::<String>()
}

/// Names with commas; ours without what all of them begin with.
fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let short = |name: &String| name.strip_prefix("trine-").unwrap_or(name).to_owned();
    names.iter().map(short).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::nodes;
    use super::{Edges, differences, table};

    #[test]
    fn another_row_and_another_order_are_found() {
        let edges = "tools = ['xtask']\n[crates]\n\
                     trine-wire = { ours = ['trine-arena'], outside = ['crc'] }";
        let edges: Edges = toml::from_str(edges).unwrap();
        let table = table(&edges, &nodes(&[("xtask", &[]), ("trine-wire", &[])]));
        let row = "| `of/trine-wire` | trine-wire | The trine-wire | arena | crc |\n";
        assert!(table.contains(row) && table.contains("| (a tool: any) | (any) |"), "{table}");
        assert!(differences(&table, &table).is_empty());
        assert_eq!(differences(&table.replace(row, ""), &table).len(), 2);
        assert_eq!(differences(&table.replace("arena", "infer"), &table).len(), 3);
        assert_eq!(differences(&(row.to_owned() + &table.replace(row, "")), &table).len(), 2);
    }
}
