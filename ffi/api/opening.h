/**
 * \file trine.h
 * \brief Trine: AI tools (MCP) on anything that has a C compiler.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * Rules that hold for every function:
 *
 * - Memory is the program's: the library takes none. Handles are opaque.
 * - An answer is a trine_status or a count: 0 or more is success, a negative number is an error
 *   (TRINE_E_...). Outputs are written on success only, unless it says otherwise.
 * - Every pointer is checked for NULL. A size counts bytes; (NULL, 0) is empty. Texts are UTF-8
 *   with their size; none is expected to end with a zero byte.
 * - Times are milliseconds. Structures with a `struct_size` grow at their end.
 * - Callbacks get their `user_data` first. What they get dies when they return. A function of the
 *   same device that is called from a callback answers TRINE_E_BUSY, unless it takes the call.
 *
 * Who may call, at the end of each comment:
 *
 * - `isr-safe`: any context, also an interrupt; it never waits. One context at a time for an object.
 * - `owner-only`: the one context that owns the device: its main loop. Another thread that calls
 *   meanwhile gets TRINE_E_BUSY.
 * - `init-only`: the owner, before interrupts and other tasks use the object.
 */
