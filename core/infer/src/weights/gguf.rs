//! Configuration and weights of a GGUF file, in place.

use trine_ternary::{Matrix, Packing, RowFormat, Rows};

use super::{Layer, Linear, Name, Role, Vector, Weights, keys, shape};
use crate::config::{Activation, Config, Key, Norm, Rope};
use crate::error::{Error, KeyProblem, TensorProblem};
use crate::gguf::{Error as FileError, File, Only, Reason, Tensor, Type, Value};
use crate::text::FixedText;

/// The architectures of BitNet b1.58: the published file of 2B-4T, an earlier one of the same
/// graph, and conversions by llama.cpp.
const ARCHITECTURES: [&str; 3] = ["bitnet-b1.58", "bitnet-25", "bitnet"];

/// Bytes after the weights of a tensor in `I2_S`.
const I2S_TAIL_BYTES: usize = 32;
/// Bytes that are looked at together.
const PIECE: usize = 4096;

/// The keys of one architecture.
pub(super) struct Keys<'f, 'a> {
    pub(super) file: &'f File<'a>,
    pub(super) architecture: &'a str,
}

impl<'a> Keys<'_, 'a> {
    fn with_name<T>(&self, key: Key, f: impl FnOnce(&str) -> T) -> T {
        f(FixedText::<64>::of(format_args!("{}.{key}", self.architecture)).as_str())
    }

    fn optional_size(&self, key: Key) -> Result<Option<usize>, Error> {
        let found = self.with_name(key, |name| self.file.u32(name))?;
        found.map(usize::try_from).transpose().map_err(|_| Error::TooLarge)
    }

    fn size(&self, key: Key) -> Result<usize, Error> {
        self.optional_size(key)?.ok_or(Error::Key(key, KeyProblem::Missing))
    }

    fn number(&self, key: Key) -> Result<Option<f32>, Error> {
        Ok(self.with_name(key, |name| self.file.f32(name))?)
    }

    /// The function that a key of this name says.
    fn function(&self, name: &str) -> Result<Option<Activation>, Error> {
        let name = FixedText::<64>::of(format_args!("{}.{name}", self.architecture));
        match self.file.string(name.as_str())? {
            Some("relu2" | "relu_sqr" | "relu_squared") => Ok(Some(Activation::ReluSquared)),
            Some("silu" | "swish") => Ok(Some(Activation::Silu)),
            None => Ok(None),
            Some(other) => Err(refused(name.as_str(), other, Only::Activation)),
        }
    }

    /// 2B-4T says nothing of its function, which is relu²; under `bitnet`, where llama.cpp puts the
    /// first BitNet models, nothing said means theirs. Two keys have it, by who wrote the file.
    fn activation(&self) -> Result<Activation, Error> {
        let other = "hidden_activation";
        match (self.function("hidden_act")?, self.function(other)?) {
            (Some(one), Some(two)) if one != two => {
                let name = FixedText::<64>::of(format_args!("{}.{other}", self.architecture));
                let found = self.file.string(name.as_str())?.unwrap_or_default();
                Err(refused(name.as_str(), found, Only::Same))
            }
            (Some(said), _) | (None, Some(said)) => Ok(said),
            (None, None) if self.architecture == "bitnet" => Ok(Activation::Silu),
            (None, None) => Ok(Activation::ReluSquared),
        }
    }
}

/// A word that is none of those that are known.
fn refused(key: &str, found: &str, only: Only) -> Error {
    FileError::key(key, Reason::of_value(&Value::String(found), only)).into()
}

