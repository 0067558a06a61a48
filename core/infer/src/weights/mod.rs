//! The weights of a model: where each tensor lies in memory that someone else owns.

#[cfg(feature = "gguf")]
mod gguf;
#[cfg(feature = "gguf")]
mod keys;
mod name;
mod repack;

use trine_ternary::{Matrix, Rows};

use crate::config::Config;
use crate::error::{Error, TensorProblem};

#[cfg(feature = "gguf")]
pub use keys::{Treated, treated};
pub use name::{Name, Role};
pub use repack::repack_matrix;

/// Numbers as they lie in a file: little-endian `f32`, of any alignment.
#[derive(Clone, Copy, Debug)]
pub struct Vector<'a>(&'a [u8]);

impl<'a> Vector<'a> {
    /// The numbers in `bytes`; what is left of an incomplete one at the end does not count.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The numbers, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f32> + 'a {
        let (numbers, _) = self.0.as_chunks::<4>();
        numbers.iter().map(|bytes| f32::from_le_bytes(*bytes))
    }
}

/// A ternary matrix and what its products are multiplied by.
#[derive(Clone, Copy, Debug)]
pub struct Linear<'a> {
    /// Trits, (rows, columns).
    pub matrix: Matrix<'a>,
    /// Their scale.
    pub scale: f32,
}

/// The weights of one block.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// (dim)
    pub attn_norm: Vector<'a>,
    /// (dim)
    pub attn_sub_norm: Vector<'a>,
    /// (dim)
    pub ffn_norm: Vector<'a>,
    /// (ffn)
    pub ffn_sub_norm: Vector<'a>,
    /// (dim, dim)
    pub q: Linear<'a>,
    /// (kv dim, dim)
    pub k: Linear<'a>,
    /// (kv dim, dim)
    pub v: Linear<'a>,
    /// (dim, dim)
    pub output: Linear<'a>,
    /// (ffn, dim)
    pub gate: Linear<'a>,
    /// (ffn, dim)
    pub up: Linear<'a>,
    /// (dim, ffn)
    pub down: Linear<'a>,
}

impl Linear<'_> {
    const EMPTY: Self = Self { matrix: Matrix::EMPTY, scale: 0.0 };
}

/// Bytes of a [`Layer`] on a processor whose addresses have 32 bits: what a chip needs for each
/// block beside a session's memory.
pub const LAYER_BYTES_32: usize = 200;

#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Layer<'_>>() == LAYER_BYTES_32, "images' users rely on it");

impl<'a> Layer<'a> {
    /// A block without weights, for a place that is filled later.
    pub const EMPTY: Self = Self {
        attn_norm: Vector::new(&[]),
        attn_sub_norm: Vector::new(&[]),
        ffn_norm: Vector::new(&[]),
        ffn_sub_norm: Vector::new(&[]),
        q: Linear::EMPTY,
        k: Linear::EMPTY,
        v: Linear::EMPTY,
        output: Linear::EMPTY,
        gate: Linear::EMPTY,
        up: Linear::EMPTY,
        down: Linear::EMPTY,
    };

    /// Block `index` out of what holds the tensors, which are asked for in this order.
    pub(crate) fn read<S>(
        source: &mut S,
        index: usize,
        vector: impl Fn(&mut S, Name) -> Result<Vector<'a>, Error>,
        linear: impl Fn(&mut S, Name) -> Result<Linear<'a>, Error>,
    ) -> Result<Self, Error> {
        let mut norm = |role| vector(source, Name::layer(index, role));
        let attn_norm = norm(Role::AttnNorm)?;
        let attn_sub_norm = norm(Role::AttnSubNorm)?;
        let ffn_norm = norm(Role::FfnNorm)?;
        let ffn_sub_norm = norm(Role::FfnSubNorm)?;
        let mut matrix = |role| linear(source, Name::layer(index, role));
        Ok(Self {
            attn_norm,
            attn_sub_norm,
            ffn_norm,
            ffn_sub_norm,
            q: matrix(Role::AttnQ)?,
            k: matrix(Role::AttnK)?,
            v: matrix(Role::AttnV)?,
            output: matrix(Role::AttnOutput)?,
            gate: matrix(Role::FfnGate)?,
            up: matrix(Role::FfnUp)?,
            down: matrix(Role::FfnDown)?,
        })
    }

