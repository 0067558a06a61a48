//! Chip and computer: the same call, confidence and tokens, to the bit; and what a chip does
//! beside.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use devtools::elf::Image;
use devtools::{parallel, programs, sh};
use serde_json::{Value, json};

use super::{MODEL, build, count, folder, pack, sentences};
use crate::board::{Board, CHIPS};
use crate::emulator::Emulator;

/// Sentences that a leg compares on each processor.
const SENTENCES: usize = 50;
/// Sentences that are read while calls are made, with time counted by instructions.
const MEANWHILE: usize = 8;
/// Bytes of RAM that the whole firmware may take, stack included.
const RAM: u64 = 64 << 10;
/// How often it is said how far a chip is.
const NEWS: Duration = Duration::from_secs(15);
/// How long an emulator may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The leg `ask`.
pub fn main() -> Result<()> {
    compare(SENTENCES)?;
    let image = pack(&sh::root().join(MODEL))?;
    let [first, .., last] = CHIPS else { bail!("two chips") };
    // Two kinds of processors, whose boards have nothing in common.
    meanwhile(first, &image)?;
    meanwhile(last, &image)?;
    refused()?;
    count::small(&image)
}

/// Compares so many sentences on every processor, also when one of them answers otherwise, and says
/// how far each is.
pub fn compare(count: usize) -> Result<()> {
    programs::build()?;
    let image = pack(&sh::root().join(MODEL))?;
    let lines: String =
        sentences(count)?.iter().map(|text| format!("{}\n", json!({ "text": text }))).collect();
    let input = folder()?.join("sentences.jsonl");
    fs::write(&input, lines)?;
    let ask = ["ask", "--jsonl", "--exact"];
    let mut host = programs::command("trine");
    let wanted = answers(host.args(ask).arg("--model").arg(&image), &input, ("the host", count))?;
    ensure!(wanted.lines().count() == count, "{count} sentences, other answers:\n{wanted}");
    // All are built in one folder, one after the other; an emulator then keeps one processor busy.
    let built = |chip| Ok((chip, build(chip, &image)?));
    let chips = CHIPS.iter().map(built).collect::<Result<Vec<_>>>()?;
    let faults = parallel::map(&chips, |(chip, elf)| {
        let name = format!("{} ({})", chip.processor, chip.name);
        let said = asked(chip, elf, &input, (&name, count));
        match said.and_then(|said| same(chip, &wanted, &said)) {
            Ok(()) => {
                println!(
                    "{name}: {count} sentences, each with this computer's call, confidence and \
                     tokens"
                );
                None
            }
            Err(error) => {
                println!("{name}: {error:#}");
                Some(format!("{error:#}"))
            }
        }
    });
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// What a chip answers to the sentences.
fn asked(chip: &Board, elf: &Path, input: &Path, news: (&str, usize)) -> Result<String> {
    let emulator = Emulator::start(chip, elf, &[])?;
    let [board, person] = emulator.sockets();
    // The board starts when both are connected.
    let waits = std::thread::spawn(move || connected(&person));
    let mut asked = programs::command("trine");
    asked.args(["ask", "--jsonl", "--exact", "--device", "board", "--unix"]);
    let said = answers(asked.arg(format!("board={}", board.display())), input, news)?;
    drop(waits.join());
    Ok(said)
}

fn connected(socket: &Path) -> Result<UnixStream> {
    let since = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return Ok(stream),
            Err(error) if since.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// What the program answers, a line for each of so many sentences, while it is said how far it is.
pub(super) fn answers(
    command: &mut std::process::Command,
    input: &Path,
    (name, count): (&str, usize),
) -> Result<String> {
    let line = sh::shown(command);
    command.stdin(Stdio::from(fs::File::open(input)?)).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("`{line}` could not start"))?;
    let output = child.stdout.take().context("the output is a pipe")?;
    let (since, mut told) = (Instant::now(), Instant::now());
    let (mut said, mut has) = (String::new(), 0_usize);
    for answer in BufReader::new(output).lines() {
        said += &answer?;
        said.push('\n');
        has += 1;
        if told.elapsed() > NEWS {
            told = Instant::now();
            println!("{name}: {has} of {count} sentences in {} s", since.elapsed().as_secs());
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(said)
}

/// Compares answers line by line.
fn same(chip: &Board, wanted: &str, said: &str) -> Result<()> {
    let pairs = wanted.lines().zip(said.lines());
    let differing: Vec<String> = pairs
        .filter(|(wanted, said)| wanted != said)
        .map(|(wanted, said)| format!("this computer {wanted}\nthe chip      {said}"))
        .collect();
    ensure!(wanted.lines().count() == said.lines().count(), "{}: {said}", chip.name);
    if let Some(first) = differing.first() {
        bail!("{}: {} answers differ, the first:\n{first}", chip.name, differing.len());
    }
    let tokens = |line: &str| -> Result<bool> {
        let json: Value = serde_json::from_str(line)?;
        Ok(json["tokens"].as_array().is_some_and(|tokens| !tokens.is_empty()))
    };
    let all = said.lines().map(tokens).collect::<Result<Vec<bool>>>()?;
    ensure!(all.iter().all(|has| *has), "{}: an answer has no tokens", chip.name);
    Ok(())
}

/// While a sentence is read, calls are answered and the watchdog is fed; RAM is within its bound.
fn meanwhile(chip: &Board, image: &Path) -> Result<()> {
    let elf = build(chip, image)?;
    let said = examined(chip, &elf, MEANWHILE)?;
    print!("{said}");
    let stack = said.lines().find_map(|line| line.strip_prefix("stack "));
    let stack: u64 = stack.context("the board says nothing of its stack")?.parse()?;
    let image = Image::read(&elf)?;
    let all = image.ram_bytes() + stack;
    println!(
        "{} ({}): {} B of RAM of {RAM}, {stack} B of them stack at its deepest; {} B of flash",
        chip.processor,
        chip.name,
        all,
        image.flash_bytes()
    );
    ensure!(all <= RAM, "{all} bytes of RAM, at most {RAM}");
    Ok(())
}

/// Has `trine-smoke` ask a board, whose time goes by instructions.
fn examined(chip: &Board, elf: &Path, count: usize) -> Result<String> {
    let file = folder()?.join("sentences.txt");
    fs::write(&file, sentences(count)?.join("\n"))?;
    // Eight million instructions a second: a sentence takes longer than the watchdog waits.
    let emulator = Emulator::start(chip, elf, &["-icount", "shift=7"])?;
    let mut smoke = programs::command("trine-smoke");
    sh::output(smoke.arg("--ask").arg(&file).args(emulator.sockets()))
}

/// A model that was made for other tools is refused by their hash; the tools work.
fn refused() -> Result<()> {
    let chip = CHIPS.first().context("a chip")?;
    let other = packed_for_others()?;
    let said = examined(chip, &build(chip, &other)?, 1)?;
    print!("{said}");
    ensure!(said.contains("refused: the model was made for other tools"), "{said}");
    ensure!(said.contains("the tools work"), "{said}");
    Ok(())
}

/// The shipped model with another hash in its table of pieces (`docs/ask.md`), as an image.
fn packed_for_others() -> Result<std::path::PathBuf> {
    let mut bytes = fs::read(sh::root().join(MODEL))?;
    let key = b"trine.ask";
    let at = bytes.windows(key.len()).position(|window| window == key);
    // Behind the key stand the types of the entry and of its elements, and how many there are;
    // the hash is eight bytes into the table.
    let hash = at.context("the model has no table of pieces")? + key.len() + 4 + 4 + 8 + 8;
    let byte = bytes.get_mut(hash).context("the table is cut off")?;
    *byte ^= 1;
    let model = folder()?.join("other.gguf");
    fs::write(&model, bytes)?;
    pack(&model)
}
