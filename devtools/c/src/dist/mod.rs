//! `cargo xtask dist`: libtrine and `libtrine_model` as they are shipped, and the leg that looks at
//! them.
//!
//! A static library of Rust brings the whole of `core` along, some three hundred objects, and two
//! of them in one program collide. So all is linked into one relocatable object first, of which
//! only the functions of `ffi/exports.txt` or `ffi/model/exports.txt` are left visible.

mod abi;
mod contents;
mod crates;
pub mod frameworks;
mod licences;
mod literals;
mod object;
mod package;
mod sbom;
mod sign;
mod size;
mod soak;
mod source;
mod target;
mod xtensa;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use devtools::{Compiler, cache, parallel, sh};

use crate::output_folder;
use target::{HOST, OFTEN, SELDOM, Target};

use size::Size;

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

/// The host's library for programs that count bytes: what an MCP server needs.
const SMALL: &str = "small";
/// The profile that it has.
const SMALL_PROFILE: &str = "mcp";

/// `cargo xtask dist`: the packages of all targets.
pub fn packages() -> Result<()> {
    all(&sign::Key::found()?)
}

/// `cargo xtask dist TARGET [PROFILE]`: the library of one target, which need not be one of the
/// packages, with other binutils than are guessed.
pub fn main(target: &str, profile: &str, binutils: Option<&str>) -> Result<()> {
    let target = Target::find(target, binutils)?;
    let (product, profile) = match profile.strip_prefix(MODEL.prefix) {
        Some(profile) => (&MODEL, profile),
        None => (&DEVICE, profile),
    };
    println!("{}", library(product, &target, profile)?.display());
    Ok(())
}

/// `cargo xtask dist package [TARGET]`: the package of one target, signed.
pub fn package(target: Option<&str>) -> Result<()> {
    let target = target.map_or(Ok(HOST), |name| Target::find(name, None))?;
    let package = package::make(&target, package::For::Users)?;
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
    let mut packages = OFTEN.iter().chain(SELDOM).map(make).collect::<Result<Vec<_>>>()?;
    packages.push(source::make()?);
    packages.sort();
    let sums = sign::sum_up_files(&sh::target_dir().join("dist"), &packages)?;
    packages.iter().chain([&sums]).try_for_each(|path| key.sign(path).map(drop))
}

/// The leg `dist`: every library of every target keeps the rules, and works in a program.
pub fn check() -> Result<()> {
    parallel::each(OFTEN, |target| {
        library(&DEVICE, target, "base")?;
        library(&DEVICE, target, "full")?;
        library(&DEVICE, target, "sentences")?;
        library(&MODEL, target, if target.is_host() { "full" } else { "image" })?;
        // What reads files is large; that it is made at all does not hang on the chip.
        let is_with_files = target.name.starts_with("thumbv7em");
        if is_with_files { library(&MODEL, target, "full").map(drop) } else { Ok(()) }
    })?;
    let (archive, folder) = (host_library()?, output_folder("dist")?);
    let (shared, panics) =
        (host_shared(&archive)?, compile(&HOST, "full,forced-panic", Size::Quick)?);
    mixed("thumbv7em-none-eabihf", "thumbv7m-none-eabi")?;
    let mut programs = sh::line("sh tests/c/dist/programs.sh");
    sh::run(programs.args([&folder, &archive, &shared, &panics]))?;
    let bytes = hello(&small_library()?, &folder.join("hello-small"))?;
    ensure!(bytes <= HELLO_MAX, "hello takes {bytes} bytes with the small library: {HELLO_MAX}");
    let package = package::make(&HOST, package::For::Tests)?;
    sign::Key::found()?.sign(&package)?;
    let mut build_systems = sh::line("sh tests/c/dist/package.sh");
    sh::run(build_systems.arg(package).arg(package::VERSION).arg(folder))
}

/// Most bytes of code and data of the quick start's program with the small library.
pub const HELLO_MAX: u64 = 100 * 1024;

/// Builds the quick start's program. Answers its bytes of code, constants and variables.
pub fn hello(library: &Path, program: &Path) -> Result<u64> {
    let mut cc = sh::line("cc -std=c99 -O2 -Wl,--gc-sections -Iinclude host-example/c/hello.c");
    sh::run(cc.arg(library).arg("-o").arg(program))?;
    bytes("", program)
}

