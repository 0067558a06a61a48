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


#ifndef TRINE_CONSENT_H
#define TRINE_CONSENT_H

#include <stddef.h>
#include <stdint.h>
/* Devices, ports, statuses, and where the functions are. */
#include "trine.h"


#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The question that `on_ask` was given last is where a person sees it, whole. From then on it has
 * to be seen for a second, or what `trine_consent_set_guard` says, before `trine_agree` and
 * `trine_port_agree` count. Said again for the same question, it changes nothing: a loop may say
 * it at each turn while the question is seen.
 *
 * @param device The device.
 * @param now The time in milliseconds.
 * @return The number of the tool, TRINE_E_NOT_FOUND when there is no question (take away what is
 *         shown), TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only. Not from `on_ask`: after the `trine_poll` or `trine_handle_json` that
 * called it.
 */
TRINE_API int32_t trine_consent_shown(trine_device *device, uint64_t now);

/**
 * Something covers the question, or it was taken away: nothing agrees to it until it is shown
 * again, for as long as before.
 *
 * @param device The device.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_consent_hidden(trine_device *device);

/**
 * A person wants no such call: the question is over, or an agreement that was not used yet. Who
 * asked has to wait for a quarter of `consent_ms` before it asks again, so that others can.
 *
 * @param device The device.
 * @param now The time in milliseconds.
 * @return The number of the tool, TRINE_E_NOT_FOUND when there is nothing to dismiss,
 *         TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only; from an interrupt use `trine_port_dismiss`.
 */
TRINE_API int32_t trine_consent_dismiss(trine_device *device, uint64_t now);

/**
 * How long a question has to be shown before a person can agree to it. It is 1,000 milliseconds
 * from `trine_init` on. With 0, who presses in the moment in which a question comes agrees to what
 * nobody has read.
 *
 * @param device The device.
 * @param ms Milliseconds.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_consent_set_guard(trine_device *device, uint32_t ms);

/**
 * A person, by a physical input, wants no such call: `trine_consent_dismiss` at the next
 * `trine_poll`.
 *
 * @param port The port.
 * @return TRINE_OK, TRINE_E_NULL or TRINE_E_FULL.
 *
 * Context: isr-safe.
 */
TRINE_API trine_status trine_port_dismiss(trine_port *port);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_CONSENT_H */
