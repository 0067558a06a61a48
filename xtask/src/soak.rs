//! `cargo xtask soak`: what takes longer than a test may. What was run, and for how long, is kept
//! in `benches/record` by the command itself.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::{baremetal, fuzz, modules, sentences, sh};

/// Seconds of fuzzing for each target where none are asked for.
const SECONDS: u32 = 3_600;
/// Calls through every fault of a line, on each kind of line.
const CALLS: &str = "100000";
/// Cases of each property test on another kind of machine.
const CASES: &str = "300";
/// Sentences that each chip reads where no other number is asked for.
const SENTENCES: usize = 1_000;

/// How much is done, where something else is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// Seconds of fuzzing for each target.
    pub(crate) seconds: Option<u32>,
    /// Sentences that each chip reads.
    pub(crate) sentences: Option<usize>,
}

/// A part of the soak.
struct Part {
    name: &'static str,
    about: &'static str,
    run: fn(Amount) -> Result<String>,
}

const PARTS: &[Part] = &[
    Part { name: "faults", about: "100,000 calls through every fault of a line", run: faults },
    Part {
        name: "s390x",
        about: "the core's tests on a big-endian machine",
        run: |_| S390X.test(),
    },
    Part { name: "i686", about: "the core's tests on a 32-bit machine", run: |_| I686.test() },
    Part {
        name: "ask",
        about: "1,000 sentences, or --sentences N, on each chip beside this computer",
        run: asked,
    },
    Part {
        name: "modules",
        about: "ggml's backends as modules beside the program that holds them",
        run: |_| modules::try_out().map(|()| "the same text; what is no module is refused".into()),
    },
    Part {
        name: "cuda",
        about: "CUDA's module and ours are compiled, and loaded where there is no such device",
        run: |_| modules::try_cuda(),
    },
    Part { name: "flaky", about: "all legs, three times side by side", run: |_| flaky() },
    Part { name: "fuzz", about: "each fuzz target for an hour, or --seconds N", run: fuzzed },
];

/// Runs the named parts or all, shows how far it is, and records what was run.
///
/// # Errors
/// When there is no such part, or one fails; the record is written all the same.
pub(crate) fn main(names: &[&str], amount: Amount) -> Result<()> {
    if let Some(name) = names.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        let parts: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        bail!("there is no part `{name}`: choose from {}", parts.join(", "));
    }
    let wanted: Vec<&Part> =
        PARTS.iter().filter(|part| names.is_empty() || names.contains(&part.name)).collect();
    let mut text = "| part | result | minutes |\n|---|---|---:|\n".to_owned();
    let mut failed = Vec::new();
    for (at, part) in wanted.iter().enumerate() {
        println!("\n== {} ({} of {}): {}", part.name, at + 1, wanted.len(), part.about);
        let since = Instant::now();
        let result = (part.run)(amount).unwrap_or_else(|error| {
            println!("{error:#}");
            failed.push(part.name);
            format!("FAILED: {}", format!("{error:#}").lines().next().unwrap_or_default())
        });
        let minutes = since.elapsed().as_secs_f64() / 60.0;
        println!("{}: {result}, {minutes:.1} minutes", part.name);
        writeln!(text, "| {}: {} | {result} | {minutes:.1} |", part.name, part.about)?;
    }
    record(&text)?;
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// Days after which a part is due again.
const DUE_DAYS: i64 = 30;

