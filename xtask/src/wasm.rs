//! The ternary kernels as WebAssembly, in Node: with vectors of 128 bits and without.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use devtools::record::{Figures, Record};
use devtools::{Gates, baremetal};
use serde_json::Value;

use crate::{sh, soak};

/// The flag of the compiler with which a module has vectors.
const VECTORS: &str = "-Ctarget-feature=+simd128";
/// The target of a module without a system.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// That of programs, as tests are.
const PROGRAMS: &str = "wasm32-wasip1";
/// Where Debian's C library for them is.
const LIBRARY: &str = "/usr/lib/wasm32-wasi";
/// Tests that start threads, which there are none of.
const THREADS: &str = "parallel::";
/// What runs them in Node.
const RUNNER: &str = "browser/kernels/wasi.js";
const PRODUCTS: &str = "browser/kernels/run.js";
/// Rounds of a bench, of which the median is taken.
const ROUNDS: &str = "15";
/// How many times as fast each product has to be with vectors.
const GATE: f64 = 2.0;

/// Debian's cargo for a module of its own workspace, with a verb; flags are for the compiler.
pub(crate) fn cargo(verb: &str, package: &str, flags: &str, folder: &Path) -> Command {
    let mut cargo = baremetal::debian_cargo();
    cargo.args([verb, "--release", "--locked", "--target", TARGET, "-Zbuild-std=core"]);
    cargo.args(["--manifest-path", package, "--target-dir"]).arg(folder);
    // Debian has no linker of Rust's own name.
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
    cargo
}

/// The module of the kernels by themselves.
fn module(name: &str, flags: &str) -> Result<PathBuf> {
    const PACKAGE: &str = "browser/kernels/Cargo.toml";
    let folder = sh::target_dir().join("wasm").join(name);
    let built = sh::run(&mut cargo("build", PACKAGE, flags, &folder));
    built.context("Debian's lld is needed: apt-get install lld")?;
    Ok(folder.join(TARGET).join("release/trine_wasm_kernels.wasm"))
}

/// Each product in both modules, in one process: what `browser/kernels/run.js` says.
fn products(rounds: &str) -> Result<Vec<Value>> {
    let (plain, vectors) = (module("plain", "")?, module("vectors", VECTORS)?);
    let mut node = sh::command("node");
    let said = sh::output(node.arg(PRODUCTS).args([plain, vectors]).arg(rounds))?;
    Ok(serde_json::from_str(&said)?)
}

/// A part of the leg `browser`: each product is the same with vectors and without.
pub(crate) fn compare() -> Result<()> {
    let found = products("0")?;
    println!("{} products are the same with vectors and without", found.len());
    Ok(())
}

/// `cargo xtask bench wasm`.
pub(crate) fn bench(keep: bool) -> Result<()> {
    let record = Record::begin("wasm", Figures::Times, keep)?;
    let record = record.program("node")?.program("/usr/bin/rustc")?;
    let mut text = format!(
        "A matrix of 512 rows and 1,024 columns for one token and for 128, a head of 512 rows, and \
         16 queries of 128 numbers over 32 positions; one thread. Both modules run in one process \
         of Node, a round of one after a round of the other; medians of {ROUNDS} rounds.\n\n\
         | product | without vectors, us | with, us | times as fast |\n|---|---:|---:|---:|\n"
    );
    let mut gates = Gates::default();
    for product in products(ROUNDS)? {
        let of = |name: &str| product[name].as_f64().with_context(|| format!("no {name}"));
        let name = product["name"].as_str().context("no name")?;
        let (plain, vectors) = (of("plain_ns")? / 1e3, of("vectors_ns")? / 1e3);
        let ratio = of("ratio")?;
        writeln!(text, "| {name} | {plain:.1} | {vectors:.1} | {ratio:.1} |")?;
        gates.at_least(format!("{name}, times as fast"), ratio, [GATE, GATE]);
    }
    record.end_with(&text, &gates)
}

/// `cargo xtask soak wasm`: the tests of the kernels as programs for WASI, with vectors and
/// without.
pub(crate) fn soak() -> Result<String> {
    let start = Path::new(LIBRARY).join("crt1-command.o");
    ensure!(start.exists(), "the C library is not there: apt-get install wasi-libc");
    let link = format!(
        "-Clink-self-contained=no -L{LIBRARY} -Clink-arg={} -Clink-arg=--allow-undefined",
        start.display()
    );
    let runner = format!("node --no-warnings {}", sh::root().join(RUNNER).display());
    for flags in [VECTORS, ""] {
        let machine = [PROGRAMS, "wasm-ld", &runner, "lld nodejs wasi-libc"];
        let mut cargo = soak::tests_cargo(machine, &[soak::KERNELS])?;
        let cargo = cargo.env("CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS", format!("{flags} {link}"));
        // A panic ends the program, and what was captured with it.
        soak::run_tests(cargo.env("RUST_TEST_NOCAPTURE", "1"), &[THREADS])?;
    }
    Ok(format!("the tests of {} pass in Node, with vectors and without", soak::KERNELS))
}
