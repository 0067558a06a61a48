//! What a ternary product costs on microcontrollers, in instructions a multiply-accumulate.
//!
//! `firmware-example/ternary` computes products of stated shapes on emulated boards. A plug-in of
//! QEMU counts each of them whole: filling tables, all rows, what a call costs. The sums are
//! compared with those of the host's scalar kernels. QEMU counts instructions, not cycles.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::chips::{self, CHIPS, Chip};
use crate::size;

const PROGRAM: &str = "trine-products";

/// Where the peer's figures are from: no registry has it, so it is not run here.
const PEER: &str = "CMSIS-NN: arm_nn_vec_mat_mult_t_s8 at 99f736a, 640 columns, gcc 12.2 -O3, \
                    counted in the same way once";

/// One product: what it was, and what it took.
#[derive(Debug, Clone, PartialEq)]
struct Product {
    name: String,
    packing: String,
    rows: u64,
    cols: u64,
    checksum: String,
    instructions: u64,
}

impl Product {
    fn per_mac(&self) -> f64 {
        self.instructions as f64 / (self.rows * self.cols) as f64
    }
}

/// Builds, runs and counts on every board, and prints a table for each.
///
/// # Errors
/// When something does not build or run, sums differ from the host's, or a product costs more than
/// its budget in `tests/budgets.toml`.
pub(crate) fn main() -> Result<()> {
    let host = chips::on_host(PROGRAM, &[])?;
    let plugin = super::board::build_plugin("region")?;
    let mut faults = Vec::new();
    for chip in CHIPS {
        let products = measure(chip, &plugin)?;
        let wrong = differences(&host, &products)?;
        if wrong > 0 {
            faults.push(format!("{}: {wrong} products differ from the host's", chip.board));
        }
        println!("{}", table(chip, &products));
        faults.extend(past_budget(chip, &products)?);
    }
    println!("{PEER}");
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// How many products have another checksum than on the host, which computes the same ones.
fn differences(host: &str, products: &[Product]) -> Result<usize> {
    let host: Vec<&str> = host.lines().collect();
    ensure!(host.len() == products.len(), "{} products of {}", products.len(), host.len());
    let equal = |(line, product): &(&&str, &Product)| {
        let Product { name, packing, rows, cols, checksum, .. } = product;
        **line == format!("{name} {packing} {rows} {cols} {checksum}")
    };
    Ok(host.iter().zip(products).filter(|pair| !equal(pair)).count())
}

/// The product of one packing at 512 rows.
fn headline<'a>(products: &'a [Product], packing: &str) -> Option<&'a Product> {
    products.iter().find(|it| it.name == "product" && it.rows == 512 && it.packing == packing)
}

/// The ternary products of one layer of a model 128 wide, instructions a multiply-accumulate: with
/// one packing for all, or for each product the one that is best for it.
fn layer(products: &[Product], packing: Option<&str>) -> f64 {
    let layers = products.iter().filter(|it| it.name == "layer");
    let mut parts: Vec<&Product> = Vec::new();
    for product in layers.filter(|it| packing.is_none_or(|wanted| it.packing == wanted)) {
        match parts.iter_mut().find(|it| (it.rows, it.cols) == (product.rows, product.cols)) {
            Some(known) if product.instructions < known.instructions => *known = product,
            Some(_) => {}
            None => parts.push(product),
        }
    }
    let sum = |each: fn(&Product) -> u64| parts.iter().map(|it| each(it)).sum::<u64>() as f64;
    sum(|it| it.instructions) / sum(|it| it.rows * it.cols)
}

