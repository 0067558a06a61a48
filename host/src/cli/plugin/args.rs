//! Which plug-ins may be loaded: arguments of every command that loads some.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing::info;
use trine::{Error, Result};
use trine_gateway::Hub;
use trine_plugins::{Budget, Bytes, Caps, Imports, Limits, MaxRss, Plugins, Policy, Watch, keys};

use super::defined::{Defined, is_defined};

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
    /// Run shared libraries in processes of their own.
    ///
    /// A fault of one ends its process, not this one. A manifest asks for it with `isolate = true`.
    #[arg(long)]
    isolate: bool,
    /// Maximum memory of such a process, in bytes; 0 for any.
    #[arg(long, value_name = "BYTES", default_value_t = Caps::default().memory)]
    isolate_memory: u64,
    /// Maximum CPU seconds of a call there; 0 for any.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    isolate_cpu: u32,
    /// Memory for all plug-ins together, such as 512M [default: what this process may use]
    ///
    /// It is compared with what plug-ins say they need; what they take is not measured.
    #[arg(long, value_name = "SIZE")]
    plugin_memory_all: Option<Bytes>,
    /// Part of that memory that only plug-ins of high priority get.
    #[arg(long, value_name = "SIZE", default_value = "0")]
    plugin_memory_reserve: Bytes,
    /// Graphics memory for all plug-ins together.
    #[arg(long, value_name = "SIZE", default_value = "0")]
    plugin_gpu_memory: Bytes,
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
        let call_cpu = Some(Duration::from_secs(self.isolate_cpu.into()));
        let caps = Caps {
            memory: self.isolate_memory,
            call_cpu: call_cpu.filter(|cap| !cap.is_zero()),
            ..Caps::default()
        };
        let mut limits = Limits::default();
        // Each was tried when it was read.
        self.plugin_limit.iter().for_each(|(name, value)| drop(limits.set(name, *value)));
        Ok(Policy {
            isolate: self.isolate,
            caps,
            keys: self.plugin_keys.as_deref().map(keys).transpose()?.unwrap_or_default(),
            imports: self.plugin_imports,
            memory_max: self.plugin_memory,
            memory_all: self.plugin_memory_all.map(|Bytes(bytes)| bytes),
            memory_reserve: self.plugin_memory_reserve.0,
            gpu_memory: self.plugin_gpu_memory.0,
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
    /// Take orders about plug-ins at this Unix socket, which is made.
    ///
    /// `trine plugin load`, `update`, `roll-back`, `unload`, `list` and `health` give them. Its
    /// user alone may use it.
    #[cfg(unix)]
    #[arg(long, value_name = "SOCKET")]
    plugin_control: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// Plug-ins that serve; they are taken out when it is dropped.
pub(in crate::cli) struct Serving {
    plugins: Plugins,
    watch: Option<Watch>,
    #[cfg(unix)]
    control: Option<super::control::Control>,
}

impl PluginArgs {
    /// The arguments of a server that watches these files.
    pub(super) const fn watched(plugin: Vec<PathBuf>, policy: PolicyArgs) -> Self {
        Self {
            plugin,
            plugin_watch: true,
            #[cfg(unix)]
            plugin_control: None,
            policy,
        }
    }

    /// Loads the plug-ins into a hub.
    pub(in crate::cli) fn load(
        &self,
        hub: &Arc<Hub>,
        max_rss: Option<Arc<MaxRss>>,
    ) -> Result<Option<Serving>> {
        #[cfg(unix)]
        let is_controlled = self.plugin_control.is_some();
        #[cfg(not(unix))]
        let is_controlled = false;
        if self.plugin.is_empty() && !is_controlled {
            return Ok(None);
        }
        let policy = Policy { max_rss, ..self.policy.policy()? };
        let plugins = Plugins::new(Arc::clone(hub), policy);
        let Budget { memory, gpu_memory, processors, .. } = *plugins.budget();
        let [memory, gpu_memory] = [memory, gpu_memory].map(Bytes);
        info!(
            "plug-ins may have {memory} of memory, {gpu_memory} of graphics memory and \
             {processors} processors"
        );
        let is_watched = |file: &&PathBuf| self.plugin_watch && is_defined(file);
        if let Some(file) = self.plugin.iter().find(is_watched) {
            return Err(Error::NotWatched(file.clone()));
        }
        let defined = Defined::default();
        let served = (&**hub, &defined);
        let files = load(&plugins, served, &self.plugin, &self.policy.policy()?)?;
        let watch = self.plugin_watch.then(|| plugins.watch(&files)).transpose();
        let watch = watch.map_err(trine_gateway::Error::Thread)?;
        #[cfg(unix)]
        let control = self.plugin_control.as_deref().map(|path| {
            hub.expect_tools();
            super::control::Control::open(path, Arc::clone(hub), (plugins.clone(), defined))
        });
        Ok(Some(Serving {
            #[cfg(unix)]
            control: control.transpose()?,
            plugins,
            watch,
        }))
    }
}

impl Serving {
    pub(in crate::cli) fn plugins(&self) -> Plugins {
        self.plugins.clone()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.watch.take());
        #[cfg(unix)]
        drop(self.control.take());
        self.plugins.close();
    }
}

/// Loads plug-ins and tools that are defined by JSON. Answers which are plug-ins.
pub(super) fn load(
    plugins: &Plugins,
    (hub, served): (&Hub, &Defined),
    files: &[PathBuf],
    policy: &Policy,
) -> Result<Vec<PathBuf>> {
    let (defined, files): (Vec<_>, Vec<_>) = files.iter().cloned().partition(|it| is_defined(it));
    plugins.load(&files)?;
    for file in defined {
        served.load(hub, &file, policy)?;
    }
    Ok(files)
}
