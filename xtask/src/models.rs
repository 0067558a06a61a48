//! The programs in C that use language models: what they write is what `trine generate` writes of
//! the same file, whether a library has the memory or the program has.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::examples::heap_counter;
use crate::matrix::{SANITIZE, output_folder, quiet};
use crate::{dist, sh};

const PROMPT: &str = "Hello";
/// The small model that the tests of misuse take.
pub(crate) const MISUSED: &str = "tests/golden/bitnet/plain.gguf";
/// Tokens that the programs write.
const TOKENS: &str = "24";

/// The examples of models.
///
/// # Errors
/// When one does not build, writes another text, or asks the system for too much.
pub(crate) fn examples() -> Result<()> {
    let folder = output_folder("models")?;
    let mut cargo = sh::cargo();
    sh::run(cargo.args(["build", "--profile", "ci", "-p", "trine", "-p", "trine-c-host"]))?;
    let trine = sh::target_dir().join("ci/trine");
    let (file, image) = (folder.join("tiny.gguf"), folder.join("model.trnm"));
    quiet(sh::command(&trine).args(["model", "make", "--tiny", "-o"]).arg(&file))?;
    quiet(sh::command(&trine).args(["model", "pack"]).arg(&file).arg("-o").arg(&image))?;
    let wanted = |model: &Path| {
        let mut generate = sh::command(&trine);
        generate.args(["generate", PROMPT, "--tokens", TOKENS, "--model"]).arg(model);
        bytes(&mut generate)
    };
    from_file(&folder, &file, &wanted(&file)?)?;
    from_memory(&folder, &image, &wanted(&image)?)
}

/// The program that takes a path, with `libtrine_host`.
fn from_file(folder: &Path, file: &Path, wanted: &[u8]) -> Result<()> {
    let library = dist::hosted(&sh::target_dir().join("ci"), &folder.join("hosted"))?;
    for (name, flags) in [("plain", &["-g"][..]), ("sanitized", SANITIZE)] {
        let program = compile("file", name, flags, &[&library])?;
        let run = |command: &mut Command| says(command.arg(file).arg(PROMPT), wanted);
        run(&mut sh::command(&program))?;
        if name == "plain" {
            let mut valgrind = sh::command("valgrind");
            valgrind.args(["--quiet", "--error-exitcode=9", "--leak-check=full"]).arg(&program);
            run(&mut valgrind)?;
        }
        let missing = sh::command(&program).arg("missing.gguf").output()?;
        ensure!(missing.status.code() == Some(1), "a file that is not there is opened");
    }
    println!("a C program writes what `trine generate` writes: from a file, with threads");
    Ok(())
}

/// The program that has the model in constant memory, with `libtrine_model` and without a heap.
fn from_memory(folder: &Path, image: &Path, wanted: &[u8]) -> Result<()> {
    let library = dist::host_model_library()?;
    let array = folder.join("model.c");
    fs::write(&array, as_array(&fs::read(image)?)?)?;
    for (name, flags) in [("plain", &["-g"][..]), ("sanitized", SANITIZE)] {
        let program = compile("memory", name, flags, &[&array, &library])?;
        says(&mut sh::command(&program), wanted)?;
        if name == "plain" {
            let mut valgrind = sh::command("valgrind");
            valgrind.args(["--quiet", "--error-exitcode=9"]).arg(&program);
            says(&mut valgrind, wanted)?;
            let mut counted = sh::command(&program);
            let done = counted.env("LD_PRELOAD", heap_counter()?).output()?;
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            ensure!(said.trim_end().ends_with("heap calls: 0"), "{said}");
        }
    }
    println!("and from constant memory, in steps, with 0 calls of the heap");
    Ok(())
}

fn compile(source: &str, name: &str, flags: &[&str], others: &[&Path]) -> Result<PathBuf> {
    let program = output_folder("models")?.join(format!("{source}-{name}"));
    let mut cc = sh::command("gcc");
    cc.args(["-std=c99", "-O2", "-Iinclude"]).args(flags);
    cc.arg(format!("host-example/model/{source}.c")).args(others);
    let last = others.last().and_then(|library| library.parent()).context("a library")?;
    cc.arg(format!("-Wl,-rpath,{}", last.display()));
    quiet(cc.arg("-o").arg(&program))?;
    Ok(program)
}

/// What a command writes: text, but not always UTF-8.
fn bytes(command: &mut Command) -> Result<Vec<u8>> {
    let line = sh::shown(command);
    let done = command.output().with_context(|| format!("`{line}` could not start"))?;
    let errors = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "`{line}` failed: {}\n{errors}", done.status);
    Ok(done.stdout)
}

fn says(command: &mut Command, wanted: &[u8]) -> Result<()> {
    let said = bytes(command)?;
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    ensure!(said.len() > 20, "hardly any text: {}", shown(&said));
    ensure!(said == wanted, "{} in place of {}", shown(&said), shown(wanted));
    Ok(())
}

/// As `xxd -i model.trnm` writes it.
fn as_array(bytes: &[u8]) -> Result<String> {
    let mut text = "unsigned char model_trnm[] = {".to_owned();
    for (at, byte) in bytes.iter().enumerate() {
        write!(text, "{}{byte:#04x},", if at % 12 == 0 { "\n" } else { "" })?;
    }
    Ok(format!("{text}\n}};\nunsigned int model_trnm_len = {};\n", bytes.len()))
}
