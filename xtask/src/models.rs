//! The programs in C that use language models: what they write is what `trine generate` writes of
//! the same file, whether a library has the memory or the program has.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::examples::heap_counter;
use crate::matrix::{SANITIZE, output_folder, quiet};
use crate::{dist, programs, sh, vulkan};

const PROMPT: &str = "Hello";
/// More tokens than lavapipe has kernels of their own for, each of which it compiles for minutes.
const LONG: &str = "The capital of France is";
/// The small model that the tests of misuse take.
pub(crate) const MISUSED: &str = "tests/golden/bitnet/bytes.gguf";
/// Tokens that the programs write.
const TOKENS: &str = "24";

/// The examples of models.
///
/// # Errors
/// When one does not build, writes another text, or asks the system for too much.
pub(crate) fn examples() -> Result<()> {
    let (folder, trine) = (output_folder("models")?, trine()?);
    let (file, image) = (folder.join("tiny.gguf"), folder.join("model.trnm"));
    quiet(sh::command(&trine).args(["model", "make", "--tiny", "-o"]).arg(&file))?;
    quiet(sh::command(&trine).args(["model", "pack"]).arg(&file).arg("-o").arg(&image))?;
    let wanted = |model: &Path| {
        let mut generate = sh::command(&trine);
        generate.args(["generate", PROMPT, "--tokens", TOKENS, "--model"]).arg(model);
        bytes(&mut generate)
    };
    from_file(&folder, &file, &wanted(&file)?)?;
    from_memory(&folder, &image, &wanted(&image)?)?;
    first_program(&folder, &trine, &wanted(&file)?)?;
    sentences(&folder, &trine)?;
    acts(&folder, &trine)
}

/// The first commands of the page on models in C, as they stand there, on what was built already.
fn first_program(folder: &Path, trine: &Path, wanted: &[u8]) -> Result<()> {
    let page = fs::read_to_string(sh::root().join("docs/c-models.md"))?;
    let blocks = crate::examples::indented(&page);
    let commands = blocks.first().context("docs/c-models.md has no commands")?;
    let place = folder.display();
    let script = commands
        .replace("trine model make", &format!("{} model make", trine.display()))
        .replace("cargo build --release -p trine-c-host\n", "")
        .replace("target/release", &programs::folder().display().to_string())
        .replace("tiny.gguf", &format!("{place}/first.gguf"))
        .replace(" -o file", &format!(" -o {place}/first"))
        .replace("./file", &format!("{place}/first"));
    let said = bytes(sh::command("sh").args(["-euc", &script]))?;
    ensure!(said.ends_with(wanted), "the first program of docs/c-models.md writes {said:?}");
    println!("the first program of docs/c-models.md starts, and writes what `trine generate` does");
    Ok(())
}

/// The program that runs what a sentence came to: judged, agreed to by a press and by no sentence.
fn acts(folder: &Path, trine: &Path) -> Result<()> {
    let [array, compiled] = asker_in(folder, trine)?;
    let (model, device) = (dist::host_model_library()?, dist::host_library()?);
    let valve = "open valve north for ten seconds";
    let said =
        ["make the fan spin at forty percent", valve, "agree", valve, valve, "open all valves"];
    let wanted = [
        "{\"percent\":40}",
        "valve_open: refused: a person",
        "agreed to tool 3",
        "valve_open: the valve is open already",
        "valve_open: refused: a person",
        "no call",
    ];
    for (name, flags) in [("plain", &["-g"][..]), ("sanitized", SANITIZE)] {
        let program = compile("act", name, flags, &[&array, &compiled, &model, &device])?;
        let told = String::from_utf8(bytes(sh::command(&program).args(said))?)?;
        let alike = told.lines().zip(wanted).all(|(line, wanted)| line.starts_with(wanted));
        ensure!(alike && told.lines().count() == wanted.len(), "{told} in place of {wanted:?}");
    }
    println!("a sentence becomes an executed call in C, and agrees to nothing");
    Ok(())
}

/// The program and the library that the examples need.
fn trine() -> Result<PathBuf> {
    programs::build()?;
    Ok(programs::path("trine"))
}

/// A model and the tools that it was made for, as files of C: `model_trnm` and `board_sentences`.
///
/// # Errors
/// When the program does not build, or refuses.
pub(crate) fn asker() -> Result<[PathBuf; 2]> {
    let folder = output_folder("asker")?;
    asker_in(&folder, &trine()?)
}

fn asker_in(folder: &Path, trine: &Path) -> Result<[PathBuf; 2]> {
    let (image, array) = (folder.join("model.trnm"), folder.join("model.c"));
    let pack = ["model", "pack", "models/board.gguf", "-o"];
    quiet(sh::command(trine).args(pack).arg(&image))?;
    fs::write(&array, as_array(&fs::read(&image)?)?)?;
    let tools = ["gen", "firmware-example/board/tools.json", "--sentences", "--prefix", "board"];
    let compiled = folder.join("board_sentences.c");
    quiet(sh::command(trine).args(tools).arg("-o").arg(&compiled))?;
    Ok([array, compiled])
}

