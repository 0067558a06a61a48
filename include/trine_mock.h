/**
 * \file trine_mock.h
 * \brief Trine: calls of a tool's function in a test of the firmware, on a PC or on the chip.
 *
 * Header only; written by hand. Licence: MIT OR Apache-2.0.
 *
 *     static trine_mock mock;
 *
 *     trine_mock_start(&mock, &fan_set);
 *     trine_mock_set_number(&mock, FAN_PERCENT, 40);
 *     assert(trine_mock_call(&mock) == TRINE_OK);
 *     assert(trine_mock_number(&mock, FAN_NOW, 0u) == 40);
 *
 * Include it in one source file of the test program and link the files with the tools, but not
 * libtrine: the header has the functions that a tool's function calls, from trine_get_bool() to
 * trine_need_input(), and checks arguments and results by the tool's nodes. With
 * TRINE_MOCK_LIBRARY defined before it is included, the same test runs with libtrine (profile
 * `mcp` or a larger one): each call passes through a device, whose checks count.
 *
 * A person's consent is not asked for. Differences without libtrine: required members of objects
 * in lists may be missing, and a getter or a writer of the wrong type is TRINE_E_TYPE, which with
 * libtrine is a failure (TRINE_E_FAILED) whose text says so.
 */

#ifndef TRINE_MOCK_H
#define TRINE_MOCK_H

#include <string.h>

#include "trine.h"
#if defined(TRINE_MOCK_LIBRARY)
#include "trine_run.h"
#endif

/** Arguments and values of a result that a call has at most. */
#define TRINE_MOCK_VALUES 64u
/** Bytes that the texts of a result take at most; with libtrine the whole result. */
#define TRINE_MOCK_BYTES 1024u
/** Bytes of trine_call_get_block() at most. */
#define TRINE_MOCK_BLOCK_BYTES 256u
/** Content blocks of a call at most. */
#define TRINE_MOCK_BLOCKS 8u
/** Memory of the device with libtrine, in bytes. */
#define TRINE_MOCK_DEVICE_BYTES 16384u
/** A conversion, in the form of the language. */
#if defined(__cplusplus)
#define TRINE_MOCK_AS(type, value) static_cast<type>(value)
#else
#define TRINE_MOCK_AS(type, value) ((type)(value))
#endif

struct trine_mock;
#if !defined(TRINE_MOCK_LIBRARY)
/** A call of the test. */
struct trine_call {
    /** The test. */
    struct trine_mock *mock;
};
#endif

/** An argument or a value of a result. */
typedef struct trine_mock_value {
    /** Number of its node, or TRINE_ITEM or TRINE_ANSWER. */
    int32_t node;
    /** `TRINE_KIND_...`. */
    uint8_t kind;
    /** Of a number, a choice, or a list's count. */
    int64_t number;
    /** Of a text. */
    trine_text text;
} trine_mock_value;

/** A tool under test. */
typedef struct trine_mock {
    /** The tool. */
    trine_tool tool;
    /** The time of the call, in milliseconds; for the test to set. */
    uint64_t now;
    /** Whether the tool was entered. */
    int entered;
    /** The node that breaks a rule, or -1. */
    int32_t node;
    /** The rule that it breaks; NULL for none. */
    const char *why;
    /** What trine_fail() said, and the media type of trine_content(). */
    trine_text text;
    /** Bytes that trine_content() announced. */
    uint32_t content_bytes;
    /** What trine_need_input() asked; NULL for nothing. Not with libtrine. */
    const trine_question *question;
    /** Blocks of trine_put_block(); what they point to is not copied. Not with libtrine. */
    trine_block blocks[TRINE_MOCK_BLOCKS];
    /** How many. */
    uint32_t blocks_count;
    /** Arguments. */
    trine_mock_value args[TRINE_MOCK_VALUES];
    /** How many. */
    uint32_t args_count;
    /** Values of the result, as they were written. */
    trine_mock_value results[TRINE_MOCK_VALUES];
    /** How many. */
    uint32_t results_count;
    /** Texts of the result. */
    uint8_t bytes[TRINE_MOCK_BYTES];
    /** Bytes of it that are used. */
    size_t bytes_used;
#if defined(TRINE_MOCK_LIBRARY)
    /** The device. */
    trine_device *device;
    /** The pending call, or 0. */
    trine_call_id id;
    /** Memory of the device. */
    uint64_t memory[TRINE_MOCK_DEVICE_BYTES / 8u];
#else
    /** The call. */
    trine_call call;
    /** The first misuse of a getter or writer, or TRINE_OK. */
    trine_status misuse;
    /** What trine_call_get_block() shows. */
    uint64_t block[TRINE_MOCK_BLOCK_BYTES / 8u];
#endif
} trine_mock;

