/* Every macro of the header, in what C99 and C++11 both take: positional initialisers. */
#ifndef EVERY_MACRO_H
#define EVERY_MACRO_H

#include "trine.h"
#include "trine_mcp.h"
#include "trine_tools.h"

#ifdef __cplusplus
extern "C" {
#endif
trine_status every_call(void *user_data, trine_call *call);
void every_safe(void *user_data);
void every_stop(void *user_data, trine_call_id id);
void every_ask(void *user_data, trine_call *call);
size_t every_read(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out, size_t size);
#ifdef __cplusplus
}
#endif

TRINE_STORAGE(every_device,
              TRINE_DEVICE_BYTES(256u, 192u, 256u, 64u, 8u, 4u, sizeof("trine" "board") - 1u));
TRINE_STORAGE(every_tool, TRINE_TOOLS_BYTES(3u));
TRINE_STORAGE(every_port, TRINE_PORT_BYTES(64u));
TRINE_STORAGE(every_draft, TRINE_DRAFT_BYTES(32u));
TRINE_STORAGE(every_session, TRINE_SESSION_BYTES(192u, 256u));

static const trine_text every_text = {TRINE_TEXT("greenhouse")};

static const trine_wide every_wide[] = {{-5000000000LL, 5000000000LL, 0, 0},
                                        {0, 10000000000LL, 5, 25}};

static const trine_node every_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "mode", "What to do.", "heat|off"),
    TRINE_BOOL(TRINE_DEFAULT(1), "on", "Whether."),
    TRINE_INT(TRINE_OPTIONAL, "percent", "%", "How much.", 0, 100),
    TRINE_DECIMAL(TRINE_WHEN(0, 0), "celsius", "degC", "Target.", 1, 50, 350, 5),
    TRINE_STRING(TRINE_OPTIONAL, "label", "What for.", 0, 24),
    TRINE_STRING_DEFAULT("name", "Who.", 1, 8, "nobody"),
    TRINE_INT_WIDE(TRINE_NODE_REQUIRED, "serial", "", "A large number.", 0),
    TRINE_DECIMAL_WIDE(TRINE_NODE_PRESET, "litres", "l", "A large one with places.", 3, 1)};

static const trine_node every_results[] = {
    TRINE_OBJECT(TRINE_REQUIRED, "state", "", 3),
    TRINE_ARRAY(TRINE_REQUIRED, "items", "", 1, 0, 4),
    TRINE_INT(TRINE_REQUIRED, "", "", "", TRINE_OPEN_MIN, TRINE_OPEN_MAX),
    TRINE_NODE("raw", "", "", "By hand.", 0u, TRINE_KIND_BOOL, TRINE_OPTIONAL, 0, 0)};

static const trine_tool_more every_more = {sizeof(trine_tool_more),
                                           1000u,
                                           4u,
                                           2u,
                                           every_wide,
                                           every_safe,
                                           every_safe,
                                           every_stop,
                                           every_ask,
                                           every_read};

static const trine_tool every_tools[] = {
    TRINE_TOOL("plain", "A plain tool", "It does something.", TRINE_IDEMPOTENT | TRINE_READ_ONLY,
               every_params, every_results, every_call, NULL),
    TRINE_TOOL("nothing", "", "No parameters, no result.", TRINE_DESTRUCTIVE | TRINE_OPEN_WORLD,
               NULL, NULL, every_call, NULL),
    TRINE_TOOL_MORE("special", "A special tool", "1.2.3", "It answers content.", 0u,
                    TRINE_CONSENT_DEVICE, TRINE_TOOL_CONTENT, every_params, NULL, every_call, NULL,
                    &every_more)};

static const uint8_t every_bytes[] = {0u, 1u, 2u};
static const trine_function every_calls[] = {every_call, every_call};
static const trine_table every_table =
    TRINE_TABLE(every_bytes, every_calls, NULL, every_safe, every_safe, every_stop, every_ask,
                every_read);

static const trine_resource every_resources[] = {
    TRINE_RESOURCE("board://manual", "manual", "Manual", "text/markdown", "How it works.", 0u,
                   "Turn it on.", 11u),
    TRINE_RESOURCE("board://photo", "photo", "", "image/png", "", TRINE_RESOURCE_BINARY,
                   every_bytes, sizeof every_bytes),
    TRINE_RESOURCE_READ("board://log", "log", "", "text/plain", "", 0u, every_call, NULL),
    TRINE_RESOURCE_ALL("board://all", "all", "", "", "", 0u, NULL, NULL, NULL, 0u)};
static const trine_resource every_templates[] = {TRINE_TEMPLATE(
    "board://lamp/{name}", "lamp", "", "text/plain", "A lamp.", 0u, every_call, NULL)};
static const trine_tool every_prompts[] = {
    TRINE_PROMPT("advise", "Advice", "Asks for advice.", every_params, every_call, NULL)};
static const trine_extra every_extras[] = {
    TRINE_EXTRA(TRINE_EXTRA_PARAM, 0u, 2u, "{\"title\":\"Per cent\"}"),
    TRINE_EXTRA(TRINE_EXTRA_RESULT, 0u, TRINE_EXTRA_ALL, "{\"title\":\"State\"}"),
    TRINE_ICONS(1u, "{\"icons\":[]}")};
static const trine_mcp_lists every_lists = {sizeof(trine_mcp_lists),
                                            4u,
                                            1u,
                                            1u,
                                            3u,
                                            every_resources,
                                            every_templates,
                                            every_prompts,
                                            every_extras,
                                            every_call,
                                            every_stop,
                                            every_read,
                                            NULL};

#endif
