//! Programs that misuse the library on purpose, run against the static and the shared library,
//! under sanitizers and under valgrind.

use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use devtools::{parallel, programs, sh};

use crate::program::{SHARED, STATIC, WATCHED, Way};
use crate::{dist, models, output_folder};

/// The tests of a header, and of headers beside it.
struct Suite {
    headers: &'static [&'static str],
    tests: &'static str,
    support: &'static str,
    /// What the programs are told.
    argument: Option<&'static str>,
}

const DEVICE: Suite = Suite {
    headers: &["trine", "trine_consent", "trine_run", "trine_news"],
    tests: "tests/c/misuse",
    support: "tests/c/support",
    argument: None,
};
const MODEL: Suite = Suite {
    headers: &["trine_model"],
    tests: "tests/c/model",
    support: "tests/c/model/support",
    argument: Some(models::MISUSED),
};
const HOST: Suite = Suite { headers: &["trine_host"], tests: "tests/c/host", ..MODEL };

pub(super) fn main() -> Result<()> {
    [&DEVICE, &MODEL, &HOST].into_iter().try_for_each(every_pointer_is_null_once)?;
    let archive = dist::host_library()?;
    let shared = dist::host_shared(&archive)?;
    let model = dist::host_model_library()?;
    let classifier = models::classifier()?;
    // What makes the classifier builds this one too.
    let hosted = dist::hosted(&programs::folder(), &output_folder("hosted")?)?;
    all(&SHARED, &DEVICE, &[], &shared)?;
    all(&SHARED, &HOST, &[], &hosted)?;
    for way in iter::once(&STATIC).chain(&WATCHED) {
        all(way, &DEVICE, &[], &archive)?;
        all(way, &MODEL, &classifier, &model)?;
    }
    // It is there as a shared library alone.
    WATCHED.iter().try_for_each(|way| all(way, &HOST, &[], &hosted))
}

/// All tests of a header in one way, each with these files too.
fn all(way: &Way, suite: &Suite, others: &[PathBuf], library: &Path) -> Result<()> {
    let tests = sh::files(suite.tests, "c")?;
    let files = [&sh::files(suite.support, "c")?, others, &[library.to_owned()]].concat();
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let checks = parallel::map(&tests, |test| run(way, suite, test, &files));
    let checks: u32 = checks.into_iter().sum::<Result<u32>>()?;
    let (header, way, tests) = (suite.headers[0], way.name, tests.len());
    println!("misuse of {header}.h, {way}: {tests} programs, {checks} checks");
    Ok(())
}

/// Builds and runs a test, and answers how many checks it made.
fn run(way: &Way, suite: &Suite, test: &Path, others: &[&Path]) -> Result<u32> {
    let stem = test.file_stem().context("a test has a name")?.to_string_lossy();
    let flags = "-std=c11 -g -O1 -pthread -Iinclude";
    let program =
        way.compile(&format!("{}-{stem}", suite.headers[0]), flags, &[&[test], others].concat())?;
    let said = sh::output(way.command(&program).args(suite.argument))?;
    let checks = said.split_once(": ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    let checks: u32 = checks.with_context(|| format!("no count of checks in {said:?}"))?;
    ensure!(checks > 0, "{} checks nothing", program.display());
    Ok(checks)
}

/// The test of NULL calls each function at least as often as it has pointers.
fn every_pointer_is_null_once(suite: &Suite) -> Result<()> {
    let headers = suite.headers.iter().map(|name| sh::read(&format!("include/{name}.h")));
    let test = sh::read(&format!("{}/null.c", suite.tests))?;
    let left_out = |(name, pointers): (String, usize)| {
        let calls = test.matches(&format!("{name}(")).count();
        (calls < pointers).then(|| format!("{name} has {pointers} pointers and {calls} tests"))
    };
    let missing = functions(&headers.collect::<Result<String>>()?).into_iter().filter_map(left_out);
    let missing = missing.collect::<Vec<_>>().join("; ");
    ensure!(missing.is_empty(), "{}/null.c leaves pointers out: {missing}", suite.tests);
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
        let pointers = own.split(',').filter(|one| one.contains('*'));
        let needed = pointers.filter(|one| !optional.iter().any(|name| one.ends_with(name)));
        Some((name.to_owned(), needed.count() + callback))
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
        let wanted = [("trine_a", 0), ("trine_b", 2), ("trine_c", 2)];
        assert_eq!(functions(header), wanted.map(|(name, pointers)| (name.to_owned(), pointers)));
    }
}
