/**
 * \file trine_tools.h
 * \brief Trine: tools that a device gets and loses while it runs.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A module is plugged in, and the device has its tools: trine_tools_init() lends memory for some
 * places once, then trine_tools_add(), trine_tools_replace() and trine_tools_remove() change what
 * is there. The device checks each tool before anyone sees it, and guards its calls: whoever has
 * an older description is refused, so that no call enters another tool than was meant.
 *
 * The rules of trine.h hold. From profile `mcp` on.
 */
