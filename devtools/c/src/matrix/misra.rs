//! MISRA C:2012 over the header, its macros and the examples, by cppcheck's addon. Each rule that
//! is not kept is a row of docs/misra.md, with its reason; a row that is not needed fails as well.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use devtools::{parallel, sh};

const PAGE: &str = "docs/misra.md";
const CPPCHECK: &str = "cppcheck --addon=misra --std=c99 --platform=unix32 --quiet \
    --enable=warning,performance,portability --suppress=missingIncludeSystem \
    -DGREENHOUSE_SMALL=0 -DGREENHOUSE_TABLE=0 -Iinclude -Ifirmware-example/c/board \
    -Ifirmware-example/c/src -Ifirmware-example/c/bsp -Ifirmware-example/c/bsp/mps2-an386";
/// What cppcheck prints in front of a rule's number.
const RULE: &str = "misra-c2012-";

/// Programs, each checked as a whole: rules on names look across files.
const PROGRAMS: &[&[&str]] = &[
    &["tests/c/header"],
    &["host-example/c"],
    &["firmware-example/c/board", "firmware-example/c/src", "firmware-example/c/bsp"],
];
/// Files that belong to another program or another processor than the rest of their folder.
const APART: &[&str] = &["without_trine.c", "rtos.c", "receive_dma.c", "riscv.c", "nrf51.c"];

pub(super) fn main() -> Result<()> {
    let text = sh::read(PAGE)?;
    let listed = deviations(&text);
    ensure!(!listed.is_empty(), "{PAGE} has no row `| rule | … |`");
    let lines = parallel::map(PROGRAMS, |program| check(program)).into_iter();
    let lines = lines.collect::<Result<Vec<_>>>()?.concat();
    let rule = |line: &String| {
        let rule = line.split_once(RULE).map(|(_, rule)| rule.trim().to_owned());
        rule.with_context(|| format!("cppcheck says: {line}"))
    };
    let found = lines.iter().map(rule).collect::<Result<Vec<_>>>()?;
    let unlisted = lines.iter().zip(&found).filter(|(_, rule)| !listed.contains(*rule));
    let unlisted = unlisted.map(|(line, _)| line.as_str()).collect::<Vec<_>>().join("\n");
    ensure!(unlisted.is_empty(), "rules that {PAGE} does not list:\n{unlisted}");
    let found = BTreeSet::from_iter(found);
    let unused: Vec<&String> = listed.difference(&found).collect();
    ensure!(unused.is_empty(), "{PAGE} lists rules that nothing breaks: {unused:?}");
    println!("MISRA C:2012: {} rules are deviated from, each with its reason", found.len());
    Ok(())
}

fn deviations(page: &str) -> BTreeSet<String> {
    let first = |line: &str| line.strip_prefix("| ")?.split(" | ").next().map(str::to_owned);
    let is_number = |part: &str| part.parse::<u8>().is_ok();
    let is_rule = |cell: &String| {
        cell.split_once('.').is_some_and(|(group, rule)| is_number(group) && is_number(rule))
    };
    page.lines().filter_map(first).filter(is_rule).collect()
}

/// What cppcheck has to say about the files of some folders.
fn check(folders: &[&str]) -> Result<Vec<String>> {
    let mut sources = super::files(folders, "c")?;
    sources.retain(|file| !APART.iter().any(|name| file.ends_with(name)));
    // Under one name only: a header that is found by two paths is two headers to cppcheck.
    let root = sh::root();
    let sources =
        sources.iter().map(|file| file.strip_prefix(&root)).collect::<Result<Vec<_>, _>>()?;
    let mut cppcheck = sh::line(CPPCHECK);
    cppcheck.arg("--template={file}:{line}: {id}").args(&sources);
    let done = cppcheck.output().context("cppcheck could not start")?;
    ensure!(done.status.success(), "cppcheck failed: {}", done.status);
    // Findings go to its error output.
    Ok(String::from_utf8_lossy(&done.stderr).lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::deviations;

    #[test]
    fn rules_are_the_first_column() {
        let page = "# x\n\n| rule | why |\n|---|---|\n| 15.5 | early returns |\n| 8.9 | tables |\n";
        let rules: Vec<String> = deviations(page).into_iter().collect();
        assert_eq!(rules, ["15.5", "8.9"]);
    }
}
