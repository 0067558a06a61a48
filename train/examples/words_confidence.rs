//! Fits the weights of the confidence of `trine_train::words` on every fourth of the first
//! 120 training lists, and prints them: `cargo run -p trine-train --example words_confidence`.
#![allow(clippy::print_stdout, reason = "what it is for")]

use std::path::Path;

use trine_train::lists::score::are_same;
use trine_train::lists::{ListError, Set, load};
use trine_train::words::{Words, confidence};

fn main() -> Result<(), ListError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lists");
    let lists = load(&folder, Set::Training)?;
    let mut examples = Vec::new();
    for list in lists.iter().take(120).step_by(4) {
        for record in &list.records {
            let (predicted, features) = Words.explain(list, &record.text);
            let is_call = !record.calls.is_empty();
            examples.push((features, is_call && are_same(&record.calls, &predicted.calls)));
        }
    }
    for weight in confidence::fit(&examples) {
        println!("    {weight:.3},");
    }
    Ok(())
}
