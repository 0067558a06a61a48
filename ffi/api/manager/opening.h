/**
 * \file trine_manager.h
 * \brief Trine: what tools ask for, what they are given, and why something is refused.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program starts `trine_resources` in memory of its own and gives each tool what it asks for,
 * all of it or nothing. A tool that is refused waits, so that none waits for ever.
 *
 * Each function of the parts answers TRINE_E_ALIGNMENT for a handle that is not aligned to 8 bytes.
 *
 * A part of trine_resources.h, which shows how the parts are used together. Times are
 * microseconds of the program's clock. From profile `full` on.
 */
