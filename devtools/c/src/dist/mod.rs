//! `cargo xtask dist`: libtrine and `libtrine_model` as they are shipped, and the leg that looks at
//! them.
//!
//! A static library of Rust brings the whole of `core` along, some three hundred objects, and two
//! of them in one program collide. So all is linked into one relocatable object first, of which
//! only the functions of `ffi/exports.txt` or `ffi/model/exports.txt` are left visible.

mod contents;
mod crates;
mod licences;
mod object;
mod package;
mod sbom;
mod sign;
mod soak;
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use devtools::{Compiler, cache, parallel, sh};

use crate::output_folder;

pub use package::{hosted, shared as host_shared};
pub use soak::soak;

/// A library that is shipped.
struct Product {
    /// What is between `lib` and `.a`.
    name: &'static str,
    /// Its functions, and the smallest profile of each.
    exports: &'static str,
    /// Its profiles, each of which holds those before it.
    profiles: &'static [&'static str],
    /// What the artefact's feature for a profile begins with.
    prefix: &'static str,
}

/// Tools for MCP clients.
const DEVICE: Product = Product {
    name: "trine",
    exports: "ffi/exports.txt",
    profiles: &["base", "policy", "mcp", "full", "resources", "sentences"],
    prefix: "",
};

/// Language models.
const MODEL: Product = Product {
    name: "trine_model",
    exports: "ffi/model/exports.txt",
    profiles: &["image", "ask", "base", "full"],
    prefix: "model-",
};

/// Models from files, with threads: a shared library that cargo makes as it is shipped.
const HOSTED: Product =
    Product { name: "trine_host", exports: "ffi/host/exports.txt", profiles: &["full"], ..MODEL };

/// A target that libtrine is shipped for.
struct Target {
    /// As Rust calls it.
    name: &'static str,
    /// Before the names of its binutils; nothing on the host.
    prefix: &'static str,
    /// What its linker has to be told.
    emulation: &'static str,
}

const fn target(name: &'static str, prefix: &'static str, emulation: &'static str) -> Target {
    Target { name, prefix, emulation }
}

const ARM: &str = "arm-none-eabi-";
const HOST: Target = target("x86_64-unknown-linux-gnu", "", "");
/// All of them, the host first.
const TARGETS: &[Target] = &[
    HOST,
    target("thumbv6m-none-eabi", ARM, ""),
    target("thumbv7m-none-eabi", ARM, ""),
    target("thumbv7em-none-eabihf", ARM, ""),
    target("thumbv8m.main-none-eabihf", ARM, ""),
    target("riscv32imac-unknown-none-elf", "riscv64-unknown-elf-", "-melf32lriscv"),
];

impl Target {
    fn named(name: &str) -> Result<&'static Self> {
        TARGETS.iter().find(|target| target.name == name).with_context(|| {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            format!("libtrine is not made for {name}, but for {}", names.join(", "))
        })
    }

    fn is_host(&self) -> bool {
        self.prefix.is_empty()
    }

    /// A program of its binutils, with arguments.
    fn tool(&self, line: &str) -> Command {
        sh::line(&format!("{}{line}", self.prefix))
    }
}

/// `cargo xtask dist [TARGET [PROFILE]]`: the packages of all targets, or the library of one.
pub fn main(target: Option<&str>, profile: Option<&str>) -> Result<()> {
    let Some(name) = target else { return all(&sign::Key::found()?) };
    let profile = profile.unwrap_or("full");
    let (product, profile) = match profile.strip_prefix(MODEL.prefix) {
        Some(profile) => (&MODEL, profile),
        None => (&DEVICE, profile),
    };
    println!("{}", library(product, Target::named(name)?, profile)?.display());
    Ok(())
}

/// `cargo xtask dist package [TARGET]`: the package of one target, signed.
pub fn package(target: Option<&str>) -> Result<()> {
    let target = target.map_or(Ok(&HOST), Target::named)?;
    let package = package::make(target, package::For::Users)?;
    sign::Key::found()?.sign(&package).map(drop)
}

/// `cargo xtask dist source`: the source with all crates that it needs.
pub fn source() -> Result<()> {
    sign::Key::found()?.sign(&source::make()?).map(drop)
}

/// `cargo xtask dist signed`: all packages, signed with the release's key. With the key for tests,
/// and without any, nothing is made.
pub fn signed() -> Result<()> {
    all(&sign::Key::of_releases()?)
}

/// Makes the packages of all targets, their checksums and the signatures.
fn all(key: &sign::Key) -> Result<()> {
    let make = |target| package::make(target, package::For::Users);
    let mut packages = TARGETS.iter().map(make).collect::<Result<Vec<_>>>()?;
    packages.push(source::make()?);
    packages.sort();
    let sums = sign::sum_up_files(&sh::target_dir().join("dist"), &packages)?;
    packages.iter().chain([&sums]).try_for_each(|path| key.sign(path).map(drop))
}

