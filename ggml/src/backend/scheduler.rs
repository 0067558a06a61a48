//! Graphs, and who computes them.

use std::ptr::NonNull;
use std::rc::Rc;

use llama_cpp_sys_2 as sys;

use super::guard::{self, guarded};
use super::tensor::too_large;
use super::{Backend, Context, Error, Result, Tensor};

/// What is to be computed, in order.
#[derive(Debug)]
pub(crate) struct Graph {
    raw: NonNull<sys::ggml_cgraph>,
    context: Context,
    /// How many there is room for.
    nodes: usize,
}

impl Graph {
    /// A graph in a context that was made for so many nodes.
    pub(crate) fn new(context: &Context, nodes: usize) -> Result<Self> {
        // SAFETY: the context lives, and was made with room for a graph of so many nodes.
        let raw = unsafe { sys::ggml_new_graph_custom(context.raw(), nodes, false) };
        let raw = NonNull::new(raw).ok_or_else(|| Error::failed("ggml made no graph"))?;
        Ok(Self { raw, context: context.clone(), nodes })
    }

    /// Adds a tensor and all that it is computed from.
    ///
    /// # Errors
    /// When there may be no room for that: what a graph computes are tensors of its own context.
    pub(crate) fn add(&self, tensor: &Tensor) -> Result<()> {
        if self.context.made() > self.nodes {
            return Err(too_large());
        }
        self.context.keep(tensor);
        // SAFETY: the graph has room, and lives as long as its context, which keeps the tensor's.
        unsafe { sys::ggml_build_forward_expand(self.raw.as_ptr(), tensor.raw()) };
        Ok(())
    }

    /// Operations that were added.
    #[cfg(test)]
    fn operations(&self) -> usize {
        // SAFETY: the graph lives.
        let count = unsafe { sys::ggml_graph_n_nodes(self.raw.as_ptr()) };
        usize::try_from(count).unwrap_or(0)
    }
}

/// Backends in the order in which they are asked, and the memory in which they compute.
#[derive(Debug)]
pub(crate) struct Scheduler {
    raw: NonNull<sys::ggml_backend_sched>,
    /// The last one is the processor's.
    backends: Rc<[Backend]>,
    /// The graph whose tensors have their places in the memory.
    graph: Option<Graph>,
    /// Tensors of a graph, at most: what it computes, and what it finds.
    tensors: usize,
}

impl Scheduler {
    /// For graphs of so many tensors: what they compute, and what they find.
    pub(crate) fn new(backends: Vec<Backend>, tensors: usize) -> Result<Self> {
        Self::of(backends.into(), tensors)
    }

    /// Another one on the same backends, with a graph and memory of its own. Each of them waits for
    /// what it computes, so they are not in each other's way.
    pub(crate) fn beside(&self) -> Result<Self> {
        Self::of(Rc::clone(&self.backends), self.tensors)
    }

    fn of(backends: Rc<[Backend]>, tensors: usize) -> Result<Self> {
        let mut raw: Vec<_> = backends.iter().map(Backend::raw).collect();
        let count = i32::try_from(raw.len()).map_err(|_| Error::Graph("too many devices"))?;
        // SAFETY: the backends live as long as the scheduler does, and the list through the call.
        let sched = unsafe {
            let own = std::ptr::null_mut();
            sys::ggml_backend_sched_new(raw.as_mut_ptr(), own, count, tensors, false, false)
        };
        let raw = NonNull::new(sched).ok_or_else(|| Error::failed("ggml made no scheduler"))?;
        Ok(Self { raw, backends, graph: None, tensors })
    }

    pub(crate) fn backends(&self) -> &[Backend] {
        &self.backends
    }

    /// Forgets its graph, and what that uses.
    pub(crate) fn clear(&mut self) {
        self.graph = None;
        // SAFETY: the scheduler lives; no graph of it is computed from now on.
        unsafe { sys::ggml_backend_sched_reset(self.raw.as_ptr()) };
    }

    /// Gives a graph its memory, in the place of the one before.
    ///
    /// # Errors
    /// When the graph has more tensors than were planned for, or the device has not enough memory.
    pub(crate) fn take(&mut self, graph: Graph) -> Result<()> {
        self.clear();
        if graph.context.reachable() > self.tensors {
            return Err(too_large());
        }
        // SAFETY: scheduler and graph live, and the graph has no memory yet.
        let given = guarded(|said| unsafe {
            guard::trine_ggml_sched_alloc_graph(self.raw.as_ptr(), graph.raw.as_ptr(), said)
        });
        if !given? {
            return Err(Error::failed("the device has not enough memory to compute in"));
        }
        self.graph = Some(graph);
        Ok(())
    }

    /// Computes the graph, and waits for it.
    ///
    /// # Errors
    /// When there is no graph, or the device fails.
    pub(crate) fn compute(&mut self) -> Result<()> {
        let graph = self.graph.as_ref().ok_or(Error::Graph("there is nothing to compute"))?;
        // SAFETY: the graph has its memory, and lives with all that it uses.
        let status = guarded(|said| unsafe {
            guard::trine_ggml_sched_graph_compute(self.raw.as_ptr(), graph.raw.as_ptr(), said)
        });
        match status? {
            sys::GGML_STATUS_SUCCESS => Ok(()),
            sys::GGML_STATUS_ALLOC_FAILED => {
                Err(Error::failed("the device has not enough memory to compute in"))
            }
            code => Err(Error::failed(format!("the device failed while computing ({code})"))),
        }
    }

    /// Operations of the graph.
    #[cfg(test)]
    pub(crate) fn operations(&self) -> usize {
        self.graph.as_ref().map_or(0, Graph::operations)
    }

    /// Tensors of the graph, by which it is planned.
    #[cfg(test)]
    pub(crate) fn reachable(&self) -> usize {
        self.graph.as_ref().map_or(0, |graph| graph.context.reachable())
    }

    /// Pieces that the graph was cut into: one where a single device computes all of it.
    pub(crate) fn splits(&self) -> usize {
        // SAFETY: the scheduler lives.
        let splits = unsafe { sys::ggml_backend_sched_get_n_splits(self.raw.as_ptr()) };
        usize::try_from(splits).unwrap_or(0)
    }

    /// Bytes that a backend computes in.
    pub(crate) fn bytes(&self, backend: &Backend) -> usize {
        // SAFETY: scheduler and backend live.
        unsafe { sys::ggml_backend_sched_get_buffer_size(self.raw.as_ptr(), backend.raw()) }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        // SAFETY: no one else has it; its backends are freed after it.
        drop(guarded(|said| unsafe { guard::trine_ggml_sched_free(self.raw.as_ptr(), said) }));
    }
}
