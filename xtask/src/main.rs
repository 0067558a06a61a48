//! Builds, checks, tests and measures Trine: `cargo xtask help` lists the commands.
#![forbid(unsafe_code)]

mod alike;
mod baremetal;
mod bench;
mod board;
mod cache;
mod cboard;
mod cfirmware;
mod dist;
mod elf;
mod emulator;
mod examples;
mod firmware;
mod fuzz;
mod golden;
mod header;
mod kit;
mod lanes;
mod legs;
mod logs;
mod matrix;
mod models;
mod modules;
mod picture;
mod programs;
mod promises;
mod release;
mod requirements;
mod sentences;
mod session;
mod setup;
mod sh;
mod size;
mod smoke;
mod soak;
mod stack;
mod structure;
mod tidy;
mod toolkit;
mod vulkan;
mod workflows;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::ValueExt as _;
use lexopt::prelude::{Long, Short, Value};

use board::Board;

const HELP: &str = "\
usage: cargo xtask COMMAND

  check                what to run before a commit: format, lints, unit tests, house rules and
                       one emulated board
  test [--leg NAME]... everything that CI runs, or only these legs
  test --changed BASE  the legs that what changed since BASE concerns
  test --list          the legs and what each does
  setup                install what the tests need (apt as root), or say what to install
  firmware BOARD       build the example firmware and print its flash and RAM
  c-firmware BOARD PROGRAM
                       build one program of the firmware in C
  size [BOARD]         where flash and RAM go, with and without Trine, against tests/budgets.toml
  soak [PART]...       what takes longer than a test may: 100,000 calls through faults, fuzzing
                       (--seconds N a target), a big-endian and a 32-bit machine, 1,000 sentences
                       on each chip (or --sentences N), ggml's backends as modules, all legs three
                       times side by side; recorded
  stack                how deep the stack can be on the Cortex-M4, by the call graph, and how deep
                       it was
  bench gateway        the gateway beside a minimal rmcp server, in one run; --record keeps the
                       table under benches/record
  bench process        one call in process beside rmcp and serde_json: instructions, allocations,
                       time; --record keeps the table under benches/record
  bench kernels        ternary kernels beside ggml's, from cache and from memory (needs cmake,
                       ninja, a C++ compiler, libclang); --record keeps the tables
  bench model          a whole model beside llama.cpp: decode, prefill, opening, memory (needs
                       what `bench kernels` needs, 6 GB of disk and ten minutes); --small shows
                       in a minute that it works
  bench gpu [BACKEND]  models on a graphics processor, vulkan, cuda, or ternary (our own for CUDA's
                       devices): our tokens, and the speed and share of its memory's, beside
                       llama.cpp there; --small, or --part for three blocks of the full size;
                       --software without such a one; --record; also `bench-gpu`; --kit FOLDER
                       with the programs of a kit, without cargo
  gpu-kit [BACKEND]... all that `bench gpu` runs, in a folder for a machine without Rust: vulkan,
                       or cuda, which has ternary too
  bench greedy [BACKEND]
                       how often a device chooses what the processor does: greedy tokens of random
                       models, sentences of trained ones; --record, --software
  bench board [BOARD]  instructions of one call on the emulated board, in Rust and in C
  bench ask            instructions of a sentence on emulated chips: the board's model behind the
                       firmware, and the model of SNIPS; --record keeps the tables
  bench mcu            instructions of ternary products on five emulated processors
  fuzz [TARGET]...     fuzz the targets, each --seconds N (60), and keep what reaches further
  golden               write the reference files anew from what the code does now
  golden bitnet        write those of tests/golden/bitnet with Hugging Face's transformers, which
                       it installs from PyPI (6 GB)
  golden tokens        write those of core/infer/tests/token with Hugging Face's tokenizers
  dist [TARGET [PROFILE]]
                       libtrine as it is shipped: all packages, or one library
  release              check that a version may be published, then make its packages
  modules [BACKEND]... the program and libtrine_host, with backends of graphics processors as
                       modules, in one folder: vulkan, ternary, or cuda, which has ternary too
  header               write include/trine.h from ffi/api
  crates               write the table of crates in ARCHITECTURE.md
  picture              write docs/picture.svg from the reference files
  workflows            lint the workflows of CI and releases
  requirements         check that tests/requirements.tsv names tests that exist
";

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line said: words, `--leg`s, and flags.
#[derive(Debug, Default)]
struct Options {
    words: Vec<String>,
    legs: Vec<String>,
    flags: Vec<String>,
    seconds: Option<u32>,
    sentences: Option<usize>,
    kit: Option<PathBuf>,
    changed: Option<String>,
}

