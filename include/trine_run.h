/**
 * \file trine_run.h
 * \brief Trine: calls that the program makes itself, such as those of a sentence.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * trine_ask_result() of trine_model.h answers the number of a tool and its arguments;
 * trine_run() lets the tool run. Such a call passes the checks of a call by wire without a tag: its
 * arguments are judged, a tool that asks for a person waits for one, and the result is judged. A
 * sentence agrees to nothing.
 *
 * The rules of trine.h hold. From profile `mcp` on.
 */


#ifndef TRINE_RUN_H
#define TRINE_RUN_H

#include <stddef.h>
#include <stdint.h>
/* Devices, ports, statuses, and where the functions are. */
#include "trine.h"


/**
 * The tool was run; `value` is its result.
 */
#define TRINE_RUN_DONE 1

/**
 * The tool answers later: `trine_run_later` has it, under `id`.
 */
#define TRINE_RUN_PENDING 2

/**
 * The tool could not do it; `text` says why.
 */
#define TRINE_RUN_FAILED 3

/**
 * Parameter `node` breaks a rule. The tool was not run.
 */
#define TRINE_RUN_REFUSED 4

/**
 * A person has to agree first. The tool was not run; once a person has agreed, the same call runs.
 */
#define TRINE_RUN_NEEDS_PERSON 5

/**
 * Only a host that proves who it is may call the tool. It was not run.
 */
#define TRINE_RUN_UNPROVEN 6

/**
 * The tool was run, and what it answered breaks its own description at `node`.
 */
#define TRINE_RUN_BAD_RESULT 7

/**
 * As many calls as `json_calls_max` are pending. The tool was not run.
 */
#define TRINE_RUN_BUSY 8

/**
 * The tool was run, and there is no room for its answer.
 */
#define TRINE_RUN_NO_SPACE 9

/**
 * The tool asks for further input, which a gateway alone can get. It did not finish.
 */
#define TRINE_RUN_NEEDS_INPUT 10

/**
 * The tool was run; `value` is content: the bytes of a file whose media type is `text`, or, where
 * that is empty, blocks of content (`docs/wire.md`, section 5.4).
 */
#define TRINE_RUN_CONTENT 11

/**
 * The tool did not answer in time and was stopped; it may have taken effect in part.
 */
#define TRINE_RUN_EXPIRED 12

/**
 * The call was given up.
 */
#define TRINE_RUN_CANCELLED 13

/**
 * How a call ended. The program sets `struct_size`.
 */
typedef struct trine_outcome {
    /**
     * `sizeof(trine_outcome)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_RUN_...`.
     */
    uint32_t kind;
    /**
     * The handle of a pending call, else 0.
     */
    trine_call_id id;
    /**
     * Number of the tool.
     */
    uint32_t tool;
    /**
     * The parameter or the node that breaks a rule; -1 where it is none in particular.
     */
    int32_t node;
    /**
     * Which rule (`docs/wire.md`, section 5.3), else 0.
     */
    uint32_t fault;
    /**
     * The bound of the rule.
     */
    int64_t bound;
    /**
     * The result: `trine_run_get_number`, `trine_run_get_string` and `trine_run_text` read it.
     */
    const uint8_t *value;
    /**
     * Bytes of it.
     */
    size_t value_size;
    /**
     * What there is to say in words: why a tool could not, the media type of content.
     */
    trine_text text;
} trine_outcome;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Runs a call of the program's own, once each time that it is asked. The arguments are encoded, as
 * `trine_ask_result` answers them; they are judged as if a stranger had sent them.
 *
 * @param device The device.
 * @param now The time in milliseconds.
 * @param tool Number of the tool.
 * @param args The arguments; not kept.
 * @param args_size Bytes of them.
 * @param room Where the result goes; `result_max` bytes are enough, content may need more.
 * @param room_size Bytes of it.
 * @param outcome How the call ended; its `struct_size` is set. `value` lies in `room`, and a text
 *                lives until the device is used again.
 * @return TRINE_OK when the call has ended, in whatever way; TRINE_PENDING when the tool answers
 *         later; TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_NOT_FOUND
 *         when there is no such tool.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_run(trine_device *device,
                       uint64_t now,
                       uint32_t tool,
                       const uint8_t *args,
                       size_t args_size,
                       uint8_t *room,
                       size_t room_size,
                       struct trine_outcome *outcome);

/**
 * How a pending call ended. It may be asked again until `trine_run_end`, and runs nothing.
 *
 * @param device The device.
 * @param id The handle, from `trine_run`.
 * @param outcome As of `trine_run`; value and text live until `trine_run_end`.
 * @return TRINE_OK when the call has ended; TRINE_PENDING; TRINE_E_NULL, TRINE_E_STATE,
 *         TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_STALE when there is no such call.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_run_later(trine_device *device,
                             trine_call_id id,
                             struct trine_outcome *outcome);

/**
 * The answer of a pending call was taken, or nobody waits for it any more; a tool that still works
 * on it is told to stop. Until then it takes one of `json_calls_max`.
 *
 * @param device The device.
 * @param id The handle; one that is stale does nothing.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_run_end(trine_device *device, trine_call_id id);

/**
 * A member of a result that is a number: whole, a decimal scaled by 10^places, 0 or 1, or the
 * number of a label.
 *
 * @param outcome Of TRINE_RUN_DONE.
 * @param node Its number: its place in the tool's array of results; of a list the first item.
 * @param value Where it goes.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_NOT_FOUND, or TRINE_E_TYPE when it is a
 *         text, an object or a list.
 *
 * Context: isr-safe.
 */
TRINE_API
trine_status trine_run_get_number(const struct trine_outcome *outcome,
                                  uint32_t node,
                                  int64_t *value);

/**
 * A member of a result that is text.
 *
 * @param outcome Of TRINE_RUN_DONE.
 * @param node Its number.
 * @param value Where it goes; it lives as long as the outcome's `value`.
 * @return As `trine_run_get_number`.
 *
 * Context: isr-safe.
 */
TRINE_API
trine_status trine_run_get_string(const struct trine_outcome *outcome,
                                  uint32_t node,
                                  trine_text *value);

/**
 * What there is to say of an outcome, for a person or a model: the result as JSON, or a sentence
 * that names the tool, the parameter and the bound. Where the tools are a packed table, which has
 * no names, it says as much as it can without.
 *
 * @param device The device.
 * @param outcome Of one of its calls.
 * @param text Where it goes, without a zero byte; cut where there is no room.
 * @param size Bytes of room.
 * @param length Where the bytes of the whole text go.
 * @return TRINE_OK, TRINE_E_NO_SPACE when it was cut, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY,
 *         TRINE_E_VERSION, or TRINE_E_ARGUMENT when it is no outcome.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_run_text(trine_device *device,
                            const struct trine_outcome *outcome,
                            char *text,
                            size_t size,
                            size_t *length);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_RUN_H */
