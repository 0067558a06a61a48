//! The legs `ggml` and `gpu`: our kernels next to ggml's, and our models on ggml's devices.

use std::process::{Command, Output};

use anyhow::{Result, ensure};
use devtools::sh;
use devtools_c::{dist, models, output_folder};

use crate::build::{How, ggml, program, with_devices};
use crate::vulkan;

/// More tokens than lavapipe has kernels of their own for, each of which it compiles for minutes.
const PROMPT: &str = "The capital of France is";

/// The leg `ggml`: the same integers as ggml's dot products, the same logits as llama.cpp, and no
/// warning in what is compiled with them alone.
pub fn kernels() -> Result<()> {
    integers(How::ForTests)?;
    lints(ggml("clippy", "vulkan", How::ForTests)?)
}

fn lints(mut clippy: Command) -> Result<()> {
    sh::run(clippy.args(["--all-targets", "--", "-D", "warnings"]))
}

/// The tests that ggml and ours find the same integers, and llama.cpp and ours the same logits.
pub fn integers(how: How) -> Result<()> {
    let mut tests = ggml("test", "vulkan", how)?;
    sh::run(tests.args(["--test", "logits", "--test", "integers", "--bins"]))
}

/// The leg `gpu`: our models on ggml's devices, of which one is Vulkan's in software, give our
/// integers and our tokens, train as the processor does, and the program goes on where they fail.
/// Its build is that of the leg `ggml`. The driver compiles each kernel once, which is most of the
/// time, and keeps it on disk: tests that run later load it, tests at the same time would not. ggml
/// opens a device in one thread at a time.
pub fn devices() -> Result<()> {
    let how = How::ForTests;
    let run = |cargo: Command, words: &[&str]| {
        sh::run(vulkan::on_software_patiently(cargo)?.args(words).arg("--test-threads=1"))
    };
    run(ggml("test", "vulkan", how)?, &["--lib", "--test", "device", "--"])?;
    let mut tests = program("test", "vulkan", how)?;
    // Kernels in single precision are compiled in seconds, those in half precision in minutes; and
    // derivatives must be closer then.
    tests.env(vulkan::SINGLE, "1");
    run(tests, &["--lib", "--", "device::"])?;
    run(program("test", "vulkan", how)?, &["--test", "gpu", "--test", "device", "--"])?;
    sh::run(&mut program("build", "vulkan", how)?)?;
    c_program()?;
    lints(program("clippy", "vulkan", how)?)
}

/// The program in C that takes a backend, on Vulkan's device in software, next to `trine generate`
/// there. Both were built with devices into one folder.
fn c_program() -> Result<()> {
    let built = with_devices().join("debug");
    let (folder, trine) = (output_folder("devices")?, built.join("trine"));
    let file = folder.join("tiny.gguf");
    models::tiny(&trine, &file)?;
    let library = dist::hosted(&built, &folder.join("offloaded"))?;
    let program = models::compile_plain("generate", &library)?;
    let on = |backend: &str| -> Result<Command> {
        let mut command = vulkan::on_software_patiently(sh::command(&program))?;
        command.arg(&file).args([PROMPT, backend]);
        Ok(command)
    };
    let wanted = |backend: &str| {
        let mut generate = vulkan::on_software_patiently(sh::command(&trine))?;
        generate.args(["generate", PROMPT, "--tokens", models::TOKENS, "--backend", backend]);
        sh::bytes(generate.arg("--model").arg(&file))
    };
    models::same_text(&mut on("vulkan")?, &wanted("vulkan")?)?;
    let processor = wanted("cpu")?;
    models::same_text(&mut on("cpu")?, &processor)?;
    // A device that does not open.
    let broken = |backend: &str| -> Result<(Output, String)> {
        let done = sh::ended(on(backend)?.env("GGML_VK_FORCE_MAX_BUFFER_SIZE", "none"))?;
        let said = sh::said(&done);
        Ok((done, said))
    };
    let (done, warned) = broken("vulkan,cpu")?;
    ensure!(done.status.success() && done.stdout == processor, "{warned}");
    ensure!(warned.starts_with("warning: Vulkan0 does not open"), "{warned}");
    let (done, said) = broken("vulkan")?;
    ensure!(done.status.code() == Some(1) && said.contains("Vulkan0 does not open"), "{said}");
    let listed = sh::output(&mut vulkan::on_software(sh::command(&program))?)?;
    ensure!(listed.contains("Vulkan0 (Vulkan): ") && listed.contains("not taken: "), "{listed}");
    println!("a C program writes what `trine generate` writes: on Vulkan, in software");
    Ok(())
}
