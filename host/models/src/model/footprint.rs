//! What a model takes in flash and in RAM.

use trine_infer::gguf::File;
use trine_infer::image::{Image, MAGIC};
use trine_infer::weights::{LAYER_BYTES_32, Role};
use trine_infer::{Config, KvKind, Layer, Options, Weights, arena_bytes};

use super::Summary;
use crate::Result;

/// What a model takes, to the byte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Footprint {
    /// Bytes of the file or image.
    pub file_bytes: u64,
    /// Bytes of its tensors.
    pub weight_bytes: u64,
    /// RAM for the index of the tokenizer.
    pub index_bytes: u64,
    /// RAM for where each block's tensors lie, on a processor whose addresses have 32 bits.
    pub blocks_bytes: u64,
    config: Config,
    /// Words of tables for products by look-up; none in files, which are packed for hosts.
    tables: usize,
}

impl Footprint {
    /// Of a GGUF file or an image.
    ///
    /// # Errors
    /// When the file is neither, or a model that this engine does not compute.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        if bytes.starts_with(&MAGIC) { Self::of_image(bytes) } else { Self::of_gguf(bytes) }
    }

    fn of_gguf(bytes: &[u8]) -> Result<Self> {
        let summary = Summary::of(bytes)?;
        let config = Config::from_gguf(&File::parse(bytes)?)?;
        Ok(Self {
            file_bytes: summary.file_bytes,
            weight_bytes: summary.tensor_bytes,
            index_bytes: summary.tokenizer.map_or(0, |tokenizer| tokenizer.index_bytes),
            blocks_bytes: blocks_bytes(&config),
            config,
            tables: 0,
        })
    }

    fn of_image(bytes: &[u8]) -> Result<Self> {
        let image = Image::parse(bytes)?;
        let config = *image.config();
        let mut layers = vec![Layer::EMPTY; config.layers];
        let weights = image.weights(&mut layers)?;
        let index = image.vocabulary().map_or(0, |vocabulary| vocabulary.index_slots());
        Ok(Self {
            file_bytes: image.bytes().len() as u64,
            weight_bytes: weight_bytes(&weights, image.header().untied) as u64,
            index_bytes: 4 * index as u64,
            blocks_bytes: blocks_bytes(&config),
            config,
            tables: Options::new(&config).with_tables(&weights).tables,
        })
    }

    /// The shape of the model.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// RAM of a session of so many positions, which reads so many tokens at a time.
    ///
    /// # Errors
    /// When the context or the batch makes no sense.
    pub fn arena_bytes(&self, context: usize, batch: usize, kv: KvKind) -> Result<usize> {
        let options = Options { context, batch, kv, tables: self.tables };
        Ok(arena_bytes(&self.config, &options)?)
    }
}

const fn blocks_bytes(config: &Config) -> u64 {
    (config.layers * LAYER_BYTES_32) as u64
}

fn weight_bytes(weights: &Weights<'_>, untied: bool) -> usize {
    let vectors = [Some(weights.output_norm), weights.frequencies];
    let mut sum: usize = vectors.iter().flatten().map(|one| one.bytes().len()).sum();
    sum += weights.embedding.bytes().len();
    if untied {
        sum += weights.head.bytes().len();
    }
    for layer in weights.layers {
        let norms = Role::NORMS.iter().filter_map(|role| layer.norm(*role));
        sum += norms.map(|norm| norm.bytes().len()).sum::<usize>();
        let matrices = Role::MATRICES.iter().filter_map(|role| layer.matrix(*role));
        sum += matrices.map(|one| one.matrix.bytes().len()).sum::<usize>();
    }
    sum
}
