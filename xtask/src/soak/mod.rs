//! `cargo xtask soak`: what takes longer than a test may. What was run, and for how long, is kept
//! in `benches/record` by the command itself.

mod spent;

use std::fs::File;
use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use devtools::record::timestamp;
use devtools_bench::agents;
use devtools_boards::{embassy, sentences};
use devtools_c::dist;
use devtools_gpu::{legs, modules};

use crate::{
    amx, baremetal, base_model, browser, cargo_c, coverage, feature_sets, fuzz, hosts, mutants,
    parallel, planted, python, sh, usb, wasm, wheels,
};
use spent::Spent;

/// Calls through every fault of a line, on each kind of line.
const CALLS: &str = "100000";
/// Calls of programs that share a port.
const SHARED_CALLS: &str = "10000";
/// How often a gateway with calls under way is killed.
const KILLS: &str = "300";
/// Cases of each property test with other features.
const CASES: &str = "300";
/// Cases of each on another kind of machine, most of which are emulated. A few cases show what
/// differs there, such as the order of bytes.
const EMULATED_CASES: &str = "12";
/// Sentences that each chip reads where no other number is asked for.
const SENTENCES: usize = 1_000;
/// Cycles of clients over HTTP where no other number is asked for.
const CYCLES: u32 = 1_000;
/// Steps of the models of resources.
const STEPS: &str = "10000000";
/// Time after which a part is due again.
const DUE: Duration = Duration::from_secs(30 * 86_400);
const RECORDS: &str = "benches/record";

/// How much is done, where something else is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Amount {
    pub(crate) seconds: Option<u32>,
    pub(crate) sentences: Option<usize>,
    pub(crate) cycles: Option<u32>,
    pub(crate) steps: Option<u32>,
}

impl Amount {
    /// Whether a part does something else than a soak asks of it.
    fn concerns(self, part: &str) -> bool {
        match part {
            "agents" => self.cycles.is_some(),
            "ask" => self.sentences.is_some(),
            "base" => self.steps.is_some(),
            "fuzz" => self.seconds.is_some(),
            "mutants" => mutants::is_of_some(),
            _ => false,
        }
    }
}

/// A part of the soak: its name, what it is about, and what runs it.
type Part = (&'static str, &'static str, fn(Amount) -> Result<String>);

const PARTS: &[Part] = &[
    ("faults", "100,000 calls through every fault of a line", faults),
    ("shared", "10,000 calls of programs that share a port, killed and unplugged", |_| shared()),
    ("killed", "a gateway killed 300 times with calls under way, which run once", |_| killed()),
    ("usb", "USB boards on a real USB stack, in an emulated PC, pulled and plugged in", |_| {
        usb::main()
    }),
    (
        "agents",
        "1,000 cycles, or --cycles N, of 50 clients over HTTP, some of which vanish",
        |amount| clients(amount.cycles.unwrap_or(CYCLES)),
    ),
    ("s390x", "the core's tests on a big-endian machine", |_| core_on(S390X)),
    ("i686", "the core's tests on a 32-bit machine", |_| core_on(I686)),
    ("aarch64", "the ternary kernels' and the core's tests on 64-bit Arm", |_| arm()),
    ("wasm", "the ternary kernels' tests as WebAssembly in Node, with vectors and without", |_| {
        wasm::soak()
    }),
    ("amx", "the ternary kernels' products by AMX, on a processor that Bochs emulates", |_| {
        amx::main()
    }),
    (
        "targets",
        "libtrine for chips that no leg looks at, and a program for an emulated Xtensa",
        |_| dist::seldom(),
    ),
    ("hosts", "`trine` built for Windows, an old Linux, 64-bit Arm and macOS, and run", |_| {
        hosts::main()
    }),
    ("python", "Python's package over 1,000,000 calls and 10,000 servers, and in valgrind", |_| {
        python::soak()
    }),
    ("wheels", "Python's package for old Linux on a PC and on 64-bit Arm, and its tests", |_| {
        wheels::main()
    }),
    ("properties", "the properties of the core in cases that no one drew before", |_| properties()),
    ("ask", "1,000 sentences, or --sentences N, on each chip beside this computer", asked),
    ("devices", "programs and training on ggml's devices, Vulkan in software among them", |_| {
        legs::programs().map(|()| "the processor's tokens; it goes on where a device fails".into())
    }),
    ("modules", "ggml's backends as modules next to the program that holds them", |_| {
        modules::try_out().map(|()| "the same text; what is no module is refused".into())
    }),
    ("cuda", "CUDA's module and ours are compiled, and loaded without such a device", |_| {
        modules::try_cuda()
    }),
    (
        "resources",
        "10,000,000 steps of the pool, the manager and the devices next to models",
        |_| resources(),
    ),
    ("embassy", "the adapter for embassy on chips of four makers", |_| embassy::boards()),
    (
        "browser",
        "the page in Chromium, with an emulated board at a serial port that is made up",
        |_| browser::soak(),
    ),
    ("package", "the package made twice, and used in a Debian without Rust", |_| dist::soak()),
    ("cargo-c", "libtrine as `cargo cinstall` installs it, and a program with it", |_| {
        cargo_c::main()
    }),
    ("loom", "every order in which the two ends of a ring can meet", |_| loom()),
    ("planted", "bugs planted one at a time, which the tests have to notice", |_| planted::main()),
    ("mutants", "changes by cargo-mutants, which a crate's own tests have to notice", |_| {
        mutants::main()
    }),
    ("coverage", "lines of the core that its tests run", |_| coverage::main()),
    (
        "base",
        "the base model from the lists of tools, with the next of three seeds, or in stages of \
         --steps N",
        |amount| base_model::main(amount.steps),
    ),
    ("flaky", "all legs, three times side by side", |_| flaky()),
    ("fuzzers", "the fuzz targets are built, before `fuzz` runs them", |_| fuzz::build_for_soak()),
    ("fuzz", "each fuzz target for ten minutes, a new one for an hour, or --seconds N", |amount| {
        fuzz::soak(amount.seconds)
    }),
];

