//! What needs to look inside; what a program sees is tested by programs, in `tests/c`.

#[cfg(feature = "mcp")]
#[expect(clippy::manual_c_str_literals, reason = "texts of a node have NULs inside")]
mod added;
mod greenhouse;
#[cfg(feature = "resources")]
mod json_later;
#[cfg(feature = "resources")]
mod json_lists;
#[cfg(feature = "resources")]
#[expect(clippy::manual_c_str_literals, reason = "texts of a node have NULs inside")]
mod lists_server;
#[cfg(feature = "sentences")]
mod sentences;
