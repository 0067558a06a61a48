//! `cargo xtask soak`: what takes longer than a test may. What was run, and for how long, is kept
//! in `benches/record` by the command itself.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use devtools::record::timestamp;
use devtools_boards::sentences;
use devtools_gpu::modules;

use crate::{baremetal, coverage, fuzz, planted, sh};

/// Seconds of fuzzing for each target where none are asked for.
const SECONDS: u32 = 3_600;
/// Calls through every fault of a line, on each kind of line.
const CALLS: &str = "100000";
/// Cases of each property test on another kind of machine.
const CASES: &str = "300";
/// Sentences that each chip reads where no other number is asked for.
const SENTENCES: usize = 1_000;
/// Time after which a part is due again.
const DUE: Duration = Duration::from_secs(30 * 86_400);
const RECORDS: &str = "benches/record";

/// How much is done, where something else is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// Seconds of fuzzing for each target.
    pub(crate) seconds: Option<u32>,
    /// Sentences that each chip reads.
    pub(crate) sentences: Option<usize>,
}

/// A part of the soak: its name, what it is about, and what runs it.
type Part = (&'static str, &'static str, fn(Amount) -> Result<String>);

const PARTS: &[Part] = &[
    ("faults", "100,000 calls through every fault of a line", faults),
    ("s390x", "the core's tests on a big-endian machine", |_| S390X.test()),
    ("i686", "the core's tests on a 32-bit machine", |_| I686.test()),
    ("ask", "1,000 sentences, or --sentences N, on each chip beside this computer", asked),
    ("modules", "ggml's backends as modules beside the program that holds them", |_| {
        modules::try_out().map(|()| "the same text; what is no module is refused".into())
    }),
    (
        "cuda",
        "CUDA's module and ours are compiled, and loaded where there is no such device",
        |_| modules::try_cuda(),
    ),
    ("planted", "bugs planted one at a time, which the tests have to notice", |_| planted::main()),
    ("coverage", "lines of the core that its tests run", |_| coverage::main()),
    ("flaky", "all legs, three times side by side", |_| flaky()),
    ("fuzz", "each fuzz target for an hour, or --seconds N", fuzzed),
];

/// Runs the named parts or all, shows how far it is, and records what was run, also when a part
/// fails.
pub(crate) fn main(names: &[&str], amount: Amount) -> Result<()> {
    if let Some(name) = names.iter().find(|name| PARTS.iter().all(|part| part.0 != **name)) {
        let parts: Vec<&str> = PARTS.iter().map(|part| part.0).collect();
        bail!("there is no part `{name}`: choose from {}", parts.join(", "));
    }
    let is_wanted = |part: &&Part| names.is_empty() || names.contains(&part.0);
    let wanted: Vec<&Part> = PARTS.iter().filter(is_wanted).collect();
    let mut text = "| part | result | minutes |\n|---|---|---:|\n".to_owned();
    let mut failed = Vec::new();
    for (at, (name, about, run)) in wanted.iter().enumerate() {
        println!("\n== {name} ({} of {}): {about}", at + 1, wanted.len());
        let since = Instant::now();
        let result = run(amount).unwrap_or_else(|error| {
            println!("{error:#}");
            failed.push(*name);
            format!("FAILED: {}", format!("{error:#}").lines().next().unwrap_or_default())
        });
        let minutes = since.elapsed().as_secs_f64() / 60.0;
        println!("{name}: {result}, {minutes:.1} minutes");
        writeln!(text, "| {name}: {about} | {result} | {minutes:.1} |")?;
    }
    record(&text)?;
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// The parts that are due: when each ran last without a failure, by the records.
pub(crate) fn due() -> Result<Vec<String>> {
    let mut records = Vec::new();
    for path in sh::files(RECORDS, "md")? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Some(date) = name.strip_prefix("soak-") {
            records.push((date.to_owned(), std::fs::read_to_string(&path)?));
        }
    }
    let first = SystemTime::now().checked_sub(DUE).context("a clock after 1970")?;
    Ok(due_since(timestamp(first).get(..10).unwrap_or_default(), &records))
}

/// [`due`] of what ran last before a day, by records in the order of their dates.
fn due_since(first: &str, records: &[(String, String)]) -> Vec<String> {
    let last = |name: &str| {
        let row = format!("| {name}:");
        let passed = |line: &str| line.starts_with(&row) && !line.contains("FAILED");
        records.iter().rev().find(|(_, text)| text.lines().any(passed)).map(|(date, _)| &**date)
    };
    let due = |(name, ..): &Part| match last(name) {
        None => Some(format!("{name} has no record")),
        Some(date) => (date < first).then(|| format!("{name} ran last on {date}")),
    };
    PARTS.iter().filter_map(due).collect()
}

