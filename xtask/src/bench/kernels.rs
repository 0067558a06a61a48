//! The ternary kernels beside ggml's (`tests/ggml`): first that both find the same integers, then
//! how fast.

use std::process::Command;

use anyhow::{Result, ensure};

use super::model::native;
use super::table;
use crate::{models, sh, vulkan};

/// Tests, measures, prints the tables, and keeps them under `benches/record` when `record` is set.
///
/// # Errors
/// When something does not build (cmake, ninja, a C++ compiler and libclang are needed), the
/// integers differ, or a gate is missed.
pub(crate) fn main(record: bool) -> Result<()> {
    sh::run(peer("test")?.args(["--test", "logits", "--bins"]))?;
    sh::run(&mut peer("build")?)?;
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

/// The leg `ggml`: the same integers as ggml's dot products, the same logits as llama.cpp, and no
/// warning in what is compiled with them alone.
///
/// # Errors
/// When something does not build, or a test fails.
pub(crate) fn alike() -> Result<()> {
    sh::run(peer("test")?.args(["--test", "logits", "--bins"]))?;
    sh::run(peer("clippy")?.args(["--all-targets", "--", "-D", "warnings"]))
}

/// The leg `gpu`: our models on ggml's devices, of which one is Vulkan's in software, give our
/// integers and our tokens, and the program goes on where they fail. Its build is that of the leg
/// `ggml`.
///
/// # Errors
/// When something does not build, or a test fails.
pub(crate) fn devices() -> Result<()> {
    test_devices("vulkan", true)?;
    let mut tests = vulkan::on_software(program("test", "vulkan")?)?;
    sh::run(tests.args(["--test", "gpu", "--test", "device", "--", "--test-threads=1"]))?;
    sh::run(&mut program("build", "vulkan")?)?;
    models::on_device(&target_dir().join("release"))?;
    sh::run(program("clippy", "vulkan")?.args(["--all-targets", "--", "-D", "warnings"]))
}

/// The tests of devices, on a driver in software or on what the machine has.
///
/// # Errors
/// When something does not build, or a test fails.
pub(super) fn test_devices(backend: &str, is_software: bool) -> Result<()> {
    let mut cargo = ggml("test", backend)?;
    if is_software {
        cargo = vulkan::on_software(cargo)?;
    }
    // ggml opens a device in one thread at a time.
    cargo.args(["--lib", "--test", "device", "--", "--test-threads=1"]);
    sh::run(&mut cargo)
}

/// Cargo on the program and `libtrine_host` with devices, and with ggml as above.
pub(super) fn program(what: &str, backend: &str) -> Result<Command> {
    let mut cargo = vulkan::build(native(sh::cargo()))?;
    let features = format!("trine/peer,trine/{backend},trine-c-host/{backend}");
    cargo.args([what, "--release", "-p", "trine", "-p", "trine-c-host", "--features", &features]);
    cargo.arg("--target-dir").arg(target_dir());
    Ok(cargo)
}

pub(super) fn target_dir() -> std::path::PathBuf {
    sh::target_dir().join("ggml")
}

/// Cargo on all that calls ggml, so that ggml is built once.
fn peer(what: &str) -> Result<Command> {
    ggml(what, "vulkan")
}

pub(super) fn ggml(what: &str, backend: &str) -> Result<Command> {
    let mut cargo = vulkan::build(native(sh::cargo()))?;
    cargo.args([what, "--release", "-p", "trine-ggml", "-p", "trine-ggml-kernels"]);
    let features = format!("trine-ggml/llama,trine-ggml/{backend},trine-ggml-kernels/ggml");
    cargo.args(["--features", &features, "--target-dir"]).arg(target_dir());
    Ok(cargo)
}
