/**
 * \file trine_pools.h
 * \brief Trine: blocks of the memory that tools share.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A tool takes blocks beyond its first one, gives them back, and passes them to other tools
 * without a copy. A handle is of one block: one that was given back is refused.
 *
 * A part of trine_resources.h, which shows how the parts are used together. Times are
 * microseconds of the program's clock. From profile `full` on.
 */