impl Config {
    /// The configuration in the keys of a GGUF file.
    ///
    /// The size of the vocabulary is taken from the embedding when the file has no key for it.
    ///
    /// # Errors
    /// When the architecture is another, or a key is missing or makes no sense.
    pub fn from_gguf(file: &File<'_>) -> Result<Self, Error> {
        let architecture = file.string("general.architecture")?.unwrap_or_default();
        if !ARCHITECTURES.contains(&architecture) {
            return Err(Error::Architecture);
        }
        let keys = Keys { file, architecture };
        let heads = keys.size(Key::Heads)?;
        let rows = file.tensor("token_embd.weight").map(|tensor| tensor.rows());
        let vocab = match keys.optional_size(Key::Vocab)? {
            Some(vocab) => vocab,
            None => rows.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(0),
        };
        let config = Self {
            dim: keys.size(Key::Dim)?,
            ffn: keys.size(Key::Ffn)?,
            layers: keys.size(Key::Layers)?,
            heads,
            kv_heads: keys.optional_size(Key::KvHeads)?.unwrap_or(heads),
            vocab,
            context: keys.size(Key::Context)?,
            rms_epsilon: keys
                .number(Key::RmsEpsilon)?
                .ok_or(Error::Key(Key::RmsEpsilon, KeyProblem::Missing))?,
            rope_base: keys.number(Key::RopeBase)?.unwrap_or(10_000.0),
            norm: Norm::Sub,
            activation: keys.activation()?,
            rope: Rope::Neox,
            prefix_layers: usize::try_from(file.u32(Key::PrefixAttention.name())?.unwrap_or(0))
                .map_err(|_| Error::TooLarge)?,
        };
        config.check()?;
        let to = config.head_width();
        if keys.optional_size(Key::RopeDimensions)?.is_some_and(|turned| turned != to) {
            return Err(Error::Key(Key::RopeDimensions, KeyProblem::NotEqual { to }));
        }
        keys::check(&keys, &config)?;
        Ok(config)
    }
}

impl<'a> Weights<'a> {
    /// The weights in a GGUF file. `layers` has one element for each block of `config`; what was
    /// in it is overwritten.
    ///
    /// # Errors
    /// When a tensor is missing, or has another type or shape than the model's, or there is one
    /// that the model has not.
    pub fn from_gguf(
        file: &File<'a>,
        config: &Config,
        layers: &'a mut [Layer<'a>],
    ) -> Result<Self, Error> {
        let mut source = Source { file, config, taken: 0 };
        let embedding = source.table(Role::TokenEmbd)?;
        let output_norm = source.vector(Name::model(Role::OutputNorm))?;
        let tied = file.tensor("output.weight").is_none();
        let head = if tied { embedding } else { source.table(Role::Output)? };
        for (index, layer) in layers.iter_mut().enumerate() {
            *layer = Layer::read(&mut source, index, Source::vector, Source::linear)?;
        }
        let weights = Self { embedding, output_norm, frequencies: None, head, layers };
        weights.check(config)?;
        source.nothing_else()?;
        Ok(weights)
    }
}

/// Whether some of these codes of two bits are 3, which stands for no weight.
fn has_three(packing: Packing, bytes: &[u8]) -> bool {
    let has = |codes: &[u8]| codes.iter().fold(0, |any, code| any | code & code >> 1 & 0x55) != 0;
    match packing {
        Packing::I2S => bytes.chunks(PIECE).any(has),
        // A scale ends each block.
        Packing::Tq2_0 => bytes.as_chunks::<66>().0.iter().any(|[codes @ .., _, _]| has(codes)),
        // Its bytes are fractions: each has five digits below 3.
        _ => false,
    }
}

/// A file that tensors are taken from, and how many were.
struct Source<'f, 'a> {
    file: &'f File<'a>,
    config: &'f Config,
    taken: usize,
}

