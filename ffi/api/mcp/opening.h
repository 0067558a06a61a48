/**
 * \file trine_mcp.h
 * \brief Trine: resources, prompts and completion of a device, for MCP clients.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A device has lists next to its tools: resources that clients read, templates of their addresses,
 * and prompts. They are constant tables, which trine_mcp_offer() takes; a function of the program
 * writes what changes. What the tools' schemas say further (icons, titles, formats) stands there
 * too, and a tool or a prompt can ask the client's language model or for its folders. Clients see
 * all of it through the gateway; trine_handle_json() serves tools alone.
 *
 * The rules of trine.h hold. Profile `resources`.
 */
