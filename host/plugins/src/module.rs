//! Plug-ins in WebAssembly: run by an interpreter in a sandbox, with caps.

use std::sync::Arc;

use trine_gateway::host_tools::{HostCall, HostTools as _};
use trine_gateway::table::Table;
use trine_wasm::{Error, Guest, Limits};

use crate::account::Over;
use crate::error::{Fault, Step};
use crate::load::{About, Claims};
use crate::work::Work;

/// A module that was initialised.
pub(crate) struct Module {
    guest: Guest,
    about: About,
}

impl Module {
    /// Whether these are the bytes of a module.
    pub(crate) fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(b"\0asm")
    }

    /// Starts a module, in an instance of its own.
    pub(crate) fn start(bytes: &[u8], limits: &Limits) -> Result<Self, Fault> {
        let guest = Guest::load(bytes, limits).map_err(|error| {
            let step = match error {
                Error::TooLong { .. } => Step::Read,
                Error::Module(_) | Error::Component(_) => Step::Machine,
                Error::Import { .. } | Error::ImportType { .. } | Error::IsExtism => Step::Imports,
                Error::Tools(_) => Step::Tools,
                Error::Failed { function: "init", .. }
                | Error::Stopped { function: "init", .. } => Step::Init,
                Error::Failed { .. } => Step::SelfTest,
                Error::Stopped { function: "self_test", .. } => Step::SelfTest,
                _ => Step::Table,
            };
            Fault::new(step, error)
        })?;
        let facts = guest.facts();
        let claims = Claims {
            name: facts.name.clone(),
            version: facts.version.clone(),
            description: facts.description.clone(),
            author: facts.author.clone(),
            capabilities: facts.capabilities.clone(),
            dependencies: facts.dependencies.clone(),
        };
        let mut about = claims.judge().map_err(|why| Fault(Step::Table, why))?;
        about.needs.memory_min = facts.memory_min;
        about.needs.devices = facts.devices.split_whitespace().map(str::to_owned).collect();
        let module = Self { guest, about };
        module.health().map_err(|why| Fault(Step::Health, why))?;
        Ok(module)
    }

    pub(crate) const fn about(&self) -> &About {
        &self.about
    }

    /// Ends one that was only looked at.
    pub(crate) fn end(&self) {
        self.guest.shutdown();
    }
}

impl Work for Module {
    fn about(&self) -> &About {
        &self.about
    }

    fn table(&self) -> &Arc<Table> {
        self.guest.table()
    }

    fn health(&self) -> Result<(), String> {
        self.guest.health().map_err(|error| error.to_string())
    }

    fn call(&self, call: HostCall) {
        self.guest.call(call);
    }

    fn shutdown(&self, _: Over) {
        self.guest.shutdown();
    }
}
