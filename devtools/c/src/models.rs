//! The programs in C that use language models: what they write is what `trine generate` writes of
//! the same file, whether a library has the memory or the program has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools::{programs, sh};
use serde_json::{Value, json};

use crate::examples::first_commands;
use crate::program::{STATIC, WATCHED, Way, heap_counter};
use crate::{dist, output_folder};

const PROMPT: &str = "Hello";
/// The small model that the tests of misuse take.
pub(crate) const MISUSED: &str = "tests/golden/bitnet/bytes.gguf";
/// Tokens that the programs write.
pub const TOKENS: &str = "24";

/// As it is, sanitized, and under valgrind.
fn ways() -> impl Iterator<Item = &'static Way> {
    [&STATIC].into_iter().chain(WATCHED.iter().filter(|way| way.compiler == "gcc"))
}

pub(crate) fn examples() -> Result<()> {
    programs::build()?;
    let folder = output_folder("models")?;
    let (file, image) = (folder.join("tiny.gguf"), folder.join("model.trnm"));
    tiny(&programs::path("trine"), &file)?;
    sh::output(programs::command("trine model pack").arg(&file).arg("-o").arg(&image))?;
    let generate = format!("trine generate {PROMPT} --tokens {TOKENS} --model");
    let wanted = |model: &Path| sh::bytes(programs::command(&generate).arg(model));
    from_file(&folder, &file, &wanted(&file)?)?;
    from_memory(&image, &wanted(&image)?)?;
    first_program(&folder, &wanted(&file)?)?;
    sentences()
}

/// Makes a model without training.
pub fn tiny(trine: &Path, file: &Path) -> Result<()> {
    sh::output(sh::command(trine).args(["model", "make", "--tiny", "-o"]).arg(file)).map(drop)
}

/// The first commands of the page on models in C, as they stand there, on what was built already.
fn first_program(folder: &Path, wanted: &[u8]) -> Result<()> {
    let program = folder.join("first").display().to_string();
    let trine = programs::path("trine");
    let changes: [(&str, &str); 6] = [
        ("trine model make", &format!("{} model make", trine.display())),
        ("cargo build --release -p trine-c-host\n", ""),
        ("target/release", &programs::folder().display().to_string()),
        ("tiny.gguf", &format!("{program}.gguf")),
        (" -o file", &format!(" -o {program}")),
        ("./file", &program),
    ];
    let (said, _) = first_commands("docs/c-models.md", &changes)?;
    ensure!(said.ends_with(wanted), "the first program of docs/c-models.md writes {said:?}");
    println!("the first program of docs/c-models.md starts, and writes what `trine generate` does");
    Ok(())
}

/// A model and the tools that it was made for, as files of C: `model_trnm` and `board_sentences`.
/// The image is beside them.
pub(crate) fn classifier() -> Result<[PathBuf; 2]> {
    programs::build()?;
    let folder = output_folder("classifier")?;
    let (image, compiled) = (folder.join("model.trnm"), folder.join("board_sentences.c"));
    sh::output(programs::command("trine model pack models/board.gguf -o").arg(&image))?;
    let tools = "trine gen firmware-example/board/tools.json --sentences --prefix board -o";
    sh::output(programs::command(tools).arg(&compiled))?;
    Ok([as_array(&image)?, compiled])
}

/// The programs that read a sentence with a model in constant memory. One makes the calls of
/// `trine ask` with the same image; the other runs what a sentence came to: judged, agreed to by a
/// press and by no sentence.
fn sentences() -> Result<()> {
    let [array, compiled] = classifier()?;
    let (model, device) = (dist::host_model_library()?, dist::host_library()?);
    let image = array.with_extension("trnm");
    let [fan, valve] = ["make the fan spin at forty percent", "open valve north for ten seconds"];
    let asked = [fan, "open all valves", "the fan at 900 percent"];
    let wanted = asked.map(|text| answer(&image, text));
    let wanted = wanted.into_iter().collect::<Result<Vec<_>>>()?;
    let orders = [
        (fan, "{\"percent\":40}"),
        (valve, "valve_open: refused: a person"),
        ("agree", "agreed to tool 3"),
        (valve, "valve_open: the valve is open already"),
        (valve, "valve_open: refused: a person"),
        ("open all valves", "no call"),
    ];
    for way in ways() {
        let program = compile("ask", way, &[&array, &compiled, &model])?;
        let said = sh::output(way.command(&program).args(asked))?;
        let same = |(line, [bits, tokens]): (&str, &[String; 2])| {
            line.contains(bits.as_str()) && line.ends_with(tokens.as_str())
        };
        let is_all = said.lines().count() == asked.len();
        ensure!(is_all && said.lines().zip(&wanted).all(same), "{said} in place of {wanted:?}");
        let program = compile("act", way, &[&array, &compiled, &model, &device])?;
        let said = sh::output(way.command(&program).args(orders.map(|(order, _)| order)))?;
        let same = said.lines().zip(orders).all(|(line, (_, done))| line.starts_with(done));
        ensure!(same && said.lines().count() == orders.len(), "{said} in place of {orders:?}");
    }
    println!("a C program makes the calls of `trine ask`, in steps: same confidence and tokens");
    println!("a sentence becomes an executed call in C, and agrees to nothing");
    Ok(())
}

