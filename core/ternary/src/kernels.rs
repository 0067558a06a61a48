//! The products, by the instruction set that was chosen.

use core::ops::Range;

#[cfg(trine_neon)]
use crate::arch::aarch64;
#[cfg(trine_simd128)]
use crate::arch::wasm32;
#[cfg(target_arch = "x86_64")]
use crate::arch::x86_64;
use crate::error::{Error, exact};
use crate::float::ByRow;
#[cfg(not(target_os = "none"))]
use crate::float::InBlocks;
use crate::isa::Isa;
use crate::matrix::Matrix;
use crate::normed::{Norm, Pieces, quantize_normed};
#[cfg(not(target_os = "none"))]
use crate::packing::{PANEL_ROWS, Packing};
use crate::quantize::{Quantized, check_blocks, quantize_blocks_body, quantize_body};
use crate::rows::{RowInput, Rows, read_body};
use crate::scalar::Tokens;
use crate::{float, int8, scalar};

/// Calls a door of the instruction set that was chosen, or does what follows.
macro_rules! choose {
    ($self:ident, $module:ident::$function:ident($($argument:expr),*), $else:expr) => {
        match $self.isa() {
            #[cfg(target_arch = "x86_64")]
            $crate::isa::Isa::Avx512Vnni | $crate::isa::Isa::Avx512
            // SAFETY: `new` saw that the processor has the features of `Avx512Vnni`, which `Avx512`
            // and `Amx` have.
            | $crate::isa::Isa::Amx => unsafe {
                $crate::arch::x86_64::avx512::$module::$function($($argument),*)
            },
            // SAFETY: `new` saw that the processor has the features of `Avx2`, which `AvxVnni` has.
            #[cfg(target_arch = "x86_64")]
            $crate::isa::Isa::Avx2 | $crate::isa::Isa::AvxVnni => unsafe {
                $crate::arch::x86_64::avx2::$module::$function($($argument),*)
            },
            // SAFETY: `new` saw that the processor has the features of `DotProd`, which `I8mm` has.
            #[cfg(trine_neon)]
            $crate::isa::Isa::DotProd | $crate::isa::Isa::I8mm => unsafe {
                $crate::arch::aarch64::dotprod::$module::$function($($argument),*)
            },
            // SAFETY: `trine_neon` says that every processor of the target has NEON.
            #[cfg(trine_neon)]
            $crate::isa::Isa::Neon => unsafe {
                $crate::arch::aarch64::neon::$module::$function($($argument),*)
            },
            #[cfg(trine_simd128)]
            $crate::isa::Isa::Simd128 => $crate::arch::wasm32::$module::$function($($argument),*),
            _ => $else,
        }
    };
}

pub(crate) use choose;

/// Kernels of one instruction set. Every instruction set gives the same results to the bit.
///
/// ```
/// use trine_ternary::{Isa, Kernels};
///
/// let (best, plain) = (Kernels::best(), Kernels::scalar());
/// let x: Vec<f32> = (0..100).map(|at| 1.0 / at as f32).collect();
/// assert_eq!(best.sum(&x[1..]).to_bits(), plain.sum(&x[1..]).to_bits());
/// assert!(Isa::supported().any(|isa| isa == best.isa()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernels {
    isa: Isa,
}

impl Default for Kernels {
    fn default() -> Self {
        Self::best()
    }
}

impl Kernels {
    /// Those of `isa`; `None` when this processor cannot run them.
    #[must_use]
    pub fn new(isa: Isa) -> Option<Self> {
        isa.is_supported().then_some(Self { isa })
    }

    /// The fastest that this processor can run. It asks the processor, so keep the result.
    #[must_use]
    pub fn best() -> Self {
        Self { isa: Isa::best() }
    }

    /// Those in plain Rust.
    #[must_use]
    pub const fn scalar() -> Self {
        Self { isa: Isa::Scalar }
    }

    /// The instruction set.
    #[must_use]
    pub const fn isa(&self) -> Isa {
        self.isa
    }

    /// `out[r] = Σ t·q` of row `rows.start + r`, exactly. `q` is one token, as long as a row.
    ///
    /// # Errors
    /// When the rows do not exist, `q` is not as long as a row, or `out` as `rows`.
    pub fn gemv(
        &self,
        matrix: &Matrix<'_>,
        rows: Range<usize>,
        q: &[i8],
        out: &mut [i32],
    ) -> Result<(), Error> {
        self.gemm(matrix, rows, 1, q, out)
    }

