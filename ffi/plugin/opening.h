/**
 * \file trine_plugin.h
 * \brief Trine: a library of tools that a running program loads, replaces and takes out again.
 *
 * Made from ffi/plugin by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A plug-in is a shared library with one function, `trine_plugin_entry`, which answers one table.
 * It links nothing of Trine. The program that loads it, such as `trine gateway --plugin FILE`,
 * passes a table of its own functions. This header maps trine_get_int(), trine_put_int() and the
 * others of a call to that table. So the same functions of tools are compiled for a chip and for a
 * plug-in.
 *
 * \code
 * #include "trine_plugin.h"
 *
 * static trine_status beep(void *state, trine_call *call) {
 *     (void)state;
 *     return trine_put_int(call, 0, trine_get_int(call, 0) + 1);
 * }
 *
 * static const trine_node count[] = {TRINE_INT(TRINE_REQUIRED, "count", "", "How often.", 0, 9)};
 * static const trine_node beeps[] = {TRINE_INT(TRINE_REQUIRED, "beeps", "", "Since.", 0, 10)};
 * static const trine_tool tools[] = {
 *     TRINE_TOOL("beep", "Beep", "Beep some times.", 0, count, beeps, beep, NULL)};
 *
 * TRINE_PLUGIN("beeper", "1.0.0", tools);
 * \endcode
 *
 * Rules:
 *
 * - The plug-in owns its table and all that it points to. They are constant and stay where they
 *   are for as long as the program runs: a plug-in is never unmapped.
 * - The program owns its table, each `trine_call`, and the texts that getters answer. A call and
 *   its texts die when the tool's function returns.
 * - What a function of the table makes, the plug-in frees: `init` makes the state, `shutdown` frees
 *   it. Neither side frees memory of the other.
 * - No C++ exception, Rust panic or longjmp leaves a function. The wrapper of this header for C++
 *   and the macro for Rust catch them.
 * - A structure grows at its end: `struct_size` says how much of it there is.
 */
