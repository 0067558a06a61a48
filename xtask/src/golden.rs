//! Reference files: recorded outputs that tests compare with, byte for byte.
//!
//! They lie in folders called `golden`. A test that has one writes it instead of comparing when
//! `TRINE_GOLDEN=write` is set, and `cargo xtask golden` runs those tests so. What another program
//! computed, such as the logits of a model, is written by `cargo xtask golden bitnet`
//! and `tokens`.

use anyhow::{Result, bail};

use crate::sh;

/// `cargo xtask golden`, and what of it is named.
pub(crate) fn main(names: &[&str]) -> Result<()> {
    match names {
        [] => write(),
        ["bitnet"] => write_bitnet(),
        ["tokens"] => write_tokens(),
        _ => bail!("golden {}: it is bitnet or tokens, or nothing", names.join(" ")),
    }
}

/// Writes every reference file again. Tests that have one carry `golden` in their name. One runs
/// after the other: some read what another writes.
fn write() -> Result<()> {
    let tests = ["test", "--workspace", "--quiet", "golden", "--", "--test-threads=1"];
    sh::run(sh::cargo().args(tests).env("TRINE_GOLDEN", "write"))
}

/// `cargo xtask golden bitnet`: what Hugging Face's transformers compute. It takes 6 GB, and no
/// test needs it.
fn write_bitnet() -> Result<()> {
    let packages = ["-r", "tests/oracle/requirements.txt"];
    oracle("oracle", &packages, ["tests/oracle/bitnet.py", "tests/golden/bitnet"])
}

/// `cargo xtask golden tokens`: the tokens that Hugging Face's tokenizers make of some texts.
fn write_tokens() -> Result<()> {
    let program = ["tests/oracle/tokens.py", "core/infer/tests/token/golden"];
    oracle("oracle-tokens", &["tokenizers==0.21.0"], program)
}

/// Runs a program for a folder, with its packages in an environment of their own.
fn oracle(environment: &str, packages: &[&str], [program, folder]: [&str; 2]) -> Result<()> {
    let python = sh::python(environment, packages)?;
    sh::run(sh::command(python).args([program, folder].map(|path| sh::root().join(path))))
}
