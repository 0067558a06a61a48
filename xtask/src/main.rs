//! Builds, checks, tests and measures Trine: `cargo xtask help` lists the commands.
#![forbid(unsafe_code)]

mod abi;
mod amx;
mod asked;
mod base_model;
mod book;
mod browser;
mod cargo_c;
mod coverage;
mod feature_sets;
mod foreign;
mod fuzz;
mod golden;
mod header;
mod hosts;
mod legs;
mod machine;
mod mutants;
mod node;
mod planted;
mod python;
mod release;
mod released;
mod requirements;
mod services;
mod setup;
mod soak;
mod structure;
mod tidy;
mod usb;
mod wasm;
mod wheels;
mod workflows;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use devtools::{baremetal, parallel, programs, sh};
use devtools_bench as bench;
use devtools_boards::{Board, c, count, firmware, sentences, size, stack};
use devtools_c::dist;
use devtools_gpu::{bundle, modules};
use lexopt::ValueExt as _;
use lexopt::prelude::{Long, Short, Value};

const HELP: &str = include_str!("help.txt");

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line said.
#[derive(Debug, Default)]
struct Options {
    words: Vec<String>,
    legs: Vec<String>,
    flags: Vec<String>,
    amount: soak::Amount,
    bundle: Option<PathBuf>,
    binutils: Option<String>,
    target: Option<String>,
    changed: Option<String>,
}

impl Options {
    fn read(mut parser: lexopt::Parser) -> Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Value(word) => options.words.push(word.string()?),
                Long("leg") => options.legs.push(parser.value()?.string()?),
                Long("seconds") => options.amount.seconds = Some(parser.value()?.parse()?),
                Long("sentences") => options.amount.sentences = Some(parser.value()?.parse()?),
                Long("cycles") => options.amount.cycles = Some(parser.value()?.parse()?),
                Long("steps") => options.amount.steps = Some(parser.value()?.parse()?),
                Long("changed") => options.changed = Some(parser.value()?.string()?),
                Long("target") => options.target = Some(parser.value()?.string()?),
                Long("binutils") => options.binutils = Some(parser.value()?.string()?),
                Long("bundle") => options.bundle = Some(parser.value()?.into()),
                Short('h') | Long("help") => options.words.insert(0, "help".to_owned()),
                Long(flag @ ("list" | "record" | "large" | "small" | "part" | "software")) => {
                    options.flags.push(flag.to_owned());
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|have| have == flag)
    }
}

fn gpu(backend: &str, options: &Options) -> Result<()> {
    let shape = match (options.has("small"), options.has("part")) {
        (true, _) => &bench::model::SMALL,
        (false, true) => &bench::model::PART,
        (false, false) => &bench::model::FULL,
    };
    let [record, is_software] = ["record", "software"].map(|flag| options.has(flag));
    bench::gpu::main(backend, shape, options.bundle.as_deref(), record, is_software)
}

/// `dist [TARGET [PROFILE]]`, in which `--target` may say the target.
fn dist(words: &[&str], options: &Options) -> Result<()> {
    if words == ["frameworks"] {
        return dist::frameworks::main();
    }
    let binutils = options.binutils.as_deref();
    let target = options.target.as_deref();
    match target.into_iter().chain(words.iter().copied()).collect::<Vec<_>>()[..] {
        [] if binutils.is_none() => dist::packages(),
        [target] => dist::main(target, "full", binutils),
        [target, profile] => dist::main(target, profile, binutils),
        _ => bail!("dist takes a target and a profile: cargo xtask dist TARGET [PROFILE]"),
    }
}

/// A question with the name that a misspelt one was probably meant to be, for an error.
fn did_you_mean<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> String {
    let rated = names.map(|name| (strsim::jaro(word, name), name));
    let best = rated.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(rate, _)| *rate > 0.7);
    best.map_or_else(String::new, |(_, name)| format!(" (did you mean `{name}`?)"))
}

/// What is measured with programs in another language.
fn bench_in(name: &str, record: bool) -> Result<()> {
    match name {
        "foreign" => foreign::bench(record),
        "wasm" => wasm::bench(record),
        _ => python::bench(record),
    }
}

/// What people look at.
fn made(words: &[&str]) -> Result<()> {
    match words {
        ["asked"] => asked::write(),
        ["crates"] => structure::crates::write(),
        ["page"] => browser::main(),
        _ => book::main(),
    }
}

