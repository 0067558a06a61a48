//! `cargo xtask soak coverage`: how many lines of the core its own tests run.
//!
//! The compiler counts (`-C instrument-coverage`), LLVM's `llvm-profdata` and `llvm-cov` read the
//! counts: those of the toolchain (`rustup component add llvm-tools`) or of the system. Version 19
//! reads what Rust 1.95 writes.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::sh;

/// The share of the core's lines that its tests run at least.
const LEAST: f64 = 85.0;
/// Versions of the system's LLVM, the best first.
const VERSIONS: [&str; 5] = ["-22", "-21", "-20", "-19", ""];
/// What is no part of the core: other crates, its tests, and what runs in the compiler.
const ELSEWHERE: &str = "registry|rustlib|/tests/|/core/derive/|/firmware-example/";

/// Runs the tests of the crates below `core` and answers the shares of their lines.
pub(crate) fn main() -> Result<String> {
    let (profdata, cov) = (tool("llvm-profdata")?, tool("llvm-cov")?);
    let folder = sh::target_dir().join("coverage");
    let counts = folder.join("counts");
    sh::empty_folder(&counts)?;
    let crates = crates()?;
    let programs = tests(&crates, &folder, &counts)?;
    let (all, counts) = (folder.join("all.profdata"), sh::entries(&counts)?);
    sh::run(sh::command(&profdata).args(["merge", "-sparse"]).args(counts).arg("-o").arg(&all))?;
    let mut export = sh::command(&cov);
    export.args(["export", "-summary-only"]).arg(format!("-ignore-filename-regex={ELSEWHERE}"));
    export.arg(format!("-instr-profile={}", all.display()));
    export.args(programs.iter().map(|program| format!("-object={program}")));
    let report: Value = serde_json::from_str(&sh::output(&mut export)?)?;
    let files = report["data"][0]["files"].as_array().context("llvm-cov lists no files")?;
    let (mut shares, mut total) = (Vec::new(), [0, 0]);
    for name in &crates {
        let lines = lines(&format!("/core/{name}/src/"), files);
        println!("{name}: {:.1} % of {} lines", share(lines), lines[0]);
        shares.push(format!("{name} {:.1} %", share(lines)));
        total = [total[0] + lines[0], total[1] + lines[1]];
    }
    let covered = share(total);
    ensure!(covered >= LEAST, "{covered:.1} % of the lines, at least {LEAST} %");
    Ok(format!("{covered:.1} % of {} lines: {}", total[0], shares.join(", ")))
}

/// Lines below a folder that are code, and those of them that were run.
fn lines(folder: &str, files: &[Value]) -> [u64; 2] {
    let is_below = |file: &&Value| file["filename"].as_str().is_some_and(|it| it.contains(folder));
    ["count", "covered"].map(|key| {
        let files = files.iter().filter(is_below);
        files.filter_map(|file| file["summary"]["lines"][key].as_u64()).sum()
    })
}

fn share([count, covered]: [u64; 2]) -> f64 {
    100.0 * covered as f64 / count.max(1) as f64
}

/// The folders of `core`, but for the one that runs inside the compiler.
fn crates() -> Result<Vec<String>> {
    let folders = sh::entries(&sh::root().join("core"))?;
    let names = folders.iter().filter_map(|folder| folder.file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    Ok(names.filter(|name| name != "derive").collect())
}

/// Builds and runs the tests, which leave their counts in a folder. Answers their programs.
fn tests(crates: &[String], target: &Path, counts: &Path) -> Result<Vec<String>> {
    let cargo = |end: &[&str]| {
        let mut cargo = sh::cargo();
        cargo.args(["test", "--lib", "--tests"]).args(end);
        cargo.args(crates.iter().flat_map(|name| ["-p".to_owned(), format!("trine-{name}")]));
        cargo.env("CARGO_TARGET_DIR", target).env("RUSTFLAGS", "-Cinstrument-coverage");
        cargo.env("LLVM_PROFILE_FILE", counts.join("%p-%m.profraw"));
        cargo
    };
    let built = sh::output(&mut cargo(&["--no-run", "--message-format=json-render-diagnostics"]))?;
    sh::run(&mut cargo(&["--no-fail-fast"]))?;
    let messages = built.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let programs = messages.filter_map(|message| Some(message["executable"].as_str()?.to_owned()));
    Ok(programs.collect())
}

/// A tool of LLVM: the toolchain's, or the system's.
fn tool(name: &str) -> Result<OsString> {
    let root = sh::output(sh::command("rustc").args(["--print", "target-libdir"]))?;
    let own = Path::new(root.trim()).with_file_name("bin").join(name);
    if own.exists() {
        return Ok(own.into());
    }
    let found = VERSIONS.iter().map(|version| format!("{name}{version}"));
    let found = found.into_iter().find(|program| sh::works(program, &["--version"]));
    found.map(OsString::from).with_context(|| {
        format!("{name} is not there: rustup component add llvm-tools, or apt-get install llvm-19")
    })
}

#[cfg(test)]
mod tests {
    use super::{lines, share};

    #[test]
    fn lines_are_counted_below_a_folder_alone() {
        let file = |name: &str, count: u32, covered: u32| {
            let lines = serde_json::json!({ "count": count, "covered": covered });
            serde_json::json!({ "filename": name, "summary": { "lines": lines } })
        };
        let files = [file("/a/core/wire/src/x.rs", 30, 20), file("/a/core/mcp/src/x.rs", 10, 0)];
        assert_eq!(lines("/core/wire/src/", &files), [30, 20]);
        assert!((share([30, 20]) - 66.7).abs() < 0.1 && share([0, 0]) == 0.0);
    }
}
