//! Models packed for firmware: read in place, from flash.
//!
//! The format is specified in `docs/model.md`, without any Rust. `trine model pack` writes it.
//!
//! [`Image::parse`] reads the header and checks that every part lies inside the image; after that
//! no tensor and no string can point past the end, whatever the rest holds. Whether the bytes are
//! those that were written is what [`Image::check_crc`] finds, which reads all of them: once after
//! an image has been put into flash is enough.

mod layout;

use trine_bits::crc32;
use trine_ternary::{Matrix, Rows};

use crate::config::Config;
use crate::error::{Error, TensorProblem};
use crate::token::Byte;
#[cfg(feature = "bpe")]
use crate::token::Strings;
use crate::weights::{Layer, Linear, Name, Role, Vector, Weights, shape};

pub use layout::{
    ALIGNMENT, ENTRY_BYTES, Entry, Fault, Format, HEADER_BYTES, Header, MAGIC, Part, SUMMED_FROM,
    TokenizerKind, VERSION,
};

/// A model image.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/model/plain.trnm");
/// # let bytes = std::fs::read(path)?;
/// use trine_infer::image::Image;
///
/// let image = Image::parse(&bytes)?; // of a file, or of a region of flash
/// image.check_crc()?;
/// assert_eq!((image.config().dim, image.config().vocab), (128, 96));
/// // A cut image is refused before any part of it is used.
/// assert!(Image::parse(&bytes[..bytes.len() - 1]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    header: Header,
    bytes: &'a [u8],
}

impl<'a> Image<'a> {
    /// An image at the start of `bytes`; what follows it does not matter, so that `bytes` may be a
    /// whole region of flash.
    ///
    /// # Errors
    /// When it is no image, or one whose parts are not all there.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let header = Header::parse(bytes).map_err(Error::Image)?;
        header.config.check()?;
        let length = usize::try_from(header.length).ok();
        let bytes = length.and_then(|length| bytes.get(..length));
        let image = Self { header, bytes: bytes.ok_or(Error::Image(Fault::Length))? };
        image.check_parts()?;
        Ok(image)
    }

    /// Parts begin at multiples of [`ALIGNMENT`], one after another, and end inside the image.
    fn check_parts(&self) -> Result<(), Error> {
        let directory = self.header.entries().checked_mul(ENTRY_BYTES);
        let directory = directory.and_then(|bytes| bytes.checked_add(HEADER_BYTES));
        let mut end = directory.ok_or(Error::TooLarge)? as u64;
        if end > self.header.length {
            return Err(Error::Image(Fault::Length));
        }
        for (index, part) in self.header.parts().enumerate() {
            let wrong = Error::Part(part);
            let entry = self.entry(index, part).ok_or(wrong)?;
            let after = entry.offset.checked_add(entry.length);
            let after = after.filter(|after| *after <= self.header.length).ok_or(wrong)?;
            if entry.offset < end || !entry.offset.is_multiple_of(ALIGNMENT as u64) {
                return Err(wrong);
            }
            end = after;
        }
        Ok(())
    }

    fn entry(&self, index: usize, part: Part) -> Option<Entry> {
        let (_, directory) = self.bytes.split_at_checked(HEADER_BYTES)?;
        let (entries, _) = directory.as_chunks::<ENTRY_BYTES>();
        Entry::parse(entries.get(index)?, part)
    }

    fn data(&self, entry: &Entry) -> &'a [u8] {
        let start = usize::try_from(entry.offset).unwrap_or(usize::MAX);
        let length = usize::try_from(entry.length).unwrap_or(usize::MAX);
        let from = self.bytes.get(start..).unwrap_or_default();
        from.get(..length).unwrap_or_default()
    }

    /// Checks the checksum, which reads every byte.
    ///
    /// # Errors
    /// When the image is damaged.
    pub fn check_crc(&self) -> Result<(), Error> {
        let summed = self.bytes.get(SUMMED_FROM..).unwrap_or_default();
        if crc32(summed) == self.header.crc { Ok(()) } else { Err(Error::Image(Fault::Crc)) }
    }

    /// What the header says.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The shape of the model.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.header.config
    }

    /// The bytes of the image.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The tokenizer of bytes, if it is that one.
    #[must_use]
    pub fn byte_tokenizer(&self) -> Option<Byte> {
        let Header { bos, eos, add_bos, tokenizer, .. } = self.header;
        (tokenizer == TokenizerKind::Byte).then_some(Byte { bos, eos, add_bos })
    }

    /// The vocabulary of byte-level BPE, if it is that one.
    #[cfg(feature = "bpe")]
    #[must_use]
    pub fn vocabulary(&self) -> Option<crate::token::Vocabulary<'a>> {
        let Header { bos, eos, add_bos, tokenizer, .. } = self.header;
        if tokenizer != TokenizerKind::Bpe {
            return None;
        }
        let first = self.header.entries() - 3;
        let entry = |index, part| self.entry(first + index, part);
        let strings = |index, part| {
            let entry = entry(index, part)?;
            Some(Strings { count: entry.rows, bytes: self.data(&entry) })
        };
        Some(crate::token::Vocabulary {
            tokens: strings(0, Part::Tokens)?,
            merges: strings(1, Part::Merges)?,
            types: self.data(&entry(2, Part::Types)?),
            bos,
            eos,
            add_bos,
        })
    }

    /// The table of pieces, as `docs/ask.md` has it, of a model that turns sentences into calls.
    #[must_use]
    pub fn pieces(&self) -> Option<&'a [u8]> {
        if self.header.tokenizer != TokenizerKind::Pieces {
            return None;
        }
        let entry = self.entry(self.header.entries() - 1, Part::Pieces)?;
        Some(self.data(&entry))
    }

    /// The weights. `layers` has one element for each block; what was in it is overwritten.
    ///
    /// # Errors
    /// When a tensor has another format or shape than the model's.
    pub fn weights(&self, layers: &'a mut [Layer<'a>]) -> Result<Weights<'a>, Error> {
        let mut source = Source { image: *self, next: 0 };
        let embedding = source.table(Role::TokenEmbd)?;
        let output_norm = source.vector(Name::model(Role::OutputNorm))?;
        let frequencies = Some(source.vector(Name::model(Role::RopeFrequencies))?);
        let head = if self.header.untied { source.table(Role::Output)? } else { embedding };
        for (index, layer) in layers.iter_mut().enumerate().take(self.header.config.layers) {
            *layer = Layer::read(&mut source, index, Source::vector, Source::linear)?;
        }
        let weights = Weights { embedding, output_norm, frequencies, head, layers };
        weights.check(&self.header.config)?;
        Ok(weights)
    }
}

