/* A hub from its opening to its end: what it refuses, and what it says then; plug-ins that are loaded,
 * replaced, rolled back and taken out; and a client over HTTP. The arguments are the files of two
 * versions of step.c. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <trine_hub.h>

static int failures;

#define CHECK(holds)                                                                               \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            (void)printf("%s:%d: %s: no (%s)\n", __FILE__, __LINE__, #holds, trine_hub_why());      \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

static trine_status twice(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, 2 * trine_get_int(call, 0));
}

static const trine_node number[] = {TRINE_INT(TRINE_REQUIRED, "number", "", "A number.", 0, 99)};
static const trine_tool tools[] = {
    TRINE_TOOL("twice", "", "Doubles.", 0u, number, number, twice, NULL)};
static const trine_plugin own = {
    TRINE_PLUGIN_HEAD(0u, "own", "1.0.0", "", "", "doubling sums", "", NULL, tools),
    0u, NULL, NULL, NULL, NULL};
static const trine_plugin nobody = {
    TRINE_PLUGIN_HEAD(0u, "Not A Name", "1.0.0", "", "", "", "", NULL, tools),
    0u, NULL, NULL, NULL, NULL};

TRINE_PLUGIN_TABLE(own);

static const trine_plugin *no_name(uint32_t abi, const trine_plugin_host *host)
{
    (void)abi;
    (void)host;
    return &nobody;
}

static const trine_plugin *refuses(uint32_t abi, const trine_plugin_host *host)
{
    (void)abi;
    (void)host;
    return NULL;
}

static int says(const char *what)
{
    return strstr(trine_hub_why(), what) != NULL;
}

/* Whether a call answers this text. */
static int answers(trine_hub *hub, const char *tool, const char *arguments, const char *what)
{
    char *answer = NULL;
    trine_status status = trine_hub_call(hub, tool, arguments, 5000u, &answer);
    int found = (answer != NULL) && strstr(answer, what) != NULL;

    CHECK((status == TRINE_OK) == (answer != NULL && strstr(answer, "\"isError\":false") != NULL));
    (void)trine_hub_free(answer);
    return found;
}

static int lists(trine_hub *hub, uint32_t by, const char *word, const char *what)
{
    char *list = NULL;
    trine_status status =
        (word == NULL) ? trine_hub_list(hub, &list) : trine_hub_find(hub, by, word, &list);
    int found = (status == TRINE_OK) && strstr(list, what) != NULL;

    (void)trine_hub_free(list);
    return found;
}

static void nothing_is_taken_for_something(trine_hub *hub)
{
    trine_hub_stats stats = {sizeof stats, 0u, 0u, 0u, 0u};
    char *text = NULL;

    CHECK(trine_hub_open(NULL, NULL) == TRINE_E_NULL && says("no place"));
    CHECK(trine_hub_add(NULL, trine_plugin_entry) == TRINE_E_NULL && says("NULL"));
    CHECK(trine_hub_add(hub, NULL) == TRINE_E_NULL);
    CHECK(trine_hub_load(NULL, "x") == TRINE_E_NULL && trine_hub_load(hub, NULL) == TRINE_E_NULL);
    CHECK(trine_hub_replace(NULL, "x") == TRINE_E_NULL);
    CHECK(trine_hub_replace(hub, NULL) == TRINE_E_NULL);
    CHECK(trine_hub_roll_back(NULL, "x") == TRINE_E_NULL);
    CHECK(trine_hub_roll_back(hub, NULL) == TRINE_E_NULL);
    CHECK(trine_hub_remove(NULL, "x") == TRINE_E_NULL);
    CHECK(trine_hub_remove(hub, NULL) == TRINE_E_NULL);
    CHECK(trine_hub_list(NULL, &text) == TRINE_E_NULL && trine_hub_list(hub, NULL) == TRINE_E_NULL);
    CHECK(trine_hub_find(NULL, TRINE_HUB_BY_NAME, "x", &text) == TRINE_E_NULL);
    CHECK(trine_hub_find(hub, TRINE_HUB_BY_NAME, NULL, &text) == TRINE_E_NULL);
    CHECK(trine_hub_find(hub, TRINE_HUB_BY_NAME, "x", NULL) == TRINE_E_NULL);
    CHECK(trine_hub_find(hub, 7u, "x", &text) == TRINE_E_ARGUMENT);
    CHECK(trine_hub_call(NULL, "x", "{}", 1u, &text) == TRINE_E_NULL);
    CHECK(trine_hub_call(hub, NULL, "{}", 1u, &text) == TRINE_E_NULL);
    CHECK(trine_hub_get_stats(NULL, "twice", &stats) == TRINE_E_NULL);
    CHECK(trine_hub_get_stats(hub, NULL, &stats) == TRINE_E_NULL);
    CHECK(trine_hub_get_stats(hub, "twice", NULL) == TRINE_E_NULL);
    CHECK(trine_hub_serve_stdio(NULL) == TRINE_E_NULL);
    CHECK(trine_hub_serve_http(NULL, "127.0.0.1:0", NULL) == TRINE_E_NULL);
    CHECK(trine_hub_serve_http(hub, NULL, NULL) == TRINE_E_NULL);
    CHECK(trine_hub_free(NULL) == TRINE_OK);
    CHECK(trine_hub_close(NULL) == TRINE_E_NULL && text == NULL);
}

