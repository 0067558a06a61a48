//! LLVM's libFuzzer on the targets of `fuzz/`, with no other tool around it: cargo-fuzz wants a
//! nightly compiler.
//!
//! The compiler's own coverage instrumentation and address sanitizer are unstable options, so they
//! are asked for in the way of `baremetal`, for this one command. What a target starts from is
//! kept in `fuzz/corpus` as text and laid out as files for each run.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use devtools::lines::{self, Lines, Report};

use crate::{baremetal, parallel, sh};

/// A target: its name, which is that of a program of the fuzz workspace, the code that its bytes
/// are to reach, and the seconds that a soak gives it: an hour while no record below
/// `benches/record` has one of it. The code is a folder, then files and folders in it that are left
/// out.
type Target = (&'static str, &'static [&'static str], u32);

/// All targets. Left out is what other targets are for, or what reads no foreign bytes. A file that
/// is new counts until it is left out.
static TARGETS: [Target; 18] = [
    ("frames", &["core/wire/src", "codec.rs", "message"], 600),
    ("messages", &["core/wire/src/message"], 600),
    // Its server has tools alone; `capi` has resources and prompts.
    (
        "json",
        &["core/mcp/src", "apps.rs", "extras.rs", "notify.rs", "shelf", "skills.rs", "tasks.rs"],
        600,
    ),
    ("device", &["core/dispatch/src"], 600),
    ("capi", &["ffi/api/src"], 600),
    ("image", &["core/infer/src/image"], 600),
    ("gguf", &["core/infer/src/gguf"], 600),
    ("sentences", &["core/ask/src"], 600),
    ("program", &["core/ask/src"], 600),
    // It decodes tokens that are numbers, and takes the likeliest.
    (
        "model",
        &["core/infer/src", "error.rs", "generate.rs", "gguf", "image", "sample", "token"],
        600,
    ),
    ("unseen", &["core/unseen/src"], 600),
    ("session", &["host/gateway/src/device/session"], 600),
    // Layers that hurt a line, and those on a live one, read no capture.
    ("captures", &["host/gateway/src/middleware", "args.rs", "faults", "live.rs"], 600),
    ("generate", &["host/src/header"], 600),
    ("lists", &["host/models/src/tools"], 600),
    // The others write files.
    ("journal", &["host/journal/src", "disk.rs", "error.rs", "journal.rs", "model_tests.rs"], 600),
    ("foreign", &["host/wasm/src"], 600),
    ("skills", &["host/gateway/src/device/skills", "frontmatter.rs", "mod.rs", "read.rs"], 600),
];
/// Seconds after which a soak keeps how far it is.
const SLICE: u32 = 150;
/// Seconds that `test` gives each target.
const SECONDS: u32 = 1;
/// Inputs that the corpus keeps of each target: of all lengths, since the shortest reach little.
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
    // Some seconds do not pay for what the optimizer takes. The tests are built as the targets are,
    // so that each crate is compiled once.
    // The targets of the host link all of it, which takes minutes to compile: a soak has them.
    let quickly = |verb| {
        let mut cargo = instrumented(verb, "1");
        cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "0").args(["-p", "trine-fuzz"]);
        if let Some(library) = libfuzzer_of_clang() {
            cargo.env("CUSTOM_LIBFUZZER_PATH", library);
        }
        cargo
    };
    sh::run(quickly("test").args(["--lib", "--tests"]))?;
    sh::run(quickly("build").arg("--bins"))?;
    let of_core: Vec<_> =
        TARGETS.iter().filter(|(_, code, _)| !code[0].starts_with("host/")).collect();
    parallel::each(&of_core, |(name, ..)| {
        let since = Instant::now();
        let runs = run(name, SECONDS, 1)?;
        println!("{name}: {runs} runs in {:.0} s", since.elapsed().as_secs_f64());
        Ok(())
    })
}

/// libFuzzer as clang has it, which takes a minute to compile anew.
fn libfuzzer_of_clang() -> Option<PathBuf> {
    let folder = sh::output(&mut sh::line("clang -print-resource-dir")).ok()?;
    let library = Path::new(folder.trim()).join("lib/linux/libclang_rt.fuzzer-x86_64.a");
    library.exists().then_some(library)
}

