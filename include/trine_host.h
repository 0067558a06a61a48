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


#ifndef TRINE_HOST_H
#define TRINE_HOST_H

#include <stddef.h>
#include <stdint.h>
/* Models, sessions and statuses. */
#include "trine_model.h"


/**
 * A note says what lies where on the devices, and how much memory that takes: one line for each.
 * It comes before any of it is taken.
 */
#define TRINE_HOST_NOTE_PLAN 1

/**
 * A note warns that the processor computes in place of a device, and says why.
 */
#define TRINE_HOST_NOTE_WARNING 2

/**
 * A note says in full what the status of the function that is running means.
 */
#define TRINE_HOST_NOTE_ERROR 3

/**
 * The processor, as the backends of devices use it; the library's own engine is faster there.
 */
#define TRINE_HOST_PROCESSOR 0

/**
 * A graphics processor with memory of its own, or one that says so.
 */
#define TRINE_HOST_GPU 1

/**
 * A graphics processor that shares the processor's memory.
 */
#define TRINE_HOST_INTEGRATED 2

/**
 * What helps the processor with some operations, and computes no whole model.
 */
#define TRINE_HOST_HELPER 3

/**
 * Uses the weights as they lie in the file; else they are packed for this machine first, which
 * takes as much memory again, and is faster from then on.
 */
#define TRINE_HOST_IN_PLACE 1

/**
 * Lets a device take what its matrices read as it is. Else it is rounded to bytes there too, as
 * such models are trained to be read and as the library's own engine rounds it always, also where
 * it goes on for a device. There is less to do without, and the text is another one.
 */
#define TRINE_HOST_FLOATS 2

/**
 * A device. Texts end with a zero byte and live for ever.
 */
typedef struct trine_host_device {
    /**
     * `sizeof(trine_host_device)`, set by the program.
     */
    uint32_t struct_size;
    /**
     * What it is: `TRINE_HOST_PROCESSOR` and those below it.
     */
    uint32_t kind;
    /**
     * 1 when it is a graphics processor in software, else 0.
     */
    uint32_t is_software;
    /**
     * 1 when the backend `auto` takes it, else 0.
     */
    uint32_t is_taken;
    /**
     * Bytes of its memory that are free now; 0 where it does not say.
     */
    uint64_t memory_free;
    /**
     * Bytes of all its memory; 0 where it does not say.
     */
    uint64_t memory_all;
    /**
     * Its name: `Vulkan0`.
     */
    const char *name;
    /**
     * Its maker's name for it.
     */
    const char *description;
    /**
     * The backend that it belongs to: `Vulkan`, `CUDA`, `CPU`.
     */
    const char *backend;
    /**
     * Why the backend `auto` takes it, or does not.
     */
    const char *why;
} trine_host_device;

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
     * 0, or any of `TRINE_HOST_IN_PLACE` and `TRINE_HOST_FLOATS`.
     */
    uint32_t flags;
    /**
     * Must be 0.
     */
    uint32_t reserved;
    /**
     * Where the model is computed, in the words of `trine generate --backend`, ended by a zero
     * byte: "cpu", the library's own engine, which NULL means too; "ternary", "vulkan", "cuda" or
     * "metal", the first device of that name; "auto", the first graphics processor that is no
     * software, or the processor. With "auto", and with ",cpu" after another name, the processor
     * computes where there is no device, and goes on where it fails, and `on_note` is told; else
     * that is an error. May die when the function returns.
     */
    const char *backend;
    /**
     * Gets what a person may want to know of a device: `TRINE_HOST_NOTE_...`, and a text that ends
     * with a zero byte and dies when it returns. Runs inside the functions that open a model or a
     * session, and inside those that read or write with a session, in their thread, of which there
     * may be several at a time. It calls no function of the library. May be NULL.
     */
    void (*on_note)(void *user_data, uint32_t kind, const char *text);
    /**
     * Passed to `on_note`.
     */
    void *user_data;
    /**
     * Bytes of the device's memory that a session may take; 0 is what the device says is free.
     */
    uint64_t memory_max;
    /**
     * Blocks of the model that go to the device, the others staying on the processor; 0 is as many
     * as its memory takes.
     */
    uint32_t layers;
    /**
     * Must be 0.
     */
    uint32_t reserved_2;
} trine_host_config;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Counts the devices that models can be computed on: those of the backends that the library was
 * built with, and the processor as these use it.
 *
 * @param problem Where it is said what is wrong; may be NULL.
 * @return How many, or TRINE_E_UNSUPPORTED when the library was built without.
 *
 * Context: init-only.
 */
TRINE_API int32_t trine_host_device_count(trine_model_problem *problem);

/**
 * Says what a device is.
 *
 * @param index Its place, below `trine_host_device_count`; where there are several of a backend,
 *              the first of them is the one that its name chooses.
 * @param device Where it goes; its `struct_size` is set.
 * @param problem Where it is said what is wrong; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_VERSION, TRINE_E_NOT_FOUND when there
 *         is none at that place, or TRINE_E_UNSUPPORTED when the library was built without.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_host_get_device(uint32_t index,
                                   struct trine_host_device *device,
                                   trine_model_problem *problem);

/**
 * Opens a model in a file: maps it, packs its weights for this machine unless a device computes
 * it, and starts threads.
 *
 * @param path The file, a GGUF file or an image of `trine model pack`; ended by a zero byte.
 * @param config What the model is told; NULL for the defaults.
 * @param model Where the handle goes, on success only. The functions of trine_model.h take it, but
 *              for `trine_model_close`.
 * @param problem Where it is said what is wrong; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED also when the library was
 *         built without the backend, TRINE_E_ARGUMENT also when there is no such backend,
 *         TRINE_E_NOT_FOUND when the backend has no device here, TRINE_E_FAILED when the file
 *         cannot be read, there is no memory or no thread, or TRINE_E_MODEL when the file is
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
 * `trine_host_model_open`, whose threads then share the work, or one of `trine_model_open`. Where
 * a device computes, each session has the model's weights on it for itself; there the budget of
 * `trine_model_eval` and its like is not looked at, and a step reads as many tokens as are
 * computed together, while no other session computes on a device. `memory_used` counts the
 * processor's memory alone.
 *
 * @param model The model; it cannot be closed before the session.
 * @param config What the session is told.
 * @param session Where the handle goes, on success only. The functions of trine_model.h take it,
 *                but for `trine_model_session_close`.
 * @param problem Where it is said what is wrong; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_VERSION, TRINE_E_UNSUPPORTED,
 *         TRINE_E_ARGUMENT, TRINE_E_STATE, or TRINE_E_FAILED when there is no memory or the device
 *         does not open or has too little.
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
