//! What a ternary product costs on 64-bit Arm, in instructions a multiply-accumulate, next to
//! ggml's on the same weights and activations. Programs of Linux are emulated, not boards.
//!
//! Each product is counted whole: all rows and tokens, and what its call costs. Both make the same
//! integers.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use devtools::record::{Figures, Record};
use devtools::{Gates, baremetal, sh};

use super::{numbers, region_for};
use crate::c;
use crate::elf::Image;

const TARGET: &str = "aarch64-unknown-linux-gnu";
const COMPILER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// Where the target's own libraries are.
const LIBRARIES: &str = "/usr/aarch64-linux-gnu";
/// The processor that ggml is compiled for.
const MARCH: &str = "armv8.6-a+dotprod+i8mm";
/// The shape, as `tests/ggml/src/bin/trine-arm-products.rs` has it.
const ROWS: u64 = 640;
const COLS: u64 = 2560;
const TOKENS: u64 = 128;

/// One product: who made it, for how many tokens, what it comes to, and its instructions.
struct Product {
    name: String,
    tokens: u64,
    sum: String,
    instructions: u64,
}

impl Product {
    fn per_mac(&self) -> f64 {
        self.instructions as f64 / (ROWS * COLS * self.tokens) as f64
    }
}

/// `cargo xtask bench arm`: builds both, runs and counts, and compares.
pub fn main(keep: bool) -> Result<()> {
    for program in [COMPILER, EMULATOR] {
        let is_there = sh::works(program, &["--version"]);
        let packages = "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user";
        ensure!(is_there, "{program} is not there: apt-get install {packages}");
    }
    let record = Record::begin("arm", Figures::Counts, keep)?.peer("llama-cpp-sys-2")?;
    let record = record.program(COMPILER)?.program(EMULATOR)?.program("/usr/bin/rustc")?;
    let folder = sh::target_dir().join("arm");
    std::fs::create_dir_all(&folder)?;
    let theirs = products(&ggml(&folder)?)?;
    let ours = products(&trine(&folder)?)?;
    let mut text = format!(
        "{ROWS} rows of {COLS} columns, emulated. ggml is compiled with -O3 \
         -march={MARCH}; for many tokens it multiplies by the same products, row by row and token \
         by token. Instructions, not cycles.\n\n\
         | product | tokens | instructions | a multiply-accumulate |\n|---|---:|---:|---:|\n"
    );
    for it in theirs.iter().chain(&ours) {
        let (name, tokens, count) = (&it.name, it.tokens, it.instructions);
        writeln!(text, "| {name} | {tokens} | {count} | {:.3} |", it.per_mac())?;
    }
    let mut gates = Gates::default();
    for tokens in [1, TOKENS] {
        let mut sums = theirs.iter().chain(&ours).filter(|it| it.tokens == tokens);
        let first = sums.next().map(|it| &it.sum);
        let alike = sums.all(|it| Some(&it.sum) == first);
        gates.holds(format!("tokens: {tokens}, all find the same integers"), alike);
        let what = format!("tokens: {tokens}, our fewest instructions beside ggml's fewest");
        gates.at_most(what, fewest(&ours, tokens) / fewest(&theirs, tokens), 1.0);
    }
    record.end_with(&text, &gates)
}

/// A multiply-accumulate's, of the best product for so many tokens.
fn fewest(products: &[Product], tokens: u64) -> f64 {
    let some = products.iter().filter(|it| it.tokens == tokens);
    some.map(Product::per_mac).fold(f64::INFINITY, f64::min)
}

/// The program with ggml's dot products, from the sources of the crate that has them.
fn ggml(folder: &Path) -> Result<PathBuf> {
    let crate_of_it = c::sources("Cargo.toml", "llama-cpp-sys-2")?;
    let (ggml, program) = (crate_of_it.join("llama.cpp/ggml"), folder.join("dots"));
    let mut cc = sh::command(COMPILER);
    cc.args(["-std=gnu11", "-O3", "-static", "-ffunction-sections", "-Wl,--gc-sections"]);
    cc.arg(format!("-march={MARCH}")).arg(format!("-DROWS={ROWS}"));
    cc.arg(format!("-DROW_BLOCKS={}", COLS / 256)).arg(format!("-DTOKENS={TOKENS}"));
    for include in ["include", "src", "src/ggml-cpu"] {
        cc.arg("-I").arg(ggml.join(include));
    }
    cc.arg("tests/ggml/arm/dots.c").arg(ggml.join("src/ggml-cpu/arch/arm/quants.c"));
    sh::run(cc.arg("-o").arg(&program).arg("-lm"))?;
    Ok(program)
}

/// The program with our kernels. It is linked for a fixed address, so that its functions are where
/// the file says.
fn trine(folder: &Path) -> Result<PathBuf> {
    const PROGRAM: &str = "trine-arm-products";
    let mut cargo = baremetal::debian_cargo();
    cargo.args(["build", "--release", "--locked", "-p", "trine-ggml-kernels", "--bin", PROGRAM]);
    cargo.args(["--target", TARGET, "-Zbuild-std=std,panic_abort", "--target-dir"]).arg(folder);
    cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", COMPILER);
    sh::run(cargo.env("RUSTFLAGS", "-Crelocation-model=static"))?;
    Ok(folder.join(TARGET).join("release").join(PROGRAM))
}

/// What a program says and what its products took.
fn products(program: &Path) -> Result<Vec<Product>> {
    let counts = program.with_extension("counts");
    let image = Image::read(program)?;
    let region = region_for(EMULATOR, &image, ["count_before", "count_after"], &counts)?;
    let mut emulator: Command = sh::command(EMULATOR);
    emulator.args(["-L", LIBRARIES, "-cpu", "max", "-plugin", &region]);
    let said = sh::output(emulator.arg(program))?;
    let counts = numbers(&counts)?;
    let lines = said.lines().count();
    ensure!(lines == counts.len(), "{lines} products, {} counts", counts.len());
    let product = |(line, instructions): (&str, u64)| {
        let words: Vec<&str> = line.split(' ').collect();
        let [ref name @ .., tokens, sum] = words[..] else { bail!("it says `{line}`") };
        let tokens = tokens.parse().with_context(|| format!("it says `{line}`"))?;
        Ok(Product { name: name.join(" "), tokens, sum: sum.to_owned(), instructions })
    };
    said.lines().zip(counts).map(product).collect()
}