/// Bytes of code, constants and variables with values of a program; before the name of the tool
/// stands its target.
pub fn bytes(prefix: &str, program: &Path) -> Result<u64> {
    let said = sh::output(sh::command(format!("{prefix}size")).arg(program))?;
    let row = said.lines().nth(1).context("size has said no row")?;
    let numbers = row.split_whitespace().take(2).map(str::parse::<u64>);
    Ok(numbers.sum::<Result<u64, _>>()?)
}

/// The part `targets` of the soak: every library of the packages that the leg does not make, and
/// some of ESP32 chips, of which one runs.
pub fn seldom() -> Result<String> {
    let chips = sh::files(target::DESCRIBED, "json")?;
    let chips = chips.iter().map(|file| Target::find(&file.to_string_lossy(), None));
    let chips = chips.collect::<Result<Vec<_>>>()?;
    SELDOM.iter().try_for_each(every_library)?;
    for chip in &chips {
        for profile in ["base", "full", "sentences"] {
            library(&DEVICE, chip, profile)?;
        }
        library(&MODEL, chip, "image")?;
    }
    mixed("thumbv7em-none-eabihf", "thumbv7em-none-eabi")?;
    let said = xtensa::run(&chips)?;
    let names = |targets: &[Target]| {
        targets.iter().map(|target| &*target.name).collect::<Vec<_>>().join(", ")
    };
    let (seldom, chips) = (names(SELDOM), names(&chips));
    Ok(format!("every library for {seldom}; four for {chips}; {said}"))
}

fn every_library(target: &Target) -> Result<()> {
    for product in [&DEVICE, &MODEL] {
        for profile in product.profiles {
            library(product, target, profile)?;
        }
    }
    Ok(())
}

/// A linker refuses what does not fit: floats passed in two ways, and another processor's library.
fn mixed(hard: &str, soft: &str) -> Result<()> {
    let library = |name| chip_library(name, "full");
    let mut mixed = sh::line("sh tests/c/dist/mixed.sh");
    mixed.arg(output_folder("dist")?).arg(library(hard)?).arg(library(soft)?);
    sh::run(mixed.arg(library("riscv32imac-unknown-none-elf")?))
}

/// The static library of the host, for the tests of C programs.
pub fn host_library() -> Result<PathBuf> {
    library(&DEVICE, &HOST, "sentences")
}

/// The small one of the host.
pub fn small_library() -> Result<PathBuf> {
    library(&DEVICE, &HOST, SMALL)
}

/// The same for language models.
pub fn host_model_library() -> Result<PathBuf> {
    library(&MODEL, &HOST, "full")
}

/// The static library for a chip, for the firmware in C.
pub fn chip_library(target: &str, profile: &str) -> Result<PathBuf> {
    library(&DEVICE, &Target::find(target, None)?, profile)
}

/// The same for language models.
pub fn chip_model_library(target: &str, profile: &str) -> Result<PathBuf> {
    library(&MODEL, &Target::find(target, None)?, profile)
}

/// Makes a static library and checks it, unless the one that is there was made of the same.
fn library(product: &Product, target: &Target, profile: &str) -> Result<PathBuf> {
    // What cargo makes of two profiles has one name, so both would be made in one place.
    let folder = sh::target_dir().join("dist").join(&*target.name);
    sh::exclusively(&folder, || library_in(&folder, product, target, profile))
}

