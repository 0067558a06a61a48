/* An MCP server in C: its own tool, and those of the plug-ins that it is given.
 *
 *     cc -std=c99 -Iinclude host-example/hub/greeter.c -ltrine_host -o greeter
 *     ./greeter [PLUGIN.so]...
 */
#include <stdio.h>

#include "trine_hub.h"

static trine_status greet(void *user_data, trine_call *call)
{
    const char *name = NULL;
    char text[80];
    size_t size = trine_get_string(call, 0, &name);
    int written = snprintf(text, sizeof text, "Hello, %.*s!", (int)size, name);

    (void)user_data;
    if (written < 0 || (size_t)written >= sizeof text) {
        return trine_fail(call, TRINE_TEXT("the name is too long: use 24 letters at most"));
    }
    return trine_put_string(call, 0, text, (size_t)written);
}

static const trine_node who[] = {TRINE_STRING(TRINE_REQUIRED, "name", "Whom to greet.", 1, 24)};
static const trine_node greeting[] = {TRINE_STRING(TRINE_REQUIRED, "text", "The greeting.", 1, 80)};
static const trine_tool tools[] = {
    TRINE_TOOL("greet", "Greet", "Greet a person.", TRINE_READ_ONLY, who, greeting, greet, NULL)};

TRINE_PLUGIN("greeter", "1.0.0", tools);

static trine_status run(trine_hub *hub, int count, char **files)
{
    trine_status status = trine_hub_add(hub, trine_plugin_entry);
    int at;

    for (at = 1; at < count && status == TRINE_OK; at++) {
        status = trine_hub_load(hub, files[at]);
    }
    return (status == TRINE_OK) ? trine_hub_serve_stdio(hub) : status;
}

int main(int count, char **files)
{
    trine_hub *hub = NULL;
    trine_status status = trine_hub_open("in_flight=8", &hub);

    if (status == TRINE_OK) {
        status = run(hub, count, files);
    }
    if (status != TRINE_OK) {
        (void)fprintf(stderr, "greeter: %s\n", trine_hub_why());
    }
    if (hub != NULL) {
        (void)trine_hub_close(hub);
    }
    return (status == TRINE_OK) ? 0 : 1;
}
