//! Lines that programs have run, by the counts that `-C instrument-coverage` makes them leave.
//!
//! LLVM's `llvm-profdata` and `llvm-cov` read the counts: those of the toolchain
//! (`rustup component add llvm-tools`) or of the system. Version 19 reads what Rust 1.95 writes.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::sh;

/// What has to be in `RUSTFLAGS`.
pub const FLAGS: &str = "-Cinstrument-coverage";
/// Versions of the system's LLVM, the best first.
const VERSIONS: [&str; 5] = ["-22", "-21", "-20", "-19", ""];
/// What is no code of ours, or runs in the compiler.
const ELSEWHERE: &str = "registry|rustlib|/tests/|/core/derive/|/firmware-example/";

/// The files that some programs are made of, each with its lines.
#[derive(Debug)]
pub struct Report(Vec<Value>);

/// Lines that are code, and those of them that were run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines {
    /// Lines.
    pub all: u64,
    /// Lines that were run.
    pub run: u64,
}

impl Lines {
    /// The lines that were run in percent.
    pub fn share(self) -> f64 {
        100.0 * self.run as f64 / self.all.max(1) as f64
    }
}

impl Report {
    /// Lets programs run, with the environment that they need to leave their counts in a folder,
    /// and reads those.
    pub fn of<P: AsRef<Path>>(
        programs: &[P],
        counts: &Path,
        run: impl FnOnce((&str, &Path)) -> Result<()>,
    ) -> Result<Self> {
        let [profdata, cov] = tools()?;
        sh::empty_folder(counts)?;
        run(("LLVM_PROFILE_FILE", &counts.join("%p-%m.profraw")))?;
        let all = counts.with_extension("profdata");
        let mut merge = sh::command(profdata);
        sh::run(merge.args(["merge", "-sparse", "-o"]).arg(&all).args(sh::entries(counts)?))?;
        let mut export = sh::command(cov);
        export.args(["export", "-summary-only"]).arg(format!("-ignore-filename-regex={ELSEWHERE}"));
        export.arg(format!("-instr-profile={}", all.display()));
        let programs = programs.iter().map(|program| program.as_ref().display());
        export.args(programs.map(|program| format!("-object={program}")));
        let report: Value = serde_json::from_str(&sh::output(&mut export)?)?;
        let files = report["data"][0]["files"].as_array().context("llvm-cov lists no files")?;
        Ok(Self(files.clone()))
    }

    /// The lines of the files whose path holds this.
    pub fn below(&self, folder: &str) -> Lines {
        let is_below =
            |file: &&Value| file["filename"].as_str().is_some_and(|it| it.contains(folder));
        let sum = |key: &str| {
            let files = self.0.iter().filter(is_below);
            files.filter_map(|file| file["summary"]["lines"][key].as_u64()).sum()
        };
        Lines { all: sum("count"), run: sum("covered") }
    }
}

/// What reads the counts; to be asked for before long work that leaves them.
pub fn tools() -> Result<[OsString; 2]> {
    Ok([tool("llvm-profdata")?, tool("llvm-cov")?])
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