/// Runs the named parts, or all that this code has not passed. Shows how far it is, and records
/// each part as it ends, also when it fails.
pub(crate) fn main(names: &[&str], amount: Amount) -> Result<()> {
    let parts: Vec<&str> = PARTS.iter().map(|part| part.0).collect();
    if let Some(name) = names.iter().find(|name| !parts.contains(name)) {
        bail!("there is no part `{name}`: choose from {}", parts.join(", "));
    }
    let (code, records) = (code()?, records()?);
    let is_left = |part: &&Part| match names {
        [] => !has_passed(part.0, &code, &records),
        names => names.contains(&part.0),
    };
    let wanted: Vec<&Part> = PARTS.iter().filter(is_left).collect();
    if wanted.len() < parts.len() && names.is_empty() {
        let others = PARTS.iter().filter(|part| !is_left(part)).map(|part| part.0);
        println!("passed by {code}: {}", others.collect::<Vec<_>>().join(", "));
    }
    let kept = Record::begin(&code)?;
    let mut failed = Vec::new();
    for (at, (name, about, run)) in wanted.iter().enumerate() {
        println!("\n== {name} ({} of {}): {about}", at + 1, wanted.len());
        let spent = Spent::begin(name)?;
        let result = run(amount).unwrap_or_else(|error| {
            println!("{error:#}");
            failed.push(*name);
            format!("FAILED: {}", format!("{error:#}").lines().next().unwrap_or_default())
        });
        let minutes = spent.end()?.as_secs_f64() / 60.0;
        println!("{name}: {result}, {minutes:.1} minutes");
        // Such a row is none of a soak.
        let other = if amount.concerns(name) { ", as was asked" } else { "" };
        kept.append(&format!("| {name}{other}: {about} | {result} | {minutes:.1} |\n"))?;
    }
    println!("kept in {}", kept.0);
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Minutes that a whole soak may take on two cores.
const MINUTES_MAX: f64 = 480.0;

/// `cargo xtask soak times`: how long each part took when it passed last, by the records. Fails
/// where a part has no record, or all of them take longer than a night.
pub(crate) fn times() -> Result<()> {
    let (records, mut sum, mut without) = (records()?, 0.0, Vec::new());
    println!("{:<12}{:>9}  {:<12}", "part", "minutes", "day");
    for (name, ..) in PARTS {
        match last_minutes(name, &records) {
            Some((date, minutes)) => {
                println!("{name:<12}{minutes:>9.1}  {date}");
                sum += minutes;
            }
            None => without.push(*name),
        }
    }
    println!("{:<12}{sum:>9.1}", "together");
    ensure!(without.is_empty(), "no record of {}", without.join(", "));
    ensure!(sum <= MINUTES_MAX, "a whole soak takes more than {MINUTES_MAX} minutes");
    Ok(())
}

/// Day and minutes of the last run of a part that passed.
fn last_minutes<'r>(name: &str, records: &'r [Day]) -> Option<(&'r str, f64)> {
    let row = format!("| {name}:");
    let passed = |line: &&str| line.starts_with(&row) && !line.contains("FAILED");
    records.iter().rev().find_map(|(date, text)| {
        let line = text.lines().rev().find(passed)?;
        let minutes = line.trim_end_matches('|').rsplit('|').next()?;
        Some((&**date, minutes.trim().parse().ok()?))
    })
}

