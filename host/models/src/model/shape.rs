//! The shape of a model file: its numbers, its tensors, their order.

use trine_infer::gguf::Type;

use crate::{Error, Result, SizeRule};

/// The most that any size of a model may be.
const SIZE_MAX: usize = 1 << 20;

/// How trits are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Weights {
    /// 2 bits a weight, one scale a tensor, as published.
    #[cfg_attr(feature = "clap", value(name = "i2_s"))]
    I2S,
    /// 5 weights a byte, in blocks of 256.
    #[cfg_attr(feature = "clap", value(name = "tq1_0"))]
    Tq1_0,
    /// 2 bits a weight, in blocks of 256.
    #[cfg_attr(feature = "clap", value(name = "tq2_0"))]
    Tq2_0,
}

impl Weights {
    /// The type in the file.
    #[must_use]
    pub fn kind(self) -> Type {
        match self {
            Self::I2S => Type::I2S,
            Self::Tq1_0 => Type::Tq1_0,
            Self::Tq2_0 => Type::Tq2_0,
        }
    }

    /// `general.file_type` of llama.cpp, and of its BitNet fork.
    pub(super) fn file_type(self) -> u32 {
        match self {
            Self::I2S => 40,
            Self::Tq1_0 => 36,
            Self::Tq2_0 => 37,
        }
    }
}

/// How the embedding is stored, which is the head too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum HeadFormat {
    /// Half precision, as published.
    #[cfg_attr(feature = "clap", value(name = "f16"))]
    F16,
    /// Single precision.
    #[cfg_attr(feature = "clap", value(name = "f32"))]
    F32,
    /// 6 bits, in blocks of 256.
    #[cfg_attr(feature = "clap", value(name = "q6_k"))]
    Q6K,
    /// 8 bits, in blocks of 32.
    #[cfg_attr(feature = "clap", value(name = "q8_0"))]
    Q8_0,
}

impl HeadFormat {
    /// The type in the file.
    #[must_use]
    pub fn kind(self) -> Type {
        match self {
            Self::F16 => Type::F16,
            Self::F32 => Type::F32,
            Self::Q6K => Type::Q6K,
            Self::Q8_0 => Type::Q8_0,
        }
    }
}

/// What tokenizer the file brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Byte-level BPE with so many merges and so many control tokens.
    Bpe {
        /// Merges, or as near as the tokens have.
        merges: usize,
        /// Control tokens, at the end of the vocabulary.
        control: usize,
    },
    /// A token for each byte, one that begins a text and one that ends it.
    Byte,
}

/// The shape of a model file.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// `general.architecture`.
    pub architecture: String,
    /// `general.name`.
    pub name: String,
    /// Tokens.
    pub vocab: usize,
    /// Positions.
    pub context: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Blocks.
    pub blocks: usize,
    /// Width inside the feed-forward network.
    pub ffn: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// How trits are stored.
    pub weights: Weights,
    /// How the embedding is stored.
    pub head: HeadFormat,
    /// The tokenizer.
    pub text: Text,
    /// Bytes that the file is to have, if the texts in it can be made so long.
    pub file_bytes: Option<u64>,
}

impl Shape {
    /// The published file `ggml-model-i2_s.gguf` of BitNet b1.58 2B-4T.
    #[must_use]
    pub fn full() -> Self {
        Self {
            architecture: "bitnet-b1.58".into(),
            name: "bitnet2b".into(),
            vocab: 128_256,
            context: 4096,
            width: 2560,
            blocks: 30,
            ffn: 6912,
            heads: 20,
            kv_heads: 5,
            weights: Weights::I2S,
            head: HeadFormat::F16,
            text: Text::Bpe { merges: 280_147, control: 256 },
            file_bytes: Some(1_187_801_280),
        }
    }

