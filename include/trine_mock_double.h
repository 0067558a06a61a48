/**
 * \file trine_mock_double.h
 * \brief Trine: the functions of a call for trine_mock.h, without libtrine.
 *
 * Written by hand; trine_mock.h includes it. Licence: MIT OR Apache-2.0.
 *
 * It has what a tool's function calls, and checks arguments and results as a device does.
 */

#ifndef TRINE_MOCK_DOUBLE_H
#define TRINE_MOCK_DOUBLE_H

#include "trine_mock.h"

/** Remembers the first misuse of a getter or writer. */
static inline trine_status trine_mock_misuse(trine_mock *mock, trine_status status, int32_t node,
                                             const char *why)
{
    if (mock->misuse == TRINE_OK) {
        mock->misuse = status;
        mock->node = node;
        mock->why = why;
    }
    return status;
}

/** Characters of a text. */
static inline int64_t trine_mock_characters(trine_text text)
{
    int64_t count = 0;
    size_t at;

    for (at = 0u; at < text.size; at++) {
        if ((TRINE_MOCK_AS(uint8_t, text.data[at]) & 0xc0u) != 0x80u) {
            count++;
        }
    }
    return count;
}

/** Labels of a choice. */
static inline int64_t trine_mock_labels(const trine_node *node)
{
    const char *labels = &node->texts[node->name_size + node->unit_size + 2u];
    int64_t count = 1;
    uint32_t at;

    for (at = 0u; at < node->extent; at++) {
        count += (labels[at] == '|') ? 1 : 0;
    }
    return count;
}

/** The rule of its node that a value breaks, or NULL. */
static inline const char *trine_mock_rule(const trine_mock *mock, const trine_node *node,
                                          const trine_mock_value *value)
{
    const int kind = node->kind & 15;
    int64_t number = value->number;
    int64_t min = (node->min == INT32_MIN) ? INT64_MIN : node->min;
    int64_t max = (node->max == INT32_MAX) ? INT64_MAX : node->max;
    int64_t step = (kind == TRINE_KIND_DECIMAL) ? node->extent : 0;

    if (((node->flags & TRINE_NODE_WIDE) != 0) && (mock->tool.more != NULL)) {
        min = mock->tool.more->wide[node->min].min;
        max = mock->tool.more->wide[node->min].max;
        step = mock->tool.more->wide[node->min].step;
    }
    if (kind == TRINE_KIND_STRING) {
        if (value->text.data == NULL) {
            return "it is a text";
        }
        number = trine_mock_characters(value->text);
    } else if (value->text.data != NULL) {
        return "it is no text";
    }
    if (kind == TRINE_KIND_BOOL) {
        max = 1;
    }
    if (kind == TRINE_KIND_CHOICE) {
        max = trine_mock_labels(node) - 1;
    }
    if (kind == TRINE_KIND_OBJECT) {
        return NULL;
    }
    if (number < min) {
        return "it is less than its minimum";
    }
    if (number > max) {
        return "it is more than its maximum";
    }
    return ((step != 0) && ((number % step) != 0)) ? "it is no multiple of its step" : NULL;
}

/** Whether a parameter that is missing is required. */
static inline int trine_mock_required(trine_mock *mock, const trine_node *node)
{
    const trine_mock_value *when =
        trine_mock_find(mock->args, mock->args_count, node->when_node, 0u);

    return (((node->flags & TRINE_NODE_REQUIRED) != 0)
            || (((node->flags & TRINE_NODE_WHEN) != 0) && (when != NULL)
                && (when->number == node->when_label)))
               ? 1
               : 0;
}

/** Sets a parameter to its default. */
static inline void trine_mock_preset(trine_mock *mock, int32_t at)
{
    const trine_node *node = &mock->tool.params[at];

    if ((node->kind & 15) == TRINE_KIND_STRING) {
        trine_mock_set(mock, at, 0, &node->texts[node->name_size + node->unit_size + 2u],
                       node->extent);
    } else if (((node->flags & TRINE_NODE_WIDE) != 0) && (mock->tool.more != NULL)) {
        trine_mock_set(mock, at, mock->tool.more->wide[node->min].preset, NULL, 0u);
    } else {
        trine_mock_set(mock, at, node->preset, NULL, 0u);
    }
}