/// Adds what was run to the record of the day.
fn record(text: &str) -> Result<()> {
    let now = timestamp(SystemTime::now());
    let (date, time) = now.split_once('T').context("a date and a time")?;
    let path = sh::root().join(RECORDS).join(format!("soak-{date}.md"));
    let before = std::fs::read_to_string(&path).ok();
    let before = before.unwrap_or_else(|| format!("# `cargo xtask soak`, {date}\n"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let time = time.get(..5).unwrap_or_default();
    std::fs::write(&path, format!("{before}\nEnded at {time} UTC, on {cores} cores:\n\n{text}"))?;
    println!("kept in {RECORDS}/soak-{date}.md");
    Ok(())
}

/// Clones in which all legs run at the same time.
const CLONES: [&str; 3] = ["1", "2", "3"];

/// Runs all legs in three clones of what is committed, side by side: each then has a busy machine,
/// and others that use the same caches.
fn flaky() -> Result<String> {
    let run = |name: &&str| -> Result<()> {
        let clone = sh::target_dir().join("flaky").join(name);
        if !clone.exists() {
            let root = sh::root();
            sh::run(sh::command("git").args(["clone", "-q"]).arg(root).arg(&clone))?;
        }
        let git = |words: &[&str]| sh::run(sh::command("git").arg("-C").arg(&clone).args(words));
        git(&["fetch", "-q", "origin", "HEAD"])?;
        git(&["checkout", "-q", "--detach", "FETCH_HEAD"])?;
        let log = std::fs::File::create(clone.with_extension("log"))?;
        let mut legs = Command::new(clone.join(".ci/run"));
        legs.current_dir(&clone).env_remove("CARGO_TARGET_DIR");
        sh::clean_cargo_env(&mut legs);
        sh::run(legs.stdout(log.try_clone()?).stderr(log))
            .with_context(|| format!("clone {name}: see {}.log", clone.display()))
    };
    // All of them at once, however few processors there are.
    let ended: Vec<Result<()>> = std::thread::scope(|scope| {
        let runs: Vec<_> = CLONES.iter().map(|name| scope.spawn(move || run(name))).collect();
        runs.into_iter().map(|run| run.join().unwrap_or_else(|_| bail!("it panicked"))).collect()
    });
    let failed = ended.into_iter().filter_map(|run| Some(format!("{:#}", run.err()?)));
    let failed: Vec<String> = failed.collect();
    ensure!(failed.is_empty(), "{} clones failed: {}", failed.len(), failed.join("; "));
    Ok(format!("{} times all legs at once, none failed", CLONES.len()))
}

fn faults(_: Amount) -> Result<String> {
    let arguments = ["test", "-p", "trine", "--test", "faults"];
    sh::run(sh::cargo().args(arguments).args(["--", "--nocapture"]).env("FAULTS_CALLS", CALLS))?;
    Ok(format!("{CALLS} calls on each line, each answered once"))
}

fn asked(amount: Amount) -> Result<String> {
    let count = amount.sentences.unwrap_or(SENTENCES);
    sentences::parity::compare(count)?;
    Ok(format!("{count} sentences on each, the same call, confidence and tokens"))
}

fn fuzzed(amount: Amount) -> Result<String> {
    let seconds = amount.seconds.unwrap_or(SECONDS);
    fuzz::build("2")?;
    let run = |name: &&str| {
        let runs = fuzz::run(name, seconds, fuzz::jobs())?;
        println!("{name}: {runs} inputs in {seconds} s");
        Ok(format!("{name} {runs} inputs in {seconds} s"))
    };
    Ok(fuzz::TARGETS.iter().map(run).collect::<Result<Vec<_>>>()?.join(", "))
}

/// A computer of another kind.
struct Machine {
    target: &'static str,
    linker: &'static str,
    /// What runs its programs here, and the options before the program.
    runner: [&'static str; 3],
    packages: &'static str,
}

const S390X: Machine = Machine {
    target: "s390x-unknown-linux-gnu",
    linker: "s390x-linux-gnu-gcc",
    runner: ["qemu-s390x-static", "-L", "/usr/s390x-linux-gnu"],
    packages: "gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static",
};

/// Its instructions are among those of an x86-64, which takes seconds where an emulator takes
/// hours: only its loader and its libraries have to be there.
const I686: Machine = Machine {
    target: "i686-unknown-linux-gnu",
    linker: "i686-linux-gnu-gcc",
    runner: ["/usr/i686-linux-gnu/lib/ld-linux.so.2", "--library-path", "/usr/i686-linux-gnu/lib"],
    packages: "gcc-i686-linux-gnu libc6-dev-i386-cross",
};

/// What has no operating system below it, and so should not care which computer it is on.
const CRATES: [&str; 6] =
    ["trine-bits", "trine-arena", "trine-wire", "trine-descriptor", "trine-dispatch", "trine-mcp"];

impl Machine {
    /// Builds the standard library and the core for it, and runs the core's tests.
    fn test(&self) -> Result<String> {
        for program in [self.linker, self.runner[0]] {
            let is_there = sh::works(program, &["--version"]);
            ensure!(is_there, "{program} is not there: apt-get install {}", self.packages);
        }
        let name = self.target.to_uppercase().replace('-', "_");
        let mut cargo = baremetal::debian_cargo();
        cargo
            .args(["test", "--target", self.target])
            .arg("-Zbuild-std=std,panic_abort,test")
            .arg("--target-dir")
            .arg(sh::target_dir().join("soak"))
            .env("PROPTEST_CASES", CASES)
            .env(format!("CARGO_TARGET_{name}_LINKER"), self.linker)
            .env(format!("CARGO_TARGET_{name}_RUNNER"), self.runner.join(" "))
            .args(CRATES.iter().flat_map(|name| ["-p", name]));
        sh::run(cargo.args(["--lib", "--tests", "--no-fail-fast"]))?;
        Ok(format!("the tests of {} crates pass on {}", CRATES.len(), self.target))
    }
}

#[cfg(test)]
mod tests {
    use super::{PARTS, due_since};

    #[test]
    fn a_part_is_due_that_has_no_record_or_failed_or_is_old() {
        let rows = |result: &str| -> String {
            PARTS.iter().map(|part| format!("| {}: x | {result} | 1 |\n", part.0)).collect()
        };
        let records = [
            ("2026-01-01".to_owned(), rows("passed")),
            ("2026-02-01".to_owned(), rows("FAILED: x")),
        ];
        assert!(due_since("2026-01-01", &records).is_empty());
        let due = due_since("2026-01-02", &records);
        assert_eq!(due.len(), PARTS.len());
        assert!(due[0].ends_with("ran last on 2026-01-01"), "{}", due[0]);
        assert!(due_since("2026-01-01", &records[1..])[0].ends_with("has no record"));
    }
}
