//! The legs of `cargo xtask test`, and `cargo xtask check`, which is a quick part of them.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::board::{BOARDS, Board, SMALLEST};
use crate::firmware;
use crate::structure::deny;
use crate::{
    bench, cfirmware, dist, examples, fuzz, golden, header, logs, matrix, requirements, sentences,
    session, setup, sh, size, smoke, stack, structure,
};

/// One leg.
struct Leg {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<()>,
}

/// All legs in the order in which they run: what fails fast comes first, and what a later leg
/// uses (the firmware, the release program) is built once.
const LEGS: &[Leg] = &[
    Leg { name: "setup", about: "what the other legs need is installed", run: setup::main },
    Leg { name: "fmt", about: "rustfmt has nothing to change", run: fmt },
    Leg {
        name: "structure",
        about: "crate edges, default build, house rules",
        run: structure::main,
    },
    Leg { name: "requirements", about: "each proof that is named exists", run: requirements::main },
    Leg { name: "header", about: "the headers are what ffi says", run: header::check },
    Leg { name: "deny", about: "licences, sources and banned crates", run: deny::main },
    Leg { name: "dist", about: "libtrine keeps its rules on every target", run: dist::check },
    Leg { name: "matrix", about: "every compiler, MISRA, misuse, sanitizers", run: matrix::main },
    Leg { name: "examples", about: "the programs in C, C++ and Rust", run: examples::main },
    Leg { name: "c-firmware", about: "the greenhouse in C on five boards", run: cfirmware::main },
    Leg { name: "firmware", about: "the firmware builds for each board", run: firmware_builds },
    Leg { name: "clippy", about: "no lint warns, on the host and on the boards", run: clippy },
    Leg { name: "unit", about: "all tests of the workspace", run: unit },
    Leg { name: "golden", about: "reference files are what the code writes", run: golden::compare },
    Leg { name: "doc", about: "Rust's and C's references build without a warning", run: doc },
    Leg { name: "demo", about: "the two commands of the README", run: demo },
    Leg { name: "smoke", about: "the wire of the emulated boards, byte by byte", run: smoke::main },
    Leg { name: "emulate", about: "the gateway and each emulated board", run: emulate },
    Leg { name: "clients", about: "public MCP clients use the emulated board", run: clients },
    Leg { name: "differential", about: "5,000 requests an era, beside rmcp", run: differential },
    Leg { name: "size", about: "flash and RAM are within their budgets", run: sizes },
    Leg { name: "defmt", about: "the firmware's logs, decoded", run: defmt },
    Leg { name: "stack", about: "the stack is within its bound", run: stack_bounds },
    Leg { name: "count", about: "a call's instructions are within their budget", run: count },
    Leg {
        name: "process",
        about: "a call's instructions in process are within their gates",
        run: bench::process::gates,
    },
    Leg {
        name: "mcu",
        about: "ternary products on chips: the host's sums, within budget",
        run: bench::mcu::main,
    },
    Leg {
        name: "chip-model",
        about: "a model in flash: the host's tokens",
        run: bench::story::main,
    },
    Leg {
        name: "ask",
        about: "sentences on chips: the host's calls, in steps, within 64 KiB",
        run: sentences::alike::main,
    },
    Leg {
        name: "ggml",
        about: "ggml's integers and llama.cpp's logits are ours",
        run: bench::kernels::alike,
    },
    Leg {
        name: "gpu",
        about: "models on ggml's Vulkan: our integers, our tokens",
        run: bench::kernels::devices,
    },
    Leg { name: "fuzz", about: "kept inputs, then ten seconds a target", run: fuzz::leg },
];

/// The legs of `check`. Its last one is a quick form of `emulate`.
const CHECK: &[Leg] = &[
    Leg { name: "fmt", about: "", run: fmt },
    Leg { name: "structure", about: "", run: structure::main },
    Leg { name: "requirements", about: "", run: requirements::main },
    Leg { name: "firmware", about: "", run: firmware_builds },
    Leg { name: "clippy", about: "", run: clippy_host },
    Leg { name: "unit", about: "", run: unit },
    Leg { name: "emulate", about: "", run: emulate_quickly },
];

/// How a leg ended.
struct Outcome {
    name: &'static str,
    took: Duration,
    error: Option<String>,
}

/// Whether there is a leg of that name.
pub(crate) fn exists(name: &str) -> bool {
    LEGS.iter().any(|leg| leg.name == name)
}

/// Prints the legs.
pub(crate) fn list() {
    for leg in LEGS {
        println!("{:<14}{}", leg.name, leg.about);
    }
}

