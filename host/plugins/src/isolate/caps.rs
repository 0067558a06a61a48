//! What a plug-in in a process of its own may use, and what it has used.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What a plug-in in a process of its own may use.
#[derive(Clone, Debug)]
pub struct Caps {
    /// Bytes of memory that its process may allocate; 0 for no cap. Default: 1 GiB.
    pub memory: u64,
    /// CPU time of one call, in all threads of the process. Calls that run at a time are charged
    /// equal parts of what the process uses. Default: no cap.
    pub call_cpu: Option<Duration>,
    /// CPU time of the process while it lives, in whole seconds. Default: no cap.
    pub process_cpu: Option<Duration>,
    /// How often a process that ended may be started again within [`Self::RESTARTS_IN`]. Default:
    /// 10.
    pub restarts: u32,
    /// The program that runs the plug-in: it calls [`crate::plugin_host`] where its arguments are
    /// `plugin host`. Default: the program that runs now.
    pub program: Option<PathBuf>,
}

impl Caps {
    /// The time in which restarts are counted.
    pub const RESTARTS_IN: Duration = Duration::from_secs(600);
}

impl Default for Caps {
    fn default() -> Self {
        let memory = 1024 * 1024 * 1024;
        Self { memory, call_cpu: None, process_cpu: None, restarts: 10, program: None }
    }
}

/// What a plug-in in a process of its own has used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessUsage {
    /// The process that runs it now.
    pub process: Option<u32>,
    /// CPU time of all its processes so far, to the end of the last one or until now.
    pub cpu: Duration,
    /// CPU time of the last call that ran alone, in all threads of the process.
    pub last_call: Option<Duration>,
    /// Most bytes of memory that the process that runs now has had resident.
    pub memory: Option<u64>,
    /// How often its process ended by itself, or had to be killed.
    pub failures: u64,
    /// What happened to it the last time.
    pub last_failure: Option<String>,
}

/// The processes of all plug-ins of a hub that have not been waited for.
#[derive(Clone, Default)]
pub(crate) struct Children(Arc<(Mutex<usize>, Condvar)>);

/// One of them.
pub(crate) struct Living(Children);

impl Children {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is started there"))]
    pub(crate) fn enter(&self) -> Living {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Living(self.clone())
    }

    /// Waits until there is none, though no longer than `patience`.
    pub(crate) fn wait(&self, patience: Duration) {
        let living = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_timeout_while(living, patience, |living| *living > 0));
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        let (living, changed) = &*self.0.0;
        *living.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        changed.notify_all();
    }
}
