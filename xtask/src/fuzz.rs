//! LLVM's libFuzzer on the targets of `fuzz/`, with no other tool around it.
//!
//! The compiler's own coverage instrumentation and address sanitizer are unstable options, so they
//! are asked for in the way of `baremetal`, for this one command. What a target starts from is
//! kept in `fuzz/corpus` as text and laid out as files for each run.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::{baremetal, lanes, sh};

/// The targets, which are the programs of the fuzz workspace.
pub(crate) const TARGETS: [&str; 8] =
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

/// The leg: the kept inputs once more, then each target for some seconds.
///
/// # Errors
/// When an input breaks what a target demands.
pub(crate) fn leg() -> Result<()> {
    replay()?;
    run_all(SECONDS, 0)
}

/// `cargo xtask fuzz [TARGET]...`: the named targets or all, each so many seconds. What they found
/// new goes to the corpus.
///
/// # Errors
/// When there is no such target, or an input breaks what one demands.
pub(crate) fn main(names: &[&str], seconds: u32) -> Result<()> {
    build()?;
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    for name in if names.is_empty() { &TARGETS } else { names } {
        ensure!(TARGETS.contains(name), "there is no target `{name}`: {}", TARGETS.join(", "));
        let runs = run(name, seconds, jobs)?;
        println!("{name}: {runs} runs in {seconds} s");
        keep(name)?;
    }
    Ok(())
}

/// The kept inputs and what is one byte off them, as plain tests.
fn replay() -> Result<()> {
    let manifest = ["--manifest-path", "fuzz/Cargo.toml", "--locked"];
    sh::run(sh::cargo().arg("test").args(manifest).arg("--target-dir").arg(folder().join("test")))
}

/// Builds the targets and runs each; answers how many inputs each has taken.
pub(crate) fn run_all(seconds: u32, jobs: usize) -> Result<()> {
    build()?;
    let one = |name: &&str| {
        let since = Instant::now();
        let runs = run(name, seconds, jobs)?;
        println!("{name}: {runs} runs in {:.0} s", since.elapsed().as_secs_f64());
        Ok(())
    };
    if jobs > 1 { TARGETS.iter().try_for_each(one) } else { lanes::each(&TARGETS, one) }
}

/// Builds all targets with instrumentation.
pub(crate) fn build() -> Result<()> {
    let mut cargo = sh::cargo();
    cargo
        .args(["build", "--manifest-path", "fuzz/Cargo.toml", "--locked", "--release"])
        .args(["--features", "libfuzzer", "--bins", "--target", HOST, "--target-dir"])
        .arg(folder())
        .env("RUSTFLAGS", FLAGS);
    baremetal::unstable(&mut cargo);
    sh::run(&mut cargo)
}

/// Runs one target and answers how many inputs it has taken. With `jobs` above 1 so many processes
/// share what they find.
///
/// # Errors
/// When an input breaks what the target demands: it is shown as a line for `fuzz/regressions`.
pub(crate) fn run(name: &str, seconds: u32, jobs: usize) -> Result<u64> {
    let corpus = lay_out(name)?;
    let found = folder().join("found").join(name);
    fs::create_dir_all(&found)?;
    let mut command = sh::command(folder().join(HOST).join("release").join(name));
    command
        .arg(format!("-max_total_time={seconds}"))
        .args(["-max_len=1200", "-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", found.display()))
        .arg(&corpus)
        .current_dir(&found);
    if jobs > 1 {
        command.arg(format!("-fork={jobs}"));
    }
    let done = command.output().with_context(|| format!("{name} does not start"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    if !done.status.success() {
        let lines: Vec<&str> = said.lines().collect();
        let last = lines.len().saturating_sub(60);
        bail!(
            "{name}: {}\n{}",
            done.status,
            lines.get(last..).unwrap_or(&lines).join("\n") + &crash(&found)?
        );
    }
    Ok(runs(&said))
}

/// The number of inputs that libFuzzer says it has run.
fn runs(said: &str) -> u64 {
    let number = |line: &str| {
        let rest = line.strip_prefix("stat::number_of_executed_units:");
        let fork = || line.strip_prefix('#').and_then(|line| line.split(':').next());
        rest.or_else(fork)?.trim().parse::<u64>().ok()
    };
    said.lines().filter_map(number).next_back().unwrap_or_default()
}

/// The input that broke something, as a line for `fuzz/regressions`.
fn crash(found: &Path) -> Result<String> {
    let mut text = String::new();
    for file in fs::read_dir(found)?.flatten() {
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("crash-") || name.starts_with("timeout-") || name.starts_with("oom-") {
            write!(
                text,
                "\nfor fuzz/regressions, once it is mended: {}",
                hex(&fs::read(file.path())?)
            )?;
        }
    }
    Ok(text)
}

fn folder() -> PathBuf {
    sh::target_dir().join("fuzz")
}

fn text_path(folder: &str, name: &str) -> PathBuf {
    sh::root().join("fuzz").join(folder).join(format!("{name}.hex"))
}

/// The folder that a target reads and writes, with the kept inputs in it.
fn lay_out(name: &str) -> Result<PathBuf> {
    let corpus = folder().join("corpus").join(name);
    fs::create_dir_all(&corpus)?;
    for kept in ["corpus", "regressions"] {
        let path = text_path(kept, name);
        let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
        for (number, line) in text.lines().enumerate() {
            let digits = line.split('#').next().unwrap_or_default().trim();
            if !digits.is_empty() {
                fs::write(corpus.join(format!("{kept}-{number}")), bytes(digits)?)?;
            }
        }
    }
    Ok(corpus)
}

/// Writes what is worth starting from to the corpus: as few inputs as reach what all reach.
fn keep(name: &str) -> Result<()> {
    let all = folder().join("corpus").join(name);
    let least = folder().join("least").join(name);
    if least.exists() {
        fs::remove_dir_all(&least)?;
    }
    fs::create_dir_all(&least)?;
    let program = folder().join(HOST).join("release").join(name);
    sh::output(sh::command(program).args(["-merge=1", "-max_len=1200"]).arg(&least).arg(&all))?;
    let mut inputs = Vec::new();
    for file in fs::read_dir(&least)?.flatten() {
        inputs.push(fs::read(file.path())?);
    }
    inputs.sort_by_key(|input| (input.len(), input.clone()));
    inputs.truncate(KEPT);
    let text: String = inputs.iter().map(|input| hex(input) + "\n").collect();
    fs::write(text_path("corpus", name), text)?;
    println!("{name}: {} inputs are kept", inputs.len());
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(digits: &str) -> Result<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = str::from_utf8(pair).context("an input is hexadecimal")?;
        u8::from_str_radix(pair, 16).with_context(|| format!("`{pair}` is not hexadecimal"))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::{bytes, hex, runs};

    #[test]
    fn hexadecimal_reads_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes(&hex(&all)).unwrap(), all);
        assert!(bytes("0g").is_err());
    }

    #[test]
    fn runs_are_what_libfuzzer_says() {
        let alone = "#2 INITED\nDone 81 runs in 1 second(s)\nstat::number_of_executed_units: 81\n";
        assert_eq!(runs(alone), 81);
        let forked = "#9: cov: 1\n#1207: cov: 30 ft: 55 corp: 9 exec/s 300\nINFO: exiting: 0\n";
        assert_eq!(runs(forked), 1207);
        assert_eq!(runs(""), 0);
    }
}
