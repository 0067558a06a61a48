//! Programs that try libtrine as a user's program would.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use devtools::sh;

/// The layouts, the header that each is of, and how many rows it has at least.
const LAYOUTS: [(&str, &str, usize); 3] = [
    ("ffi/api/src/layout.rs", "trine_run.h", 50),
    ("ffi/model/src/layout.rs", "trine_model.h", 50),
    ("ffi/host/src/layout.rs", "trine_host.h", 4),
];
/// Where the sources of the programs are.
const SOURCES: &str = "ffi/artifact/smoke";

/// C compilers see the sizes and offsets that the crates have: of 64 bits and of 32.
pub(super) fn layout() -> Result<()> {
    LAYOUTS.iter().try_for_each(|(layout, header, least)| layout_of(layout, header, *least))
}

fn layout_of(layout: &str, header: &str, least: usize) -> Result<()> {
    let text = fs::read_to_string(sh::root().join(layout)).with_context(|| layout.to_owned())?;
    let folder = scratch("layout")?;
    let source = folder.join(format!("{header}.c"));
    let (program, rows) = asserts(header, &text);
    ensure!(rows > least, "{layout} has {rows} rows: their form has changed");
    fs::write(&source, program)?;
    let compilers: [&[&str]; 3] = [
        &["cc"],
        &["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"],
        &["riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32", "-ffreestanding"],
    ];
    for words in compilers {
        let (compiler, flags) = words.split_first().context("a compiler has a name")?;
        let mut command = sh::command(compiler);
        command.args(flags).args(["-std=c11", "-Iinclude", "-fsyntax-only"]).arg(&source);
        sh::run(&mut command)?;
    }
    println!("{header}: {rows} sizes and offsets are what C compilers see");
    Ok(())
}

/// The rows of the layout as assertions of C, and how many they are.
fn asserts(header: &str, layout: &str) -> (String, usize) {
    let here = "#define HERE(a, b) (sizeof(void *) == 4 ? (a) : (b))";
    let mut out = format!("#include \"{header}\"\n{here}\n");
    let (mut of, mut rows) = ("", 0_usize);
    for line in layout.lines() {
        let words: Vec<&str> = line.trim().trim_end_matches(';').split(' ').collect();
        let claim = match words[..] {
            [name, small, large, "{"] if number(small) && number(large) => {
                of = name;
                format!("sizeof({name}) == HERE({small}, {large})")
            }
            [field, small, large] if number(small) && number(large) => {
                format!("offsetof({of}, {field}) == HERE({small}, {large})")
            }
            _ => continue,
        };
        rows += 1;
        _ = writeln!(out, "_Static_assert({claim}, \"{of}\");");
    }
    (out, rows)
}

fn number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A program with libtrine and another static library of Rust, the standard library in it.
pub(super) fn beside_another(library: &Path) -> Result<()> {
    let folder = scratch("beside")?;
    let other = folder.join("libother.a");
    let mut rustc = sh::command("rustc");
    rustc.args(["--crate-type", "staticlib", "--edition", "2024", "-Copt-level=1", "-o"]);
    sh::run(rustc.arg(&other).arg(format!("{SOURCES}/other.rs")))?;
    let program = folder.join("beside");
    let mut cc = compile(&folder.join("beside"), &["-DWITH_OTHER"]);
    cc.arg(library).arg(&other).args(["-lpthread", "-ldl", "-lm"]);
    sh::run(&mut cc)?;
    sh::run(&mut sh::command(program))
}

/// The same program with the shared library alone.
pub(super) fn shared(library: &Path) -> Result<()> {
    let folder = scratch("shared")?;
    let program = folder.join("shared");
    let place = library.parent().context("the library lies in a folder")?;
    let mut cc = compile(&program, &[]);
    sh::run(cc.arg("-L").arg(place).arg("-ltrine"))?;
    sh::run(sh::command(program).env("LD_LIBRARY_PATH", place))
}

/// A library that is made to panic tells the program, and the program ends there.
pub(super) fn panics(library: &Path) -> Result<()> {
    let program = scratch("panics")?.join("panics");
    let mut cc = sh::command("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iinclude", "-o"]);
    cc.arg(&program).arg(format!("{SOURCES}/panics.c")).arg(library);
    sh::run(&mut cc)?;
    let place = sh::output(&mut sh::command(program))?;
    println!("a forced panic is told to trine_on_panic: {}", place.trim());
    Ok(())
}

fn compile(program: &Path, flags: &[&str]) -> std::process::Command {
    let mut cc = sh::command("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iinclude"]).args(flags);
    cc.arg("-o").arg(program).arg(format!("{SOURCES}/smoke.c"));
    cc
}

fn scratch(name: &str) -> Result<PathBuf> {
    let folder = sh::target_dir().join("dist/smoke").join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::asserts;

    #[test]
    fn rows_become_assertions_and_nothing_else_does() {
        let (program, rows) =
            asserts("trine.h", "layout! {\n    trine_x 8 16 {\n        a 0 0;\n    }\n}\n");
        assert_eq!(rows, 2);
        assert!(program.contains("_Static_assert(sizeof(trine_x) == HERE(8, 16)"));
        assert!(program.contains("offsetof(trine_x, a) == HERE(0, 0)"));
    }
}
