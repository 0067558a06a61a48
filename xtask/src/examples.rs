//! The host examples: each is built, run on a recorded conversation, and must answer what is
//! recorded. The one in C is watched as well: no socket, no process, no heap.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::matrix::{SANITIZE, output_folder, quiet};
use crate::{dist, models, programs, sh};

const QUICK_START: &str = "docs/c-quickstart.md";
const EXPECTED: &str = "host-example/expected";
/// Calls of the system that no example has reason to make.
const FORBIDDEN: &str = "socket,connect,clone,clone3,fork,vfork";

/// `cargo xtask test --leg examples`.
///
/// # Errors
/// When an example does not build, answers otherwise, or asks the system for too much.
pub(crate) fn main() -> Result<()> {
    let archive = dist::host_library()?;
    let shared = dist::host_shared(&archive)?;
    for library in [&archive, &shared] {
        for (build, name) in PROGRAMS {
            let program = build("gcc", &[], library)?;
            converse(sh::command(&program), name)?;
            is_modest(&program, name)?;
        }
    }
    for (build, name) in PROGRAMS {
        for compiler in ["gcc", "clang"] {
            converse(sh::command(build(compiler, SANITIZE, &archive)?), name)?;
        }
        let mut valgrind = sh::command("valgrind");
        valgrind.args(["--quiet", "--error-exitcode=9"]).arg(build("gcc", &["-g"], &archive)?);
        converse(valgrind, name)?;
    }
    println!("C and C++: nothing found by the sanitizers of gcc and clang, or by valgrind");
    for compiler in ["gcc", "clang"] {
        let said = quiet(&mut sh::command(behaviour(compiler, &archive)?))?;
        print!("{compiler}: {said}");
    }
    quick_start()?;
    is_short()?;
    programs::build()?;
    converse(programs::command("trine-example"), "multiply")?;
    println!("C, C++ and Rust: static, shared and by crates");
    models::examples()
}

/// How a program is built, and the name of its conversation.
type Program = (fn(&str, &[&str], &Path) -> Result<PathBuf>, &'static str);

const PROGRAMS: [Program; 2] = [(c_program, "hello"), (cpp_program, "counter")];

fn c_program(compiler: &str, flags: &[&str], library: &Path) -> Result<PathBuf> {
    let mut cc = sh::command(compiler);
    cc.args(flags).args(["-std=c99", "-O2", "-Iinclude", "host-example/c/hello.c"]);
    link(cc, library, "hello")
}

/// A C compiler links it: nothing of C++'s library is needed. The sanitizers do need it.
fn cpp_program(compiler: &str, flags: &[&str], library: &Path) -> Result<PathBuf> {
    let mut cc = sh::command(if flags == SANITIZE { cpp(compiler) } else { compiler });
    cc.args(flags)
        .args(["-x", "c++", "-std=c++17", "-O2", "-fno-exceptions", "-fno-rtti", "-Iinclude"])
        .args(["host-example/cpp/counter.cpp", "-x", "none"]);
    link(cc, library, "counter")
}

/// The C++ side of a C compiler.
fn cpp(compiler: &str) -> &'static str {
    if compiler == "clang" { "clang++" } else { "g++" }
}

/// The test of what the classes of trine.hpp do.
fn behaviour(compiler: &str, library: &Path) -> Result<PathBuf> {
    let mut cc = sh::command(cpp(compiler));
    cc.args(SANITIZE)
        .args(["-x", "c++", "-std=c++17", "-O1", "-fno-exceptions", "-fno-rtti", "-Iinclude"])
        .args(["tests/c/hpp_run/behaviour.cpp", "-x", "none"]);
    link(cc, library, "behaviour")
}

fn link(mut cc: Command, library: &Path, name: &str) -> Result<PathBuf> {
    let kind =
        if library.extension().is_some_and(|kind| kind == "a") { "static" } else { "shared" };
    let program = output_folder("examples")?.join(format!("{name}-{kind}"));
    let folder = library.parent().context("a library has a folder")?;
    cc.arg(library).arg(format!("-Wl,-rpath,{}", folder.display()));
    quiet(cc.arg("-o").arg(&program))?;
    Ok(program)
}

/// The recorded requests, as a program's standard input.
fn requests(name: &str) -> Result<Stdio> {
    let path = sh::root().join(EXPECTED).join(format!("{name}.in"));
    Ok(File::open(&path).with_context(|| format!("no {}", path.display()))?.into())
}

/// Runs a command on the recorded requests; what it wrote to its two outputs.
fn run(mut command: Command, name: &str) -> Result<(String, String)> {
    let line = sh::shown(&command);
    let done = command.stdin(requests(name)?).output();
    let done = done.with_context(|| format!("`{line}` could not start"))?;
    let said = String::from_utf8(done.stdout)?;
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.success(), "`{line}` failed: {}\n{said}{errors}", done.status);
    Ok((said, errors))
}

