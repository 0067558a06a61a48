/* A session of MCP 2025-11-25: what both tools are, a call of each, and two calls that are wrong. */
#include "two.h"

#define REQUEST(id, method, params)                                                                \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":" params "}"
#define CALL(id, name, arguments)                                                                  \
    REQUEST(id, "tools/call", "{\"name\":\"" name "\",\"arguments\":" arguments "}")

const struct exchange exchanges[] = {
    EXCHANGE(REQUEST("1", "initialize",
                     "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},"
                     "\"clientInfo\":{\"name\":\"a\",\"version\":\"1\"}}"),
             "\"protocolVersion\":\"2025-11-25\""),
    EXCHANGE("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", ""),
    EXCHANGE(REQUEST("2", "tools/list", "{}"), "\"maximum\":100"),
    EXCHANGE(CALL("3", "lamp_set", "{\"on\":true}"), "\"isError\":false"),
    EXCHANGE(CALL("4", "fan_set", "{\"percent\":40}"), "\"percent\":40"),
    EXCHANGE(CALL("5", "fan_set", "{\"percent\":101}"), "\"isError\":true"),
    EXCHANGE(CALL("6", "door_open", "{}"), "-32602"),
};
const unsigned exchanges_count = sizeof exchanges / sizeof exchanges[0];

int changed(void)
{
    return lamp == 1 && fan == 40;
}
