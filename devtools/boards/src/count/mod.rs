//! Counts instructions on emulated boards, by plug-ins of QEMU. They are instructions, not cycles.

pub mod arm;
pub mod calls;
pub mod model;
pub mod products;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devtools::record::{Figures, Record};
use devtools::{Gates, sh};
use devtools_c::output_folder;

use crate::elf::Image;
use crate::{Board, budget, c, firmware};

/// Compiles a plug-in of `devtools/boards/plugin` for the QEMU that is installed.
pub(crate) fn build_plugin(name: &str) -> Result<PathBuf> {
    build_plugin_for("qemu-system-arm", name)
}

/// The same for an emulator of QEMU.
fn build_plugin_for(emulator: &str, name: &str) -> Result<PathBuf> {
    let version = sh::output(sh::command(emulator).arg("--version"))?;
    let major = version.split_whitespace().find_map(|word| word.split_once('.')?.0.parse().ok());
    let major: u32 = major.with_context(|| format!("QEMU's version is {version:?}"))?;
    let interface = if major < 9 { 1 } else { 4 };
    let folder = output_folder("plugins")?;
    let own = folder.join(format!("{name}-{}.so", std::process::id()));
    let mut cc = sh::line("cc -std=c11 -Wall -Wextra -Werror -O2 -fPIC -shared -o");
    cc.arg(&own).arg(format!("-DPLUGIN_VERSION={interface}"));
    sh::run(cc.arg(format!("devtools/boards/plugin/{name}.c")))?;
    let plugin = folder.join(format!("{name}.so"));
    fs::rename(own, &plugin)?;
    Ok(plugin)
}

/// What QEMU is told to count the instructions between returns of two functions, a line for each.
pub(crate) fn region(image: &Image, places: [&str; 2], out: &Path) -> Result<String> {
    region_for("qemu-system-arm", image, places, out)
}

/// The same for an emulator of QEMU.
fn region_for(
    emulator: &str,
    image: &Image,
    [before, after]: [&str; 2],
    out: &Path,
) -> Result<String> {
    let (before, after) = (image.address(before)?, image.address(after)?);
    let (plugin, out) = (build_plugin_for(emulator, "region")?, out.display());
    let plugin = plugin.display();
    Ok(format!("{plugin},before={before:#x},after={after:#x},out={out}"))
}

/// The numbers that a plug-in has written.
pub(crate) fn numbers(out: &Path) -> Result<Vec<u64>> {
    let text = fs::read_to_string(out).context("the plug-in has written nothing")?;
    let number = |word: &str| word.parse().with_context(|| format!("the plug-in wrote {word:?}"));
    text.split_whitespace().map(number).collect()
}

/// The workspace of programs that compute on every processor.
pub(crate) const WORKSPACE: &str = "firmware-example/ternary";
/// The longest that an emulated board may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a program is handed: the names of variables, and the files that they name.
pub(crate) type Files<'f> = &'f [(&'f str, &'f Path)];

/// A program that has run on a board.
pub(crate) struct Run {
    pub(crate) elf: PathBuf,
    /// What it wrote.
    pub(crate) said: String,
    /// Instructions from each return of `before` to the next of `after`.
    pub(crate) counts: Vec<u64>,
}

/// What the program writes on this computer.
pub(crate) fn on_host(program: &str, files: Files<'_>) -> Result<String> {
    let mut cargo = sh::cargo();
    cargo.args(["run", "--quiet", "--release", "--locked", "--bin", program]);
    cargo.current_dir(sh::root().join(WORKSPACE)).envs(files.iter().copied());
    sh::output(cargo.env("CARGO_TARGET_DIR", sh::target_dir().join("mcu/host")))
}