/**
 * Starts a test of a tool, without arguments.
 *
 * @param mock The test.
 * @param tool The tool.
 */
static inline void trine_mock_start(trine_mock *mock, const trine_tool *tool)
{
    (void)memset(mock, 0, sizeof *mock);
    mock->tool = *tool;
    mock->tool.consent = TRINE_CONSENT_NONE;
    mock->node = -1;
}

/** A value of some; NULL where there is none. Of several of the same node the one of that index. */
static inline trine_mock_value *trine_mock_find(trine_mock_value *values, uint32_t count,
                                                int32_t node, uint32_t index)
{
    uint32_t left = index;
    uint32_t at;

    for (at = 0u; at < count; at++) {
        if (values[at].node == node) {
            if (left == 0u) {
                return &values[at];
            }
            left--;
        }
    }
    return NULL;
}

/** Number of the node of a parameter or of an item of a list. */
static inline uint32_t trine_mock_place(int32_t parameter)
{
    const uint32_t number = TRINE_MOCK_AS(uint32_t, parameter);

    return ((number & 0x40000000u) != 0u) ? (number & 0xffu) : number;
}

/** Keeps an argument; its kind is that of its node. */
static inline void trine_mock_set(trine_mock *mock, int32_t parameter, int64_t number,
                                  const char *text, size_t size)
{
    const uint32_t place = trine_mock_place(parameter);
    trine_mock_value *value = trine_mock_find(mock->args, mock->args_count, parameter, 0u);

    if ((value == NULL) && (mock->args_count < TRINE_MOCK_VALUES)) {
        value = &mock->args[mock->args_count];
        mock->args_count++;
    }
    if (value != NULL) {
        value->node = parameter;
        value->kind = (place < mock->tool.params_count)
                          ? TRINE_MOCK_AS(uint8_t, mock->tool.params[place].kind & 15u)
                          : TRINE_MOCK_AS(uint8_t, 0);
        value->number = number;
        value->text.data = text;
        value->text.size = size;
    }
}

/**
 * Sets an argument that is no text, for every call that follows.
 *
 * @param mock The test.
 * @param parameter Its number, TRINE_ITEM(list, index), or TRINE_ANSWER(field).
 * @param value A whole number, a decimal scaled by 10^places, 0 or 1, or the number of a label.
 */
static inline void trine_mock_set_number(trine_mock *mock, int32_t parameter, int64_t value)
{
    trine_mock_set(mock, parameter, value, NULL, 0u);
}

/**
 * Sets an argument that is text, for every call that follows.
 *
 * @param mock The test.
 * @param parameter Its number, TRINE_ITEM(list, index), or TRINE_ANSWER(field).
 * @param text UTF-8; not copied.
 * @param size Bytes of the text. TRINE_TEXT("literal") is both.
 */
static inline void trine_mock_set_string(trine_mock *mock, int32_t parameter, const char *text,
                                         size_t size)
{
    trine_mock_set(mock, parameter, 0, text, size);
}

/**
 * A value of the result that is no text.
 *
 * @param mock The test.
 * @param node Its number: its place in the tool's array of results.
 * @param index Which one, from 0, of those that were written under that number; of a list its item.
 * @return The number, 0 or 1, the number of a label, or a list's count; 0 where there is none.
 */
static inline int64_t trine_mock_number(trine_mock *mock, int32_t node, uint32_t index)
{
    const trine_mock_value *value =
        trine_mock_find(mock->results, mock->results_count, node, index);

    return (value != NULL) ? value->number : 0;
}

/**
 * A value of the result that is text.
 *
 * @param mock The test.
 * @param node Its number.
 * @param index As of trine_mock_number().
 * @return The text; empty where there is none. It lives until the next call.
 */
