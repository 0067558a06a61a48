//! A model as a file: its sizes and its parameters as they were trained.

use std::collections::HashMap;
use std::path::Path;

use trine_ternary::Packing;
use trine_unseen::base::{self, BaseWriter, Thresholds};
use trine_unseen::shape::{BLOCKS_MAX, COLUMNS, DIM, FFN, HEADS};

use super::net::{Net, Shape};
use super::params::{Kind, Params};
use super::text::Table;
use crate::{Error, Result};

/// What a file begins with.
const MAGIC: &[u8; 8] = b"TRUNSEEN";
/// How much of chance a new block begins with in a grown model.
const ADDED: f32 = 0.02;
/// Numbers of its head.
const HEAD: usize = 7;

/// A network with its parameters and its words.
#[derive(Clone, Debug)]
pub struct Model {
    /// The network.
    pub net: Net,
    /// Its parameters.
    pub params: Params,
    /// The rows of its words.
    pub table: Table,
}

impl Model {
    /// One before training.
    #[must_use]
    pub fn new(shape: Shape, seed: u64, table: Table) -> Self {
        let (net, params) = Net::new(shape, seed);
        Self { net, params, table }
    }

    /// The same with more blocks, which change little of what comes out before they are trained:
    /// what they add begins at a fiftieth of what chance would give. Its scales follow its
    /// parameters.
    ///
    /// # Errors
    /// When the shape differs from its own in more than the number of blocks, or has fewer.
    pub fn grown(self, shape: Shape, seed: u64) -> Result<Self> {
        let own = self.net.shape;
        let blocks = |shape: &Shape| [shape.sentence, shape.tool, shape.both];
        let is_wider = blocks(&shape).iter().zip(blocks(&own)).all(|(more, own)| *more >= own);
        let [sentence, tool, both] = blocks(&own);
        if !is_wider || (Shape { sentence, tool, both, ..shape }) != own {
            let what = "only blocks can be added to it: leave --dim, --ffn and --heads out";
            return Err(Error::Unseen { path: "the model".into(), what });
        }
        let mut grown = Self::new(shape, seed, self.table);
        let old: HashMap<_, _> = self.params.named().collect();
        let named: Vec<_> = grown.params.named().collect();
        for (name, param) in named {
            let at = grown.params.at(param);
            match old.get(&name) {
                Some(old) => grown.params.data[at].copy_from_slice(self.params.of(*old)),
                None if Net::is_added_to_rows(&name) => {
                    grown.params.data[at].iter_mut().for_each(|x| *x *= ADDED);
                }
                None => {}
            }
        }
        Ok(grown)
    }

    /// A number that tells its parameters from others (FNV-1a).
    #[must_use]
    pub fn hash(&self) -> u64 {
        trine_bits::Fnv64::new().bytes(&bytes(self)).hash()
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        std::fs::write(path, bytes(self)).map_err(|error| Error::write(path, error))
    }

    /// Reads one that [`Self::write`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read, or is no such file.
    pub fn read(path: &Path, table: Table) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::read(path, error))?;
        let what = "not a model for unseen tools, or one of other words: train it again";
        let wrong = || Error::Unseen { path: path.into(), what };
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(wrong)?;
        let numbers: Vec<u32> = rest
            .chunks_exact(4)
            .filter_map(|four| Some(u32::from_le_bytes(four.try_into().ok()?)))
            .collect();
        let (head, data) = numbers.split_at_checked(HEAD).ok_or_else(wrong)?;
        let [table_columns, dim, ffn, heads, sentence, tool, both] =
            <[u32; HEAD]>::try_from(head).map_err(|_| wrong())?.map(|size| size as usize);
        let sizes = [table_columns, dim, ffn, heads, sentence, tool, both];
        // Greater ones would take more memory than there is.
        let is_sound = sizes.iter().all(|size| *size <= 4096) && (1..=dim).contains(&heads);
        if !is_sound || table_columns != table.columns() || !dim.is_multiple_of(heads) {
            return Err(wrong());
        }
        let shape = Shape { table: table_columns, dim, ffn, heads, sentence, tool, both };
        let mut model = Self::new(shape, 0, table);
        if data.len() != model.params.data.len() {
            return Err(wrong());
        }
        model.params.data = data.iter().map(|bits| f32::from_bits(*bits)).collect();
        Ok(model)
    }

    /// The base model that it is, as [`trine_unseen::base`] has it, with the least confidence of
    /// its calls.
    ///
    /// # Errors
    /// When it has another shape than those have.
    pub fn base(&self, packing: Packing, thresholds: Thresholds) -> Result<Vec<u8>> {
        let Shape { table, dim, ffn, heads, sentence, tool, both } = self.net.shape;
        let blocks = [sentence, tool, both];
        let is_sound = (table, dim, ffn, heads) == (COLUMNS, DIM, FFN, HEADS)
            && blocks.iter().all(|count| *count <= BLOCKS_MAX);
        let what = "only models of the usual width, with at most three blocks of each sort, are a \
                    base: leave --dim, --ffn and --heads out";
        let wrong = || Error::Unseen { path: "the model".into(), what };
        if !is_sound {
            return Err(wrong());
        }
        let blocks = blocks.map(|count| count as u8);
        // Ternary weights take less than they do as floats.
        let mut out =
            vec![0; base::HEAD + 8 + self.table.bytes().len() + 4 * self.params.data.len()];
        let mut memory = out.clone();
        let rows = self.table.bytes();
        let writer = BaseWriter::new(&mut out, packing, blocks, thresholds, rows);
        let mut writer = writer.ok_or_else(wrong)?;
        for (_, param) in self.params.named() {
            let numbers = self.params.of(param);
            if self.params.kind(param) != Kind::Ternary {
                writer.floats(numbers);
                continue;
            }
            let scale = self.params.scale(param);
            let trit = |x: &f32| (x / scale).round().clamp(-1.0, 1.0) as i8;
            let trits: Vec<i8> = numbers.iter().map(trit).collect();
            writer
                .product(self.params.shape(param), &trits, scale, &mut memory)
                .map_err(|_| wrong())?;
        }
        let length = writer.finish();
        out.truncate(length);
        Ok(out)
    }
}

fn bytes(model: &Model) -> Vec<u8> {
    let Shape { table, dim, ffn, heads, sentence, tool, both } = model.net.shape;
    let head = [table, dim, ffn, heads, sentence, tool, both];
    let mut out = MAGIC.to_vec();
    out.extend(head.iter().flat_map(|size| (*size as u32).to_le_bytes()));
    out.extend(model.params.data.iter().flat_map(|x| x.to_le_bytes()));
    out
}
