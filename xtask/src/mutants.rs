//! `cargo xtask soak mutants`: whether a crate's own tests notice the changes of cargo-mutants.
//!
//! `tests/mutants/CRATE.json` keeps the outcome of each mutant for its file's hash, so that a run
//! that was stopped goes on where it was, on any machine, and only files that changed are tested
//! again. So is what survived, once a file of the crate has changed, but for what
//! `tests/mutants/accepted.toml` lists with a reason.
//!
//! Of a crate without a gate, a run tests [`SAMPLE`] mutants more, in an order that their names
//! decide as chance would: what is tested stands for the rest, and is all after some runs.
//!
//! A run ends after [`LIMIT`], so that a soak fits in a night. What is new of crates with
//! a gate comes first, then what is new of the others, then what survived earlier. The next run
//! goes on with what is left over.
//!
//! `TRINE_MUTANTS=descriptor,mcp` tests those crates alone, however long it takes.
//!
//! Each processor tests mutants in a copy of its own. A mutant meets quick tests first, which few
//! survive: of few cases a property, and not optimized but where that is slower. The rest meets all
//! of the tests.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use trine_bits::Fnv64;

use crate::planted::{CASES, Copy, SLOW};
use crate::{parallel, sh};

/// The least percentage of viable mutants that are killed, where a crate has a gate.
const GATE: f64 = 90.0;
/// The crates below `core`, those with a gate first; their gates, and further options of `cargo
/// test`.
const CRATES: [(&str, f64, &[&str]); 11] = [
    ("wire", GATE, &[]),
    ("dispatch", GATE, &[]),
    ("descriptor", GATE, &[]),
    ("mcp", GATE, &[]),
    ("bits", 0.0, &[]),
    ("arena", 0.0, &[]),
    ("resources", 0.0, &[]),
    // No test can notice a change in code that is not compiled.
    ("ask", 0.0, &["--features=measures"]),
    ("unseen", 0.0, &["--features=long,wire"]),
    ("infer", 0.0, &["--features=gguf"]),
    ("ternary", 0.0, &[]),
];
/// Untested mutants of a crate without a gate that a run takes.
const SAMPLE: usize = 40;
/// Time after which a run of all crates ends, also in the middle of a batch.
const LIMIT: Duration = Duration::from_secs(12 * 60);
/// The crates that a run tests, by the environment.
const NAMED: &str = "TRINE_MUTANTS";
/// No examples and no documentation, and nothing for a debugger.
const TESTS: [&str; 2] = ["--tests", "--config=profile.dev.debug=0"];
/// Mutants after which the outcomes are written.
const BATCH: usize = 8;
/// Where cargo-mutants writes.
const OUT: &str = "mutants.out";
/// The outcome of a mutant that tests missed; of all tests, with what they were.
const MISSED: &str = "missed";

/// What is known of a file: the outcomes of its mutants by their names.
#[derive(Default, Deserialize, Serialize)]
struct Source {
    hash: String,
    outcomes: BTreeMap<String, String>,
}

/// An entry of `tests/mutants/accepted.toml`.
#[derive(Deserialize)]
struct Survivor {
    /// File and change, as cargo-mutants names them without line and column.
    mutant: String,
    /// The line on which the change begins.
    line: String,
    /// Why no test can notice it.
    why: String,
}

/// The mutants of a crate by their names, in files.
struct Crate<'a> {
    /// Where they are tested side by side.
    copies: &'a [Copy],
    /// The first of these, whose files are as they were when this began.
    copy: &'a Copy,
    name: &'a str,
    /// When its time is over.
    end: Option<Instant>,
    /// The hash of all of its files.
    tree: String,
    mutants: Vec<String>,
    files: BTreeMap<String, Source>,
    accepted: Vec<Survivor>,
}

/// How mutants are tested.
struct Tests<'a> {
    is_quick: bool,
    options: Vec<String>,
    of: &'a str,
}

/// Whether a run is of some crates alone.
pub(crate) fn is_of_some() -> bool {
    std::env::var_os(NAMED).is_some_and(|names| !names.is_empty())
}

/// Tests the mutants of all crates, one run of a checkout at a time: two would change each other's
/// copies.
pub(crate) fn main() -> Result<String> {
    sh::exclusively(&sh::target_dir().join("mutants"), all)
}

