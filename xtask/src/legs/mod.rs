//! The legs of `cargo xtask test`, and `cargo xtask check`, which is a quick part of them.

mod changed;
mod schedule;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use devtools::transcripts::{REVISIONS, play};
use devtools_bench::process;
use devtools_boards::count::{self, products};
use devtools_boards::sentences::parity as ask;
use devtools_boards::{BOARDS, Board, SMALLEST, embassy, firmware, legs as boards, size, stack};
use devtools_c::legs as c;
use devtools_gpu::legs as gpu;

use crate::structure::deny;
use crate::{
    browser, feature_sets, fuzz, header, node, programs, python, released, requirements, services,
    setup, sh, soak, structure, workflows,
};
use schedule::Outcome;

type Text = &'static str;

struct Leg {
    name: Text,
    about: Text,
    /// Legs that must have ended first: they build what this one uses, or write where it writes.
    after: &'static [Text],
    run: fn() -> Result<()>,
}

const fn leg(name: Text, about: Text, after: &'static [Text], run: fn() -> Result<()>) -> Leg {
    Leg { name, about, after, run }
}

/// What every other leg comes after.
const FIRST: &[&str] = &["setup"];
/// What legs that run the workspace's programs come after.
const BUILT: &[&str] = &["programs"];

/// All legs in the order in which they start where nothing holds them: quick ones first, then the
/// longest, so that the short ones fill what is left at the end.
static LEGS: &[Leg] = &[
    leg("setup", "what the other legs need is installed", &[], setup::main),
    leg("fmt", "rustfmt has nothing to change", FIRST, fmt),
    leg("structure", "crate edges, default build, house rules", FIRST, structure::main),
    leg("requirements", "each proof that is named exists", FIRST, requirements::main),
    leg("header", "the headers are what ffi says", FIRST, header::check),
    leg("deny", "licences, sources and banned crates", FIRST, deny::main),
    leg("workflows", "the files of CI and releases are linted", FIRST, workflows::workflows),
    leg("programs", "the workspace's programs are built", FIRST, programs::build),
    // The longest way: both compile in C++, then a driver compiles kernels.
    leg("ggml", "ggml's integers and llama.cpp's logits are ours", BUILT, gpu::kernels),
    leg("gpu", "models on ggml's Vulkan: our integers, our tokens", &["ggml"], gpu::devices),
    // It compiles what is theirs of the workspace; the crates from outside are those of `programs`.
    leg("demo", "the two commands of the README", BUILT, demo),
    leg("dist", "libtrine keeps its rules on every target", BUILT, released::leg),
    leg("unit", "all tests of the workspace", BUILT, unit),
    // Those that build libtrine write to the same folders, so one comes after the other.
    leg("c-firmware", "the greenhouse in C on five boards", &["dist"], boards::in_c),
    leg("clippy", "no lint warns, on the host and on the boards", BUILT, clippy),
    leg("ask", "sentences on chips: the host's calls, in steps, within 64 KiB", BUILT, ask::main),
    leg("fuzz", "kept inputs, then a second a target", FIRST, fuzz::leg),
    leg("mcu", "ternary products on chips: the host's sums, within budget", BUILT, products::leg),
    leg("chip-model", "a model in flash: the host's tokens", BUILT, count::model::main),
    leg("matrix", "every compiler, MISRA, misuse, sanitizers", &["c-firmware"], c::matrix),
    leg("examples", "the programs in C, C++ and Rust", &["matrix"], c::examples),
    leg("frameworks", "a package for ESP-IDF, Zephyr and Arduino", &["examples"], c::frameworks),
    leg("size", "flash and RAM are within their budgets", &["frameworks"], || {
        BOARDS.iter().try_for_each(size::main)
    }),
    leg("count", "a call's instructions are within their budget", &["size"], count),
    leg("process", "instructions of a call in process, within gates", &["count"], process::gates),
    leg("stack", "the stack is within its bound", BUILT, || {
        BOARDS.iter().filter(|board| board.is_arm()).try_for_each(stack::main)
    }),
    leg("smoke", "the wire of the emulated boards, byte by byte", BUILT, boards::smoke),
    leg("emulate", "the gateway and each emulated board", BUILT, || {
        BOARDS.iter().try_for_each(boards::emulate)
    }),
    leg("clients", "public MCP clients use the emulated board", BUILT, clients),
    // Both install into one folder.
    leg("conformance", "the MCP conformance suite, both revisions", &["clients"], conformance),
    leg("features", "the dispatcher holds with the features that ship", BUILT, feature_sets::leg),
    // It compiles the tests that `unit` compiles.
    leg(
        "services",
        "the shipped plug-ins, a real Prometheus, a real Docker",
        &["unit"],
        services::main,
    ),
    leg("python", "the Python package: a wheel, and its tests", &["unit"], python::main),
    // Both link libtrine_host.
    leg("node", "the package for Node, and its tests", &["python"], node::main),
    leg("browser", "the page: its module in Node, and an emulated board", BUILT, browser::leg),
    leg("embassy", "a device in a task of embassy, on an emulated board", BUILT, embassy::leg),
    leg("defmt", "the firmware's logs, decoded", BUILT, || boards::logs(board())),
    leg("doc", "Rust's and C's references build without a warning", BUILT, doc),
];