    /// The same for `tokens` tokens at once. `q` has them one after the other, each as long as a
    /// row; `out[r · tokens + t]` is the sum of row `rows.start + r` and token `t`, so that the
    /// outputs of some rows are one piece of memory.
    ///
    /// # Errors
    /// When the rows do not exist, or a length is not as the dimensions say.
    pub fn gemm(
        &self,
        matrix: &Matrix<'_>,
        rows: Range<usize>,
        tokens: usize,
        q: &[i8],
        out: &mut [i32],
    ) -> Result<(), Error> {
        let tokens = Tokens { q, cols: matrix.cols(), count: tokens, in_blocks: false };
        self.products(matrix, rows, tokens, out)
    }

    /// The same with the sums in blocks of [`PANEL_ROWS`] rows, as panels make them:
    /// `out[(r / 32 · tokens + t) · 32 + r % 32]`, which takes less time than
    /// [`Self::gemm`] and [`Self::rescale_turned`].
    ///
    /// # Errors
    /// As there, where the rows are not whole blocks, and where the packing is not
    /// [`Packing::Panel2Bit`] or [`Packing::PanelBase3`].
    #[cfg(not(target_os = "none"))]
    pub fn gemm_blocks(
        &self,
        matrix: &Matrix<'_>,
        rows: Range<usize>,
        tokens: usize,
        q: &[i8],
        out: &mut [i32],
    ) -> Result<(), Error> {
        for row in [rows.start, rows.end] {
            if !row.is_multiple_of(PANEL_ROWS) {
                return Err(Error::Start { start: row, multiple: PANEL_ROWS });
            }
        }
        if !matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) {
            return Err(Error::Input);
        }
        let tokens = Tokens { q, cols: matrix.cols(), count: tokens, in_blocks: true };
        self.products(matrix, rows, tokens, out)
    }

    fn products(
        &self,
        matrix: &Matrix<'_>,
        rows: Range<usize>,
        tokens: Tokens<'_>,
        out: &mut [i32],
    ) -> Result<(), Error> {
        let count = tokens.count;
        check_rows(&rows, matrix.rows())?;
        exact(matrix.cols().checked_mul(count).ok_or(Error::Overflow)?, tokens.q.len())?;
        exact(rows.len().checked_mul(count).ok_or(Error::Overflow)?, out.len())?;
        match self.isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Amx if matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) => {
                // SAFETY: `new` saw that the processor has the features of `Amx`.
                unsafe { x86_64::amx::gemm(matrix, rows, tokens, out) }
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 if matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) => {
                // SAFETY: `new` saw that the processor has the features of `Avx512`.
                unsafe { x86_64::avx512::vbmi::gemm(matrix, rows, tokens, out) }
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni
                if matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) =>
            {
                // SAFETY: `new` saw that the processor has the features of `Avx512Vnni`.
                unsafe { x86_64::avx512::vnni::gemm(matrix, rows, tokens, out) }
            }
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni
                if matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) =>
            {
                // SAFETY: `new` saw that the processor has the features of `AvxVnni`.
                unsafe { x86_64::avxvnni::gemm(matrix, rows, tokens, out) }
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 | Isa::AvxVnni | Isa::Avx512Vnni | Isa::Avx512 | Isa::Amx
                if x86_64::avx2::has(matrix.packing()) =>
            {
                // SAFETY: as above; all of them have what `Avx2` has.
                unsafe { x86_64::avx2::gemm(matrix, rows, tokens, out) }
            }
            #[cfg(trine_neon)]
            Isa::I8mm if aarch64::has(matrix.packing()) => {
                // SAFETY: `new` saw that the processor has the features of `I8mm`.
                unsafe { aarch64::gemm_i8mm(matrix, rows, tokens, out) }
            }
            #[cfg(trine_neon)]
            Isa::DotProd if aarch64::has(matrix.packing()) => {
                // SAFETY: `new` saw that the processor has the features of `DotProd`.
                unsafe { aarch64::dotprod::gemm(matrix, rows, tokens, out) }
            }
            #[cfg(trine_neon)]
            Isa::Neon if aarch64::has(matrix.packing()) => {
                // SAFETY: `trine_neon` says that every processor of the target has NEON.
                unsafe { aarch64::neon::gemm(matrix, rows, tokens, out) }
            }
            #[cfg(trine_simd128)]
            Isa::Simd128 if wasm32::has(matrix.packing()) => {
                wasm32::gemm(matrix, rows, tokens, out);
            }
            _ => scalar::gemm(matrix, rows, tokens, out),
        }
        Ok(())
    }

    /// `out[r]` = row `rows.start + r` times the activations, added in the order of
    /// [`scalar::dot_floats`] or [`scalar::dot_blocks`].
    ///
    /// # Errors
    /// When the rows do not exist, the activations are not what the format takes, or a length is
    /// not as the dimensions say.
    pub fn project(
        &self,
        weights: &Rows<'_>,
        rows: Range<usize>,
        input: RowInput<'_>,
        out: &mut [f32],
    ) -> Result<(), Error> {
        check_rows(&rows, weights.rows())?;
        exact(rows.len(), out.len())?;
        match input {
            RowInput::Floats(x) if !weights.format().is_integer() => {
                exact(weights.cols(), x.len())?;
                choose!(self, rows::floats(weights, rows, x, out), {
                    scalar::floats(weights, rows, x, out);
                });
            }
            RowInput::Blocks { q, scales } if weights.format().is_integer() => {
                exact(weights.cols(), q.len())?;
                exact(weights.cols() / weights.format().block(), scales.len())?;
                choose!(self, rows::blocks(weights, rows, q, scales, out), {
                    scalar::blocks(weights, rows, q, scales, out);
                });
            }
            _ => return Err(Error::Input),
        }
        Ok(())
    }

    /// The same for several tokens, one after the other in `input`; `out` is (tokens, rows), and
    /// each token's numbers are those of [`Self::project`]. Rows come from memory but once.
    ///
    /// # Errors
    /// As there, and where the activations are not those of whole tokens.
    #[cfg(not(target_os = "none"))]
    pub fn project_each(
        &self,
        weights: &Rows<'_>,
        rows: Range<usize>,
        input: RowInput<'_>,
        out: &mut [f32],
    ) -> Result<(), Error> {
        /// Rows that stay near while all tokens have their products with them.
        const NEAR: usize = 32;
        let (cols, count) = (weights.cols().max(1), rows.len());
        check_rows(&rows, weights.rows())?;
        let tokens = input.len() / cols;
        exact(cols.checked_mul(tokens).ok_or(Error::Overflow)?, input.len())?;
        exact(count.checked_mul(tokens).ok_or(Error::Overflow)?, out.len())?;
        if let (RowInput::Blocks { q, scales }, true) = (input, weights.format().is_integer()) {
            exact(q.len() / weights.format().block(), scales.len())?;
        }
        #[cfg(target_arch = "x86_64")]
        if let (
            Isa::Avx512Vnni | Isa::Avx512 | Isa::Amx,
            crate::RowFormat::Q6K,
            RowInput::Blocks { q, scales },
        ) = (self.isa, weights.format(), input)
        {
            // SAFETY: `new` saw that the processor has the features.
            unsafe { x86_64::avx512::rows_each::blocks(weights, rows, (q, scales), out) };
            return Ok(());
        }
        for from in (0..count).step_by(NEAR) {
            let to = count.min(from + NEAR);
            for (token, out) in out.chunks_exact_mut(count.max(1)).enumerate() {
                let out = out.get_mut(from..to).unwrap_or_default();
                let some = rows.start + from..rows.start + to;
                self.project(weights, some, input.token(token, cols), out)?;
            }
        }
        Ok(())
    }

    /// [`Rows::read`], with the same result.
    ///
    /// # Errors
    /// As there.
    pub fn read(&self, weights: &Rows<'_>, row: usize, out: &mut [f32]) -> Result<(), Error> {
        weights.readable(row, out)?;
        choose!(self, rows::read(weights, row, out), read_body(weights, row, out, float::widen));
        Ok(())
    }

    /// [`quantize`](crate::quantize()), with the same result.
    ///
    /// # Errors
    /// As there.
    pub fn quantize(&self, x: &[f32], q: &mut [i8]) -> Result<Quantized, Error> {
        exact(x.len(), q.len())?;
        Ok(choose!(self, float::quantize(x, q), quantize_body(x, q)))
    }

    /// [`Self::quantize`] of `x / rms(x) · weight`, the mean square being raised by `epsilon`
    /// (Zhang and Sennrich, 2019). The bytes of `weight` are numbers of single precision, the
    /// lowest byte first. It answers [`Quantized::scale`]; the sum of codes is not made.
    ///
    /// # Errors
    /// When `q` or `weight` has not a number for each of `x`.
    ///
    /// ```
    /// use trine_ternary::{Kernels, Pieces};
    ///
    /// let (x, ones, mut q) = ([3.0, -4.0], [1.0_f32; 2].map(f32::to_le_bytes), [0; 2]);
    /// Kernels::best().quantize_normed(ones.as_flattened(), 0.0, Pieces::whole(&x), &mut q)?;
    /// assert_eq!(q, [95, -127]);
    /// # Ok::<(), trine_ternary::Error>(())
    /// ```
    pub fn quantize_normed(
        &self,
        weight: &[u8],
        epsilon: f32,
        x: Pieces<'_>,
        q: &mut [i8],
    ) -> Result<f32, Error> {
        let norm = Norm::new(weight, epsilon, x, q)?;
        Ok(choose!(self, float::quantize_normed(norm, q), quantize_normed(norm, q)))
    }

    /// [`quantize_blocks`](crate::quantize_blocks()), with the same result.
    ///
    /// # Errors
    /// As there.
    pub fn quantize_blocks(
        &self,
        x: &[f32],
        block: usize,
        q: &mut [i8],
        scales: &mut [f32],
    ) -> Result<(), Error> {
        check_blocks(x, block, q, scales)?;
        choose!(self, float::quantize_blocks(x, block, q, scales), {
            quantize_blocks_body(x, block, q, scales);
        });
        Ok(())
    }
}