/// Fails where fewer are killed than the gate asks for.
fn all() -> Result<String> {
    let works = sh::works("cargo", &["mutants", "--version"]);
    ensure!(works, "cargo-mutants is not there: cargo install cargo-mutants --locked");
    let folder = |number| sh::target_dir().join(format!("mutants/{number}"));
    let copies = (1..=parallel::processors()).map(|number| Copy::new(&folder(number)));
    let copies = copies.collect::<Result<Vec<_>>>()?;
    let named = std::env::var(NAMED).unwrap_or_default();
    let named: Vec<&str> = named.split_terminator(',').collect();
    let is_due = |name| named.is_empty() || named.contains(&name);
    let unknown = named.iter().find(|name| CRATES.iter().all(|(it, ..)| it != *name));
    ensure!(unknown.is_none(), "{NAMED}: no crate {unknown:?} below core");
    let wanted: Vec<_> = CRATES.into_iter().filter(|(name, ..)| is_due(name)).collect();
    let end = named.is_empty().then(|| Instant::now() + LIMIT);
    let mut crates = Vec::new();
    for (at, &(name, gate, options)) in wanted.iter().enumerate() {
        let mut one = Crate::new(&copies, name)?;
        one.ends(end, if gate > 0.0 { 1 } else { wanted.len() - at });
        let mut due = one.untested();
        due.truncate(if gate > 0.0 { usize::MAX } else { SAMPLE });
        // A batch is of few files: of each, cargo-mutants takes all fields that can be deleted.
        due.sort();
        one.test(&due, &Tests::new(true, name, options))?;
        crates.push((one, gate, options));
    }
    let (mut shares, mut low) = (Vec::new(), Vec::new());
    for (at, (mut one, gate, options)) in crates.into_iter().enumerate() {
        one.ends(end, wanted.len() - at);
        one.test(&one.older_survivors(), &Tests::new(true, one.name, options))?;
        one.test(&one.survivors(), &Tests::new(false, one.name, options))?;
        let (share, said) = one.result(gate > 0.0)?;
        println!("{said}");
        low.extend((share < gate).then(|| said.clone()));
        shares.push(said);
    }
    ensure!(low.is_empty(), "below {GATE} %: {}", low.join(", "));
    Ok(shares.join(", "))
}

impl<'a> Tests<'a> {
    fn new(is_quick: bool, of: &'a str, more: &[&str]) -> Self {
        let own = format!("--config=profile.dev.package.trine-{of}.opt-level=0");
        let own = (is_quick && !SLOW.contains(&&*format!("trine-{of}"))).then_some(own);
        let options = TESTS.iter().chain(more).map(|option| (*option).to_owned());
        Self { is_quick, options: options.chain(own).collect(), of }
    }

    /// Cargo, or what runs it, in a copy.
    fn cargo(&self, copy: &Copy, cargo: Command, command: &str) -> Command {
        let mut cargo = copy.prepared(cargo);
        cargo.args([command, "-p", &format!("trine-{}", self.of)]);
        cargo.envs(self.is_quick.then_some(CASES));
        // What other options have left of the same crate does not always link.
        cargo.envs((!self.is_quick).then_some(("CARGO_INCREMENTAL", "0")));
        cargo
    }

    /// Seconds that they take after a change. They have to pass without a mutant.
    fn seconds(&self, copy: &Copy) -> Result<u64> {
        let run =
            || sh::output(self.cargo(copy, sh::cargo(), "test").arg("-q").args(&self.options));
        run().context("the tests fail without a mutant: see to that first")?;
        let file = copy.root.join(format!("core/{}/src/lib.rs", self.of));
        File::options().append(true).open(file)?.set_modified(SystemTime::now())?;
        let since = Instant::now();
        run()?;
        Ok(since.elapsed().as_secs() + 1)
    }

    /// Tests some mutants in a copy, which then says what became of those that it came to.
    fn run(
        &self,
        copy: &Copy,
        (seconds, end): (u64, Option<Instant>),
        batch: &[String],
    ) -> Result<()> {
        let mut cargo = self.cargo(copy, end.map_or_else(sh::cargo, ended_at), "mutants");
        cargo.args(["--in-place", "--baseline=skip", "--timeout"]);
        cargo.arg((20 + 4 * seconds).to_string());
        cargo.args(self.options.iter().map(|option| format!("--cargo-arg={option}")));
        // It takes fields that are deleted whatever their names are: those of other files not.
        cargo.args(batch.iter().map(|name| format!("--file={}", file_of(name))));
        cargo.args(batch.iter().map(|name| format!("--re=^{}$", regex_syntax::escape(name))));
        let out = copy.root.join(OUT);
        if out.exists() {
            fs::remove_dir_all(out)?;
        }
        // The status is no success where a mutant survives.
        cargo.status()?;
        // A mutant that it was cut in may still be there.
        copy.git(&["checkout", "-q", "--", "."])?;
        Ok(())
    }
}

