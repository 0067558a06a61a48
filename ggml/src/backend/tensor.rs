//! Tensors, and the contexts that describe them.

use std::cell::{Cell, OnceCell, RefCell};
use std::ptr::NonNull;
use std::rc::Rc;

use llama_cpp_sys_2 as sys;

use super::guard::{self, guarded};
use super::{Device, Error, Result};

/// Types of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    F32,
    F16,
    I8,
    I32,
    I64,
    Q8_0,
    Q6K,
    Tq2_0,
    Q2_0,
}

impl Type {
    pub(super) const fn id(self) -> sys::ggml_type {
        match self {
            Self::F32 => sys::GGML_TYPE_F32,
            Self::F16 => sys::GGML_TYPE_F16,
            Self::I8 => sys::GGML_TYPE_I8,
            Self::I32 => sys::GGML_TYPE_I32,
            Self::I64 => sys::GGML_TYPE_I64,
            Self::Q8_0 => sys::GGML_TYPE_Q8_0,
            Self::Q6K => sys::GGML_TYPE_Q6_K,
            Self::Tq2_0 => sys::GGML_TYPE_TQ2_0,
            Self::Q2_0 => sys::GGML_TYPE_Q2_0,
        }
    }
}

/// What describes tensors, and the memory of those that were given some.
#[derive(Clone, Debug)]
pub(crate) struct Context(pub(super) Rc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    raw: NonNull<sys::ggml_context>,
    /// Tensors that there is room for, and how many there are.
    room: usize,
    made: Cell<usize>,
    buffer: OnceCell<NonNull<sys::ggml_backend_buffer>>,
    /// Contexts whose tensors are used by tensors of this one.
    uses: RefCell<Vec<Rc<Self>>>,
}

impl Context {
    /// A context with room for so many tensors, and a graph of so many nodes.
    pub(crate) fn new(tensors: usize, nodes: usize) -> Result<Self> {
        // SAFETY: it has no arguments.
        let each = unsafe { sys::ggml_tensor_overhead() };
        // SAFETY: it computes with numbers alone.
        let graph = unsafe { sys::ggml_graph_overhead_custom(nodes, false) };
        let mem_size = each * tensors + graph;
        let wanted =
            sys::ggml_init_params { mem_size, mem_buffer: std::ptr::null_mut(), no_alloc: true };
        // SAFETY: the library takes memory of its own of the size that is asked for.
        let raw = NonNull::new(unsafe { sys::ggml_init(wanted) });
        let raw = raw.ok_or_else(|| Error::failed("there is no memory for a graph"))?;
        let (buffer, uses) = (OnceCell::new(), RefCell::default());
        Ok(Self(Rc::new(Inner { raw, room: tensors, made: Cell::new(0), buffer, uses })))
    }

    pub(super) fn raw(&self) -> *mut sys::ggml_context {
        self.0.raw.as_ptr()
    }

    /// Takes room for one more tensor.
    pub(super) fn take(&self) -> Result<()> {
        if self.made() >= self.0.room {
            return Err(too_large());
        }
        self.0.made.set(self.made() + 1);
        Ok(())
    }

    /// Tensors that it describes.
    pub(super) fn made(&self) -> usize {
        self.0.made.get()
    }

    /// The same, and those of all contexts whose tensors it uses.
    pub(super) fn reachable(&self) -> usize {
        self.made() + self.0.uses.borrow().iter().map(|used| used.made.get()).sum::<usize>()
    }

    /// Keeps the context of a tensor that one of this context uses.
    pub(super) fn keep(&self, tensor: &Tensor) {
        let other = &tensor.home;
        let mut uses = self.0.uses.borrow_mut();
        if !Rc::ptr_eq(other, &self.0) && !uses.iter().any(|known| Rc::ptr_eq(known, other)) {
            uses.push(Rc::clone(other));
        }
    }

    /// A tensor of this context.
    pub(super) fn wrap(&self, raw: *mut sys::ggml_tensor) -> Result<Tensor> {
        let raw = NonNull::new(raw).ok_or_else(|| Error::failed("ggml made no tensor"))?;
        Ok(Tensor { raw, home: Rc::clone(&self.0) })
    }

    /// A tensor without memory. `shape` has the innermost dimension first.
    pub(crate) fn tensor<const N: usize>(&self, kind: Type, shape: [usize; N]) -> Result<Tensor> {
        let mut ne = [1_i64; 4];
        for (ne, size) in ne.iter_mut().zip(shape) {
            *ne = i64::try_from(size).map_err(|_| Error::Graph("a tensor is too large"))?;
        }
        self.take()?;
        let [a, b, c, d] = ne;
        // SAFETY: the context lives and has room; the library checks the sizes.
        self.wrap(unsafe { sys::ggml_new_tensor_4d(self.raw(), kind.id(), a, b, c, d) })
    }

