/**
 * \file trine_events.h
 * \brief Trine: what happens on the devices of a hub, told to a function of the program.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * \code
 * static void on_event(void *user_data, const char *device, const char *tool, const char *text,
 *                      uint32_t number) {
 *     printf("%s, %s: %s\n", device, tool, text);
 * }
 *
 * if (trine_hub_listen(hub, on_event, NULL, NULL, NULL) != TRINE_OK) {
 *     fprintf(stderr, "%s\n", trine_hub_why());
 * }
 * \endcode
 *
 * libtrine_host has these functions. Each that listens has a thread.
 */


#ifndef TRINE_EVENTS_H
#define TRINE_EVENTS_H

#include <stddef.h>
#include <stdint.h>
/* The hub whose devices are listened to. */
#include "trine_hub.h"


/**
 * What is told of an event of a device: something that happened there and that no one called for.
 *
 * @param user_data As it was given to `trine_hub_listen`.
 * @param device Name of the device.
 * @param tool Name of the tool, on that device, that it comes from.
 * @param text What happened. The three end with a zero byte and live until the function returns.
 * @param number Rises by one with each event of the device, until it restarts: a gap is what was
 *               lost.
 */
typedef void (*trine_hub_event)(void *user_data,
                                const char *device,
                                const char *tool,
                                const char *text,
                                uint32_t number);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Has a function told of every event of the hub's devices from now on, one at a time and in their
 * order, on a thread of the hub. It may call any function but `trine_hub_close`.
 *
 * @param hub The hub.
 * @param function Is told. Up to 1,024 events wait for it to return; more are left out.
 * @param user_data Passed to it.
 * @param release Is called with `user_data` once nothing is told any more; may be NULL. After an
 *                error it is not called.
 * @param number Where the number goes, for `trine_hub_unlisten`; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, or TRINE_E_FAILED when no thread could be started.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_hub_listen(trine_hub *hub,
                              trine_hub_event function,
                              void *user_data,
                              trine_json_release release,
                              uint64_t *number);

/**
 * Ends what `trine_hub_listen` began. Once it returns the function is not called any more, unless
 * it is this function that calls: then it is the last time.
 *
 * @param hub The hub.
 * @param number As `trine_hub_listen` gave it.
 * @return TRINE_OK, TRINE_E_NULL, or TRINE_E_NOT_FOUND when it has ended.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_unlisten(trine_hub *hub, uint64_t number);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_EVENTS_H */
