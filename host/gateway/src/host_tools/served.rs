//! Tools of this program as a hub keeps them: under a number, counted, and let go when the last
//! call of theirs has ended.
//!
//! Whoever may still call them holds a reference: the hub's list, what a client reads right now by
//! an earlier list, each call that has begun. So no call is lost when tools are replaced. It ends
//! where it began, and the last one that ends lets the old tools go.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use trine_descriptor::ToolTable as _;

use super::HostTools;
use crate::json_schema::Schemas;
use crate::sync::lock;
use crate::table::Table;

/// The number of tools that were added to a hub, whichever version of them serves. It is not given
/// twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ToolsId(u64);

impl ToolsId {
    pub(crate) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// The calls of one tool that have reached it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolStats {
    /// Those that have ended.
    pub calls: u64,
    /// Those of them that ended with an error.
    pub errors: u64,
    /// The time that they took together.
    pub time: Duration,
}

#[derive(Default)]
struct Counts {
    calls: AtomicU64,
    errors: AtomicU64,
    nanos: AtomicU64,
}

/// Tools in a hub.
pub(crate) struct Served {
    tools: Arc<dyn HostTools>,
    counts: Box<[Counts]>,
    gone: Arc<Gone>,
}

impl Served {
    pub(crate) fn new(tools: Arc<dyn HostTools>) -> Arc<Self> {
        let counts = (0..tools.table().count()).map(|_| Counts::default()).collect();
        Arc::new(Self { tools, counts, gone: Arc::default() })
    }

    pub(crate) fn tools(&self) -> &dyn HostTools {
        &*self.tools
    }

    pub(crate) fn table(&self) -> &Arc<Table> {
        self.tools.table()
    }

    pub(crate) fn schemas(&self, row: u16) -> Option<&Schemas> {
        self.tools.schemas(row)
    }

    /// A call that began then has ended.
    pub(super) fn count(&self, row: u16, began: Instant, is_error: bool) {
        let Some(counts) = self.counts.get(usize::from(row)) else { return };
        counts.calls.fetch_add(1, Ordering::Relaxed);
        counts.errors.fetch_add(is_error.into(), Ordering::Relaxed);
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        counts.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self, row: u16) -> ToolStats {
        let Some(counts) = self.counts.get(usize::from(row)) else { return ToolStats::default() };
        let [calls, errors, nanos] = [&counts.calls, &counts.errors, &counts.nanos]
            .map(|count| count.load(Ordering::Relaxed));
        ToolStats { calls, errors, time: Duration::from_nanos(nanos) }
    }

    /// What waits until nothing refers to them any more.
    pub(crate) fn leaving(&self) -> Leaving {
        Leaving(Arc::clone(&self.gone))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if catch_unwind(AssertUnwindSafe(|| self.tools.shutdown())).is_err() {
            tracing::error!("tools of this program panicked while they were shut down");
        }
        self.gone.say();
    }
}

/// Whether tools have been shut down.
#[derive(Default)]
struct Gone {
    is_gone: Mutex<bool>,
    changed: Condvar,
}

impl Gone {
    fn say(&self) {
        *lock(&self.is_gone) = true;
        self.changed.notify_all();
    }
}

/// Tools that were replaced or removed: new calls do not reach them, and those that had begun go
/// on. After the last one has ended they are shut down, also where this is dropped.
#[must_use = "calls may be under way: wait for them, or say that you do not"]
pub struct Leaving(Arc<Gone>);

impl std::fmt::Debug for Leaving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leaving").field("is_over", &self.is_over()).finish()
    }
}

impl Leaving {
    /// Whether the last call has ended and [`HostTools::shutdown`] has returned.
    #[must_use]
    pub fn is_over(&self) -> bool {
        *lock(&self.0.is_gone)
    }

    /// Waits until it is over, or `patience` is. Answers whether it is over.
    pub fn wait(&self, patience: Duration) -> bool {
        let is_waiting = |is_gone: &mut bool| !*is_gone;
        let waited = self.0.changed.wait_timeout_while(lock(&self.0.is_gone), patience, is_waiting);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use trine_descriptor::{Tool, ToolInfo};

    use super::*;
    use crate::host_tools::{HostCall, table};

    struct Two(Arc<Table>);

    impl HostTools for Two {
        fn table(&self) -> &Arc<Table> {
            &self.0
        }

        fn call(&self, call: HostCall) {
            call.error("no");
        }

        fn shutdown(&self) {
            panic!("planted");
        }
    }

    fn two() -> Arc<Served> {
        let tool = |name| Tool::new(ToolInfo::new(name, "Says no."), &[], &[]);
        Served::new(Arc::new(Two(table(&[tool("a"), tool("b")]).unwrap())))
    }

    #[test]
    fn a_million_calls_at_once_are_counted_each() {
        const THREADS: u64 = 8;
        const CALLS: u64 = 125_000;
        let served = two();
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for call in 0..CALLS {
                        served.count((call % 2) as u16, Instant::now(), call % 10 == 1);
                    }
                });
            }
        });
        let [a, b, none] = [0, 1, 2].map(|row| served.stats(row));
        let half = THREADS * CALLS / 2;
        assert_eq!([a.calls, b.calls, none.calls], [half, half, 0]);
        assert_eq!([a.errors, b.errors], [0, THREADS * CALLS / 10]);
    }

    #[test]
    fn tools_that_panic_when_they_are_shut_down_are_gone() {
        let served = two();
        let leaving = served.leaving();
        assert!(!leaving.is_over());
        drop(served);
        assert!(leaving.is_over());
    }
}
