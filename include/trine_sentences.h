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


#ifndef TRINE_SENTENCES_H
#define TRINE_SENTENCES_H

#include <stddef.h>
#include <stdint.h>
/* Devices, ports, statuses, and where the functions are. */
#include "trine.h"


/**
 * A sentence that a host wants turned into a call.
 */
typedef struct trine_sentence {
    /**
     * The handle to answer with.
     */
    trine_call_id id;
    /**
     * 1 when the host wants to know the tokens of a trained model too, else 0.
     */
    uint32_t with_tokens;
    /**
     * The time in milliseconds, as it was passed to `trine_poll`.
     */
    uint64_t now;
    /**
     * When the answer is no longer wanted, in milliseconds.
     */
    uint64_t deadline;
    /**
     * The sentence as it was received: it may be invalid UTF-8. It is valid until `on_sentence`
     * returns.
     */
    trine_text text;
} trine_sentence;

/**
 * What reads sentences. Constant, and as long-lived as the device.
 */
typedef struct trine_sentences {
    /**
     * `sizeof(trine_sentences)`.
     */
    uint32_t struct_size;
    /**
     * Must be 0.
     */
    uint32_t reserved;
    /**
     * Copies a sentence and returns TRINE_PENDING, inside `trine_poll`. The host is told of any
     * other status: TRINE_E_BUSY while another sentence is read, TRINE_E_FULL when it is too long.
     */
    trine_status (*on_sentence)(void *user_data, const struct trine_sentence *sentence);
    /**
     * The answer is no longer wanted: it expired, was cancelled, or the host is gone. May be
     * NULL.
     */
    void (*on_stop)(void *user_data, trine_call_id id);
    /**
     * Passed to both.
     */
    void *user_data;
} trine_sentences;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Tells hosts that the device turns sentences into calls.
 *
 * @param device The device, before its first `trine_poll`.
 * @param sentences What reads them.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE (also after the first poll),
 *         TRINE_E_BUSY, TRINE_E_VERSION or TRINE_E_UNSUPPORTED.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_sentences_offer(trine_device *device,
                                   const struct trine_sentences *sentences);

/**
 * Answers a sentence.
 *
 * @param device The device.
 * @param id The handle, from `on_sentence`.
 * @param blocks The answer as `docs/wire.md`, section 4.8, has it: `trine_base_ask_steps` writes
 *               it. Copied.
 * @param size Bytes of it; `result_max` at most.
 * @return TRINE_OK; TRINE_E_STALE when it is no longer wanted; TRINE_E_FULL: try after the
 *         next poll; TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_NO_SPACE when it is longer
 *         than a result may be, or TRINE_E_ARGUMENT when it is no answer to a sentence.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_sentence_answer(trine_device *device,
                                   trine_call_id id,
                                   const uint8_t *blocks,
                                   size_t size);

/**
 * A sentence could not be read: the host is told why.
 *
 * @param device The device.
 * @param id The handle, from `on_sentence`.
 * @param text Why, in words that say what to change; copied, cut after 240 bytes.
 * @param size Bytes of the text.
 * @return As of `trine_sentence_answer`, and TRINE_E_UTF8.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_sentence_fail(trine_device *device,
                                 trine_call_id id,
                                 const char *text,
                                 size_t size);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_SENTENCES_H */
