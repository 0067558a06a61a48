//! Chip and computer: the same call, confidence and tokens, to the bit; and what a chip does
//! beside.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use devtools::{parallel, programs, sh};
use devtools_c::output_folder;
use serde_json::json;

use super::{FOLDER, MODEL, any_tools, build, count, in_c, own_tools, pack, sentences, tokens};
use crate::elf::Image;
use crate::{BOARDS, Board, CHIPS, Emulator, M4};

/// Sentences that a leg compares on each processor; a soak compares a thousand.
const SENTENCES: usize = 20;
/// Bytes of RAM that the whole firmware may take, stack included.
const RAM: u64 = 64 << 10;
/// After how many sentences it is said how far a chip is.
const NEWS: usize = 50;
/// How long an emulator may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The leg `ask`.
pub fn main() -> Result<()> {
    compare(SENTENCES)?;
    let image = pack(MODEL.as_ref())?;
    // Two kinds of processors, whose boards have nothing in common.
    BOARDS.iter().try_for_each(|chip| meanwhile(chip, &image))?;
    refused(&M4)?;
    count::small(&image)?;
    any_tools::compare()?;
    own_tools::check()?;
    in_c::check()
}

/// Compares so many sentences on every processor, also when one of them answers otherwise, and says
/// how far each is.
pub fn compare(count: usize) -> Result<()> {
    programs::build()?;
    let image = pack(MODEL.as_ref())?;
    let (input, wanted) = on_host(&image, "sentences.jsonl", &sentences(count)?)?;
    // All are built in one folder, one after the other; an emulator then keeps one processor busy.
    let built = |chip| Ok((chip, build(chip, &image)?));
    let chips = CHIPS.iter().map(built).collect::<Result<Vec<_>>>()?;
    parallel::each(&chips, |(chip, elf)| {
        let name = format!("{} ({})", chip.processor, chip.name);
        let said = asked(chip, elf, &input, &name);
        said.and_then(|said| same(&wanted, &said)).with_context(|| name.clone())?;
        println!("{name}: {count} sentences: the same call, confidence and tokens");
        Ok(())
    })
}

/// Writes sentences to a file; answers it, and what this computer says to them.
pub(super) fn on_host(image: &Path, name: &str, texts: &[String]) -> Result<(PathBuf, String)> {
    let (input, count) = (output_folder(FOLDER)?.join(name), texts.len());
    let lines = texts.iter().map(|text| format!("{}\n", json!({ "text": text })));
    fs::write(&input, lines.collect::<String>())?;
    let mut ask = programs::command("trine ask --jsonl --exact --model");
    let said = answers(ask.arg(image), &input, "this computer")?;
    ensure!(said.lines().count() == count, "{count} sentences, other answers:\n{said}");
    Ok((input, said))
}

fn asked(chip: &Board, elf: &Path, input: &Path, name: &str) -> Result<String> {
    let emulator = Emulator::start(chip, elf, &[])?;
    let [board, person] = emulator.sockets();
    // The board starts when both are connected.
    let connects = move || sh::within(PATIENCE, || UnixStream::connect(&person).ok());
    let waits = std::thread::spawn(connects);
    let mut asked = programs::command("trine ask --jsonl --exact --device board --unix");
    let said = answers(asked.arg(format!("board={}", board.display())), input, name)?;
    drop(waits.join());
    Ok(said)
}

/// What the program answers, a line for each sentence, while it is said how far it is.
pub(super) fn answers(command: &mut Command, input: &Path, name: &str) -> Result<String> {
    let line = sh::shown(command);
    command.stdin(Stdio::from(fs::File::open(input)?)).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("`{line}` could not start"))?;
    let (mut said, output) = (String::new(), child.stdout.take().context("the output is a pipe")?);
    for (has, answer) in (1..).zip(BufReader::new(output).lines()) {
        said += &format!("{}\n", answer?);
        if has % NEWS == 0 {
            println!("{name}: {has} sentences");
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(said)
}

fn same(wanted: &str, said: &str) -> Result<()> {
    ensure!(wanted.lines().count() == said.lines().count(), "other answers:\n{said}");
    let mut differing = wanted.lines().zip(said.lines()).filter(|(wanted, said)| wanted != said);
    if let Some((wanted, said)) = differing.next() {
        let first = format!("this computer {wanted}\nthe chip      {said}");
        bail!("{} answers differ, the first:\n{first}", 1 + differing.count());
    }
    for line in said.lines() {
        ensure!(tokens(line)? > 0, "an answer has no tokens: {line}");
    }
    Ok(())
}

/// While each of eight sentences is read, calls are answered and the watchdog is fed; RAM is within
/// its bound.
fn meanwhile(chip: &Board, image: &Path) -> Result<()> {
    let elf = build(chip, image)?;
    let said = examined(chip, &elf, 8)?;
    print!("{said}");
    let stack = said.lines().find_map(|line| line.strip_prefix("stack "));
    let stack: u64 = stack.context("the board says nothing of its stack")?.parse()?;
    let image = Image::read(&elf)?;
    let all = image.ram_bytes() + stack;
    let (Board { processor, name, .. }, flash) = (chip, image.flash_bytes());
    println!(
        "{processor} ({name}): {all} B of RAM of {RAM}, {stack} B of them stack at its deepest; \
         {flash} B of flash"
    );
    ensure!(all <= RAM, "{all} bytes of RAM, at most {RAM}");
    Ok(())
}

/// Has `trine-smoke` ask a board, whose time goes by instructions.
fn examined(chip: &Board, elf: &Path, count: usize) -> Result<String> {
    let file = output_folder(FOLDER)?.join("sentences.txt");
    fs::write(&file, sentences(count)?.join("\n"))?;
    // Eight million instructions a second: a sentence takes longer than the watchdog waits.
    let emulator = Emulator::start(chip, elf, &["-icount", "shift=7"])?;
    sh::output(&mut emulator.smoke(["--ask".as_ref(), file.as_os_str()]))
}

/// A model that was made for other tools is refused by their hash; the tools work.
fn refused(chip: &Board) -> Result<()> {
    let said = examined(chip, &build(chip, &packed_for_others()?)?, 1)?;
    print!("{said}");
    let wanted = ["refused: the model was made for other tools", "the tools work"];
    ensure!(wanted.iter().all(|line| said.contains(line)), "{said}");
    Ok(())
}

/// The shipped model with another hash in its table of pieces (`docs/ask.md`), as an image.
fn packed_for_others() -> Result<PathBuf> {
    let mut bytes = fs::read(sh::root().join(MODEL))?;
    let key = b"trine.ask";
    let at = bytes.windows(key.len()).position(|window| window == key);
    // Behind the key stand the types of the entry and of its elements, and how many there are;
    // the hash is eight bytes into the table.
    let hash = at.context("the model has no table of pieces")? + key.len() + 4 + 4 + 8 + 8;
    let byte = bytes.get_mut(hash).context("the table is cut off")?;
    *byte ^= 1;
    let model = output_folder(FOLDER)?.join("other.gguf");
    fs::write(&model, bytes)?;
    pack(&model)
}