/// The program that asks a model in constant memory, beside `trine ask` with the same image.
fn sentences(folder: &Path, trine: &Path) -> Result<()> {
    let [array, compiled] = asker_in(folder, trine)?;
    let image = folder.join("model.trnm");
    let asked = ["make the fan spin at forty percent", "open all valves", "the fan at 900 percent"];
    let wanted =
        asked.iter().map(|text| answer(trine, &image, text)).collect::<Result<Vec<_>>>()?;
    let library = dist::host_model_library()?;
    for (name, flags) in [("plain", &["-g"][..]), ("sanitized", SANITIZE)] {
        let program = compile("ask", name, flags, &[&array, &compiled, &library])?;
        let said = bytes(sh::command(&program).args(asked))?;
        let said = String::from_utf8(said).context("the program writes text")?;
        let alike = |(line, (bits, tokens)): (&str, &(String, String))| {
            line.contains(bits.as_str()) && line.ends_with(tokens.as_str())
        };
        ensure!(
            said.lines().count() == asked.len() && said.lines().zip(&wanted).all(alike),
            "{said} in place of {wanted:?}"
        );
    }
    println!("a C program makes the calls of `trine ask`, in steps: confidence and tokens alike");
    Ok(())
}

/// What the line of the program has to say: the confidence of `trine ask`, and at its end the
/// tokens.
fn answer(trine: &Path, image: &Path, text: &str) -> Result<(String, String)> {
    let mut ask = sh::command(trine);
    ask.args(["ask", "--jsonl", "--exact", "--model"]).arg(image);
    let line = sh::fed(&mut ask, &format!("{}\n", serde_json::json!({ "text": text })))?;
    let json: serde_json::Value = serde_json::from_str(&line)?;
    let tokens = json["tokens"].as_array().context("tokens")?;
    let tokens: String = tokens.iter().map(|token| format!(" {token}")).collect();
    let bits = json["confidence_bits"].as_str().context("confidence_bits")?;
    ensure!(!tokens.is_empty(), "{line}");
    Ok((format!(" confidence {bits} "), format!(" tokens{tokens}")))
}

/// The program that takes a path, with `libtrine_host`.
fn from_file(folder: &Path, file: &Path, wanted: &[u8]) -> Result<()> {
    let library = dist::hosted(&programs::folder(), &folder.join("hosted"))?;
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

/// The program that takes a backend too, on Vulkan's device in software, beside `trine generate`
/// there. Both were built with devices into one folder.
///
/// # Errors
/// When it does not build, writes another text, or hides that the device failed.
pub(crate) fn on_device(built: &Path) -> Result<()> {
    let (folder, trine) = (output_folder("devices")?, built.join("trine"));
    let file = folder.join("tiny.gguf");
    quiet(sh::command(&trine).args(["model", "make", "--tiny", "-o"]).arg(&file))?;
    let library = dist::hosted(built, &folder.join("offloaded"))?;
    let program = compile("generate", "offloaded", &["-g"], &[&library])?;
    let on = |backend: &str| -> Result<Command> {
        let mut command = vulkan::on_software_patiently(sh::command(&program))?;
        command.arg(&file).args([LONG, backend]);
        Ok(command)
    };
    let wanted = |backend: &str| {
        let mut generate = vulkan::on_software_patiently(sh::command(&trine))?;
        generate.args(["generate", LONG, "--tokens", TOKENS, "--backend", backend]);
        bytes(generate.arg("--model").arg(&file))
    };
    says(&mut on("vulkan")?, &wanted("vulkan")?)?;
    let processor = wanted("cpu")?;
    says(&mut on("cpu")?, &processor)?;
    // A device that does not open.
    let broken = ("GGML_VK_FORCE_MAX_BUFFER_SIZE", "none");
    let done = on("vulkan,cpu")?.env(broken.0, broken.1).output()?;
    let warned = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.success() && done.stdout == processor, "{warned}");
    ensure!(warned.starts_with("warning: Vulkan0 does not open"), "{warned}");
    let done = on("vulkan")?.env(broken.0, broken.1).output()?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.code() == Some(1) && said.contains("Vulkan0 does not open"), "{said}");
    let listed = bytes(&mut vulkan::on_software(sh::command(&program))?)?;
    let listed = String::from_utf8(listed).context("the program writes text")?;
    ensure!(listed.contains("Vulkan0 (Vulkan): ") && listed.contains("not taken: "), "{listed}");
    println!("a C program writes what `trine generate` writes: on Vulkan, in software");
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
    cc.args(["-std=c99", "-O2", "-Iinclude", "-Ifirmware-example/c/src"]).args(flags);
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
