/* What an MCP client finds at the well next to its tools: the manual, which lies in flash and is
 * read as a skill; a panel, in which clients show what `pump_set` returns, with a switch; a log, of
 * whose changes subscribers are told; the flow, which is there only while the pump runs, so that the
 * list itself changes; how full each tank is, by a template; and a prompt with an argument that the
 * device completes.
 *
 * The tools say more of themselves than their parameters (icons, titles), and two ask the client:
 * one its language model, one for its folders.
 */
#include "well.h"

#include <stdbool.h>
#include <string.h>
#include <trine_mcp.h>

/* 0 leaves all of it out, to compare the size with. */
#ifndef WELL_LISTS
#define WELL_LISTS 1
#endif

#define RX_BYTES 512u
#define MESSAGE_MAX 192u
#define RESULT_MAX 512u
#define REPEAT_MAX 64u
#define CALLS_MAX 4u
#define IDENTITY_BYTES 16u
/* Steps of the dispatcher in one turn. */
#define STEPS 16u
/* Lines that the log keeps. */
#define LINES 6u
#define TANKS 2u
#define NAME_BYTES 5u
#define LITRES_A_TURN 5u

static const char *const tank_names[TANKS] = {"north", "south"};

/* What the well does now. */
static bool pump_on;
static uint32_t litres[TANKS] = {120u, 80u};
static uint32_t switched;
/* What clients are still to be told. */
static bool log_changed;
static bool list_changed;

/* A text in pieces, and its length. */
struct line {
    char bytes[64];
    size_t size;
};

static void put(struct line *line, const char *text, size_t size)
{
    if (size <= (sizeof line->bytes - line->size)) {
        (void)memcpy(&line->bytes[line->size], text, size);
        line->size += size;
    }
}

static void put_number(struct line *line, uint32_t number)
{
    static const char figures[] = "0123456789";
    char digits[10];
    size_t at = sizeof digits;
    uint32_t rest = number;

    do {
        at--;
        digits[at] = figures[rest % 10u];
        rest /= 10u;
    } while (rest > 0u);
    put(line, &digits[at], sizeof digits - at);
}

/* Whether a name begins with a text. */
static bool begins_with(const char *name, const char *text, size_t size)
{
    size_t at = 0u;

    while ((at < size) && (name[at] == text[at])) {
        at++;
    }
    return at == size;
}

/* The number of the tank of a name; TANKS where there is none. */
static uint32_t tank_of(const char *name, size_t size)
{
    uint32_t tank;

    for (tank = 0u; tank < TANKS; tank++) {
        if ((size == NAME_BYTES) && begins_with(tank_names[tank], name, size)) {
            break;
        }
    }
    return tank;
}

/* The manual. A model reads its head to know when the whole is of use. */
static const char manual[] =
    "---\n"
    "name: well\n"
    "description: How to run the well and its two tanks. Read it before you start the pump.\n"
    "---\n"
    "# The well\n"
    "\n"
    "The pump fills both tanks. It takes 5 litres a switch from the ground water, which is back\n"
    "after about ten minutes.\n"
    "\n"
    "1. Read `well://tank/north` and `well://tank/south`. A tank holds 200 litres.\n"
    "2. Start the pump with `pump_set` only when one of them has less than 100 litres.\n"
    "3. Stop it when the first one has 190 litres. It does not stop by itself.\n"
    "\n"
    "`well://log` has the last switches. If it shows more than six in an hour, call the plumber\n"
    "and do not switch any more: the pump is built for ten thousand starts.\n";

/* The panel (MCP Apps). It loads nothing: a client allows it no network. Its client tells it by which
 * name the tool is called there. */
static const char panel[] =
    "<!doctype html>\n"
    "<meta charset=\"utf-8\">\n"
    "<p id=\"state\">The pump</p><button id=\"turn\">Start</button>\n"
    "<script type=\"module\">\n"
    "let last = 0, name = 'pump_set', on = false;\n"
    "const send = (message) => parent.postMessage({jsonrpc: '2.0', ...message}, '*');\n"
    "const ask = (method, params) => send({id: ++last, method, params});\n"
    "onmessage = ({source, data: {id, method, params, result}}) => {\n"
    "  if (source !== parent) return;\n"
    "  if (id === 1) {\n"
    "    name = result?.hostContext?.toolInfo?.tool.name || name;\n"
    "    send({method: 'ui/notifications/initialized'});\n"
    "  }\n"
    "  const value = (method ? params : result)?.structuredContent;\n"
    "  if (!value) return;\n"
    "  on = value.on;\n"
    "  state.textContent = on ? 'The pump runs.' : 'The pump is off.';\n"
    "  turn.textContent = on ? 'Stop' : 'Start';\n"
    "};\n"
    "turn.onclick = () => ask('tools/call', {name, arguments: {on: !on}});\n"
    "ask('ui/initialize', {protocolVersion: '2026-01-26', appCapabilities: {},\n"
    "  appInfo: {name: 'well', version: '1'}});\n"
    "</script>\n";