impl<'a> Crate<'a> {
    fn new(copies: &'a [Copy], name: &'a str) -> Result<Self> {
        let copy = copies.first().context("there is a processor")?;
        let list = ["mutants", "--list", "-p", &format!("trine-{name}")];
        let list = sh::output(copy.prepared(sh::cargo()).args(list))?;
        let mutants = list.lines().map(str::to_owned).collect();
        let known = sh::read(&format!("tests/mutants/{name}.json")).unwrap_or("{}".to_owned());
        let mut known: BTreeMap<String, Source> = serde_json::from_str(&known)?;
        let mut files = BTreeMap::new();
        for line in copy.git(&["ls-files", "-s", &format!("core/{name}/src")])?.lines() {
            let (hash, file) = line.split_once('\t').context("a hash and a file")?;
            let new =
                Source { hash: hash.get(7..19).unwrap_or(hash).to_owned(), ..Source::default() };
            let known = known.remove(file).filter(|known| known.hash == new.hash);
            files.insert(file.to_owned(), known.unwrap_or(new));
        }
        let accepted: BTreeMap<String, Vec<Survivor>> =
            toml::from_str(&sh::read("tests/mutants/accepted.toml")?)?;
        let mut accepted: Vec<_> = accepted.into_values().flatten().collect();
        accepted.retain(|it| it.mutant.starts_with(&format!("core/{name}/")));
        let tree = copy.git(&["write-tree", &format!("--prefix=core/{name}/")])?;
        let tree = tree.get(..12).unwrap_or_default().to_owned();
        Ok(Self { copies, copy, name, end: None, tree, mutants, files, accepted })
    }

    /// Sets when its time is over: crates that are still to come have as much time.
    fn ends(&mut self, end: Option<Instant>, crates: usize) {
        self.end = end.map(|end| share(Instant::now(), end, crates));
    }

    /// What no run has tested, in the order of the hashes of names.
    fn untested(&self) -> Vec<String> {
        let mut names: Vec<String> = self.of("").map(str::to_owned).collect();
        names.sort_by_cached_key(|name| Fnv64::new().bytes(name.as_bytes()).hash());
        names
    }

    /// What survived, is not accepted, and has not met all tests as they are now.
    fn survivors(&self) -> Vec<String> {
        let is_due = |it: &&str| !self.accepts(it) && *self.outcome(it) != *self.survived();
        self.of(MISSED).filter(is_due).map(str::to_owned).collect()
    }

    /// Those that all tests missed as they were.
    fn older_survivors(&self) -> Vec<String> {
        let mut all = self.survivors();
        all.retain(|it| self.outcome(it) != MISSED);
        all
    }

    /// The outcome of a mutant that all tests have missed.
    fn survived(&self) -> String {
        format!("{MISSED} by all tests of {}", self.tree)
    }

    /// Tests mutants side by side.
    fn test(&mut self, due: &[String], tests: &Tests<'_>) -> Result<()> {
        let is_over = |end: Option<Instant>| end.is_some_and(|end| end <= Instant::now());
        if due.is_empty() || is_over(self.end) {
            return Ok(());
        }
        let (seconds, count) = (tests.seconds(self.copy)?, due.len());
        let minutes = seconds * count as u64 / 60 / self.copies.len() as u64;
        println!("{}: {count} mutants, {seconds} s each, about {minutes} minutes", self.name);
        let (batches, copies, end) = (Mutex::new(due.chunks(BATCH)), self.copies, self.end);
        let known = Mutex::new(self);
        parallel::each(copies, |copy| {
            let next = || batches.lock().unwrap_or_else(PoisonError::into_inner).next();
            while !is_over(end)
                && let Some(batch) = next()
            {
                tests.run(copy, (seconds, end), batch)?;
                known.lock().unwrap_or_else(PoisonError::into_inner).keep(copy, tests.is_quick)?;
            }
            Ok(())
        })
    }

    /// Keeps what cargo-mutants has found out in a copy.
    fn keep(&mut self, copy: &Copy, is_quick: bool) -> Result<()> {
        let survived = self.survived();
        for outcome in ["caught", "timeout", MISSED, "unviable"] {
            let list = copy.root.join(OUT).join(format!("{outcome}.txt"));
            // There is none where it was cut before it began.
            for name in fs::read_to_string(list).unwrap_or_default().lines() {
                let source = self.files.get_mut(file_of(name)).context("a file of the crate")?;
                let kept = if outcome == MISSED && !is_quick { &survived } else { outcome };
                source.outcomes.insert(name.to_owned(), kept.to_owned());
            }
        }
        let text = serde_json::to_string_pretty(&self.files)? + "\n";
        Ok(fs::write(sh::root().join(format!("tests/mutants/{}.json", self.name)), text)?)
    }

