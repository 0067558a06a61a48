//! The host examples: each is built, run on a recorded conversation, and must answer what is
//! recorded. The one in C is watched as well: no socket, no process, no heap.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use devtools::{programs, sh};

use crate::program::{SHARED, STATIC, WATCHED, Way, heap_counter};
use crate::{dist, models, output_folder};

const QUICK_START: &str = "docs/c-quickstart.md";
const EXPECTED: &str = "host-example/expected";
/// Calls of the system that no example has reason to make.
const FORBIDDEN: &str = "socket,connect,clone,clone3,fork,vfork";
/// Each program's source and the name of its conversation.
const PROGRAMS: [(&str, &str); 2] =
    [("host-example/c/hello.c", "hello"), ("host-example/cpp/counter.cpp", "counter")];

/// `cargo xtask test --leg examples`.
pub fn main() -> Result<()> {
    let archive = dist::host_library()?;
    let shared = dist::host_shared(&archive)?;
    for (way, library) in [(&STATIC, &archive), (&SHARED, &shared)] {
        for (source, name) in PROGRAMS {
            let program = build(way, source, name, library)?;
            converse(sh::command(&program), name)?;
            is_modest(&program, name)?;
        }
    }
    for way in &WATCHED {
        for (source, name) in PROGRAMS {
            converse(way.command(&build(way, source, name, &archive)?), name)?;
        }
        if way.is_sanitized() {
            // The test of what the classes of trine.hpp do.
            let test = build(way, "tests/c/hpp_run/behaviour.cpp", "behaviour", &archive)?;
            print!("{}: {}", way.name, sh::output(&mut sh::command(test))?);
        }
    }
    println!("C and C++: nothing found by the sanitizers of gcc and clang, or by valgrind");
    quick_start()?;
    programs::build()?;
    converse(programs::command("trine-example"), "multiply")?;
    println!("C, C++ and Rust: static, shared and by crates");
    models::examples()
}

/// A C compiler links C++ too: nothing of C++'s library is needed. The sanitizers do need it.
fn build(way: &Way, source: &str, name: &str, library: &Path) -> Result<PathBuf> {
    if Path::new(source).extension().is_some_and(|kind| kind == "c") {
        return way.compile(name, &format!("-O2 -Iinclude -std=c99 {source}"), &[library]);
    }
    let compiler = match way.compiler {
        "clang" if way.is_sanitized() => "clang++",
        "gcc" if way.is_sanitized() => "g++",
        plain => plain,
    };
    let flags = "-O2 -Iinclude -x c++ -std=c++17 -fno-exceptions -fno-rtti";
    Way { compiler, ..*way }.compile(name, &format!("{flags} {source} -x none"), &[library])
}

/// Runs a command on the recorded requests; what it wrote to its two outputs.
fn run(mut command: Command, name: &str) -> Result<(String, String)> {
    let line = sh::shown(&command);
    let requests = sh::root().join(EXPECTED).join(format!("{name}.in"));
    command.stdin(File::open(&requests).with_context(|| name.to_owned())?);
    let done = command.output().with_context(|| format!("`{line}` could not start"))?;
    let said = String::from_utf8(done.stdout)?;
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.success(), "`{line}` failed: {}\n{said}{errors}", done.status);
    Ok((said, errors))
}

/// Runs a program on the recorded requests: it must answer what is recorded.
pub(crate) fn converse(program: Command, name: &str) -> Result<()> {
    let shown = sh::shown(&program);
    let wanted = sh::read(&format!("{EXPECTED}/{name}.out"))?;
    let (said, _) = run(program, name)?;
    for (line, wanted) in said.lines().zip(wanted.lines()) {
        ensure!(line == wanted, "`{shown}` answers\n{line}\nin place of\n{wanted}");
    }
    ensure!(said == wanted, "`{shown}` answers {} lines", said.lines().count());
    Ok(())
}

/// The first commands of the quick start print what it says that they print. The library is there
/// already, and nothing is to be left in the root folder.
fn quick_start() -> Result<()> {
    let out = output_folder("examples")?.join("quick").display().to_string();
    let changes: [(&str, &str); 4] = [
        ("cargo xtask dist x86_64-unknown-linux-gnu\n", ""),
        ("target/dist", &sh::target_dir().join("dist").display().to_string()),
        (" -o hello", &format!(" -o {out}")),
        ("./hello", &out),
    ];
    let (said, wanted) = first_commands(QUICK_START, &changes)?;
    let said = String::from_utf8(said)?;
    ensure!(said == wanted, "{QUICK_START} says\n{wanted}\nbut its commands print\n{said}");
    println!("the quick start prints what it says");
    Ok(())
}

/// Runs the commands that a page begins with, after changes to their text. What they print, and the
/// block behind them.
pub(crate) fn first_commands(page: &str, changes: &[(&str, &str)]) -> Result<(Vec<u8>, String)> {
    let blocks = indented(&sh::read(page)?);
    let [commands, next, ..] = &blocks[..] else { bail!("{page} has no commands") };
    let change = |script: String, (from, to): &(&str, &str)| script.replace(from, to);
    let script = changes.iter().fold(commands.clone(), change);
    Ok((sh::bytes(sh::command("sh").args(["-euc", &script]))?, next.clone()))
}

/// The indented blocks of a page, without their indentation.
fn indented(page: &str) -> Vec<String> {
    let lines: Vec<Option<&str>> = page.lines().map(|line| line.strip_prefix("    ")).collect();
    let blocks = lines.split(Option::is_none).filter(|block| !block.is_empty());
    blocks.map(|block| block.iter().flatten().map(|line| format!("{line}\n")).collect()).collect()
}

/// Watches a program on the same conversation: system calls, then the heap.
fn is_modest(program: &Path, name: &str) -> Result<()> {
    let log = output_folder("examples")?.join("strace.log");
    let mut strace = sh::line(&format!("strace -f -qq -e trace={FORBIDDEN} -o"));
    strace.arg(&log).arg(program);
    run(strace, name)?;
    let calls = std::fs::read_to_string(&log)?;
    let calls: Vec<&str> = calls.lines().filter(|line| line.contains('(')).collect();
    ensure!(calls.is_empty(), "{} calls the system: {}", program.display(), calls.join("; "));
    let mut counted = sh::command(program);
    counted.env("LD_PRELOAD", heap_counter()?);
    let (_, errors) = run(counted, name)?;
    ensure!(errors.trim() == "heap calls: 0", "{}: {}", program.display(), errors.trim());
    println!("{}: 0 of {FORBIDDEN}; {}", program.display(), errors.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn blocks_are_what_is_indented() {
        let page = "one\n\n    a\n    b \\\n      c\n\ntwo\n    d\n";
        assert_eq!(indented(page), ["a\nb \\\n  c\n", "d\n"]);
    }
}