/// The parts that are due: when each ran last without a failure, by the records.
pub(crate) fn due() -> Result<Vec<String>> {
    let first = SystemTime::now().checked_sub(DUE).context("a clock after 1970")?;
    Ok(due_since(timestamp(first).get(..10).unwrap_or_default(), &records()?))
}

/// [`due`] of what ran last before a day.
fn due_since(first: &str, records: &[Day]) -> Vec<String> {
    let last = |name| records.iter().rev().find(|(_, text)| has_row(name, text));
    let due = |(name, ..): &Part| match last(name) {
        None => Some(format!("{name} has no record")),
        Some((date, _)) => (&**date < first).then(|| format!("{name} ran last on {date}")),
    };
    PARTS.iter().filter_map(due).collect()
}

/// A day, and what was recorded on it.
type Day = (String, String);

/// The records in the order of their days.
fn records() -> Result<Vec<Day>> {
    let files = sh::files(RECORDS, "md")?;
    let names = files.iter().filter_map(|path| path.file_stem()?.to_str()?.strip_prefix("soak-"));
    names
        .map(|date| Ok((date.to_owned(), sh::read(&format!("{RECORDS}/soak-{date}.md"))?)))
        .collect()
}

/// Whether a text has a row of a part that passed.
fn has_row(name: &str, text: &str) -> bool {
    let row = format!("| {name}:");
    text.lines().any(|line| line.starts_with(&row) && !line.contains("FAILED"))
}

/// Whether a run of this code has passed a part.
fn has_passed(name: &str, code: &str, records: &[Day]) -> bool {
    let runs = records.iter().flat_map(|(_, text)| text.split(RUN));
    let of_code = |run: &&str| run.lines().next().is_some_and(|line| line.contains(code));
    runs.filter(of_code).any(|run| has_row(name, run))
}

/// The last commit that changed anything but records.
fn code() -> Result<String> {
    let log = ["log", "-1", "--format=%h", "--", ".", ":!benches/record"];
    Ok(sh::output(sh::command("git").args(log))?.trim().to_owned())
}

/// What the line above a run's table begins with.
const RUN: &str = "\nFrom ";

/// The record of the day on which a run began.
struct Record(String);

impl Record {
    fn begin(code: &str) -> Result<Self> {
        let now = timestamp(SystemTime::now());
        let (date, time) = now.split_once('T').context("a date and a time")?;
        let record = Self(format!("{RECORDS}/soak-{date}.md"));
        if sh::read(&record.0).is_err() {
            record.append(&format!("# `cargo xtask soak`, {date}\n"))?;
        }
        let (cores, time) = (parallel::processors(), time.get(..5).unwrap_or_default());
        let head = "| part | result | minutes |\n|---|---|---:|\n";
        record.append(&format!("{RUN}{time} UTC on, at {code}, on {cores} cores:\n\n{head}"))?;
        Ok(record)
    }

    fn append(&self, text: &str) -> Result<()> {
        let mut file = File::options().create(true).append(true).open(sh::root().join(&self.0))?;
        Ok(file.write_all(text.as_bytes())?)
    }
}

/// All legs in three copies of the checkout at once.
fn flaky() -> Result<String> {
    let mut copies = sh::line("sh xtask/src/flaky.sh");
    copies.arg(sh::root().with_extension("flaky")).env_remove("CARGO_TARGET_DIR");
    sh::clean_cargo_env(&mut copies);
    sh::run(&mut copies)?;
    Ok("three times all legs at once, none failed".to_owned())
}

