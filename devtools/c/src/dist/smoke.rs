//! Programs that try libtrine as a user's program would.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools::sh;

use crate::output_folder;

/// The layouts, the header that each is of, and how many rows it has at least.
const LAYOUTS: [(&str, &str, usize); 3] = [
    ("ffi/api/src/layout.rs", "trine_run.h", 50),
    ("ffi/model/src/layout.rs", "trine_model.h", 50),
    ("ffi/host/src/layout.rs", "trine_host.h", 4),
];
const SOURCES: &str = "ffi/artifact/smoke";

/// C compilers of 64 bits and of 32.
const COMPILERS: [&str; 3] = [
    "cc",
    "arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb",
    "riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 -ffreestanding",
];

/// C compilers see the sizes and offsets that the crates have.
pub(super) fn layout() -> Result<()> {
    for (layout, header, least) in LAYOUTS {
        let source = output_folder("layout")?.join(format!("{header}.c"));
        let (program, rows) = asserts(header, &sh::read(layout)?);
        ensure!(rows > least, "{layout} has {rows} rows: their form has changed");
        std::fs::write(&source, program)?;
        for compiler in COMPILERS {
            let line = format!("{compiler} -std=c11 -Iinclude -fsyntax-only");
            sh::run(sh::line(&line).arg(&source))?;
        }
        println!("{header}: {rows} sizes and offsets are what C compilers see");
    }
    Ok(())
}

/// The rows of the layout as assertions of C, and how many they are.
fn asserts(header: &str, layout: &str) -> (String, usize) {
    let here = "#define HERE(a, b) (sizeof(void *) == 4 ? (a) : (b))";
    let mut out = format!("#include \"{header}\"\n{here}\n");
    let (mut of, mut rows) = ("", 0_usize);
    for line in layout.lines() {
        let words: Vec<&str> = line.trim().trim_end_matches(';').split(' ').collect();
        let (figure, small, large) = match words[..] {
            [name, small, large, "{"] => {
                of = name;
                (format!("sizeof({name})"), small, large)
            }
            [field, small, large] => (format!("offsetof({of}, {field})"), small, large),
            _ => continue,
        };
        if small.parse::<u32>().is_ok() && large.parse::<u32>().is_ok() {
            rows += 1;
            let claim = format!("{figure} == HERE({small}, {large})");
            out += &format!("_Static_assert({claim}, \"{of}\");\n");
        }
    }
    (out, rows)
}

/// A program with libtrine and another static library of Rust, the standard library in it.
pub(super) fn beside_another(library: &Path) -> Result<()> {
    let other = output_folder("beside")?.join("libother.a");
    let mut rustc = sh::line("rustc --crate-type staticlib --edition 2024 -Copt-level=1 -o");
    sh::run(rustc.arg(&other).arg(format!("{SOURCES}/other.rs")))?;
    let (mut cc, mut program) = compile("smoke", "beside")?;
    cc.arg("-DWITH_OTHER").arg(library).arg(&other).args(["-lpthread", "-ldl", "-lm"]);
    sh::run(&mut cc)?;
    sh::run(&mut program)
}

/// The same program with the shared library alone.
pub(super) fn shared(library: &Path) -> Result<()> {
    let place = library.parent().context("the library lies in a folder")?;
    let (mut cc, mut program) = compile("smoke", "shared")?;
    sh::run(cc.arg("-L").arg(place).arg("-ltrine"))?;
    sh::run(program.env("LD_LIBRARY_PATH", place))
}

/// A library that is made to panic tells the program, and the program ends there.
pub(super) fn panics(library: &Path) -> Result<()> {
    let (mut cc, mut program) = compile("panics", "panics")?;
    sh::run(cc.arg(library))?;
    let place = sh::output(&mut program)?;
    println!("a forced panic is told to trine_on_panic: {}", place.trim());
    Ok(())
}

/// A compiler that makes a program of a source, without libraries yet, and the program.
fn compile(source: &str, name: &str) -> Result<(Command, Command)> {
    let program = output_folder(name)?.join(name);
    let mut cc = sh::line("cc -std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude -o");
    cc.arg(&program).arg(format!("{SOURCES}/{source}.c"));
    Ok((cc, sh::command(program)))
}

#[cfg(test)]
mod tests {
    use super::asserts;

    #[test]
    fn rows_become_assertions_and_nothing_else_does() {
        let layout = "layout! {\n    trine_x 8 16 {\n        a 0 0;\n    }\n}\n";
        let (program, rows) = asserts("trine.h", layout);
        assert_eq!(rows, 2);
        assert!(program.contains("_Static_assert(sizeof(trine_x) == HERE(8, 16)"));
        assert!(program.contains("offsetof(trine_x, a) == HERE(0, 0)"));
    }
}
