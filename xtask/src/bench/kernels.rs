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
    let peer = |what| ggml(what, "vulkan", Built::ForSpeed);
    sh::run(peer("test")?.args(["--test", "logits", "--test", "integers", "--bins"]))?;
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
    let peer = |what| ggml(what, "vulkan", Built::ForTests);
    sh::run(peer("test")?.args(["--test", "logits", "--test", "integers", "--bins"]))?;
    sh::run(peer("clippy")?.args(["--all-targets", "--", "-D", "warnings"]))
}

/// The leg `gpu`: our models on ggml's devices, of which one is Vulkan's in software, give our
/// integers and our tokens, train as the processor does, and the program goes on where they fail.
/// Its build is that of the leg `ggml`. The driver compiles each kernel once, which is most of the
/// time, and keeps it on disk: tests that run later load it, tests at the same time would not.
///
/// # Errors
/// When something does not build, or a test fails.
pub(crate) fn devices() -> Result<()> {
    test_devices(ggml("test", "vulkan", Built::ForTests)?, true)?;
    test_training("vulkan", Built::ForTests, true)?;
    test_program()?;
    sh::run(&mut program("build", "vulkan", Built::ForTests)?)?;
    models::on_device(&with_devices().join("ci"))?;
    let mut clippy = program("clippy", "vulkan", Built::ForTests)?;
    sh::run(clippy.args(["--all-targets", "--", "-D", "warnings"]))
}

/// The tests of the program and of `libtrine_host` with devices.
fn test_program() -> Result<()> {
    let mut tests = vulkan::on_software_patiently(program("test", "vulkan", Built::ForTests)?)?;
    sh::run(tests.args(["--test", "gpu", "--test", "device", "--", "--test-threads=1"]))
}

/// The tests of devices, by [`ggml`], on a driver in software or on what the machine has.
///
/// # Errors
/// When something does not build, or a test fails.
pub(super) fn test_devices(mut cargo: Command, is_software: bool) -> Result<()> {
    if is_software {
        cargo = vulkan::on_software_patiently(cargo)?;
    }
    // ggml opens a device in one thread at a time.
    cargo.args(["--lib", "--test", "device", "--", "--test-threads=1"]);
    sh::run(&mut cargo)
}

/// The tests of training on devices, in the same way.
///
/// # Errors
/// When something does not build, or a test fails.
pub(super) fn test_training(backend: &str, built: Built, is_software: bool) -> Result<()> {
    let mut cargo = built.cargo()?;
    if is_software {
        cargo = vulkan::on_software_patiently(cargo)?;
        // Kernels in single precision are compiled in seconds, those in half precision in minutes;
        // and derivatives must be closer then.
        cargo.env(vulkan::SINGLE, "1");
    }
    cargo.args(["test", "-p", "trine-train", "--features", &format!("trine-train/{backend}")]);
    built.tell(&mut cargo);
    sh::run(cargo.args(["--lib", "--", "device::", "--test-threads=1"]))
}

/// How what is compiled with ggml is built.
#[derive(Clone, Copy, Debug)]
pub(super) enum Built {
    /// As the other legs build and in their folder, where most of it lies already.
    ForTests,
    /// As it is shipped, in a folder of its own: ggml is compiled once for all measurements.
    ForSpeed,
}

impl Built {
    /// Cargo, told how ggml and llama.cpp are compiled. Tests compile them far longer than they run
    /// them, so for these they are made less quick, by a configuration of which its build knows
    /// nothing but these options.
    fn cargo(self) -> Result<Command> {
        let mut cargo = vulkan::build(native(sh::cargo()))?;
        if matches!(self, Self::ForTests) {
            cargo.env("LLAMA_LIB_PROFILE", "Tests");
            for language in ["C", "CXX"] {
                cargo.env(format!("{language}FLAGS"), "-O1 -march=native");
                cargo.env(format!("CMAKE_{language}_FLAGS_TESTS"), "-O1 -DNDEBUG");
            }
        }
        Ok(cargo)
    }

    fn tell(self, cargo: &mut Command) {
        match self {
            // What is compiled lies with that of the other legs, the programs apart: these have
            // devices. Where cargo does not know this, it compiles all of it once more.
            Self::ForTests => cargo
                .args(["--profile", "ci", "--target-dir"])
                .arg(with_devices())
                .env("CARGO_BUILD_BUILD_DIR", sh::target_dir()),
            Self::ForSpeed => cargo.args(["--release", "--target-dir"]).arg(target_dir()),
        };
    }
}

/// Where the programs with devices are.
fn with_devices() -> std::path::PathBuf {
    sh::target_dir().join("devices")
}

pub(super) fn target_dir() -> std::path::PathBuf {
    sh::target_dir().join("ggml")
}

/// Cargo on the program and `libtrine_host` with devices, and with ggml as below.
pub(super) fn program(what: &str, backend: &str, built: Built) -> Result<Command> {
    let mut cargo = built.cargo()?;
    let features = format!("trine/peer,trine/{backend},trine-c-host/{backend}");
    cargo.args([what, "-p", "trine", "-p", "trine-c-host", "--features", &features]);
    built.tell(&mut cargo);
    Ok(cargo)
}

/// Cargo on all that calls ggml, so that ggml is built once.
pub(super) fn ggml(what: &str, backend: &str, built: Built) -> Result<Command> {
    let mut cargo = built.cargo()?;
    let mut features = format!("trine-ggml/llama,trine-ggml/{backend},trine-ggml-kernels/ggml");
    if matches!(built, Built::ForTests) {
        // Our own backend for CUDA, whose kernels run on the processor then.
        features += ",trine-ggml/fibers";
    }
    cargo.args([what, "-p", "trine-ggml", "-p", "trine-ggml-kernels", "--features", &features]);
    built.tell(&mut cargo);
    Ok(cargo)
}