/// Runs a program on the recorded requests: it must answer what is recorded.
///
/// # Errors
/// When it does not.
pub(crate) fn converse(program: Command, name: &str) -> Result<()> {
    let shown = sh::shown(&program);
    let wanted = std::fs::read_to_string(sh::root().join(EXPECTED).join(format!("{name}.out")))?;
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
    let page = std::fs::read_to_string(sh::root().join(QUICK_START)).context(QUICK_START)?;
    let blocks = indented(&page);
    let [commands, wanted, ..] = blocks.as_slice() else { bail!("{QUICK_START} has no commands") };
    let out = output_folder("examples")?;
    let place = |path: &Path| path.display().to_string();
    let script = commands
        .replace("cargo xtask dist x86_64-unknown-linux-gnu\n", "")
        .replace("target/dist", &place(&sh::target_dir().join("dist")))
        .replace(" -o hello", &format!(" -o {}/quick", place(&out)))
        .replace("./hello", &format!("{}/quick", place(&out)));
    let said = quiet(sh::command("sh").args(["-euc", &script]))?;
    ensure!(said == *wanted, "{QUICK_START} says\n{wanted}\nbut its commands print\n{said}");
    println!("the quick start prints what it says");
    Ok(())
}

/// Most statements of the smallest program, and most functions of the library that it calls.
const SHORT: (usize, usize) = (20, 6);

/// The program of the quick start is as short as it is said to be.
fn is_short() -> Result<()> {
    let path = sh::root().join("host-example/c/hello.c");
    let program = std::fs::read_to_string(&path)?;
    let (statements, functions) = measure(&program);
    ensure!(
        statements <= SHORT.0 && functions.len() <= SHORT.1,
        "{}: {statements} statements, {functions:?}",
        path.display()
    );
    println!("hello.c: {statements} statements, {} functions of the library", functions.len());
    Ok(())
}

/// How many statements and declarations a program has, and which functions of the library it calls.
fn measure(program: &str) -> (usize, BTreeSet<&str>) {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let statements = program.lines().filter(|line| line.ends_with(';')).count();
    let called = program.match_indices('(').filter_map(|(at, _)| {
        let before = program.get(..at)?;
        let name = before.rsplit(|char| !is_part(char)).next()?;
        name.starts_with("trine_").then_some(name)
    });
    (statements, called.filter(|name| !name.ends_with("_config")).collect())
}

/// The indented blocks of a page, without their indentation.
pub(crate) fn indented(page: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in page.lines() {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(code), Some(block)) => *block += &format!("{code}\n"),
            (None, Some(block)) if !block.is_empty() => blocks.push(String::new()),
            _ => {}
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// What counts a program's calls of the heap when it is loaded first.
///
/// # Errors
/// When it does not build.
pub(crate) fn heap_counter() -> Result<PathBuf> {
    let counter = output_folder("examples")?.join("count.so");
    let mut gcc = sh::command("gcc");
    gcc.args(["-shared", "-fPIC", "-O1", "tests/c/heap/count.c", "-o"]).arg(&counter);
    quiet(&mut gcc)?;
    Ok(counter)
}

/// Watches a program on the same conversation: system calls, then the heap.
fn is_modest(program: &Path, name: &str) -> Result<()> {
    let folder = output_folder("examples")?;
    let log = folder.join("strace.log");
    let mut strace = sh::command("strace");
    strace.args(["-f", "-qq", "-e", &format!("trace={FORBIDDEN}"), "-o"]).arg(&log).arg(program);
    run(strace, name)?;
    let calls = std::fs::read_to_string(&log)?;
    let calls: Vec<&str> = calls.lines().filter(|line| line.contains('(')).collect();
    if !calls.is_empty() {
        bail!("{} calls the system: {}", program.display(), calls.join("; "));
    }
    let mut counted = sh::command(program);
    counted.env("LD_PRELOAD", heap_counter()?);
    let (_, errors) = run(counted, name)?;
    ensure!(errors.trim() == "heap calls: 0", "{}: {}", program.display(), errors.trim());
    println!("{}: 0 of {FORBIDDEN}; {}", program.display(), errors.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{indented, measure};

    #[test]
    fn statements_and_functions_of_the_library_are_counted() {
        let program = "int a;\ntrine_init(&a,\n    trine_x(1));\nputs(\"\");\ntrine_x(2);\n";
        let (statements, functions) = measure(program);
        assert_eq!(statements, 4);
        assert_eq!(functions.into_iter().collect::<Vec<_>>(), ["trine_init", "trine_x"]);
    }

    #[test]
    fn blocks_are_what_is_indented() {
        let page = "one\n\n    a\n    b \\\n      c\n\ntwo\n    d\n";
        assert_eq!(indented(page), ["a\nb \\\n  c\n", "d\n"]);
    }
}