/// `cargo xtask check`.
///
/// # Errors
/// When a leg fails.
pub(crate) fn check() -> Result<()> {
    run_all(&CHECK.iter().collect::<Vec<_>>())
}

/// `cargo xtask test`: the named legs, or all of them.
///
/// # Errors
/// When there is no leg of a name, or a leg fails.
pub(crate) fn test(names: &[String]) -> Result<()> {
    if let Some(name) = names.iter().find(|name| !exists(name)) {
        bail!("there is no leg `{name}`: `cargo xtask test --list` shows them");
    }
    let wanted = |leg: &&Leg| names.is_empty() || names.iter().any(|name| name == leg.name);
    run_all(&LEGS.iter().filter(wanted).collect::<Vec<_>>())
}

/// Runs the legs, all of them although one fails, and closes with a line for each.
fn run_all(legs: &[&Leg]) -> Result<()> {
    let mut outcomes = Vec::new();
    for (at, leg) in legs.iter().enumerate() {
        println!("\n== {} ({} of {})", leg.name, at.saturating_add(1), legs.len());
        let since = Instant::now();
        let error = (leg.run)().err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            println!("{} FAILED: {error}", leg.name);
        }
        outcomes.push(Outcome { name: leg.name, took: since.elapsed(), error });
    }
    println!("\n{}", summary(&outcomes));
    let failed: Vec<&str> =
        outcomes.iter().filter(|leg| leg.error.is_some()).map(|leg| leg.name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("{} of {} legs failed: {}", failed.len(), legs.len(), failed.join(", "))
}

fn summary(outcomes: &[Outcome]) -> String {
    let mut text = format!("{:<14}{:>8}  result\n", "leg", "minutes");
    for leg in outcomes {
        // The first line of an error names it; the rest stands above.
        let result = leg.error.as_deref().map_or("ok".to_owned(), |error| {
            format!("FAILED: {}", error.lines().next().unwrap_or_default())
        });
        text += &format!("{:<14}{:>8.2}  {result}\n", leg.name, leg.took.as_secs_f64() / 60.0);
    }
    let whole: Duration = outcomes.iter().map(|leg| leg.took).sum();
    text + &format!("{:<14}{:>8.2}", "together", whole.as_secs_f64() / 60.0)
}

fn fmt() -> Result<()> {
    sh::run(sh::cargo().args(["fmt", "--all", "--check"]))?;
    for manifest in ["firmware-example/rust/Cargo.toml", "firmware-example/ternary/Cargo.toml"] {
        sh::run(sh::cargo().args(["fmt", "--manifest-path", manifest, "--check"]))?;
    }
    Ok(())
}

fn firmware_builds() -> Result<()> {
    BOARDS.iter().try_for_each(firmware::main)
}

fn clippy() -> Result<()> {
    clippy_host()?;
    BOARDS.iter().try_for_each(firmware::clippy)
}

fn clippy_host() -> Result<()> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--profile", "ci"];
    sh::run(sh::cargo().args(arguments).args(["--", "-D", "warnings"]))
}

fn unit() -> Result<()> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "--workspace", "--profile", "ci", "--no-fail-fast"]);
    sh::run(cargo.env(
        // Tests that start an emulator find the firmware by this.
        "TRINE_FIRMWARE",
        firmware_for_tests()?,
    ))?;
    // The dispatcher as the smallest C library has it.
    let smallest = ["-p", "trine-dispatch", "--no-default-features", "--features", "ports"];
    sh::run(sh::cargo().args(["test", "--profile", "ci", "--test", "suite"]).args(smallest))?;
    // What of the firmware is free of hardware.
    let target_dir = sh::target_dir().join("firmware/host");
    let manifest = ["--manifest-path", "firmware-example/rust/Cargo.toml", "--lib"];
    sh::run(sh::cargo().arg("test").args(manifest).arg("--target-dir").arg(target_dir))
}

fn doc() -> Result<()> {
    let arguments = ["doc", "--workspace", "--no-deps", "--profile", "ci"];
    sh::run(sh::cargo().args(arguments).env("RUSTDOCFLAGS", "-D warnings"))?;
    // Doxygen makes one folder, not two.
    std::fs::create_dir_all(sh::root().join("target"))?;
    sh::run(sh::command("doxygen").arg("docs/Doxyfile"))
}

/// What the README promises of a machine that has only Rust.
fn demo() -> Result<()> {
    let [demo, gateway] = ["demo", "gateway --simulate"].map(readme_command);
    sh::run(sh::cargo().args(demo?))?;
    session::check(sh::cargo().args(gateway?))
}

