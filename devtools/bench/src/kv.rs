//! What int8 keys and values cost: how often a model that was trained chooses something else.

use anyhow::Result;
use devtools::record::{Figures, Record};
use devtools::sh;

use crate::kernels::tables;

/// `cargo xtask bench kv`: all sentences of the built-in models.
pub fn main(keep: bool) -> Result<()> {
    // Choices are the same on a busy machine.
    let record = Record::begin("kv", Figures::Counts, keep)?;
    let mut text = String::from(
        "The built-in models, beside the same with keys and values in single precision: sentences \
         of which all choices are the same, and by how much the confidence of the call \
         differs.\n\n",
    );
    let mut cargo = sh::cargo();
    cargo.args(["test", "-q", "--release", "-p", "trine-models", "--lib"]);
    text += &tables(cargo.args(["kv_tests", "--"]))?;
    record.end(&text)
}
