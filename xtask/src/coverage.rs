//! `cargo xtask soak coverage`: how many lines of the core its own tests run.

use std::process::Command;

use anyhow::{Result, ensure};
use devtools::lines::{self, Lines, Report};
use serde_json::Value;

use crate::sh;

/// The share of the core's lines that its tests run at least.
const LEAST: f64 = 85.0;

/// Runs the tests of the crates below `core` and answers the shares of their lines.
pub(crate) fn main() -> Result<String> {
    let crates = crates()?;
    let built = sh::output(tests(&crates).args(["--no-run", "--message-format=json"]))?;
    let messages = built.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let programs = messages.filter_map(|message| Some(message["executable"].as_str()?.to_owned()));
    let programs: Vec<String> = programs.collect();
    let counts = sh::target_dir().join("coverage/counts");
    let report = Report::of(&programs, &counts, |(name, file)| {
        sh::run(tests(&crates).arg("--no-fail-fast").env(name, file))
    })?;
    let (mut shares, mut total) = (Vec::new(), Lines::default());
    for name in &crates {
        let lines = report.below(&format!("/core/{name}/src/"));
        println!("{name}: {:.1} % of {} lines", lines.share(), lines.all);
        shares.push(format!("{name} {:.1} %", lines.share()));
        (total.all, total.run) = (total.all + lines.all, total.run + lines.run);
    }
    let covered = total.share();
    ensure!(covered >= LEAST, "{covered:.1} % of the lines, at least {LEAST} %");
    Ok(format!("{covered:.1} % of {} lines: {}", total.all, shares.join(", ")))
}

/// The folders of `core`, but for the one that runs inside the compiler.
fn crates() -> Result<Vec<String>> {
    let folders = sh::entries(&sh::root().join("core"))?;
    let names = folders.iter().filter_map(|folder| folder.file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    Ok(names.filter(|name| name != "derive").collect())
}

fn tests(crates: &[String]) -> Command {
    let mut cargo = sh::cargo();
    cargo.args(["test", "--lib", "--tests"]);
    cargo.args(crates.iter().flat_map(|name| ["-p".to_owned(), format!("trine-{name}")]));
    cargo.env("CARGO_TARGET_DIR", sh::target_dir().join("coverage"));
    cargo.env("RUSTFLAGS", lines::FLAGS);
    cargo
}