/// The leg `dist`: every library of every target keeps the rules, and works in a program.
pub fn check() -> Result<()> {
    parallel::each(TARGETS, |target| {
        library(&DEVICE, target, "base")?;
        library(&DEVICE, target, "full")?;
        library(&DEVICE, target, "sentences")?;
        library(&MODEL, target, if target.is_host() { "full" } else { "image" })?;
        // What reads files is large; that it is made at all does not hang on the chip.
        let is_with_files = target.name.starts_with("thumbv7em");
        if is_with_files { library(&MODEL, target, "full").map(drop) } else { Ok(()) }
    })?;
    let (archive, folder) = (host_library()?, output_folder("dist")?);
    let (shared, panics) = (host_shared(&archive)?, compile(&HOST, "full,forced-panic", false)?);
    let mut programs = sh::line("sh tests/c/dist/programs.sh");
    sh::run(programs.args([&folder, &archive, &shared, &panics]))?;
    let package = package::make(&HOST, package::For::Tests)?;
    sign::Key::found()?.sign(&package)?;
    let mut build_systems = sh::line("sh tests/c/dist/package.sh");
    sh::run(build_systems.arg(package).arg(package::VERSION).arg(folder))
}

/// The static library of the host, for the tests of C programs.
pub fn host_library() -> Result<PathBuf> {
    library(&DEVICE, &HOST, "sentences")
}

/// The same for language models.
pub fn host_model_library() -> Result<PathBuf> {
    library(&MODEL, &HOST, "full")
}

/// The static library for a chip, for the firmware in C.
pub fn chip_library(target: &str, profile: &str) -> Result<PathBuf> {
    library(&DEVICE, Target::named(target)?, profile)
}

/// The same for language models.
pub fn chip_model_library(target: &str, profile: &str) -> Result<PathBuf> {
    library(&MODEL, Target::named(target)?, profile)
}

/// Makes a static library and checks it, unless the one that is there was made of the same.
fn library(product: &Product, target: &Target, profile: &str) -> Result<PathBuf> {
    // What cargo makes of two profiles has one name, so both would be made in one place.
    let folder = sh::target_dir().join("dist").join(target.name);
    sh::exclusively(&folder, || library_in(&folder, product, target, profile))
}

fn library_in(folder: &Path, product: &Product, target: &Target, profile: &str) -> Result<PathBuf> {
    let (name, feature) = (product.name, format!("{}{profile}", product.prefix));
    let exports = exports(product, profile)?;
    let out = folder.join(&feature);
    fs::create_dir_all(&out)?;
    let library = out.join(format!("lib{name}.a"));
    let raw = compile(target, &feature, feature == "base" && !target.is_host())?;
    let made_of = format!("{exports:?} {:?}", fs::metadata(&raw)?.modified()?);
    let stamp = out.join("made_of");
    if library.exists() && fs::read_to_string(&stamp).is_ok_and(|text| text == made_of) {
        return Ok(library);
    }
    drop(fs::remove_file(&stamp));
    // The kernels for wide registers, and what reads files, have checks of bounds that the compiler
    // does not see through.
    let may_panic = name == MODEL.name && (profile != "image" || target.is_host());
    let about = format!("lib{name} for {}, profile {profile}", target.name);
    let bytes = link(&library, (product, target), &raw, &exports, may_panic);
    let bytes = bytes.with_context(|| about.clone())?;
    fs::write(stamp, made_of)?;
    println!("{about}: {} functions, {bytes} B of code and constants", exports.len());
    Ok(library)
}

/// Makes one object of all that cargo made, with the exports alone visible, and the library of it.
/// Answers its bytes of code and constants.
fn link(
    library: &Path,
    (product, target): (&Product, &Target),
    raw: &Path,
    exports: &[String],
    may_panic: bool,
) -> Result<u64> {
    let out = library.parent().context("a library lies in a folder")?;
    let (object, list) = (out.join(format!("{}.o", product.name)), out.join("exports.txt"));
    fs::write(&list, exports.join("\n") + "\n")?;
    // Models bring their arithmetic along: a chip then has the results of its host, whatever its C
    // compiler makes of floats. A host's run-time stays in it as well.
    let keeps_run_time = product.name == MODEL.name || target.is_host();
    let raw = if keeps_run_time { raw.to_owned() } else { without_run_time(target, raw, out)? };
    let entry = exports.first().context("a library has functions")?;
    let mut ld = target.tool(&format!("ld {} -r --gc-sections -e {entry}", target.emulation));
    ld.args(exports.iter().flat_map(|name| ["-u", name.as_str()]));
    sh::run(ld.arg(raw).arg("-o").arg(&object))?;
    // GNU ar and nm fail on bitcode newer than their LLVM.
    let mut objcopy = target.tool("objcopy --strip-debug -R .llvmbc -R .llvmcmd");
    objcopy.arg(format!("--keep-global-symbols={}", list.display()));
    sh::run(objcopy.arg(&object))?;
    let bytes = object::check(&object, exports, may_panic)?;
    let partial = out.join("partial.a");
    drop(fs::remove_file(&partial));
    let mut ar = target.tool("ar rcs");
    ar.arg(&partial).arg(&object);
    // On a chip the program alone knows how to end.
    if may_panic && target.is_host() {
        let last = out.join("on_panic.o");
        let mut cc = sh::line("cc -std=c99 -O2 -fPIC -c ffi/model/on_panic.c -o");
        sh::run(cc.arg(&last))?;
        ar.arg(last);
    }
    sh::run(&mut ar)?;
    fs::rename(&partial, library)?;
    Ok(bytes)
}

