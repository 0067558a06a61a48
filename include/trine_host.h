/**
 * \file trine_host.h
 * \brief Trine: language models from files, with threads, on a desktop or server.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * libtrine_host has these functions and all of trine_model.h, which work on what these open. Unlike
 * those, these take memory, and give it back when what they opened is closed. The rules of
 * trine_model.h hold here too.
 */


#ifndef TRINE_HOST_H
#define TRINE_HOST_H

#include <stddef.h>
#include <stdint.h>
/* Models, sessions and statuses. */
#include "trine_model.h"


/**
 * Uses the weights as they lie in the file; else they are packed for this machine first, which
 * takes as much memory again, and is faster from then on.
 */
#define TRINE_HOST_IN_PLACE 1

/**
 * What a model from a file is told. Zero is the default of every member but the first.
 */
typedef struct trine_host_config {
    /**
     * `sizeof(trine_host_config)`.
     */
    uint32_t struct_size;
    /**
     * Threads that share the work, the caller's being one of them; 0 is as many as there are
     * processors. They sleep when there is nothing to do.
     */
    uint32_t threads;
    /**
     * 0 or `TRINE_HOST_IN_PLACE`.
     */
    uint32_t flags;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trine_host_config;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Opens a model in a file: maps it, packs its weights for this machine, and starts threads.
 *
 * @param path The file, a GGUF file or an image of `trine model pack`; ended by a zero byte.
 * @param config What the model is told; NULL for the defaults.
 * @param model Where the handle goes, on success only. The functions of trine_model.h take it, but
 *              for `trine_model_close`.
 * @param problem Where it is said what is wrong; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_FAILED when the
 *         file cannot be read, there is no memory or no thread, or TRINE_E_MODEL when the file is
 *         damaged or not a model that this library computes.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_host_model_open(const char *path,
                                   const struct trine_host_config *config,
                                   trine_model **model,
                                   trine_model_problem *problem);

/**
 * Closes a model that `trine_host_model_open` opened: ends its threads and gives its memory back.
 *
 * @param model The model.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE when it was opened otherwise,
 *         or TRINE_E_BUSY while a session of it is open.
 *
 * Context: init-only.
 */
TRINE_API trine_status trine_host_model_close(trine_model *model);

/**
 * Opens an empty session of a model, in memory that the library takes. The model may be one of
 * `trine_host_model_open`, whose threads then share the work, or one of `trine_model_open`.
 *
 * @param model The model; it cannot be closed before the session.
 * @param config What the session is told.
 * @param session Where the handle goes, on success only. The functions of trine_model.h take it,
 *                but for `trine_model_session_close`.
 * @param problem Where it is said what is wrong; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_VERSION, TRINE_E_UNSUPPORTED,
 *         TRINE_E_ARGUMENT, TRINE_E_STATE, or TRINE_E_FAILED when there is no memory.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_host_session_open(const trine_model *model,
                                     const trine_model_session_config *config,
                                     trine_model_session **session,
                                     trine_model_problem *problem);

/**
 * Closes a session that `trine_host_session_open` opened, and gives its memory back.
 *
 * @param session The session.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE when it was opened otherwise,
 *         or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_host_session_close(trine_model_session *session);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_HOST_H */
