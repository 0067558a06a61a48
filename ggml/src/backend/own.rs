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

#[cfg(all(test, feature = "fibers"))]
mod tests {
    use llama_cpp_sys_2 as sys;

    use super::Own;
    use crate::backend::{Backend, Context, Device, Graph, Scheduler, Type};

    const COLUMNS: usize = 64;
    const ROWS: usize = 8;

    /// Graphs are kept by what they compute from. Rows that are of another type, and else the same,
    /// are another graph: the one that is kept would read them as what they were.
    #[test]
    fn a_graph_is_not_used_again_for_operands_of_another_type() {
        let device = Device::all().into_iter().find(|device| device.is_ternary()).unwrap();
        let memory = Context::new(3, 0).unwrap();
        let rows = memory.tensor(Type::F32, [COLUMNS, ROWS]).unwrap();
        let x = memory.tensor(Type::F32, [COLUMNS]).unwrap();
        let logits = memory.tensor(Type::F32, [ROWS]).unwrap();
        memory.allocate(device).unwrap();
        // Ones in half precision, and read in single precision other numbers.
        let ones = [0x00, 0x3c].repeat(2 * COLUMNS * ROWS);
        rows.write(0, &ones).unwrap();
        let mut first = [0.0; COLUMNS];
        first[0] = 1.0;
        x.write_f32(&first).unwrap();
        let context = Context::new(4, 4).unwrap();
        let graph = Graph::new(&context, 4).unwrap();
        let head = context.own(Own::Head, (Type::F32, [1, 1]), &[&rows, &x, &logits], &[]);
        graph.add(&head.unwrap()).unwrap();
        let backends = [device, Device::cpu().unwrap()];
        let backends = backends.map(|device| Backend::open(device, 1).unwrap());
        let mut scheduler = Scheduler::new(backends.into(), 16).unwrap();
        scheduler.take(graph).unwrap();
        let mut computed = || {
            let mut found = [0.0; ROWS];
            logits.write_f32(&found).unwrap();
            scheduler.compute().unwrap();
            logits.read_f32(&mut found).unwrap();
            found
        };
        let single = f32::from_bits(0x3c00_3c00);
        // The second time the graph is kept, and from the third on used again.
        for wanted in [single; 3].into_iter().chain([1.0; 3]).chain([single]) {
            let kind = if wanted == single { sys::GGML_TYPE_F32 } else { sys::GGML_TYPE_F16 };
            // SAFETY: the tensor lives, nothing computes, and no type is wider than the first.
            unsafe { (*rows.raw()).type_ = kind };
            assert_eq!(computed(), [wanted; ROWS]);
        }
    }
}
