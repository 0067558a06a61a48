//! The base model in the firmware, for whatever tools the board has: the motor boat, which no model
//! was trained for. What the chip says of its 40 sentences is what this computer says, to the bit;
//! calls that come of sentences change the boat; and a base or a table that is not the board's own
//! is refused, while its tools work.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devtools::{programs, sh};
use devtools_c::output_folder;
use serde_json::{Value, json};

use super::parity::answers;
use crate::count::{numbers, region};
use crate::elf::Image;
use crate::{Board, Emulator, M4, budget, firmware};

const FEATURES: &str = "ask-base,motorboat";
const BASE: &str = "models/base.bin";
const SENTENCES: &str = "firmware-example/motorboat/sentences.jsonl";
/// Tools that are not the boat's.
const OTHER_LIST: &str = "train/lists/data/boat_bilge/tools.json";
/// How long an emulator may take to listen, and a gauge to show what is wanted.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sentences, the call that is made of each, and a gauge with what it shows afterwards.
const EXECUTED: [(&str, &str, &str, &str); 5] = [
    ("drop the anchor with 5 metres of chain", "anchor_work", "chain", "\"value\":5"),
    ("engine ahead at 1500 rpm", "engine_set", "engine", "\"value\":1500"),
    ("hold a course of 120 degrees", "course_hold", "heading", "\"value\":120"),
    ("run the bilge pump for 20 seconds", "pump_run", "bilge", "\"value\":0"),
    ("put the engine in neutral", "engine_set", "engine", "\"value\":600"),
];
/// A sentence that changes nothing.
const NO_CALL: &str = "don't drop the anchor";

/// Most million instructions of a sentence, on average and at worst, with what the loop does.
const MOST: [f64; 2] = [40.0, 100.0];
/// Bytes of RAM that the firmware may take, stack included.
const RAM: u64 = 96 << 10;

/// A board that runs, how `trine` reaches it, and its second channel.
pub(super) struct Running {
    _emulator: Emulator,
    line: String,
    person: JoinHandle<Option<UnixStream>>,
}

impl Running {
    /// The board has the name `boat` whatever it is.
    pub(super) fn start(chip: &Board, elf: &Path, options: &[&str]) -> Result<Self> {
        let emulator = Emulator::start(chip, elf, options)?;
        let [board, person] = emulator.sockets();
        // The board starts when both are connected; the first of `trine` is the other.
        let connects = move || sh::within(PATIENCE, || UnixStream::connect(&person).ok());
        let person = std::thread::spawn(connects);
        sh::within(PATIENCE, || board.exists().then_some(())).context("no socket of the board")?;
        Ok(Self { line: format!("boat={}", board.display()), _emulator: emulator, person })
    }

    /// How deep the stack ever was.
    pub(super) fn stack(self) -> Result<u64> {
        let person = self.person.join().ok().flatten().context("there is no second channel")?;
        (&person).write_all(b"stack\n")?;
        let mut answer = String::new();
        BufReader::new(&person).read_line(&mut answer)?;
        let bytes = answer.trim().strip_prefix("ok ").context("the board says nothing of it")?;
        Ok(bytes.parse()?)
    }

    pub(super) fn trine(&self, line: &str) -> Command {
        let mut command = programs::command(line);
        command.arg("--unix").arg(&self.line);
        command
    }

    /// What the gauge shows, once that has the words that are wanted.
    fn shows(&self, gauge: &str, wanted: &str) -> Result<()> {
        let read = || {
            let mut call = self.trine("trine call boat gauge_read");
            let said = sh::output(call.arg(json!({ "gauge": gauge }).to_string())).ok()?;
            let compact: String = said.chars().filter(|c| !c.is_whitespace()).collect();
            compact.contains(wanted).then_some(())
        };
        sh::within(PATIENCE, read).with_context(|| format!("{gauge} never shows {wanted}"))
    }
}

/// A part of the leg `ask`.
pub(super) fn check() -> Result<()> {
    let elf = build(&M4, "boat", &[])?;
    fits(&M4, &elf)?;
    same(&M4, &elf)?;
    executed(&M4, &elf)?;
    refused(&M4)
}

/// `cargo xtask bench boat`: that part alone.
pub fn main() -> Result<()> {
    programs::build()?;
    check()
}

fn build(chip: &Board, name: &str, files: &[(&str, &Path)]) -> Result<PathBuf> {
    let elf = output_folder("own-tools")?.join(format!("{}-{name}.elf", chip.name));
    firmware::build_to(&elf, chip, firmware::GREENHOUSE, FEATURES, files)?;
    Ok(elf)
}

/// What the image takes, base and table included.
fn fits(chip: &Board, elf: &Path) -> Result<()> {
    let image = Image::read(elf)?;
    let (flash, ram) = (image.flash_bytes(), image.ram_bytes());
    println!("{}: the boat with the base model: {flash} B of flash, {ram} B of RAM", chip.name);
    for (what, bytes) in [("flash", flash), ("ram", ram)] {
        let most = budget(&format!("boat.{what}"))?;
        ensure!(bytes as f64 <= most, "{bytes} bytes of {what}, at most {most}");
    }
    Ok(())
}

