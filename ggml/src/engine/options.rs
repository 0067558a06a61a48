//! How a model is opened on a device.

use trine_infer::KvKind;

use crate::backend::{Error, Result, Type};

/// How a model is opened on a device.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Positions to keep.
    pub context: usize,
    /// Tokens that are computed together, at most.
    pub batch: usize,
    /// How keys and values are kept.
    pub kv: Kept,
    /// Threads of the processor, for what of the model is computed there.
    pub threads: usize,
    /// Bytes of the device's memory to use; what it says is free where none are given.
    pub memory: Option<usize>,
    /// Blocks to put on the device; as many as fit where nothing is said.
    pub layers: Option<usize>,
    /// What ternary matrices are multiplied with.
    pub activations: Activations,
}

impl Options {
    /// As many positions as given, and the rest as is usual.
    #[must_use]
    pub const fn new(context: usize) -> Self {
        Self {
            context,
            batch: 128,
            kv: Kept::F16,
            threads: 1,
            memory: None,
            layers: None,
            activations: Activations::Int8,
        }
    }
}

/// What ternary matrices, and a head that rounds its input, are multiplied with on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activations {
    /// Codes of a byte, rounded by the rule that BitNet models are trained with: the integers of
    /// our engine on the processor.
    Int8,
    /// Numbers as the backend takes them, which is what llama.cpp does: less to compute, and
    /// another text. Vulkan's takes them as they are; others, the processor's too, round blocks.
    /// Attention is one operation then, in half precision where the device has that.
    Floats,
}

/// How keys and values are kept on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
}

impl Kept {
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    pub(super) const fn kind(self) -> Type {
        match self {
            Self::F32 => Type::F32,
            Self::F16 => Type::F16,
        }
    }
}

impl TryFrom<KvKind> for Kept {
    type Error = Error;

    /// The same on a device.
    fn try_from(kind: KvKind) -> Result<Self> {
        match kind {
            KvKind::F32 => Ok(Self::F32),
            KvKind::F16 => Ok(Self::F16),
            _ => Err(Error::KvKind),
        }
    }
}
