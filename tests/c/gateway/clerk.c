/* A device whose tools ask back, take lists and answer in blocks, on a unix socket for a gateway:
 *
 *     clerk PATH
 *
 * It serves one gateway and ends with it; as `clerk -` it serves an MCP client by itself, on
 * standard input and output. The matrix leg looks at what the client gets to see. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <trine.h>

#include "line.h"

/* Set when the ink runs low, as an interrupt would find out. */
static int is_low;
static const unsigned char ink[] = {0x89u, 'P', 'N', 'G'};

static trine_status put(trine_call *call, uint32_t kind, const void *data, size_t size,
                        const char *mime, const char *uri)
{
    trine_block block;

    memset(&block, 0, sizeof block);
    block.struct_size = sizeof block;
    block.kind = kind;
    block.data = data;
    block.size = size;
    block.mime.data = mime;
    block.mime.size = strlen(mime);
    block.uri.data = uri;
    block.uri.size = strlen(uri);
    return trine_put_block(call, &block);
}

/* Answers one block of each kind, the structured result first. */
static trine_status album(void *user_data, trine_call *call)
{
    (void)user_data;
    is_low = 1;
    (void)trine_put_int(call, 0, 2);
    (void)put(call, TRINE_BLOCK_STRUCTURED, NULL, 0u, "", "");
    (void)put(call, TRINE_BLOCK_TEXT, "an album", 8u, "", "");
    (void)put(call, TRINE_BLOCK_IMAGE, ink, sizeof ink, "image/png", "");
    (void)put(call, TRINE_BLOCK_AUDIO, "RIFF", 4u, "audio/wav", "");
    (void)put(call, TRINE_BLOCK_LINK, "More.", 5u, "text/plain", "trine:x");
    (void)put(call, TRINE_BLOCK_EMBEDDED_TEXT, "why", 3u, "text/plain", "trine:y");
    return put(call, TRINE_BLOCK_EMBEDDED, ink, sizeof ink, "", "trine:z") == TRINE_OK
               ? TRINE_BLOCKS
               : TRINE_E_FAILED;
}

/* Seals a letter for somebody, whom it asks for. */
static trine_status seal(void *user_data, trine_call *call)
{
    static const trine_node fields[] = {
        TRINE_STRING(TRINE_REQUIRED, "who", "Who it is for.", 1, 20),
        TRINE_INT(TRINE_OPTIONAL, "copies", "", "How many.", 1, 9)};
    static const trine_question question = {
        sizeof(trine_question), 2u, fields, {TRINE_TEXT("Who is the letter for?")}};
    char sealed[80];
    const char *letter = NULL;
    const char *state = NULL;
    const char *who = NULL;
    const size_t size = trine_get_string(call, 0, &letter);

    (void)user_data;
    if (!trine_has(call, TRINE_ANSWER_ACTION)) {
        return trine_need_input(call, &question, letter, size);
    }
    if (trine_get_choice(call, TRINE_ANSWER_ACTION) != 0u) {
        return trine_fail(call, TRINE_TEXT("nobody said whom it is for"));
    }
    if (trine_get_string(call, TRINE_ANSWER_STATE, &state) != size ||
        memcmp(state, letter, size) != 0) {
        return trine_fail(call, TRINE_TEXT("the state is not mine"));
    }
    {
        const int length = (int)trine_get_string(call, TRINE_ANSWER(0), &who);
        const int copies = trine_has(call, TRINE_ANSWER(1))
                               ? (int)trine_get_int(call, TRINE_ANSWER(1))
                               : 1;
        const int written = snprintf(sealed, sizeof sealed, "%.*s for %.*s, %d", (int)size, letter,
                                     length, who, copies);
        return trine_put_string(call, 0, sealed, (size_t)written);
    }
}

/* Adds what is ordered: a list of numbers, and one of objects whose count may be missing. */
static trine_status order(void *user_data, trine_call *call)
{
    int64_t sum = 0;
    int index;

    (void)user_data;
    for (index = 0; trine_has(call, TRINE_ITEM(0, index)); index++) {
        sum += trine_get_int(call, TRINE_ITEM(0, index));
    }
    for (index = 0; trine_has(call, TRINE_ITEM(2, index)); index++) {
        const int32_t item = TRINE_ITEM(2, index);
        const char *name = NULL;
        const int64_t count = trine_has(call, item + 2) ? trine_get_int(call, item + 2) : 1;

        sum += count * (int64_t)trine_get_string(call, item + 1, &name);
    }
    return trine_put_int(call, 0, sum);
}

