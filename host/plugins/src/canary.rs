//! A new version that gets a share of the calls before it gets all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use trine_descriptor::ToolTable as _;
use trine_gateway::host_tools::{Accounts, HostCall, HostTools};
use trine_gateway::table::Table;

use crate::work::{Running, Tools};

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
    pub(crate) fn judge(&self, new: &Running, trial: &Split) -> Result<(), String> {
        // A time that is too long to be reckoned with never comes.
        let end = Instant::now().checked_add(self.patience);
        loop {
            let (calls, errors) = trial.counts.of();
            if errors > self.errors_max {
                return Err(format!("{errors} of its first {calls} calls failed"));
            }
            new.health()?;
            if calls >= self.calls {
                return Ok(());
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                return match trial.under_way() {
                    1.. if calls == 0 => {
                        Err(format!("none of its calls has ended within {:?}", self.patience))
                    }
                    _ => Ok(()),
                };
            }
            std::thread::sleep(PERIOD);
        }
    }
}

/// The calls of the new version that have ended, and those of them that failed.
#[derive(Default)]
struct Counts([AtomicU32; 2]);

impl Counts {
    fn of(&self) -> (u32, u32) {
        let [calls, errors] = &self.0;
        // Errors first: no more of them than of calls are ever seen.
        let errors = errors.load(Ordering::Acquire);
        (calls.load(Ordering::Acquire), errors)
    }

    fn count(&self, is_error: bool) {
        let [calls, errors] = &self.0;
        calls.fetch_add(1, Ordering::AcqRel);
        errors.fetch_add(is_error.into(), Ordering::AcqRel);
    }
}

/// Two versions of the same tools, of which each gets its share of the calls.
pub(crate) struct Split {
    old: Tools,
    new: Tools,
    accounts: [Arc<Accounts>; 2],
    canary: Canary,
    calls: AtomicU32,
    counts: Arc<Counts>,
    table: Arc<Table>,
}

impl Split {
    pub(crate) fn new(old: &Arc<Running>, new: &Arc<Running>, canary: Canary) -> Self {
        let (calls, counts, table) = (AtomicU32::new(0), Arc::default(), Arc::clone(old.table()));
        let accounts = [old, new].map(|running| Arc::clone(running.account().calls()));
        let (old, new) = (Tools::new(old), Tools::new(new));
        Self { old, new, accounts, canary, calls, counts, table }
    }

    /// Calls of the new version that have begun and not ended.
    fn under_way(&self) -> u64 {
        let [_, new] = &self.accounts;
        (0..self.table.count()).map(|row| new.of(row).running()).sum()
    }
}

impl HostTools for Split {
    fn table(&self) -> &Arc<Table> {
        &self.table
    }

    fn meta(&self, row: u16) -> &[(&str, &str)] {
        self.old.meta(row)
    }

    fn accounts(&self) -> Option<Arc<Accounts>> {
        let [old, _] = &self.accounts;
        Some(Arc::clone(old))
    }

    fn refusal(&self, row: u16) -> Option<String> {
        self.old.refusal(row)
    }

    fn call(&self, mut call: HostCall) {
        // Spread evenly: the share of each number up to this one, less that of the one before.
        let number = self.calls.fetch_add(1, Ordering::Relaxed) % 100;
        let share = |upto: u32| upto * u32::from(self.canary.percent) / 100;
        let is_due = share(number + 1) > share(number);
        // One that has failed is called no more: it is about to be taken out.
        if !is_due || self.counts.of().1 > self.canary.errors_max {
            return self.old.call(call);
        }
        let [_, accounts] = &self.accounts;
        call.count_in(accounts);
        let counts = Arc::clone(&self.counts);
        call.tell_end(move |is_error| counts.count(is_error));
        self.new.call(call);
    }

    fn shutdown(&self) {
        self.old.shutdown();
        self.new.shutdown();
    }
}
