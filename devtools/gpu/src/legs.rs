//! The legs `ggml` and `gpu`: our kernels next to ggml's, and our models on ggml's devices.

use std::process::Command;

use anyhow::Result;
use devtools::sh;
use devtools_c::legs as c;

use crate::build::{How, ggml, program, with_devices};
use crate::vulkan;

/// What of the programs is other where there are devices: the leg `clippy` lints the rest.
const WITH_DEVICES: &[&str] = &["--lib", "--bins", "--test", "gpu", "--test", "device"];

/// The leg `ggml`: the same integers as ggml's dot products, the same logits as llama.cpp, and no
/// warning in what is compiled with them alone.
pub fn kernels() -> Result<()> {
    integers(How::ForTests)?;
    lints(ggml("clippy", "vulkan", How::ForTests)?, &["--all-targets"])
}

fn lints(mut clippy: Command, targets: &[&str]) -> Result<()> {
    sh::run(clippy.args(targets).args(["--", "-D", "warnings"]))
}

/// The tests that ggml and ours find the same integers, and llama.cpp and ours the same logits.
pub fn integers(how: How) -> Result<()> {
    let mut tests = ggml("test", "vulkan", how)?;
    sh::run(tests.args(["--test", "logits", "--test", "integers", "--bins"]))
}

/// The leg `gpu`: our models on ggml's devices, of which one is Vulkan's in software, give our
/// integers and our tokens. Its build is that of the leg `ggml`. What is built upon it is linted
/// here, and run by [`programs`].
pub fn devices() -> Result<()> {
    one_by_one(ggml("test", "vulkan", How::ForTests)?, &["--lib", "--test", "device", "--"])?;
    lints(program("clippy", "vulkan", How::ForTests)?, WITH_DEVICES)
}

/// The driver compiles each kernel once, which is most of the time, and keeps it on disk: tests
/// that run later load it, tests at the same time would not. ggml opens a device in one thread at a
/// time.
fn one_by_one(cargo: Command, words: &[&str]) -> Result<()> {
    sh::run(vulkan::on_software_patiently(cargo)?.args(words).arg("--test-threads=1"))
}

/// The part `devices` of a soak: the program and `libtrine_host` write the processor's tokens on a
/// device, train as the processor does, and go on where a device fails.
pub fn programs() -> Result<()> {
    let how = How::ForTests;
    let mut lost = ggml("test", "vulkan", how)?;
    // Of the calls after which a device can be lost, the leg tries each third one.
    lost.env("TRINE_FIBERS_EACH", "1");
    one_by_one(lost, &["--test", "device", "--", "lost"])?;
    let mut tests = program("test", "vulkan", how)?;
    // Kernels in single precision are compiled in seconds, those in half precision in minutes; and
    // derivatives must be closer then.
    tests.env(vulkan::SINGLE, "1");
    one_by_one(tests, &["--lib", "--", "device::"])?;
    one_by_one(program("test", "vulkan", how)?, &["--test", "gpu", "--test", "device", "--"])?;
    sh::run(&mut program("build", "vulkan", how)?)?;
    // The program in C that takes a backend, next to `trine`: both lie in one folder.
    let tests = c::tests("devices", &["test_devices"], &with_devices().join("debug"))?;
    sh::run(&mut vulkan::on_software_patiently(tests)?)
}
