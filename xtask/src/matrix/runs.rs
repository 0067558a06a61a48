//! Programs that misuse the library on purpose, run against the static and the shared library,
//! under sanitizers and under valgrind.

use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::{files, output_folder, quiet, stem};
use crate::{dist, lanes, models, programs, sh};

/// A way of building and running.
struct Way {
    name: &'static str,
    compiler: &'static str,
    flags: &'static [&'static str],
    shared: bool,
    valgrind: bool,
}

/// What every sanitizer run wants: all of them, and an end at the first finding.
pub(crate) const SANITIZE: &[&str] =
    &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];

const WAYS: &[Way] = &[
    Way { name: "static", compiler: "gcc", flags: &[], shared: false, valgrind: false },
    Way { name: "shared", compiler: "gcc", flags: &[], shared: true, valgrind: false },
    Way { name: "gcc-sanitized", compiler: "gcc", flags: SANITIZE, shared: false, valgrind: false },
    Way {
        name: "clang-sanitized",
        compiler: "clang",
        flags: SANITIZE,
        shared: false,
        valgrind: false,
    },
    Way { name: "valgrind", compiler: "gcc", flags: &[], shared: false, valgrind: true },
];

pub(super) fn main() -> Result<()> {
    every_pointer_is_null_once(&DEVICE)?;
    every_pointer_is_null_once(&MODEL)?;
    every_pointer_is_null_once(&HOST)?;
    let archive = dist::host_library()?;
    let shared = dist::host_shared(&archive)?;
    let model = dist::host_model_library()?;
    let asker = models::asker()?;
    // What makes the asker builds this one too.
    let hosted = dist::hosted(&programs::folder(), &output_folder("hosted")?)?;
    for way in WAYS {
        all(way, &DEVICE, &[], if way.shared { &shared } else { &archive })?;
        if !way.shared {
            all(way, &MODEL, &asker, &model)?;
        }
        // It is there as a shared library alone.
        if way.name != "static" {
            all(way, &HOST, &[], &hosted)?;
        }
    }
    Ok(())
}

/// The tests of a header.
struct Suite {
    header: &'static str,
    /// Headers beside it whose functions the same tests call.
    more: &'static [&'static str],
    tests: &'static str,
    support: &'static str,
    /// What the programs are told.
    argument: Option<&'static str>,
}

const DEVICE: Suite = Suite {
    header: "trine",
    more: &["trine_consent", "trine_run", "trine_news"],
    tests: "tests/c/misuse",
    support: "tests/c/support",
    argument: None,
};
const MODEL: Suite = Suite {
    header: "trine_model",
    more: &[],
    tests: "tests/c/model",
    support: "tests/c/model/support",
    argument: Some(models::MISUSED),
};

const HOST: Suite = Suite { header: "trine_host", tests: "tests/c/host", ..MODEL };

/// All tests of a header in one way, each with these files too.
fn all(way: &Way, suite: &Suite, others: &[PathBuf], library: &Path) -> Result<()> {
    let tests = files(suite.tests, "c")?;
    let tried =
        |test: &PathBuf| run(way, &build(way, suite, test, others, library)?, suite.argument);
    let checks: u32 = lanes::map(&tests, tried).into_iter().sum::<Result<u32>>()?;
    println!(
        "misuse of {}.h, {}: {} programs, {checks} checks",
        suite.header,
        way.name,
        tests.len()
    );
    Ok(())
}

fn build(
    way: &Way,
    suite: &Suite,
    test: &Path,
    others: &[PathBuf],
    library: &Path,
) -> Result<PathBuf> {
    let name = format!("{}-{}-{}", suite.header, stem(test), way.name);
    let program = output_folder("misuse")?.join(name);
    let mut compiler = sh::command(way.compiler);
    compiler
        .args(["-std=c11", "-g", "-O1", "-pthread", "-Iinclude"])
        .args(way.flags)
        .arg(test)
        .args(files(suite.support, "c")?)
        .args(others);
    let folder = library.parent().context("a library has a folder")?;
    compiler.arg(library).arg(format!("-Wl,-rpath,{}", folder.display()));
    quiet(compiler.arg("-o").arg(&program))?;
    Ok(program)
}

/// Runs a test and answers how many checks it made.
fn run(way: &Way, program: &Path, argument: Option<&str>) -> Result<u32> {
    let mut command = if way.valgrind {
        let mut valgrind = sh::command("valgrind");
        valgrind.args(["--quiet", "--error-exitcode=9", "--leak-check=full"]).arg(program);
        valgrind
    } else {
        sh::command(program)
    };
    let said = quiet(command.args(argument))?;
    let checks = said.split_once(": ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    let checks: u32 = checks.with_context(|| format!("no count of checks in {said:?}"))?;
    ensure!(checks > 0, "{} checks nothing", program.display());
    Ok(checks)
}

/// The test of NULL calls each function at least as often as it has pointers.
fn every_pointer_is_null_once(suite: &Suite) -> Result<()> {
    let mut header = String::new();
    for name in iter::once(&suite.header).chain(suite.more) {
        header += &std::fs::read_to_string(sh::root().join(format!("include/{name}.h")))?;
    }
    let test = std::fs::read_to_string(sh::root().join(suite.tests).join("null.c"))?;
    let mut missing = Vec::new();
    for (name, pointers) in functions(&header) {
        let calls = test.matches(&format!("{name}(")).count();
        if calls < pointers {
            missing.push(format!("{name} has {pointers} pointers and {calls} tests"));
        }
    }
    if !missing.is_empty() {
        bail!("{}/null.c leaves pointers out: {}", suite.tests, missing.join("; "));
    }
    Ok(())
}

/// The functions of the header, with how many of their parameters must not be NULL: all pointers
/// but `user_data` and those that the header lets be NULL.
fn functions(header: &str) -> Vec<(String, usize)> {
    let optional = ["*user_data", "*problem", "*next_due", "**text"];
    let declarations = header.split("TRINE_API").skip(1);
    let parse = |text: &str| {
        let (head, rest) = text.split_once('(')?;
        let name = head.split_whitespace().last()?.trim_start_matches('*');
        let (parameters, _) = rest.split_once(");")?;
        // A callback's own parameters are not the function's.
        let own = parameters.split("(*").next().unwrap_or_default();
        let callback = usize::from(parameters.contains("(*"));
        let pointers = own
            .split(',')
            .filter(|one| one.contains('*') && !optional.iter().any(|name| one.ends_with(name)));
        Some((name.to_owned(), pointers.count() + callback))
    };
    declarations.filter_map(parse).filter(|(name, _)| name.starts_with("trine_")).collect()
}

#[cfg(test)]
mod tests {
    use super::functions;

    #[test]
    fn pointers_of_a_declaration_are_counted() {
        let header = "TRINE_API uint32_t trine_a(void);\n\
            TRINE_API trine_status trine_b(struct x *x, const char *text, size_t size);\n\
            TRINE_API\ntrine_status trine_c(struct x *x,\n    trine_status (*finish)(void *data,\
            \n struct c *call), void *user_data);\n";
        let found = functions(header);
        let found: Vec<(&str, usize)> =
            found.iter().map(|(name, pointers)| (name.as_str(), *pointers)).collect();
        assert_eq!(found, [("trine_a", 0), ("trine_b", 2), ("trine_c", 2)]);
    }
}
