/* Tools that are compiled for a chip, as a native plug-in and as WebAssembly, from this one source.
   With CHIP defined they are a table for trine_init(). */
#if defined(CHIP)
#include "trine.h"
#else
#include "trine_plugin.h"
#endif

struct tank {
    int64_t litres;
    int is_open;
};

static trine_status tank_add(void *state, trine_call *call) {
    struct tank *tank = (struct tank *)state;
    int64_t litres = trine_get_int(call, trine_param(call, TRINE_TEXT("litres")));
    if (tank->litres + litres > 1000) {
        return trine_fail(call, TRINE_TEXT("the tank holds 1000 litres: add less"));
    }
    tank->litres += litres;
    return trine_put_int(call, 0, tank->litres);
}

static int is_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

/* Counts words; `unit` is "words" or "letters". */
static trine_status text_count(void *state, trine_call *call) {
    const char *text = NULL;
    const size_t size = trine_get_string(call, 0, &text);
    const uint32_t unit = trine_get_choice(call, 1);
    int64_t count = 0;
    size_t at;
    (void)state;
    for (at = 0; at < size; at++) {
        const int begins = at == 0 || !is_letter(text[at - 1]);
        count += is_letter(text[at]) && (unit == 1 || begins);
    }
    trine_put_int(call, 0, count);
    if (trine_has(call, 2)) {
        const char *note = NULL;
        const size_t note_size = trine_get_string(call, 2, &note);
        trine_put_string(call, 1, note, note_size);
    }
    return trine_put_decimal(call, 2, trine_get_decimal(call, 3) * 2);
}

static const trine_node litres[] = {
    TRINE_INT(TRINE_REQUIRED, "litres", "l", "How much is added.", -100, 100)};
static const trine_node level[] = {
    TRINE_INT(TRINE_REQUIRED, "level", "l", "How much is in it.", TRINE_OPEN_MIN, TRINE_OPEN_MAX)};
static const trine_node text[] = {
    TRINE_STRING(TRINE_REQUIRED, "text", "The text.", 0, 100),
    TRINE_CHOICE(TRINE_DEFAULT(0), "unit", "What is counted.", "words|letters"),
    TRINE_STRING_DEFAULT("note", "A note.", 0, 20, "none"),
    TRINE_DECIMAL(TRINE_DEFAULT(15), "share", "", "A share.", 1, 0, 100, 5)};
static const trine_node counted[] = {
    TRINE_INT(TRINE_REQUIRED, "count", "", "", 0, TRINE_OPEN_MAX),
    TRINE_STRING(TRINE_OPTIONAL, "note", "", 0, 20),
    TRINE_DECIMAL(TRINE_REQUIRED, "double", "", "", 1, 0, 200, 0)};

static const trine_tool tools[] = {
    TRINE_TOOL("tank_add", "Tank", "Add water to the tank.", TRINE_IDEMPOTENT, litres, level,
               tank_add, NULL),
    TRINE_TOOL("text_count", "", "Count words or letters.", TRINE_READ_ONLY, text, counted,
               text_count, NULL)};

#if defined(CHIP)
const trine_tool *tank_tools(void);
const trine_tool *tank_tools(void) {
    return tools;
}
#else
static struct tank tank;

static trine_status tank_init(void **state) {
    tank.litres = 100;
    tank.is_open = 1;
    *state = &tank;
    return TRINE_OK;
}

static void tank_shutdown(void *state) {
    ((struct tank *)state)->is_open = 0;
}

static trine_status tank_health(void *state) {
    return ((struct tank *)state)->is_open ? TRINE_OK : TRINE_E_STATE;
}

static const trine_plugin plugin = {
    TRINE_PLUGIN_HEAD(TRINE_PLUGIN_AT_ONCE, "tank", "0.3.1-rc.2", "A tank of water.", "Trine",
                      "water", "", NULL, tools),
    0u, tank_init, tank_shutdown, tank_health, tank_health};

TRINE_PLUGIN_TABLE(plugin);
#endif