static void what_is_wrong_is_said(trine_hub *hub)
{
    trine_hub *other = NULL;
    trine_hub_stats old = {8u, 0u, 0u, 0u, 0u};

    CHECK(trine_hub_open("in_fligth=8", &other) == TRINE_E_ARGUMENT && says("in_flight"));
    CHECK(trine_hub_open("in_flight", &other) == TRINE_E_ARGUMENT && says("key=value"));
    CHECK(trine_hub_open("plugin_memory=lots", &other) == TRINE_E_ARGUMENT && says("number"));
    CHECK(trine_hub_open("plugin_imports=maybe", &other) == TRINE_E_ARGUMENT && other == NULL);
    CHECK(trine_hub_add(hub, no_name) == TRINE_E_FAILED && says("Not A Name"));
    CHECK(trine_hub_add(hub, refuses) == TRINE_E_FAILED && says("version"));
    CHECK(trine_hub_load(hub, "/no/such/file.so") == TRINE_E_FAILED && says("read"));
    CHECK(trine_hub_serve_stdio(hub) == TRINE_E_FAILED);
    CHECK(trine_hub_remove(hub, "own") == TRINE_E_NOT_FOUND && says("none is loaded"));
    CHECK(trine_hub_call(hub, "twice", NULL, 1000u, NULL) == TRINE_E_NOT_FOUND && says("no tool"));
    CHECK(trine_hub_get_stats(hub, "twice", &old) == TRINE_E_VERSION);
    CHECK(trine_hub_serve_http(hub, "localhost", NULL) == TRINE_E_ARGUMENT && says("127.0.0.1"));
    CHECK(trine_hub_load(hub, "\xff") == TRINE_E_UTF8);
}

static void the_tools_of_the_program_serve(trine_hub *hub)
{
    trine_hub_stats stats = {sizeof stats, 0u, 0u, 0u, 0u};

    CHECK(trine_hub_add(hub, trine_plugin_entry) == TRINE_OK && trine_hub_why()[0] == '\0');
    CHECK(trine_hub_add(hub, trine_plugin_entry) == TRINE_E_FAILED && says("loaded already"));
    CHECK(answers(hub, "twice", "{\"number\":21}", "{\"number\":42}"));
    CHECK(answers(hub, "twice", "{\"number\":100}", "at most 99") && says("at most 99"));
    CHECK(answers(hub, "twice", NULL, "required"));
    CHECK(answers(hub, "twice", "[", "isError"));
    CHECK(trine_hub_get_stats(hub, "twice", &stats) == TRINE_OK && stats.calls == 1u &&
          stats.errors == 0u && stats.nanoseconds > 0u);
    CHECK(trine_hub_get_stats(hub, "thrice", &stats) == TRINE_E_NOT_FOUND);
    CHECK(lists(hub, 0u, NULL, "\"own\"") && lists(hub, TRINE_HUB_BY_NAME, "own", "\"twice\""));
    CHECK(lists(hub, TRINE_HUB_BY_CAPABILITY, "sums", "\"own\""));
    CHECK(!lists(hub, TRINE_HUB_BY_CAPABILITY, "sum", "") && says("loaded are own"));
}