fn command() -> Result<()> {
    let options = Options::read(lexopt::Parser::from_env())?;
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    let [record, software] = ["record", "software"].map(|flag| options.has(flag));
    match words[..] {
        [] | ["help", ..] => {
            print!("{HELP}");
            Ok(())
        }
        ["check"] => legs::check(),
        ["test"] if options.has("list") => {
            legs::list();
            Ok(())
        }
        ["test"] => legs::test(&options.legs, options.changed.as_deref()),
        ["setup"] => setup::main(),
        ["firmware", board] => firmware::main(Board::named(board)?),
        ["c-firmware", board, program] => c::main(board, program),
        ["size"] => size::main(Board::named("mps2-an386")?),
        ["size", board] => size::main(Board::named(board)?),
        ["soak", "times"] => soak::times(),
        ["soak", ref names @ ..] => soak::main(names, options.amount),
        ["stack"] => stack::main(Board::named("mps2-an386")?),
        ["bench", "gateway"] => bench::gateway::main(record),
        ["bench", "http"] => bench::http::main(record),
        ["bench", "load"] => bench::load::main(record),
        ["bench", "footprint"] => bench::footprint::main(record),
        ["bench", name @ ("foreign" | "python" | "wasm")] => bench_in(name, record),
        ["bench", "plugin"] => bench::plugin::main(record),
        ["bench", "swap"] => bench::swap::main(record, options.has("large")),
        ["bench", "payload"] => bench::payload::main(record),
        ["bench", "sizes"] => bench::process::sizes(record, options.has("small")),
        ["bench", "process"] => bench::process::main(record),
        ["bench", what @ ("kernels" | "sets")] => bench::kernels::main(what, record),
        ["bench", "kv"] => bench::kv::main(record),
        ["bench", "model"] => bench::model::main(record, options.has("small")),
        ["bench", "model", part] => bench::model::part(part, record, options.has("small")),
        ["bench", "gpu"] => gpu("vulkan", &options),
        ["bench", "gpu", backend] => gpu(backend, &options),
        ["gpu-bundle", ref names @ ..] => bundle::main(names),
        ["bench", "greedy"] => bench::kernels::greedy("vulkan", record, software),
        ["bench", "greedy", backend] => bench::kernels::greedy(backend, record, software),
        ["bench", "arm"] => count::arm::main(record),
        ["bench", "mcu"] => count::products::bench(record),
        ["bench", "board"] => count::calls::main(Board::named("mps2-an386")?),
        ["bench", "ask"] => sentences::count::main(record),
        ["bench", "unseen"] => sentences::any_tools::main(record),
        ["bench", "boat"] => sentences::own_tools::main(),
        ["bench", "c-ask"] => sentences::in_c::main(),
        ["bench", "start"] => count::start(record),
        ["bench", "board", board] => count::calls::main(Board::named(board)?),
        ["fuzz", ref names @ ..] => fuzz::main(names, options.amount.seconds.unwrap_or(60)),
        ["golden", ref names @ ..] => golden::main(names),
        ["modules", ref names @ ..] => modules::main(names),
        ["header"] => header::write(),
        ["asked" | "book" | "crates" | "page"] => made(&words),
        ["release"] => release::main(),
        ["workflows"] => workflows::workflows(),
        ["dist", "package"] => dist::package(None),
        ["dist", "package", target] => dist::package(Some(target)),
        ["dist", "source"] => dist::source(),
        ["dist", "signed"] => dist::signed(),
        ["dist", ref words @ ..] if words.len() < 3 => dist(words, &options),
        ["requirements"] => requirements::main(),
        [first, ..] => {
            let known = HELP.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
            let meant = did_you_mean(first, known.filter(|name| !name.is_empty()));
            bail!("no such command: {}{meant}\n{HELP}", words.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Options;

    #[test]
    fn the_command_line_is_read() {
        let words = ["test", "--leg", "fmt", "--leg=unit", "--list"];
        let options = Options::read(lexopt::Parser::from_args(words)).unwrap();
        assert_eq!((options.words, options.legs.len()), (vec!["test".to_owned()], 2));
        assert_eq!(options.flags, ["list"]);
        let words = ["bench", "gpu", "cuda", "--record", "--bundle", "some/where"];
        let options = Options::read(lexopt::Parser::from_args(words)).unwrap();
        assert_eq!(options.words, ["bench", "gpu", "cuda"]);
        assert_eq!(options.bundle, Some(PathBuf::from("some/where")));
        let words = ["dist", "--target", "chip.json", "base", "--binutils", "chip-elf-"];
        let options = Options::read(lexopt::Parser::from_args(words)).unwrap();
        assert_eq!(options.words, ["dist", "base"]);
        assert_eq!(options.target.as_deref(), Some("chip.json"));
        assert_eq!(options.binutils.as_deref(), Some("chip-elf-"));
        assert!(Options::read(lexopt::Parser::from_args(["--bundle"])).is_err());
        assert!(Options::read(lexopt::Parser::from_args(["--surprise"])).is_err());
    }
}
