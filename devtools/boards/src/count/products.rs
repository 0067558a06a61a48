//! What a ternary product costs on microcontrollers, in instructions a multiply-accumulate.
//!
//! `firmware-example/ternary` computes products of stated shapes on emulated boards. Each is
//! counted whole: filling tables, all rows, what a call costs. The sums are compared with those of
//! the host's scalar kernels.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use devtools::Gates;

use crate::{Board, CHIPS, count, within};

const PROGRAM: &str = "trine-products";
/// The packing with 1.6 bits a weight.
const PACKING: &str = "Table5Trit";
/// Where the peer's figures are from: no registry has it, so it is not run here.
const PEER: &str = "CMSIS-NN: arm_nn_vec_mat_mult_t_s8 at 99f736a, 640 columns, gcc 12.2 -O3, \
                    counted in the same way once";
/// The same measured of CMSIS-NN's int8 kernel, on the boards where it was.
const PEERS: [(&str, f64); 2] = [("mps2-an386", 1.96), ("mps2-an385", 6.29)];

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
pub fn main() -> Result<()> {
    let host = count::on_host(PROGRAM, &[])?;
    let mut gates = Gates::default();
    for chip in CHIPS {
        let run = count::run(chip, PROGRAM, &[])?;
        gates.holds(format!("{}: the sums are the host's", chip.name), run.said == host);
        let products = read(&run.said, &run.counts)?;
        println!("{}", table(chip, &products)?);
        let layer = layer(&products, Some(PACKING));
        for (what, figure) in [("", headline(&products)?), ("-layer", layer)] {
            let name = format!("{}{what}", chip.name);
            let what = format!("{name}: instructions a multiply-accumulate");
            within(&mut gates, &what, figure, &format!("mac_instructions.{name}"))?;
        }
    }
    println!("{PEER}");
    gates.conclude()
}

/// The product of 1.6 bits a weight at 512 rows.
fn headline(products: &[Product<'_>]) -> Result<f64> {
    let wanted = |it: &&Product| it.name == "product" && it.rows == 512 && it.packing == PACKING;
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

fn table(chip: &Board, products: &[Product<'_>]) -> Result<String> {
    let mut text = format!(
        "\n{} ({}), instructions a multiply-accumulate, tables included\n\
         {:<10}{:>6}{:>6}{:>14}{:>9}\n",
        chip.processor, chip.name, "packing", "rows", "cols", "instructions", "a MAC"
    );
    for it in products.iter().filter(|it| it.name == "product") {
        let Product { packing, rows, cols, instructions: count, .. } = it;
        text += &format!("{packing:<10}{rows:>6}{cols:>6}{count:>14}{:>9.3}\n", it.per_mac());
    }
    let at_512 = headline(products)?;
    text += &format!("512 rows at 1.6 bits a weight: {at_512:.3}");
    if let Some((_, peer)) = PEERS.iter().find(|(board, _)| *board == chip.name) {
        text += &format!("; CMSIS-NN int8 {peer}, {:.2} times as many", peer / at_512);
    }
    let [fixed, best] = [Some(PACKING), None].map(|packing| layer(products, packing));
    text += &format!("\na layer of a model 128 wide: {fixed:.3} at 1.6 bits, ");
    Ok(text + &format!("{best:.3} with the best packing of each"))
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
