/**
 * \file trine_join.h
 * \brief Trine: the tools of a hub among those of a gateway that runs on this computer.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * \code
 * // A gateway: trine gateway --http 127.0.0.1:8331 --plugin-control /run/user/1000/trine.sock
 * if (trine_hub_join(hub, "/run/user/1000/trine.sock", "robot") != TRINE_OK) {
 *     fprintf(stderr, "%s\n", trine_hub_why());
 * }
 * \endcode
 *
 * libtrine_host has these functions. Each gateway that is joined has a thread.
 */