/// `cargo xtask fuzz [TARGET]...`: the named targets or all, each so many seconds. What they found
/// new goes to the corpus.
pub(crate) fn main(names: &[&str], seconds: u32) -> Result<()> {
    if let Some(name) = names.iter().find(|name| TARGETS.iter().all(|target| target.0 != **name)) {
        bail!("there is no target `{name}`: {}", TARGETS.map(|target| target.0).join(", "));
    }
    build("2")?;
    for (name, ..) in TARGETS.iter().filter(|one| names.is_empty() || names.contains(&one.0)) {
        let runs = run(name, seconds, parallel::processors())?;
        println!("{name} {runs} inputs in {seconds} s");
        keep(name)?;
    }
    Ok(())
}

/// The part of a soak before [`soak`]: builds all targets, so that the record has those minutes.
pub(crate) fn build_for_soak() -> Result<String> {
    build("2")?;
    Ok(format!("{} targets are built", TARGETS.len()))
}

/// The part of a soak: all targets, and the share of their lines that what they found runs.
pub(crate) fn soak(seconds: Option<u32>) -> Result<String> {
    // Known at once, rather than after hours.
    lines::tools()?;
    build("2")?;
    // One processor each, or all of them would take as long as a night.
    let fuzz = |(name, _, own): &Target| in_slices(name, seconds.unwrap_or(*own));
    // The longest first, so that no processor is left with one at the end.
    let mut targets = TARGETS;
    targets.sort_by_key(|(.., seconds)| Reverse(*seconds));
    let fuzzed = parallel::map(&targets, fuzz).into_iter().collect::<Result<Vec<_>>>()?;
    sh::run(cargo("build", "1", "coverage").arg("--bins").env("RUSTFLAGS", lines::FLAGS))?;
    let reached = targets.iter().zip(fuzzed).map(|((name, code, _), text)| {
        let lines = reached(name, code)?;
        let share = format!("{:.1} % of {} lines of {}", lines.share(), lines.all, named(code));
        println!("{name}: {share}");
        Ok(format!("{text}, {share}"))
    });
    let reached = reached.collect::<Result<Vec<_>>>()?.join("; ");
    // The next soak begins anew.
    fs::remove_dir_all(folder().join("done"))?;
    Ok(reached)
}

/// Runs one target on one processor, and keeps how long it ran: a soak that was stopped goes on
/// from there, with the inputs that were found.
fn in_slices(name: &str, seconds: u32) -> Result<String> {
    let path = folder().join("done").join(name);
    fs::create_dir_all(folder().join("done"))?;
    let (mut done, mut inputs) = progress(&fs::read_to_string(&path).unwrap_or_default());
    while done < seconds {
        let slice = SLICE.min(seconds - done);
        inputs += run(name, slice, 1)?;
        done += slice;
        fs::write(&path, format!("{done} {inputs}\n"))?;
        println!("{name}: {inputs} inputs in {done} of {seconds} s");
    }
    Ok(format!("{name} {inputs} inputs in {done} s"))
}

/// The seconds that a target has run, and its inputs.
fn progress(text: &str) -> (u32, u64) {
    let mut numbers = text.split_whitespace();
    let mut next = || numbers.next()?.parse::<u64>().ok();
    match (next(), next()) {
        (Some(seconds), Some(inputs)) => (seconds as u32, inputs),
        _ => (0, 0),
    }
}

/// The lines of the code that a target is for, and those that its inputs reach.
fn reached(name: &str, code: &[&str]) -> Result<Lines> {
    let program = folder().join("coverage").join(HOST).join("release").join(name);
    let (inputs, counts) = (sh::entries(&lay_out(name)?)?, folder().join("counts").join(name));
    let report = Report::of(&[&program], &counts, |(variable, file)| {
        // A command line has room for some thousands of paths.
        inputs.chunks(1_000).try_for_each(|inputs| {
            sh::output(sh::command(&program).args(inputs).env(variable, file)).map(drop)
        })
    })?;
    counted(code, |path| report.below(path))
}

/// The lines of a target's code, by those of each file or folder.
fn counted(code: &[&str], of: impl Fn(&str) -> Lines) -> Result<Lines> {
    let (folder, without) = code.split_first().context("a target without code")?;
    let mut lines = of(&format!("/{folder}/"));
    for path in without {
        let end = if path.ends_with(".rs") { "" } else { "/" };
        // One may have no line of code, as a type of errors: a test sees that it is there.
        let less = of(&format!("/{folder}/{path}{end}"));
        (lines.all, lines.run) = (lines.all - less.all, lines.run - less.run);
    }
    ensure!(lines.all > 0, "there is no line of {folder}");
    Ok(lines)
}

