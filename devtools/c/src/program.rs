//! Programs in C and C++: how they are compiled, linked and run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use devtools::sh;

/// What every sanitizer run wants: all of them, and an end at the first finding.
pub const SANITIZE: &[&str] =
    &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];

/// A way of building and running.
#[derive(Debug)]
pub struct Way {
    pub(crate) name: &'static str,
    pub(crate) compiler: &'static str,
    pub(crate) flags: &'static [&'static str],
}

/// With the static library, and with the shared one where there are two.
pub(crate) const STATIC: Way = Way { name: "static", compiler: "gcc", flags: &[] };
pub(crate) const SHARED: Way = Way { name: "shared", ..STATIC };
pub(crate) const SANITIZED: Way = Way { name: "gcc-sanitized", flags: SANITIZE, ..STATIC };
const VALGRIND: Way = Way { name: "valgrind", flags: &["-g"], ..STATIC };
/// Under everything that looks at a program while it runs.
pub(crate) const WATCHED: [Way; 3] =
    [SANITIZED, Way { name: "clang-sanitized", compiler: "clang", ..SANITIZED }, VALGRIND];

impl Way {
    pub(crate) fn is_sanitized(&self) -> bool {
        self.flags == SANITIZE
    }

    /// Compiles a program in C by flags and sources, and links it with other files.
    pub(crate) fn compile(&self, name: &str, line: &str, files: &[&Path]) -> Result<PathBuf> {
        let program = output_folder("programs")?.join(format!("{name}-{}", self.name));
        let mut cc = sh::line(&format!("{} {line}", self.compiler));
        cc.args(self.flags);
        link(cc, files, &program)?;
        Ok(program)
    }

    /// The command that runs a program in this way.
    pub(crate) fn command(&self, program: &Path) -> Command {
        if self.name != VALGRIND.name {
            return sh::command(program);
        }
        let mut valgrind = sh::line("valgrind --quiet --error-exitcode=9 --leak-check=full");
        valgrind.arg(program);
        valgrind
    }
}

/// A folder for what is built here, below cargo's.
pub fn output_folder(name: &str) -> Result<PathBuf> {
    let folder = sh::target_dir().join("c").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Links what a compiler was told with libraries, of which it finds shared ones where they lie.
pub fn link(mut cc: Command, libraries: &[&Path], program: &Path) -> Result<()> {
    for library in libraries {
        cc.arg(library);
        if let Some(folder) = library.parent() {
            cc.arg(format!("-Wl,-rpath,{}", folder.display()));
        }
    }
    sh::output(cc.arg("-o").arg(program)).map(drop)
}

/// What counts a program's calls of the heap when it is loaded first.
pub(crate) fn heap_counter() -> Result<PathBuf> {
    let counter = output_folder("examples")?.join("count.so");
    sh::output(sh::line("gcc -shared -fPIC -O1 tests/c/heap/count.c -o").arg(&counter))?;
    Ok(counter)
}
