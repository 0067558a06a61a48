//! The bytes of a header and of an entry, as `docs/model.md` has them.

use trine_ternary::{Packing, RowFormat};

use crate::config::{Activation, Config, Norm, Rope};
use crate::weights::{Name, Role};

/// What an image begins with: bytes that no text has, and line ends that a transfer as text
/// would change.
pub const MAGIC: [u8; 8] = *b"\x89TRNM\r\n\x1a";
/// The version of the format.
pub const VERSION: u16 = 2;
/// Bytes of the header.
pub const HEADER_BYTES: usize = 128;
/// Bytes of an entry of the directory.
pub const ENTRY_BYTES: usize = 32;
/// What the data of every part is aligned to, counted from the start of the image.
pub const ALIGNMENT: usize = 64;
/// Where the bytes begin that the checksum is over.
pub const SUMMED_FROM: usize = 32;
/// Stands for no token.
const NONE: u32 = u32::MAX;

/// How text becomes tokens, and where its parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenizerKind {
    /// A token for each byte: no parts.
    Byte,
    /// Byte-level BPE: tokens, merges and types.
    Bpe,
    /// Pieces of words, for models that turn sentences into calls: their table.
    Pieces,
}

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// Bytes of the image.
    pub length: u64,
    /// Of the bytes from [`SUMMED_FROM`] on.
    pub crc: u32,
    /// The hash of the descriptors that the model was made for; 0 when it is for none.
    pub descriptors: u64,
    /// The shape of the model.
    pub config: Config,
    /// How text becomes tokens.
    pub tokenizer: TokenizerKind,
    /// The token that begins a text.
    pub bos: Option<u32>,
    /// The token that ends a text.
    pub eos: Option<u32>,
    /// Whether the model was trained to have `bos` before each text.
    pub add_bos: bool,
    /// Whether the head is a matrix of its own.
    pub untied: bool,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It does not begin as an image does.
    Magic,
    /// It is of another version of the format.
    Version(u16),
    /// The image has another length than it says, or not even a header.
    Length,
    /// The checksum is another.
    Crc,
    /// A field has a value that stands for nothing; the number is its offset.
    Field(usize),
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Magic => f.write_str("not a model image"),
            Self::Version(version) => {
                write!(f, "version {version} of the image format is not read here, only {VERSION}")
            }
            Self::Length => f.write_str("the image is not as long as its header says"),
            Self::Crc => f.write_str("the image is damaged: its checksum is another"),
            Self::Field(at) => write!(f, "the header's field at byte {at} has no meaning"),
        }
    }
}

impl Header {
    /// The header as bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        let config = &self.config;
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(place) = out.get_mut(at..at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        };
        put(0, &MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(10, &(HEADER_BYTES as u16).to_le_bytes());
        put(16, &self.length.to_le_bytes());
        put(24, &self.crc.to_le_bytes());
        put(32, &self.descriptors.to_le_bytes());
        let sizes = [
            config.dim,
            config.ffn,
            config.layers,
            config.heads,
            config.kv_heads,
            config.vocab,
            config.context,
        ];
        for (index, size) in sizes.into_iter().enumerate() {
            put(64 + 4 * index, &(size as u32).to_le_bytes());
        }
        put(92, &config.rms_epsilon.to_le_bytes());
        put(96, &config.rope_base.to_le_bytes());
        let activation = match config.activation {
            Activation::ReluSquared => 1,
            Activation::Silu => 2,
        };
        let tokenizer = match self.tokenizer {
            TokenizerKind::Byte => 1,
            TokenizerKind::Bpe => 2,
            TokenizerKind::Pieces => 3,
        };
        put(100, &[1, activation, 1, tokenizer]);
        put(104, &self.bos.unwrap_or(NONE).to_le_bytes());
        put(108, &self.eos.unwrap_or(NONE).to_le_bytes());
        put(112, &[u8::from(self.add_bos) | u8::from(self.untied) << 1]);
        put(114, &(config.prefix_layers as u16).to_le_bytes());
        put(116, &(self.entries() as u32).to_le_bytes());
        out
    }

