//! What a ternary product costs on microcontrollers, in instructions a multiply-accumulate.
//!
//! `firmware-example/ternary` computes products of stated shapes on emulated boards. Each is
//! counted whole: filling tables, all rows, what a call costs. The sums are compared with those of
//! the host's scalar kernels.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use devtools::Gates;
use devtools::record::{Figures, Record};

use crate::{Board, computing, count, within};

const PROGRAM: &str = "trine-products";
/// The packing with 1.6 bits a weight.
const PACKING: &str = "Table5Trit";
/// What the tables have.
const ABOUT: &str = "Instructions, not cycles, of products on emulated boards, whose sums are the \
                     host's. Filling tables is included. The first table has instructions a \
                     multiply-accumulate.";
/// The head of the first.
const SUMMARY: &str = "\
    | processor | board | Table5Trit, 512 rows | Table4Trit, 512 rows | SmladPairs, 512 rows | \
    layer of 128, Table5Trit | layer of 128, best of each |\n|---|---|---:|---:|---:|---:|---:|\n";
/// Where the peer's figures are from: no registry has it, so it is not run here.
const PEER: &str = "CMSIS-NN: arm_nn_vec_mat_mult_t_s8 at 99f736a, 640 columns, gcc 12.2 -O3, \
                    counted in the same way once";
/// The same measured of CMSIS-NN's int8 kernel, on the boards where it was.
const PEERS: [(&str, f64); 3] = [("mps2-an386", 1.96), ("mps2-an385", 6.29), ("mps3-an547", 0.49)];

/// One product: what it was, and what it took.
struct Product<'s> {
    name: &'s str,
    packing: &'s str,
    rows: u64,
    cols: u64,
    instructions: u64,
}

impl Product<'_> {
    fn per_mac(&self) -> f64 {
        self.instructions as f64 / (self.rows * self.cols) as f64
    }
}

/// The leg `mcu`: builds, runs and counts on every board, and prints a table for each.
pub fn leg() -> Result<()> {
    bench(false)
}

/// `cargo xtask bench mcu [--record]`: the same.
pub fn bench(keep: bool) -> Result<()> {
    let record = Record::begin("mcu", Figures::Counts, keep)?;
    let record = record.program("rustc")?.program("qemu-system-arm")?;
    let host = count::on_host(PROGRAM, &[])?;
    let (mut gates, mut tables, mut all) = (Gates::default(), String::new(), SUMMARY.to_owned());
    for chip in computing() {
        let run = count::run(chip, PROGRAM, &[])?;
        gates.holds(format!("{}: the sums are the host's", chip.name), run.said == host);
        let products = read(&run.said, &run.counts)?;
        all += &summary(chip, &products)?;
        tables += &table(chip, &products)?;
        let layer = layer(&products, Some(PACKING));
        for (what, figure) in [("", at_512(&products, PACKING)?), ("-layer", layer)] {
            let name = format!("{}{what}", chip.name);
            let what = format!("{name}: instructions a multiply-accumulate");
            within(&mut gates, &what, figure, &format!("mac_instructions.{name}"))?;
        }
    }
    record.end_with(&format!("{ABOUT}\n\n{all}{tables}\n{PEER}\n"), &gates)
}

/// The product of one packing at 512 rows.
fn at_512(products: &[Product<'_>], packing: &str) -> Result<f64> {
    let wanted = |it: &&Product| it.name == "product" && it.rows == 512 && it.packing == packing;
    Ok(products.iter().find(wanted).context("no product has 512 rows")?.per_mac())
}

/// The ternary products of one layer of a model 128 wide, instructions a multiply-accumulate: with
/// one packing for all, or for each product the one that is best for it.
fn layer(products: &[Product<'_>], packing: Option<&str>) -> f64 {
    let is_counted = |it: &&Product| packing.is_none_or(|wanted| it.packing == wanted);
    let mut parts = BTreeMap::new();
    for it in products.iter().filter(|it| it.name == "layer").filter(is_counted) {
        let best = parts.entry((it.rows, it.cols)).or_insert(it.instructions);
        *best = it.instructions.min(*best);
    }
    let macs: u64 = parts.keys().map(|(rows, cols)| rows * cols).sum();
    parts.values().sum::<u64>() as f64 / macs as f64
}

/// A row of the first table: instructions a multiply-accumulate.
fn summary(chip: &Board, products: &[Product<'_>]) -> Result<String> {
    let [fives, fours, pairs] =
        ["Table5Trit", "Table4Trit", "SmladPairs"].map(|packing| at_512(products, packing));
    let [fixed, best] = [Some(PACKING), None].map(|packing| layer(products, packing));
    let (fives, fours, pairs) = (fives?, fours?, pairs?);
    let Board { processor, name, .. } = chip;
    Ok(format!(
        "| {processor} | {name} | {fives:.3} | {fours:.3} | {pairs:.3} | {fixed:.3} | {best:.3} |\n"
    ))
}

fn table(chip: &Board, products: &[Product<'_>]) -> Result<String> {
    let mut text = format!(
        "\n| {} ({}) | rows | columns | instructions | a multiply-accumulate |\n\
         |---|---:|---:|---:|---:|\n",
        chip.processor, chip.name
    );
    for it in products.iter().filter(|it| it.name == "product") {
        let Product { packing, rows, cols, instructions: count, .. } = it;
        text += &format!("| {packing} | {rows} | {cols} | {count} | {:.3} |\n", it.per_mac());
    }
    if let Some((_, peer)) = PEERS.iter().find(|(board, _)| *board == chip.name) {
        let times = peer / at_512(products, PACKING)?;
        text += &format!(
            "\nCMSIS-NN int8 {peer}, {times:.2} times as many as 512 rows of {PACKING}.\n"
        );
    }
    Ok(text)
}

fn read<'s>(said: &'s str, counts: &[u64]) -> Result<Vec<Product<'s>>> {
    let lines = said.lines().count();
    ensure!(lines == counts.len(), "{lines} products, {} counts", counts.len());
    let product = |(line, &instructions): (&'s str, &u64)| {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, packing, rows, cols, _checksum] = words[..] else {
            bail!("the board says `{line}`");
        };
        Ok(Product { name, packing, rows: rows.parse()?, cols: cols.parse()?, instructions })
    };
    said.lines().zip(counts).map(product).collect()
}
