/* Each kind of error, as C tells it: a line with the kind, its number, and the sentence. The arguments
 * are the URLs of a server that is not there, of one that is none, and of one that is busy. */
#include <stdio.h>

#include <trine_client.h>

static trine_status twice(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, 2 * trine_get_int(call, 0));
}

static const trine_node number[] = {TRINE_INT(TRINE_REQUIRED, "number", "", "A number.", 0, 99)};
static const trine_tool tools[] = {
    TRINE_TOOL("twice", "", "Doubles.", 0u, number, number, twice, NULL)};

TRINE_PLUGIN("own", "1.0.0", tools);

static void show(const char *kind, trine_status status)
{
    (void)printf("%s|%d|%s\n", kind, (int)status, (status < 0) ? trine_hub_why() : "");
}

int main(int count, char **urls)
{
    static const char *const kinds[] = {"connection", "protocol", "overloaded"};
    trine_hub *hub;
    trine_client *client = NULL;
    uint16_t port;
    char url[64];
    int at;

    for (at = 1; at < count && at <= 3; at++) {
        show(kinds[at - 1], trine_client_open(urls[at], NULL, &client));
    }
    if (trine_hub_open(NULL, &hub) != TRINE_OK || trine_hub_add(hub, trine_plugin_entry) != TRINE_OK
        || trine_hub_serve_http(hub, "127.0.0.1:0", &port) != TRINE_OK) {
        (void)printf("%s\n", trine_hub_why());
        return 1;
    }
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/mcp", (unsigned)port);
    if (trine_client_open(url, NULL, &client) != TRINE_OK) {
        (void)printf("%s\n", trine_hub_why());
        return 1;
    }
    /* The same by the hub itself and over HTTP. */
    show("tool", trine_hub_call(hub, "twice", "{\"number\":100}", 0, NULL));
    show("tool", trine_client_call(client, "twice", "{\"number\":100}", 0, NULL));
    show("tool not found", trine_hub_call(hub, "thrice", NULL, 0, NULL));
    show("tool not found", trine_client_call(client, "thrice", NULL, 0, NULL));
    /* No function answers it yet. */
    (void)printf("TLS|%d|none\n", TRINE_E_TLS);
    return (trine_client_close(client) == TRINE_OK && trine_hub_close(hub) == TRINE_OK) ? 0 : 1;
}
