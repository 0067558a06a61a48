/* A program that calls tools: of a device at this computer, and of an MCP server over HTTP.
 *
 *     cc -std=c11 -Iinclude host-example/hub/caller.c -ltrine_host -o caller
 *     ./caller
 *
 * The device is a simulated greenhouse; `./caller serial=/dev/ttyACM0` takes a board. The server is
 * this program itself.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "trine_client.h"

/* What a call came to that was started. */
struct end {
    atomic_int is_there;
    trine_status status;
};

/* Runs on a thread of the library. */
static void ended(void *user_data, trine_status status, const char *answer, const char *why)
{
    struct end *end = user_data;

    (void)printf("ended: %s\n", (status == TRINE_OK) ? answer : why);
    end->status = status;
    atomic_store(&end->is_there, 1);
}

/* Prints what a function gave, and frees it. */
static void show(const char *what, trine_status status, char *text)
{
    (void)printf("%s: %s\n", what, (status == TRINE_OK) ? text : trine_hub_why());
    if (text != NULL) {
        (void)trine_hub_free(text);
    }
}

/* Tools of the device. */
static void call_device(trine_hub *hub)
{
    char *text = NULL;
    trine_status status = trine_hub_value(hub, "fan_set", "{\"percent\":40}", 1000, &text);

    show("fan_set", status, text);
    text = NULL;
    status = trine_hub_value(hub, "fan_set", "{\"percent\":140}", 1000, &text);
    show("fan_set", status, text);
    text = NULL;
    status = trine_hub_ask(hub, "set the fan speed to 65", &text);
    show("ask", status, text);
}

/* The same tools, as another program calls them. */
static trine_status call_server(const char *url)
{
    trine_client *client = NULL;
    struct end end = {0};
    char *text = NULL;
    trine_status status = trine_client_open(url, "timeout_ms=5000", &client);

    if (status != TRINE_OK) {
        return status;
    }
    status = trine_client_about(client, &text);
    show("server", status, text);
    text = NULL;
    status = trine_client_call(client, "fan_set", "{\"percent\":55}", 0, &text);
    show("call", status, text);
    status = trine_client_start(client, "fan_set", "{\"percent\":60}", 0, ended, &end, NULL);
    /* The program has other work meanwhile. */
    while (status == TRINE_OK && atomic_load(&end.is_there) == 0) {
    }
    (void)trine_client_close(client);
    return status;
}

int main(int count, char **words)
{
    trine_hub *hub = NULL;
    char url[64];
    uint16_t port = 0;
    trine_status status = trine_hub_open((count > 1) ? words[1] : "simulate=north", &hub);

    if (status == TRINE_OK) {
        status = trine_hub_wait(hub, 10000);
    }
    if (status == TRINE_OK) {
        call_device(hub);
        status = trine_hub_serve_http(hub, "127.0.0.1:0", &port);
    }
    if (status == TRINE_OK) {
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/mcp", (unsigned)port);
        status = call_server(url);
    }
    if (status != TRINE_OK) {
        (void)fprintf(stderr, "caller: %s\n", trine_hub_why());
    }
    if (hub != NULL) {
        (void)trine_hub_close(hub);
    }
    return (status == TRINE_OK) ? 0 : 1;
}
