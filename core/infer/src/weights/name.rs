//! The names of tensors, as llama.cpp writes them.

use core::fmt;

use crate::text::FixedText;

/// What a tensor of a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are those of the tensors")]
pub enum Role {
    TokenEmbd,
    OutputNorm,
    RopeFrequencies,
    Output,
    AttnNorm,
    AttnSubNorm,
    FfnNorm,
    FfnSubNorm,
    AttnQ,
    AttnK,
    AttnV,
    AttnOutput,
    FfnGate,
    FfnUp,
    FfnDown,
}

impl Role {
    /// The norms of a block.
    pub const NORMS: [Self; 4] =
        [Self::AttnNorm, Self::AttnSubNorm, Self::FfnNorm, Self::FfnSubNorm];
    /// The matrices of a block.
    pub const MATRICES: [Self; 7] = [
        Self::AttnQ,
        Self::AttnK,
        Self::AttnV,
        Self::AttnOutput,
        Self::FfnGate,
        Self::FfnUp,
        Self::FfnDown,
    ];

    const fn text(self) -> &'static str {
        match self {
            Self::TokenEmbd => "token_embd",
            Self::OutputNorm => "output_norm",
            Self::RopeFrequencies => "rope_frequencies",
            Self::Output => "output",
            Self::AttnNorm => "attn_norm",
            Self::AttnSubNorm => "attn_sub_norm",
            Self::FfnNorm => "ffn_norm",
            Self::FfnSubNorm => "ffn_sub_norm",
            Self::AttnQ => "attn_q",
            Self::AttnK => "attn_k",
            Self::AttnV => "attn_v",
            Self::AttnOutput => "attn_output",
            Self::FfnGate => "ffn_gate",
            Self::FfnUp => "ffn_up",
            Self::FfnDown => "ffn_down",
        }
    }
}

/// The name of a tensor: `output_norm.weight`, `blk.3.attn_q.weight`, `blk.3.attn_q.scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The block that it belongs to.
    pub layer: Option<usize>,
    /// What it is.
    pub role: Role,
    /// Whether it is the number that the tensor's values are multiplied by.
    pub scale: bool,
}

impl Name {
    /// The weights of the whole model, not of a block.
    #[must_use]
    pub const fn model(role: Role) -> Self {
        Self { layer: None, role, scale: false }
    }

    /// The weights of a block.
    #[must_use]
    pub const fn layer(layer: usize, role: Role) -> Self {
        Self { layer: Some(layer), role, scale: false }
    }

    /// The scale beside these weights.
    #[must_use]
    pub const fn scale(self) -> Self {
        Self { scale: true, ..self }
    }

    /// Calls with the name as text.
    pub fn with_text<T>(self, f: impl FnOnce(&str) -> T) -> T {
        // The longest is "blk.", a number of twenty digits, ".attn_sub_norm" and ".weight".
        f(FixedText::<64>::of(format_args!("{self}")).as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layer) = self.layer {
            write!(f, "blk.{layer}.")?;
        }
        f.write_str(self.role.text())?;
        f.write_str(if self.scale { ".scale" } else { ".weight" })
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use super::*;

    #[test]
    fn names_are_those_of_llama_cpp() {
        assert_eq!(Name::model(Role::TokenEmbd).to_string(), "token_embd.weight");
        assert_eq!(Name::layer(3, Role::AttnQ).scale().to_string(), "blk.3.attn_q.scale");
        let longest = Name::layer(usize::MAX, Role::AttnSubNorm);
        longest.with_text(|text| assert_eq!(text, longest.to_string()));
    }
}
