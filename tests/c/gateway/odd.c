/* A device whose resources, prompts and completion do what a program must not do, or just may, on a
 * unix socket for a gateway, or by itself on standard input and output:
 *
 *     odd PATH
 *     odd -
 *
 * The matrix leg looks at what an MCP client gets to see: a clear error for each, and what comes
 * after it as if nothing had been. */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <trine_mcp.h>
#include <trine_news.h>

#include "line.h"

#define RESULT_MAX 256u
#define STREAMED 3000u

/* The read that is answered later, and whether one was given up. */
static trine_call_id late;
/* Whether its client was told that it is late. */
static bool told;
static uint32_t stopped;

static trine_status fill(trine_call *call, const char *piece, size_t size, size_t count)
{
    trine_status status = TRINE_OK;
    size_t at;

    for (at = 0u; at < count; at++) {
        const trine_status one = trine_mcp_write(call, piece, size);
        status = one < 0 ? one : status;
    }
    return status;
}

/* Writes more than there is room for, and does not look at what the function answers. */
static trine_status read_long(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)fill(call, "0123456789", 10u, 100u);
    return TRINE_OK;
}

/* The same, and passes on what the function answered. */
static trine_status read_longer(void *user_data, trine_call *call)
{
    (void)user_data;
    return fill(call, "0123456789", 10u, 100u);
}

/* Writes what just fits, byte by byte, in characters that are cut. */
static trine_status read_pieces(void *user_data, trine_call *call)
{
    size_t at;

    (void)user_data;
    for (at = 0u; at < 100u; at++) {
        if (trine_mcp_write(call, "\xc3", 1u) != TRINE_OK ||
            trine_mcp_write(call, "\xa9", 1u) != TRINE_OK) {
            return TRINE_E_FAILED;
        }
    }
    return TRINE_OK;
}

static trine_status read_error(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_mcp_write(call, "half", 4u);
    return TRINE_E_ARGUMENT;
}

static trine_status read_fail(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_mcp_write(call, "half", 4u);
    return trine_fail(call, TRINE_TEXT("the sensor is off: switch it on"));
}

static trine_status read_utf8(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_mcp_write(call, "\xff", 1u);
}

static trine_status read_put(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_put_int(call, 0, 5);
    return TRINE_OK;
}

static trine_status embed(trine_call *call, const char *uri, const char *text)
{
    trine_block block;

    memset(&block, 0, sizeof block);
    block.struct_size = sizeof block;
    block.kind = TRINE_BLOCK_EMBEDDED_TEXT;
    block.uri.data = uri;
    block.uri.size = strlen(uri);
    block.mime.data = "text/plain";
    block.mime.size = 10u;
    block.data = text;
    block.size = strlen(text);
    return trine_put_block(call, &block);
}

static trine_status read_mixed(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_mcp_write(call, "x", 1u);
    (void)embed(call, "odd:mixed", "y");
    return TRINE_BLOCKS;
}

static trine_status read_block(void *user_data, trine_call *call)
{
    (void)user_data;
    return embed(call, "odd:block", "a block") == TRINE_OK ? TRINE_BLOCKS : TRINE_E_FAILED;
}

static trine_status read_input(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_mcp_ask_roots(call, NULL, 0u);
}

static trine_status read_empty(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
    return TRINE_OK;
}

static trine_status read_late(void *user_data, trine_call *call)
{
    (void)user_data;
    late = trine_call_get_id(call);
    return TRINE_PENDING;
}

/* Promises an answer that never comes. */
static trine_status read_never(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
    return TRINE_PENDING;
}

/* Announces content that `read_piece` yields. */
static trine_status read_stream(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_content(call, TRINE_TEXT("text/plain"), STREAMED);
}

/* Writes what the address says, and asks for what it does not say. */
static trine_status read_template(void *user_data, trine_call *call)
{
    const char *uri = NULL;
    const char *text = NULL;
    const char *none = NULL;
    size_t size = trine_mcp_uri(call, &uri);

    (void)user_data;
    (void)trine_mcp_write(call, uri, size);
    size = trine_mcp_variable(call, 1u, &text);
    (void)trine_mcp_write(call, " ", 1u);
    (void)trine_mcp_write(call, text, size);
    return trine_mcp_variable(call, 2u, &none) == 0u ? TRINE_OK : TRINE_E_FAILED;
}

