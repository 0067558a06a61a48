//! `cargo xtask soak wheels`: the Python package as one wheel of the stable ABI for each kind of
//! processor, for any Linux with the GNU C library 2.17 or later, which pip installs by the name of
//! the file; and its tests with it, on this computer and in an emulator.
//!
//! Debian's compiler builds the library with the standard library from its source, made small; Zig
//! links, and has the C library of 2012. Nothing is installed here: what is missing is named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{baremetal, hosts, sh};

/// The oldest GNU C library, in the words of a wheel's name.
const OLDEST_LIBRARY: &str = "2_17";
/// What builds a wheel, and reads what it asks for.
const TOOLS: [&str; 3] = ["-r", "bindings/python/requirements.txt", "auditwheel==6.8.2"];
/// Writes a zip file anew, in as few bytes as its form allows.
const SMALLER: [&str; 3] = ["advzip", "-z", "-4"];
/// A processor of 2008, which has no AVX.
const OLD: [&str; 3] = ["qemu-x86_64", "-cpu", "Nehalem-v1"];
/// What Debian has of Python for 64-bit Arm.
const DEBIAN: [&str; 2] = ["python3", "libpython3-stdlib"];
/// What the base model of the package makes of a sentence.
const TRY: &str = "\
import trine
def add(a: int, b: int) -> int:
    'Adds two numbers.'
    return a + b
with trine.Server() as server:
    server.tool(add)
    print(server.ask('add 2 and 3'))
";

/// A kind of processor: as Rust, Zig and Debian name it.
struct Machine {
    name: &'static str,
    debian: Option<&'static str>,
}

const MACHINES: [Machine; 2] =
    [Machine { name: "x86_64", debian: None }, Machine { name: "aarch64", debian: Some("arm64") }];

/// Builds each wheel, and runs the package's tests with it.
pub(crate) fn main() -> Result<String> {
    let zig = hosts::zig()?;
    for (program, package) in [(OLD[0], "qemu-user"), (SMALLER[0], "advancecomp")] {
        let is_there = sh::works(program, &["--version"]);
        ensure!(is_there, "{program} is not there: apt-get install {package}");
    }
    let tools = sh::python("wheel-tools", &TOOLS)?;
    let mut results = Vec::new();
    for machine in MACHINES {
        println!("\n-- {}", machine.name);
        let library = library(machine.name)?;
        let wheel = machine.wheel(&library, &zig, &tools)?;
        let size = fs::metadata(&wheel)?.len();
        let site = machine.installed(&wheel, &tools)?;
        let python = machine.python(&tools)?;
        let mut tests = tests(&python, &site)?;
        if machine.debian.is_some() {
            tests.env("TRINE_EMULATED", "1");
        }
        sh::run(&mut tests)?;
        if machine.debian.is_none() {
            let mut old = sh::command(OLD[0]);
            old.args(&OLD[1..]).arg(&python);
            let [here, old] = [sh::command(&python), old]
                .map(|mut python| sh::output(python.args(["-c", TRY]).env("PYTHONPATH", &site)));
            let (here, old) = (here?, old?);
            ensure!(here.contains("'tool': 'add'"), "the base model answers {here}");
            ensure!(old == here, "an old processor answers {old}, and this one {here}");
        }
        results.push(format!("{}: {size} bytes, its tests passed", machine.name));
    }
    Ok(results.join("; "))
}

fn folder() -> PathBuf {
    sh::target_dir().join("wheels")
}

/// Builds `libtrine_host` for a processor; answers the folder that it is in.
fn library(machine: &str) -> Result<PathBuf> {
    let target = format!("{machine}-unknown-linux-gnu");
    let mut cargo = baremetal::debian_cargo();
    cargo.args(["rustc", "--profile", "wheel", "--locked", "-p", "trine-c-host"]);
    cargo.args(["--crate-type", "staticlib", "--target", &target]);
    cargo.args(["-Zbuild-std=std,panic_unwind"]);
    cargo.args(["-Zbuild-std-features=panic-unwind,optimize_for_size"]);
    // Tables for unwinding are a third shorter where frames have a pointer.
    cargo.env("RUSTFLAGS", "-Cforce-frame-pointers=yes");
    sh::run(cargo.arg("--target-dir").arg(folder()))?;
    Ok(folder().join(target).join("wheel"))
}

impl Machine {
    fn platform(&self) -> String {
        format!("manylinux_{OLDEST_LIBRARY}_{}", self.name)
    }

