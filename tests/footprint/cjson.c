/* By hand with cJSON, as firmware without an MCP library does it: the message becomes a tree on the
   heap, its members are looked up and judged, and the answer is a tree that is printed. */
#include "two.h"
#include <cJSON.h>
#include <string.h>

static const char lamp_schema[] =
    "{\"type\":\"object\",\"properties\":{\"on\":{\"type\":\"boolean\"}},\"required\":[\"on\"]}";
static const char fan_schema[] =
    "{\"type\":\"object\",\"properties\":{\"percent\":{\"type\":\"integer\",\"minimum\":0,"
    "\"maximum\":100}},\"required\":[\"percent\"]}";

int ready(void)
{
    return 1;
}

static void add_tool(cJSON *tools, const char *name, const char *description, const char *schema)
{
    cJSON *tool = cJSON_CreateObject();

    (void)cJSON_AddStringToObject(tool, "name", name);
    (void)cJSON_AddStringToObject(tool, "description", description);
    (void)cJSON_AddRawToObject(tool, "inputSchema", schema);
    (void)cJSON_AddItemToArray(tools, tool);
}

static cJSON *initialized(void)
{
    cJSON *result = cJSON_CreateObject();
    cJSON *info;

    (void)cJSON_AddStringToObject(result, "protocolVersion", "2025-11-25");
    (void)cJSON_AddObjectToObject(cJSON_AddObjectToObject(result, "capabilities"), "tools");
    info = cJSON_AddObjectToObject(result, "serverInfo");
    (void)cJSON_AddStringToObject(info, "name", "two");
    (void)cJSON_AddStringToObject(info, "version", "1.0.0");
    return result;
}

static cJSON *listed(void)
{
    cJSON *result = cJSON_CreateObject();
    cJSON *tools = cJSON_AddArrayToObject(result, "tools");

    add_tool(tools, "lamp_set", "Switch the lamp.", lamp_schema);
    add_tool(tools, "fan_set", "Set the speed of the fan.", fan_schema);
    return result;
}

static cJSON *content(const char *text, int is_error)
{
    cJSON *result = cJSON_CreateObject();
    cJSON *block = cJSON_CreateObject();

    (void)cJSON_AddStringToObject(block, "type", "text");
    (void)cJSON_AddStringToObject(block, "text", text);
    (void)cJSON_AddItemToArray(cJSON_AddArrayToObject(result, "content"), block);
    (void)cJSON_AddBoolToObject(result, "isError", is_error);
    return result;
}

static cJSON *called(const cJSON *params, int *code)
{
    const cJSON *arguments = cJSON_GetObjectItemCaseSensitive(params, "arguments");
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, "name"));
    cJSON *result;

    if (name != NULL && strcmp(name, "lamp_set") == 0) {
        const cJSON *on = cJSON_GetObjectItemCaseSensitive(arguments, "on");
        if (!cJSON_IsBool(on)) {
            return content("lamp_set: on must be true or false", 1);
        }
        lamp = cJSON_IsTrue(on) ? 1 : 0;
        result = content("done", 0);
        (void)cJSON_AddBoolToObject(cJSON_AddObjectToObject(result, "structuredContent"), "on", lamp);
        return result;
    }
    if (name != NULL && strcmp(name, "fan_set") == 0) {
        const cJSON *percent = cJSON_GetObjectItemCaseSensitive(arguments, "percent");
        if (!cJSON_IsNumber(percent) || percent->valuedouble != (double)percent->valueint ||
            percent->valueint < 0 || percent->valueint > 100) {
            return content("fan_set: percent must be an integer from 0 to 100", 1);
        }
        fan = percent->valueint;
        result = content("done", 0);
        (void)cJSON_AddNumberToObject(cJSON_AddObjectToObject(result, "structuredContent"), "percent",
                                      fan);
        return result;
    }
    *code = -32602;
    return NULL;
}

size_t handled(const char *message, size_t size, char *out, size_t room)
{
    cJSON *root = cJSON_ParseWithLength(message, size);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(root, "id");
    const char *method = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "method"));
    cJSON *answer;
    cJSON *result = NULL;
    int code = -32601;
    size_t length = 0u;

    if (id == NULL || method == NULL) {
        cJSON_Delete(root);
        return 0u;
    }
    if (strcmp(method, "initialize") == 0) {
        result = initialized();
    } else if (strcmp(method, "tools/list") == 0) {
        result = listed();
    } else if (strcmp(method, "tools/call") == 0) {
        result = called(cJSON_GetObjectItemCaseSensitive(root, "params"), &code);
    }
    answer = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(answer, "jsonrpc", "2.0");
    (void)cJSON_AddItemToObject(answer, "id", cJSON_Duplicate(id, 1));
    if (result != NULL) {
        (void)cJSON_AddItemToObject(answer, "result", result);
    } else {
        cJSON *error = cJSON_AddObjectToObject(answer, "error");
        (void)cJSON_AddNumberToObject(error, "code", code);
        (void)cJSON_AddStringToObject(error, "message", "not found");
    }
    if (cJSON_PrintPreallocated(answer, out, (int)room, 0)) {
        length = strlen(out);
    }
    cJSON_Delete(answer);
    cJSON_Delete(root);
    return length;
}