/// The words after `cargo` of a command that the README must show.
fn readme_command(words: &str) -> Result<Vec<String>> {
    let readme = std::fs::read_to_string(sh::root().join("README.md")).context("README.md")?;
    let line = format!("cargo run --release -- {words}");
    let shown = |text: &str| text.split('#').next().unwrap_or_default().trim() == line;
    ensure!(readme.lines().any(shown), "README.md has no line `{line}`");
    Ok(line.split(' ').skip(1).map(str::to_owned).collect())
}

/// The comparison is among the unit tests too; here its counts show.
fn differential() -> Result<()> {
    let arguments = ["test", "--workspace", "--profile", "ci", "--test", "eras"];
    sh::run(sh::cargo().args(arguments).args(["--", "--nocapture", "--test-threads=1"]))
}

fn defmt() -> Result<()> {
    BOARDS.first().map_or(Ok(()), logs::main)
}

fn stack_bounds() -> Result<()> {
    BOARDS.iter().filter(|board| board.is_arm()).try_for_each(stack::main)
}

fn count() -> Result<()> {
    BOARDS.iter().chain([SMALLEST]).try_for_each(bench::board::main)?;
    bench::start::main()
}

fn emulate() -> Result<()> {
    let trine = release_trine()?;
    BOARDS.iter().try_for_each(|board| emulate_on(&trine, board))
}

fn emulate_quickly() -> Result<()> {
    sh::run(sh::cargo().args(["build", "--profile", "ci", "-p", "trine"]))?;
    let trine = sh::target_dir().join("ci").join(format!("trine{}", std::env::consts::EXE_SUFFIX));
    BOARDS.first().map_or(Ok(()), |board| emulate_on(&trine, board))
}

fn emulate_on(trine: &Path, board: &Board) -> Result<()> {
    let elf = firmware::built(board)?;
    let gateway = ["gateway", "--emulate", board.name, "--firmware"];
    session::check(sh::command(trine).args(gateway).arg(elf))
}

/// Whom the clients speak with is the gateway, so one board does.
fn clients() -> Result<()> {
    let trine = release_trine()?;
    let board = BOARDS.first().context("there is no board")?;
    let mut python = sh::command("python3");
    python.args(["tests/clients/run.py", "ALL", "--"]).arg(&trine);
    let gateway = ["gateway", "--emulate", board.name, "--firmware"];
    sh::run(python.args(gateway).arg(firmware::built(board)?))?;
    let mut python = sh::command("python3");
    python.args(["tests/clients/run.py", "ASK", "--"]).arg(&trine);
    sh::run(python.args(["gateway", "--simulate", "--ask"]))
}

fn sizes() -> Result<()> {
    BOARDS.iter().try_for_each(size::main)
}

/// The release program, which is that of `demo`: built once for all legs.
fn release_trine() -> Result<std::path::PathBuf> {
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine"]))?;
    Ok(sh::release_program("trine"))
}

/// The folder with the firmware of every board.
fn firmware_for_tests() -> Result<std::path::PathBuf> {
    BOARDS.iter().try_for_each(|board| firmware::built(board).map(drop))?;
    Ok(firmware::folder())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use anyhow::bail;

    use super::{CHECK, LEGS, Leg, Outcome, exists, run_all, summary, test};

    #[test]
    fn legs_have_names_of_their_own() {
        let names: BTreeSet<&str> = LEGS.iter().map(|leg| leg.name).collect();
        assert_eq!(names.len(), LEGS.len());
        assert!(CHECK.iter().all(|leg| exists(leg.name)));
    }

    #[test]
    fn a_failed_leg_fails_the_run_and_the_next_still_runs() {
        let bad = Leg { name: "bad", about: "", run: || bail!("planted") };
        let good = Leg { name: "good", about: "", run: || Ok(()) };
        assert!(run_all(&[&good]).is_ok());
        let error = run_all(&[&bad, &good]).unwrap_err().to_string();
        assert_eq!(error, "1 of 2 legs failed: bad");
        assert!(test(&["missing".to_owned()]).is_err());
    }

    #[test]
    fn the_summary_has_a_line_for_each_leg() {
        let outcome = |name, error: Option<&str>| Outcome {
            name,
            took: Duration::from_secs(90),
            error: error.map(str::to_owned),
        };
        let text = summary(&[outcome("fmt", None), outcome("unit", Some("one\ntwo"))]);
        assert!(text.contains("fmt               1.50  ok\n"), "{text}");
        assert!(text.contains("FAILED: one\n") && !text.contains("two"), "{text}");
        assert!(text.ends_with("3.00"), "{text}");
    }
}