    /// Gives all tensors that have none yet memory of a device, which is filled with zeros.
    ///
    /// # Errors
    /// When the device has not so much memory.
    pub(crate) fn allocate(&self, device: Device) -> Result<()> {
        let kind = device.buffers()?;
        // SAFETY: the context and the device live.
        let buffer = guarded(|said| unsafe {
            guard::trine_ggml_alloc_ctx_tensors_from_buft(self.raw(), kind, said)
        })?;
        let Some(buffer) = NonNull::new(buffer) else {
            let name = device.name();
            return Err(Error::failed(format!("{name} has not enough memory for the model")));
        };
        if self.0.buffer.set(buffer).is_err() {
            // SAFETY: it was made just now for tensors of this context; no one else has it.
            guarded(|said| unsafe { guard::trine_ggml_buffer_free(buffer.as_ptr(), said) })?;
            return Err(Error::Graph("a context has memory already"));
        }
        // SAFETY: the buffer lives.
        guarded(|said| unsafe { guard::trine_ggml_buffer_clear(buffer.as_ptr(), 0, said) })
    }

    /// Says that its tensors are weights: what uses them is computed where they lie.
    pub(crate) fn mark_weights(&self) {
        if let Some(buffer) = self.0.buffer.get() {
            let usage = sys::GGML_BACKEND_BUFFER_USAGE_WEIGHTS;
            // SAFETY: the buffer lives as long as the context.
            unsafe { sys::ggml_backend_buffer_set_usage(buffer.as_ptr(), usage) };
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.get() {
            // SAFETY: no one else frees it, and no tensor of it is left.
            drop(guarded(|said| unsafe { guard::trine_ggml_buffer_free(buffer.as_ptr(), said) }));
        }
        // SAFETY: every tensor of the context holds it, so none is left.
        unsafe { sys::ggml_free(self.raw.as_ptr()) };
    }
}

/// What ggml would end the process at.
pub(super) fn too_large() -> Error {
    Error::Graph("the graph is larger than was planned")
}

/// A tensor: numbers that lie somewhere, or that a graph computes.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    raw: NonNull<sys::ggml_tensor>,
    home: Rc<Inner>,
}

impl Tensor {
    pub(super) const fn raw(&self) -> *mut sys::ggml_tensor {
        self.raw.as_ptr()
    }

    /// Sizes, the innermost first.
    pub(crate) fn shape(&self) -> [usize; 4] {
        // SAFETY: the context lives, and with it the description.
        let ne = unsafe { self.raw.as_ref() }.ne;
        ne.map(|size| usize::try_from(size).unwrap_or(0))
    }

    /// Bytes from one element, row, … to the next.
    pub(crate) fn strides(&self) -> [usize; 4] {
        // SAFETY: as above.
        unsafe { self.raw.as_ref() }.nb
    }

    /// Bytes from its first number to its last.
    pub(crate) fn bytes(&self) -> usize {
        // SAFETY: as above.
        unsafe { sys::ggml_nbytes(self.raw.as_ptr()) }
    }

    /// Whether it lies in memory of its context, which stays as long as the tensor does.
    fn has_memory(&self) -> bool {
        // SAFETY: as above.
        let data = unsafe { self.raw.as_ref() }.data;
        self.home.buffer.get().is_some() && !data.is_null()
    }

    fn check(&self, offset: usize, length: usize) -> Result<()> {
        let end = offset.checked_add(length);
        if self.has_memory() && end.is_some_and(|end| end <= self.bytes()) {
            return Ok(());
        }
        Err(Error::Graph("a tensor is read or written outside its memory"))
    }

    /// Writes bytes from `offset` on.
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) -> Result<()> {
        self.check(offset, bytes.len())?;
        // SAFETY: the tensor has memory and the range is inside it.
        guarded(|said| unsafe {
            let data = bytes.as_ptr().cast();
            guard::trine_ggml_tensor_set(self.raw(), data, offset, bytes.len(), said);
        })
    }

    /// Writes integers of 32 bits from the beginning on.
    pub(crate) fn write_whole(&self, numbers: std::ops::Range<usize>) -> Result<()> {
        let whole = |number: usize| i32::try_from(number).unwrap_or(i32::MAX).to_le_bytes();
        self.write(0, &numbers.flat_map(whole).collect::<Vec<_>>())
    }

    /// Writes numbers from the beginning on.
    pub(crate) fn write_f32(&self, numbers: &[f32]) -> Result<()> {
        self.write_f32_from(0, numbers)
    }

    /// Writes numbers from number `first` on.
    pub(crate) fn write_f32_from(&self, first: usize, numbers: &[f32]) -> Result<()> {
        // SAFETY: numbers have no padding, every byte is one, and the slice is as long.
        let bytes =
            unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) };
        self.write(first.saturating_mul(size_of::<f32>()), bytes)
    }

    /// Reads bytes from the beginning on.
    pub(crate) fn read(&self, bytes: &mut [u8]) -> Result<()> {
        self.check(0, bytes.len())?;
        // SAFETY: the tensor has memory and the range is inside it.
        guarded(|said| unsafe {
            let data = bytes.as_mut_ptr().cast();
            guard::trine_ggml_tensor_get(self.raw(), data, 0, bytes.len(), said);
        })
    }

    /// Reads numbers from the beginning on.
    pub(crate) fn read_f32(&self, numbers: &mut [f32]) -> Result<()> {
        let length = size_of_val(numbers);
        // SAFETY: any four bytes are a number, and the slice is as long.
        let bytes = unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), length) };
        self.read(bytes)
    }
}