/* Asks for the item of what is no list, which is a fault of the program. */
static trine_status wrong(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, trine_get_bool(call, TRINE_ITEM(0, 0)));
}

static const trine_node none[] = {TRINE_INT(TRINE_REQUIRED, "pages", "", "", 0, 9)};
static const trine_node letter[] = {TRINE_STRING(TRINE_REQUIRED, "letter", "What it says.", 1, 20)};
static const trine_node sealed[] = {TRINE_STRING(TRINE_REQUIRED, "sealed", "", 0, 60)};
static const trine_node orders[] = {
    TRINE_ARRAY(TRINE_REQUIRED, "numbers", "Some numbers.", 1, 0, 5),
    TRINE_INT(TRINE_REQUIRED, "", "", "", 0, 100),
    TRINE_ARRAY(TRINE_OPTIONAL, "things", "What is wanted.", 3, 0, 4),
    TRINE_OBJECT(TRINE_REQUIRED, "", "", 2),
    TRINE_STRING(TRINE_REQUIRED, "name", "Of the thing.", 1, 9),
    TRINE_INT(TRINE_OPTIONAL, "count", "", "How many.", 1, 99)};
static const trine_node sum[] = {TRINE_INT(TRINE_REQUIRED, "sum", "", "", 0, 10000)};
static const trine_tool tools[] = {
    TRINE_TOOL_MORE("album", "", "", "Shows what there is.", TRINE_READ_ONLY, TRINE_CONSENT_NONE,
                    TRINE_TOOL_CONTENT, NULL, none, album, NULL, NULL),
    TRINE_TOOL("seal", "", "Seals a letter.", 0u, letter, sealed, seal, NULL),
    TRINE_TOOL("order", "", "Adds an order.", TRINE_READ_ONLY, orders, sum, order, NULL),
    TRINE_TOOL("wrong", "", "Never works.", TRINE_READ_ONLY, orders, sum, wrong, NULL)};

/* Moves bytes both ways until the gateway goes. */
static void serve(trine_device *device, trine_port *port, int line)
{
    while (take(device, line) == 0) {
        if (is_low && trine_port_log(port, 3u, TRINE_TEXT("the ink is low")) == TRINE_OK) {
            is_low = 0;
        }
        if (work(device, line) != 0) {
            return;
        }
    }
}

/* Answers an MCP client without a gateway. */
static trine_status serve_lines(trine_device *device)
{
    TRINE_STORAGE(session_memory, TRINE_SESSION_BYTES(192u, 512u));
    static char line[2048];
    static char answer[4096];
    trine_session *session = NULL;
    trine_status status =
        trine_session_init(session_memory, sizeof session_memory, device, &session);

    while (status >= 0 && fgets(line, sizeof line, stdin) != NULL) {
        size_t size = 0;

        status = trine_handle_json(session, milliseconds(), line, strcspn(line, "\n"), answer,
                                   sizeof answer, &size);
        if (size > 0) {
            (void)printf("%.*s\n", (int)size, answer);
            (void)fflush(stdout);
        }
    }
    return status;
}

int main(int count, char **words)
{
    TRINE_STORAGE(memory, TRINE_DEVICE_BYTES(512u, 192u, 512u, 64u, 0u, 4u, 16u));
    TRINE_STORAGE(port_memory, TRINE_PORT_BYTES(64u));
    trine_device *device = NULL;
    trine_port *port = NULL;
    trine_config config;
    int line;

    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = tools;
    config.tools_count = sizeof tools / sizeof tools[0];
    config.rx_bytes = 512u;
    config.message_max = 192u;
    config.result_max = 512u;
    config.repeat_max = 64u;
    config.calls_max = 4u;
    config.product.data = "clerk";
    config.product.size = 5u;
    if (count != 2 || trine_init(memory, sizeof memory, &config, &device, NULL) != TRINE_OK ||
        trine_port_init(port_memory, sizeof port_memory, device, &port) != TRINE_OK) {
        return 1;
    }
    if (strcmp(words[1], "-") == 0) {
        return serve_lines(device) == TRINE_OK ? 0 : 1;
    }
    line = gateway(words[1]);
    if (line < 0) {
        return 1;
    }
    serve(device, port, line);
    (void)close(line);
    (void)unlink(words[1]);
    return trine_deinit(device) == TRINE_OK ? 0 : 1;
}