fn table(chip: &Chip, products: &[Product]) -> String {
    let mut text = format!(
        "\n{} ({}), instructions a multiply-accumulate, tables included\n\
         {:<10}{:>6}{:>6}{:>14}{:>9}\n",
        chip.processor, chip.board, "packing", "rows", "cols", "instructions", "a MAC"
    );
    for it in products.iter().filter(|it| it.name == "product") {
        text += &format!(
            "{:<10}{:>6}{:>6}{:>14}{:>9.3}\n",
            it.packing,
            it.rows,
            it.cols,
            it.instructions,
            it.per_mac()
        );
    }
    let (gate, goal) = chip.gate;
    let at_512 = headline(products, "Look5").map_or(f64::NAN, Product::per_mac);
    text += &format!("512 rows at 1.6 bits a weight: {at_512:.3} (gate {gate}, goal {goal})");
    if let Some(peer) = chip.peer {
        text += &format!("; CMSIS-NN int8 {peer}, {:.2} times as many", peer / at_512);
    }
    text + &format!(
        "\na layer of a model 128 wide: {:.3} at 1.6 bits, {:.3} with the best packing of each",
        layer(products, Some("Look5")),
        layer(products, None)
    )
}

/// What costs more than its budget.
fn past_budget(chip: &Chip, products: &[Product]) -> Result<Vec<String>> {
    let at_512 = headline(products, "Look5").context("no product has 512 rows")?.per_mac();
    let pairs = [
        (chip.board.to_owned(), at_512),
        (format!("{}-layer", chip.board), layer(products, Some("Look5"))),
    ];
    let mut faults = Vec::new();
    for (name, per_mac) in pairs {
        let budget = size::mac_instructions(&name)?;
        if per_mac > budget {
            faults.push(format!("{name}: {per_mac:.3} instructions a MAC of {budget} at most"));
        }
    }
    Ok(faults)
}

fn measure(chip: &Chip, plugin: &Path) -> Result<Vec<Product>> {
    let elf = chips::build(chip, PROGRAM, &[])?;
    let counts = elf.with_extension("counts");
    let said = chips::counted(chip, &elf, plugin, &counts)?;
    let counts = fs::read_to_string(&counts).context("the plug-in has written nothing")?;
    read(&said, &counts)
}

fn read(said: &str, counts: &str) -> Result<Vec<Product>> {
    let (said, counts): (Vec<_>, Vec<_>) = (said.lines().collect(), counts.lines().collect());
    ensure!(said.len() == counts.len(), "{} products, {} counts", said.len(), counts.len());
    let product = |(line, count): (&str, &str)| {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, packing, rows, cols, checksum] = words[..] else {
            bail!("the board says `{line}`");
        };
        Ok(Product {
            name: name.to_owned(),
            packing: packing.to_owned(),
            rows: rows.parse()?,
            cols: cols.parse()?,
            checksum: checksum.to_owned(),
            instructions: count.parse()?,
        })
    };
    said.into_iter().zip(counts).map(product).collect()
}

#[cfg(test)]
mod tests {
    use super::{differences, headline, layer, read};

    const SAID: &str = "product Look5 512 640 0123abcd\nlayer Look5 2 10 00000001\n\
                        layer Look4 2 10 00000002\nlayer Look5 1 20 00000003\n";
    const COUNTS: &str = "327680\n40\n20\n20\n";

    #[test]
    fn lines_and_counts_make_products() {
        let products = read(SAID, COUNTS).unwrap();
        assert!((headline(&products, "Look5").unwrap().per_mac() - 1.0).abs() < 1e-9);
        assert!(headline(&products, "Look4").is_none());
        assert!(read(SAID, "1\n").is_err());
        assert!(read("a panic\n", "1\n").is_err());
    }

    #[test]
    fn a_layer_is_the_mean_over_its_products() {
        let products = read(SAID, COUNTS).unwrap();
        assert!((layer(&products, Some("Look5")) - 1.5).abs() < 1e-9);
        assert!((layer(&products, None) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_sum_that_differs_from_the_hosts_is_found() {
        let products = read(SAID, COUNTS).unwrap();
        assert_eq!(differences(SAID, &products).unwrap(), 0);
        assert_eq!(differences(&SAID.replace("0123abcd", "0123abce"), &products).unwrap(), 1);
        assert!(differences("", &products).is_err());
    }
}