/// The legs of `check`, one after the other. Its last one is a quick form of `emulate`.
static CHECK: &[Leg] = &[
    leg("fmt", "", &[], fmt),
    leg("structure", "", &[], structure::main),
    leg("requirements", "", &[], requirements::main),
    leg("clippy", "", &[], clippy_host),
    leg("unit", "", &[], unit),
    leg("emulate", "", &[], || boards::emulate(board())),
];

/// The board where one will do.
fn board() -> &'static Board {
    &BOARDS[0]
}

pub(crate) fn exists(name: &str) -> bool {
    LEGS.iter().any(|leg| leg.name == name)
}

pub(crate) fn list() {
    for leg in LEGS {
        println!("{:<14}{}", leg.name, leg.about);
    }
}

pub(crate) fn check() -> Result<()> {
    run_all(&CHECK.iter().collect::<Vec<_>>())
}

/// `cargo xtask test`: the named legs, those that a change since a commit concerns, or all of them.
pub(crate) fn test(names: &[String], base: Option<&str>) -> Result<()> {
    if let Some(name) = names.iter().find(|name| !exists(name)) {
        let meant = crate::did_you_mean(name, LEGS.iter().map(|leg| leg.name));
        bail!("there is no leg `{name}`{meant}: `cargo xtask test --list` shows them");
    }
    let changed = base.map(changed::since).transpose()?;
    let wanted = |leg: &&Leg| {
        let is_named = names.is_empty() || names.iter().any(|name| name == leg.name);
        is_named && changed.as_ref().is_none_or(|files| changed::concerns(leg.name, files))
    };
    let legs: Vec<&'static Leg> = LEGS.iter().filter(wanted).collect();
    // A single leg shows what it does while it does it.
    if let [leg] = legs[..] {
        return schedule::here(leg);
    }
    let since = Instant::now();
    let outcomes = schedule::side_by_side(&legs)?;
    conclude(&outcomes, since.elapsed())
}

/// Runs the legs one after the other, all of them although one fails.
fn run_all(legs: &[&Leg]) -> Result<()> {
    let (start, mut outcomes) = (Instant::now(), Vec::new());
    for (at, leg) in legs.iter().enumerate() {
        println!("\n== {} ({} of {})", leg.name, at.saturating_add(1), legs.len());
        let since = Instant::now();
        let error = (leg.run)().err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            println!("{} FAILED: {error}", leg.name);
        }
        let took = since.elapsed();
        outcomes.push(Outcome { name: leg.name, took, cpu: None, error, skipped: 0 });
    }
    conclude(&outcomes, start.elapsed())
}

fn conclude(outcomes: &[Outcome], took: Duration) -> Result<()> {
    println!("\n{}", summary(outcomes, took));
    // Who runs a few legs has something else to see to.
    match soak::due() {
        _ if outcomes.len() < LEGS.len() => (),
        Ok(parts) => parts.iter().for_each(|part| println!("warning: soak: {part}")),
        Err(error) => println!("warning: soak: the records cannot be read: {error:#}"),
    }
    let failed = outcomes.iter().filter(|leg| leg.error.is_some()).map(|leg| leg.name);
    let (failed, all): (Vec<&str>, _) = (failed.collect(), outcomes.len());
    ensure!(failed.is_empty(), "{} of {all} legs failed: {}", failed.len(), failed.join(", "));
    Ok(())
}

