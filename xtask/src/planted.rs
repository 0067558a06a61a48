//! `cargo xtask soak planted`: whether the tests notice bugs that are planted, one at a time.
//!
//! `tests/planted` has a patch for each bug. Its first line, which `git apply` passes over, says
//! whose tests have to notice it and what is broken: `# PACKAGE [OPTION]...: WHAT`. They run in a
//! copy of all files that git knows of. What was seen is kept beside the copy until the patch or
//! the package changes, so that a run that was stopped goes on where it was.
//!
//! A bug meets quick tests first, which most do not pass: not optimized, of few cases a property.
//! All of the tests meet the rest. The first that fails is enough.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};

use crate::{parallel, sh};

const BUGS: &str = "tests/planted";
/// Seconds for the tests of a bug, which may keep one of them from ending.
const PATIENCE: &str = "900";
/// Packages that are optimized for what their tests compute, more than for its many cases.
pub(crate) const SLOW: [&str; 3] = ["trine-infer", "trine-ternary", "trine-train"];
/// Cases of a property in quick tests.
pub(crate) const CASES: (&str, &str) = ("PROPTEST_CASES", "16");

/// How the tests of a bug run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pace {
    /// Compiled in little time, and of few cases.
    Quick,
    /// As `cargo xtask test` has them.
    Whole,
}

impl Pace {
    /// Cargo with the tests of a bug.
    fn cargo(self, mut cargo: Command, bug: &Bug, more: &[&str]) -> Command {
        cargo.arg("test").args(more);
        if self == Self::Quick {
            cargo.arg("--config=profile.dev.debug=0").env(CASES.0, CASES.1);
            let package = bug.tests.first().filter(|package| !SLOW.contains(&&***package));
            let level = |name| format!("--config=profile.dev.package.{name}.opt-level=0");
            cargo.args(package.map(level));
        }
        cargo.arg("-p").args(&bug.tests);
        cargo
    }
}

/// A bug that can be planted.
#[derive(Debug)]
struct Bug {
    name: String,
    patch: String,
    /// The package, and options of `cargo test`.
    tests: Vec<String>,
    /// Where the package is, with all that its tests run.
    folder: String,
    what: String,
}

/// The folders of the workspace's packages by their names.
type Folders = BTreeMap<String, String>;

fn folders() -> Result<Folders> {
    let said = sh::output(sh::cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&said)?;
    let root = metadata["workspace_root"].as_str().context("a workspace")?;
    let packages = metadata["packages"].as_array().context("packages")?;
    let folder = |package: &serde_json::Value| {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        let folder = manifest.parent()?.strip_prefix(root).ok()?.to_str()?;
        Some((package["name"].as_str()?.to_owned(), folder.to_owned()))
    };
    let mut all: Folders = packages.iter().filter_map(folder).collect();
    // Its tests run the whole program.
    all.insert("trine-client".to_owned(), "host".to_owned());
    Ok(all)
}

impl Bug {
    fn read(patch: &PathBuf, folders: &Folders) -> Result<Self> {
        let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let first = fs::read_to_string(patch)?.lines().next().unwrap_or_default().to_owned();
        let parts = first.strip_prefix("# ").and_then(|line| line.split_once(": "));
        let (tests, what) = parts.with_context(|| {
            format!("{BUGS}/{name}.patch: begin it with a line `# PACKAGE [OPTION]...: WHAT`")
        })?;
        let tests: Vec<String> = tests.split(' ').map(str::to_owned).collect();
        let folder = tests.first().and_then(|package| folders.get(package));
        let folder = folder.with_context(|| format!("{name}: there is no such package"))?.clone();
        let patch = patch.to_string_lossy().into_owned();
        Ok(Self { name, patch, tests, folder, what: what.to_owned() })
    }
}

/// What was seen, and what comes of it in this run.
struct Seen {
    /// Lines of earlier runs.
    before: String,
    file: File,
    /// What noticed each bug, or why nothing did.
    said: BTreeMap<String, Result<String, String>>,
}

/// Plants each bug and runs its tests, one run of a checkout at a time; fails where they stay
/// green.
pub(crate) fn main() -> Result<String> {
    let folder = sh::target_dir().join("planted");
    sh::exclusively(&folder, || all(&folder))
}