fn resources() -> Result<String> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "-q", "--release", "-p", "trine-resources", "--test", "suite", "agree"]);
    let said = sh::output(cargo.args(["--", "--nocapture"]).env("RESOURCES_STEPS", STEPS))?;
    let line = said.lines().find(|line| line.contains(" steps; ")).context("no tally")?;
    Ok(format!("no leak, exact high-water marks; {}", line.trim_start_matches('.')))
}

fn loom() -> Result<String> {
    let folder = sh::target_dir().join("loom");
    let mut cargo = sh::cargo();
    cargo.args(["test", "-p", "trine-arena", "--lib", "--target-dir"]).arg(folder);
    sh::run(cargo.args(["--config", r#"build.rustflags=["--cfg=loom"]"#]))?;
    Ok("each byte has one owner, in each order".to_owned())
}

fn faults(_: Amount) -> Result<String> {
    let arguments = ["test", "-p", "trine", "--test", "faults"];
    sh::run(sh::cargo().args(arguments).args(["--", "--nocapture"]).env("FAULTS_CALLS", CALLS))?;
    Ok(format!("{CALLS} calls on each line, each answered once"))
}

fn shared() -> Result<String> {
    const TEST: &str = "shared::no_call_runs_twice";
    let mut cargo = sh::cargo();
    cargo.args(["test", "-q", "-p", "trine", "--test", "gateway", TEST, "--", "--nocapture"]);
    let said = sh::output(cargo.env("SHARED_CALLS", SHARED_CALLS))?;
    let line = said.lines().find(|line| line.contains(" calls: ")).context("no tally")?;
    Ok(format!("none twice, none without an end; {line}"))
}

fn killed() -> Result<String> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "-q", "-p", "trine", "--test", "gateway", "killed::", "--", "--nocapture"]);
    let said = sh::output(cargo.env("TRINE_KILLS", KILLS))?;
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(" kills; ")).collect();
    ensure!(lines.len() == 5, "no tally of each way to call");
    Ok(lines.join("; "))
}

/// Of the program what it holds of the system, and of a server in a test every byte.
fn clients(cycles: u32) -> Result<String> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "-q", "-p", "trine-gateway", "--test", "live_bytes", "--", "--nocapture"]);
    let said = sh::output(cargo.env("TRINE_CYCLES", cycles.to_string()))?;
    let bytes =
        said.lines().rev().find(|line| line.contains(" bytes live ")).context("no bytes")?;
    let held = agents::soak(cycles)?;
    Ok(format!("{held}; in a test {bytes}"))
}

fn asked(amount: Amount) -> Result<String> {
    let count = amount.sentences.unwrap_or(SENTENCES);
    sentences::parity::compare(count)?;
    Ok(format!("{count} sentences on each, the same call, confidence and tokens"))
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

const AARCH64: Machine = [
    "aarch64-unknown-linux-gnu",
    "aarch64-linux-gnu-gcc",
    "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu max",
    "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user",
];
/// One without the newer instructions.
const OLD_ARM: &str = "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu cortex-a72";
/// The crate with kernels of its own for each processor.
pub(crate) const KERNELS: &str = "trine-ternary";

/// What has no operating system below it, and so should not care which computer it is on.
const CRATES: [&str; 9] = [
    "trine-bits",
    "trine-arena",
    "trine-resources",
    "trine-wire",
    "trine-descriptor",
    "trine-dispatch",
    "trine-mcp",
    "trine-ask",
    "trine-unseen",
];

/// Cases of a property that names no number of its own.
const NEW_CASES: &str = "1000";

/// Runs the core's tests with new seeds, where `.ci/run` has the same ones each time. A property
/// that fails prints the least input that it fails for.
fn properties() -> Result<String> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "--lib", "--tests", "--no-fail-fast"]);
    cargo.args(CRATES.iter().flat_map(|name| ["-p", name])).env("PROPTEST_CASES", NEW_CASES);
    sh::run(cargo.env_remove("PROPTEST_RNG_SEED"))?;
    let sets = feature_sets::soak(CASES)?;
    let crates = CRATES.len();
    Ok(format!(
        "the properties of {crates} crates hold, the dispatcher's with {sets} sets of features"
    ))
}

