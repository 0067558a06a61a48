//! `cargo xtask soak hosts`: the program `trine` on other systems than the one that tests it, built
//! and run where this computer has something that runs it; and libtrine with a program in C for the
//! systems that nothing here runs.
//!
//! Debian's compiler builds the standard library of each target from its source; Zig links, and
//! has the C library of each. Nothing is installed here: what is missing is named with the command
//! that brings it.

mod msvc;
mod run;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{baremetal, sh};

/// Where Zig is looked for before `PATH`: an environment of Python below the target folder.
const ENVIRONMENT: &str = "zig";
const WINE: &str = "/usr/lib/wine/wine64";
const WINDOWS: &str = "x86_64-pc-windows-gnullvm";
/// The function of Windows 10 that Rust asks for and Debian's Wine 8 lacks, in C.
const RANDOM: &str = "xtask/src/hosts/prng.c";

/// What has to be there: its name, the command that shows it, and the one that brings it.
const NEEDS: [[&str; 3]; 7] = [
    [
        "Debian's Rust with its source",
        "test -e /usr/lib/rustlib/src/rust/library/std/Cargo.toml",
        "apt-get install rustc-web cargo-web rust-web-src",
    ],
    [
        "cargo-zigbuild and Zig",
        "cargo-zigbuild --version",
        "python3 -m venv target/zig && target/zig/bin/pip install ziglang==0.17.1 \
         cargo-zigbuild==0.24.1",
    ],
    ["Wine", "/usr/lib/wine/wine64 --version", "apt-get install --no-install-recommends wine64"],
    ["an emulator of 64-bit Arm", "qemu-aarch64 --version", "apt-get install qemu-user"],
    [
        "the C library of 64-bit Arm",
        "test -e /usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1",
        "apt-get install libc6-dev-arm64-cross",
    ],
    ["objdump", "objdump --version", "apt-get install binutils"],
    ["LLVM's linker and libraries", "lld-link --version", "apt-get install clang lld llvm"],
];

/// Systems that the program is built for, as cargo-zigbuild names them, and what runs their
/// programs here.
const PROGRAMS: [[&str; 2]; 4] = [
    [WINDOWS, WINE],
    ["x86_64-unknown-linux-musl", ""],
    ["x86_64-unknown-linux-gnu.2.17", ""],
    ["aarch64-unknown-linux-gnu", "qemu-aarch64 -L /usr/aarch64-linux-gnu"],
];

/// Systems that a program in C is linked for, as Rust and as Zig name them.
const LINKED: [[&str; 2]; 2] =
    [["aarch64-apple-darwin", "aarch64-macos"], ["x86_64-apple-darwin", "x86_64-macos"]];

/// Builds for each system, and runs the program where it can be.
pub(crate) fn main() -> Result<String> {
    let zig = sh::target_dir().join(ENVIRONMENT).join("bin");
    has_all(&zig, &NEEDS)?;
    let mut results = Vec::new();
    for [target, runner] in PROGRAMS {
        println!("\n-- {target}");
        let program = build(target, &zig)?;
        let mut line = sh::line(if runner.is_empty() { "env" } else { runner });
        if target == WINDOWS {
            let library = program.with_file_name("bcryptprimitives.dll");
            compile(&zig, "x86_64-windows-gnu", &["-shared", RANDOM, "-ladvapi32"], &library)?;
            in_wine(&mut line);
        }
        line.arg(&program);
        let did = run::everything(&line)?;
        let of = target.split_once("gnu.").map(|(_, version)| highest_is(&program, version));
        let of = of.transpose()?.unwrap_or_default();
        results.push(format!("{target}{of}: {did}"));
    }
    results.push(for_microsofts()?);
    for [target, system] in LINKED {
        println!("\n-- {target}");
        let library = library(target)?;
        let library = library.to_str().context("a path in UTF-8")?;
        let words = ["-std=c99", "-Iinclude", "host-example/c/hello.c", library];
        compile(&zig, system, &words, &folder().join(target).join("hello"))?;
        results.push(format!("{target}: libtrine and a program in C, linked"));
    }
    Ok(results.join("; "))
}

/// What each merge sees of Windows: libtrine is checked for it, and its headers are compiled.
pub(crate) fn windows_check() -> Result<()> {
    let mut cargo = baremetal::debian_cargo();
    cargo.args(["check", "--quiet", "--manifest-path", "ffi/artifact/Cargo.toml"]);
    cargo.args(["--target", msvc::TARGET, "-Zbuild-std=core", "--features", "sentences"]);
    sh::run(cargo.arg("--target-dir").arg(folder()))?;
    let headers = msvc::headers(&folder().join("msvc"))?;
    println!("libtrine is checked for Windows, and {headers} headers compile, in C and C++");
    Ok(())
}

/// libtrine for Microsoft's compiler.
fn for_microsofts() -> Result<String> {
    println!("\n-- {}", msvc::TARGET);
    let archive = library(msvc::TARGET)?.with_file_name("trine.lib");
    let mut wine = sh::line(WINE);
    let did = msvc::everything(&archive, &folder().join("msvc"), in_wine(&mut wine))?;
    Ok(format!("{}: {did}", msvc::TARGET))
}

