//! Ternary matrices in types that a backend has, such that its sums are exact.
//!
//! A product of a code in -127..=127 and a trit, summed over a row, is an integer below 2²⁴, so
//! single precision holds every partial sum, in any order. What can go wrong is that a backend
//! rounds the codes: those that want them as bytes scale each block of them by its greatest
//! magnitude. There one lane of each block is given up: it holds 127 where the weight is 0, so
//! that the scale is 1 and every code stays what it is.

use half::f16;
use trine_bits::Random;
use trine_infer::weights::repack_matrix;
use trine_ternary::parallel::{Parallel, for_each_chunk};
use trine_ternary::{Matrix, Packing, pack};

use super::options::Activations;
use super::words;
use crate::backend::{Backend, Context, Error, Graph, Result, Scheduler, Tensor, Type};

/// How trits lie on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) kind: Type,
    /// Lanes of which the last one holds 127; 0 where none does.
    sentinel: usize,
    /// Whether a single token takes parts of the rows as it would take experts of a mixture: what
    /// each of them is multiplied by is then no operation of its own.
    pub(crate) by_parts: bool,
}

/// What our own backend takes, whose products are integers in themselves.
const WORDS: Layout = Layout::new(Type::I8, 0);

/// What is tried, the smallest first.
const LAYOUTS: [Layout; 6] = [
    Layout::new(Type::Tq2_0, 0),
    Layout::new(Type::Tq2_0, 256),
    Layout::new(Type::Q2_0, 0),
    Layout::new(Type::Q2_0, 32),
    Layout::new(Type::F16, 0),
    Layout::new(Type::F32, 0),
];

impl Layout {
    pub(super) const fn new(kind: Type, sentinel: usize) -> Self {
        Self { kind, sentinel, by_parts: false }
    }

    /// The smallest one in which this backend's sums of codes are those of integers, for one
    /// token and for many; for floats, the smallest one that it multiplies.
    ///
    /// # Errors
    /// When there is none, or the device fails.
    pub(crate) fn of(backend: Backend, threads: usize, activations: Activations) -> Result<Self> {
        let device = backend.device();
        if device.is_ternary() {
            return match activations {
                Activations::Int8 => Ok(WORDS),
                Activations::Floats => Err(Error::unsupported(
                    device,
                    "computes with codes alone: leave out --activations floats, or name another \
                     backend",
                )),
            };
        }
        let mut backends = vec![backend];
        if device != crate::Device::cpu()? {
            backends.push(Backend::open(crate::Device::cpu()?, threads)?);
        }
        let mut scheduler = Scheduler::new(backends, NODES)?;
        let is_exact = activations == Activations::Int8;
        for layout in LAYOUTS.into_iter().filter(|layout| is_exact || layout.sentinel == 0) {
            if !is_exact {
                let (weights, codes) = (vec![0; layout.bytes(1, COLUMNS)], vec![0; COLUMNS]);
                let found =
                    layout.product(device, &mut scheduler, &weights, &codes, (1, COLUMNS))?;
                if found.is_some() {
                    return Ok(layout);
                }
            } else if layout.is_exact(device, &mut scheduler, &[1, MANY])? {
                // Vulkan's backend alone computes such a product and its factors at once.
                let parts = Self { by_parts: true, ..layout };
                let by_parts =
                    device.is_of("vulkan") && parts.is_exact(device, &mut scheduler, &[1])?;
                return Ok(Self { by_parts, ..layout });
            }
        }
        let how = if is_exact { " exactly" } else { "" };
        Err(Error::unsupported(device, format!("multiplies no trits{how}")))
    }

    /// Weights of a block.
    const fn block(self) -> usize {
        match self.kind {
            Type::Tq2_0 => 256,
            Type::Q2_0 => 64,
            Type::I8 => words::ALIGNED,
            _ => 1,
        }
    }

    /// What is stored together, and how many of them are of the matrix.
    const fn group(self) -> (usize, usize) {
        match self.sentinel {
            0 => (self.block(), self.block()),
            lanes => (lanes, lanes - 1),
        }
    }