/** The rule that a list of the arguments breaks, or NULL. */
static inline const char *trine_mock_list(trine_mock *mock, int32_t at)
{
    const trine_node *node = &mock->tool.params[at];
    const int32_t count = trine_mock_items(mock, at);

    if ((count == 0) && (trine_mock_required(mock, node) == 0)) {
        return NULL;
    }
    return ((count < node->min) || (count > node->max)) ? "it has too few items or too many" : NULL;
}

/** Checks the arguments; the rule that they break, or NULL. Sets those that have a default. */
static inline const char *trine_mock_arguments(trine_mock *mock)
{
    const int32_t count = mock->tool.params_count;
    uint32_t each;
    int32_t at;

    for (each = 0u; each < mock->args_count; each++) {
        const trine_mock_value *value = &mock->args[each];
        const uint32_t place = trine_mock_place(value->node);

        mock->node = value->node;
        if ((value->node & 0x20000000) == 0) {
            const char *why = (place < mock->tool.params_count)
                                  ? trine_mock_rule(mock, &mock->tool.params[place], value)
                                  : "the tool has no such parameter";
            if (why != NULL) {
                return why;
            }
        }
    }
    for (at = 0; at < count; at++) {
        const trine_node *node = &mock->tool.params[at];
        const int kind = node->kind & 15;
        const int32_t last = at + node->extent;

        mock->node = at;
        if (kind == TRINE_KIND_ARRAY) {
            const char *why = trine_mock_list(mock, at);
            if (why != NULL) {
                return why;
            }
            at = last;
        } else if (kind == TRINE_KIND_OBJECT) {
            if ((trine_mock_any(mock, at, last) == 0) && (trine_mock_required(mock, node) == 0)) {
                at = last;
            }
        } else if (trine_mock_find(mock->args, mock->args_count, at, 0u) == NULL) {
            if ((node->flags & TRINE_NODE_PRESET) != 0) {
                trine_mock_preset(mock, at);
            } else if (trine_mock_required(mock, node) != 0) {
                return "it is required";
            }
        }
    }
    mock->node = -1;
    return NULL;
}

/** Checks what a result lacks; the rule that it breaks, or NULL. */
static inline const char *trine_mock_results(trine_mock *mock)
{
    const int32_t count = mock->tool.results_count;
    int32_t at;

    for (at = 0; at < count; at++) {
        const trine_node *node = &mock->tool.results[at];
        const int kind = node->kind & 15;
        const uint32_t written = trine_mock_count(mock, at);

        mock->node = at;
        if ((written == 0u) && ((node->flags & TRINE_NODE_REQUIRED) != 0)) {
            return "it is required";
        }
        if ((kind == TRINE_KIND_ARRAY) && (written > 0u)
            && (trine_mock_number(mock, at, 0u) != trine_mock_count(mock, at + 1))) {
            return "it has another number of items than was said";
        }
        if ((kind == TRINE_KIND_ARRAY) || ((kind == TRINE_KIND_OBJECT) && (written == 0u))) {
            at += node->extent;
        }
    }
    mock->node = -1;
    return NULL;
}

/** What a tool's function returned, after the checks of what it did. */
static inline trine_status trine_mock_judged(trine_mock *mock, trine_status status)
{
    if ((mock->misuse == TRINE_OK) && (status == TRINE_OK)) {
        mock->why = trine_mock_results(mock);
    }
    return (mock->why != NULL) ? TRINE_E_TYPE : status;
}

static inline trine_status trine_mock_call(trine_mock *mock)
{
    trine_mock_clear(mock);
    (void)memset(mock->block, 0, sizeof mock->block);
    mock->misuse = TRINE_OK;
    mock->call.mock = mock;
    mock->why = trine_mock_arguments(mock);
    if (mock->why != NULL) {
        return TRINE_E_ARGUMENT;
    }
    mock->entered = 1;
    return trine_mock_judged(mock, mock->tool.call(mock->tool.user_data, &mock->call));
}

