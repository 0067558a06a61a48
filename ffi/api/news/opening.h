/**
 * \file trine_news.h
 * \brief Trine: progress, events and log for MCP clients in process.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program that serves MCP by trine_handle_json() tells its clients what happens meanwhile: it
 * lends some memory once, and sends what trine_next_json() answers.
 *
 * The rules of trine.h hold. From profile `mcp` on.
 */