/* Writes the last switches, a line each. */
static trine_status read_log(void *user_data, trine_call *call)
{
    const uint32_t first = (switched > LINES) ? (switched - LINES) : 0u;
    uint32_t at;

    (void)user_data;
    for (at = first; at < switched; at++) {
        struct line line = {{0}, 0u};

        put(&line, TRINE_TEXT("switch "));
        put_number(&line, at + 1u);
        if ((at % 2u) == 0u) {
            put(&line, TRINE_TEXT(": on\n"));
        } else {
            put(&line, TRINE_TEXT(": off\n"));
        }
        (void)trine_mcp_write(call, line.bytes, line.size);
    }
    return TRINE_OK;
}

static trine_status read_flow(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_mcp_write(call, TRINE_TEXT("0.4 litres a second\n"));
}

/* Writes how full the tank of the address is. */
static trine_status read_tank(void *user_data, trine_call *call)
{
    const char *name = NULL;
    const size_t size = trine_mcp_variable(call, 0u, &name);
    const uint32_t tank = tank_of(name, size);
    struct line line = {{0}, 0u};

    (void)user_data;
    if (tank == TANKS) {
        return trine_fail(call, TRINE_TEXT("there is no tank of that name: north or south"));
    }
    put_number(&line, litres[tank]);
    put(&line, TRINE_TEXT(" of 200 litres\n"));
    return trine_mcp_write(call, line.bytes, line.size);
}

/* Makes the messages of the prompt `inspect`. */
static trine_status inspect(void *user_data, trine_call *call)
{
    const char *name = NULL;
    const size_t size = trine_get_string(call, 0, &name);
    const uint32_t tank = tank_of(name, size);
    struct line line = {{0}, 0u};

    (void)user_data;
    if (tank == TANKS) {
        return trine_fail(call, TRINE_TEXT("there is no tank of that name: north or south"));
    }
    put(&line, TRINE_TEXT("Does the tank "));
    put(&line, name, size);
    put(&line, TRINE_TEXT(" need water?"));
    (void)trine_mcp_say(call, TRINE_ROLE_USER, line.bytes, line.size);
    line.size = 0u;
    put(&line, TRINE_TEXT("It has "));
    put_number(&line, litres[tank]);
    put(&line, TRINE_TEXT(" litres."));
    (void)trine_mcp_say(call, TRINE_ROLE_ASSISTANT, line.bytes, line.size);
    if (trine_has(call, 1) && (trine_get_choice(call, 1) == 1u)) {
        return trine_mcp_say(call, TRINE_ROLE_USER, TRINE_TEXT("Explain it in full."));
    }
    return trine_mcp_say(call, TRINE_ROLE_USER, TRINE_TEXT("Answer in one sentence."));
}

/* Completes the name of a tank: of the prompt's argument 0 and of the template's variable alike. */
static trine_status complete(void *user_data, trine_call *call)
{
    trine_completion what;
    uint32_t tank;

    (void)user_data;
    if (trine_mcp_completion_of(call, &what) != TRINE_OK) {
        return TRINE_E_STATE;
    }
    for (tank = 0u; (what.node == 0u) && (tank < TANKS); tank++) {
        if ((what.text.size <= NAME_BYTES)
            && begins_with(tank_names[tank], what.text.data, what.text.size)) {
            (void)trine_mcp_suggest(call, tank_names[tank], NAME_BYTES);
        }
    }
    return TRINE_OK;
}

static trine_status pump_set(void *user_data, trine_call *call)
{
    const bool on = trine_get_bool(call, 0) != 0;

    (void)user_data;
    if (on != pump_on) {
        pump_on = on;
        switched++;
        litres[0] += on ? LITRES_A_TURN : 0u;
        log_changed = true;
        list_changed = true;
    }
    return trine_put_bool(call, 0, on ? 1 : 0);
}

/* Has the client's language model explain the log. */
static trine_status explain(void *user_data, trine_call *call)
{
    const char *text = NULL;
    size_t size;

    (void)user_data;
    if (trine_has(call, TRINE_ANSWER_ACTION) == 0) {
        struct line line = {{0}, 0u};

        put(&line, TRINE_TEXT("A pump was switched "));
        put_number(&line, switched);
        put(&line, TRINE_TEXT(" times. Is that much?"));
        return trine_mcp_ask_model(call, line.bytes, line.size, 100u, NULL, 0u);
    }
    if (trine_get_choice(call, TRINE_ANSWER_ACTION) != 0u) {
        return trine_fail(call, TRINE_TEXT("the client has no model for this, or its user declined"));
    }
    size = trine_get_string(call, TRINE_ANSWER(0), &text);
    return trine_put_string(call, 0, text, size);
}

/* Says which folder of the client the log belongs into. */
static trine_status folder(void *user_data, trine_call *call)
{
    const char *uri = NULL;
    size_t size;

    (void)user_data;
    if (trine_has(call, TRINE_ANSWER_ACTION) == 0) {
        return trine_mcp_ask_roots(call, NULL, 0u);
    }
    size = trine_mcp_root(call, 0u, &uri);
    if (size == 0u) {
        return trine_fail(call, TRINE_TEXT("the client has no folder"));
    }
    return trine_put_string(call, 0, uri, size);
}

