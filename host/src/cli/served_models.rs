//! The models that `trine serve` and `trine gateway --models` serve.

use std::path::PathBuf;
use std::sync::Arc;

use trine::{Error, Result};
use trine_gateway::host_tools::{self, HostCall, HostTools};
use trine_gateway::table::Table;
use trine_mcp::Outcome;
use trine_models::inference::{Limits, Place, Reply, Service};

use super::offload::{Backend, BackendChoice, choose, failed};

/// How models are computed.
#[derive(Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// Memory for all loaded models, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 4096, requires = "models")]
    memory: usize,
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
        let bytes = self.memory.saturating_mul(1 << 20);
        let place = place(BackendChoice::new(&self.backend)?)?;
        let service = Service::new(Limits { folder, bytes, place });
        Ok(Arc::new(ServedModels { table: host_tools::table(Service::tools())?, service }))
    }
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
