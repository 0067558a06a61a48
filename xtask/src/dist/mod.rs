//! `cargo xtask dist`: libtrine as it is shipped, and the leg that looks at it.
//!
//! A static library of Rust brings the whole of `core` along, some three hundred objects, and two
//! of them in one program collide. So all is linked into one relocatable object first, of which
//! only the functions of `ffi/exports.txt` are left visible.

mod build_systems;
mod object;
mod package;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::baremetal::Compiler;
use crate::sh;

const WORKSPACE: &str = "ffi/artifact";
const EXPORTS: &str = "ffi/exports.txt";
/// The profiles of the library, each of which holds those before it.
const PROFILES: [&str; 4] = ["base", "policy", "mcp", "full"];

/// A target that libtrine is shipped for.
#[derive(Debug)]
pub(crate) struct Target {
    /// As Rust calls it.
    name: &'static str,
    /// Before the names of its binutils.
    prefix: &'static str,
    /// What its linker has to be told.
    emulation: &'static [&'static str],
    /// How fast before small.
    opt_level: &'static str,
}

const HOST: Target =
    Target { name: "x86_64-unknown-linux-gnu", prefix: "", emulation: &[], opt_level: "3" };

const fn arm(name: &'static str) -> Target {
    Target { name, prefix: "arm-none-eabi-", emulation: &[], opt_level: "s" }
}

/// All of them, the host first.
const TARGETS: &[Target] = &[
    HOST,
    arm("thumbv6m-none-eabi"),
    arm("thumbv7m-none-eabi"),
    arm("thumbv7em-none-eabihf"),
    arm("thumbv8m.main-none-eabihf"),
    Target {
        name: "riscv32imac-unknown-none-elf",
        prefix: "riscv64-unknown-elf-",
        emulation: &["-melf32lriscv"],
        opt_level: "s",
    },
];

/// `cargo xtask dist [TARGET [PROFILE]]`: the packages of all targets, or the library of one.
///
/// # Errors
/// When something does not build or breaks a rule.
pub(crate) fn main(target: Option<&str>, profile: Option<&str>) -> Result<()> {
    let Some(name) = target else {
        return TARGETS.iter().try_for_each(|target| package::make(target).map(|_| ()));
    };
    let target = TARGETS.iter().find(|target| target.name == name).with_context(|| {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        format!("libtrine is not made for {name}, but for {}", names.join(", "))
    })?;
    let library = library(target, profile.unwrap_or("full"))?;
    println!("{}", library.display());
    Ok(())
}

/// The leg `dist`: every library of every target keeps the rules, and works in a program.
///
/// # Errors
/// When one does not.
pub(crate) fn check() -> Result<()> {
    for target in TARGETS {
        for profile in ["base", "full"] {
            library(target, profile)?;
        }
    }
    trial::layout()?;
    trial::beside_another(&host_library()?)?;
    trial::shared(&host_shared(&host_library()?)?)?;
    trial::panics(&compile(&HOST, "full,forced-panic")?)?;
    build_systems::main(&package::make(&HOST)?)
}

/// The static library of the host, for the tests of C programs.
///
/// # Errors
/// As [`library`].
pub(crate) fn host_library() -> Result<PathBuf> {
    library(&HOST, "full")
}

/// The shared library of the host, made of a static one.
///
/// # Errors
/// When it does not link.
pub(crate) fn host_shared(library: &Path) -> Result<PathBuf> {
    package::shared(&HOST, library)
}

/// The static library for a chip, for the firmware in C.
///
/// # Errors
/// As [`library`], or when it is made for no such target or profile.
pub(crate) fn chip_library(target: &str, profile: &str) -> Result<PathBuf> {
    let target = TARGETS.iter().find(|known| known.name == target);
    library(target.context("libtrine is not made for this target")?, profile)
}

