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

#[cfg(test)]
mod tests {
    use std::fs::read_to_string;
    use std::path::Path;

    use super::KvKind;

    #[test]
    fn the_bound_of_int8_is_the_same_wherever_it_is_written() {
        let near = KvKind::NEAR;
        let sentence = format!("ontext of more than {near} tokens");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for (file, text) in [
            ("bindings/python/src/trine/_model.py", format!("\n_NEAR = {near}\n")),
            ("bindings/python/src/trine/_model.py", sentence.clone()),
            ("devtools/bench/src/model.rs", format!("const NEAR: usize = {near};")),
            ("docs/figures.md", sentence),
            (file!(), format!("Int8 for contexts of more than {near} tokens")),
        ] {
            let found = read_to_string(root.join(file)).unwrap();
            assert!(found.contains(&text), "{file}: {text}");
        }
    }
}