static inline trine_text trine_mock_string(trine_mock *mock, int32_t node, uint32_t index)
{
    static const trine_text none = {"", 0u};
    const trine_mock_value *value =
        trine_mock_find(mock->results, mock->results_count, node, index);

    return ((value != NULL) && (value->kind == TRINE_KIND_STRING)) ? value->text : none;
}

/**
 * How often the result has a value.
 *
 * @param mock The test.
 * @param node Its number.
 * @return 0 where it was not written, more than 1 for items of a list.
 */
static inline uint32_t trine_mock_count(trine_mock *mock, int32_t node)
{
    uint32_t count = 0u;

    while (trine_mock_find(mock->results, mock->results_count, node, count) != NULL) {
        count++;
    }
    return count;
}

/** Whether a text is what the test expects: `trine_mock_is(mock.text, "the tank is empty")`. */
static inline int trine_mock_is(trine_text text, const char *wanted)
{
    return ((text.size == strlen(wanted)) && (memcmp(text.data, wanted, text.size) == 0)) ? 1 : 0;
}

/** How many items of a list were set. */
static inline int32_t trine_mock_items(const trine_mock *mock, int32_t list)
{
    int32_t count = 0;
    uint32_t at;

    for (at = 0u; at < mock->args_count; at++) {
        const int32_t key = mock->args[at].node;

        if (((key & 0x40000000) != 0) && (((key >> 8) & 0xff) == list)
            && (((key >> 16) & 0x3fff) >= count)) {
            count = ((key >> 16) & 0x3fff) + 1;
        }
    }
    return count;
}

/** Whether a parameter from `first` to `last`, or an item of a list there, was set. */
static inline int trine_mock_any(trine_mock *mock, int32_t first, int32_t last)
{
    int32_t at;

    for (at = first; at <= last; at++) {
        if ((trine_mock_find(mock->args, mock->args_count, at, 0u) != NULL)
            || (trine_mock_items(mock, at) > 0)) {
            return 1;
        }
    }
    return 0;
}

/** Forgets what the call before has left. */
static inline void trine_mock_clear(trine_mock *mock)
{
    mock->entered = 0;
    mock->node = -1;
    mock->why = NULL;
    mock->text.data = "";
    mock->text.size = 0u;
    mock->content_bytes = 0u;
    mock->question = NULL;
    mock->blocks_count = 0u;
    mock->results_count = 0u;
    mock->bytes_used = 0u;
}

/**
 * Calls the tool with the arguments that were set.
 *
 * @param mock The test.
 * @return What the tool's function returned: TRINE_OK, TRINE_PENDING, TRINE_CONTENT, TRINE_BLOCKS,
 *         TRINE_NEED_INPUT or an error. TRINE_E_ARGUMENT when its nodes do not allow the arguments:
 *         the tool was not entered. TRINE_E_TYPE when its nodes do not allow the result, or it used
 *         a getter or a writer as they do not allow. `node` and `why` say more of these two.
 */
static inline trine_status trine_mock_call(trine_mock *mock);

/**
 * Lets a pending call end, as trine_resume() does.
 *
 * @param mock The test, whose call answered TRINE_PENDING.
 * @param finish Writes the result.
 * @param user_data Passed to it.
 * @return As trine_mock_call().
 */
static inline trine_status trine_mock_finish(trine_mock *mock, trine_function finish,
                                             void *user_data);

#if !defined(TRINE_MOCK_LIBRARY)
#include "trine_mock_double.h"
#else

/** Writes a byte of the arguments. */
static inline void trine_mock_byte(uint8_t *out, size_t *size, uint64_t byte)
{
    if (*size < TRINE_MOCK_BYTES) {
        out[*size] = TRINE_MOCK_AS(uint8_t, byte & 0xffu);
    }
    *size += 1u;
}

/** Writes a number of the arguments, as docs/wire.md says. */
static inline void trine_mock_varint(uint8_t *out, size_t *size, uint64_t number)
{
    uint64_t rest = number;

    while (rest > 0x7fu) {
        trine_mock_byte(out, size, (rest & 0x7fu) | 0x80u);
        rest >>= 7u;
    }
    trine_mock_byte(out, size, rest);
}

