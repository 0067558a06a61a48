//! Every compiler with every standard, warnings being errors.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};

use super::{files, quiet};
use crate::{lanes, sh};

/// A compiler for C and for C++.
struct Compiler {
    c: &'static str,
    cpp: &'static str,
    /// What it needs to be told about its target.
    target: &'static [&'static str],
}

const COMPILERS: &[Compiler] = &[
    Compiler { c: "gcc", cpp: "g++", target: &[] },
    Compiler { c: "clang", cpp: "clang++", target: &[] },
    Compiler {
        c: "arm-none-eabi-gcc",
        cpp: "arm-none-eabi-g++",
        target: &["-mcpu=cortex-m0", "-mthumb"],
    },
];

/// C23 is `c2x` to the compilers of its time.
const C_STANDARDS: &[&str] = &["c99", "c11", "c17", "c2x"];
const CPP_STANDARDS: &[&str] = &["c++11", "c++17", "c++20"];
/// What `trine.hpp` begins with.
const HPP_STANDARDS: &[&str] = &["c++17", "c++20"];

/// What C and C++ share.
pub(crate) const WARNINGS: &[&str] = &[
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wcast-align",
    "-Wundef",
    "-Werror",
    "-Iinclude",
    "-Ifirmware-example/c/src",
];
const C_WARNINGS: &[&str] = &["-Wstrict-prototypes", "-Wmissing-prototypes"];
const CPP_WARNINGS: &[&str] = &["-Wold-style-cast"];
/// What a microcontroller's C++ does without.
const BARE_CPP: &[&str] = &["-fno-exceptions", "-fno-rtti"];

pub(super) fn main() -> Result<()> {
    let folders = ["tests/c/header", "host-example/c", "host-example/model"];
    let c = folders.map(|folder| files(folder, "c")).into_iter().collect::<Result<Vec<_>>>()?;
    let c = c.concat();
    let misuse = ["tests/c/misuse", "tests/c/model", "tests/c/host"].map(|suite| files(suite, "c"));
    let misuse = misuse.into_iter().collect::<Result<Vec<_>>>()?.concat();
    let cpp = files("tests/c/header", "cpp")?;
    let hpp = files("tests/c/hpp", "cpp")?;
    let hosted_hpp = [files("host-example/cpp", "cpp")?, files("tests/c/hpp_run", "cpp")?].concat();
    let mut jobs = Vec::new();
    for compiler in COMPILERS {
        let hosted = compiler.target.is_empty();
        for standard in C_STANDARDS {
            let extra = if hosted { misuse.as_slice() } else { &[] };
            for file in c.iter().chain(extra) {
                jobs.push(Job::c(compiler, standard, file));
            }
        }
        let suites = [
            (&cpp, CPP_STANDARDS),
            (&hpp, HPP_STANDARDS),
            (&hosted_hpp, if hosted { HPP_STANDARDS } else { &[] }),
        ];
        for (files, standards) in suites {
            for standard in standards {
                for file in files {
                    jobs.push(Job::cpp(compiler, standard, file));
                }
            }
        }
    }
    let count = jobs.len();
    let failed = run_all(&jobs);
    println!(
        "{count} compilations: {} compilers, C99 to C23, C++11 to C++20, {} failed",
        COMPILERS.len(),
        failed.len()
    );
    if !failed.is_empty() {
        bail!("{}", failed.join("\n"));
    }
    refused()?;
    analyzer(&[c, misuse].concat())
}

/// What the macros of C11 and C++11 must not take.
fn refused() -> Result<()> {
    let sources = files("tests/c/refused", "c")?;
    for (compiler, language) in
        [("gcc", ["c", "c11"]), ("clang", ["c", "c11"]), ("g++", ["c++", "c++11"])]
    {
        for file in &sources {
            let compiled = |wrong: &[&str]| {
                let mut command = sh::command(compiler);
                command.args(["-x", language[0], &format!("-std={}", language[1]), "-Iinclude"]);
                quiet(command.arg("-fsyntax-only").args(wrong).arg(file))
            };
            // Refused for what is wrong in it, and for nothing else.
            compiled(&[])?;
            let is_taken = compiled(&["-DWRONG"]).is_ok();
            ensure!(!is_taken, "{compiler} takes {} as {}", file.display(), language[1]);
        }
    }
    ensure!(!sources.is_empty(), "tests/c/refused is empty");
    println!("{} programs are refused by gcc, clang and g++", sources.len());
    Ok(())
}

/// GCC's own analyzer follows the paths through a C program; it does not know C++ yet.
fn analyzer(sources: &[PathBuf]) -> Result<()> {
    lanes::each(sources, |file| {
        let mut gcc = sh::command("gcc");
        gcc.args(["-std=c11", "-fanalyzer", "-O1"]).args(WARNINGS).args(["-c", "-o", "/dev/null"]);
        quiet(gcc.arg(file)).map(drop)
    })?;
    println!("{} files through -fanalyzer", sources.len());
    Ok(())
}

/// One compilation.
struct Job {
    program: &'static str,
    arguments: Vec<String>,
}

impl Job {
    fn new(program: &'static str, parts: &[&[&str]], standard: &str, file: &Path) -> Self {
        let mut arguments = vec![format!("-std={standard}"), "-fsyntax-only".to_owned()];
        arguments.extend(parts.concat().iter().map(|&part| part.to_owned()));
        arguments.push(file.display().to_string());
        Self { program, arguments }
    }

    fn c(compiler: &Compiler, standard: &str, file: &Path) -> Self {
        Self::new(compiler.c, &[compiler.target, WARNINGS, C_WARNINGS], standard, file)
    }

    fn cpp(compiler: &Compiler, standard: &str, file: &Path) -> Self {
        let bare = if compiler.target.is_empty() { &[][..] } else { BARE_CPP };
        Self::new(compiler.cpp, &[compiler.target, WARNINGS, CPP_WARNINGS, bare], standard, file)
    }
}

/// The failures' texts.
fn run_all(jobs: &[Job]) -> Vec<String> {
    let run = |job: &Job| quiet(sh::command(job.program).args(&job.arguments)).err();
    let failures = lanes::map(jobs, run).into_iter().flatten();
    failures.map(|error| format!("{error:#}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Job, run_all};

    #[test]
    fn a_warning_of_any_compiler_fails() {
        let folder = crate::tests::scratch("matrix");
        let file = folder.join("cast.c");
        std::fs::write(&file, "int f(long long x);\nint f(long long x) { return x; }\n").unwrap();
        let job = |program| Job::new(program, &[super::WARNINGS], "c99", &file);
        assert_eq!(run_all(&[job("gcc"), job("gcc")]).len(), 2);
        std::fs::write(&file, "int f(int x);\nint f(int x) { return x; }\n").unwrap();
        assert_eq!(run_all(&[job("gcc")]), Vec::<String>::new());
    }
}