/// What the line of the program has to say: the confidence of `trine ask`, and at its end the
/// tokens.
fn answer(image: &Path, text: &str) -> Result<[String; 2]> {
    let mut ask = programs::command("trine ask --jsonl --exact --model");
    let line = sh::fed(ask.arg(image), &format!("{}\n", json!({ "text": text })))?;
    let json: Value = serde_json::from_str(&line)?;
    let tokens = json["tokens"].as_array().context("tokens")?;
    let tokens: String = tokens.iter().map(|token| format!(" {token}")).collect();
    let bits = json["confidence_bits"].as_str().context("confidence_bits")?;
    ensure!(!tokens.is_empty(), "{line}");
    Ok([format!(" confidence {bits} "), format!(" tokens{tokens}")])
}

/// The program that takes a path, with `libtrine_host`.
fn from_file(folder: &Path, file: &Path, wanted: &[u8]) -> Result<()> {
    let library = dist::hosted(&programs::folder(), &folder.join("hosted"))?;
    for way in ways() {
        let program = compile("file", way, &[&library])?;
        same_text(way.command(&program).arg(file).arg(PROMPT), wanted)?;
        let missing = sh::command(&program).arg("missing.gguf").output()?;
        ensure!(missing.status.code() == Some(1), "a file that is not there is opened");
    }
    println!("a C program writes what `trine generate` writes: from a file, with threads");
    Ok(())
}

/// The program that has the model in constant memory, with `libtrine_model` and without a heap.
fn from_memory(image: &Path, wanted: &[u8]) -> Result<()> {
    let library = dist::host_model_library()?;
    let array = as_array(image)?;
    for way in ways() {
        same_text(&mut way.command(&compile("memory", way, &[&array, &library])?), wanted)?;
    }
    let mut counted = sh::command(compile("memory", &STATIC, &[&array, &library])?);
    let done = counted.env("LD_PRELOAD", heap_counter()?).output()?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(said.trim_end().ends_with("heap calls: 0"), "{said}");
    println!("and from constant memory, in steps, with 0 calls of the heap");
    Ok(())
}

/// Builds an example with other files of C and libraries.
fn compile(source: &str, way: &Way, others: &[&Path]) -> Result<PathBuf> {
    let flags = "-std=c99 -O2 -Iinclude -Ifirmware-example/c/src";
    way.compile(source, &format!("{flags} host-example/model/{source}.c"), others)
}

/// Compiles a program against a library, in the plain way.
pub fn compile_plain(source: &str, library: &Path) -> Result<PathBuf> {
    compile(source, &STATIC, &[library])
}

/// A command writes this text, which is not always UTF-8.
pub fn same_text(command: &mut Command, wanted: &[u8]) -> Result<()> {
    let said = sh::bytes(command)?;
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    ensure!(said.len() > 20, "hardly any text: {}", shown(&said));
    ensure!(said == wanted, "{} in place of {}", shown(&said), shown(wanted));
    Ok(())
}

/// An image as a file of C beside it, as `xxd -i model.trnm` writes it.
fn as_array(image: &Path) -> Result<PathBuf> {
    let (bytes, file) = (fs::read(image)?, image.with_extension("c"));
    let line = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:#04x},")).collect::<String>();
    let lines = bytes.chunks(12).map(line).collect::<Vec<_>>().join("\n");
    let size = format!("unsigned int model_trnm_len = {};\n", bytes.len());
    fs::write(&file, format!("unsigned char model_trnm[] = {{\n{lines}\n}};\n{size}"))?;
    Ok(file)
}
