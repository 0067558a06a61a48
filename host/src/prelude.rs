//! What a tool in Rust and a server of it use: `use trine::prelude::*`.
//!
//! What the derives generate names `::trine_descriptor`, so a crate that derives depends on that
//! too. A device without `std` uses the crates of `core/` themselves.
//!
//! ```
//! use trine::prelude::*;
//!
//! /// Answer the next number.
//! #[derive(Tool)]
//! #[trine(title = "Next", read_only, output = Next)]
//! struct Ask {
//!     /// A number.
//!     #[trine(min = 0, max = 9)]
//!     number: i32,
//! }
//!
//! #[derive(Record)]
//! struct Next {
//!     /// The next one.
//!     #[trine(min = 1, max = 10)]
//!     next: i32,
//! }
//!
//! struct Numbers(Arc<Table>);
//!
//! impl HostTools for Numbers {
//!     fn table(&self) -> &Arc<Table> {
//!         &self.0
//!     }
//!
//!     fn call(&self, call: HostCall) {
//!         let Some(Ask { number }) = Ask::read(&call.args()) else { return call.error("no") };
//!         call.value(16, |out| Next { next: number + 1 }.write_fields(0, out));
//!     }
//! }
//!
//! let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
//! hub.add_tools(Arc::new(Numbers(table(&[Ask::TOOL])?)))?;
//! let report = hub.call_own("ask", r#"{"number": 4}"#, Duration::from_secs(9))?;
//! assert_eq!(report.result["structuredContent"]["next"], 5);
//! # Ok::<(), trine_gateway::Error>(())
//! ```

pub use std::sync::Arc;
pub use std::time::Duration;

pub use trine_derive::{Choice, Record, Tool};
pub use trine_descriptor::{
    Args, Choice, Field, Kind, Record, Side, Tool, ToolInfo, ToolParams, ToolTable, ValueWriter,
    validate,
};
pub use trine_gateway::host_tools::{HostCall, HostTools, table};
pub use trine_gateway::server::Server;
pub use trine_gateway::table::Table;
pub use trine_gateway::{CallReport, DeviceArgs, Hub, Prefix, Settings};