/** Writes an argument, if it was set. */
static inline void trine_mock_entry(trine_mock *mock, uint8_t *out, size_t *size, int32_t key)
{
    const trine_mock_value *value = trine_mock_find(mock->args, mock->args_count, key, 0u);
    size_t at;

    if (value == NULL) {
        return;
    }
    trine_mock_varint(out, size, trine_mock_place(key));
    trine_mock_byte(out, size, (value->text.data != NULL) ? TRINE_KIND_STRING : value->kind);
    if (value->text.data != NULL) {
        trine_mock_varint(out, size, value->text.size);
        for (at = 0u; at < value->text.size; at++) {
            trine_mock_byte(out, size, TRINE_MOCK_AS(uint8_t, value->text.data[at]));
        }
    } else if ((value->kind == TRINE_KIND_INT) || (value->kind == TRINE_KIND_DECIMAL)) {
        const uint64_t number = TRINE_MOCK_AS(uint64_t, value->number);

        trine_mock_varint(out, size, (number << 1u) ^ ((value->number < 0) ? UINT64_MAX : 0u));
    } else {
        trine_mock_varint(out, size, TRINE_MOCK_AS(uint64_t, value->number));
    }
}

/** Writes the arguments of nodes from `first` to `last`, each being `offset` less than its key. */
static inline void trine_mock_entries(trine_mock *mock, uint8_t *out, size_t *size, int32_t first,
                                      int32_t last, int32_t offset)
{
    int32_t at;

    for (at = first; at <= last; at++) {
        const trine_node *node = &mock->tool.params[at];

        if ((node->kind & 15) != TRINE_KIND_OBJECT) {
            trine_mock_entry(mock, out, size, at + offset);
        } else if (trine_mock_any(mock, at + offset, at + node->extent + offset) != 0) {
            trine_mock_varint(out, size, TRINE_MOCK_AS(uint64_t, at));
            trine_mock_byte(out, size, TRINE_KIND_OBJECT);
        } else {
            at += node->extent;
        }
    }
}

/** Writes all arguments; how many bytes they take. */
static inline size_t trine_mock_encode(trine_mock *mock, uint8_t *out)
{
    const int32_t count = mock->tool.params_count;
    size_t size = 0u;
    int32_t at;

    for (at = 0; at < count; at++) {
        const trine_node *node = &mock->tool.params[at];
        const int32_t items = trine_mock_items(mock, at);
        int32_t index;

        if ((node->kind & 15) != TRINE_KIND_ARRAY) {
            const int is_object = (node->kind & 15) == TRINE_KIND_OBJECT;
            const int32_t last = is_object ? (at + node->extent) : at;

            trine_mock_entries(mock, out, &size, at, last, 0);
            at = last;
            continue;
        }
        if (items > 0) {
            trine_mock_varint(out, &size, TRINE_MOCK_AS(uint64_t, at));
            trine_mock_byte(out, &size, TRINE_KIND_ARRAY);
            trine_mock_varint(out, &size, TRINE_MOCK_AS(uint64_t, items));
        }
        for (index = 0; index < items; index++) {
            trine_mock_entries(mock, out, &size, at + 1, at + node->extent,
                               TRINE_ITEM(at, index) - (at + 1));
        }
        at += node->extent;
    }
    return size;
}

/** Reads a number of a result. */
static inline uint64_t trine_mock_read(const uint8_t *bytes, size_t size, size_t *at)
{
    uint64_t number = 0u;
    uint32_t shift = 0u;

    while ((*at < size) && (shift < 64u)) {
        const uint64_t byte = bytes[*at];

        *at += 1u;
        number |= (byte & 0x7fu) << shift;
        shift += 7u;
        if (byte < 0x80u) {
            break;
        }
    }
    return number;
}