/// Makes `libtrine.a` and checks it.
///
/// # Errors
/// When it does not build, or breaks a rule of [`object::check`].
fn library(target: &Target, profile: &str) -> Result<PathBuf> {
    let exports = exports(profile)?;
    let out = sh::target_dir().join("dist").join(target.name).join(profile);
    fs::create_dir_all(&out)?;
    let (list, object, library) =
        (out.join("exports.txt"), out.join("trine.o"), out.join("libtrine.a"));
    for old in [&object, &library] {
        if old.exists() {
            fs::remove_file(old)?;
        }
    }
    fs::write(&list, exports.join("\n") + "\n")?;
    let raw = compile(target, profile)?;
    let raw = without_run_time(target, &raw, &out)?;
    let mut ld = tool(target, "ld");
    ld.args(target.emulation).args(["-r", "--gc-sections", "-e", "trine_init"]);
    ld.args(exports.iter().flat_map(|name| ["-u", name.as_str()]));
    sh::run(ld.arg(raw).arg("-o").arg(&object))?;
    let mut objcopy = tool(target, "objcopy");
    objcopy.arg(format!("--keep-global-symbols={}", list.display()));
    // GNU ar and nm fail on bitcode newer than their LLVM.
    objcopy.args(["--strip-debug", "-R", ".llvmbc", "-R", ".llvmcmd"]);
    sh::run(objcopy.arg(&object))?;
    sh::run(tool(target, "ar").arg("rcs").arg(&library).arg(&object))?;
    let bytes = object::check(&object, &exports)
        .with_context(|| format!("libtrine for {}, profile {profile}", target.name))?;
    println!(
        "libtrine.a for {}, profile {profile}: {} functions, {bytes} B of code and constants",
        target.name,
        exports.len()
    );
    Ok(library)
}

/// The same archive without the compiler's run-time (`memcpy`, 64-bit division), which every C
/// compiler brings for its chip: a program then has one of each, its own. A host's stays as it is.
fn without_run_time(target: &Target, raw: &Path, out: &Path) -> Result<PathBuf> {
    if target.prefix.is_empty() {
        return Ok(raw.to_owned());
    }
    let copy = out.join("raw.a");
    fs::copy(raw, &copy)?;
    let members = sh::output(tool(target, "ar").arg("t").arg(&copy))?;
    let run_time = members.lines().filter(|member| member.starts_with("compiler_builtins"));
    let run_time: Vec<&str> = run_time.collect();
    ensure!(!run_time.is_empty(), "{} has no compiler_builtins in it", raw.display());
    sh::run(tool(target, "ar").arg("d").arg(&copy).args(run_time))?;
    Ok(copy)
}

/// The functions of a profile.
fn exports(profile: &str) -> Result<Vec<String>> {
    let rank = |name: &str| PROFILES.iter().position(|known| *known == name);
    let most = rank(profile).with_context(|| format!("no profile {profile}: {PROFILES:?}"))?;
    let text = fs::read_to_string(sh::root().join(EXPORTS)).context(EXPORTS)?;
    let mut names = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, least) = line.split_once(' ').with_context(|| format!("{EXPORTS}: {line}"))?;
        let least = rank(least).with_context(|| format!("{EXPORTS}: no profile {least}"))?;
        if least <= most {
            names.push(name.to_owned());
        }
    }
    ensure!(names.is_sorted() && !names.is_empty(), "{EXPORTS} is not in order");
    Ok(names)
}

/// Lets cargo make its own kind of static library.
fn compile(target: &Target, profile: &str) -> Result<PathBuf> {
    let workspace = sh::root().join(WORKSPACE);
    let target_dir = sh::target_dir().join("dist/build");
    let mut cargo = if target.prefix.is_empty() {
        let mut cargo = sh::cargo();
        cargo.args(["rustc", "--target", target.name]);
        cargo
    } else {
        let compiler = Compiler::find(target.name)?;
        compiler.cargo_without_frames("rustc", target.name, &target_dir.join("targets"))?
    };
    // The smallest profile is for who counts bytes before instructions.
    let is_smallest = profile == "base" && !target.prefix.is_empty();
    let opt_level = if is_smallest { "z" } else { target.opt_level };
    cargo.args(["--profile", "embedded", "--crate-type", "staticlib", "--quiet"]);
    cargo.args(["--no-default-features", "--features", profile]);
    cargo
        .current_dir(&workspace)
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("CARGO_PROFILE_EMBEDDED_OPT_LEVEL", opt_level)
        .env_remove("RUSTFLAGS");
    sh::run(&mut cargo)?;
    let raw = target_dir.join(target.name).join("embedded/libtrine.a");
    if raw.exists() { Ok(raw) } else { bail!("cargo left no {}", raw.display()) }
}

fn tool(target: &Target, name: &str) -> Command {
    sh::command(format!("{}{name}", target.prefix))
}
