//! `--kv`: how keys and values are kept.

use clap::ValueEnum;
use trine_infer::KvKind;

/// Kinds of keys and values by the names of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kv {
    /// Int8 for contexts of more than 512 tokens, else half precision.
    Auto,
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// Quantized to int8.
    I8,
}

impl Kv {
    /// The kind for a context of `context` tokens.
    pub(super) const fn of_context(self, context: usize) -> KvKind {
        match self {
            Self::Auto => KvKind::of_context(context),
            Self::F32 => KvKind::F32,
            Self::F16 => KvKind::F16,
            Self::I8 => KvKind::I8,
        }
    }

    /// Its name on the command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::I8 => "i8",
        }
    }
}
