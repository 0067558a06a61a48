/**
 * \file trine_run.h
 * \brief Trine: calls that the program makes itself, such as those of a sentence.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * trine_ask_result() of trine_model.h answers the number of a tool and its arguments;
 * trine_run() lets the tool run. Such a call passes the checks of a call by wire without a tag: its
 * arguments are judged, a tool that asks for a person waits for one, and the result is judged. A
 * sentence agrees to nothing.
 *
 * The rules of trine.h hold. From profile `mcp` on.
 */