static inline trine_status trine_mock_finish(trine_mock *mock, trine_function finish,
                                             void *user_data)
{
    mock->call.mock = mock;
    return trine_mock_judged(mock, finish(user_data, &mock->call));
}

/** An argument of a kind, for a getter. */
static inline const trine_mock_value *trine_mock_get(trine_call *call, int32_t parameter, int kind)
{
    const uint32_t place = trine_mock_place(parameter);
    trine_mock *mock;

    if (call == NULL) {
        return NULL;
    }
    mock = call->mock;
    if ((parameter < 0) || (((parameter & 0x20000000) == 0) && (place >= mock->tool.params_count))) {
        (void)trine_mock_misuse(mock, TRINE_E_NOT_FOUND, parameter, "there is no such parameter");
        return NULL;
    }
    if (((parameter & 0x20000000) == 0) && ((mock->tool.params[place].kind & 15) != kind)) {
        (void)trine_mock_misuse(mock, TRINE_E_TYPE, parameter, "the parameter is of another type");
        return NULL;
    }
    return trine_mock_find(mock->args, mock->args_count, parameter, 0u);
}

/** The number of an argument, for a getter. */
static inline int64_t trine_mock_get_number(trine_call *call, int32_t parameter, int kind)
{
    const trine_mock_value *value = trine_mock_get(call, parameter, kind);

    return (value != NULL) ? value->number : 0;
}

/** Whether a node may be written after the last one: rising, but in a list from its item on. */
static inline int trine_mock_follows(const trine_mock *mock, int32_t node)
{
    const int32_t last =
        (mock->results_count > 0u) ? mock->results[mock->results_count - 1u].node : -1;
    int32_t at;

    if (node > last) {
        return 1;
    }
    for (at = 0; at < node; at++) {
        const trine_node *list = &mock->tool.results[at];

        if (((list->kind & 15) == TRINE_KIND_ARRAY) && (node <= (at + list->extent))
            && (last <= (at + list->extent))) {
            return 1;
        }
    }
    return 0;
}

/** Keeps bytes until the next call; NULL where there is no room. */
static inline const char *trine_mock_keep(trine_mock *mock, const char *text, size_t size)
{
    uint8_t *place = &mock->bytes[mock->bytes_used];

    if (size > (sizeof mock->bytes - mock->bytes_used)) {
        return NULL;
    }
    if (size > 0u) {
        (void)memcpy(place, text, size);
    }
    mock->bytes_used += size;
    return TRINE_MOCK_AS(const char *, TRINE_MOCK_AS(const void *, place));
}

/** Writes a value of the result. */
static inline trine_status trine_mock_put(trine_call *call, int32_t node, int kind, int64_t number,
                                          const char *text, size_t size)
{
    trine_mock_value *value;
    trine_mock *mock;
    const char *why;

    if ((call == NULL) || ((text == NULL) && (size > 0u))) {
        return TRINE_E_NULL;
    }
    mock = call->mock;
    if ((node < 0) || (node >= mock->tool.results_count)
        || ((mock->tool.results[node].kind & 15) != kind)) {
        return trine_mock_misuse(mock, TRINE_E_ARGUMENT, node,
                                 "the result has no such node, or one of another type");
    }
    if (trine_mock_follows(mock, node) == 0) {
        return trine_mock_misuse(mock, TRINE_E_ARGUMENT, node, "it is written too late");
    }
    if (mock->results_count == TRINE_MOCK_VALUES) {
        return trine_mock_misuse(mock, TRINE_E_NO_SPACE, node, "the result has too many values");
    }
    value = &mock->results[mock->results_count];
    value->node = node;
    value->kind = TRINE_MOCK_AS(uint8_t, kind);
    value->number = number;
    value->text.data = NULL;
    value->text.size = size;
    if (kind == TRINE_KIND_STRING) {
        value->text.data = trine_mock_keep(mock, text, size);
        if (value->text.data == NULL) {
            return trine_mock_misuse(mock, TRINE_E_NO_SPACE, node, "the result is too long");
        }
    }
    mock->results_count++;
    why = trine_mock_rule(mock, &mock->tool.results[node], value);
    return (why != NULL) ? trine_mock_misuse(mock, TRINE_E_ARGUMENT, node, why) : TRINE_OK;
}