/// The tensors of an image, one after another.
struct Source<'a> {
    image: Image<'a>,
    next: usize,
}

impl<'a> Source<'a> {
    /// The next tensor, of the shape that its role has.
    fn tensor(&mut self, name: Name) -> Result<(Entry, &'a [u8]), Error> {
        let found = self.image.entry(self.next, Part::Tensor(name));
        self.next += 1;
        let entry = found.ok_or(Error::Tensor(name, TensorProblem::Missing))?;
        let (rows, columns) = shape(&self.image.header.config, name.role);
        let same = |found: u32, wanted: usize| usize::try_from(found) == Ok(wanted);
        if same(entry.rows, rows) && same(entry.columns, columns) {
            return Ok((entry, self.image.data(&entry)));
        }
        Err(Error::Tensor(name, TensorProblem::Shape { rows, columns }))
    }

    fn vector(&mut self, name: Name) -> Result<Vector<'a>, Error> {
        let (entry, data) = self.tensor(name)?;
        if entry.format != Format::Rows(trine_ternary::RowFormat::F32) {
            return Err(Error::Tensor(name, TensorProblem::Format));
        }
        Ok(Vector::new(data))
    }

    fn table(&mut self, role: Role) -> Result<Rows<'a>, Error> {
        let name = Name::model(role);
        let (rows, columns) = shape(&self.image.header.config, role);
        match self.tensor(name)? {
            (Entry { format: Format::Rows(format), .. }, data) => {
                Rows::new(format, rows, columns, data).map_err(|error| Error::Packed(name, error))
            }
            _ => Err(Error::Tensor(name, TensorProblem::Format)),
        }
    }

    fn linear(&mut self, name: Name) -> Result<Linear<'a>, Error> {
        let (rows, columns) = shape(&self.image.header.config, name.role);
        match self.tensor(name)? {
            (Entry { format: Format::Trits(packing), scale, .. }, data) => {
                if !scale.is_finite() {
                    return Err(Error::Tensor(name, TensorProblem::Scale));
                }
                let matrix = Matrix::new(packing, rows, columns, data);
                let matrix = matrix.map_err(|error| Error::Packed(name, error))?;
                Ok(Linear { matrix, scale })
            }
            _ => Err(Error::Tensor(name, TensorProblem::Format)),
        }
    }
}
