//! Model images, written: `docs/model.md` has the format.

use trine_ask::Vocabulary as Table;
use trine_bits::crc32;
use trine_infer::gguf::{File, Kind};
use trine_infer::image::{
    ALIGNMENT, ENTRY_BYTES, Entry, Format, HEADER_BYTES, Header, Part, SUMMED_FROM, TokenizerKind,
};
use trine_infer::model::rope_frequencies;
use trine_infer::token::{Byte, Strings, Vocabulary};
use trine_infer::weights::{Name, Role, Vector, repack_matrix};
use trine_infer::{Config, Layer, Weights};
use trine_ternary::parallel::Parallel;
use trine_ternary::{Packing, RowFormat, Rows};

use super::rows::in_format;
use crate::{Error, Result};

/// How a model is packed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Packed {
    /// How trits are stored; as in the file when it is `None`.
    pub packing: Option<Packing>,
    /// How embedding and head are stored; as in the file when it is `None`.
    pub rows: Option<RowFormat>,
    /// The hash of the descriptors that the model is made for; 0 for none.
    pub descriptors: u64,
}

/// A model file as an image. Threads of `pool` share the packing.
///
/// # Errors
/// When the file is no model that this engine computes, or cannot be packed so.
pub fn pack(bytes: &[u8], how: &Packed, pool: &dyn Parallel) -> Result<Vec<u8>> {
    let file = File::parse(bytes)?;
    let config = Config::from_gguf(&file)?;
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = Weights::from_gguf(&file, &config, &mut layers)?;
    let untied = file.tensor("output.weight").is_some();
    let text = text(&file)?;
    // A table of pieces names the tools that it is for.
    let tools = text.pieces.map(Table::parse).transpose()?;
    let header = Header {
        length: 0,
        crc: 0,
        descriptors: tools.map_or(how.descriptors, |table| table.hash),
        config,
        tokenizer: text.kind,
        bos: text.marks.bos,
        eos: text.marks.eos,
        add_bos: text.marks.add_bos,
        untied,
    };
    let mut image = Writer::new(header);
    for part in header.parts() {
        match part {
            Part::Tensor(name) => image.tensor(name, &weights, how, pool)?,
            Part::Tokens => image.strings(part, text.vocabulary.tokens),
            Part::Merges => image.strings(part, text.vocabulary.merges),
            Part::Pieces => {
                let table = text.pieces.unwrap_or_default();
                image.part(part, Format::Bytes, (table.len(), 1), 1.0, table);
            }
            Part::Types => {
                let types = text.vocabulary.types;
                image.part(part, Format::Bytes, (types.len() / 4, 1), 1.0, types);
            }
        }
    }
    Ok(image.finish())
}

/// What the file says of text.
struct Text<'a> {
    kind: TokenizerKind,
    marks: Byte,
    vocabulary: Vocabulary<'a>,
    pieces: Option<&'a [u8]>,
}

fn text<'a>(file: &File<'a>) -> Result<Text<'a>> {
    let model = file.string("tokenizer.ggml.model")?;
    let pieces = file.array("trine.ask", Kind::U8)?.map(|table| table.bytes());
    let (kind, vocabulary) = if pieces.is_some() {
        (TokenizerKind::Pieces, Vocabulary::default())
    } else {
        match model {
            Some("gpt2") => (TokenizerKind::Bpe, Vocabulary::from_gguf(file)?),
            Some("byte") => (TokenizerKind::Byte, Vocabulary::default()),
            found => return Err(Error::Tokenizer { found: found.map(str::to_owned) }),
        }
    };
    Ok(Text { kind, marks: Byte::from_gguf(file)?, vocabulary, pieces })
}

/// An image that grows part by part.
struct Writer {
    header: Header,
    entries: Vec<Entry>,
    bytes: Vec<u8>,
}

impl Writer {
    fn new(header: Header) -> Self {
        let start = HEADER_BYTES + header.entries() * ENTRY_BYTES;
        Self { header, entries: Vec::new(), bytes: vec![0; start] }
    }

    /// Makes room for a part and answers where.
    fn open(
        &mut self,
        part: Part,
        format: Format,
        (rows, columns): (usize, usize),
        scale: f32,
        length: usize,
    ) -> &mut [u8] {
        let start = self.bytes.len().next_multiple_of(ALIGNMENT);
        self.bytes.resize(start + length, 0);
        let (rows, columns) = (rows as u32, columns as u32);
        let (offset, length) = (start as u64, length as u64);
        self.entries.push(Entry { part, format, rows, columns, scale, offset, length });
        &mut self.bytes[start..]
    }

    fn part(&mut self, part: Part, format: Format, shape: (usize, usize), scale: f32, data: &[u8]) {
        self.open(part, format, shape, scale, data.len()).copy_from_slice(data);
    }

    fn strings(&mut self, part: Part, strings: Strings<'_>) {
        self.part(part, Format::Bytes, (strings.count as usize, 1), 1.0, strings.bytes);
    }

    fn vector(&mut self, part: Part, vector: Vector<'_>) {
        let shape = (1, vector.len());
        self.part(part, Format::Rows(RowFormat::F32), shape, 1.0, vector.bytes());
    }

    fn frequencies(&mut self, part: Part, weights: &Weights<'_>) {
        if let Some(listed) = weights.frequencies {
            return self.vector(part, listed);
        }
        let (base, width) = (self.header.config.rope_base, self.header.config.head_width());
        let mut computed = vec![0.0; width / 2];
        rope_frequencies(base, width, &mut computed);
        let bytes: Vec<u8> = computed.iter().flat_map(|one| one.to_le_bytes()).collect();
        self.vector(part, Vector::new(&bytes));
    }

