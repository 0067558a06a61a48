//! The models that `trine serve` and `trine gateway --models` serve.

use std::path::PathBuf;
use std::sync::Arc;

use trine::{Error, Result};
use trine_gateway::host_tools::{self, HostCall, HostTools};
use trine_gateway::table::Table;
use trine_mcp::Outcome;
use trine_models::inference::{Limits, Place, Reply, Service, TEXTS};
use trine_plugins::{Machine, System};

use super::offload::{Backend, BackendChoice, choose, failed};

/// How models are computed.
#[derive(Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// Memory for all loaded models, in MiB [default: 4096, and at most 3/4 of what this process
    /// may use]
    ///
    /// A model that does not fit is computed as it is in its file, without the packing of this
    /// processor. One whose file is larger is not loaded: sentences still become calls by --ask.
    #[arg(long, value_name = "MIB", requires = "models")]
    memory: Option<usize>,
    /// Number of texts that a model writes at once on the CPU
    ///
    /// Their keys and values take at most half of what the model leaves of --memory; where that is
    /// too little, further texts wait.
    #[arg(long, value_name = "COUNT", default_value_t = TEXTS, requires = "models",
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    texts: usize,
    /// Backend that computes; NAME,cpu falls back to the CPU.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "auto", requires = "models")]
    backend: Vec<Backend>,
}

impl ModelArgs {
    /// The tools that use the models of a folder.
    pub(super) fn open(&self, folder: PathBuf) -> Result<Arc<dyn HostTools>> {
        if !folder.is_dir() {
            return Err(Error::NoFolder { path: folder });
        }
        let bytes = self.memory.map_or_else(memory_allowed, |memory| memory.saturating_mul(MIB));
        let place = place(BackendChoice::new(&self.backend)?)?;
        let service = Service::new(Limits { folder, bytes, place, texts: self.texts });
        Ok(Arc::new(ServedModels { table: host_tools::table(Service::tools())?, service }))
    }
}

const MIB: usize = 1 << 20;
/// Bytes for all models, where no one says how many.
const MEMORY: usize = 4096 * MIB;

/// The same, and at most three quarters of what this process may use: more would end it.
fn memory_allowed() -> usize {
    let Some(memory) = Machine::read(&System).memory else { return MEMORY };
    let most = usize::try_from(memory.bytes / 4 * 3).unwrap_or(usize::MAX);
    if most < MEMORY {
        let (mebibytes, by) = (most / MIB, memory.by);
        tracing::warn!("models have {mebibytes} MiB, since {by} allows no more");
    }
    most.min(MEMORY)
}

/// Where models are computed; it is said aloud where that is the processor in place of a device.
#[cfg(feature = "gpu")]
fn place(wish: BackendChoice) -> Result<Place> {
    let found = choose(wish.backend).or_else(|error| failed(wish, error).map(|()| None))?;
    let BackendChoice { backend, falls_back } = wish;
    Ok(if found.is_some() { Place::Device { backend, falls_back } } else { Place::Processor })
}

#[cfg(not(feature = "gpu"))]
fn place(wish: BackendChoice) -> Result<Place> {
    choose(wish.backend).or_else(|error| failed(wish, error))?;
    Ok(Place::Processor)
}

/// The tools of the models, as the gateway serves them.
struct ServedModels {
    table: Arc<Table>,
    service: Service,
}

impl HostTools for ServedModels {
    fn table(&self) -> &Arc<Table> {
        &self.table
    }

    fn meta(&self, _: u16) -> &[(&str, &str)] {
        Service::meta()
    }

    fn call(&self, call: HostCall) {
        let (table, args) = (Arc::clone(&self.table), call.args_bytes().to_vec());
        let cancelled = Arc::clone(call.cancelled());
        let args = trine_descriptor::Args::new(&*table, call.row(), &args);
        self.service.call(call.row(), &args, &cancelled, Box::new(CallReply(call)));
    }

    fn end(&self) {
        self.service.end();
    }
}

/// A call, as the models answer it.
struct CallReply(HostCall);

impl Reply for CallReply {
    fn progress(&self, tokens: (u32, u32), text: &str) -> bool {
        self.0.progress(tokens, text)
    }

    fn value(self: Box<Self>, entries: &[u8]) {
        self.0.done(Outcome::Value(entries));
    }

    fn error(self: Box<Self>, why: &str) {
        self.0.error(why);
    }
}
