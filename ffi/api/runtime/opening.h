/**
 * \file trine_runtime.h
 * \brief Trine: a device, its MCP sessions and the limits of its tools, in one piece of memory.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program that wants all parts starts them with one call and one buffer: the device with its
 * tools, the list of the tools that are active, their resources, MCP sessions, and memory for what
 * orchestrates them. Each part is reached by its own handle and used by its own header.
 *
 * The rules of trine.h hold. From profile `full` on.
 */