/// The core and the kernels of every instruction set, then those of an older processor, which has
/// to choose fewer.
fn arm() -> Result<String> {
    let all = CRATES.into_iter().chain([KERNELS]).collect::<Vec<_>>();
    tests_on(AARCH64, &all)?;
    let [target, linker, _, packages] = AARCH64;
    tests_on([target, linker, OLD_ARM, packages], &[KERNELS])?;
    Ok(format!("the tests of {} crates pass on {target}, two processors", all.len()))
}

fn core_on(machine: Machine) -> Result<String> {
    tests_on(machine, &CRATES)?;
    Ok(format!("the tests of {} crates pass on {}", CRATES.len(), machine[0]))
}

/// Builds the standard library and some crates for a machine, and runs their tests.
fn tests_on(machine: Machine, crates: &[&str]) -> Result<()> {
    // Times of an emulator, and of a standard library without optimization, say nothing. A test
    // that compares the words of thousands of sentences with their labels needs no other processor.
    run_tests(&mut tests_cargo(machine, crates)?, &["costs::", "the_boards_labels_follow"])
}

/// What builds them.
pub(crate) fn tests_cargo(
    [target, linker, runner, packages]: [&str; 4],
    crates: &[&str],
) -> Result<Command> {
    for program in [linker, runner.split(' ').next().unwrap_or_default()] {
        let is_there = sh::works(program, &["--version"]);
        ensure!(is_there, "{program} is not there: apt-get install {packages}");
    }
    let name = target.to_uppercase().replace('-', "_");
    let mut cargo = baremetal::debian_cargo();
    cargo.args(["test", "--target", target, "-Zbuild-std=std,panic_abort,test"]);
    cargo.args(crates.iter().flat_map(|name| ["-p", name])).env("PROPTEST_CASES", EMULATED_CASES);
    cargo.env(format!("CARGO_TARGET_{name}_LINKER"), linker);
    cargo.env(format!("CARGO_TARGET_{name}_RUNNER"), runner);
    cargo.arg("--target-dir").arg(sh::target_dir().join("soak"));
    cargo.args(["--lib", "--tests", "--no-fail-fast"]);
    Ok(cargo)
}

/// Runs them, without those whose names have one of these in them.
pub(crate) fn run_tests(cargo: &mut Command, without: &[&str]) -> Result<()> {
    cargo.arg("--").args(without.iter().flat_map(|name| ["--skip", name]));
    sh::run(cargo)
}

#[cfg(test)]
mod tests {
    use super::{PARTS, RUN, due_since, has_passed};

    #[test]
    fn the_minutes_of_a_part_are_those_of_its_last_run_that_passed() {
        let first = "| loom: each | fine | 0.3 |\n| fuzz: each | FAILED: no | 9.0 |\n";
        let second = "| loom: each | one \\| two | 2.5 |\n| loom: each | FAILED: it | 7.0 |\n";
        let days = [("2026-01-01", first), ("2026-01-02", second)];
        let days = days.map(|(date, text)| (date.to_owned(), text.to_owned()));
        assert_eq!(super::last_minutes("loom", &days), Some(("2026-01-02", 2.5)));
        assert_eq!(super::last_minutes("loom", &days[..1]), Some(("2026-01-01", 0.3)));
        assert_eq!(super::last_minutes("fuzz", &days), None);
        let less = "| fuzz, as was asked: each | fine | 0.1 |\n".to_owned();
        assert_eq!(super::last_minutes("fuzz", &[("2026-01-03".to_owned(), less)]), None);
    }

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
    #[test]
    fn a_part_is_left_out_that_the_same_code_has_passed() {
        let run =
            |code, result| format!("{RUN}10:00 UTC on, at {code}:\n\n| fuzz: x | {result} | 1 |\n");
        let text = run("aaa", "passed") + &run("bbb", "FAILED: x") + &run("ccc", "FAILED: x");
        let records = [("2026-01-01".to_owned(), text + &run("ccc", "passed"))];
        let passed = |name, code| has_passed(name, code, &records);
        assert!(passed("fuzz", "aaa") && passed("fuzz", "ccc"));
        assert!(!passed("fuzz", "bbb") && !passed("fuzz", "ddd") && !passed("ask", "aaa"));
    }
}