/// The same answers of chip and computer, to the bit; and how many of them are what was wanted.
fn same(chip: &Board, elf: &Path) -> Result<()> {
    let input = sh::root().join(SENTENCES);
    let text = fs::read_to_string(&input)?;
    let lines: Vec<&str> = text.lines().collect();
    let (image, counts) = (Image::read(elf)?, elf.with_extension("counts"));
    let places = ["trine_firmware::ask::sentence_begins", "trine_firmware::ask::sentence_ends"];
    let region = region(&image, places, &counts)?;
    let board = Running::start(chip, elf, &["-icount", "shift=5", "-plugin", &region])?;
    let on_chip = "trine ask --jsonl --exact --device boat";
    let said = answers(&mut board.trine(on_chip), &input, chip.name)?;
    // The tools are those that the device lists, and the model is the program's.
    let on_host = "trine ask --jsonl --exact --model base";
    let wanted = answers(&mut board.trine(on_host), &input, "this computer")?;
    ensure!(said == wanted, "{} says\n{said}this computer\n{wanted}", chip.name);
    println!("{}: {} sentences: the same answer, to the bit", chip.name, lines.len());
    println!("{}", scored(&lines, &said)?);
    // The last answer goes to the line before the board is through with its sentence.
    let all = || numbers(&counts).ok().filter(|each| each.len() == lines.len());
    let each = sh::within(PATIENCE, all).context("not every sentence was counted")?;
    let average = each.iter().sum::<u64>() as f64 / each.len() as f64 / 1e6;
    let worst = each.iter().max().copied().unwrap_or_default() as f64 / 1e6;
    let name = chip.name;
    println!("{name}: {average:.2} M instructions a sentence on average, {worst:.2} M at worst");
    ensure!(average <= MOST[0] && worst <= MOST[1], "at most {MOST:?} M instructions");
    let stack = board.stack()?;
    let ram = image.ram_bytes() + stack;
    println!("{}: {ram} B of RAM, {stack} B of them stack at its deepest", chip.name);
    ensure!(ram <= RAM, "{ram} bytes of RAM, at most {RAM}");
    Ok(())
}

/// How many answers are right, unsure and wrong.
fn scored(records: &[&str], said: &str) -> Result<String> {
    let [mut made, mut wrong, mut withheld, mut left, mut acted] = [0; 5];
    for (record, answer) in records.iter().zip(said.lines()) {
        let (record, answer) = (json(record)?, json(answer)?);
        let is_made = !answer["tool"].is_null();
        match record["calls"].as_array().and_then(|calls| calls.first()) {
            Some(call) => {
                let is_right = ["tool", "arguments"].iter().all(|of| call[of] == answer[of]);
                let likeliest = &answer["likeliest"];
                let is_likeliest = ["tool", "arguments"].iter().all(|of| call[of] == likeliest[of]);
                made += u32::from(is_right);
                wrong += u32::from(is_made && !is_right);
                withheld += u32::from(is_likeliest);
            }
            None => {
                left += u32::from(!is_made);
                acted += u32::from(is_made);
            }
        }
    }
    Ok(format!(
        "with a call: {made} right and made, {withheld} right and not sure enough, {wrong} wrong \
         and made; without: {left} not called, {acted} called; of {}",
        records.len()
    ))
}

fn json(line: &str) -> Result<Value> {
    Ok(serde_json::from_str(line)?)
}

/// Eight tools; sentences that are executed by what the chip makes of them; one that is not.
fn executed(chip: &Board, elf: &Path) -> Result<()> {
    let board = Running::start(chip, elf, &[])?;
    let listed = json(&sh::output(&mut board.trine("trine tools boat --json"))?)?;
    let names = listed.to_string().matches("\"inputSchema\"").count();
    ensure!(names == 8, "the boat lists {listed}");
    let table = output_folder("own-tools")?.join("tools.bin");
    let mut compile = board.trine("trine tools compile --device boat");
    sh::output(compile.arg("--out").arg(&table))?;
    // What the build script made of the same tools lies in the image.
    let (image, table) = (fs::read(elf)?, fs::read(&table)?);
    let is_there = !table.is_empty() && image.windows(table.len()).any(|part| part == table);
    ensure!(is_there, "the table of the device's tools is not that of the build script");
    println!("{}: the table compiled from the device is the build script's", chip.name);
    let mut nothing = board.trine("trine ask --device boat --run");
    ensure!(!nothing.arg(NO_CALL).output()?.status.success(), "{NO_CALL} was called");
    board.shows("chain", "\"value\":0")?;
    for (sentence, tool, gauge, wanted) in EXECUTED {
        let said = sh::output(board.trine("trine ask --device boat --run").arg(sentence));
        let said = said.with_context(|| sentence.to_owned())?;
        ensure!(said.starts_with(tool), "{sentence}: {said}");
        board.shows(gauge, wanted).with_context(|| sentence.to_owned())?;
    }
    println!("{}: {} sentences executed, one that says not to", chip.name, EXECUTED.len());
    Ok(())
}

/// A base that is cut, and a table of another list, are refused by name; the tools work.
fn refused(chip: &Board) -> Result<()> {
    let folder = output_folder("own-tools")?;
    let [cut, table, other] = ["cut.bin", "tools.bin", "other.bin"].map(|name| folder.join(name));
    let base = sh::root().join(BASE);
    let whole = fs::read(&base)?;
    fs::write(&cut, whole.get(..whole.len() - 4).unwrap_or_default())?;
    let mut compile = programs::command("trine tools compile");
    sh::output(compile.arg("--out").arg(&other).arg(OTHER_LIST))?;
    for (name, base, table, wanted) in [
        ("cut", &cut, &table, "copy it again"),
        ("other", &base, &other, "the table was made from the tools"),
    ] {
        let elf = build(chip, name, &[("BASE", base), ("TABLE", table)])?;
        let board = Running::start(chip, &elf, &[])?;
        let asked = board.trine("trine ask --device boat").arg("weigh anchor").output()?;
        let said = String::from_utf8_lossy(&asked.stderr).into_owned();
        ensure!(!asked.status.success() && said.contains(wanted), "{name}: {said}");
        board.shows("chain", "\"value\":0")?;
        print!("{}: refused: {said}", chip.name);
    }
    Ok(())
}
