//! `cargo xtask soak`: what takes longer than a test may. What was run, and for how long, is kept
//! in `benches/record` by the command itself.

use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use devtools::record::timestamp;
use devtools_boards::sentences;
use devtools_gpu::modules;

use crate::{baremetal, coverage, fuzz, mutants, parallel, planted, sh};

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
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Amount {
    pub(crate) seconds: Option<u32>,
    pub(crate) sentences: Option<usize>,
}

/// A part of the soak: its name, what it is about, and what runs it.
type Part = (&'static str, &'static str, fn(Amount) -> Result<String>);

const PARTS: &[Part] = &[
    ("faults", "100,000 calls through every fault of a line", faults),
    ("s390x", "the core's tests on a big-endian machine", |_| core_on(S390X)),
    ("i686", "the core's tests on a 32-bit machine", |_| core_on(I686)),
    ("ask", "1,000 sentences, or --sentences N, on each chip beside this computer", asked),
    ("modules", "ggml's backends as modules next to the program that holds them", |_| {
        modules::try_out().map(|()| "the same text; what is no module is refused".into())
    }),
    ("cuda", "CUDA's module and ours are compiled, and loaded without such a device", |_| {
        modules::try_cuda()
    }),
    ("planted", "bugs planted one at a time, which the tests have to notice", |_| planted::main()),
    ("mutants", "changes by cargo-mutants, which a crate's own tests have to notice", |_| {
        mutants::main()
    }),
    ("coverage", "lines of the core that its tests run", |_| coverage::main()),
    ("flaky", "all legs, three times side by side", |_| flaky()),
    ("fuzz", "each fuzz target for an hour, or --seconds N", fuzzed),
];

/// Runs the named parts or all, shows how far it is, and records what was run, also when a part
/// fails.
pub(crate) fn main(names: &[&str], amount: Amount) -> Result<()> {
    let parts: Vec<&str> = PARTS.iter().map(|part| part.0).collect();
    if let Some(name) = names.iter().find(|name| !parts.contains(name)) {
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
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// The parts that are due: when each ran last without a failure, by the records.
pub(crate) fn due() -> Result<Vec<String>> {
    let files = sh::files(RECORDS, "md")?;
    let names = files.iter().filter_map(|path| path.file_stem()?.to_str()?.strip_prefix("soak-"));
    let read = |date: &str| Ok((date.to_owned(), sh::read(&format!("{RECORDS}/soak-{date}.md"))?));
    let records = names.map(read).collect::<Result<Vec<_>>>()?;
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
    let name = format!("{RECORDS}/soak-{date}.md");
    let before = sh::read(&name).unwrap_or_else(|_| format!("# `cargo xtask soak`, {date}\n"));
    let (cores, time) = (parallel::processors(), time.get(..5).unwrap_or_default());
    let text = format!("{before}\nEnded at {time} UTC, on {cores} cores:\n\n{text}");
    std::fs::write(sh::root().join(&name), text)?;
    println!("kept in {name}");
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
            sh::run(sh::command("git").args(["clone", "-q", "."]).arg(&clone))?;
        }
        let git = |words: &[&str]| sh::run(sh::command("git").arg("-C").arg(&clone).args(words));
        git(&["fetch", "-q", "origin", "HEAD"])?;
        git(&["checkout", "-q", "--detach", "FETCH_HEAD"])?;
        let log = std::fs::File::create(clone.with_extension("log"))?;
        let mut legs = sh::command(clone.join(".ci/run"));
        legs.current_dir(&clone).env_remove("CARGO_TARGET_DIR");
        sh::clean_cargo_env(&mut legs);
        sh::run(legs.stdout(log.try_clone()?).stderr(log))
            .with_context(|| format!("clone {name}: see {}.log", clone.display()))
    };
    // All of them at once, however few processors there are.
    let ended = parallel::map_with(CLONES.len(), &CLONES, run);
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
    Ok(fuzz::each(&[], amount.seconds.unwrap_or(SECONDS), |_| Ok(()))?.join(", "))
}

/// A computer of another kind: its target, its linker, what runs its programs here with the options
/// before the program, and the packages that have all that.
type Machine = [&'static str; 4];

const S390X: Machine = [
    "s390x-unknown-linux-gnu",
    "s390x-linux-gnu-gcc",
    "qemu-s390x-static -L /usr/s390x-linux-gnu",
    "gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static",
];
/// Its instructions are among those of an x86-64, which takes seconds where an emulator takes
/// hours: only its loader and its libraries have to be there.
const I686: Machine = [
    "i686-unknown-linux-gnu",
    "i686-linux-gnu-gcc",
    "/usr/i686-linux-gnu/lib/ld-linux.so.2 --library-path /usr/i686-linux-gnu/lib",
    "gcc-i686-linux-gnu libc6-dev-i386-cross",
];

/// What has no operating system below it, and so should not care which computer it is on.
const CRATES: [&str; 6] =
    ["trine-bits", "trine-arena", "trine-wire", "trine-descriptor", "trine-dispatch", "trine-mcp"];

/// Builds the standard library and the core for a machine, and runs the core's tests.
fn core_on([target, linker, runner, packages]: Machine) -> Result<String> {
    for program in [linker, runner.split(' ').next().unwrap_or_default()] {
        let is_there = sh::works(program, &["--version"]);
        ensure!(is_there, "{program} is not there: apt-get install {packages}");
    }
    let name = target.to_uppercase().replace('-', "_");
    let mut cargo = baremetal::debian_cargo();
    cargo.args(["test", "--target", target, "-Zbuild-std=std,panic_abort,test"]);
    cargo.args(CRATES.iter().flat_map(|name| ["-p", name])).env("PROPTEST_CASES", CASES);
    cargo.env(format!("CARGO_TARGET_{name}_LINKER"), linker);
    cargo.env(format!("CARGO_TARGET_{name}_RUNNER"), runner);
    cargo.arg("--target-dir").arg(sh::target_dir().join("soak"));
    sh::run(cargo.args(["--lib", "--tests", "--no-fail-fast"]))?;
    Ok(format!("the tests of {} crates pass on {target}", CRATES.len()))
}

#[cfg(test)]
mod tests {
    use super::{PARTS, due_since};

    #[test]
    fn a_part_is_due_that_has_no_record_or_failed_or_is_old() {
        let rows = |result: &str| -> String {
            PARTS.iter().map(|part| format!("| {}: x | {result} | 1 |\n", part.0)).collect()
        };
        let records = [("2026-01-01", "passed"), ("2026-02-01", "FAILED: x")];
        let records = records.map(|(date, result)| (date.to_owned(), rows(result)));
        assert!(due_since("2026-01-01", &records).is_empty());
        let due = due_since("2026-01-02", &records);
        assert_eq!(due.len(), PARTS.len());
        assert!(due[0].ends_with("ran last on 2026-01-01"), "{}", due[0]);
        assert!(due_since("2026-01-01", &records[1..])[0].ends_with("has no record"));
    }
}
