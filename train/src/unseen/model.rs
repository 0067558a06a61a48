//! A model as a file: its sizes and its parameters as they were trained.

use std::path::Path;

use super::net::{Net, Shape};
use super::params::Params;
use super::text::Table;
use crate::{Error, Result};

/// What a file begins with.
const MAGIC: &[u8; 8] = b"TRUNSEEN";
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
        if !is_sound || table_columns != table.columns || !dim.is_multiple_of(heads) {
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
}

fn bytes(model: &Model) -> Vec<u8> {
    let Shape { table, dim, ffn, heads, sentence, tool, both } = model.net.shape;
    let head = [table, dim, ffn, heads, sentence, tool, both];
    let mut out = MAGIC.to_vec();
    out.extend(head.iter().flat_map(|size| (*size as u32).to_le_bytes()));
    out.extend(model.params.data.iter().flat_map(|x| x.to_le_bytes()));
    out
}
