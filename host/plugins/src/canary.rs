//! A new version that gets a share of the calls before it gets all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use trine_gateway::host_tools::{HostCall, HostTools};
use trine_gateway::table::Table;

use crate::instance::{Instance, Tools};

/// How a new version is tried out under the calls of clients.
#[derive(Clone, Copy, Debug)]
pub struct Canary {
    /// Of each hundred calls, how many the new version gets: 1 to 100.
    pub percent: u8,
    /// After how many calls of its own it is judged: at least 1.
    pub calls: u32,
    /// How many of these may fail.
    pub errors_max: u32,
    /// How long to wait for so many calls. Where fewer came, it is judged by those.
    pub patience: Duration,
}

/// How long one looks at the counts of calls again.
const PERIOD: Duration = Duration::from_millis(2);

impl Canary {
    /// What of it cannot be.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        match self {
            Self { percent: 0 | 101.., .. } => Some("its percent are not 1 to 100"),
            Self { calls: 0, .. } => Some("it is judged after no call: give at least 1"),
            _ => None,
        }
    }

    /// Waits until the new version can be judged; or says what is wrong with it.
    pub(crate) fn judge(&self, new: &Instance) -> Result<(), String> {
        let end = Instant::now() + self.patience;
        loop {
            let (calls, errors) = new.counts();
            if errors > self.errors_max {
                return Err(format!("{errors} of its first {calls} calls failed"));
            }
            new.health()?;
            if calls >= self.calls || Instant::now() >= end {
                return Ok(());
            }
            std::thread::sleep(PERIOD);
        }
    }
}

/// Two versions of the same tools, of which each gets its share of the calls.
pub(crate) struct Split {
    old: Tools,
    new: Tools,
    canary: Canary,
    calls: AtomicU32,
    table: &'static Arc<Table>,
}

impl Split {
    pub(crate) fn new(old: &Arc<Instance>, new: &Arc<Instance>, canary: Canary) -> Self {
        let (calls, table) = (AtomicU32::new(0), old.described());
        Self { old: Tools::new(old), new: Tools::new(new), canary, calls, table }
    }
}

impl HostTools for Split {
    fn table(&self) -> &Arc<Table> {
        self.table
    }

    fn call(&self, call: HostCall) {
        // Spread evenly: the share of each number up to this one, less that of the one before.
        let number = self.calls.fetch_add(1, Ordering::Relaxed) % 100;
        let share = |upto: u32| upto * u32::from(self.canary.percent) / 100;
        let is_due = share(number + 1) > share(number);
        // One that has failed is called no more: it is about to be taken out.
        let is_new = is_due && self.new.counts().1 <= self.canary.errors_max;
        if is_new { self.new.call(call) } else { self.old.call(call) }
    }

    fn shutdown(&self) {
        self.old.shutdown();
        self.new.shutdown();
    }
}
