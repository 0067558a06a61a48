/**
 * \file trine_accounts.h
 * \brief Trine: calls of tools: their limits, and how long they take.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program begins and ends each execution of a tool. Calls per second and processor time are
 * limited, and how long executions take is measured.
 *
 * A part of trine_resources.h, which shows how the parts are used together. Times are
 * microseconds of the program's clock. From profile `full` on.
 */
