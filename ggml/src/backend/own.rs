//! Operations of our own backend (`ggml/ternary`), which ggml carries as custom ones: what each of
//! them is, stands behind its parameters.

use std::ffi::c_int;

use llama_cpp_sys_2 as sys;

use super::{Context, Error, Result, Tensor, Type};

/// What tells our operations from those of others, as `ternary.cu` has it.
const MAGIC: i32 = 0x544e_5254;
/// Where it stands among the words of an operation's parameters: behind what ggml writes there.
const WORDS_BEFORE: usize = 8;
/// Words of our own, at most.
const WORDS: usize = 6;
/// Operands, at most.
const OPERANDS: usize = 6;

/// An operation, in the order of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// Rows, (columns, tokens) or twice as many columns, and a norm's weights: codes.
    Norm = 1,
    /// Trits, codes, scales, and what products are added to if there is something.
    Product = 2,
    /// Queries, keys and values, (heads · width, tokens); cosines, sines, positions; where keys and
    /// values are kept: queries, turned.
    Turn = 3,
    /// Queries, how many positions each token sees, keys, values.
    Attend = 4,
    /// A row, and a norm's weights: what a head takes.
    NormHead = 5,
    /// Rows of a head, what it takes, and where logits go.
    Head = 6,
}

/// Which numbers a row is made of before it is normed ([`Own::Norm`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// As they are.
    Plain = 0,
    /// Of gate and up: relu(gate)² · up.
    ReluSquared = 1,
    /// The same: silu(gate) · up.
    Silu = 2,
}

/// What ggml would call where a processor came upon such an operation, which none does: only our
/// backend says that it takes it.
unsafe extern "C" fn nobody(
    _: *mut sys::ggml_tensor,
    _: c_int,
    _: c_int,
    _: *mut std::ffi::c_void,
) {
}

impl Context {
    /// One of our operations. What comes out has the innermost dimension first.
    pub(crate) fn own(
        &self,
        own: Own,
        (kind, [columns, rows]): (Type, [usize; 2]),
        operands: &[&Tensor],
        words: &[i32],
    ) -> Result<Tensor> {
        if operands.len() > OPERANDS || words.len() > WORDS {
            return Err(Error::Graph("an operation of ours has too many operands"));
        }
        self.take()?;
        let mut raw = [std::ptr::null_mut(); OPERANDS];
        for (place, operand) in raw.iter_mut().zip(operands) {
            self.keep(operand);
            *place = operand.raw();
        }
        let size = |size| i64::try_from(size).map_err(|_| Error::Graph("a tensor is too large"));
        let (columns, rows) = (size(columns)?, size(rows)?);
        let count = c_int::try_from(operands.len()).unwrap_or(0);
        // SAFETY: the context has room for the result and keeps the operands', of which there are
        // so many; ggml copies their pointers, and calls no function.
        let made = self.wrap(unsafe {
            sys::ggml_custom_4d(
                self.raw(),
                kind.id(),
                columns,
                rows,
                1,
                1,
                raw.as_mut_ptr(),
                count,
                Some(nobody),
                1,
                std::ptr::null_mut(),
            )
        })?;
        // SAFETY: the tensor was made just now, and no one else looks at it.
        let params = unsafe { &mut (*made.raw()).op_params };
        let own = [MAGIC, own as i32].into_iter().chain(words.iter().copied());
        for (place, word) in params.iter_mut().skip(WORDS_BEFORE).zip(own) {
            *place = word;
        }
        Ok(made)
    }
}
