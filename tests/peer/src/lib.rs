//! An ordinary MCP server for the demonstration greenhouse, built on rmcp.
//!
//! It serves the eleven tools of `firmware-example/board/tools.json` and `camera.json` from a
//! greenhouse in memory, and validates arguments with the `jsonschema` crate. Trine's own engine is
//! compared with it: the differential test serves [`PeerBoard`] in process, the client scripts are
//! run against the program `peer-board`, and the benchmark runs `peer-minimal`. `peer-http`
//! serves [`Minimal`] and [`Sorter`]. [`Adder`] and [`Many`] serve in the process of who compares
//! with them.

mod adder;
mod catalogue;
mod greenhouse;
mod many;
mod minimal;
mod picture;
mod server;
mod sorter;

pub use adder::Adder;
pub use catalogue::{BoardTool, Catalogue, CatalogueError};
pub use greenhouse::{Greenhouse, Pace, Refusal};
pub use many::Many;
pub use minimal::Minimal;
pub use server::PeerBoard;
pub use sorter::Sorter;