fn summary(outcomes: &[Outcome], took: Duration) -> String {
    let minutes = |time: Duration| format!("{:.2}", time.as_secs_f64() / 60.0);
    let mut text = format!("{:<14}{:>8}{:>13}  result\n", "leg", "minutes", "CPU minutes");
    for leg in outcomes {
        // The first line of an error names it; the rest stands above.
        let error = leg.error.as_deref().map(|error| error.lines().next().unwrap_or_default());
        let mut result = error.map_or("ok".to_owned(), |error| format!("FAILED: {error}"));
        if leg.skipped > 0 {
            result += &format!(", {} skipped", leg.skipped);
        }
        let cpu = leg.cpu.map(minutes).unwrap_or_default();
        text += &format!("{:<14}{:>8}{cpu:>13}  {result}\n", leg.name, minutes(leg.took));
    }
    let cpu: Duration = outcomes.iter().filter_map(|leg| leg.cpu).sum();
    text + &format!("{:<14}{:>8}{:>13}", "together", minutes(took), minutes(cpu))
}

/// Workspaces beside the root's whose code runs on the host, and what clippy is told of each.
const LINTED: [(&str, &[&str]); 4] = [
    ("fuzz", &["-p", "trine-fuzz", "--all-targets"]),
    // Its library has the generator's files, whose tests are of another crate.
    ("fuzz/host", &["--bins", "--features=libfuzzer"]),
    ("tests/defmt", &["--all-targets"]),
    // Its panic handler does not compile beside the standard library's.
    ("ffi/artifact", &["--lib", "--profile=embedded", "--no-default-features", "--features=full"]),
];

/// Every manifest of a workspace in the tree.
fn workspaces() -> Result<Vec<String>> {
    let manifests = ["grep", "-lF", "[workspace]", "--", "*Cargo.toml"];
    let found = sh::output(sh::command("git").args(manifests))?;
    let found: Vec<String> = found.lines().map(str::to_owned).collect();
    ensure!(found.len() > 5, "there are more workspaces than {}", found.join(", "));
    Ok(found)
}

fn fmt() -> Result<()> {
    let fmt = ["fmt", "--all", "--check", "--manifest-path"];
    workspaces()?.iter().try_for_each(|manifest| sh::run(sh::cargo().args(fmt).arg(manifest)))
}

/// The feature that is no part of the default build and needs no more than a C compiler.
const TLS: [&str; 2] = ["--features", "trine/tls,trine-gateway/tls"];

fn clippy() -> Result<()> {
    linted(&[&["--workspace", "--all-targets"][..], &TLS].concat())?;
    // What stands in the place of TLS in the default build. With a test, crates from outside have
    // the features that they have above.
    linted(&["--workspace", "--lib", "--test", "live_bytes"])?;
    // A program that a bench alone builds.
    linted(&["--workspace", "--bin", "peer-http", "--features", "trine-peer/http"])?;
    for (folder, arguments) in LINTED {
        let mut cargo = sh::cargo();
        cargo.args(["clippy", "--locked", "--manifest-path", &format!("{folder}/Cargo.toml")]);
        cargo.arg("--target-dir").arg(sh::target_dir()).args(arguments);
        // Nothing is linked, so libFuzzer need not be compiled.
        cargo.env("CUSTOM_LIBFUZZER_PATH", sh::target_dir().join("none/libFuzzer.a"));
        sh::run(cargo.args(["--", "-D", "warnings"]))?;
    }
    BOARDS.iter().try_for_each(firmware::clippy)
}

fn clippy_host() -> Result<()> {
    linted(&["--workspace", "--all-targets"])
}

fn linted(what: &[&str]) -> Result<()> {
    sh::run(sh::cargo().arg("clippy").args(what).args(["--", "-D", "warnings"]))
}

fn unit() -> Result<()> {
    // Tests that start an emulator find the firmware of every board by the variable.
    let build = |board| firmware::build(board).map(drop);
    BOARDS.iter().try_for_each(build)?;
    let tests = ["test", "--workspace", "--no-fail-fast"];
    sh::run(sh::cargo().args(tests).env("TRINE_FIRMWARE", firmware::folder()))?;
    // The build with TLS, of which the tests above have nothing.
    let tests = ["test", "--workspace", "--no-fail-fast", "--test", "tls"];
    sh::run(sh::cargo().args(tests).args(TLS))?;
    // What of the firmware is free of hardware.
    let target_dir = sh::target_dir().join("firmware/host");
    let manifest = ["--manifest-path", "firmware-example/rust/Cargo.toml", "--lib"];
    sh::run(sh::cargo().arg("test").args(manifest).arg("--target-dir").arg(target_dir))
}

