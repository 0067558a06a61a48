/* The same call by hand with cJSON, as firmware without an MCP library does it: the message becomes a
   tree, its members are looked up and validated, and the answer is a tree that is printed. */
#include "message.h"
#include "timed.h"
#include <cjson/cJSON.h>

static char answer[512];

static int start(void)
{
    answer[0] = '\0';
    return 1;
}

/* An integer from -1,000,000 to 1,000,000; 0 where it is none. */
static int integer(const cJSON *object, const char *name, int *value)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(member) || member->valuedouble != (double)member->valueint ||
        member->valueint < -1000000 || member->valueint > 1000000) {
        return 0;
    }
    *value = member->valueint;
    return 1;
}

static int is_text(const cJSON *object, const char *name, const char *wanted)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(member) && strcmp(member->valuestring, wanted) == 0;
}

/* The result that the gateway and libtrine answer too, without the name of the server. */
static cJSON *answered(const cJSON *id, int sum)
{
    char text[32];
    cJSON *response = cJSON_CreateObject();
    cJSON *result = cJSON_AddObjectToObject(response, "result");
    cJSON *structured = cJSON_AddObjectToObject(result, "structuredContent");
    cJSON *content = cJSON_AddArrayToObject(result, "content");
    cJSON *block = cJSON_CreateObject();

    (void)snprintf(text, sizeof text, "{\"sum\":%d}", sum);
    (void)cJSON_AddItemToArray(content, block);
    (void)cJSON_AddStringToObject(block, "type", "text");
    (void)cJSON_AddStringToObject(block, "text", text);
    (void)cJSON_AddNumberToObject(structured, "sum", sum);
    (void)cJSON_AddFalseToObject(result, "isError");
    (void)cJSON_AddStringToObject(result, "resultType", "complete");
    (void)cJSON_AddItemToObject(response, "id", cJSON_Duplicate(id, 0));
    (void)cJSON_AddStringToObject(response, "jsonrpc", "2.0");
    return response;
}

/* Answers one message; 0 where it is no call of `add`. */
static size_t handled(void)
{
    cJSON *root = cJSON_ParseWithLength(message, sizeof message - 1u);
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(root, "params");
    const cJSON *arguments = cJSON_GetObjectItemCaseSensitive(params, "arguments");
    int a = 0;
    int b = 0;
    size_t size = 0;

    if (is_text(root, "jsonrpc", "2.0") && is_text(root, "method", "tools/call") &&
        is_text(params, "name", "add") && integer(arguments, "a", &a) &&
        integer(arguments, "b", &b)) {
        cJSON *response = answered(cJSON_GetObjectItemCaseSensitive(root, "id"), a + b);
        if (cJSON_PrintPreallocated(response, answer, (int)sizeof answer, 0)) {
            size = strlen(answer);
        }
        cJSON_Delete(response);
    }
    cJSON_Delete(root);
    return size;
}

static __attribute__((noinline)) size_t measured(unsigned calls)
{
    size_t bytes = 0;
    unsigned call;

    for (call = 0; call < calls; call++) {
        bytes += handled();
    }
    return bytes;
}

static int is_right(void)
{
    return strstr(answer, "{\"sum\":17}") != NULL;
}