impl<'a> Source<'_, 'a> {
    fn find(&mut self, name: Name) -> Option<Tensor<'a>> {
        let found = name.with_text(|text| self.file.tensor(text))?;
        self.taken += 1;
        Some(found)
    }

    /// The tensor of this name, of the shape that its role has.
    fn tensor(&mut self, name: Name) -> Result<Tensor<'a>, Error> {
        let found = self.find(name).ok_or(Error::Tensor(name, TensorProblem::Missing))?;
        let (rows, columns) = shape(self.config, name.role);
        let same = |found: u64, wanted: usize| u64::try_from(wanted) == Ok(found);
        if same(found.rows(), rows) && same(found.columns(), columns) {
            return Ok(found);
        }
        Err(Error::Tensor(name, TensorProblem::Shape { rows, columns }))
    }

    fn vector(&mut self, name: Name) -> Result<Vector<'a>, Error> {
        let found = self.tensor(name)?;
        if found.kind != Type::F32 {
            return Err(Error::Tensor(name, TensorProblem::Type(found.kind.id())));
        }
        Ok(Vector::new(found.data))
    }

    fn table(&mut self, role: Role) -> Result<Rows<'a>, Error> {
        let name = Name::model(role);
        let found = self.tensor(name)?;
        let format = match found.kind {
            Type::F32 => RowFormat::F32,
            Type::F16 => RowFormat::F16,
            Type::Q8_0 => RowFormat::Q8_0,
            Type::Q6K => RowFormat::Q6K,
            other => return Err(Error::Tensor(name, TensorProblem::Type(other.id()))),
        };
        let (rows, columns) = shape(self.config, role);
        Rows::new(format, rows, columns, found.data).map_err(|error| Error::Packed(name, error))
    }

    fn linear(&mut self, name: Name) -> Result<Linear<'a>, Error> {
        let found = self.tensor(name)?;
        let wrong = |problem| Error::Tensor(name, problem);
        let (rows, columns) = shape(self.config, name.role);
        // After the weights of I2_S come eight numbers, of which the first is the scale.
        let (weights, tail) = found.data.split_at(found.data.len().saturating_sub(I2S_TAIL_BYTES));
        let (packing, data) = match found.kind {
            Type::I2S => (Packing::I2S, weights),
            Type::Tq2_0 => (Packing::Tq2_0, found.data),
            Type::Tq1_0 => (Packing::Tq1_0, found.data),
            other => return Err(wrong(TensorProblem::Type(other.id()))),
        };
        let matrix = Matrix::new(packing, rows, columns, data)
            .map_err(|error| Error::Packed(name, error))?;
        // In place it would be a weight of 2, and packed again some trits that depend on how.
        if has_three(packing, data) {
            return Err(FileError::tensor(found.name, Reason::Code).into());
        }
        let own = match packing {
            Packing::I2S => Vector::new(tail).iter().next().unwrap_or(f32::NAN),
            _ => matrix.scale().ok_or(wrong(TensorProblem::BlockScales))?,
        };
        let scale = own * self.scale_beside(name)?;
        if !scale.is_finite() {
            return Err(wrong(TensorProblem::Scale));
        }
        Ok(Linear { matrix, scale })
    }

    /// What llama.cpp multiplies the product by where a converter has left the scale out.
    fn scale_beside(&mut self, name: Name) -> Result<f32, Error> {
        let name = name.scale();
        let Some(found) = self.find(name) else { return Ok(1.0) };
        if found.kind != Type::F32 {
            return Err(Error::Tensor(name, TensorProblem::Type(found.kind.id())));
        }
        let mut numbers = Vector::new(found.data).iter();
        match (numbers.next(), numbers.len()) {
            (Some(scale), 0) => Ok(scale),
            _ => Err(Error::Tensor(name, TensorProblem::Shape { rows: 1, columns: 1 })),
        }
    }

    /// Checks that no tensor is left: one that is not computed would be missed in silence.
    fn nothing_else(&self) -> Result<(), Error> {
        let all = usize::try_from(self.file.tensor_count()).unwrap_or(usize::MAX);
        if all == self.taken {
            return Ok(());
        }
        let unknown = self.file.tensors().position(|tensor| !self.has(tensor.name));
        Err(Error::UnknownTensor(unknown.unwrap_or(self.taken)))
    }

    fn has(&self, text: &str) -> bool {
        let same = |name: Name| name.with_text(|own| own == text);
        let of_model = [Role::TokenEmbd, Role::OutputNorm, Role::Output];
        of_model.into_iter().any(|role| same(Name::model(role)))
            || (0..self.config.layers).any(|layer| {
                Role::NORMS.into_iter().any(|role| same(Name::layer(layer, role)))
                    || Role::MATRICES.into_iter().any(|role| {
                        same(Name::layer(layer, role)) || same(Name::layer(layer, role).scale())
                    })
            })
    }
}
