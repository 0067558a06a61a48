/* Tools of a firmware, which know nothing of their test. */
#include "tools.h"

static trine_call_id waiting;

static trine_status fan_set(void *user_data, trine_call *call)
{
    const int64_t percent = trine_get_int(call, FAN_PERCENT);

    (void)user_data;
    if (percent == 13) {
        return trine_fail(call, TRINE_TEXT("the fan hums at 13: choose another"));
    }
    (void)trine_put_int(call, FAN_NOW, percent);
    (void)trine_put_decimal(call, FAN_WARMTH, trine_get_decimal(call, FAN_TARGET));
    (void)trine_put_choice(call, FAN_STATE, trine_get_choice(call, FAN_MODE));
    (void)trine_put_bool(call, FAN_TOLD, trine_has(call, FAN_NOTE));
    if (trine_has(call, FAN_NOTE) > 0) {
        const char *note = NULL;
        const size_t size = trine_get_string(call, FAN_NOTE, &note);

        (void)trine_put_string(call, FAN_ECHO, note, size);
    }
    return TRINE_OK;
}

static trine_status sum(void *user_data, trine_call *call)
{
    int64_t all = 0;
    uint32_t count = 0u;
    uint32_t at;
    int32_t index;

    (void)user_data;
    for (index = 0; trine_has(call, TRINE_ITEM(SUM_NUMBERS, index)) > 0; index++) {
        all += trine_get_int(call, TRINE_ITEM(SUM_NUMBERS, index));
        count++;
    }
    for (index = 0; trine_has(call, TRINE_ITEM(SUM_THINGS, index)) > 0; index++) {
        all += trine_get_int(call, TRINE_ITEM(SUM_THINGS, index) + 1);
    }
    if (trine_has(call, SUM_RANGE) > 0) {
        all += trine_get_int(call, SUM_LOW);
    }
    (void)trine_put_int(call, SUM_ALL, all);
    (void)trine_put_array(call, SUM_SQUARES, count);
    for (at = 0u; at < count; at++) {
        const int64_t number =
            trine_get_int(call, TRINE_ITEM(SUM_NUMBERS, (int32_t)at));

        (void)trine_put_int(call, SUM_SQUARE, number * number);
    }
    return TRINE_OK;
}

static trine_status later(void *user_data, trine_call *call)
{
    (void)user_data;
    waiting = trine_call_get_id(call);
    return (waiting != 0u) ? TRINE_PENDING : TRINE_E_FAILED;
}

trine_status later_finish(void *user_data, trine_call *call)
{
    return trine_put_int(call, 0, *(const int *)user_data);
}

/* Answers more than its result allows. */
static trine_status loud(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_put_int(call, 0, 11);
    return TRINE_OK;
}

/* Answers nothing, though its result requires a number. */
static trine_status silent(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
    return TRINE_OK;
}

/* Reads a number as a text. */
static trine_status confused(void *user_data, trine_call *call)
{
    const char *text = NULL;

    (void)user_data;
    (void)trine_get_string(call, 0, &text);
    return trine_put_int(call, 0, 1);
}

static const trine_node fan_params[] = {
    TRINE_INT(TRINE_REQUIRED, "percent", "%", "How fast.", 0, 100),
    TRINE_DECIMAL(TRINE_DEFAULT(215), "target", "C", "How warm.", 1, 50, 350, 5),
    TRINE_CHOICE(TRINE_DEFAULT(1), "mode", "Which way.", "off|in|out"),
    TRINE_STRING(TRINE_WHEN(FAN_MODE, 2), "note", "Why it blows out.", 1, 5)};
static const trine_node fan_results[] = {
    TRINE_INT(TRINE_REQUIRED, "now", "%", "", 0, 100),
    TRINE_DECIMAL(TRINE_REQUIRED, "warmth", "C", "", 1, 50, 350, 5),
    TRINE_CHOICE(TRINE_REQUIRED, "state", "", "off|in|out"),
    TRINE_BOOL(TRINE_REQUIRED, "told", ""),
    TRINE_STRING(TRINE_OPTIONAL, "echo", "", 1, 5)};
static const trine_node sum_params[] = {
    TRINE_ARRAY(TRINE_REQUIRED, "numbers", "Some numbers.", 1, 1, 3),
    TRINE_INT(TRINE_REQUIRED, "", "", "", -9, 9),
    TRINE_ARRAY(TRINE_OPTIONAL, "things", "Some things.", 2, 0, 2),
    TRINE_OBJECT(TRINE_REQUIRED, "", "", 1),
    TRINE_INT(TRINE_REQUIRED, "count", "", "How many.", 0, 100),
    TRINE_OBJECT(TRINE_OPTIONAL, "range", "From where.", 1),
    TRINE_INT(TRINE_REQUIRED, "low", "", "The lowest.", 0, 1000)};
static const trine_node sum_results[] = {
    TRINE_INT(TRINE_REQUIRED, "all", "", "", TRINE_OPEN_MIN, TRINE_OPEN_MAX),
    TRINE_ARRAY(TRINE_REQUIRED, "squares", "", 1, 0, 3),
    TRINE_INT(TRINE_REQUIRED, "", "", "", 0, 81)};
static const trine_node digit[] = {TRINE_INT(TRINE_REQUIRED, "digit", "", "One digit.", 0, 9)};
static const trine_tool_more waits = {
    sizeof(trine_tool_more), 0u, 8u, 0u, NULL, NULL, NULL, NULL, NULL, NULL};

const trine_tool board[TOOLS] = {
    TRINE_TOOL("fan_set", "", "Sets the fan.", 0u, fan_params, fan_results, fan_set, NULL),
    TRINE_TOOL("sum", "", "Adds.", TRINE_READ_ONLY, sum_params, sum_results, sum, NULL),
    TRINE_TOOL_MORE("later", "", "", "Answers later.", 0u, TRINE_CONSENT_DEVICE, 0u, NULL, digit,
                    later, NULL, &waits),
    TRINE_TOOL("loud", "", "Says too much.", 0u, NULL, digit, loud, NULL),
    TRINE_TOOL("silent", "", "Says nothing.", 0u, NULL, digit, silent, NULL),
    TRINE_TOOL("confused", "", "Reads wrongly.", 0u, digit, digit, confused, NULL)};