fn check_rows(rows: &Range<usize>, have: usize) -> Result<(), Error> {
    if rows.start <= rows.end && rows.end <= have {
        Ok(())
    } else {
        Err(Error::Range { end: rows.end.max(rows.start), rows: have })
    }
}

/// Float helpers, in the order that [`float`](crate::float) defines.
impl Kernels {
    /// `Σ a·b`.
    #[must_use]
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn dot(&self, a: &[f32], b: &[f32]) -> f32 {
        #[cfg(trine_fpu)]
        return crate::arch::thumb::dot(a, b);
        #[cfg(not(trine_fpu))]
        choose!(self, float::dot(a, b), float::dot(a, b))
    }

    /// `Σ a·b` with b in half precision.
    #[must_use]
    pub fn dot_f16(&self, a: &[f32], b: &[u16]) -> f32 {
        #[cfg(trine_fpu)]
        return crate::arch::thumb::dot_f16(a, b);
        #[cfg(not(trine_fpu))]
        choose!(self, float::dot_f16(a, b), float::dot_f16(a, b, float::widen))
    }

    /// `Σ a`.
    #[must_use]
    pub fn sum(&self, a: &[f32]) -> f32 {
        choose!(self, float::sum(a), float::sum(a))
    }

    /// `Σ a²`.
    #[must_use]
    pub fn sum_of_squares(&self, a: &[f32]) -> f32 {
        self.dot(a, a)
    }

