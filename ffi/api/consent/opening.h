/**
 * \file trine_consent.h
 * \brief Trine: the question that waits for a person, and whether a person sees it.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A call of a tool that asks for a person is refused and becomes the question; there is one at a
 * time. `on_ask` shows it. The loop says so with trine_consent_shown(), and with
 * trine_consent_hidden() when anything covers it. A press of the button, trine_agree() or
 * trine_port_agree(), agrees to the question that has been seen for a second, and to nothing else:
 * to those bytes of that caller, once.
 *
 * The rules of trine.h hold. From profile `policy` on.
 */
