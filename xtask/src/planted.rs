//! `cargo xtask soak planted`: whether the tests notice bugs that are planted, one at a time.
//!
//! `tests/planted` has a patch for each bug. Its first line, which `git apply` passes over, says
//! whose tests have to notice it and what is broken: `# PACKAGE [OPTION]...: WHAT`. They run in a
//! copy of all files that git knows of. What was seen is kept beside the copy until the patch or
//! the package changes, so that a run that was stopped goes on where it was.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::sh;

const BUGS: &str = "tests/planted";
/// Seconds for the tests of a bug, which may keep one of them from ending.
const PATIENCE: &str = "900";

/// A bug that can be planted.
#[derive(Debug)]
struct Bug {
    name: String,
    patch: String,
    /// The package, and options of `cargo test`.
    tests: Vec<String>,
    what: String,
}

impl Bug {
    fn read(patch: &PathBuf) -> Result<Self> {
        let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let first = fs::read_to_string(patch)?.lines().next().unwrap_or_default().to_owned();
        let parts = first.strip_prefix("# ").and_then(|line| line.split_once(": "));
        let (tests, what) = parts.with_context(|| {
            format!("{BUGS}/{name}.patch: begin it with a line `# PACKAGE [OPTION]...: WHAT`")
        })?;
        let (tests, what) = (tests.split(' ').map(str::to_owned).collect(), what.to_owned());
        Ok(Self { name, patch: patch.to_string_lossy().into_owned(), tests, what })
    }
}

/// Plants each bug and runs its tests; fails where they stay green.
pub(crate) fn main() -> Result<String> {
    let folder = sh::target_dir().join("planted");
    let mut bugs = sh::files(BUGS, "patch")?.iter().map(Bug::read).collect::<Result<Vec<_>>>()?;
    // What runs the same tests is compiled once.
    bugs.sort_by(|one, other| one.tests.cmp(&other.tests));
    let (copy, path) = (Copy::new(&folder)?, folder.join("seen"));
    let before = fs::read_to_string(&path).unwrap_or_default();
    let mut seen = File::options().create(true).append(true).open(&path)?;
    let (mut table, mut unseen, mut sound) = (String::new(), Vec::new(), None);
    for (at, bug) in bugs.iter().enumerate() {
        let key = copy.key(bug)?;
        let known = before.lines().find_map(|line| line.strip_prefix(&key));
        if known.is_none() && sound.replace(&bug.tests) != Some(&bug.tests) {
            let passed = copy.build(bug).and_then(|_| copy.test(bug));
            passed.context("the tests fail without a bug: see to that first")?;
        }
        let said = match known.map_or_else(|| copy.notice(bug), |test| Ok(test.to_owned())) {
            Ok(test) => {
                writeln!(seen, "{key}{test}")?;
                test
            }
            Err(error) => {
                unseen.push(&*bug.name);
                format!("UNSEEN: {error:#}")
            }
        };
        println!("{} ({} of {}): {said}", bug.name, at + 1, bugs.len());
        let said = said.split([',', '\n']).next().unwrap_or_default();
        writeln!(table, "| {} | {} | {said} |", bug.name, bug.what)?;
    }
    println!("\n| bug | what is broken | noticed by |\n|---|---|---|\n{table}");
    ensure!(unseen.is_empty(), "{} of {} unseen: {}", unseen.len(), bugs.len(), unseen.join(", "));
    Ok(format!("{} bugs, each noticed by a test", bugs.len()))
}

/// A copy of the repository, and what is built of it.
pub(crate) struct Copy {
    pub(crate) root: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// The files as they are now, whether they are committed or not.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let copy = Self { root: folder.join("copy"), target: folder.join("target") };
        if !copy.root.exists() {
            sh::output(sh::command("git").args(["clone", "-q"]).arg(sh::root()).arg(&copy.root))?;
        }
        copy.git(&["fetch", "-q", "origin", "HEAD"])?;
        copy.git(&["reset", "-q", "--hard", "FETCH_HEAD"])?;
        let changes = sh::output(sh::command("git").args(["diff", "--binary", "HEAD"]))?;
        if !changes.is_empty() {
            let mut apply = sh::command("git");
            sh::fed(apply.arg("-C").arg(&copy.root).args(["apply", "-q", "--index"]), &changes)?;
        }
        Ok(copy)
    }

    pub(crate) fn git(&self, words: &[&str]) -> Result<String> {
        sh::output(sh::command("git").arg("-C").arg(&self.root).args(words))
    }

    /// What a line of what was seen begins with: package and patch as they are now.
    fn key(&self, bug: &Bug) -> Result<String> {
        let package = bug.tests.first().map_or("", |name| name.trim_start_matches("trine-"));
        let folder = if package == "gateway" { "host" } else { "core" };
        let tree = self.git(&["write-tree", &format!("--prefix={folder}/{package}/")])?;
        let patch = self.git(&["hash-object", &bug.patch])?;
        Ok(format!("{} {} {} ", tree.trim(), patch.trim(), bug.name))
    }

    /// A program in the copy, which gives property tests the same cases each time.
    pub(crate) fn prepared(&self, mut program: Command) -> Command {
        sh::clean_cargo_env(&mut program);
        program.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        program.env("PROPTEST_RNG_SEED", "1").env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
        program
    }

    fn build(&self, bug: &Bug) -> Result<String> {
        let mut cargo = self.prepared(sh::cargo());
        sh::output(cargo.args(["test", "--no-run", "-p"]).args(&bug.tests))
    }

    /// Runs the tests of a bug, which are built.
    fn test(&self, bug: &Bug) -> Result<String> {
        let mut cargo = self.prepared(sh::command("timeout"));
        cargo.arg(PATIENCE).arg(sh::cargo().get_program());
        sh::output(cargo.args(["test", "--color=never", "-p"]).args(&bug.tests))
    }

    /// The tests that notice a bug.
    fn notice(&self, bug: &Bug) -> Result<String> {
        let applied = self.git(&["apply", &bug.patch]);
        applied.context("the patch does not apply: make it again for the code as it is")?;
        let built = self.build(bug).context("it does not compile: make it again");
        let ran = built.map(|_| self.test(bug));
        self.git(&["checkout", "-q", "--", "."])?;
        let Err(error) = ran? else { bail!("write a test whose name says what holds") };
        let said = error.to_string();
        // What `timeout` answers.
        if said.contains("exit status: 124") {
            return Ok(format!("a test that no longer ends in {PATIENCE} s"));
        }
        let failed = said.lines().filter_map(|line| {
            let test = line.strip_prefix("test ")?;
            test.strip_suffix(" ... FAILED")
        });
        let failed: Vec<&str> = failed.collect();
        ensure!(!failed.is_empty(), "no test has failed: {said}");
        Ok(failed.join(", "))
    }
}