    /// `y += factor · x`.
    pub fn axpy(&self, factor: f32, x: &[f32], y: &mut [f32]) {
        choose!(self, float::axpy(factor, x, y), float::axpy(factor, x, y));
    }

    /// `y += factor · x` with x in half precision.
    pub fn axpy_f16(&self, factor: f32, x: &[u16], y: &mut [f32]) {
        #[cfg(trine_fpu)]
        crate::arch::thumb::axpy_f16(factor, x, y);
        #[cfg(not(trine_fpu))]
        choose!(self, float::axpy_f16(factor, x, y), float::axpy_f16(factor, x, y, float::widen));
    }

    /// `y += x`.
    pub fn add(&self, x: &[f32], y: &mut [f32]) {
        choose!(self, float::add(x, y), float::add(x, y));
    }

    /// `y *= x`.
    pub fn multiply(&self, x: &[f32], y: &mut [f32]) {
        choose!(self, float::multiply(x, y), float::multiply(x, y));
    }

    /// `y *= factor`.
    pub fn scale(&self, factor: f32, y: &mut [f32]) {
        choose!(self, float::scale(factor, y), float::scale(factor, y));
    }

    /// `y = (x · factor) · weight`, as a norm ends.
    pub fn scale_by(&self, factor: f32, weight: &[f32], x: &[f32], y: &mut [f32]) {
        choose!(self, float::scale_by(factor, weight, x, y), float::scale_by(factor, weight, x, y));
    }

