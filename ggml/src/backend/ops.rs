//! Operations: each makes the description of a tensor that a graph will compute.
//!
//! Shapes are written with the innermost dimension first, as ggml has them. ggml ends the process
//! on shapes that do not fit each other; those of the engine come from a checked configuration.

use llama_cpp_sys_2 as sys;

use super::{Context, Result, Tensor, Type};

fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// Operations of one tensor.
macro_rules! of_one {
    ($($(#[$doc:meta])* $name:ident = $function:ident;)*) => {
        impl Context {
            $($(#[$doc])*
            pub(crate) fn $name(&self, a: &Tensor) -> Result<Tensor> {
                self.take()?;
                self.keep(a);
                // SAFETY: the context has room for the result, and keeps the operand's.
                self.wrap(unsafe { sys::$function(self.raw(), a.raw()) })
            })*
        }
    };
}

/// Operations of two tensors.
macro_rules! of_two {
    ($($(#[$doc:meta])* $name:ident = $function:ident;)*) => {
        impl Context {
            $($(#[$doc])*
            pub(crate) fn $name(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
                self.take()?;
                self.keep(a);
                self.keep(b);
                // SAFETY: the context has room for the result, and keeps the operands'.
                self.wrap(unsafe { sys::$function(self.raw(), a.raw(), b.raw()) })
            })*
        }
    };
}

of_one! {
    /// Magnitudes.
    abs = ggml_abs;
    /// Where the greatest number of each row is.
    argmax = ggml_argmax;
    /// The same numbers side by side.
    cont = ggml_cont;
    /// The first and second dimension in each other's place.
    transpose = ggml_transpose;
    /// The sum of each row: (1, rows)
    sum_rows = ggml_sum_rows;
    /// Squares.
    sqr = ggml_sqr;
    /// Square roots.
    sqrt = ggml_sqrt;
    /// The numbers above 0, and 0 for all others.
    relu = ggml_relu;
}

of_two! {
    /// Sums; the second is repeated.
    add = ggml_add;
    /// Differences; the second is repeated.
    sub = ggml_sub;
    /// Products; the second is repeated.
    mul = ggml_mul;
    /// Quotients; the second is repeated.
    div = ggml_div;
    /// `b` where `a` is positive, times `a`; else 0.
    relu_times = ggml_reglu_split;
    /// `a / (1 + exp(-a)) * b`.
    silu_times = ggml_swiglu_split;
    /// The rows of `a` that `b` names.
    get_rows = ggml_get_rows;
    /// `a` written to where `b` lies.
    cpy = ggml_cpy;
}

impl Context {
    /// Each row of `a` times each row of `b`: (k, n) and (k, m) make (n, m). Sums are in single
    /// precision, whatever the device would rather do.
    pub(crate) fn mul_mat(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        let product = self.mul_mat_freely(a, b)?;
        // SAFETY: the tensor is a product, made just now.
        unsafe { sys::ggml_prec_set_acc(product.raw(), sys::GGML_PREC_F32) };
        Ok(product)
    }

    /// The same with sums as the device would rather have them, which is half precision on some.
    pub(crate) fn mul_mat_freely(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        self.keep(b);
        // SAFETY: the context has room for the result, and keeps the operands'.
        self.wrap(unsafe { sys::ggml_mul_mat(self.raw(), a.raw(), b.raw()) })
    }

    /// The parts of a stack (k, n, parts) that `at` names, (count) integers, each times the
    /// same row (k, 1): (n, count). It is ggml's product of a mixture's experts, and has no choice
    /// of the sums' precision.
    pub(crate) fn mul_mat_of(&self, stack: &Tensor, row: &Tensor, at: &Tensor) -> Result<Tensor> {
        self.take()?;
        for tensor in [stack, row, at] {
            self.keep(tensor);
        }
        // SAFETY: the context has room for the result, and keeps the operands'.
        self.wrap(unsafe { sys::ggml_mul_mat_id(self.raw(), stack.raw(), row.raw(), at.raw()) })
    }

    /// Rows divided by their root mean square, which `epsilon` raises.
    pub(crate) fn rms_norm(&self, a: &Tensor, epsilon: f32) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        // SAFETY: the context has room for the result, and keeps the operand's.
        self.wrap(unsafe { sys::ggml_rms_norm(self.raw(), a.raw(), epsilon) })
    }

    /// Numbers within bounds. It changes `a` in place.
    pub(crate) fn clamp(&self, a: &Tensor, least: f32, most: f32) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_clamp(self.raw(), a.raw(), least, most) })
    }

    /// `a * factor + bias`.
    pub(crate) fn scale(&self, a: &Tensor, factor: f32, bias: f32) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_scale_bias(self.raw(), a.raw(), factor, bias) })
    }

    /// `softmax(a * factor + mask)` of each row.
    pub(crate) fn soft_max(&self, a: &Tensor, mask: &Tensor, factor: f32) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        self.keep(mask);
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_soft_max_ext(self.raw(), a.raw(), mask.raw(), factor, 0.0) })
    }

    /// Attention in one operation: queries (width, tokens, heads) with keys and values (width,
    /// seen, kv heads) make (width, heads, tokens). Sums are asked for in single precision; the
    /// mask is in half precision.
    pub(crate) fn attention(
        &self,
        [queries, keys, values, mask]: [&Tensor; 4],
        factor: f32,
    ) -> Result<Tensor> {
        self.take()?;
        for tensor in [queries, keys, values, mask] {
            self.keep(tensor);
        }
        let (graph, mask) = (self.raw(), mask.raw());
        // SAFETY: as above.
        let mixed = unsafe {
            sys::ggml_flash_attn_ext(
                graph,
                queries.raw(),
                keys.raw(),
                values.raw(),
                mask,
                factor,
                0.0,
                0.0,
            )
        };
        let mixed = self.wrap(mixed)?;
        // SAFETY: the tensor is of an operation that has a precision, made just now.
        unsafe { sys::ggml_prec_set_acc(mixed.raw(), sys::GGML_PREC_F32) };
        Ok(mixed)
    }

    /// Turns heads, (width, heads, tokens), by their positions, (tokens): the elements `i` and
    /// `i + width / 2` by `position * base^(-2i / width)`, divided by the `i`th of `divisors` if
    /// there are any.
    pub(crate) fn rope(
        &self,
        heads: &Tensor,
        positions: &Tensor,
        divisors: Option<&Tensor>,
        base: f32,
    ) -> Result<Tensor> {
        self.take()?;
        for tensor in [heads, positions].into_iter().chain(divisors) {
            self.keep(tensor);
        }
        let [width, ..] = heads.shape();
        let width = i32::try_from(width).unwrap_or(i32::MAX);
        let divisors = divisors.map_or(std::ptr::null_mut(), Tensor::raw);
        // SAFETY: as above.
        self.wrap(unsafe {
            sys::ggml_rope_ext(
                self.raw(),
                heads.raw(),
                positions.raw(),
                divisors,
                width,
                sys::LLAMA_ROPE_TYPE_NEOX,
                0,
                base,
                1.0,
                0.0,
                1.0,
                0.0,
                0.0,
            )
        })
    }

    /// `b` after `a` in the innermost dimension.
    pub(crate) fn concat(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        self.keep(b);
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_concat(self.raw(), a.raw(), b.raw(), 0) })
    }

    /// `a` with its rows `at` replaced by those of `b`.
    pub(crate) fn set_rows(&self, a: &Tensor, b: &Tensor, at: &Tensor) -> Result<Tensor> {
        self.take()?;
        for tensor in [a, b, at] {
            self.keep(tensor);
        }
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_set_rows(self.raw(), a.raw(), b.raw(), at.raw()) })
    }

    /// Rows with so many zeros after each.
    pub(crate) fn pad(&self, a: &Tensor, zeros: usize) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        let zeros = i32::try_from(zeros).unwrap_or(i32::MAX);
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_pad(self.raw(), a.raw(), zeros, 0, 0, 0) })
    }

    /// `a` again and again to this shape.
    pub(crate) fn repeat(&self, a: &Tensor, shape: [usize; 3]) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        let [x, y, z] = shape.map(signed);
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_repeat_4d(self.raw(), a.raw(), x, y, z, 1) })
    }

    /// The same numbers in another type.
    pub(crate) fn cast(&self, a: &Tensor, kind: Type) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_cast(self.raw(), a.raw(), kind.id()) })
    }

    /// The same numbers in another shape.
    pub(crate) fn reshape(&self, a: &Tensor, shape: [usize; 3]) -> Result<Tensor> {
        let [x, y, z] = shape;
        self.reshape_4d(a, [x, y, z, 1])
    }

    /// The same numbers in another shape of four dimensions.
    pub(crate) fn reshape_4d(&self, a: &Tensor, shape: [usize; 4]) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        let [x, y, z, w] = shape.map(signed);
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_reshape_4d(self.raw(), a.raw(), x, y, z, w) })
    }

    /// A part of `a` from `offset` bytes on, with strides in bytes.
    pub(crate) fn view(
        &self,
        a: &Tensor,
        shape: [usize; 3],
        strides: [usize; 2],
        offset: usize,
    ) -> Result<Tensor> {
        let ([x, y, z], [row, plane]) = (shape, strides);
        self.view_4d(a, [x, y, z, 1], [row, plane, plane * z], offset)
    }

    /// A part of `a` in four dimensions, from `offset` bytes on, with strides in bytes.
    pub(crate) fn view_4d(
        &self,
        a: &Tensor,
        shape: [usize; 4],
        strides: [usize; 3],
        offset: usize,
    ) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        let ([x, y, z, w], [row, plane, cube]) = (shape.map(signed), strides);
        let (graph, a) = (self.raw(), a.raw());
        // SAFETY: as above. The library checks that so many bytes lie inside from `offset` on, and
        // not the strides, which come from the shape of `a` as it was checked.
        self.wrap(unsafe { sys::ggml_view_4d(graph, a, x, y, z, w, row, plane, cube, offset) })
    }

    /// The second and third dimension in each other's place.
    pub(crate) fn swap(&self, a: &Tensor) -> Result<Tensor> {
        self.take()?;
        self.keep(a);
        // SAFETY: as above.
        self.wrap(unsafe { sys::ggml_permute(self.raw(), a.raw(), 0, 2, 1, 3) })
    }
}
