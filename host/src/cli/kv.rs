//! `--kv`: how keys and values are kept.

use clap::ValueEnum;
use trine_infer::KvKind;

/// Kinds of keys and values by the names of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kv {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// Quantized to int8.
    I8,
}

impl From<Kv> for KvKind {
    fn from(kv: Kv) -> Self {
        match kv {
            Kv::F32 => Self::F32,
            Kv::F16 => Self::F16,
            Kv::I8 => Self::I8,
        }
    }
}

impl Kv {
    /// Its name on the command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::I8 => "i8",
        }
    }
}