fn library_in(folder: &Path, product: &Product, target: &Target, profile: &str) -> Result<PathBuf> {
    let name = product.name;
    let (size, profile_in, out) = match profile {
        SMALL => (Size::Small, SMALL_PROFILE, SMALL.to_owned()),
        _ => {
            let feature = format!("{}{profile}", product.prefix);
            let size = match &*feature {
                _ if target.is_host() => Size::Quick,
                "base" => Size::Smallest,
                _ => Size::Chip,
            };
            (size, profile, feature)
        }
    };
    let feature = format!("{}{profile_in}", product.prefix);
    let exports = exports(product, profile_in)?;
    let out = folder.join(out);
    fs::create_dir_all(&out)?;
    let library = out.join(format!("lib{name}.a"));
    let raw = compile(target, &feature, size)?;
    let made_of = format!("{exports:?} {} {:?}", target.prefix, fs::metadata(&raw)?.modified()?);
    let stamp = out.join("made_of");
    if library.exists() && fs::read_to_string(&stamp).is_ok_and(|text| text == made_of) {
        return Ok(library);
    }
    drop(fs::remove_file(&stamp));
    // The kernels for wide registers, and what reads files, have checks of bounds that the compiler
    // does not see through.
    let may_panic = name == MODEL.name && (profile != "image" || target.is_host());
    let about = format!("lib{name} for {}, profile {profile}", target.name);
    let bytes = link(&library, (product, target, size), &raw, &exports, may_panic);
    let bytes = bytes.with_context(|| about.clone())?;
    fs::write(stamp, made_of)?;
    println!("{about}: {} functions, {bytes} B of code and constants", exports.len());
    Ok(library)
}

/// Makes one object of all that cargo made, with the exports alone visible, and the library of it.
/// Answers its bytes of code and constants.
fn link(
    library: &Path,
    (product, target, size): (&Product, &Target, Size),
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
    let raw = if target.name.starts_with("xtensa") { settled(target, &raw, out)? } else { raw };
    let entry = exports.first().context("a library has functions")?;
    let mut ld = target.tool(&format!("ld {} -r --gc-sections -e {entry}", target.emulation));
    ld.args(exports.iter().flat_map(|name| ["-u", name.as_str()]));
    sh::run(ld.arg(raw).arg("-o").arg(&object))?;
    // GNU ar and nm fail on bitcode newer than their LLVM.
    let mut objcopy = target.tool("objcopy --strip-debug -R .llvmbc -R .llvmcmd");
    objcopy.arg(format!("--keep-global-symbols={}", list.display()));
    if size == Size::Small {
        // Nothing unwinds through it; a sixth of the whole.
        objcopy.args(["-R", ".eh_frame", "-R", ".rela.eh_frame"]);
    }
    sh::run(objcopy.arg(&object))?;
    let bytes = object::check(&object, exports, may_panic)?;
    abi::check(target, &object)?;
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

/// One object of all of an archive, with the literals of each function in the function's section.
fn settled(target: &Target, raw: &Path, out: &Path) -> Result<PathBuf> {
    let whole = out.join("whole.o");
    let mut ld = target.tool("ld -r --whole-archive -o");
    sh::run(ld.arg(&whole).arg(raw))?;
    literals::settle(&whole)?;
    Ok(whole)
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
fn compile(target: &Target, features: &str, size: Size) -> Result<PathBuf> {
    let workspace = sh::root().join("ffi/artifact");
    // Other flags for each crate: what was made with the usual ones would be made once more.
    let build = if size == Size::Small { "dist/build-small" } else { "dist/build" };
    let own = sh::target_dir().join(build).join(&*target.name);
    let (mut cargo, target_dir) = if target.is_host() {
        let mut cargo = sh::cargo();
        cargo.args(["rustc", "--target", &target.name]);
        (cargo, own)
    } else {
        let compiler = target.compiler()?;
        // Of this tree alone: what is shipped is read from there after cargo has let go of it.
        let key = format!("{}{}", compiler.version()?, sh::root().display());
        let cached = cache::folder("dist", &key, &workspace.join("Cargo.lock"));
        let folder = cached.map_or(own, |folder| folder.join(&*target.name));
        let mut cargo = target.cargo(compiler, &folder.join("targets"))?;
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
    if !size.last().is_empty() {
        cargo.arg("--").args(size.last());
    }
    cargo.current_dir(&workspace).env("CARGO_TARGET_DIR", &target_dir);
    cargo.env("CARGO_PROFILE_EMBEDDED_OPT_LEVEL", size.opt_level());
    match size.flags() {
        Some(flags) => cargo.env("RUSTFLAGS", flags),
        None => cargo.env_remove("RUSTFLAGS"),
    };
    cargo.env("RUSTC_WRAPPER", sh::root().join("devtools/c/src/dist/rustc.sh"));
    sh::run(&mut cargo)?;
    let raw = target_dir.join(&*target.name).join("embedded/libtrine.a");
    ensure!(raw.exists(), "cargo left no {}", raw.display());
    Ok(raw)
}