fn doc() -> Result<()> {
    let arguments = ["doc", "--workspace", "--no-deps"];
    sh::run(sh::cargo().args(arguments).env("RUSTDOCFLAGS", "-D warnings"))?;
    // Doxygen makes one folder, not two.
    std::fs::create_dir_all(sh::root().join("target"))?;
    sh::run(sh::command("doxygen").arg("docs/Doxyfile"))
}

/// What the README promises of a machine that has only Rust.
fn demo() -> Result<()> {
    // Programs go to a folder of their own: the tests of other legs run those of the usual one.
    let (readme, folder) = (sh::read("README.md")?, sh::target_dir().join("demo"));
    let run = |line: &str| {
        let shown = |text: &str| text.split('#').next().unwrap_or_default().trim() == line;
        ensure!(readme.lines().any(shown), "README.md has no line `{line}`");
        let mut cargo = sh::cargo();
        cargo.args(line.split(' ').skip(1)).env("CARGO_BUILD_BUILD_DIR", sh::target_dir());
        sh::run(cargo.env("CARGO_TARGET_DIR", &folder).stdin(Stdio::null()))
    };
    run("cargo run -- demo")?;
    run("cargo run -- gateway --simulate")?;
    // Cargo waits for what other legs build, longer than a client waits for an answer.
    let mut server = sh::command(sh::program_in(&folder.join("debug"), "trine"));
    server.args(["gateway", "--simulate"]);
    let transcripts = sh::files(REVISIONS, "jsonl")?;
    transcripts.iter().try_for_each(|file| play(file, &server, Stdio::inherit()))
}

fn count() -> Result<()> {
    BOARDS.iter().chain([&SMALLEST]).try_for_each(count::calls::main)?;
    count::start(false)
}

/// What runs a group of `tests/clients`; the arguments of the gateway follow.
fn group(name: &str) -> Command {
    let mut python = sh::command("python3");
    python.args(["tests/clients/run.py", name, "--"]).arg(programs::path("trine")).arg("gateway");
    python
}

/// Whom the clients speak with is the gateway, so one board will do.
fn clients() -> Result<()> {
    programs::build()?;
    let firmware = firmware::build(board())?;
    for name in ["ALL", "HTTP"] {
        let emulate = ["--emulate", board().name, "--firmware"];
        sh::run(group(name).args(emulate).arg(&firmware))?;
    }
    sh::run(group("ASK").args(["--simulate", "--ask"]))
}

fn conformance() -> Result<()> {
    programs::build()?;
    sh::run(group("CONFORMANCE").arg("--fixtures"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use anyhow::bail;

    use super::{CHECK, LEGS, Outcome, conclude, exists, leg, run_all, summary, test};

    #[test]
    fn legs_have_names_of_their_own_and_come_after_legs_that_stand_before_them() {
        let mut before = BTreeSet::new();
        for leg in LEGS {
            assert!(leg.after.iter().all(|name| before.contains(name)), "{}", leg.name);
            assert!(before.insert(leg.name), "{} is there twice", leg.name);
        }
        assert!(CHECK.iter().all(|leg| exists(leg.name)));
    }

    #[test]
    fn a_failed_leg_fails_the_run_and_the_next_still_runs() {
        let bad = leg("bad", "", &[], || bail!("planted"));
        let good = leg("good", "", &[], || Ok(()));
        assert!(run_all(&[&good]).is_ok());
        let error = run_all(&[&bad, &good]).unwrap_err().to_string();
        assert_eq!(error, "1 of 2 legs failed: bad");
        let error = test(&["smok".to_owned()], None).unwrap_err().to_string();
        assert!(error.starts_with("there is no leg `smok` (did you mean `smoke`?)"), "{error}");
    }

    #[test]
    fn the_summary_has_a_line_for_each_leg() {
        let outcome = |name, error: Option<&str>| Outcome {
            name,
            took: Duration::from_secs(90),
            cpu: Some(Duration::from_secs(120)),
            error: error.map(str::to_owned),
            skipped: usize::from(name == "unit"),
        };
        let outcomes = [outcome("fmt", None), outcome("unit", Some("one\ntwo"))];
        let text = summary(&outcomes, Duration::from_secs(100));
        assert!(text.contains("fmt               1.50         2.00  ok\n"), "{text}");
        assert!(text.contains("FAILED: one, 1 skipped\n") && !text.contains("two"), "{text}");
        assert!(text.ends_with("together          1.67         4.00"), "{text}");
        assert!(conclude(&outcomes, Duration::ZERO).is_err());
    }
}