static const trine_node pump_nodes[] = {
    TRINE_BOOL(TRINE_REQUIRED, "on", "Whether the pump runs.")};
static const trine_node text_nodes[] = {TRINE_STRING(TRINE_REQUIRED, "text", "", 0, 400)};
static const trine_node inspect_args[] = {
    TRINE_STRING(TRINE_REQUIRED, "tank", "Which tank.", 1, 20),
    TRINE_CHOICE(TRINE_OPTIONAL, "answer", "How long the answer is.", "short|long")};

static const trine_tool tools[] = {
#if WELL_LISTS
    TRINE_TOOL("explain", "", "Has a language model explain the log.", TRINE_READ_ONLY, NULL,
               text_nodes, explain, NULL),
    TRINE_TOOL("folder", "", "Says into which folder the log belongs.", TRINE_READ_ONLY, NULL,
               text_nodes, folder, NULL),
#endif
    TRINE_TOOL("pump_set", "Switch the pump", "Starts or stops the pump.", TRINE_IDEMPOTENT,
               pump_nodes, pump_nodes, pump_set, NULL)};

/* The last one is there only while the pump runs. */
static const trine_resource resources[] = {
    TRINE_RESOURCE("skill://well/SKILL.md", "manual", "Manual", "text/markdown",
                   "How to run the well.", 0u, manual, sizeof manual - 1u),
    TRINE_RESOURCE("ui://pump", "panel", "Pump", "text/html;profile=mcp-app", "", 0u, panel,
                   sizeof panel - 1u),
    TRINE_RESOURCE_READ("well://log", "log", "Log", "text/plain", "The last switches.", 0u,
                        read_log, NULL),
    TRINE_RESOURCE_READ("well://flow", "flow", "", "text/plain", "", 0u, read_flow, NULL)};
#define RESOURCES (sizeof resources / sizeof resources[0])

static const trine_resource templates[] = {
    TRINE_TEMPLATE("well://tank/{name}", "tank", "Tank", "text/plain", "How full a tank is.", 0u,
                   read_tank, NULL)};

static const trine_tool prompts[] = {TRINE_PROMPT(
    "inspect", "Inspect a tank", "Asks whether a tank needs water.", inspect_args, inspect, NULL)};

static const trine_extra extras[] = {
    TRINE_EXTRA(TRINE_EXTRA_TOOL, 2u, 0u,
                "{\"icons\":[{\"src\":\"https://example.org/pump.png\",\"mimeType\":\"image/png\"}],"
                "\"_meta\":{\"ui\":{\"resourceUri\":\"ui://pump\"}}}"),
    TRINE_EXTRA(TRINE_EXTRA_PARAM, 2u, 0u, "{\"title\":\"Pump\"}")};

#define LISTS(count)                                                                              \
    {                                                                                             \
        sizeof(trine_mcp_lists), (count), 1u, 1u, 2u, resources, templates, prompts, extras,      \
            complete, NULL, NULL, NULL                                                            \
    }
static const trine_mcp_lists at_rest = LISTS(RESOURCES - 1u);
static const trine_mcp_lists running = LISTS(RESOURCES);

TRINE_STORAGE(memory, TRINE_DEVICE_BYTES(RX_BYTES, MESSAGE_MAX, RESULT_MAX, REPEAT_MAX, 0u,
                                         CALLS_MAX, IDENTITY_BYTES));

trine_device *well_start(void)
{
    trine_device *device = NULL;
    trine_config config;

    (void)memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = tools;
    config.tools_count = sizeof tools / sizeof tools[0];
    config.rx_bytes = RX_BYTES;
    config.message_max = MESSAGE_MAX;
    config.result_max = RESULT_MAX;
    config.repeat_max = REPEAT_MAX;
    config.calls_max = CALLS_MAX;
    config.product.data = "well";
    config.product.size = 4u;
    config.serial.data = "0001";
    config.serial.size = 4u;
    if (trine_init(memory, sizeof memory, &config, &device, NULL) != TRINE_OK) {
        return NULL;
    }
#if WELL_LISTS
    if (trine_mcp_offer(device, &at_rest, NULL) != TRINE_OK) {
        return NULL;
    }
#endif
    return device;
}

#if WELL_LISTS
/* Tells clients what has changed; what finds no room now is told at the next turn. */
static void tell(trine_device *device)
{
    if (log_changed && (trine_mcp_updated(device, TRINE_TEXT("well://log")) == TRINE_OK)) {
        log_changed = false;
    }
    if (list_changed
        && (trine_mcp_offer(device, pump_on ? &running : &at_rest, NULL) == TRINE_OK)
        && (trine_mcp_changed(device, TRINE_LIST_RESOURCES) == TRINE_OK)) {
        list_changed = false;
    }
}
#endif

uint64_t well_turn(trine_device *device, uint64_t now)
{
    uint64_t due = now;

    (void)trine_poll(device, now, STEPS, &due);
#if WELL_LISTS
    tell(device);
#endif
    return due;
}