/** Number of a node at top level by its name. */
static inline int32_t trine_mock_named(const trine_node *nodes, int32_t count, const char *name,
                                       size_t size)
{
    int32_t at;

    for (at = 0; at < count; at++) {
        const int kind = nodes[at].kind & 15;

        if ((nodes[at].name_size == size) && (memcmp(nodes[at].texts, name, size) == 0)) {
            return at;
        }
        if ((kind == TRINE_KIND_OBJECT) || (kind == TRINE_KIND_ARRAY)) {
            at += nodes[at].extent;
        }
    }
    return TRINE_E_NOT_FOUND;
}

#if defined(__cplusplus)
extern "C" {
#endif

/** What reads tools: nothing here. */
struct trine_form {
    /** A structure has a member. */
    char unused;
};
const struct trine_form trine_form_nodes = {0};
const struct trine_form trine_form_packed = {0};

int32_t trine_param(trine_call *call, const char *name, size_t size)
{
    return (call != NULL) ? trine_mock_named(call->mock->tool.params,
                                             call->mock->tool.params_count, name, size)
                          : TRINE_E_NULL;
}

int32_t trine_result(trine_call *call, const char *name, size_t size)
{
    return (call != NULL) ? trine_mock_named(call->mock->tool.results,
                                             call->mock->tool.results_count, name, size)
                          : TRINE_E_NULL;
}

trine_status trine_has(trine_call *call, int32_t parameter)
{
    const uint32_t place = trine_mock_place(parameter);
    int32_t last = parameter;
    trine_mock *mock;

    if (call == NULL) {
        return TRINE_E_NULL;
    }
    mock = call->mock;
    if ((place < mock->tool.params_count)
        && ((mock->tool.params[place].kind & 15) >= TRINE_KIND_OBJECT)) {
        last += mock->tool.params[place].extent;
    }
    return trine_mock_any(mock, parameter, last);
}

int32_t trine_get_bool(trine_call *call, int32_t parameter)
{
    return (trine_mock_get_number(call, parameter, TRINE_KIND_BOOL) != 0) ? 1 : 0;
}

int64_t trine_get_int(trine_call *call, int32_t parameter)
{
    return trine_mock_get_number(call, parameter, TRINE_KIND_INT);
}

int64_t trine_get_decimal(trine_call *call, int32_t parameter)
{
    return trine_mock_get_number(call, parameter, TRINE_KIND_DECIMAL);
}

uint32_t trine_get_choice(trine_call *call, int32_t parameter)
{
    return TRINE_MOCK_AS(uint32_t, trine_mock_get_number(call, parameter, TRINE_KIND_CHOICE));
}

size_t trine_get_string(trine_call *call, int32_t parameter, const char **text)
{
    const trine_mock_value *value = trine_mock_get(call, parameter, TRINE_KIND_STRING);

    if (text != NULL) {
        *text = ((value != NULL) && (value->text.data != NULL)) ? value->text.data : "";
    }
    return (value != NULL) ? value->text.size : 0u;
}

trine_status trine_put_bool(trine_call *call, int32_t node, int32_t value)
{
    return trine_mock_put(call, node, TRINE_KIND_BOOL, (value != 0) ? 1 : 0, NULL, 0u);
}

trine_status trine_put_int(trine_call *call, int32_t node, int64_t value)
{
    return trine_mock_put(call, node, TRINE_KIND_INT, value, NULL, 0u);
}

trine_status trine_put_decimal(trine_call *call, int32_t node, int64_t scaled)
{
    return trine_mock_put(call, node, TRINE_KIND_DECIMAL, scaled, NULL, 0u);
}

trine_status trine_put_choice(trine_call *call, int32_t node, uint32_t label)
{
    return trine_mock_put(call, node, TRINE_KIND_CHOICE, label, NULL, 0u);
}

trine_status trine_put_string(trine_call *call, int32_t node, const char *text, size_t size)
{
    return trine_mock_put(call, node, TRINE_KIND_STRING, 0, text, size);
}

trine_status trine_put_object(trine_call *call, int32_t node)
{
    return trine_mock_put(call, node, TRINE_KIND_OBJECT, 0, NULL, 0u);
}

trine_status trine_put_array(trine_call *call, int32_t node, uint32_t count)
{
    return trine_mock_put(call, node, TRINE_KIND_ARRAY, count, NULL, 0u);
}

trine_status trine_put_block(trine_call *call, const trine_block *block)
{
    if ((call == NULL) || (block == NULL)) {
        return TRINE_E_NULL;
    }
    if (call->mock->blocks_count == TRINE_MOCK_BLOCKS) {
        return trine_mock_misuse(call->mock, TRINE_E_NO_SPACE, -1, "there are too many blocks");
    }
    call->mock->blocks[call->mock->blocks_count] = *block;
    call->mock->blocks_count++;
    return TRINE_OK;
}

trine_status trine_fail(trine_call *call, const char *text, size_t size)
{
    const char *kept;

    if (call == NULL) {
        return TRINE_E_NULL;
    }
    kept = trine_mock_keep(call->mock, text, size);
    call->mock->text.data = (kept != NULL) ? kept : "";
    call->mock->text.size = (kept != NULL) ? size : 0u;
    return TRINE_E_FAILED;
}

trine_status trine_content(trine_call *call, const char *mime, size_t mime_size, uint32_t size)
{
    if (call == NULL) {
        return TRINE_E_NULL;
    }
    call->mock->text.data = mime;
    call->mock->text.size = mime_size;
    call->mock->content_bytes = size;
    return (size > 0u) ? TRINE_CONTENT : TRINE_E_ARGUMENT;
}

trine_status trine_need_input(trine_call *call, const trine_question *question, const char *state,
                              size_t size)
{
    if ((call == NULL) || (question == NULL)) {
        return TRINE_E_NULL;
    }
    call->mock->question = question;
    call->mock->text.data = (size > 0u) ? trine_mock_keep(call->mock, state, size) : "";
    call->mock->text.size = (call->mock->text.data != NULL) ? size : 0u;
    call->mock->results_count = 0u;
    return TRINE_NEED_INPUT;
}

trine_call_id trine_call_get_id(trine_call *call)
{
    return ((call != NULL) && (call->mock->tool.more != NULL)
            && (call->mock->tool.more->pending_bytes > 0u))
               ? 1u
               : 0u;
}

trine_status trine_call_get_block(trine_call *call, uint8_t **bytes)
{
    trine_status size;

    if ((call == NULL) || (bytes == NULL)) {
        return TRINE_E_NULL;
    }
    size = (call->mock->tool.more != NULL) ? call->mock->tool.more->pending_bytes : 0;
    if (size > TRINE_MOCK_AS(trine_status, sizeof call->mock->block)) {
        return trine_mock_misuse(call->mock, TRINE_E_NO_SPACE, -1, "the block is too long");
    }
    *bytes = TRINE_MOCK_AS(uint8_t *, TRINE_MOCK_AS(void *, call->mock->block));
    return size;
}

trine_status trine_call_get_info(trine_call *call, trine_call_info *info)
{
    if ((call == NULL) || (info == NULL)) {
        return TRINE_E_NULL;
    }
    (void)memset(info, 0, sizeof *info);
    info->now = call->mock->now;
    info->deadline = call->mock->now + 30000u;
    info->id = trine_call_get_id(call);
    return TRINE_OK;
}

#if defined(__cplusplus)
}
#endif

#endif /* TRINE_MOCK_DOUBLE_H */
