/**
 * \file trine_model.h
 * \brief Trine: ternary language models on anything that has a C compiler.
 *
 * Made from ffi/model by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A model is weights and a tokenizer, where they lie; it does not change once it is open. A session
 * is what a model has read so far, and the memory to go on. Rules that hold for every function:
 *
 * - Memory is the program's: the library takes none. Handles are opaque.
 * - An answer is a trine_status or a count: 0 or more is success, a negative number is an error
 *   (TRINE_E_..., in trine.h but for TRINE_E_MODEL). Outputs are written on success only, but for a
 *   trine_model_problem, which says what is wrong and how many bytes are needed.
 * - Every pointer is checked for NULL. A size counts bytes, a count elements; (NULL, 0) is empty.
 *   Texts are UTF-8 with their size; none is expected to end with a zero byte.
 * - Structures with a `struct_size` grow at their end.
 * - Callbacks get their `user_data` first. What they get dies when they return. A function of the
 *   same session that is called from a callback answers TRINE_E_BUSY, but for trine_model_cancel.
 *
 * Who may call, at the end of each comment:
 *
 * - `isr-safe`: any context, also an interrupt; it never waits.
 * - `owner-only`: the one context that owns the session. Another thread that calls meanwhile gets
 *   TRINE_E_BUSY.
 * - `init-only`: the owner, before other contexts use the object.
 *
 * `any` says that many threads may call at the same time: a model does not change.
 */