/// The parts that are due: when each ran last without a failure, by the records.
///
/// # Errors
/// When the records cannot be read.
pub(crate) fn due() -> Result<Vec<String>> {
    let mut records = Vec::new();
    for entry in std::fs::read_dir(sh::root().join("benches/record"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Some(date) = name.strip_prefix("soak-") {
            records.push((date.to_owned(), std::fs::read_to_string(&path)?));
        }
    }
    records.sort();
    let seconds = std::time::UNIX_EPOCH.elapsed()?.as_secs();
    Ok(due_on(i64::try_from(seconds / 86_400)?, &records))
}

/// [`due`] on a day, counted from 1970, by records in the order of their dates.
fn due_on(today: i64, records: &[(String, String)]) -> Vec<String> {
    let last = |part: &Part| {
        let row = format!("| {}:", part.name);
        let passed = |line: &str| line.starts_with(&row) && !line.contains("FAILED");
        records.iter().rev().find(|(_, text)| text.lines().any(passed)).map(|(date, _)| date)
    };
    let parts = PARTS.iter().filter_map(|part| {
        let Some(date) = last(part) else {
            return Some(format!("{} has no record", part.name));
        };
        let age = today - day(date)?;
        (age > DUE_DAYS).then(|| format!("{} ran last {age} days ago, on {date}", part.name))
    });
    parts.collect()
}

/// The number of a day from 1970 on, by the rule of Hinnant's `days_from_civil`.
fn day(date: &str) -> Option<i64> {
    let mut numbers = date.split('-').map(str::parse::<i64>);
    let mut next = || numbers.next()?.ok();
    let (year, month, day) = (next()?, next()?, next()?);
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = year * 365 + year / 4 - year / 100 + year / 400 + of_year;
    Some(of_era - 719_468)
}

/// Adds what was run to the record of the day.
fn record(text: &str) -> Result<()> {
    let now = sh::output(sh::command("date").args(["-u", "+%Y-%m-%d %H:%M"]))?;
    let (date, time) = now.trim().split_once(' ').context("a date and a time")?;
    let path = sh::root().join("benches/record").join(format!("soak-{date}.md"));
    let before = std::fs::read_to_string(&path).ok();
    let before = before.unwrap_or_else(|| format!("# `cargo xtask soak`, {date}\n"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::fs::write(&path, format!("{before}\nEnded at {time} UTC, on {cores} cores:\n\n{text}"))?;
    println!("kept in benches/record/soak-{date}.md");
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
    let ended = std::thread::scope(|scope| {
        let runs: Vec<_> = CLONES.iter().map(|name| scope.spawn(move || run(name))).collect();
        runs.into_iter().map(|run| run.join().unwrap_or_else(|_| bail!("it panicked"))).collect()
    });
    let ended: Vec<Result<()>> = ended;
    let failed: Vec<String> =
        ended.into_iter().filter_map(|run| Some(format!("{:#}", run.err()?))).collect();
    ensure!(
        failed.is_empty(),
        "{} of {} failed: {}",
        failed.len(),
        CLONES.len(),
        failed.join("; ")
    );
    Ok(format!("{} times all legs at once, none failed", CLONES.len()))
}

fn faults(_: Amount) -> Result<String> {
    let arguments = ["test", "--profile", "ci", "-p", "trine", "--test", "faults"];
    sh::run(sh::cargo().args(arguments).args(["--", "--nocapture"]).env("FAULTS_CALLS", CALLS))?;
    Ok(format!("{CALLS} calls on each line, each answered once"))
}

fn asked(amount: Amount) -> Result<String> {
    let count = amount.sentences.unwrap_or(SENTENCES);
    sentences::alike::compare(count)?;
    Ok(format!("{count} sentences on each, the same call, confidence and tokens"))
}

fn fuzzed(amount: Amount) -> Result<String> {
    let seconds = amount.seconds.unwrap_or(SECONDS);
    fuzz::build()?;
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = Vec::new();
    for name in fuzz::TARGETS {
        let runs = fuzz::run(name, seconds, jobs)?;
        println!("{name}: {runs} inputs in {seconds} s");
        text.push(format!("{name} {runs} inputs in {seconds} s"));
    }
    Ok(text.join(", "))
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
const CRATES: [&str; 5] =
    ["trine-arena", "trine-wire", "trine-descriptor", "trine-dispatch", "trine-mcp"];

impl Machine {
    /// Builds the standard library and the core for it, and runs the core's tests.
    fn test(&self) -> Result<String> {
        let [runner, ..] = self.runner;
        for program in [self.linker, runner] {
            if !sh::works(program, &["--version"]) {
                bail!("{program} is not there: apt-get install {}", self.packages);
            }
        }
        let mut cargo = self.cargo();
        for name in CRATES {
            cargo.args(["-p", name]);
        }
        sh::run(cargo.args(["--lib", "--tests", "--no-fail-fast"]))?;
        Ok(format!("the tests of {} crates pass on {}", CRATES.len(), self.target))
    }

    fn cargo(&self) -> Command {
        let mut cargo = sh::command("/usr/bin/cargo");
        sh::clean_cargo_env(&mut cargo);
        let path = std::env::var("PATH").unwrap_or_default();
        let name = self.target.to_uppercase().replace('-', "_");
        cargo
            .args(["test", "--profile", "ci", "--target", self.target])
            .arg("-Zbuild-std=std,panic_abort,test")
            .arg("--target-dir")
            .arg(sh::target_dir().join("soak"))
            .env("PATH", format!("/usr/bin:{path}"))
            .env("RUSTC", "/usr/bin/rustc")
            .env("PROPTEST_CASES", CASES)
            .env(format!("CARGO_TARGET_{name}_LINKER"), self.linker)
            .env(format!("CARGO_TARGET_{name}_RUNNER"), self.runner.join(" "))
            .env_remove("RUSTUP_TOOLCHAIN");
        baremetal::unstable(&mut cargo);
        cargo
    }
}

#[cfg(test)]
mod tests {
    use super::{DUE_DAYS, PARTS, day, due_on};

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(day("1970-01-01"), Some(0));
        assert_eq!(day("2000-02-29"), Some(11_016));
        assert_eq!(day("2026-11-23"), Some(20_780));
        assert_eq!(day("yesterday"), None);
    }

    #[test]
    fn a_part_is_due_that_has_no_record_or_failed_or_is_old() {
        let rows = |result: &str| -> String {
            PARTS.iter().map(|part| format!("| {}: x | {result} | 1 |\n", part.name)).collect()
        };
        let records = [
            ("2026-01-01".to_owned(), rows("passed")),
            ("2026-02-01".to_owned(), rows("FAILED: x")),
        ];
        let today = day("2026-01-01").unwrap() + DUE_DAYS;
        assert!(due_on(today, &records).is_empty());
        let due = due_on(today + 1, &records);
        assert_eq!(due.len(), PARTS.len());
        assert!(due[0].ends_with("ran last 31 days ago, on 2026-01-01"), "{}", due[0]);
        assert!(due_on(today, &records[1..])[0].ends_with("has no record"));
    }
}
