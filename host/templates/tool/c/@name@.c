/* @name@: a plug-in of one tool, which converts degrees. */
#include "trine_plugin.h"

/* Parameters and results: name, unit, description, places, smallest, largest and step. Numbers
   with one place are counted in tenths: 21.5 is 215. */
static const trine_node params[] = {
    TRINE_DECIMAL(TRINE_REQUIRED, "celsius", "C", "The temperature.", 1, -2731, 10000, 1),
};
static const trine_node results[] = {
    TRINE_DECIMAL(TRINE_REQUIRED, "fahrenheit", "F", "The same.", 1, -4600, 18320, 1),
};

/* The arguments are what the descriptor allows when this is called. It may run on several threads
   at a time, up to the calls_max of the plug-in. */
static trine_status convert(void *state, trine_call *call) {
    int64_t tenths = trine_get_decimal(call, 0);
    (void)state;
    if (tenths == 9999) {
        return trine_fail(call, TRINE_TEXT("999.9 is what a broken sensor says: measure again"));
    }
    return trine_put_decimal(call, 0, tenths * 9 / 5 + 320);
}

static const trine_tool tools[] = {
    TRINE_TOOL("@tool@", "Celsius to Fahrenheit", "Convert a temperature to Fahrenheit.",
               TRINE_READ_ONLY | TRINE_IDEMPOTENT, params, results, convert, NULL),
};

TRINE_PLUGIN("@name@", "1.0.0", tools);
