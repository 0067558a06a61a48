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