/* Reads its argument as what it is not. */
static trine_status make_wrong(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_get_int(call, 0);
    return trine_mcp_say(call, TRINE_ROLE_USER, TRINE_TEXT("never said"));
}

static trine_status make_long(void *user_data, trine_call *call)
{
    int at;

    (void)user_data;
    for (at = 0; at < 100; at++) {
        (void)trine_mcp_say(call, (uint32_t)at % 2u, TRINE_TEXT("on and on and on"));
    }
    return TRINE_OK;
}

/* Writes like a resource. */
static trine_status make_bytes(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_mcp_write(call, "x", 1u);
}

/* Asks a person how, finds its arguments by their names, and repeats what it got. */
static trine_status make_asked(void *user_data, trine_call *call)
{
    static const trine_node fields[] = {TRINE_STRING(TRINE_REQUIRED, "how", "How.", 1, 20)};
    static const trine_question question = {
        sizeof(trine_question), 1u, fields, {TRINE_TEXT("How?")}};
    const char *who = NULL;
    const char *how = NULL;
    size_t size = trine_get_string(call, trine_param(call, TRINE_TEXT("who")), &who);

    (void)user_data;
    if (!trine_has(call, TRINE_ANSWER_ACTION)) {
        return trine_need_input(call, &question, who, size);
    }
    (void)trine_mcp_say(call, TRINE_ROLE_ASSISTANT, who, size);
    size = trine_get_string(call, TRINE_ANSWER(0), &how);
    return trine_mcp_say(call, TRINE_ROLE_USER, how, size);
}

/* Suggests as much as there is room for, or says that there is more, or fails. */
static trine_status complete(void *user_data, trine_call *call)
{
    trine_completion what;
    uint32_t count = 0u;

    (void)user_data;
    if (trine_mcp_completion_of(call, &what) != TRINE_OK || what.of == TRINE_OF_TOOL) {
        return TRINE_E_STATE;
    }
    if (what.text.size > 0u && what.text.data[0] == '!') {
        return trine_fail(call, TRINE_TEXT("nothing begins like that"));
    }
    if (what.text.size > 0u && what.text.data[0] == '#') {
        return trine_mcp_write(call, "x", 1u);
    }
    if (what.text.size > 0u && what.text.data[0] == '+') {
        (void)trine_mcp_suggest(call, TRINE_TEXT("+1"));
        return trine_mcp_more(call, 1000u);
    }
    /* What finds no room is left out, and what was suggested before is kept. */
    while (trine_mcp_suggest(call, TRINE_TEXT("one of very many names")) == TRINE_OK) {
        count++;
    }
    return count > 0u ? TRINE_OK : TRINE_E_FAILED;
}

static void stop(void *user_data, trine_call_id id)
{
    (void)user_data;
    stopped = id;
}

static size_t read_piece(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out,
                         size_t size)
{
    (void)user_data;
    (void)id;
    (void)offset;
    memset(out, 's', size);
    return size;
}

static trine_status rest(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, stopped != 0u);
}

static char long_text[2000];

static const trine_node who[] = {TRINE_STRING(TRINE_REQUIRED, "who", "Who.", 1, 9),
                                 TRINE_CHOICE(TRINE_OPTIONAL, "how", "How.", "well|badly")};
static const trine_node flag[] = {TRINE_INT(TRINE_REQUIRED, "stopped", "", "", 0, 1)};
static const trine_tool tools[] = {
    TRINE_TOOL("rest", "", "Says whether a read was stopped.", 0u, NULL, flag, rest, NULL)};
#define READ(name, read)                                                                          \
    TRINE_RESOURCE_READ("odd:" name, name, "", "text/plain", "", 0u, read, NULL)
static const trine_resource resources[] = {
    READ("long", read_long), READ("longer", read_longer), READ("pieces", read_pieces),
    READ("error", read_error), READ("fail", read_fail), READ("utf8", read_utf8),
    READ("put", read_put), READ("mixed", read_mixed), READ("block", read_block),
    READ("input", read_input), READ("empty", read_empty), READ("late", read_late),
    READ("stream", read_stream), READ("never", read_never),
    TRINE_RESOURCE("odd:constant", "constant", "", "text/plain", "", 0u, long_text,
                   sizeof long_text),
    TRINE_RESOURCE("odd:bytes", "bytes", "", "image/png", "", TRINE_RESOURCE_BINARY, "\x89PNG",
                   4u)};
