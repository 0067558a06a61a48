//! The tables of docs/security.md: each promise names what was tried against it and the test that
//! holds it, and the test is there.

use anyhow::{Context, Result};

use crate::requirements::proof_fault;
use crate::{sh, structure};

const PAGE: &str = "docs/security.md";
const HEADER: &str = "| promise | attacks tried | test |";
/// What the page must have a table of, by the headings before them.
const AREAS: [&str; 6] =
    ["agrees to", "Link", "Gateway", "C ABI", "Model files", "Captures and keys"];

/// Checks the tables.
///
/// # Errors
/// When a promise has no attack or no test, or a test is not there.
pub(crate) fn main() -> Result<()> {
    let page = std::fs::read_to_string(sh::root().join(PAGE)).context(PAGE)?;
    println!("{PAGE}: {} promises", rows(&page).count());
    structure::none("promises", &faults(&page, |proof| proof_fault(proof, &sh::root())))
}

/// Heading and cells of each row.
fn rows(page: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let (mut heading, mut is_table) = ("", false);
    page.lines().filter_map(move |line| {
        if let Some(text) = line.strip_prefix('#') {
            heading = text.trim_start_matches('#').trim();
        }
        is_table = line == HEADER || is_table && line.starts_with('|');
        let is_row = is_table && line != HEADER && !line.starts_with("|---");
        let cells = line.trim_matches('|').split(" | ").map(str::trim).collect();
        is_row.then_some((heading, cells))
    })
}

fn faults(page: &str, proof_fault: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for area in AREAS {
        if !rows(page).any(|(heading, _)| heading.ends_with(area)) {
            faults.push(format!("there is no table of promises under {area}"));
        }
    }
    for (_, cells) in rows(page) {
        let [promise, attacks, tests] = cells[..] else {
            faults.push(format!("not three columns: {cells:?}"));
            continue;
        };
        let proofs: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if promise.is_empty() || attacks.is_empty() || proofs.is_empty() {
            faults.push(format!("a promise without an attack or a test: {promise}"));
        }
        let wrong = proofs.iter().filter_map(|proof| proof_fault(proof));
        faults.extend(wrong.map(|fault| format!("{promise}: {fault}")));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{AREAS, HEADER, PAGE, faults, rows};
    use crate::requirements::proof_fault;
    use crate::sh;

    #[test]
    fn every_promise_has_its_attacks_and_a_test_that_exists() {
        let page = std::fs::read_to_string(sh::root().join(PAGE)).unwrap();
        let faults = faults(&page, |proof| proof_fault(proof, &sh::root()));
        assert!(faults.is_empty() && rows(&page).count() > 30, "{faults:#?}");
    }

    #[test]
    fn a_promise_without_attack_or_test_is_found() {
        let page = |row: &str| -> String {
            let tables = AREAS.map(|area| format!("## {area}\n\n{HEADER}\n|---|---|---|\n{row}\n"));
            tables.concat()
        };
        let found = |row: &str| {
            faults(&page(row), |proof| (proof != "a.rs::good").then(|| "missing".to_owned())).len()
        };
        assert_eq!(found("| it holds | it was hit | `a.rs::good` |"), 0);
        for row in [
            "| it holds |  | `a.rs::good` |",
            "| it holds | it was hit |  |",
            "| it holds | it was hit | by hand |",
            "| it holds | it was hit | `a.rs::gone` |",
            "| it holds | it was hit |",
        ] {
            assert_eq!(found(row), AREAS.len(), "{row}");
        }
        assert_eq!(faults("", |_| None).len(), AREAS.len());
    }
}
