//! Every compiler with every standard, warnings being errors.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};

use devtools::{parallel, sh};

/// A compiler for C, one for C++, and what they need to be told about their target.
type Compiler = (&'static str, &'static str, &'static [&'static str]);

const COMPILERS: [Compiler; 3] = [
    ("gcc", "g++", &[]),
    ("clang", "clang++", &[]),
    ("arm-none-eabi-gcc", "arm-none-eabi-g++", &["-mcpu=cortex-m0", "-mthumb"]),
];

/// C23 is `c2x` to the compilers of its time.
const C_STANDARDS: &[&str] = &["c99", "c11", "c17", "c2x"];
const CPP_STANDARDS: &[&str] = &["c++11", "c++17", "c++20"];
/// What `trine.hpp` begins with.
const HPP_STANDARDS: &[&str] = &["c++17", "c++20"];

/// What C and C++ share.
const WARNINGS: &[&str] = &[
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
    let c = folders.map(|folder| sh::files(folder, "c")).into_iter().collect::<Result<Vec<_>>>()?;
    let c = c.concat();
    let misuse =
        ["tests/c/misuse", "tests/c/model", "tests/c/host"].map(|suite| sh::files(suite, "c"));
    let misuse = misuse.into_iter().collect::<Result<Vec<_>>>()?.concat();
    let cpp = sh::files("tests/c/header", "cpp")?;
    let hpp = sh::files("tests/c/hpp", "cpp")?;
    let hosted_hpp =
        [sh::files("host-example/cpp", "cpp")?, sh::files("tests/c/hpp_run", "cpp")?].concat();
    let mut jobs = Vec::new();
    for (cc, cxx, target) in COMPILERS {
        let hosted = target.is_empty();
        let mut suite = |compiler, files: &[PathBuf], standards: &[&str], more: &[&str]| {
            let flags = [target, WARNINGS, more].concat();
            jobs.extend(standards.iter().flat_map(|standard| {
                files.iter().map(|file| job(compiler, &flags, standard, file)).collect::<Vec<_>>()
            }));
        };
        suite(cc, &c, C_STANDARDS, C_WARNINGS);
        let bare = if hosted { &[][..] } else { BARE_CPP };
        let cpp_warnings = [CPP_WARNINGS, bare].concat();
        suite(cxx, &cpp, CPP_STANDARDS, &cpp_warnings);
        suite(cxx, &hpp, HPP_STANDARDS, &cpp_warnings);
        if hosted {
            suite(cc, &misuse, C_STANDARDS, C_WARNINGS);
            suite(cxx, &hosted_hpp, HPP_STANDARDS, &cpp_warnings);
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
    let sources = sh::files("tests/c/refused", "c")?;
    for (compiler, language) in
        [("gcc", ["c", "c11"]), ("clang", ["c", "c11"]), ("g++", ["c++", "c++11"])]
    {
        for file in &sources {
            let compiled = |wrong: &[&str]| {
                let mut command = sh::command(compiler);
                command.args(["-x", language[0], &format!("-std={}", language[1]), "-Iinclude"]);
                sh::output(command.arg("-fsyntax-only").args(wrong).arg(file))
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
    parallel::each(sources, |file| {
        let mut gcc = sh::command("gcc");
        gcc.args(["-std=c11", "-fanalyzer", "-O1"]).args(WARNINGS).args(["-c", "-o", "/dev/null"]);
        sh::output(gcc.arg(file)).map(drop)
    })?;
    println!("{} files through -fanalyzer", sources.len());
    Ok(())
}

/// One compilation: the compiler and its arguments.
type Job = (&'static str, Vec<String>);

fn job(compiler: &'static str, flags: &[&str], standard: &str, file: &Path) -> Job {
    let mut arguments = vec![format!("-std={standard}"), "-fsyntax-only".to_owned()];
    arguments.extend(flags.iter().map(|&flag| flag.to_owned()));
    arguments.push(file.display().to_string());
    (compiler, arguments)
}

/// The failures' texts.
fn run_all(jobs: &[Job]) -> Vec<String> {
    let run = |(compiler, arguments): &Job| sh::output(sh::command(compiler).args(arguments)).err();
    let failures = parallel::map(jobs, run).into_iter().flatten();
    failures.map(|error| format!("{error:#}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{WARNINGS, job, run_all, sh};

    #[test]
    fn a_warning_of_any_compiler_fails() {
        let folder = sh::scratch("matrix");
        let file = folder.join("cast.c");
        std::fs::write(&file, "int f(long long x);\nint f(long long x) { return x; }\n").unwrap();
        let job = |program| job(program, WARNINGS, "c99", &file);
        assert_eq!(run_all(&[job("gcc"), job("gcc")]).len(), 2);
        std::fs::write(&file, "int f(int x);\nint f(int x) { return x; }\n").unwrap();
        assert_eq!(run_all(&[job("gcc")]), Vec::<String>::new());
    }
}