impl Options {
    fn read(mut parser: lexopt::Parser) -> Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Value(word) => options.words.push(word.string()?),
                Long("leg") => options.legs.push(parser.value()?.string()?),
                Long("seconds") => options.seconds = Some(parser.value()?.parse()?),
                Long("sentences") => options.sentences = Some(parser.value()?.parse()?),
                Long("changed") => options.changed = Some(parser.value()?.string()?),
                Long("kit") => options.kit = Some(parser.value()?.into()),
                Short('h') | Long("help") => options.words.insert(0, "help".to_owned()),
                Long(flag @ ("list" | "record" | "small" | "part" | "software")) => {
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
    bench::gpu::main(&bench::gpu::Asked {
        backend,
        shape,
        record: options.has("record"),
        is_software: options.has("software"),
        kit: options.kit.as_deref(),
    })
}

fn greedy(backend: &str, options: &Options) -> Result<()> {
    bench::greedy::main(backend, options.has("record"), options.has("software"))
}

fn command() -> Result<()> {
    let options = Options::read(lexopt::Parser::from_env())?;
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
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
        ["c-firmware", board, program] => cboard::main(board, program),
        ["size"] => size::main(Board::named("mps2-an386")?),
        ["size", board] => size::main(Board::named(board)?),
        ["soak", ref names @ ..] => {
            let Options { seconds, sentences, .. } = options;
            soak::main(names, soak::Amount { seconds, sentences })
        }
        ["stack"] => stack::main(Board::named("mps2-an386")?),
        ["bench", "gateway"] => bench::gateway(options.has("record")),
        ["bench", "process"] => bench::process::main(options.has("record")),
        ["bench", "kernels"] => bench::kernels::main(options.has("record")),
        ["bench", "model"] => bench::model::main(options.has("record"), options.has("small")),
        ["bench", "gpu"] | ["bench-gpu"] => gpu("vulkan", &options),
        ["bench", "gpu", backend] | ["bench-gpu", backend] => gpu(backend, &options),
        ["gpu-kit", ref names @ ..] => kit::main(names),
        ["bench", "greedy"] => greedy("vulkan", &options),
        ["bench", "greedy", backend] => greedy(backend, &options),
        ["bench", "mcu"] => bench::mcu::main(),
        ["bench", "board"] => bench::board::main(Board::named("mps2-an386")?),
        ["bench", "ask"] => sentences::count::main(options.has("record")),
        ["bench", "start"] => bench::start::main(),
        ["bench", "board", board] => bench::board::main(Board::named(board)?),
        ["fuzz", ref names @ ..] => fuzz::main(names, options.seconds.unwrap_or(60)),
        ["golden"] => golden::write(),
        ["golden", "bitnet"] => golden::write_bitnet(),
        ["golden", "tokens"] => golden::write_tokens(),
        ["modules", ref names @ ..] => modules::main(names),
        ["header"] => header::write(),
        ["release"] => release::main(),
        ["picture"] => picture::write(),
        ["workflows"] => workflows::workflows(),
        ["dist"] => dist::main(None, None),
        ["dist", target] => dist::main(Some(target), None),
        ["dist", target, profile] => dist::main(Some(target), Some(profile)),
        ["crates"] => structure::crates::write(),
        ["requirements"] => requirements::main(),
        [first, ..] => {
            let known = HELP.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
            let meant = sh::did_you_mean(first, known.filter(|name| !name.is_empty()));
            bail!("no such command: {}{meant}\n{HELP}", words.join(" "))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use super::Options;

    /// An empty folder of this test's own, under cargo's target folder.
    pub(crate) fn scratch(name: &str) -> PathBuf {
        let folder = crate::sh::target_dir().join("xtask-tests").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn the_command_line_is_read() {
        let words = ["test", "--leg", "fmt", "--leg=unit", "--list"];
        let options = Options::read(lexopt::Parser::from_args(words)).unwrap();
        assert_eq!((options.words, options.legs.len()), (vec!["test".to_owned()], 2));
        assert_eq!(options.flags, ["list"]);
        let words = ["bench", "gpu", "cuda", "--record", "--kit", "some/where"];
        let options = Options::read(lexopt::Parser::from_args(words)).unwrap();
        assert_eq!(options.words, ["bench", "gpu", "cuda"]);
        assert_eq!(options.kit, Some(PathBuf::from("some/where")));
        assert!(Options::read(lexopt::Parser::from_args(["--kit"])).is_err());
        assert!(Options::read(lexopt::Parser::from_args(["--surprise"])).is_err());
    }
}