/** Reads the values of a result. */
static inline void trine_mock_decode(trine_mock *mock, const uint8_t *bytes, size_t size)
{
    size_t at = 0u;

    while ((at < size) && (mock->results_count < TRINE_MOCK_VALUES)) {
        trine_mock_value *value = &mock->results[mock->results_count];
        uint64_t number = 0u;

        value->node = TRINE_MOCK_AS(int32_t, trine_mock_read(bytes, size, &at));
        value->kind = (at < size) ? bytes[at] : TRINE_MOCK_AS(uint8_t, 0);
        at++;
        if (value->kind != TRINE_KIND_OBJECT) {
            number = trine_mock_read(bytes, size, &at);
        }
        value->number = TRINE_MOCK_AS(int64_t, number);
        if ((value->kind == TRINE_KIND_INT) || (value->kind == TRINE_KIND_DECIMAL)) {
            value->number = TRINE_MOCK_AS(int64_t, (number >> 1u) ^ (0u - (number & 1u)));
        }
        value->text.data = NULL;
        value->text.size = 0u;
        if ((value->kind == TRINE_KIND_STRING) && (number <= (size - at))) {
            value->text.data =
                TRINE_MOCK_AS(const char *, TRINE_MOCK_AS(const void *, &bytes[at]));
            value->text.size = TRINE_MOCK_AS(size_t, number);
            value->number = 0;
            at += value->text.size;
        }
        mock->results_count++;
    }
}

/** What an outcome says, as a status. */
static inline trine_status trine_mock_outcome(trine_mock *mock, trine_status status,
                                              const trine_outcome *outcome)
{
    if (status != TRINE_OK) {
        mock->id = (status == TRINE_PENDING) ? outcome->id : 0u;
        return status;
    }
    mock->text = outcome->text;
    mock->node = outcome->node;
    switch (outcome->kind) {
    case TRINE_RUN_DONE:
        trine_mock_decode(mock, outcome->value, outcome->value_size);
        return TRINE_OK;
    case TRINE_RUN_CONTENT:
        mock->content_bytes = TRINE_MOCK_AS(uint32_t, outcome->value_size);
        return (mock->text.size > 0u) ? TRINE_CONTENT : TRINE_BLOCKS;
    case TRINE_RUN_NEEDS_INPUT:
        return TRINE_NEED_INPUT;
    case TRINE_RUN_REFUSED:
        mock->entered = 0;
        mock->why = "the device refuses the arguments";
        return TRINE_E_ARGUMENT;
    case TRINE_RUN_BAD_RESULT:
        mock->why = "the device refuses the result";
        return TRINE_E_TYPE;
    default:
        return TRINE_E_FAILED;
    }
}

static inline trine_status trine_mock_call(trine_mock *mock)
{
    static const trine_outcome none = {sizeof(trine_outcome), 0u, 0u, 0u, -1, 0u, 0, NULL, 0u,
                                       {NULL, 0u}};
    uint8_t args[TRINE_MOCK_BYTES];
    const size_t size = trine_mock_encode(mock, args);
    trine_outcome outcome = none;
    trine_config config;
    trine_status status;
    uint32_t turn;

    trine_mock_clear(mock);
    (void)memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = &mock->tool;
    config.tools_count = 1u;
    config.message_max = TRINE_MOCK_BYTES;
    config.result_max = TRINE_MOCK_BYTES;
    config.repeat_max = TRINE_MOCK_BYTES;
    if (size > sizeof args) {
        return TRINE_E_NO_SPACE;
    }
    status = trine_init(mock->memory, sizeof mock->memory, &config, &mock->device, NULL);
    /* The first polls check the descriptor. */
    for (turn = 0u; (turn < 4u) && (status == TRINE_OK); turn++) {
        status = trine_poll(mock->device, mock->now, 16u, NULL);
    }
    if (status != TRINE_OK) {
        return status;
    }
    mock->entered = 1;
    status = trine_run(mock->device, mock->now, 0u, args, size, mock->bytes, sizeof mock->bytes,
                       &outcome);
    return trine_mock_outcome(mock, status, &outcome);
}

static inline trine_status trine_mock_finish(trine_mock *mock, trine_function finish,
                                             void *user_data)
{
    trine_outcome outcome;
    trine_status status =
        trine_resume(mock->device, mock->id, mock->now, finish, user_data);

    (void)memset(&outcome, 0, sizeof outcome);
    outcome.struct_size = sizeof outcome;
    if (status == TRINE_OK) {
        status = trine_run_later(mock->device, mock->id, &outcome);
    }
    return trine_mock_outcome(mock, status, &outcome);
}

#endif

#endif /* TRINE_MOCK_H */
