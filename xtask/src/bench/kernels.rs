//! The ternary kernels beside ggml's, in a workspace of its own (`tests/ggml`): first that both
//! find the same integers, then how fast.

use std::process::Command;

use anyhow::{Result, ensure};

use super::table;
use crate::sh;

/// Tests, measures, prints the tables, and keeps them under `benches/record` when `record` is set.
///
/// # Errors
/// When something does not build (cmake, ninja, a C++ compiler and libclang are needed), the
/// integers differ, or a gate is missed.
pub(crate) fn main(record: bool) -> Result<()> {
    sh::run(&mut peer("test"))?;
    sh::run(&mut peer("build"))?;
    let program = target_dir().join("release/trine-ggml-kernels");
    let text = sh::output(&mut sh::command(program))?;
    println!("\n{text}");
    if record {
        table::record("kernels", &text)?;
    }
    let missed = text.lines().filter(|line| line.starts_with("- MISSED")).count();
    ensure!(missed == 0, "{missed} gates are missed");
    Ok(())
}

fn target_dir() -> std::path::PathBuf {
    sh::target_dir().join("ggml")
}

/// Cargo in that workspace. ggml takes its vector extensions from the C flags; ours asks the
/// processor, so that its AVX2 kernels have AVX2 alone.
fn peer(what: &str) -> Command {
    let mut cargo = sh::cargo();
    let manifest = ["--manifest-path", "tests/ggml/Cargo.toml", "--release", "--target-dir"];
    cargo.arg(what).args(manifest).arg(target_dir());
    for name in ["CFLAGS", "CXXFLAGS"] {
        cargo.env(name, "-O3 -march=native");
    }
    cargo.env("CMAKE_GENERATOR", "Ninja");
    cargo
}
