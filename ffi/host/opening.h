/**
 * \file trine_host.h
 * \brief Trine: language models from files, with threads and on graphics
 *        processors, on a desktop or server.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * libtrine_host has these functions and all of trine_model.h, which work on what these open. Unlike
 * those, these take memory, and give it back when what they opened is closed. The rules of
 * trine_model.h hold here too.
 */