static const trine_resource templates[] = {TRINE_TEMPLATE("odd:{one}:{two}", "template", "",
                                                          "text/plain", "", 0u, read_template,
                                                          NULL)};
static const trine_tool prompts[] = {
    TRINE_PROMPT("wrong", "", "Never works.", who, make_wrong, NULL),
    TRINE_PROMPT("long", "", "Is too long.", NULL, make_long, NULL),
    TRINE_PROMPT("bytes", "", "Never works.", NULL, make_bytes, NULL),
    TRINE_PROMPT("asked", "", "Asks how.", who, make_asked, NULL)};
static const trine_mcp_lists lists = {sizeof(trine_mcp_lists),
                                      sizeof resources / sizeof resources[0],
                                      1u,
                                      4u,
                                      0u,
                                      resources,
                                      templates,
                                      prompts,
                                      NULL,
                                      complete,
                                      stop,
                                      read_piece,
                                      NULL};

static trine_status finish(void *user_data, trine_call *call)
{
    (void)user_data;
    return embed(call, "odd:late", "at last") == TRINE_OK ? TRINE_BLOCKS : TRINE_E_FAILED;
}

/* Answers the read that waits, after a line of log about it. */
static void answer_late(trine_device *device)
{
    if (late != 0u && !told) {
        told = trine_mcp_log(device, late, 3u, TRINE_TEXT("it is late")) != TRINE_E_FULL;
    } else if (late != 0u
               && trine_resume(device, late, milliseconds(), finish, NULL) != TRINE_E_FULL) {
        late = 0u;
        told = false;
    }
}

/* Moves bytes both ways until the gateway goes. */
static void serve(trine_device *device, int line)
{
    while (take(device, line) == 0) {
        answer_late(device);
        if (work(device, line) != 0) {
            return;
        }
    }
}

/* Answers an MCP client without a gateway. */
static trine_status serve_lines(trine_device *device)
{
    TRINE_STORAGE(session_memory, TRINE_SESSION_BYTES(192u, RESULT_MAX));
    TRINE_STORAGE(news_memory, 512u);
    static char line[4096];
    static char answer[4096];
    trine_session *session = NULL;
    trine_status status = trine_news_init(news_memory, sizeof news_memory, device);

    if (status == TRINE_OK) {
        status = trine_session_init(session_memory, sizeof session_memory, device, &session);
    }
    while (status >= 0 && fgets(line, sizeof line, stdin) != NULL) {
        size_t size = 0;

        status = trine_handle_json(session, milliseconds(), line, strcspn(line, "\n"), answer,
                                   sizeof answer, &size);
        while (status >= 0 && (size > 0 || late != 0u)) {
            if (size > 0) {
                (void)printf("%.*s\n", (int)size, answer);
                (void)fflush(stdout);
            }
            answer_late(device);
            status = trine_next_json(session, answer, sizeof answer, &size);
        }
    }
    return status;
}

int main(int count, char **words)
{
    TRINE_STORAGE(memory, TRINE_DEVICE_BYTES(512u, 192u, RESULT_MAX, 64u, 0u, 4u, 16u));
    trine_device *device = NULL;
    trine_config config;
    int line;

    memset(long_text, 'c', sizeof long_text);
    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = tools;
    config.tools_count = 1u;
    config.rx_bytes = 512u;
    config.result_max = RESULT_MAX;
    config.product.data = "odd";
    config.product.size = 3u;
    if (count != 2 || trine_init(memory, sizeof memory, &config, &device, NULL) != TRINE_OK ||
        trine_mcp_offer(device, &lists, NULL) != TRINE_OK) {
        return 1;
    }
    if (strcmp(words[1], "-") == 0) {
        return serve_lines(device) == TRINE_OK ? 0 : 1;
    }
    line = gateway(words[1]);
    if (line < 0) {
        return 1;
    }
    serve(device, line);
    (void)close(line);
    (void)unlink(words[1]);
    return trine_deinit(device) == TRINE_OK ? 0 : 1;
}
