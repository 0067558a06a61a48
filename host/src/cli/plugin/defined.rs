//! Tools that JSON files define, as a server has them: by their ids.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use trine::{Error, Result};
use trine_descriptor::ToolTable as _;
use trine_gateway::Hub;
use trine_gateway::host_tools::{HostTools, ToolsId};
use trine_plugins::{Policy, load_defined};

#[cfg(unix)]
use trine_gateway::host_tools::Leaving;

/// Which of them are served.
#[derive(Clone, Default)]
pub(super) struct Defined(Arc<Mutex<BTreeMap<String, ToolsId>>>);

/// Whether a file defines a tool: a JSON object with a schema.
pub(super) fn is_defined(file: &Path) -> bool {
    if file.extension().is_none_or(|extension| extension != "json") {
        return false;
    }
    let read = std::fs::read_to_string(file).ok();
    let value = read.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    // What cannot be read is said where it is loaded.
    value.is_some_and(|value| value.get("input_schema").is_some())
}

/// The tool of a file, and its id.
fn read(file: &Path, policy: &Policy) -> Result<(String, Arc<dyn HostTools>)> {
    let (tools, _) = load_defined(file, policy).map_err(|error| of(file, error.into()))?;
    let id = tools.table().info(0).map_or_else(String::new, |info| info.name.to_owned());
    Ok((id, tools))
}

fn of(file: &Path, error: Error) -> Error {
    error.at(file.display().to_string())
}

impl Defined {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, ToolsId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves the tool of a file.
    pub(super) fn load(&self, hub: &Hub, file: &Path, policy: &Policy) -> Result<()> {
        let (id, tools) = read(file, policy)?;
        let added = hub.add_tools(tools).map_err(|error| of(file, error.into()))?;
        self.all().insert(id, added);
        Ok(())
    }

    /// Puts the tool of a file in the place of the one with its id. Where that fails, the one that
    /// there is serves on.
    #[cfg(unix)]
    pub(super) fn update(&self, hub: &Hub, file: &Path, policy: &Policy) -> Result<Leaving> {
        let (id, tools) = read(file, policy)?;
        let served = self.all().get(&id).copied();
        let Some(served) = served else {
            return Err(Error::NotServed { file: file.to_owned(), id });
        };
        hub.replace_tools(served, tools).map_err(|error| of(file, error.into()))
    }

    /// The tool of this id, which is not one of these any more.
    #[cfg(unix)]
    pub(super) fn take(&self, id: &str) -> Option<ToolsId> {
        self.all().remove(id)
    }
}