    /// Reads a header, but for its checksum.
    ///
    /// # Errors
    /// When it is none, or one of another version.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (header, _) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(Fault::Length)?;
        if field(header, 0) != MAGIC {
            return Err(Fault::Magic);
        }
        let version = u16::from_le_bytes(field(header, 8));
        if version != VERSION {
            return Err(Fault::Version(version));
        }
        if field(header, 10) != (HEADER_BYTES as u16).to_le_bytes() {
            return Err(Fault::Field(10));
        }
        let word = |at| u32::from_le_bytes(field(header, at));
        let size = |at| usize::try_from(word(at)).map_err(|_| Fault::Field(at));
        let [norm, activation, rope, tokenizer] = field(header, 100);
        let config = Config {
            dim: size(64)?,
            ffn: size(68)?,
            layers: size(72)?,
            heads: size(76)?,
            kv_heads: size(80)?,
            vocab: size(84)?,
            context: size(88)?,
            rms_epsilon: f32::from_le_bytes(field(header, 92)),
            rope_base: f32::from_le_bytes(field(header, 96)),
            norm: (norm == 1).then_some(Norm::Sub).ok_or(Fault::Field(100))?,
            activation: match activation {
                1 => Activation::ReluSquared,
                2 => Activation::Silu,
                _ => return Err(Fault::Field(101)),
            },
            rope: (rope == 1).then_some(Rope::Neox).ok_or(Fault::Field(102))?,
            prefix_layers: u16::from_le_bytes(field(header, 114)).into(),
        };
        let token = |at| Some(word(at)).filter(|token| *token != NONE);
        let flags = u16::from_le_bytes(field(header, 112));
        if flags > 3 {
            return Err(Fault::Field(112));
        }
        let header = Self {
            length: u64::from_le_bytes(field(header, 16)),
            crc: word(24),
            descriptors: u64::from_le_bytes(field(header, 32)),
            config,
            tokenizer: match tokenizer {
                1 => TokenizerKind::Byte,
                2 => TokenizerKind::Bpe,
                3 => TokenizerKind::Pieces,
                _ => return Err(Fault::Field(103)),
            },
            bos: token(104),
            eos: token(108),
            add_bos: flags & 1 == 1,
            untied: flags & 2 == 2,
        };
        match u32::try_from(header.entries()) {
            Ok(entries) if entries == word(116) => Ok(header),
            _ => Err(Fault::Field(116)),
        }
    }

    /// What the directory lists, in its order.
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let tokenizer: &[Part] = match self.tokenizer {
            TokenizerKind::Byte => &[],
            TokenizerKind::Bpe => &[Part::Tokens, Part::Merges, Part::Types],
            TokenizerKind::Pieces => &[Part::Pieces],
        };
        let untied = self.untied.then_some(Role::Output);
        let model =
            [Role::TokenEmbd, Role::OutputNorm, Role::RopeFrequencies].into_iter().chain(untied);
        let blocks = (0..self.config.layers).flat_map(|layer| {
            let roles = Role::NORMS.into_iter().chain(Role::MATRICES);
            roles.map(move |role| Name::layer(layer, role))
        });
        model.map(Name::model).chain(blocks).map(Part::Tensor).chain(tokenizer.iter().copied())
    }

    /// How many entries the directory has.
    #[must_use]
    pub const fn entries(&self) -> usize {
        let tokenizer = match self.tokenizer {
            TokenizerKind::Byte => 0,
            TokenizerKind::Bpe => 3,
            TokenizerKind::Pieces => 1,
        };
        // No number of blocks overflows this that the configuration may have.
        let blocks = self.config.layers.saturating_mul(Role::NORMS.len() + Role::MATRICES.len());
        blocks.saturating_add(3 + self.untied as usize + tokenizer)
    }
}

/// Bytes of a header; the offset is one of a constant.
fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    header.get(at..).and_then(|from| from.first_chunk()).copied().unwrap_or([0; N])
}

/// A part of an image that has data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A tensor.
    Tensor(Name),
    /// The strings of the tokens.
    Tokens,
    /// The strings of the merges.
    Merges,
    /// The types of the tokens.
    Types,
    /// The table of pieces of words.
    Pieces,
}

impl Part {
    /// Its number in an entry.
    const fn id(self) -> u8 {
        match self {
            Self::Tensor(name) => match name.role {
                Role::TokenEmbd => 1,
                Role::OutputNorm => 2,
                Role::Output => 3,
                Role::RopeFrequencies => 4,
                Role::AttnNorm => 16,
                Role::AttnSubNorm => 17,
                Role::FfnNorm => 18,
                Role::FfnSubNorm => 19,
                Role::AttnQ => 20,
                Role::AttnK => 21,
                Role::AttnV => 22,
                Role::AttnOutput => 23,
                Role::FfnGate => 24,
                Role::FfnUp => 25,
                Role::FfnDown => 26,
            },
            Self::Tokens => 64,
            Self::Merges => 65,
            Self::Types => 66,
            Self::Pieces => 67,
        }
    }