    /// Builds the wheel, and sees that it asks for no later C library than its name says.
    fn wheel(&self, library: &Path, zig: &Path, tools: &Path) -> Result<PathBuf> {
        let folder = folder().join(self.name);
        let [source, raw, out] = ["source", "raw", "out"].map(|name| folder.join(name));
        for folder in [&folder, &raw, &out] {
            sh::empty_folder(folder)?;
        }
        sh::run(sh::command("cp").arg("-r").arg(sh::root().join("bindings/python")).arg(&source))?;
        let version = OLDEST_LIBRARY.replace('_', ".");
        let zig = format!("{} -m ziglang", zig.display());
        let cc = format!("{zig} cc -target {}-linux-gnu.{version}", self.name);
        let linker = linker(&folder, &zig, &cc)?;
        let mut wheel = sh::command(tools);
        wheel.args(["-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps"]);
        wheel.arg(format!("--config-settings=--build-option=--plat-name={}", self.platform()));
        wheel.arg("-w").arg(&raw).arg(&source);
        wheel.env("LDSHARED", linker).env("CC", cc);
        wheel.env("_PYTHON_HOST_PLATFORM", format!("linux-{}", self.name));
        wheel.env("TRINE_LIB", library).env("TRINE_INCLUDE", sh::root().join("include"));
        sh::run(&mut wheel)?;
        let made = sh::files(&raw, "whl")?.pop().context("pip wrote no wheel")?;
        let wheel = out.join(made.file_name().context("a name")?);
        fs::copy(&made, &wheel)?;
        sh::run(sh::command(SMALLER[0]).args(&SMALLER[1..]).arg(&wheel))?;
        let shown = sh::output(sh::command(tools).args(["-m", "auditwheel", "show"]).arg(&wheel))?;
        print!("{shown}");
        let tag = format!("\"{}\"", self.platform());
        ensure!(shown.contains(&tag), "auditwheel does not find {tag}:\n{shown}");
        Ok(wheel)
    }

    /// Installs the wheel and what it depends on as pip does on such a computer; answers where.
    fn installed(&self, wheel: &Path, tools: &Path) -> Result<PathBuf> {
        let site = folder().join(self.name).join("site");
        let mut pip = sh::command(tools);
        pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check", "--upgrade"]);
        pip.args(["--only-binary=:all:", "--platform", &self.platform()]);
        pip.args(["--platform", &format!("manylinux2014_{}", self.name)]);
        // The stable ABI is that of the oldest Python, which later ones take: cffi is not.
        let version = sh::output(&mut python_version(&self.python(tools)?))?;
        pip.args(["--python-version", version.trim(), "--target"]).arg(&site).arg(wheel);
        sh::run(&mut pip)?;
        Ok(site)
    }

    /// A Python of this machine: the one that builds, or Debian's in an emulator.
    fn python(&self, tools: &Path) -> Result<PathBuf> {
        match self.debian {
            None => Ok(tools.to_owned()),
            Some(architecture) => emulated(self.name, architecture),
        }
    }
}

/// A program that links as Zig does, with functions that are alike next to each other: deflate
/// looks back for 32 KiB alone. Zig has no word for that, so it is asked for its linker's line.
fn linker(folder: &Path, zig: &str, cc: &str) -> Result<PathBuf> {
    let file = folder.join("link");
    let text = format!(
        "#!/bin/sh\nset -e\n\
         line=$(ZIG_VERBOSE_LINK=1 {cc} -shared \"$@\" 2>&1 | grep '^ld.lld ' | tail -n 1)\n\
         exec {zig} $line --icf=all --bp-compression-sort=both\n"
    );
    sh::script(&file, &text)?;
    Ok(file)
}

fn python_version(python: &Path) -> Command {
    let mut command = sh::command(python);
    command.args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]);
    command
}

/// The package's tests, over what is installed in a folder.
fn tests(python: &Path, site: &Path) -> Result<Command> {
    let place = folder().join("tests");
    sh::empty_folder(&place)?;
    let mut tests = sh::command(python);
    tests.args(["-B", "-m", "unittest", "discover", "-s"]);
    tests.arg(sh::root().join("bindings/python/tests"));
    tests.env("PYTHONPATH", site).current_dir(place);
    Ok(tests)
}

/// A program that runs Debian's Python for another processor, which it downloads once.
fn emulated(machine: &str, architecture: &str) -> Result<PathBuf> {
    let place = folder().join(format!("python-{machine}"));
    let python = place.join("python");
    if python.exists() {
        return Ok(python);
    }
    let root = place.join("root");
    for folder in [&place, &root] {
        sh::empty_folder(folder)?;
    }
    for each in packages(&place, architecture)? {
        sh::run(sh::command("dpkg-deb").arg("-x").arg(each).arg(&root))?;
    }
    // Python finds itself by what it is called, and its own children by that.
    let [root, own] = [&root, &python].map(|path| path.display().to_string());
    let line = format!(
        "#!/bin/sh\nPYTHONHOME='{root}/usr' exec qemu-{machine} -L '{root}' -0 '{own}' \
         '{root}/usr/bin/python3' \"$@\"\n"
    );
    sh::script(&python, &line)?;
    Ok(python)
}

/// Debian's packages with all that they depend on, for another processor than this.
fn packages(place: &Path, architecture: &str) -> Result<Vec<PathBuf>> {
    let apt = |words: &[&str]| {
        let mut apt = sh::command("apt-get");
        apt.args(["-q", "-y", "-o"]).arg(format!("APT::Architecture={architecture}"));
        apt.arg("-o").arg(format!("APT::Architectures={architecture}"));
        let [state, cache] = [place.join("state"), place.join("cache")];
        apt.arg("-o").arg(format!("Dir::State={}", state.display()));
        apt.arg("-o").arg(format!("Dir::State::status={}", state.join("status").display()));
        apt.arg("-o").arg(format!("Dir::Cache={}", cache.display())).args(words);
        sh::run(&mut apt)
    };
    fs::create_dir_all(place.join("state/lists/partial"))?;
    fs::create_dir_all(place.join("cache/archives/partial"))?;
    fs::write(place.join("state/status"), "")?;
    apt(&["update"])?;
    apt(&[&["--no-install-recommends", "--download-only", "install"][..], &DEBIAN].concat())?;
    sh::files(place.join("cache/archives"), "deb")
}
