//! Two endpoints for clients of an older integration guide: `GET /mcp/discover` lists the tools,
//! `POST /mcp/execute` calls some of them in order.
//!
//! They are a layer over MCP: each tool is called by a `tools/call` of the stateless revision that
//! goes through the engine, and what comes back is the result that the engine writes.

mod body;
mod discover;
mod execute;
mod running;
mod waiting;

pub(super) use discover::discover;
pub(super) use execute::execute;
pub(super) use waiting::Waiting;

/// The `_meta` of a request that stands alone and can be asked nothing.
const META: &str = "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
    \"io.modelcontextprotocol/clientCapabilities\":{}}";