static void plug_ins_come_change_and_go(trine_hub *hub, char **files)
{
    CHECK(trine_hub_replace(hub, files[1]) == TRINE_E_FAILED && says("load it first"));
    CHECK(trine_hub_load(hub, files[1]) == TRINE_OK);
    CHECK(answers(hub, "which", "{}", "{\"version\":1}"));
    CHECK(trine_hub_roll_back(hub, "step") == TRINE_E_FAILED && says("no other version"));
    CHECK(trine_hub_replace(hub, files[2]) == TRINE_OK);
    CHECK(answers(hub, "which", "{}", "{\"version\":2}"));
    CHECK(lists(hub, TRINE_HUB_BY_NAME, "step", "\"previous\":\"1.1.0\""));
    CHECK(trine_hub_roll_back(hub, "step") == TRINE_OK);
    CHECK(answers(hub, "which", "{}", "{\"version\":1}"));
    CHECK(trine_hub_remove(hub, "step") == TRINE_OK);
    CHECK(trine_hub_call(hub, "which", NULL, 1000u, NULL) == TRINE_E_NOT_FOUND && says("no tool"));
    CHECK(answers(hub, "twice", "{\"number\":1}", "{\"number\":2}"));
}

static void a_client_is_served_over_http(trine_hub *hub)
{
    static const char body[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"twice\","
        "\"arguments\":{\"number\":8},\"_meta\":{"
        "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"t\",\"version\":\"1\"},"
        "\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
    char request[1024];
    char answer[4096];
    size_t got = 0u;
    ssize_t more = 1;
    uint16_t port = 0u;
    char taken[32];
    struct sockaddr_in address = {0};
    int written;
    int line;

    CHECK(trine_hub_serve_http(hub, "192.0.2.1:0", NULL) == TRINE_E_FAILED);
    CHECK(trine_hub_serve_http(hub, "127.0.0.1:0", &port) == TRINE_OK && port != 0u);
    (void)snprintf(taken, sizeof taken, "127.0.0.1:%u", (unsigned)port);
    CHECK(trine_hub_serve_http(hub, taken, NULL) == TRINE_E_CONNECTION && says("listen"));
    written = snprintf(request, sizeof request,
                       "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
                       "Accept: application/json, text/event-stream\r\nConnection: close\r\n"
                       "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n"
                       "Mcp-Name: twice\r\nContent-Length: %zu\r\n\r\n%s",
                       (unsigned)port, sizeof body - 1u, body);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    line = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(line, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(write(line, request, (size_t)written) == written);
    while (more > 0 && got < sizeof answer - 1u) {
        more = read(line, answer + got, sizeof answer - 1u - got);
        got += (more > 0) ? (size_t)more : 0u;
    }
    answer[got] = '\0';
    (void)close(line);
    CHECK(strstr(answer, "200 OK") != NULL && strstr(answer, "\"number\":16") != NULL);
}

int main(int count, char **files)
{
    trine_hub *hub = NULL;

    if (count != 3 || trine_hub_open("in_flight=4; patience_ms=2000", &hub) != TRINE_OK) {
        return 2;
    }
    nothing_is_taken_for_something(hub);
    what_is_wrong_is_said(hub);
    the_tools_of_the_program_serve(hub);
    plug_ins_come_change_and_go(hub, files);
    a_client_is_served_over_http(hub);
    CHECK(trine_hub_close(hub) == TRINE_OK);
    return failures;
}