/// Each processor plants bugs in a copy of its own.
fn all(folder: &Path) -> Result<String> {
    let folders = folders()?;
    let patches = sh::files(BUGS, "patch")?;
    let bugs = patches.iter().map(|patch| Bug::read(patch, &folders));
    let mut bugs = bugs.collect::<Result<Vec<_>>>()?;
    // What runs the same tests is compiled once, and they run once without a bug.
    bugs.sort_by(|one, other| one.tests.cmp(&other.tests));
    let copies = (1..=parallel::processors()).map(|at| Copy::new(&folder.join(at.to_string())));
    let copies = copies.collect::<Result<Vec<_>>>()?;
    let path = folder.join("seen");
    let before = fs::read_to_string(&path).unwrap_or_default();
    let file = File::options().create(true).append(true).open(&path)?;
    let seen = Mutex::new(Seen { before, file, said: BTreeMap::new() });
    // The longest first, so that no processor is left with one at the end.
    // A package's tests are compiled in one copy.
    let mut groups: Vec<_> =
        bugs.chunk_by(|one, other| one.tests[..1] == other.tests[..1]).collect();
    groups.sort_by_key(|group| Reverse(group.len()));
    let groups = Mutex::new(groups.into_iter());
    parallel::each(&copies, |copy| {
        let next = || groups.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some(group) = next() {
            plant(copy, group, bugs.len(), &seen)?;
        }
        Ok(())
    })?;
    let said = seen.into_inner().unwrap_or_else(PoisonError::into_inner).said;
    result(&bugs, &said)
}

/// Plants bugs of a package.
fn plant(copy: &Copy, bugs: &[Bug], all: usize, seen: &Mutex<Seen>) -> Result<()> {
    let mut sound = BTreeMap::new();
    for bug in bugs {
        let key = copy.key(bug)?;
        let lock = || seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            lock().before.lines().find_map(|line| line.strip_prefix(&key)).map(str::to_owned);
        let is_new = known.is_none();
        let mut said = Ok(known);
        for pace in [Pace::Quick, Pace::Whole] {
            if !matches!(said, Ok(None)) {
                break;
            }
            let is_sound = match sound.entry((&bug.tests, pace)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => *new.insert(copy.is_sound(bug, pace)?),
            };
            if is_sound {
                said = copy.notice(bug, pace);
            }
        }
        let said = said.and_then(|test| test.context("write a test whose name says what holds"));
        let mut seen = lock();
        if let Ok(test) = &said
            && is_new
        {
            writeln!(seen.file, "{key}{test}")?;
        }
        let said = said.map_err(|error| format!("UNSEEN: {error:#}"));
        let (Ok(text) | Err(text)) = &said;
        println!("{} ({} of {all}): {text}", bug.name, seen.said.len() + 1);
        seen.said.insert(bug.name.clone(), said);
    }
    Ok(())
}

/// A table of what noticed each bug; fails where nothing did.
fn result(bugs: &[Bug], said: &BTreeMap<String, Result<String, String>>) -> Result<String> {
    println!("\n| bug | what is broken | noticed by |\n|---|---|---|");
    let mut unseen = Vec::new();
    for bug in bugs {
        let (Ok(text) | Err(text)) = said.get(&bug.name).context("each bug was planted")?;
        println!(
            "| {} | {} | {} |",
            bug.name,
            bug.what,
            text.split([',', '\n']).next().unwrap_or_default()
        );
        if said.get(&bug.name).is_some_and(Result::is_err) {
            unseen.push(&*bug.name);
        }
    }
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
        let tree = self.git(&["write-tree", &format!("--prefix={}/", bug.folder)])?;
        let patch = self.git(&["hash-object", &bug.patch])?;
        Ok(format!("{} {} {} ", tree.trim(), patch.trim(), bug.name))
    }

    /// A program in the copy, which gives property tests the same cases each time.
    pub(crate) fn prepared(&self, mut program: Command) -> Command {
        sh::clean_cargo_env(&mut program);
        program.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        program.env("PROPTEST_RNG_SEED", "1").env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
        devtools_gpu::build::for_tests(program)
    }

    fn build(&self, bug: &Bug, pace: Pace) -> Result<String> {
        sh::output(&mut pace.cargo(self.prepared(sh::cargo()), bug, &["--no-run"]))
    }

    /// Runs the tests of a bug, which are built.
    fn test(&self, bug: &Bug, pace: Pace) -> Result<String> {
        sh::output(&mut self.tests(bug, pace))
    }

    /// Whether they pass without it. Quick ones may want more cases, and are left out then.
    fn is_sound(&self, bug: &Bug, pace: Pace) -> Result<bool> {
        match self.build(bug, pace).and_then(|_| self.test(bug, pace)) {
            Err(error) if pace == Pace::Whole => {
                Err(error.context("the tests fail without a bug: see to that first"))
            }
            passed => Ok(passed.is_ok()),
        }
    }

    /// What runs them, and ends with all that it started when it is told to.
    fn tests(&self, bug: &Bug, pace: Pace) -> Command {
        let mut cargo = self.prepared(sh::command("timeout"));
        cargo.arg(PATIENCE).arg(sh::cargo().get_program());
        pace.cargo(cargo, bug, &["--color=never"])
    }

    /// The test that notices a bug; none where they pass.
    fn notice(&self, bug: &Bug, pace: Pace) -> Result<Option<String>> {
        let applied = self.git(&["apply", &bug.patch]);
        applied.context("the patch does not apply: make it again for the code as it is")?;
        let built = self.build(bug, pace).context("it does not compile: make it again");
        let errors = self.target.join("errors");
        let failed = built.and_then(|_| first_failed(&mut self.tests(bug, pace), &errors));
        self.git(&["checkout", "-q", "--", "."])?;
        failed
    }
}