    /// A small model with everything that the published one has, in numbers that are no powers of
    /// two where the types allow it.
    #[must_use]
    pub fn tiny(weights: Weights, head: HeadFormat) -> Self {
        let blocks_of_256 = weights != Weights::I2S || head == HeadFormat::Q6K;
        let unit = if blocks_of_256 { 256 } else { 128 };
        Self {
            architecture: "bitnet-b1.58".into(),
            name: "tiny".into(),
            vocab: 509,
            context: 250,
            width: 3 * unit,
            blocks: 3,
            ffn: 5 * unit,
            heads: 3 * unit / 64,
            kv_heads: unit / 64,
            weights,
            head,
            text: Text::Bpe { merges: 700, control: 5 },
            file_bytes: None,
        }
    }

    /// Width of a head.
    #[must_use]
    pub fn head_width(&self) -> usize {
        self.width.checked_div(self.heads).unwrap_or(0)
    }

    /// Checks that a file can be made of these numbers.
    ///
    /// # Errors
    /// With the size that does not fit, and the rule that it breaks.
    pub fn check(&self) -> Result<()> {
        let fail = |name, value, rule| Err(Error::Size { name, value, rule });
        let sizes = [
            ("vocab", self.vocab),
            ("context", self.context),
            ("width", self.width),
            ("ffn", self.ffn),
            ("blocks", self.blocks),
            ("heads", self.heads),
            ("kv-heads", self.kv_heads),
        ];
        for (name, size) in sizes {
            if size == 0 {
                return fail(name, size, SizeRule::AtLeast(1));
            }
            if size > SIZE_MAX {
                return fail(name, size, SizeRule::AtMost(SIZE_MAX));
            }
        }
        if !self.width.is_multiple_of(2 * self.heads) {
            let (step, of) = (2 * self.heads, "twice the number of heads");
            return fail("width", self.width, SizeRule::MultipleOf { step, of });
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            let (step, of) = (self.kv_heads, "the number of kv-heads");
            return fail("heads", self.heads, SizeRule::MultipleOf { step, of });
        }
        let linear = self.weights.kind();
        let rows = [
            ("width", self.width, linear),
            ("ffn", self.ffn, linear),
            ("width", self.width, self.head.kind()),
        ];
        for (what, columns, kind) in rows {
            if !(columns as u64).is_multiple_of(kind.block()) {
                let (step, of) = (kind.block() as usize, kind.name());
                return fail(what, columns, SizeRule::MultipleOf { step, of });
            }
        }
        let least = match self.text {
            Text::Bpe { control, .. } if control < 3 => {
                return fail("control tokens", control, SizeRule::AtLeast(3));
            }
            Text::Bpe { control, .. } => 256 + control,
            Text::Byte => 258,
        };
        if self.vocab < least {
            return fail("vocab", self.vocab, SizeRule::AtLeast(least));
        }
        Ok(())
    }

    /// The tensors with their dimensions, the innermost first, in the order in which the converter
    /// writes them: that of the original's names in the alphabet.
    #[must_use]
    pub fn tensors(&self) -> Vec<(String, Vec<u64>, Type)> {
        let [width, ffn, vocab] = [self.width, self.ffn, self.vocab].map(|size| size as u64);
        let kv = (self.head_width() * self.kv_heads) as u64;
        let (linear, norm) = (self.weights.kind(), Type::F32);
        let mut tensors = vec![("token_embd.weight".into(), vec![width, vocab], self.head.kind())];
        for block in 0..self.blocks {
            let parts = vec![
                ("attn_norm", vec![width], norm),
                ("ffn_down", vec![ffn, width], linear),
                ("ffn_sub_norm", vec![ffn], norm),
                ("ffn_gate", vec![width, ffn], linear),
                ("ffn_up", vec![width, ffn], linear),
                ("ffn_norm", vec![width], norm),
                ("attn_sub_norm", vec![width], norm),
                ("attn_k", vec![width, kv], linear),
                ("attn_output", vec![width, width], linear),
                ("attn_q", vec![width, width], linear),
                ("attn_v", vec![width, kv], linear),
            ];
            let named = |part| format!("blk.{block}.{part}.weight");
            let parts = parts.into_iter().map(|(part, dims, kind)| (named(part), dims, kind));
            tensors.extend(parts);
        }
        tensors.push(("output_norm.weight".into(), vec![width], norm));
        tensors
    }
}
