//! Calls of tools in this process, encoded as they are on the wire: no JSON, no client.

use std::sync::Arc;

use trine_mcp::Outcome;

use super::{Served, start};
use crate::device::{Cost, Extra, Waiter};

/// Tools of a hub that this program calls itself. They stay loaded for as long as this lives, also
/// when the hub has replaced them.
#[derive(Clone)]
pub struct Direct(pub(crate) Arc<Served>);

/// What is told how each call ended, on any thread.
pub trait End: Send + Sync {
    /// The call that was given this number has ended.
    fn ended(&self, number: u64, outcome: Outcome<'_>);
}

struct Told<E>(Arc<E>);

impl<E: End> Waiter for Told<E> {
    fn done(&self, tag: u64, outcome: Outcome<'_>, _: Cost) {
        self.0.ended(tag, outcome);
    }
}

/// Who makes calls, and is told how they end.
#[derive(Clone)]
pub struct Caller(Arc<dyn Waiter>);

impl Caller {
    /// A caller whose calls `end` is told of.
    #[must_use]
    pub fn new<E: End + 'static>(end: Arc<E>) -> Self {
        Self(Arc::new(Told(end)))
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Caller")
    }
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
    }
}

impl Direct {
    /// Calls the tool in `row`. The arguments are those that a
    /// [`ValueWriter`](trine_descriptor::ValueWriter) writes; they and the result are validated.
    /// Its end is told once, with `number`, which may be before this returns.
    pub fn call(&self, row: u16, args: &[u8], (caller, number): (&Caller, u64)) {
        let given = ((args, Extra::default()), Arc::default());
        // Nothing can cancel it.
        drop(start(&self.0, row, given, (&caller.0, number)));
    }
}