/// Gives Wine a folder of its own, and lets it be silent.
fn in_wine(line: &mut Command) -> &mut Command {
    line.env("WINEPREFIX", folder().join("wine")).env("WINEDEBUG", "-all")
}

/// The same command once more, with more words.
fn again(command: &Command, words: &[&str]) -> Command {
    let mut other = Command::new(command.get_program());
    other.args(command.get_args()).args(words).current_dir(sh::root());
    other.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    other
}

fn folder() -> PathBuf {
    sh::target_dir().join("hosts")
}

/// A Python that has Zig, where what builds for another Linux and runs it is there.
pub(crate) fn zig() -> Result<PathBuf> {
    let zig = sh::target_dir().join(ENVIRONMENT).join("bin");
    let [rust, linker, _, emulator, ..] = NEEDS;
    has_all(&zig, &[rust, linker, emulator])?;
    Ok(python_of(&zig))
}

/// Whether all is there that a build or a run needs.
fn has_all(zig: &Path, needs: &[[&str; 3]]) -> Result<()> {
    let is_there = |check: &str| {
        let mut command = sh::line(check);
        sh::prepend(&mut command, "PATH", zig)
            .is_ok_and(|()| sh::ended(&mut command).is_ok_and(|done| done.status.success()))
    };
    let missing = needs.iter().filter(|[_, check, _]| !is_there(check));
    let missing: Vec<_> = missing.map(|[what, _, bring]| format!("{what}: {bring}")).collect();
    ensure!(missing.is_empty(), "not there:\n  {}", missing.join("\n  "));
    Ok(())
}

/// Builds the program for a target, in release mode but for what takes long and changes nothing of
/// what it does; answers where it is.
fn build(target: &str, zig: &Path) -> Result<PathBuf> {
    let mut cargo = baremetal::debian_cargo();
    sh::prepend(&mut cargo, "PATH", zig)?;
    cargo.args(["zigbuild", "--release", "--target", target, "-Zbuild-std=std,panic_abort"]);
    cargo.args(["-p", "trine", "--bin", "trine", "--target-dir"]).arg(folder());
    let plain = [("LTO", "off"), ("DEBUG", "0"), ("OPT_LEVEL", "1"), ("STRIP", "symbols")];
    for (name, value) in plain {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
    }
    if target.ends_with("musl") {
        // Debian's Rust does not have what a program of musl begins with; Zig has.
        cargo.env("RUSTFLAGS", "-Clink-self-contained=no");
    }
    sh::run(&mut cargo)?;
    // The version of the C library is no part of the folder's name.
    let name = target.split('.').next().unwrap_or(target);
    let end = if name.contains("windows") { ".exe" } else { "" };
    Ok(folder().join(name).join("release").join(format!("trine{end}")))
}

/// Builds libtrine with all it has as a static library for a target: that takes neither a linker
/// nor an SDK.
fn library(target: &str) -> Result<PathBuf> {
    let mut cargo = baremetal::debian_cargo();
    cargo.args(["rustc", "--manifest-path", "ffi/artifact/Cargo.toml", "--profile", "embedded"]);
    cargo.args(["--target", target, "-Zbuild-std=core", "--crate-type", "staticlib"]);
    cargo.args(["--features", "sentences"]);
    sh::run(cargo.arg("--target-dir").arg(folder()))?;
    Ok(folder().join(target).join("embedded/libtrine.a"))
}

fn python_of(zig: &Path) -> PathBuf {
    let own = zig.join("python");
    if own.exists() { own } else { "python3".into() }
}

/// Compiles and links C.
fn compile(zig: &Path, system: &str, words: &[&str], to: &Path) -> Result<()> {
    let mut cc = sh::command(python_of(zig));
    cc.args(["-m", "ziglang", "cc", "-target", system]).args(words).arg("-o").arg(to);
    std::fs::create_dir_all(to.parent().context("a folder")?)?;
    sh::run(&mut cc)
}

/// Sees that a program asks for no later version of the GNU C library.
fn highest_is(program: &Path, version: &str) -> Result<String> {
    let symbols = sh::output(Command::new("objdump").arg("-T").arg(program))?;
    let highest = highest(&symbols).context("no symbol of the C library")?;
    let wanted: Vec<u32> = version.split('.').filter_map(|it| it.parse().ok()).collect();
    let text: Vec<_> = highest.iter().map(u32::to_string).collect();
    ensure!(highest <= wanted, "a symbol of GLIBC_{} is asked for", text.join("."));
    Ok(format!(" (highest symbol GLIBC_{})", text.join(".")))
}

/// The latest version among lines such as `DF *UND* 0000 (GLIBC_2.2.5) free`.
fn highest(symbols: &str) -> Option<Vec<u32>> {
    let words = symbols.split(|c: char| c.is_whitespace() || c == '(' || c == ')');
    let versions = words.filter_map(|word| word.strip_prefix("GLIBC_"));
    versions.map(|it| it.split('.').filter_map(|part| part.parse().ok()).collect()).max()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_latest_version_is_found_by_its_numbers() {
        let symbols = "DF *UND* 0 (GLIBC_2.2.5) free\nDF *UND* 0 GLIBC_2.17 x\n GLIBC_2.9 y";
        assert_eq!(super::highest(symbols), Some(vec![2, 17]));
        assert_eq!(super::highest("DF *UND* 0 free"), None);
    }
}
