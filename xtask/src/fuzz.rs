//! LLVM's libFuzzer on the targets of `fuzz/`, with no other tool around it: cargo-fuzz wants a
//! nightly compiler.
//!
//! The compiler's own coverage instrumentation and address sanitizer are unstable options, so they
//! are asked for in the way of `baremetal`, for this one command. What a target starts from is
//! kept in `fuzz/corpus` as text and laid out as files for each run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use crate::{baremetal, parallel, sh};

/// The targets, which are the programs of the fuzz workspace.
const TARGETS: [&str; 8] =
    ["frames", "messages", "json", "device", "capi", "image", "gguf", "sentences"];

/// Seconds that `test` gives each target.
const SECONDS: u32 = 10;
/// Inputs that the corpus keeps of each target, the shortest first.
const KEPT: usize = 400;
const HOST: &str = "x86_64-unknown-linux-gnu";

/// What makes a program tell libFuzzer where it has been and what it compared, and stop at the
/// first byte read or written out of place.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing \
                     -Clink-dead-code -Ccodegen-units=1 -Zsanitizer=address";

/// The leg: the kept inputs and what is one byte off them as plain tests, then each target for some
/// seconds.
pub(crate) fn leg() -> Result<()> {
    // Ten seconds do not pay for what the optimizer takes. The tests are built as the targets are,
    // so that each crate is compiled once.
    sh::run(instrumented("test", "1").args(["--lib", "--tests"]))?;
    build("1")?;
    parallel::each(&TARGETS, |name| {
        let since = Instant::now();
        let runs = run(name, SECONDS, 1)?;
        println!("{name}: {runs} runs in {:.0} s", since.elapsed().as_secs_f64());
        Ok(())
    })
}

/// `cargo xtask fuzz [TARGET]...`: the named targets or all, each so many seconds. What they found
/// new goes to the corpus.
pub(crate) fn main(names: &[&str], seconds: u32) -> Result<()> {
    each(names, seconds, keep).map(drop)
}

/// Runs the named targets or all, each on all processors, and then something else for each. Answers
/// how many inputs each has taken.
pub(crate) fn each(
    names: &[&str],
    seconds: u32,
    then: impl Fn(&str) -> Result<()>,
) -> Result<Vec<String>> {
    build("2")?;
    let one = |name: &&str| {
        ensure!(TARGETS.contains(name), "there is no target `{name}`: {}", TARGETS.join(", "));
        let runs = run(name, seconds, parallel::processors())?;
        let text = format!("{name} {runs} inputs in {seconds} s");
        println!("{text}");
        then(name).map(|()| text)
    };
    if names.is_empty() { &TARGETS } else { names }.iter().map(one).collect()
}

fn build(level: &str) -> Result<()> {
    sh::run(instrumented("build", level).arg("--bins"))
}

fn instrumented(verb: &str, level: &str) -> Command {
    let mut cargo = sh::cargo();
    cargo.args([verb, "--manifest-path", "fuzz/Cargo.toml", "--locked", "--release"]);
    cargo.args(["--features", "libfuzzer", "--target", HOST, "--target-dir"]).arg(folder());
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level).env("RUSTFLAGS", FLAGS);
    baremetal::unstable(&mut cargo);
    cargo
}

fn program(name: &str) -> PathBuf {
    folder().join(HOST).join("release").join(name)
}

/// Runs one target in processes that share what they find, and answers how many inputs it has
/// taken. An input that breaks what the target demands is shown as a line for `fuzz/regressions`.
fn run(name: &str, seconds: u32, jobs: usize) -> Result<u64> {
    let corpus = lay_out(name)?;
    let found = folder().join("found").join(name);
    fs::create_dir_all(&found)?;
    let mut command = sh::command(program(name));
    command.args([
        format!("-max_total_time={seconds}"),
        format!("-artifact_prefix={}/", found.display()),
    ]);
    command.args(["-max_len=1200", "-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1"]);
    command.arg(&corpus).current_dir(&found);
    if jobs > 1 {
        command.arg(format!("-fork={jobs}"));
    }
    let done = sh::ended(&mut command)?;
    let said = sh::said(&done);
    if !done.status.success() {
        let lines: Vec<&str> = said.lines().collect();
        let last = lines.get(lines.len().saturating_sub(60)..).unwrap_or_default().join("\n");
        bail!("{name}: {}\n{last}{}", done.status, crashes(&found)?);
    }
    Ok(runs(&said))
}

fn runs(said: &str) -> u64 {
    let number = |line: &str| {
        let rest = line.strip_prefix("stat::number_of_executed_units:");
        let fork = || line.strip_prefix('#').and_then(|line| line.split(':').next());
        rest.or_else(fork)?.trim().parse::<u64>().ok()
    };
    said.lines().filter_map(number).next_back().unwrap_or_default()
}

/// The inputs that broke something, as lines for `fuzz/regressions`.
fn crashes(found: &Path) -> Result<String> {
    let lines = inputs(found)?.into_iter().map(|input| {
        format!("\nfor fuzz/regressions, once it is mended: {}", HEXLOWER.encode(&input))
    });
    Ok(lines.collect())
}

fn folder() -> PathBuf {
    sh::target_dir().join("fuzz")
}

/// The folder that a target reads and writes, with the kept inputs in it.
fn lay_out(name: &str) -> Result<PathBuf> {
    let corpus = folder().join("corpus").join(name);
    fs::create_dir_all(&corpus)?;
    for kept in ["corpus", "regressions"] {
        let text = sh::read(&format!("fuzz/{kept}/{name}.hex"))?;
        for (number, line) in text.lines().enumerate() {
            let digits = line.split('#').next().unwrap_or_default().trim();
            if !digits.is_empty() {
                let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
                let bytes = bytes.with_context(|| format!("fuzz/{kept}/{name}.hex: `{digits}`"))?;
                fs::write(corpus.join(format!("{kept}-{number}")), bytes)?;
            }
        }
    }
    Ok(corpus)
}

/// Writes what is worth starting from to the corpus: as few inputs as reach what all reach.
fn keep(name: &str) -> Result<()> {
    let [all, least] = ["corpus", "least"].map(|kind| folder().join(kind).join(name));
    sh::empty_folder(&least)?;
    let merge = ["-merge=1", "-max_len=1200"];
    sh::output(sh::command(program(name)).args(merge).args([&least, &all]))?;
    let mut inputs = inputs(&least)?;
    inputs.sort_by_key(|input| (input.len(), input.clone()));
    inputs.truncate(KEPT);
    let text: String = inputs.iter().map(|input| HEXLOWER.encode(input) + "\n").collect();
    fs::write(sh::root().join(format!("fuzz/corpus/{name}.hex")), text)?;
    println!("{name}: {} inputs are kept", inputs.len());
    Ok(())
}

fn inputs(folder: &Path) -> Result<Vec<Vec<u8>>> {
    sh::entries(folder)?.into_iter().map(|file| Ok(fs::read(file)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn runs_are_what_libfuzzer_says() {
        let alone = "#2 INITED\nDone 81 runs in 1 second(s)\nstat::number_of_executed_units: 81\n";
        assert_eq!(runs(alone), 81);
        let forked = "#9: cov: 1\n#1207: cov: 30 ft: 55 corp: 9 exec/s 300\nINFO: exiting: 0\n";
        assert_eq!(runs(forked), 1207);
        assert_eq!(runs(""), 0);
    }
}