/// The first test that fails, after which no more of them run; none where they pass. `errors` is a
/// file for what they write on their standard error.
fn first_failed(tests: &mut Command, errors: &Path) -> Result<Option<String>> {
    let tests = tests.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(errors)?);
    let mut child = tests.spawn().context("`timeout` could not start")?;
    let mut said = String::new();
    for line in BufReader::new(child.stdout.take().context("a pipe")?).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        let failed = line.strip_prefix("test ").and_then(|test| test.strip_suffix(" ... FAILED"));
        if let Some(failed) = failed {
            sh::output(sh::command("kill").arg(child.id().to_string()))?;
            child.wait()?;
            return Ok(Some(failed.to_owned()));
        }
        said += &(line + "\n");
    }
    let status = child.wait()?;
    if status.success() {
        return Ok(None);
    }
    // What `timeout` answers.
    if status.code() == Some(124) {
        return Ok(Some(format!("a test that no longer ends in {PATIENCE} s")));
    }
    said += &fs::read_to_string(errors)?;
    // What Cargo says of a test program that has crashed. One that was killed may have lacked
    // memory, which is no bug.
    let mut signals = said.lines().filter_map(|line| line.split_once("(signal: "));
    if let Some((_, signal)) = signals.find(|(_, signal)| !signal.starts_with("9,")) {
        return Ok(Some(format!("a test that ends by signal {}", signal.trim_end_matches(')'))));
    }
    bail!("no test has failed: {status}: {said}")
}

#[cfg(test)]
mod tests {
    use super::first_failed;
    use crate::sh;

    #[test]
    fn the_first_test_that_fails_ends_the_others() {
        let errors = sh::target_dir().join("planted-errors");
        let of = |script: &str| {
            first_failed(sh::command("timeout").args(["60", "sh", "-c", script]), &errors)
        };
        let fails = "echo test one ... ok; echo test two ... FAILED; sleep 50; echo late";
        assert_eq!(of(fails).unwrap().as_deref(), Some("two"));
        assert_eq!(of("echo test one ... ok").unwrap(), None);
        assert_eq!(of("echo 'test one ... ok (signal: 11, SIGSEGV)'").unwrap(), None);
        assert_eq!(
            of(r"printf '\377\n'; echo test one ... FAILED").unwrap().as_deref(),
            Some("one")
        );
        assert!(of("echo '(signal: 9, SIGKILL)'; exit 1").is_err());
        let crash =
            "echo test one ... ok; echo '  `it` (signal: 11, SIGSEGV: invalid)' >&2; exit 1";
        let signal = of(crash).unwrap().unwrap();
        assert!(signal.contains("signal 11, SIGSEGV"), "{signal}");
        assert!(of("echo no more memory; exit 3").unwrap_err().to_string().contains("memory"));
        let mut slow = sh::command("timeout");
        let none = first_failed(slow.args(["0.1", "sleep", "9"]), &errors).unwrap();
        assert!(none.unwrap().contains("no longer ends"));
    }
}
