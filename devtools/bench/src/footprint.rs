//! What an MCP server of two tools takes in a program: with libtrine, by hand with cJSON, by hand
//! with nanopb; on x86-64 and on a Cortex-M4. And the quick start's program with the quick library
//! and with the small one.
//!
//! Each program answers a session and compares the answers, on the Cortex-M4 in QEMU. What its main
//! function, its messages and its start take is subtracted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools::record::{Figures, Record};
use devtools::{Gates, sh};
use devtools_c::dist;
use devtools_c::program::output_folder;

use crate::round_trip;

const SOURCES: &str = "tests/footprint";
/// What its round trip may take, in times that with the quick library.
const ROUND_TRIP_MAX: f64 = 1.5;
const FLAGS: &str = "-std=c11 -Os -Wall -Wextra -Werror -ffunction-sections -fdata-sections \
                     -Wl,--gc-sections -Iinclude -Itests/footprint";
const M4: &str = "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 --specs=nano.specs \
                  --specs=nosys.specs -nostartfiles -T tests/footprint/image.ld \
                  tests/footprint/start.c";
/// cJSON prints and reads numbers as floating point, which newlib-nano leaves out unless told.
const M4_FLOATS: &str = "-u _printf_float -u _scanf_float";
const QEMU: &str = "qemu-system-arm -M mps2-an386 -nographic -monitor none -serial null \
                    -semihosting-config enable=on,target=native -kernel";

/// Where a program runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Machine {
    Host,
    M4,
}

/// A program: its handler, its messages, and what it is made of besides.
struct Program<'p> {
    about: &'static str,
    handler: &'static str,
    messages: &'static str,
    more: Vec<&'p Path>,
    flags: &'static str,
}

/// `cargo xtask bench footprint`.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("footprint", Figures::Both, keep)?;
    let record = record.program("cc")?.program("arm-none-eabi-gcc")?;
    let mut gates = Gates::default();
    let mut text = hello(&mut gates, record.is_quiet)?;
    let peers = Peers::get()?;
    for (machine, name) in [(Machine::Host, "x86-64"), (Machine::M4, "Cortex-M4")] {
        text += &format!("\nTwo tools, `-Os`:\n\n{}", two((machine, name), &peers)?);
    }
    record.end_with(&text, &gates)
}

/// The quick start's program, with both libraries.
fn hello(gates: &mut Gates, is_quiet: bool) -> Result<String> {
    let mut text = String::from(
        "`host-example/c/hello.c`, x86-64, `-O2 -Wl,--gc-sections`:\n\n\
         | library | code and data, bytes | instructions a call | round trip, us |\n\
         |---|---:|---:|---:|\n",
    );
    let mut trips = Vec::new();
    for (name, library) in [("quick", dist::host_library()?), ("small", dist::small_library()?)] {
        let program = output_folder("footprint")?.join(format!("hello-{name}"));
        let bytes = dist::hello(&library, &program)?;
        let trip = round_trip::microseconds(&program)?;
        let count = round_trip::instructions(&program)?;
        text += &format!("| {name} | {bytes} | {count:.0} | {trip:.1} |\n");
        if name == "small" {
            gates.at_most(
                "bytes of hello with the small library",
                bytes as f64,
                dist::HELLO_MAX as f64,
            );
        }
        trips.push(trip);
    }
    if let ([quick, small], true) = (trips.as_slice(), is_quiet) {
        gates.at_most("its round trip, of the quick one's", small / quick, ROUND_TRIP_MAX);
    }
    Ok(text)
}

/// Sources of others, as Debian has them.
struct Peers {
    cjson: PathBuf,
    nanopb: PathBuf,
    /// What the generator of nanopb made.
    made: PathBuf,
}

impl Peers {
    /// Gets them with apt, in folders of our own.
    fn get() -> Result<Self> {
        let made = output_folder("footprint")?;
        let folder = made.join("peers");
        fs::create_dir_all(folder.join("lists/partial"))?;
        if !folder.join("cJSON").exists() {
            download(&folder)?;
        }
        let mut generator = sh::line("nanopb_generator.py --quiet -I");
        generator.arg(SOURCES).arg("--output-dir").arg(&made).arg("two.proto");
        sh::run(&mut generator).context("install nanopb, of Debian")?;
        Ok(Self { cjson: folder.join("cJSON"), nanopb: folder.join("nanopb"), made })
    }

    fn file(&self, name: &str) -> PathBuf {
        let folder = if name.starts_with("two") { &self.made } else { &self.nanopb };
        folder.join(name)
    }
}