    /// A matrix by its role, to replace.
    const fn matrix_mut(&mut self, role: Role) -> Option<&mut Linear<'a>> {
        Some(match role {
            Role::AttnQ => &mut self.q,
            Role::AttnK => &mut self.k,
            Role::AttnV => &mut self.v,
            Role::AttnOutput => &mut self.output,
            Role::FfnGate => &mut self.gate,
            Role::FfnUp => &mut self.up,
            Role::FfnDown => &mut self.down,
            _ => return None,
        })
    }

    /// A matrix by its role.
    #[must_use]
    pub const fn matrix(&self, role: Role) -> Option<Linear<'a>> {
        Some(match role {
            Role::AttnQ => self.q,
            Role::AttnK => self.k,
            Role::AttnV => self.v,
            Role::AttnOutput => self.output,
            Role::FfnGate => self.gate,
            Role::FfnUp => self.up,
            Role::FfnDown => self.down,
            _ => return None,
        })
    }

    /// A norm by its role.
    #[must_use]
    pub const fn norm(&self, role: Role) -> Option<Vector<'a>> {
        Some(match role {
            Role::AttnNorm => self.attn_norm,
            Role::AttnSubNorm => self.attn_sub_norm,
            Role::FfnNorm => self.ffn_norm,
            Role::FfnSubNorm => self.ffn_sub_norm,
            _ => return None,
        })
    }
}

/// The weights of a model.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// (vocab, dim)
    pub embedding: Rows<'a>,
    /// (dim)
    pub output_norm: Vector<'a>,
    /// (head width / 2): by how much each pair of a head's elements turns from one position to the
    /// next. Where there are none they are computed from the base, which takes the feature `gguf`.
    pub frequencies: Option<Vector<'a>>,
    /// (vocab, dim); the embedding again in models that are tied.
    pub head: Rows<'a>,
    /// The blocks.
    pub layers: &'a [Layer<'a>],
}

/// Rows and columns that a matrix of this role has.
#[must_use]
pub(crate) const fn shape(config: &Config, role: Role) -> (usize, usize) {
    match role {
        Role::AttnQ | Role::AttnOutput => (config.dim, config.dim),
        Role::AttnK | Role::AttnV => (config.kv_dim(), config.dim),
        Role::FfnGate | Role::FfnUp => (config.ffn, config.dim),
        Role::FfnDown => (config.dim, config.ffn),
        Role::TokenEmbd | Role::Output => (config.vocab, config.dim),
        Role::FfnSubNorm => (1, config.ffn),
        Role::RopeFrequencies => (1, config.head_width() / 2),
        _ => (1, config.dim),
    }
}

impl Weights<'_> {
    /// Checks that every tensor has the shape that the configuration asks for.
    ///
    /// # Errors
    /// The first tensor that has not.
    pub fn check(&self, config: &Config) -> Result<(), Error> {
        let table =
            |role, rows: &Rows<'_>| same(config, Name::model(role), (rows.rows(), rows.cols()));
        table(Role::TokenEmbd, &self.embedding)?;
        table(Role::Output, &self.head)?;
        same(config, Name::model(Role::OutputNorm), (1, self.output_norm.len()))?;
        if let Some(listed) = self.frequencies {
            same(config, Name::model(Role::RopeFrequencies), (1, listed.len()))?;
        }
        if self.layers.len() != config.layers {
            let name = Name::layer(self.layers.len().min(config.layers), Role::AttnNorm);
            return Err(Error::Tensor(name, TensorProblem::Missing));
        }
        for (index, layer) in self.layers.iter().enumerate() {
            for role in Role::NORMS {
                let found = layer.norm(role).map_or((0, 0), |norm| (1, norm.len()));
                same(config, Name::layer(index, role), found)?;
            }
            for role in Role::MATRICES {
                let found = layer.matrix(role);
                let found = found.map_or((0, 0), |one| (one.matrix.rows(), one.matrix.cols()));
                same(config, Name::layer(index, role), found)?;
            }
        }
        Ok(())
    }
}

fn same(config: &Config, name: Name, found: (usize, usize)) -> Result<(), Error> {
    let (rows, columns) = shape(config, name.role);
    if found == (rows, columns) {
        return Ok(());
    }
    Err(Error::Tensor(name, TensorProblem::Shape { rows, columns }))
}
