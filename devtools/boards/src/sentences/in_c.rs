//! The base model in the firmware in C, for the eleven tools of its board: what the chip says of a
//! sentence is what this computer says, to the bit; calls are answered while it reads; and a table
//! that is not the board's own is refused, while its tools work.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devtools::{programs, sh};
use devtools_c::output_folder;
use serde_json::json;

use super::own_tools::Running;
use super::parity::answers;
use crate::count::{numbers, region};
use crate::elf::Image;
use crate::{M4, budget, c};

/// One of each kind: a call, one that only reads, none, two, what is missing, out of bounds, about
/// something else, and a text.
const SENTENCES: [&str; 8] = [
    "set the fan to 40 percent",
    "is it warm in here",
    "don't open the north valve",
    "switch on the grow lamp and close all the valves",
    "start a timer",
    "open the drip valve for three hours",
    "order two pizzas",
    "show 'back at four' on the second line",
];
/// Tools that are not the board's.
const OTHER_LIST: &str = "train/lists/data/boat_bilge/tools.json";
/// How long the file of a plug-in may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of RAM that the firmware may take, stack included.
const RAM: u64 = 108 << 10;

/// A part of the leg `ask`.
pub(super) fn check() -> Result<()> {
    // First, so that the image which is left is the one that works.
    refused()?;
    let elf = c::build(&M4, c::ASK)?;
    same(&elf)?;
    meanwhile(&elf)
}

/// `cargo xtask bench c-ask`: that part alone.
pub fn main() -> Result<()> {
    programs::build()?;
    check()
}

/// The same answers of chip and computer, to the bit, and what a sentence takes.
fn same(elf: &Path) -> Result<()> {
    let (input, chip) = (output_folder("own-tools")?.join("in-c.jsonl"), &M4);
    let lines = SENTENCES.map(|text| format!("{}\n", json!({ "text": text })));
    fs::write(&input, lines.concat())?;
    let (image, counts) = (Image::read(elf)?, elf.with_extension("counts"));
    let region = region(&image, ["sentence_begins", "sentence_ends"], &counts)?;
    let board = Running::start(chip, elf, &["-icount", "shift=5", "-plugin", &region])?;
    let said = answers(&mut board.trine("trine ask --jsonl --exact --device boat"), &input, "C")?;
    // The tools are those that the device lists, and the model is the program's.
    let on_host = "trine ask --jsonl --exact --model base";
    let wanted = answers(&mut board.trine(on_host), &input, "this computer")?;
    ensure!(said == wanted, "the firmware in C says\n{said}this computer\n{wanted}");
    let all = || numbers(&counts).ok().filter(|each| each.len() == SENTENCES.len());
    let each = sh::within(PATIENCE, all).context("not every sentence was counted")?;
    let average = each.iter().sum::<u64>() as f64 / SENTENCES.len() as f64 / 1e6;
    let worst = each.iter().max().copied().unwrap_or_default() as f64 / 1e6;
    let (flash, stack) = (image.flash_bytes(), board.stack()?);
    let ram = image.ram_bytes() + stack;
    println!(
        "the firmware in C: {} sentences: the same answer, to the bit; {average:.2} M \
         instructions a sentence on average, {worst:.2} M at worst; {flash} B of flash, {ram} B of \
         RAM, {stack} B of them stack at its deepest",
        SENTENCES.len()
    );
    ensure!(ram <= RAM, "{ram} bytes of RAM, at most {RAM}");
    let most = budget("c_ask.flash")?;
    ensure!(flash as f64 <= most, "{flash} bytes of flash, at most {most}");
    Ok(())
}

/// Calls are answered while sentences are read; one that is too long, one that is cancelled.
fn meanwhile(elf: &Path) -> Result<()> {
    let file = output_folder("own-tools")?.join("in-c.txt");
    fs::write(&file, SENTENCES.join("\n"))?;
    let emulator = c::start(&M4, elf, &["-icount", "shift=7"])?;
    let words = ["--ask".as_ref(), file.as_os_str(), "--no-watchdog".as_ref()];
    print!("{}", sh::output(&mut emulator.smoke(words))?);
    Ok(())
}

/// A table of other tools and a base that is cut are refused by name; the tools work.
fn refused() -> Result<()> {
    let folder = output_folder("own-tools")?;
    let (other, cut) = (folder.join("in-c.other"), folder.join("in-c.cut"));
    let mut compile = programs::command("trine tools compile");
    sh::output(compile.arg("--out").arg(&other).arg(OTHER_LIST))?;
    let whole = fs::read(sh::root().join(c::BASE_MODEL))?;
    fs::write(&cut, whole.get(..whole.len() - 4).unwrap_or_default())?;
    let own = c::ask_variables(&M4)?;
    for (variable, wanted) in [
        (format!("TOOLS_TABLE={}", other.display()), "the table was made from the tools"),
        (format!("BASE_MODEL={}", cut.display()), "copy it again"),
    ] {
        let elf = c::build_with(&M4, c::ASK, &[own.as_slice(), &[variable]].concat())?;
        let file = folder.join("in-c.txt");
        fs::write(&file, SENTENCES.join("\n"))?;
        let emulator = c::start(&M4, &elf, &[])?;
        let words = ["--ask".as_ref(), file.as_os_str(), "--no-watchdog".as_ref()];
        let said = sh::output(&mut emulator.smoke(words))?;
        print!("the firmware in C: {said}");
        ensure!(said.contains(wanted) && said.contains("the tools work"), "no {wanted:?}: {said}");
    }
    Ok(())
}
