//! The file that `--report` writes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_gateway::Hub;
use trine_plugins::{Plugins, ToolStats, ToolUsage, Usage, memory_now};

/// How often the file is written.
const PERIOD: Duration = Duration::from_secs(2);

/// Writes what is used until it is dropped, and once more then.
pub(in crate::cli) struct Reporting {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Source {
    path: PathBuf,
    hub: Arc<Hub>,
    plugins: Option<Plugins>,
    max_rss: u64,
    began: Instant,
}

impl Reporting {
    /// Writes the file once, so that a place where none can be written is known at once.
    pub(in crate::cli) fn start(
        path: &Path,
        hub: &Arc<Hub>,
        plugins: Option<Plugins>,
        max_rss: u64,
    ) -> Result<Self> {
        let (path, hub, began) = (path.to_owned(), Arc::clone(hub), Instant::now());
        let source = Source { path, hub, plugins, max_rss, began };
        let failed =
            |error| Error::File { action: "write", path: source.path.clone(), source: error };
        source.write().map_err(failed)?;
        let ends = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&ends);
        let thread = thread::Builder::new().name("report".to_owned());
        let thread = thread.spawn(move || source.run(&stop));
        let thread = thread.map_err(trine_gateway::Error::Thread)?;
        Ok(Self { ends, thread: Some(thread) })
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            _ = thread.join();
        }
    }
}

impl Source {
    fn run(&self, ends: &AtomicBool) {
        let mut is_said = false;
        while !ends.load(Ordering::Acquire) {
            thread::park_timeout(PERIOD);
            if let Err(error) = self.write()
                && !std::mem::replace(&mut is_said, true)
            {
                tracing::warn!("cannot write {}: {error}", self.path.display());
            }
        }
    }

    /// Writes beside it and renames, so that who reads it gets a whole one.
    fn write(&self) -> io::Result<()> {
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        std::fs::write(&new, format!("{:#}\n", self.value()))?;
        std::fs::rename(&new, &self.path)
    }

    fn value(&self) -> Value {
        let budget = self.plugins.as_ref().map_or(0, |plugins| plugins.budget().memory);
        let loaded = self.plugins.as_ref().map(Plugins::list).unwrap_or_default();
        let used = self.plugins.as_ref().map(Plugins::usage).unwrap_or_default();
        let all = self.hub.own_stats();
        let is_own = |id| loaded.iter().all(|plugin| plugin.id != id);
        let own = all.into_iter().filter(|(id, ..)| is_own(*id));
        let own: Vec<_> = own.map(|(_, name, calls)| tool(&name, &calls, 0)).collect();
        let mut plugins: Vec<_> = used.iter().map(plugin).collect();
        if !own.is_empty() {
            let own = json!({"name": "this program", "version": "", "serves": true, "tools": own});
            plugins.push(own);
        }
        json!({
            "trine_report": 1,
            "seconds": self.began.elapsed().as_secs(),
            "memory": {"rss": memory_now(), "max_rss": self.max_rss, "budget": budget},
            "plugins": plugins,
        })
    }
}

fn plugin(usage: &Usage) -> Value {
    let tools =
        usage.tools.iter().map(|ToolUsage { name, calls, cpu }| tool(name, calls, nanos(*cpu)));
    json!({
        "name": usage.name,
        "version": usage.version.to_string(),
        "serves": usage.serves,
        "threads_lost": usage.threads_lost,
        "state_left": usage.is_state_left,
        "memory": usage.holds.memory,
        "call_memory_most": usage.call_memory,
        "gpu_memory": usage.holds.gpu_memory,
        "processors": usage.holds.processors,
        "devices": usage.holds.devices,
        "cpu_ns": nanos(usage.cpu()),
        "tools": tools.collect::<Vec<_>>(),
    })
}

fn tool(name: &str, calls: &ToolStats, cpu: u64) -> Value {
    json!({
        "name": name,
        "begun": calls.begun,
        "ended": calls.calls,
        "errors": calls.errors,
        "refused": calls.refused,
        "cpu_ns": cpu,
        "time_ns": nanos(calls.time),
        "least_ns": nanos(calls.least),
        "most_ns": nanos(calls.most),
        "half_ns": nanos(calls.half),
        "nearly_all_ns": nanos(calls.nearly_all),
    })
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
