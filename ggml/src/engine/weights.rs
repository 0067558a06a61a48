//! The weights of a model on devices.

use trine_infer::weights::{Layer, Linear, Vector};
use trine_infer::{Config, Model};
use trine_ternary::parallel::Parallel;
use trine_ternary::{RowFormat, Rows};

use super::fold::Fold;
use super::options::Activations;
use super::plan::Homes;
use super::trits::Layout;
use crate::backend::{Context, Device, Error, Result, Tensor, Type};

/// Ternary matrices, one on top of the other, and what each row's products are multiplied by.
#[derive(Debug)]
pub(super) struct Stack {
    /// (columns as the layout has them, rows)
    pub(super) trits: Tensor,
    /// Of equal parts of the rows, each of which has one scale: (1, parts). None where scales are
    /// parts of other things ([`Fold`]).
    pub(super) scales: Option<Tensor>,
    pub(super) layout: Layout,
}

/// A block.
#[derive(Debug)]
pub(super) struct Block {
    /// (dim)
    pub(super) attn_norm: Tensor,
    /// (dim)
    pub(super) attn_sub_norm: Tensor,
    /// (dim)
    pub(super) ffn_norm: Tensor,
    /// (ffn)
    pub(super) ffn_sub_norm: Tensor,
    /// Queries, keys and values: (dim, dim + 2 kv dim)
    pub(super) qkv: Stack,
    /// (dim, dim)
    pub(super) output: Stack,
    /// (dim, 2 ffn)
    pub(super) gate_up: Stack,
    /// (ffn, dim)
    pub(super) down: Stack,
    pub(super) fold: Fold,
}

/// What follows the last block.
#[derive(Debug)]
pub(super) struct LmHead {
    /// (dim)
    pub(super) norm: Tensor,
    /// (dim, rows), cut where a device takes no tensor so large.
    pub(super) pieces: Vec<Tensor>,
    /// Inputs that the core rounds together; 1 where it does not round.
    pub(super) block: usize,
}

/// All of a model but its embedding, whose rows are read on the processor.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) blocks: Vec<Block>,
    pub(super) head: LmHead,
}

/// Tensors of a block: four norms, four stacks of two.
pub(super) const OF_BLOCK: usize = 12;
/// Pieces of a head, at most.
pub(super) const PIECES_MAX: usize = 64;

/// The type of a head on a device.
pub(super) const fn head_type(format: RowFormat) -> Type {
    match format {
        RowFormat::F16 => Type::F16,
        RowFormat::Q8_0 => Type::Q8_0,
        RowFormat::Q6K => Type::Q6K,
        _ => Type::F32,
    }
}

impl Weights {
    /// Takes memory of the devices, and copies all weights there.
    ///
    /// # Errors
    /// When a device has too little memory, or none of the type of the head.
    pub(super) fn upload(
        model: &Model<'_>,
        homes: &Homes,
        activations: Activations,
        pool: &dyn Parallel,
    ) -> Result<Self> {
        let config = model.config();
        let contexts: Vec<Context> = homes
            .places
            .iter()
            .map(|_| Context::new(OF_BLOCK * config.layers + PIECES_MAX + 1, 0))
            .collect::<Result<_>>()?;
        let mut blocks = Vec::new();
        for (index, layer) in model.weights().layers.iter().enumerate() {
            let (context, layout) = homes.of(&contexts, index)?;
            let is_floats = activations == Activations::Floats;
            let fold = if is_floats { Fold::of(layer) } else { None };
            blocks.push(Block::describe(context, layout, config, fold)?);
        }
        let (context, device) = homes.head(&contexts)?;
        let head = LmHead::describe(context, device, config, &model.weights().head)?;
        for (context, place) in contexts.iter().zip(&homes.places) {
            if place.is_used {
                context.allocate(place.device)?;
                context.mark_weights();
            }
        }
        for (block, layer) in blocks.iter().zip(model.weights().layers) {
            block.upload(layer, pool)?;
        }
        head.upload(&model.weights().output_norm, &model.weights().head)?;
        Ok(Self { blocks, head })
    }
}

impl Stack {
    fn describe(
        context: &Context,
        layout: Layout,
        columns: usize,
        matrices: &[usize],
        is_scaled: bool,
    ) -> Result<Self> {
        let rows: usize = matrices.iter().sum();
        let trits = context.tensor(layout.kind, [layout.elements(columns), rows])?;
        let parts = parts(matrices);
        let scales = is_scaled.then(|| context.tensor(Type::F32, [1, parts])).transpose()?;
        Ok(Self { trits, scales, layout })
    }

