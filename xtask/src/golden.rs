//! Reference files: recorded outputs that tests compare with, byte for byte.
//!
//! They lie in folders called `golden`. A test that has one writes it instead of comparing when
//! `TRINE_GOLDEN=write` is set, and `cargo xtask golden` runs those tests so. What another program
//! computed, such as the logits of a model, is written by `cargo xtask golden bitnet`
//! and `tokens`.

use std::path::Path;

use anyhow::Result;

use crate::sh;

/// The variable that makes a test write its reference file.
const VARIABLE: &str = "TRINE_GOLDEN";

/// Writes every reference file anew. Tests that have one carry `golden` in their name.
pub(crate) fn write() -> Result<()> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "--workspace", "--quiet", "golden"]);
    sh::run(cargo.env(VARIABLE, "write"))
}

/// `cargo xtask golden bitnet`: what Hugging Face's transformers compute. It takes 6 GB, and no
/// test needs it.
pub(crate) fn write_bitnet() -> Result<()> {
    let folder = sh::root().join("tests/golden/bitnet");
    oracle("oracle", &["-r", "tests/oracle/requirements.txt"], "bitnet.py", &folder)
}

/// `cargo xtask golden tokens`: the tokens that Hugging Face's tokenizers make of some texts.
pub(crate) fn write_tokens() -> Result<()> {
    let folder = sh::root().join("core/infer/tests/token/golden");
    oracle("oracle-tokens", &["tokenizers==0.21.0"], "tokens.py", &folder)
}

/// Runs a program of `tests/oracle` for this folder, with its packages in an environment of their
/// own under the target folder.
fn oracle(environment: &str, packages: &[&str], program: &str, out: &Path) -> Result<()> {
    let environment = sh::target_dir().join(environment);
    let python = environment.join("bin/python");
    if !python.exists() {
        sh::run(sh::command("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let pip = ["-m", "pip", "install", "-q"];
    sh::run(sh::command(&python).args(pip).args(packages).current_dir(sh::root()))?;
    let program = sh::root().join("tests/oracle").join(program);
    sh::run(sh::command(&python).arg(program).arg(out))
}
