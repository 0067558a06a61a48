//! Tools of this program as a hub keeps them: under a number, counted, and let go when the last
//! call of theirs has ended.
//!
//! Whoever may still call them holds a reference: the hub's list, what a client reads right now by
//! an earlier list, each call that has begun. So no call is lost when tools are replaced. It ends
//! where it began, and the last one that ends lets the old tools go.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::{Accounts, HostTools};
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

/// Tools in a hub.
pub(crate) struct Served {
    tools: Arc<dyn HostTools>,
    /// Theirs, which each call needs some times.
    table: Arc<Table>,
    accounts: Arc<Accounts>,
    gone: Arc<Gone>,
}

impl Served {
    pub(crate) fn new(tools: Arc<dyn HostTools>) -> Arc<Self> {
        let accounts = tools.accounts();
        let table = Arc::clone(tools.table());
        let accounts = accounts.unwrap_or_else(|| Arc::new(Accounts::new(&table)));
        Arc::new(Self { tools, table, accounts, gone: Arc::default() })
    }

    pub(crate) fn tools(&self) -> &dyn HostTools {
        &*self.tools
    }

    pub(crate) const fn table(&self) -> &Arc<Table> {
        &self.table
    }

    pub(crate) fn schemas(&self, row: u16) -> Option<&Schemas> {
        self.tools.schemas(row)
    }

    /// What became of the calls.
    pub(crate) fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
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
                        let row = (call % 2) as u16;
                        served.accounts.begin(row);
                        served.accounts.end(row, Duration::from_nanos(call), call % 10 == 1);
                    }
                });
            }
        });
        let [a, b, none] = [0, 1, 2].map(|row| served.accounts.of(row));
        let half = THREADS * CALLS / 2;
        assert_eq!([a.calls, b.calls, none.calls], [half, half, 0]);
        assert_eq!([a.begun, b.begun, a.running(), b.running()], [half, half, 0, 0]);
        assert_eq!([a.errors, b.errors], [0, THREADS * CALLS / 10]);
        let most = [a.least, a.most, b.least, b.most].map(|it| it.as_nanos() as u64);
        assert_eq!(most, [0, CALLS - 2, 1, CALLS - 1]);
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