    fn upload(&self, matrices: &[&Linear<'_>], pool: &dyn Parallel) -> Result<()> {
        let (mut offset, mut scales) = (0, Vec::new());
        for Linear { matrix, scale } in matrices {
            let packed = self.layout.pack(matrix, pool)?;
            self.trits.write(offset, &packed)?;
            offset += packed.len();
            scales.resize(scales.len() + matrix.rows() / self.part(), *scale);
        }
        self.scales.as_ref().map_or(Ok(()), |place| place.write_f32(&scales))
    }

    /// Rows of a part, which has one scale.
    pub(super) fn part(&self) -> usize {
        let [_, rows, ..] = self.trits.shape();
        let [_, parts, ..] = self.scales.as_ref().map_or([1; 4], Tensor::shape);
        (rows / parts.max(1)).max(1)
    }
}

/// Equal parts of the rows of a stack, each of which is of one matrix.
fn parts(matrices: &[usize]) -> usize {
    let part = matrices.iter().fold(0, |all, rows| gcd(all, *rows));
    matrices.iter().sum::<usize>() / part.max(1)
}

/// The most that a stack has.
pub(super) fn parts_max(config: &Config) -> usize {
    let kv_dim = config.kv_dim();
    parts(&[config.dim, kv_dim, kv_dim]).max(2)
}

/// The greatest common divisor (Euclid).
const fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Block {
    fn describe(
        context: &Context,
        layout: Layout,
        config: &Config,
        fold: Option<Fold>,
    ) -> Result<Self> {
        let Config { dim, ffn, .. } = *config;
        let norm = |columns| context.tensor(Type::F32, [columns]);
        let is_scaled = fold.is_none();
        let stack =
            |columns, rows: &[_]| Stack::describe(context, layout, columns, rows, is_scaled);
        let kv_dim = config.kv_dim();
        Ok(Self {
            attn_norm: norm(dim)?,
            attn_sub_norm: norm(dim)?,
            ffn_norm: norm(dim)?,
            ffn_sub_norm: norm(ffn)?,
            qkv: stack(dim, &[dim, kv_dim, kv_dim])?,
            output: stack(dim, &[dim])?,
            gate_up: stack(dim, &[ffn, ffn])?,
            down: stack(ffn, &[dim])?,
            fold: fold.unwrap_or(Fold::NONE),
        })
    }

    fn upload(&self, layer: &Layer<'_>, pool: &dyn Parallel) -> Result<()> {
        for (place, norm, factor) in [
            (&self.attn_norm, layer.attn_norm, self.fold.attn_norm),
            (&self.attn_sub_norm, layer.attn_sub_norm, self.fold.attn_sub_norm),
            (&self.ffn_norm, layer.ffn_norm, self.fold.ffn_norm),
            (&self.ffn_sub_norm, layer.ffn_sub_norm, self.fold.ffn_sub_norm),
        ] {
            place.write_f32(&norm.iter().map(|weight| weight * factor).collect::<Vec<_>>())?;
        }
        self.qkv.upload(&[&layer.q, &layer.k, &layer.v], pool)?;
        self.output.upload(&[&layer.output], pool)?;
        self.gate_up.upload(&[&layer.gate, &layer.up], pool)?;
        self.down.upload(&[&layer.down], pool)
    }
}

impl LmHead {
    fn describe(
        context: &Context,
        device: Device,
        config: &Config,
        rows: &Rows<'_>,
    ) -> Result<Self> {
        let kind = head_type(rows.format());
        let rows_each = piece_rows(device, kind, config)?;
        let mut pieces = Vec::new();
        for first in (0..config.vocab).step_by(rows_each) {
            let rows = rows_each.min(config.vocab - first);
            pieces.push(context.tensor(kind, [config.dim, rows])?);
        }
        let norm = context.tensor(Type::F32, [config.dim])?;
        Ok(Self { norm, pieces, block: rows.format().block() })
    }

    fn upload(&self, norm: &Vector<'_>, rows: &Rows<'_>) -> Result<()> {
        self.norm.write(0, norm.bytes())?;
        let mut rest = rows.bytes();
        for piece in &self.pieces {
            let (own, after) = rest.split_at_checked(piece.bytes()).unwrap_or((rest, &[]));
            piece.write(0, own)?;
            rest = after;
        }
        Ok(())
    }
}

/// Rows of the head that a device takes as one tensor.
fn piece_rows(device: Device, kind: Type, config: &Config) -> Result<usize> {
    if device.is_ternary() {
        return Ok(config.vocab);
    }
    for pieces in (0..).map(|power| 1_usize << power).take_while(|pieces| *pieces <= PIECES_MAX) {
        let rows = config.vocab.div_ceil(pieces);
        let context = Context::new(4, 0)?;
        let table = context.tensor(kind, [config.dim, rows])?;
        let input = context.tensor(Type::F32, [config.dim, 1])?;
        if device.supports(&context.mul_mat(&table, &input)?)? {
            return Ok(rows);
        }
    }
    Err(Error::unsupported(device, format!("does not multiply a head of the type {kind:?}")))
}
