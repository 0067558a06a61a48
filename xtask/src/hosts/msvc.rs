//! libtrine for the ABI of Microsoft's compiler: Clang as `clang-cl` compiles C, LLVM's linker
//! links it with `trine.lib`, and Wine runs it.
//!
//! Microsoft's SDK can't be had here. Headers in `tests/c/msvc/sdk` declare what the programs call
//! of it; the import libraries are made of lists of names, and Wine has the libraries themselves.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::again;
use crate::sh;

pub(super) const TARGET: &str = "x86_64-pc-windows-msvc";
const HERE: &str = "tests/c/msvc";
/// What `clang-cl` is told. Nothing checks the stack, which the programs have from the beginning.
const COMPILER: &str = "clang --driver-mode=cl --target=x86_64-pc-windows-msvc -c -W4 -WX -GS- \
                        -Gs1000000 -Iinclude -Itests/c/msvc/sdk";
const LINKER: &str = "lld-link -entry:mainCRTStartup -subsystem:console -nodefaultlib \
                      -stack:1048576,1048576";
/// C and C++, as the compiler names them.
const LANGUAGES: [&str; 2] = ["-TC -std:c11", "-TP -std:c++17"];
/// A device and its client, for the programs that misuse the library.
const SUPPORT: &str = "tests/c/support";
/// What hello.c is asked, and what its last line has.
const MESSAGES: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"soak","version":"1"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"add","arguments":{"a":40,"b":2}}}
"#;
const ANSWER: &str = r#"{"jsonrpc":"2.0","id":2,"result":{"structuredContent":{"sum":42}"#;

/// Compiles every header, and builds and runs the programs; `wine` is a line that runs one.
pub(super) fn everything(library: &Path, folder: &Path, wine: &Command) -> Result<String> {
    let headers = headers(folder)?;
    let mut libraries = vec![library.to_owned()];
    for names in sh::files(HERE, "def")? {
        let import = folder.join(names.file_name().context("a name")?).with_extension("lib");
        let mut tool = sh::line("llvm-dlltool -m i386:x86-64 -d");
        sh::run(tool.arg(&names).arg("-l").arg(&import))?;
        libraries.push(import);
    }
    libraries.push(object(&Path::new(HERE).join("start.c"), folder)?);
    let hello = program(Path::new("host-example/c/hello.c"), &libraries, folder)?;
    let said = sh::fed(again(wine, &[]).arg(hello), MESSAGES)?;
    let last = said.lines().last().unwrap_or_default();
    ensure!(last.starts_with(ANSWER), "hello.c answered: {said}");
    for source in sh::files(SUPPORT, "c")? {
        libraries.push(object(&source, folder)?);
    }
    let (mut programs, mut checks) = (0_u32, 0_u32);
    for test in sh::files("tests/c/misuse", "c")? {
        if std::fs::read_to_string(&test)?.contains("<pthread.h>") {
            continue;
        }
        let said = sh::output(again(wine, &[]).arg(program(&test, &libraries, folder)?))?;
        let count =
            said.split_once(": ").and_then(|(_, rest)| rest.split_once(" checks, 0 failed"));
        let count = count.with_context(|| format!("{}: {said}", test.display()))?.0;
        checks += count.parse::<u32>()?;
        programs += 1;
    }
    ensure!(programs > 10 && checks > 1_000, "{programs} programs with {checks} checks alone");
    Ok(format!(
        "{headers} headers as C and C++, hello.c, {programs} programs that misuse libtrine \
         ({checks} checks)"
    ))
}

/// Each header alone, in both languages.
pub(super) fn headers(folder: &Path) -> Result<usize> {
    std::fs::create_dir_all(folder)?;
    let headers = sh::files("include", "h")?;
    for header in &headers {
        let name = header.file_name().and_then(|name| name.to_str()).context("a name")?;
        let source = folder.join("header.c");
        std::fs::write(&source, format!("#include <{name}>\nint one;\n"))?;
        for language in LANGUAGES {
            compiled(&source, language, folder)?;
        }
    }
    Ok(headers.len())
}

fn object(source: &Path, folder: &Path) -> Result<PathBuf> {
    compiled(source, LANGUAGES[0], folder)
}

fn compiled(source: &Path, language: &str, folder: &Path) -> Result<PathBuf> {
    let object = folder.join(source.file_name().context("a name")?).with_extension("obj");
    let mut clang = sh::line(COMPILER);
    clang.args(language.split(' ')).arg(format!("-Fo{}", object.display()));
    sh::run(clang.arg("--").arg(source))?;
    Ok(object)
}

fn program(source: &Path, others: &[PathBuf], folder: &Path) -> Result<PathBuf> {
    let object = object(source, folder)?;
    let program = object.with_extension("exe");
    let mut linker = sh::line(LINKER);
    linker.arg(format!("-out:{}", program.display())).arg(&object).args(others);
    sh::run(&mut linker)?;
    Ok(program)
}
