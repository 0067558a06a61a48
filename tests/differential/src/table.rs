//! The table of known differences.

use std::fmt;

use crate::case::{Case, ProtocolFamily};
use crate::compare::Difference;

/// Why the table could not be read.
#[derive(Debug)]
pub struct TableError(String);

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TableError {}

/// A row: what differs when, and which sentence of the specification decides it.
#[derive(Debug)]
struct Row {
    class: String,
    family: String,
    tag: String,
    place: String,
    ours: String,
    rmcp: String,
    hits: [u32; 2],
}

impl Row {
    fn title(&self) -> String {
        format!("{}: {} of {}", self.class, self.place, self.tag)
    }
}

/// All rows, with a count of the differences that each has explained.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Row>,
}

const COLUMNS: usize = 8;

impl Table {
    /// Reads tab-separated rows of class, era (`legacy`, `modern` or `both`), tag, place, ours,
    /// rmcp, specification and reason; `*` in tag, place, ours and rmcp stands for any text. Lines
    /// that begin with `#`, and the heading, are left out.
    ///
    /// # Errors
    ///
    /// A row with another number of columns, an unknown era, or an empty column.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut rows = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') || line.starts_with("class\t") {
                continue;
            }
            let columns: Vec<&str> = line.split('\t').collect();
            let whole = columns.len() == COLUMNS && columns.iter().all(|text| !text.is_empty());
            let [class, family, tag, place, ours, rmcp, ..] = columns.as_slice() else {
                return Err(TableError(format!("line {}: too few columns", number + 1)));
            };
            if !whole || !["legacy", "modern", "both"].contains(family) {
                return Err(TableError(format!("line {}: not a row: {line}", number + 1)));
            }
            let [class, family, tag, place, ours, rmcp] =
                [class, family, tag, place, ours, rmcp].map(|text| (*text).to_owned());
            rows.push(Row { class, family, tag, place, ours, rmcp, hits: [0; 2] });
        }
        Ok(Self { rows })
    }

    /// Whether a row explains the difference; each that does counts a hit.
    pub fn explains(
        &mut self,
        family: ProtocolFamily,
        case: &Case,
        difference: &Difference,
    ) -> bool {
        let mut explained = false;
        for row in &mut self.rows {
            let fits = (row.family == "both" || row.family == family.name())
                && glob(&row.tag, &case.tag)
                && glob(&row.place, &difference.place)
                && glob(&row.ours, &difference.ours)
                && glob(&row.rmcp, &difference.rmcp);
            if fits {
                row.hits[usize::from(family == ProtocolFamily::Modern)] += 1;
                explained = true;
            }
        }
        explained
    }

    /// The rows that should have explained something in this era, and did not.
    pub fn idle(&self, family: ProtocolFamily) -> Vec<String> {
        let own = usize::from(family == ProtocolFamily::Modern);
        self.rows
            .iter()
            .filter(|row| {
                (row.family == "both" || row.family == family.name()) && row.hits[own] == 0
            })
            .map(Row::title)
            .collect()
    }

    /// Each row that explained something in this era, and how often, for the report.
    pub fn hits(&self, family: ProtocolFamily) -> Vec<(String, u32)> {
        let own = usize::from(family == ProtocolFamily::Modern);
        self.rows
            .iter()
            .filter(|row| row.hits[own] > 0)
            .map(|row| (row.title(), row.hits[own]))
            .collect()
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_is_any_text() {
        assert!(glob("id.null", "id.null"));
        assert!(!glob("id.null", "id.nullish"));
        assert!(glob("call.*", "call.good.fan_set"));
        assert!(glob("*", ""));
        assert!(glob("call.*.fan_set", "call.good.fan_set"));
        assert!(!glob("call.*.fan_set", "call.good.vent_move"));
        assert!(!glob("a*a", "a"));
    }
}
