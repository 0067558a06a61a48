/**
 * \file trine_sentences.h
 * \brief Trine: sentences that a host wants turned into calls, for a device with a model.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * `trine ask --device` and the gateway's tool `ask` send the device a sentence. `on_sentence` copies
 * it; the main loop reads it with a model, such as trine_base_ask_steps() of trine_model.h, and
 * answers. It runs nothing: the host makes the call that the answer names, and every rule about
 * calls holds for it.
 *
 * The rules of trine.h hold. From profile `sentences` on.
 */