    /// The name of the type, and what is added to it.
    pub(crate) const fn name(self) -> &'static str {
        match (self.kind, self.sentinel) {
            (Type::Tq2_0, 0) => "TQ2_0",
            (Type::Tq2_0, _) => "TQ2_0, a lane of 256 kept free",
            (Type::Q2_0, 0) => "Q2_0",
            (Type::Q2_0, _) => "Q2_0, a lane of 32 kept free",
            (Type::F16, _) => "F16",
            (Type::I8, _) => "two bits",
            _ => "F32",
        }
    }

    /// Columns that a matrix of so many has on the device.
    pub(crate) const fn columns(self, columns: usize) -> usize {
        let (group, own) = self.group();
        (columns.div_ceil(own) * group).next_multiple_of(self.block())
    }

    /// Bytes of a matrix.
    pub(crate) const fn bytes(self, rows: usize, columns: usize) -> usize {
        let columns = self.columns(columns);
        rows * match self.kind {
            Type::Tq2_0 => columns / 256 * 66,
            Type::Q2_0 => columns / 64 * 18,
            Type::I8 => words::row_bytes(columns),
            Type::F16 => columns * 2,
            _ => columns * 4,
        }
    }

    /// Elements of a row of a tensor of such a matrix.
    pub(crate) const fn elements(self, columns: usize) -> usize {
        match self.kind {
            Type::I8 => words::row_bytes(columns),
            _ => self.columns(columns),
        }
    }

    /// Whether it is our own backend's.
    pub(crate) fn is_own(self) -> bool {
        self == WORDS
    }

    /// Groups of lanes of a row.
    pub(crate) const fn groups(self, columns: usize) -> usize {
        self.columns(columns) / self.group().0
    }

    /// Codes, (columns, tokens), as this layout's matrices take them. `ones` holds 127 as often as
    /// there are groups in all rows.
    pub(crate) fn arrange(self, graph: &Context, codes: &Tensor, ones: &Tensor) -> Result<Tensor> {
        let [columns, tokens, ..] = codes.shape();
        let ((group, own), groups) = (self.group(), self.groups(columns));
        let zeros = own * groups - columns;
        let codes = if zeros > 0 { graph.pad(codes, zeros)? } else { codes.clone() };
        if self.sentinel == 0 {
            return Ok(codes);
        }
        let codes = graph.reshape(&codes, [own, groups, tokens])?;
        let ones = graph.view(ones, [1, groups, tokens], [4, 4 * groups], 0)?;
        graph.reshape(&graph.concat(&codes, &ones)?, [group * groups, tokens, 1])
    }

    /// A matrix in this layout, its scale left out.
    pub(crate) fn pack(self, matrix: &Matrix<'_>, pool: &dyn Parallel) -> Result<Vec<u8>> {
        let (rows, columns) = (matrix.rows(), matrix.cols());
        let wide = self.columns(columns);
        if self.is_own() {
            return Ok(words::pack(matrix, pool)?);
        }
        let mut out = vec![0; self.bytes(rows, columns)];
        if self.kind == Type::Tq2_0 && wide == columns {
            repack_matrix(matrix, Packing::Tq2_0, &mut out, pool)?;
            return Ok(out);
        }
        // Threads share the rows, which are taken from words: those are made by vectors.
        let (words, row) = (words::pack(matrix, pool)?, self.bytes(1, columns));
        for_each_chunk(pool, &mut out, row * TOGETHER, &|index, out| {
            let (mut trits, mut lanes) = (vec![0; columns], vec![0; wide]);
            let own = words.chunks_exact(words::row_bytes(columns)).skip(index * TOGETHER);
            for (own, out) in own.zip(out.chunks_exact_mut(row)) {
                words::unpack_row(own, &mut trits);
                self.spread(&trits, &mut lanes);
                let done = self.pack_row(&lanes, out);
                debug_assert!(done.is_ok(), "rows have whole blocks");
            }
        });
        Ok(out)
    }

    /// Trits in the lanes that are not kept free.
    fn spread(self, trits: &[i8], lanes: &mut [i8]) {
        let (group, own) = self.group();
        for (trits, lanes) in trits.chunks(own).zip(lanes.chunks_mut(group)) {
            for (trit, lane) in trits.iter().zip(lanes) {
                *lane = *trit;
            }
        }
    }

    /// A row of lanes in bytes.
    fn pack_row(
        self,
        lanes: &[i8],
        out: &mut [u8],
    ) -> std::result::Result<(), trine_ternary::Error> {
        match self.kind {
            Type::Tq2_0 => return pack(Packing::Tq2_0, 1, lanes.len(), lanes, out),
            Type::Q2_0 => pack_q2_0(lanes, out),
            Type::F16 => {
                for (lane, place) in lanes.iter().zip(out.as_chunks_mut::<2>().0) {
                    *place = f16::from_f32(f32::from(*lane)).to_le_bytes();
                }
            }
            _ => {
                for (lane, place) in lanes.iter().zip(out.as_chunks_mut::<4>().0) {
                    *place = f32::from(*lane).to_le_bytes();
                }
            }
        }
        Ok(())
    }

    /// Whether products of trits and so many codes are, on a device, those of integers.
    fn is_exact(
        self,
        device: crate::Device,
        scheduler: &mut Scheduler,
        counts: &[usize],
    ) -> Result<bool> {
        let mut random = Random::new(7);
        let trits: Vec<i8> = (0..ROWS * COLUMNS).map(|_| random.below(3) as i8 - 1).collect();
        let mut packed = vec![0; Packing::Panel2Bit.bytes(ROWS, COLUMNS).unwrap_or(0)];
        pack(Packing::Panel2Bit, ROWS, COLUMNS, &trits, &mut packed)?;
        let matrix = Matrix::new(Packing::Panel2Bit, ROWS, COLUMNS, &packed)?;
        let weights = self.pack(&matrix, &trine_ternary::parallel::Serial)?;
        for tokens in counts {
            let codes: Vec<i8> =
                (0..tokens * COLUMNS).map(|_| (random.bits() as i8).max(-127)).collect();
            let Some(sums) = self.product(device, scheduler, &weights, &codes, (ROWS, COLUMNS))?
            else {
                return Ok(false);
            };
            for (token, sums) in codes.chunks_exact(COLUMNS).zip(sums.chunks_exact(ROWS)) {
                for (row, sum) in trits.chunks_exact(COLUMNS).zip(sums) {
                    let products =
                        row.iter().zip(token).map(|(t, q)| i32::from(*t) * i32::from(*q));
                    if products.sum::<i32>() as f32 != *sum {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Products of one token with equal parts of a matrix' rows, as many as `at` has numbers: (rows
    /// of a part, parts).
    pub(crate) fn parts(
        self,
        graph: &Context,
        matrix: &Tensor,
        arranged: &Tensor,
        at: &Tensor,
    ) -> Result<Tensor> {
        let ([columns, rows, ..], [parts, ..]) = (matrix.shape(), at.shape());
        let stack = graph.reshape(matrix, [columns, rows / parts.max(1), parts])?;
        graph.mul_mat_of(&stack, arranged, at)
    }

    /// The sums of a matrix that this layout has packed, row after row of each token; `None` when
    /// the device has no such product.
    pub(super) fn product(
        self,
        device: crate::Device,
        scheduler: &mut Scheduler,
        weights: &[u8],
        codes: &[i8],
        (rows, columns): (usize, usize),
    ) -> Result<Option<Vec<f32>>> {
        let tokens = codes.len() / columns;
        let inputs = Context::new(5, 0)?;
        let matrix = inputs.tensor(self.kind, [self.columns(columns), rows])?;
        let numbers = inputs.tensor(Type::F32, [columns, tokens])?;
        let ones = inputs.tensor(Type::F32, [self.groups(columns) * tokens])?;
        let at = inputs.tensor(Type::I32, [PARTS])?;
        let out = inputs.tensor(Type::F32, [rows, tokens])?;
        let context = Context::new(NODES, NODES)?;
        let arranged = self.arrange(&context, &numbers, &ones)?;
        let product = if self.by_parts && tokens == 1 {
            self.parts(&context, &matrix, &arranged, &at)?
        } else {
            context.mul_mat(&matrix, &arranged)?
        };
        if !device.supports(&product)? {
            return Ok(None);
        }
        inputs.allocate(device)?;
        inputs.mark_weights();
        matrix.write(0, weights)?;
        numbers.write_f32(&codes.iter().map(|code| f32::from(*code)).collect::<Vec<_>>())?;
        ones.write_f32(&vec![127.0; self.groups(columns) * tokens])?;
        at.write_whole(0..PARTS)?;
        let graph = Graph::new(&context, NODES)?;
        graph.add(&context.cpy(&product, &out)?)?;
        scheduler.take(graph)?;
        scheduler.compute()?;
        let mut sums = vec![0.0; rows * tokens];
        out.read_f32(&mut sums)?;
        Ok(Some(sums))
    }
}

/// Rows that a thread packs at a time.
const TOGETHER: usize = 16;
/// The matrix that is tried: not a multiple of any block, and so long that half precision would
/// round its sums.
const ROWS: usize = 96;
/// Equal parts of its rows.
const PARTS: usize = 4;
const COLUMNS: usize = 1000;
/// Tokens that go another way than one does.
const MANY: usize = 16;
/// Operations of a graph that is tried, at most.
const NODES: usize = 32;

/// ggml's `Q2_0`: blocks of 64: a half-precision scale, here 1, and 16 bytes with four codes each,
/// the first in the lowest bits.
fn pack_q2_0(trits: &[i8], out: &mut [u8]) {
    for (trits, block) in trits.as_chunks::<64>().0.iter().zip(out.as_chunks_mut::<18>().0) {
        let (scale, codes) = block.split_at_mut(2);
        scale.copy_from_slice(&f16::ONE.to_le_bytes());
        for (four, byte) in trits.as_chunks::<4>().0.iter().zip(codes) {
            let code = |trit: i8| (trit + 1).cast_unsigned();
            *byte = four.iter().rev().fold(0, |byte, trit| byte << 2 | code(*trit));
        }
    }
}