    fn rows(&mut self, part: Part, rows: &Rows<'_>, how: &Packed) -> Result<()> {
        let format = how.rows.unwrap_or(rows.format());
        let data = in_format(rows, format)
            .ok_or_else(|| Error::Rows { part: part.to_string(), format: format!("{format:?}") })?;
        self.part(part, Format::Rows(format), (rows.rows(), rows.cols()), 1.0, &data);
        Ok(())
    }

    fn tensor(
        &mut self,
        name: Name,
        weights: &Weights<'_>,
        how: &Packed,
        pool: &dyn Parallel,
    ) -> Result<()> {
        let part = Part::Tensor(name);
        let layer = name.layer.and_then(|layer| weights.layers.get(layer));
        match (name.role, layer) {
            (Role::TokenEmbd, _) => self.rows(part, &weights.embedding, how)?,
            (Role::Output, _) => self.rows(part, &weights.head, how)?,
            (Role::OutputNorm, _) => self.vector(part, weights.output_norm),
            (Role::RopeFrequencies, _) => self.frequencies(part, weights),
            (role, Some(layer)) => {
                if let Some(norm) = layer.norm(role) {
                    self.vector(part, norm);
                } else if let Some(linear) = layer.matrix(role) {
                    let from = linear.matrix;
                    let to = how.packing.unwrap_or(from.packing());
                    let shape = (from.rows(), from.cols());
                    let length = to.bytes(shape.0, shape.1).unwrap_or(0);
                    let out = self.open(part, Format::Trits(to), shape, linear.scale, length);
                    let packed = repack_matrix(&from, to, out, pool);
                    packed.map_err(|error| Error::from(error).at(name))?;
                }
            }
            (_, None) => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<u8> {
        let places = self.bytes[HEADER_BYTES..].chunks_exact_mut(ENTRY_BYTES);
        for (place, entry) in places.zip(&self.entries) {
            place.copy_from_slice(&entry.bytes());
        }
        self.header.length = self.bytes.len() as u64;
        self.bytes[..HEADER_BYTES].copy_from_slice(&self.header.bytes());
        self.header.crc = crc32(&self.bytes[SUMMED_FROM..]);
        self.bytes[..HEADER_BYTES].copy_from_slice(&self.header.bytes());
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use trine_infer::image::Image;
    use trine_ternary::parallel::Serial;

    use super::*;
    use crate::model::{HeadFormat, Shape, Weights as Stored, make};
    use crate::sys::Pool;

    fn folder() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
    }

    #[test]
    fn golden_bytes_of_an_image() {
        let file = std::fs::read(folder().join("bitnet/bytes.gguf")).unwrap();
        let how = Packed { packing: Some(Packing::PanelBase3), ..Packed::default() };
        let image = pack(&file, &how, &Serial).unwrap();
        let path = folder().join("model/plain.trnm");
        if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
            std::fs::write(&path, &image).unwrap();
        }
        assert!(image == std::fs::read(&path).unwrap(), "{}: other bytes", path.display());
    }

    #[test]
    fn threads_change_no_byte_and_every_packing_is_read_back() {
        let file = std::fs::read(folder().join("bitnet/bytes.gguf")).unwrap();
        let pool = Pool::new(3).unwrap();
        for &packing in Packing::ALL.iter().filter(|packing| packing.cols_multiple() <= 128) {
            for rows in [None, Some(RowFormat::Q8_0), Some(RowFormat::F32)] {
                let how = Packed { packing: Some(packing), rows, descriptors: 7 };
                let image = pack(&file, &how, &Serial).unwrap();
                assert!(image == pack(&file, &how, &pool).unwrap(), "{how:?}");
                let image = Image::parse(&image).unwrap();
                image.check_crc().unwrap();
                assert_eq!(image.header().descriptors, 7);
                let mut layers = vec![Layer::EMPTY; image.config().layers];
                let weights = image.weights(&mut layers).unwrap();
                assert!(weights.layers.iter().all(|layer| layer.up.matrix.packing() == packing));
                assert_eq!(weights.head.format(), rows.unwrap_or(RowFormat::F16));
            }
        }
        let blocks = Packed { packing: Some(Packing::Tq2_0), ..Packed::default() };
        let error = pack(&file, &blocks, &Serial).unwrap_err().chain();
        assert!(error.starts_with("blk.0.attn_q.weight: "), "{error}");
    }

    #[test]
    fn a_file_without_a_tokenizer_is_refused_and_not_taken_for_one_of_bytes() {
        let file = std::fs::read(folder().join("bitnet").join("plain.gguf")).unwrap();
        let error = pack(&file, &Packed::default(), &Serial).unwrap_err().to_string();
        assert!(error.starts_with("unsupported tokenizer.ggml.model (missing): "), "{error}");
    }

    #[test]
    fn the_tokenizer_is_that_of_the_file() {
        let mut file = Vec::new();
        make(&Shape::tiny(Stored::Tq1_0, HeadFormat::Q6K), 3, &mut file, |_| {}).unwrap();
        let image = pack(&file, &Packed::default(), &Serial).unwrap();
        let image = Image::parse(&image).unwrap();
        let wanted = Vocabulary::from_gguf(&File::parse(&file).unwrap()).unwrap();
        assert_eq!(image.vocabulary(), Some(wanted));
        assert_eq!(image.byte_tokenizer(), None);
        assert_eq!(image.header().parts().count(), image.header().entries());
    }
}