/// Downloads and unpacks the sources, from where the system's packages come from.
fn download(folder: &Path) -> Result<()> {
    let mut targets = sh::command("apt-get");
    targets.args(["indextargets", "--format", "deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)"]);
    let targets = sh::output(targets.arg("Created-By: Packages"))?;
    let list = folder.join("sources.list");
    fs::write(&list, targets)?;
    let apt = || {
        let mut apt = sh::command("apt-get");
        apt.arg("-o").arg(format!("Dir::Etc::sourcelist={}", list.display()));
        apt.arg("-o").arg("Dir::Etc::sourceparts=-");
        apt.arg("-o").arg(format!("Dir::State::lists={}", folder.join("lists").display()));
        apt.current_dir(folder);
        apt
    };
    sh::run(apt().arg("update"))?;
    sh::run(apt().args(["source", "--download-only", "cjson", "nanopb"]))?;
    for (package, name) in [("nanopb", "nanopb"), ("cjson", "cJSON")] {
        let is_it = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(package) && name.contains(".orig.tar")
        };
        let archive = sh::entries(folder)?.into_iter().find(|path| is_it(path));
        let archive = archive.with_context(|| format!("apt left no source of {package}"))?;
        let to = folder.join(format!("{name}.part"));
        sh::empty_folder(&to)?;
        sh::run(sh::line("tar --strip-components=1 -xf").arg(archive).arg("-C").arg(&to))?;
        fs::rename(&to, folder.join(name))?;
    }
    Ok(())
}

/// The table of a machine.
fn two((machine, name): (Machine, &str), peers: &Peers) -> Result<String> {
    let of = |name: &str| peers.file(name);
    let pb = ["two.pb.c", "pb_common.c", "pb_decode.c", "pb_encode.c"].map(of);
    let cjson = peers.cjson.join("cJSON.c");
    let (door, device) = match machine {
        Machine::Host => (dist::small_library()?, None),
        Machine::M4 => {
            let of = |profile| dist::chip_library("thumbv7em-none-eabihf", profile);
            (of("mcp")?, Some(of("base")?))
        }
    };
    let floats = if machine == Machine::M4 { M4_FLOATS } else { "" };
    let program =
        |about, handler, messages, more, flags| Program { about, handler, messages, more, flags };
    let mut programs = vec![
        program("MCP by libtrine", "door", "json", vec![&*door], ""),
        program("MCP by hand with cJSON", "cjson", "json", vec![&*cjson], floats),
        program(
            "values by hand with nanopb",
            "nanopb",
            "values",
            pb.iter().map(|path| &**path).collect(),
            "",
        ),
    ];
    if let Some(device) = &device {
        let about = "a device by libtrine, behind the gateway (profile `base`)";
        programs.push(program(about, "device", "frames", vec![device], ""));
    }
    let mut text = String::from("| what | code and data, bytes |\n|---|---:|\n");
    for program in &programs {
        let none = Program { handler: "none", more: Vec::new(), flags: "", ..*program };
        let path = build(machine, program, peers)?;
        run(machine, &path)?;
        let prefix = if machine == Machine::M4 { "arm-none-eabi-" } else { "" };
        let less = dist::bytes(prefix, &build(machine, &none, peers)?)?;
        let own = dist::bytes(prefix, &path)?.saturating_sub(less);
        text += &format!("| {name}: {} | {own} |\n", program.about);
    }
    Ok(text)
}

fn build(machine: Machine, program: &Program<'_>, peers: &Peers) -> Result<PathBuf> {
    let Program { handler, messages, more, flags, .. } = program;
    let (cc, own, name) = match machine {
        Machine::Host => ("cc", "", "host"),
        Machine::M4 => ("arm-none-eabi-gcc", M4, "m4"),
    };
    let path = output_folder("footprint")?.join(format!("{handler}-{messages}-{name}"));
    let sources = ["main", handler, messages].map(|name| format!("{SOURCES}/{name}.c"));
    let mut cc = sh::line(&format!("{cc} {FLAGS} {own} {flags} {}", sources.join(" ")));
    for folder in [&peers.cjson, &peers.nanopb, &peers.made] {
        // Their headers are not judged by our warnings.
        cc.arg("-isystem").arg(folder);
    }
    sh::run(cc.args(more).arg("-o").arg(&path))?;
    Ok(path)
}

/// Runs a program: it ends with 0 when all of its answers were right.
fn run(machine: Machine, program: &Path) -> Result<()> {
    let mut command = match machine {
        Machine::Host => sh::command(program),
        Machine::M4 => {
            let mut timeout = Command::new("timeout");
            timeout.arg("60").args(QEMU.split_whitespace()).arg(program);
            timeout
        }
    };
    let done = sh::ended(&mut command)?;
    let (code, name) = (done.status.code(), program.display());
    ensure!(code == Some(0), "{name} answers message {code:?} wrongly");
    Ok(())
}