    /// The mutants whose outcome begins with this; "" are those that have none.
    fn of(&self, outcome: &str) -> impl Iterator<Item = &str> {
        self.mutants.iter().map(String::as_str).filter(move |name| {
            let known = self.outcome(name);
            known == outcome || !outcome.is_empty() && known.starts_with(outcome)
        })
    }

    /// The outcome of a mutant; "" where it has none.
    fn outcome(&self, name: &str) -> &str {
        let known = self.files.get(file_of(name)).and_then(|it| it.outcomes.get(name));
        known.map_or("", String::as_str)
    }

    fn accepts(&self, name: &str) -> bool {
        self.accepted.iter().any(|it| it.is(name, &self.copy.root))
    }

    /// The percentage that is killed, of all with a gate, of those that were tested without one;
    /// and a line about it.
    fn result(&self, is_gated: bool) -> Result<(f64, String)> {
        let of = self.mutants.len() - if is_gated { 0 } else { self.of("").count() };
        let viable = of - self.of("unviable").count();
        let killed = self.of("caught").count() + self.of("timeout").count();
        let share = 100.0 * killed as f64 / viable.max(1) as f64;
        let (accepted, left): (Vec<_>, Vec<_>) = self.of(MISSED).partition(|it| self.accepts(it));
        for survivor in &self.accepted {
            let is_one = |it: &&str| survivor.is(it, &self.copy.root);
            let is_due = self.of("").next().is_some() || accepted.iter().any(is_one);
            ensure!(is_due && !survivor.why.is_empty(), "accepted in vain: {}", survivor.mutant);
        }
        left.iter().for_each(|it| println!("survives: {it}"));
        let (left, accepted, untested) = (left.len(), accepted.len(), self.of("").count());
        let rest = format!("{left} survive, {accepted} accepted ones, {untested} untested");
        Ok((share, format!("{} {share:.1} % of {viable} killed ({rest})", self.name)))
    }
}

impl Survivor {
    /// Whether it is the mutant of this name, by the files below a folder.
    fn is(&self, name: &str, root: &Path) -> bool {
        let parts: Vec<&str> = name.splitn(4, ':').collect();
        let &[file, at, _, change] = &*parts else { return false };
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        let line = text.lines().zip(1..).find(|(_, line)| at.parse() == Ok(*line));
        let line = line.map(|(line, _): (_, u32)| line.trim());
        self.mutant == format!("{file}:{change}") && line == Some(&self.line)
    }
}

/// Cargo that is told to end at some time: alone, since what it runs would seem to have failed.
fn ended_at(end: Instant) -> Command {
    let seconds = end.saturating_duration_since(Instant::now()).as_secs().max(1);
    let mut timed = sh::command("timeout");
    timed.args(["--foreground", "--signal=INT", "--kill-after=60", &seconds.to_string()]);
    timed.arg(sh::cargo().get_program());
    timed
}

/// When a crate's time ends, of which all that are still to come get the same.
fn share(now: Instant, end: Instant, crates: usize) -> Instant {
    let crates = u32::try_from(crates.max(1)).unwrap_or(u32::MAX);
    now + end.saturating_duration_since(now) / crates
}

fn file_of(name: &str) -> &str {
    name.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Survivor, share};
    use crate::sh;

    #[test]
    fn crates_share_the_time_that_is_left() {
        let (now, minutes) = (Instant::now(), |count: u64| Duration::from_secs(60 * count));
        assert_eq!(share(now, now + minutes(20), 4), now + minutes(5));
        assert_eq!(share(now, now + minutes(20), 1), now + minutes(20));
        assert_eq!(share(now + minutes(21), now + minutes(20), 2), now + minutes(21));
    }

    #[test]
    fn a_survivor_is_accepted_by_its_change_and_its_line() {
        let first = |file: &str| sh::read(file).unwrap().lines().next().unwrap_or_default().into();
        let file = "xtask/src/mutants.rs";
        let mutant = format!("{file}: delete !");
        let mut survivor = Survivor { mutant, line: first(file), why: "equal".into() };
        assert!(survivor.is(&format!("{file}:1:5: delete !"), &sh::root()));
        assert!(!survivor.is(&format!("{file}:2:5: delete !"), &sh::root()));
        assert!(!survivor.is(&format!("{file}:1:5: delete -"), &sh::root()));
        survivor.line.push('!');
        assert!(!survivor.is(&format!("{file}:1:5: delete !"), &sh::root()));
    }
}