    /// `y *= max(x, 0)²`, BitNet's feed-forward gate x on the up-projection y.
    pub fn relu_squared(&self, x: &[f32], y: &mut [f32]) {
        choose!(self, float::relu_squared(x, y), float::relu_squared(x, y));
    }

    /// Turns each head, which is as long as `rotation`: its elements `i` and `i + half` together,
    /// by the angle whose cosine is `rotation[i]` and whose sine is `rotation[i + half]`. Elements
    /// behind the last whole head stay as they are.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn rotate(&self, rotation: &[f32], heads: &mut [f32]) {
        choose!(self, float::rotate(rotation, heads), float::rotate(rotation, heads));
    }

    /// `y = f32(x) · factor`, which gives an integer product its scales.
    pub fn rescale(&self, factor: f32, x: &[i32], y: &mut [f32]) {
        choose!(self, float::rescale(factor, x, y), float::rescale(factor, x, y));
    }

    /// The same for some tokens with a factor each, whose products are by row and become by token:
    /// `y[t · stride + r] = f32(x[r · step + t]) · factors[t]`. What is not in `x` counts as 0 or
    /// leaves `y` as it is.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn rescale_turned(&self, factors: &[f32], x: ByRow<'_>, y: &mut [f32], stride: usize) {
        choose!(
            self,
            float::rescale_turned(factors, x, y, stride),
            float::rescale_turned(factors, x, y, stride, float::turn, |_| ())
        );
    }

    /// The same of products in blocks ([`Self::gemm_blocks`]), from the first token that has a
    /// factor on: `y[t · stride + r] = f32(x[(r / 32 · tokens + t) · 32 + r % 32]) · factors[t]`.
    #[cfg(not(target_os = "none"))]
    pub fn rescale_blocks(&self, factors: &[f32], x: InBlocks<'_>, y: &mut [f32], stride: usize) {
        choose!(
            self,
            float::rescale_blocks(factors, x, y, stride),
            float::rescale_blocks(factors, x, y, stride)
        );
    }

    /// `y = x` of half precision.
    pub fn from_f16(&self, x: &[u16], y: &mut [f32]) {
        choose!(self, float::from_f16(x, y), float::from_f16(x, y, float::widen));
    }

    /// `y = x` in half precision, ties to even.
    pub fn to_f16(&self, x: &[f32], y: &mut [u16]) {
        choose!(self, float::to_f16(x, y), float::to_f16(x, y, float::narrow));
    }
}

/// Products with rows of int8, as [`int8`](crate::int8) has them.
// Where flash is short there is one of each.
impl Kernels {
    /// The largest magnitude of `x`; what is no number is passed over.
    #[must_use]
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn greatest(&self, x: &[f32]) -> f32 {
        choose!(self, float::greatest(x), int8::greatest(x))
    }

    /// `codes = x · factor` to the nearest integer, ties to even; what is then beyond
    /// [`int8::QUANTIZED_MAX`], or no number, becomes 0.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn quantize_i16(&self, factor: f32, x: &[f32], codes: &mut [i16]) {
        choose!(self, float::quantize_i16(factor, x, codes), int8::quantize_i16(factor, x, codes));
    }

    /// `scores[r] += Σ codes·row r`, where rows begin `width` apart.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn dots(&self, codes: &[i16], rows: &[i8], width: usize, scores: &mut [f32]) {
        choose!(self, float::dots(codes, rows, width, scores), {
            int8::dots(codes, rows, width, scores);
        });
    }

    /// `out[j] += step · Σ codes[r]·(row r)[j]`, where rows begin `width` apart.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn mix(&self, codes: &[i16], rows: &[i8], width: usize, step: f32, out: &mut [f32]) {
        choose!(self, float::mix(codes, rows, width, step, out), {
            int8::mix(codes, rows, width, step, out);
        });
    }
}
