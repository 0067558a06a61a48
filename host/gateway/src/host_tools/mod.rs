//! Tools of this program, which clients see in one list with the tools of devices.
//!
//! [`HostTools`] is implemented by the program; [`crate::Hub::add_tools`] adds them, and
//! [`crate::Hub::replace_tools`] puts others in their place while they are called. Arguments are
//! validated before a call reaches the tools, and results before they reach the client. A tool with
//! [`Consent::Elicit`](trine_descriptor::Consent) runs after the person at the client has agreed to
//! this one call (`consent`).

mod accounts;
mod arguments;
mod blocks;
mod call;
mod consent;
mod direct;
mod served;

use std::sync::Arc;

use trine_descriptor::{Consent, Field, Kind, Tool, ToolTable as _, record};

pub use accounts::{Accounts, ToolStats};
pub(crate) use arguments::Arguments;
pub use blocks::{BadBlock, OwnBlock};
pub use call::HostCall;
pub(crate) use call::{CancelFlag, start, start_asking, start_json};
pub(crate) use consent::answered;
pub use direct::{Caller, Direct, End};
pub(crate) use served::Served;
pub use served::{Leaving, ToolsId};

use crate::error::{Error, Result};
use crate::json_schema::Schemas;
use crate::table::{BadTable, Table};

/// Tools of this program. Calls come from several threads at a time.
///
/// ```
/// use std::sync::Arc;
///
/// use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// use trine_gateway::host_tools::{HostCall, HostTools, table};
/// use trine_gateway::table::Table;
/// use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
/// use trine_mcp::Catalog as _;
///
/// const RANGE: IntRange = IntRange { min: 0, max: 1_000 };
/// const PARAMS: [Field<'static>; 1] = [Field::new("n", Kind::Int(RANGE)).describe("A number.")];
/// const OUTPUT: [Field<'static>; 1] =
///     [Field::new("square", Kind::Int(IntRange { min: 0, max: 1_000_000 }))];
/// const SQUARE: Tool<'static> =
///     Tool::new(ToolInfo::new("square", "Square a number."), &PARAMS, &OUTPUT);
///
/// struct Numbers(Arc<Table>);
///
/// impl HostTools for Numbers {
///     fn table(&self) -> &Arc<Table> {
///         &self.0
///     }
///
///     fn call(&self, call: HostCall) {
///         let n = call.args().int(0).unwrap_or_default();
///         call.value(16, |out| out.int(0, n * n));
///     }
/// }
///
/// // A hub without devices serves such tools alone.
/// let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
/// hub.add_tools(Arc::new(Numbers(table(&[SQUARE])?)))?;
/// assert!(hub.snapshot().find(b"square").is_some());
/// # Ok::<(), trine_gateway::Error>(())
/// ```
///
/// Tools that cannot be called from several threads do not compile:
///
/// ```compile_fail,E0277
/// struct Counter(std::cell::Cell<u32>, std::sync::Arc<trine_gateway::table::Table>);
///
/// impl trine_gateway::host_tools::HostTools for Counter {
///     fn table(&self) -> &std::sync::Arc<trine_gateway::table::Table> {
///         &self.1
///     }
///
///     fn call(&self, call: trine_gateway::host_tools::HostCall) {
///         self.0.set(self.0.get() + 1);
///         call.error("no");
///     }
/// }
/// ```
pub trait HostTools: Send + Sync {
    /// The tools; always the same ones.
    fn table(&self) -> &Arc<Table>;

    /// What the tool in `row` has in its `_meta`, next to what its descriptor puts there.
    fn meta(&self, row: u16) -> &[(&str, &str)] {
        _ = row;
        &[]
    }

    /// The JSON Schemas of the tool in `row`, where its descriptor cannot say them: clients are
    /// shown them byte for byte, and the parameters and the output of the descriptor are empty.
    /// Arguments are validated by them before a call, which has them as [`HostCall::json`], and it
    /// ends with [`HostCall::done_json`].
    fn schemas(&self, row: u16) -> Option<&Schemas> {
        _ = row;
        None
    }

    /// Why the tool in `row` takes no call now, in a sentence. It is asked before a person is asked
    /// to agree to a call; another call may come between that and this one.
    fn refusal(&self, row: u16) -> Option<String> {
        _ = row;
        None
    }

    /// Where calls of these tools are counted, for tools that keep their counts when they are added
    /// to a hub again. Others get new ones each time.
    fn accounts(&self) -> Option<Arc<Accounts>> {
        None
    }

    /// Runs a call, whose arguments are valid. It is ended by a method of `call`, in this function
    /// or later on any thread. The thread that calls this reads further requests afterwards: a tool
    /// that takes more than a moment hands the call to a thread of its own.
    fn call(&self, call: HostCall);

    /// They were replaced or removed, or their hub was dropped: the last call has ended, and no
    /// other will come. It is called once, on the thread that ended the last call, or on that which
    /// took them away where none was under way: it must not wait for a thread that ends calls.
    fn shutdown(&self) {}

    /// The program is about to end, by a signal. Calls under way have three seconds from now. One
    /// that can end early with a part of its result should do so after two, and the others with an
    /// error.
    fn end(&self) {}
}

/// A table of these tools. They keep the rules of a device's, but for one: an array among the
/// parameters may be of any length (its maximum is `u8::MAX`). A program has the memory for it, up
/// to the longest arguments of a call: 72 KiB, encoded.
///
/// # Errors
/// When a descriptor breaks a rule.
pub fn table(tools: &[Tool<'_>]) -> Result<Arc<Table>> {
    let refused = |why: BadTable| Error::HostTools { why: why.to_string() };
    let closed: Vec<Vec<Field<'_>>> = tools.iter().map(|tool| closed(tool.params)).collect();
    let bounded =
        tools.iter().zip(&closed).map(|(tool, params)| Tool::new(tool.info, params, tool.output));
    Table::new(list(&bounded.collect::<Vec<_>>())).map_err(refused)?;
    Table::checked_before(list(tools)).map(Arc::new).map_err(refused)
}

/// The same parameters, of whose arrays each has a longest length.
fn closed<'t>(params: &[Field<'t>]) -> Vec<Field<'t>> {
    let close = |field: &Field<'t>| {
        let mut field = *field;
        if let Kind::Array { max: max @ u8::MAX, .. } = &mut field.kind {
            *max -= 1;
        }
        field
    };
    params.iter().map(close).collect()
}

/// The tools as records.
fn list(tools: &[Tool<'_>]) -> Box<[u8]> {
    let mut list = vec![0; record::page(tools, 0, &mut [])];
    record::page(tools, 0, &mut list);
    list.into()
}

/// Refuses tools that need someone whom this program cannot ask.
pub(crate) fn check(tools: &dyn HostTools) -> Result<()> {
    let table = tools.table();
    for row in 0..table.count() {
        let Some(info) = table.info(row) else { continue };
        if info.consent > Consent::Elicit {
            let (name, level) = (info.name, info.consent.name());
            let why = format!(
                "its tool {name} has the consent level {level}, which only a board can ask for: \
                 use elicit"
            );
            return Err(Error::HostTools { why });
        }
    }
    Ok(())
}