/// The same archive without the compiler's run-time (`memcpy`, 64-bit division), which every C
/// compiler brings for its chip: a program then has one of each, its own.
fn without_run_time(target: &Target, raw: &Path, out: &Path) -> Result<PathBuf> {
    let copy = out.join("raw.a");
    fs::copy(raw, &copy)?;
    let members = sh::output(target.tool("ar t").arg(&copy))?;
    let run_time = members.lines().filter(|member| member.starts_with("compiler_builtins"));
    let run_time: Vec<&str> = run_time.collect();
    ensure!(!run_time.is_empty(), "{} has no compiler_builtins in it", raw.display());
    sh::run(target.tool("ar d").arg(&copy).args(run_time))?;
    Ok(copy)
}

fn exports(product: &Product, profile: &str) -> Result<Vec<String>> {
    let Product { name, exports: file, profiles, .. } = product;
    let rank = |name: &str| profiles.iter().position(|known| *known == name);
    let most = rank(profile).with_context(|| {
        format!("lib{name} has no profile {profile}, but {}", profiles.join(", "))
    })?;
    let mut names = Vec::new();
    for line in sh::read(file)?.lines().filter(|line| !line.starts_with('#')) {
        let (name, least) = line.split_once(' ').with_context(|| format!("{file}: {line}"))?;
        if rank(least).with_context(|| format!("{file}: no profile {least}"))? <= most {
            names.push(name.to_owned());
        }
    }
    ensure!(names.is_sorted() && !names.is_empty(), "{file} is not in order");
    Ok(names)
}

/// Lets cargo make its own kind of static library. Each target has a folder of its own, since cargo
/// works for one at a time in one; a chip's, where `core` is most of it, outlives the tree.
fn compile(target: &Target, features: &str, is_smallest: bool) -> Result<PathBuf> {
    let workspace = sh::root().join("ffi/artifact");
    let own = sh::target_dir().join("dist/build").join(target.name);
    let (mut cargo, target_dir) = if target.is_host() {
        let mut cargo = sh::cargo();
        cargo.args(["rustc", "--target", target.name]);
        (cargo, own)
    } else {
        let compiler = Compiler::find(target.name)?;
        // Of this tree alone: what is shipped is read from there after cargo has let go of it.
        let key = format!("{}{}", compiler.version()?, sh::root().display());
        let cached = cache::folder("dist", &key, &workspace.join("Cargo.lock"));
        let folder = cached.map_or(own, |folder| folder.join(target.name));
        let targets = folder.join("targets");
        let mut cargo = compiler.cargo_without_frames("rustc", target.name, &targets)?;
        if compiler == Compiler::Debian {
            // One `core` for all profiles: it takes longer to compile than the rest.
            for name in ["core", "compiler_builtins"] {
                let size = format!(r#"profile.embedded.package.{name}.opt-level="s""#);
                cargo.args(["--config", &size]);
            }
        }
        (cargo, folder)
    };
    cargo
        .args("--profile embedded --crate-type staticlib --quiet --no-default-features".split(' '));
    cargo.args(["--features", features]);
    if is_smallest {
        // What a few functions have alike would be put into functions of its own: 14 bytes less for
        // 120 instructions a call.
        cargo.args(["--", "-Cllvm-args=-enable-machine-outliner=never"]);
    }
    // The smallest profile is for who counts bytes before instructions.
    let opt_level = if is_smallest {
        "z"
    } else if target.is_host() {
        "3"
    } else {
        "s"
    };
    cargo.current_dir(&workspace).env("CARGO_TARGET_DIR", &target_dir);
    cargo.env("CARGO_PROFILE_EMBEDDED_OPT_LEVEL", opt_level).env_remove("RUSTFLAGS");
    cargo.env("RUSTC_WRAPPER", sh::root().join("devtools/c/src/dist/rustc.sh"));
    sh::run(&mut cargo)?;
    let raw = target_dir.join(target.name).join("embedded/libtrine.a");
    ensure!(raw.exists(), "cargo left no {}", raw.display());
    Ok(raw)
}