/// The code of a target in words.
fn named(code: &[&str]) -> String {
    match code {
        [folder, without @ ..] if !without.is_empty() => {
            format!("{folder} without {}", without.join(", "))
        }
        _ => code.concat(),
    }
}

fn build(level: &str) -> Result<()> {
    sh::run(instrumented("build", level).arg("--bins"))
}

fn instrumented(verb: &str, level: &str) -> Command {
    let mut cargo = cargo(verb, level, "");
    cargo.env("RUSTFLAGS", FLAGS);
    baremetal::unstable(&mut cargo);
    cargo
}

fn cargo(verb: &str, level: &str, below: &str) -> Command {
    let mut cargo = sh::cargo();
    cargo.args([verb, "--manifest-path", "fuzz/Cargo.toml", "--locked", "--release"]);
    cargo.args(["--features", "libfuzzer", "--target", HOST, "--target-dir"]);
    cargo.arg(folder().join(below)).env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
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
    let kept = spread(&inputs, KEPT);
    let text: String = kept.iter().map(|input| HEXLOWER.encode(input) + "\n").collect();
    fs::write(sh::root().join(format!("fuzz/corpus/{name}.hex")), text)?;
    println!("{name}: {} inputs are kept", kept.len());
    Ok(())
}

/// At most so many of all, at equal distances.
fn spread<T>(all: &[T], most: usize) -> Vec<&T> {
    let count = most.min(all.len());
    (0..count).filter_map(|at| all.get(at * all.len() / count)).collect()
}

fn inputs(folder: &Path) -> Result<Vec<Vec<u8>>> {
    sh::entries(folder)?.into_iter().map(|file| Ok(fs::read(file)?)).collect()
}

#[cfg(test)]
mod tests {
    use devtools::lines::Lines;

    use super::{TARGETS, counted, named, progress, runs, spread};
    use crate::sh;

    #[test]
    fn each_target_is_for_code_that_is_there() {
        for (name, code, _) in &TARGETS {
            let folder = sh::root().join(code[0]);
            assert!(folder.is_dir(), "{name}: {}", folder.display());
            assert!(code[1..].iter().all(|path| folder.join(path).exists()), "{name}: {code:?}");
            let program =
                |folder: &str| sh::root().join(folder).join(format!("{name}.rs")).exists();
            assert!(program("fuzz/targets") || program("fuzz/host/targets"), "{name}");
        }
    }

    #[test]
    fn lines_of_a_target_are_those_of_its_folder_without_what_is_left_out() {
        let of = |path: &str| match path {
            "/a/src/" => Lines { all: 100, run: 40 },
            "/a/src/b.rs" => Lines { all: 30, run: 5 },
            "/a/src/c/" => Lines { all: 20, run: 0 },
            _ => Lines::default(),
        };
        let lines = |code: &[&str]| counted(code, of).ok().map(|lines| (lines.all, lines.run));
        assert_eq!(lines(&["a/src"]), Some((100, 40)));
        assert_eq!(lines(&["a/src", "b.rs", "c"]), Some((50, 35)));
        assert_eq!(lines(&["a/src", "errors.rs"]), Some((100, 40)), "no line of it is code");
        assert_eq!(lines(&["d"]), None, "it was renamed");
        assert_eq!(named(&["a/src", "b.rs", "c"]), "a/src without b.rs, c");
        assert_eq!(named(&["a/src"]), "a/src");
    }

    #[test]
    fn inputs_of_all_lengths_are_kept() {
        let lengths: Vec<u32> = (0..10).collect();
        assert_eq!(spread(&lengths, 4), [&0, &2, &5, &7]);
        assert!(spread(&lengths, 10).into_iter().eq(&lengths));
        assert!(spread(&lengths, 99).into_iter().eq(&lengths) && spread(&[0; 0], 9).is_empty());
    }

    #[test]
    fn a_soak_that_was_cut_goes_on_from_what_it_kept() {
        assert_eq!(progress("450 120000\n"), (450, 120_000));
        assert_eq!((progress(""), progress("450"), progress("x 1")), ((0, 0), (0, 0), (0, 0)));
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
