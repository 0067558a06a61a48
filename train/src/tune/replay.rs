//! Sentences of other lists that are trained on with one's own, so that the base keeps what it
//! knows: some of the training lists, in one file of the program.

use serde_json::{Value as Json, json};

use super::own;
use crate::Result;
use crate::lists::List;

/// A list a line: its tools and some of its sentences.
const LISTS: &str = include_str!("../../base/replay.jsonl");

/// They.
///
/// # Errors
/// Never: the file is of this program, and a test reads it.
pub fn lists() -> Result<Vec<List>> {
    LISTS.lines().map(line).collect()
}

fn line(text: &str) -> Result<List> {
    let json: Json = serde_json::from_str(text)?;
    let mut list = own::list(&json["tools"].to_string())?;
    let each = json["sentences"].as_array().into_iter().flatten();
    own::add(&mut list, &each.map(|one| format!("{one}\n")).collect::<String>())?;
    Ok(list)
}

/// A list as a line.
#[must_use]
pub fn written(list: &List) -> String {
    let sentences = list.records.iter().map(own::written).collect::<Vec<_>>();
    format!("{}\n", json!({"tools": list.tools, "sentences": sentences}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replayed_is_small_and_can_be_read() {
        assert!(LISTS.len() <= 500_000, "{} bytes", LISTS.len());
        let lists = lists().unwrap();
        assert!(lists.len() > 10 && lists.iter().all(|list| list.records.len() > 3));
        let again: String = lists.iter().map(written).collect();
        assert!(again == LISTS);
    }
}
