//! A plug-in at work, however it runs, and who holds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use self_cell::self_cell;
use trine_gateway::host_tools::{Accounts, HostCall, HostTools};
use trine_gateway::table::Table;

use crate::account::{Account, Over};
use crate::isolate::ProcessUsage;
use crate::load::About;

/// A plug-in that was initialised and has tested itself.
pub(crate) trait Work: Send + Sync {
    fn about(&self) -> &About;

    fn table(&self) -> &Arc<Table>;

    /// Whether it can work, as it says.
    fn health(&self) -> Result<(), String>;

    fn call(&self, call: HostCall);

    /// What it has used, where that is known.
    fn usage(&self) -> Option<ProcessUsage> {
        None
    }

    /// The last call has ended, and no other will come. Once. `over` is dropped when nothing of it
    /// runs any more, which may be later than this returns.
    fn shutdown(&self, over: Over);
}

type Pairs<'a> = Vec<(&'a str, &'a str)>;

self_cell!(
    /// What a plug-in says of itself, as `_meta` of its tools has it.
    struct Meta {
        owner: [String; 3],
        #[covariant]
        dependent: Pairs,
    }
);

impl Meta {
    fn of(about: &About) -> Self {
        let texts =
            [about.version.to_string(), about.author.clone(), about.capabilities.join(", ")];
        Self::new(texts, |texts| {
            let names = ["trine/version", "trine/author", "trine/capabilities"];
            let pairs = names.into_iter().zip(texts.iter().map(String::as_str));
            pairs.filter(|(_, text)| !text.is_empty()).collect()
        })
    }
}

/// A plug-in at work. It is shut down when nothing holds it as [`Tools`] any more.
pub(crate) struct Running {
    work: Box<dyn Work>,
    meta: Meta,
    holders: AtomicU32,
    account: Arc<Account>,
}

impl Running {
    pub(crate) fn new(work: impl Work + 'static, account: &Arc<Account>) -> Arc<Self> {
        let (meta, account) = (Meta::of(work.about()), Arc::clone(account));
        Arc::new(Self { work: Box::new(work), meta, holders: AtomicU32::new(0), account })
    }

    pub(crate) const fn account(&self) -> &Arc<Account> {
        &self.account
    }
}

impl std::ops::Deref for Running {
    type Target = dyn Work;

    fn deref(&self) -> &Self::Target {
        &*self.work
    }
}

/// The tools of a plug-in, as a hub has them. The last of several that is shut down shuts the
/// plug-in down.
pub(crate) struct Tools(Arc<Running>);

impl Tools {
    pub(crate) fn new(running: &Arc<Running>) -> Self {
        running.holders.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(running))
    }
}

impl HostTools for Tools {
    fn table(&self) -> &Arc<Table> {
        self.0.table()
    }

    fn meta(&self, _: u16) -> &[(&str, &str)] {
        self.0.meta.borrow_dependent()
    }

    fn accounts(&self) -> Option<Arc<Accounts>> {
        Some(Arc::clone(self.0.account.calls()))
    }

    fn refusal(&self, _: u16) -> Option<String> {
        self.0.account.is_open().err()
    }

    #[inline]
    fn call(&self, call: HostCall) {
        match self.0.account.admit() {
            Ok(()) => self.0.call(call),
            Err(why) => call.refuse(&why),
        }
    }

    fn shutdown(&self) {
        if self.0.holders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.shutdown(Over::of(&self.0.account));
        }
    }
}