    /// Its block in an entry; there are fewer than the number that stands for none.
    const fn layer(self) -> u16 {
        match self {
            Self::Tensor(Name { layer: Some(layer), .. }) => layer as u16,
            _ => u16::MAX,
        }
    }
}

impl core::fmt::Display for Part {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Tensor(name) => name.fmt(f),
            Self::Tokens => f.write_str("the tokens of the tokenizer"),
            Self::Merges => f.write_str("the merges of the tokenizer"),
            Self::Types => f.write_str("the token types of the tokenizer"),
            Self::Pieces => f.write_str("the table of pieces"),
        }
    }
}

/// How the numbers of a part are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Trits.
    Trits(Packing),
    /// Numbers in rows.
    Rows(RowFormat),
    /// Bytes of a tokenizer.
    Bytes,
}

/// Formats and their numbers in an entry.
const FORMATS: [(Format, u8); 14] = [
    (Format::Trits(Packing::I2S), 1),
    (Format::Trits(Packing::I2SArm), 2),
    (Format::Trits(Packing::Tq2_0), 3),
    (Format::Trits(Packing::Tq1_0), 4),
    (Format::Trits(Packing::Panel2Bit), 5),
    (Format::Trits(Packing::PanelBase3), 6),
    (Format::Trits(Packing::Table4Trit), 7),
    (Format::Trits(Packing::Table5Trit), 8),
    (Format::Trits(Packing::SmladPairs), 9),
    (Format::Rows(RowFormat::F32), 32),
    (Format::Rows(RowFormat::F16), 33),
    (Format::Rows(RowFormat::Q8_0), 34),
    (Format::Rows(RowFormat::Q6K), 35),
    (Format::Bytes, 64),
];

/// One entry of the directory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// What it is.
    pub part: Part,
    /// How it is stored.
    pub format: Format,
    /// Rows of a tensor; strings, or types, of a tokenizer.
    pub rows: u32,
    /// Columns of a tensor; 1 for a tokenizer.
    pub columns: u32,
    /// What the products of a ternary matrix are multiplied by; 1 for all others.
    pub scale: f32,
    /// Where its data begins.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
}

impl Entry {
    /// The entry as bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; ENTRY_BYTES] {
        let mut out = [0; ENTRY_BYTES];
        let format = FORMATS.iter().find(|(format, _)| *format == self.format);
        let [low, high] = self.part.layer().to_le_bytes();
        let id = format.map_or(0, |(_, id)| *id);
        let words: [&[u8]; 6] = [
            &[self.part.id(), id, low, high],
            &self.rows.to_le_bytes(),
            &self.columns.to_le_bytes(),
            &self.scale.to_le_bytes(),
            &self.offset.to_le_bytes(),
            &self.length.to_le_bytes(),
        ];
        for (place, byte) in out.iter_mut().zip(words.into_iter().flatten()) {
            *place = *byte;
        }
        out
    }

    /// Reads the entry of this part; `None` when it is another's or its format is unknown.
    #[must_use]
    pub fn parse(bytes: &[u8; ENTRY_BYTES], part: Part) -> Option<Self> {
        let [id, format, low, high, rest @ ..] = bytes;
        let (words, longs) = rest.split_at_checked(12)?;
        let (words, longs) = (words.as_chunks::<4>().0, longs.as_chunks::<8>().0);
        let ([rows, columns, scale], [offset, length]) = (words, longs) else { return None };
        let (format, _) = FORMATS.iter().find(|(_, number)| number == format)?;
        let layer = u16::from_le_bytes([*low, *high]);
        let entry = Self {
            part,
            format: *format,
            rows: u32::from_le_bytes(*rows),
            columns: u32::from_le_bytes(*columns),
            scale: f32::from_le_bytes(*scale),
            offset: u64::from_le_bytes(*offset),
            length: u64::from_le_bytes(*length),
        };
        (*id == part.id() && layer == part.layer()).then_some(entry)
    }
}
