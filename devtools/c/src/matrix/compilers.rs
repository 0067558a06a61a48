//! Every compiler with every standard, warnings being errors.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use devtools::{parallel, sh};

use super::files;

/// A compiler for C, one for C++, and what they need to be told about their target.
const COMPILERS: [[&str; 3]; 3] = [
    ["gcc", "g++", ""],
    ["clang", "clang++", ""],
    ["arm-none-eabi-gcc", "arm-none-eabi-g++", "-mcpu=cortex-m0 -mthumb"],
];

/// C23 is `c2x` to the compilers of its time.
const C_STANDARDS: &[&str] = &["c99", "c11", "c17", "c2x"];
const CPP_STANDARDS: &[&str] = &["c++11", "c++17", "c++20"];
/// What `trine.hpp` begins with.
const HPP_STANDARDS: &[&str] = &["c++17", "c++20"];

/// What C and C++ share.
const WARNINGS: &str = "-Wall -Wextra -Wpedantic -Wconversion -Wcast-align -Wundef -Werror \
                        -Iinclude -Ifirmware-example/c/src";
const C_WARNINGS: &str = "-Wstrict-prototypes -Wmissing-prototypes";
const CPP_WARNINGS: &str = "-Wold-style-cast";
/// The same with what a microcontroller's C++ does without.
const BARE_CPP_WARNINGS: &str = "-Wold-style-cast -fno-exceptions -fno-rtti";

pub(super) fn main() -> Result<()> {
    let c = files(&["tests/c/header", "host-example/c", "host-example/model"], "c")?;
    let misuse = files(&["tests/c/misuse", "tests/c/model", "tests/c/host"], "c")?;
    let cpp = files(&["tests/c/header"], "cpp")?;
    let hpp = files(&["tests/c/hpp"], "cpp")?;
    let hosted_hpp = files(&["host-example/cpp", "tests/c/hpp_run"], "cpp")?;
    let mut jobs = Vec::new();
    for [cc, cxx, target] in COMPILERS {
        let mut suite = |compiler, files: &[PathBuf], standards: &[&str], more| {
            for standard in standards {
                let line = format!("{compiler} -std={standard} -fsyntax-only {target}");
                let line = format!("{line} {WARNINGS} {more}");
                jobs.extend(files.iter().map(|file| (line.clone(), file.clone())));
            }
        };
        suite(cc, &c, C_STANDARDS, C_WARNINGS);
        let is_hosted = target.is_empty();
        let cpp_warnings = if is_hosted { CPP_WARNINGS } else { BARE_CPP_WARNINGS };
        suite(cxx, &cpp, CPP_STANDARDS, cpp_warnings);
        suite(cxx, &hpp, HPP_STANDARDS, cpp_warnings);
        if is_hosted {
            suite(cc, &misuse, C_STANDARDS, C_WARNINGS);
            suite(cxx, &hosted_hpp, HPP_STANDARDS, cpp_warnings);
        }
    }
    let failed = run_all(&jobs);
    let [all, compilers, bad] = [jobs.len(), COMPILERS.len(), failed.len()];
    println!("{all} compilations: {compilers} compilers, C99 to C23, C++11 to C++20, {bad} failed");
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    refused()?;
    analyzer(&[c, misuse].concat())
}

/// What the macros of C11 and C++11 must not take.
fn refused() -> Result<()> {
    let sources = sh::files("tests/c/refused", "c")?;
    for compiler in ["gcc -x c -std=c11", "clang -x c -std=c11", "g++ -x c++ -std=c++11"] {
        for file in &sources {
            let line = format!("{compiler} -Iinclude -fsyntax-only");
            // Refused for what is wrong in it, and for nothing else.
            sh::output(sh::line(&line).arg(file))?;
            let is_taken = sh::output(sh::line(&line).arg("-DWRONG").arg(file)).is_ok();
            ensure!(!is_taken, "`{compiler}` takes {}", file.display());
        }
    }
    println!("{} programs are refused by gcc, clang and g++", sources.len());
    Ok(())
}

/// GCC's own analyzer follows the paths through a C program; it does not know C++ yet.
fn analyzer(sources: &[PathBuf]) -> Result<()> {
    let line = format!("gcc -std=c11 -fanalyzer -O1 {WARNINGS} -c -o /dev/null");
    parallel::each(sources, |file| sh::output(sh::line(&line).arg(file)).map(drop))?;
    println!("{} files through -fanalyzer", sources.len());
    Ok(())
}

/// The failures' texts of compilers, each with its arguments and a file.
fn run_all(jobs: &[(String, PathBuf)]) -> Vec<String> {
    let run = |(line, file): &(String, PathBuf)| sh::output(sh::line(line).arg(file)).err();
    let failures = parallel::map(jobs, run).into_iter().flatten();
    failures.map(|error| format!("{error:#}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{WARNINGS, run_all, sh};

    #[test]
    fn a_warning_of_any_compiler_fails() {
        let file = sh::scratch("matrix").join("cast.c");
        std::fs::write(&file, "int f(long long x);\nint f(long long x) { return x; }\n").unwrap();
        let job = (format!("gcc -std=c99 -fsyntax-only {WARNINGS}"), file.clone());
        assert_eq!(run_all(&[job.clone(), job.clone()]).len(), 2);
        std::fs::write(&file, "int f(int x);\nint f(int x) { return x; }\n").unwrap();
        assert_eq!(run_all(&[job]), Vec::<String>::new());
    }
}