/// Builds a program for a chip, runs it and counts. No older file is left when it does not build.
/// Other checkouts build in the same folder, so it runs where they are not.
pub(crate) fn run(chip: &Board, program: &str, files: Files<'_>) -> Result<Run> {
    let (mut cargo, folder) = firmware::cargo("build", WORKSPACE, chip, flags(chip))?;
    let elf = sh::target_dir().join(format!("mcu/{}/{program}.elf", chip.name));
    drop(fs::remove_file(&elf));
    eprintln!("{program} for {}", chip.name);
    cargo.args(["--locked", "--bin", program]).envs(files.iter().copied());
    sh::exclusively(&folder, || {
        sh::run(&mut cargo)?;
        sh::install(&folder.join(chip.target).join("release").join(program), &elf)
    })?;
    let counts = elf.with_extension("counts");
    let image = Image::read(&elf)?;
    let places = ["trine_products::before", "trine_products::after"];
    let region = region(&image, places, &counts)?;
    // What else the machine takes for firmware of its own.
    let bios = if chip.is_arm() { "" } else { "-bios none" };
    let qemu = sh::line(&format!("{} -M {} {bios}", chip.emulator(), chip.name));
    let said = emulate(qemu, &elf, &region)?;
    Ok(Run { counts: numbers(&counts)?, elf, said })
}

/// What the compiler is told beside the target.
fn flags(chip: &Board) -> &'static str {
    match chip.processor {
        "Cortex-M33" => "-Ctarget-cpu=cortex-m33",
        // Its vectors of floats take the smallest numbers for zeros, which no other processor does.
        "Cortex-M55" => "-Ctarget-cpu=cortex-m55 -Ctarget-feature=-mve.fp",
        _ => "",
    }
}

/// What an image writes until its end, in a machine of QEMU under a plug-in.
pub(crate) fn emulate(mut qemu: Command, elf: &Path, plugin: &str) -> Result<String> {
    let machine = sh::shown(&qemu);
    qemu.args(["-display", "none", "-monitor", "none", "-serial", "null"]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-plugin", plugin]);
    let said = elf.with_extension("said");
    qemu.arg("-kernel").arg(elf).stdin(Stdio::null()).stdout(fs::File::create(&said)?);
    let child = qemu.spawn().with_context(|| format!("`{machine}` does not start"))?;
    let mut child = sh::Running(child);
    let status = sh::within(PATIENCE, || child.0.try_wait().transpose());
    let status = status.with_context(|| format!("{machine}: no end after {PATIENCE:?}"))??;
    let said = fs::read_to_string(&said)?;
    ensure!(status.success(), "{machine}: {status}\n{said}");
    Ok(said)
}

/// The programs in C that are started, and how many tools each has.
const PROGRAMS: [(&str, f64); 2] = [(c::BASE, 10.0), (c::GREENHOUSE, 11.0)];

/// `cargo xtask bench start`: what it costs to start the library on an emulated board, in
/// instructions of `trine_init`. The firmware in C runs until its call of that returns.
pub fn start(keep: bool) -> Result<()> {
    let record = Record::begin("start", Figures::Counts, keep)?.program("arm-none-eabi-gcc")?;
    let record = record.program("qemu-system-arm")?.program("rustc")?;
    let (board, plugin) = (&c::BOARDS[0], build_plugin("span")?);
    let (once, a_tool) = (budget("start_instructions.once")?, budget("start_instructions.a_tool")?);
    let mut gates = Gates::default();
    let mut text = format!(
        "At most {once} instructions, and {a_tool} a tool.\n\n\
         | program | board | tools | instructions of `trine_init` |\n|---|---|---:|---:|\n"
    );
    for (program, tools) in PROGRAMS {
        let count = first_start(board.name, &c::build(board, program)?, &plugin)?;
        text += &format!("| {program} | {} | {tools} | {count} |\n", board.name);
        gates.at_most(format!("{program}: instructions"), count as f64, once + a_tool * tools);
    }
    record.end_with(&text, &gates)
}

fn first_start(machine: &str, elf: &Path, plugin: &Path) -> Result<u64> {
    let image = Image::read(elf)?;
    // The lowest bit of an address says that it is Thumb code.
    let called = image.address("trine_init")? & !1;
    let caller = image.symbols.iter().find(|symbol| symbol.name == "device_start");
    let caller = caller.context("the image has no device_start")?;
    let (first, bytes, out) = (caller.address & !1, caller.bytes, elf.with_extension("start"));
    let (plugin, file) = (plugin.display(), out.display());
    let plugin = format!("{plugin},from={called:#x},caller={first:#x}+{bytes:#x},out={file}");
    emulate(sh::line(&format!("qemu-system-arm -M {machine}")), elf, &plugin)?;
    numbers(&out)?.first().copied().context("the plug-in has written no number")
}
