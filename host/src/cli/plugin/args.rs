//! Which plug-ins may be loaded: arguments of every command that loads some.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use trine::{Error, Result};
use trine_gateway::Hub;
use trine_plugins::{Imports, Limits, Plugins, Policy, Watch, keys, load_defined};

/// What plug-ins have to be like.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct PolicyArgs {
    /// File of minisign's public keys, one of which must have signed plug-ins.
    ///
    /// The signature of a plug-in is in the file of its name with .minisig behind it. Without this
    /// option no signature is asked for.
    #[arg(long, value_name = "FILE")]
    plugin_keys: Option<PathBuf>,
    /// Plug-ins that can start programs or change code: allow, warn, deny.
    ///
    /// It is a look at the functions that a plug-in imports, not a sandbox.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    plugin_imports: Imports,
    /// Maximum memory that a plug-in may need, in bytes; 0 for any.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    plugin_memory: u64,
    /// Limit of plug-ins in WebAssembly, such as fuel=5000000; several may be given.
    ///
    /// fuel (instructions of a call), time (of a call, in milliseconds), memory (bytes), depth
    /// (calls in calls), module (bytes of the file), result (bytes), waiting (calls).
    #[arg(long, value_name = "NAME=NUMBER", value_parser = limit)]
    plugin_limit: Vec<(String, u64)>,
}

/// A limit by its name.
fn limit(text: &str) -> std::result::Result<(String, u64), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=NUMBER, fuel=5000000")?;
    let value = value.parse().map_err(|_| format!("'{value}' is no whole number"))?;
    // One that there is not is said here.
    Limits::default().set(name, value)?;
    Ok((name.to_owned(), value))
}

impl PolicyArgs {
    pub(in crate::cli) fn policy(&self) -> Result<Policy> {
        let mut limits = Limits::default();
        // Each was tried when it was read.
        self.plugin_limit.iter().for_each(|(name, value)| drop(limits.set(name, *value)));
        Ok(Policy {
            keys: self.plugin_keys.as_deref().map(keys).transpose()?.unwrap_or_default(),
            imports: self.plugin_imports,
            memory_max: self.plugin_memory,
            limits,
            ..Policy::default()
        })
    }
}

/// Plug-ins that a server loads.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PluginArgs {
    /// Plug-in whose tools are served; several may be given.
    ///
    /// A shared library or a WebAssembly module, a manifest of one, or a tool that is defined by
    /// JSON and done by a program or by a plug-in of Extism.
    #[arg(long, value_name = "FILE")]
    plugin: Vec<PathBuf>,
    /// Replace a plug-in as soon as its file changes.
    #[arg(long, requires = "plugin")]
    plugin_watch: bool,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// Plug-ins that serve; they are taken out when it is dropped.
pub(in crate::cli) struct Serving {
    plugins: Plugins,
    watch: Option<Watch>,
}

impl PluginArgs {
    /// The arguments of a server that watches these files.
    pub(super) const fn watched(plugin: Vec<PathBuf>, policy: PolicyArgs) -> Self {
        Self { plugin, plugin_watch: true, policy }
    }

    /// Loads the plug-ins into a hub.
    pub(in crate::cli) fn load(&self, hub: &Arc<Hub>) -> Result<Option<Serving>> {
        if self.plugin.is_empty() {
            return Ok(None);
        }
        let plugins = Plugins::new(Arc::clone(hub), self.policy.policy()?);
        let is_watched = |file: &&PathBuf| self.plugin_watch && is_defined(file);
        if let Some(file) = self.plugin.iter().find(is_watched) {
            return Err(Error::NotWatched(file.clone()));
        }
        let files = load(&plugins, hub, &self.plugin, &self.policy.policy()?)?;
        let watch = self.plugin_watch.then(|| plugins.watch(&files)).transpose();
        let watch = watch.map_err(trine_gateway::Error::Thread)?;
        Ok(Some(Serving { plugins, watch }))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.watch.take());
        self.plugins.close();
    }
}

/// Loads plug-ins and tools that are defined by JSON. Answers which are plug-ins.
pub(super) fn load(
    plugins: &Plugins,
    hub: &Hub,
    files: &[PathBuf],
    policy: &Policy,
) -> Result<Vec<PathBuf>> {
    let (defined, files): (Vec<_>, Vec<_>) = files.iter().cloned().partition(|it| is_defined(it));
    plugins.load(&files)?;
    for file in defined {
        let place = file.display().to_string();
        let added = load_defined(&file, policy).and_then(|(tools, _)| hub.add_tools(tools));
        added.map_err(|error| Error::from(error).at(place))?;
    }
    Ok(files)
}

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
