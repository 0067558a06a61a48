/* Tools that read and write each kind of value, fail, and misuse what they are given. */
#include <stddef.h>
#include <string.h>

#include "trine_plugin.h"

static const trine_node in[] = {
    TRINE_BOOL(TRINE_REQUIRED, "on", "A switch."),
    TRINE_INT(TRINE_OPTIONAL, "count", "", "How many.", -5, 5),
    TRINE_DECIMAL(TRINE_DEFAULT(215), "heat", "C", "How warm.", 1, -400, 850, 5),
    TRINE_STRING(TRINE_REQUIRED, "name", "A name.", 1, 40),
    TRINE_CHOICE(TRINE_DEFAULT(1), "mode", "A mode.", "off|slow|fast"),
    TRINE_ARRAY(TRINE_OPTIONAL, "marks", "Marks.", 1, 0, 4),
    TRINE_INT(TRINE_REQUIRED, "", "", "A mark.", 0, 100),
};
static const trine_node out[] = {
    TRINE_BOOL(TRINE_REQUIRED, "on", "A switch."),
    TRINE_INT(TRINE_OPTIONAL, "count", "", "How many.", -5, 5),
    TRINE_DECIMAL(TRINE_REQUIRED, "heat", "C", "How warm.", 1, -400, 850, 5),
    TRINE_STRING(TRINE_REQUIRED, "name", "A name.", 0, 40),
    TRINE_CHOICE(TRINE_REQUIRED, "mode", "A mode.", "off|slow|fast"),
    TRINE_ARRAY(TRINE_REQUIRED, "marks", "Marks.", 2, 0, 4),
    TRINE_OBJECT(TRINE_REQUIRED, "", "A mark.", 1),
    TRINE_INT(TRINE_REQUIRED, "mark", "", "A mark.", 0, 100),
};

static trine_status echo(void *state, trine_call *call) {
    const char *name;
    size_t size = trine_get_string(call, trine_param(call, TRINE_TEXT("name")), &name);
    trine_call_info info;
    int32_t at;
    (void)state;
    (void)trine_put_bool(call, 0, trine_get_bool(call, 0));
    if (trine_has(call, 1)) {
        (void)trine_put_int(call, 1, trine_get_int(call, 1));
    } else if (trine_get_int(call, 1) != 0) {
        return trine_fail(call, TRINE_TEXT("what is missing is 0"));
    }
    (void)trine_put_decimal(call, 2, trine_get_decimal(call, 2));
    (void)trine_put_string(call, trine_result(call, TRINE_TEXT("name")), name, size);
    (void)trine_put_choice(call, 4, trine_get_choice(call, 4));
    for (at = 0; trine_has(call, TRINE_ITEM(5, at)); ++at) {
    }
    (void)trine_put_array(call, 5, (uint32_t)at);
    for (at = 0; trine_has(call, TRINE_ITEM(5, at)); ++at) {
        (void)trine_put_object(call, 6);
        (void)trine_put_int(call, 7, trine_get_int(call, TRINE_ITEM(5, at)));
    }
    if (trine_call_get_info(call, &info) != TRINE_OK || info.deadline <= info.now || info.id != 0) {
        return trine_fail(call, TRINE_TEXT("the call is not described"));
    }
    if (trine_param(call, TRINE_TEXT("mark")) != TRINE_E_NOT_FOUND) {
        return trine_fail(call, TRINE_TEXT("what is in a list is no parameter"));
    }
    (void)trine_plugin_progress(call, 1, 2, TRINE_TEXT("half"));
    (void)trine_plugin_log(call, 1, TRINE_TEXT("done"));
    return trine_plugin_is_cancelled(call) ? TRINE_E_FAILED : TRINE_OK;
}

static const trine_node kinds[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "kind", "What is wrong.",
                 "status|words|type|number|node|utf8|pending|order|none|long|null|content|blocks|"
                 "short|bound|structured|escape|shown"),
};
static const trine_node one[] = {TRINE_INT(TRINE_REQUIRED, "n", "", "A number.", 0, 9)};

static trine_status wrong(void *state, trine_call *call) {
    static const char dots[5000] = {0};
    const char *text;
    trine_block block;
    (void)state;
    memset(&block, 0, sizeof block);
    block.struct_size = sizeof block;
    switch (trine_get_choice(call, 0)) {
    case 0: return TRINE_E_FAILED;
    case 1: return trine_fail(call, TRINE_TEXT("out of paper"));
    case 2: (void)trine_get_string(call, 0, &text); return TRINE_OK;
    case 3: (void)trine_get_int(call, 77); return trine_put_int(call, 0, 1);
    case 4: return trine_put_int(call, -1, 1);
    case 5: return trine_put_string(call, 0, "\xff\xfe", 2);
    case 6: return TRINE_PENDING;
    case 7: (void)trine_put_int(call, 5, 1); return TRINE_OK;
    case 8: return TRINE_OK;
    case 9: return trine_fail(call, dots, sizeof dots);
    case 10:
        return trine_put_int(NULL, 0, 1) == TRINE_E_NULL && trine_get_int(NULL, 0) == 0 &&
                       trine_fail(call, NULL, 3) == TRINE_E_NULL
                   ? trine_put_int(call, 0, 1)
                   : TRINE_E_FAILED;
    case 11: return trine_content(call, TRINE_TEXT("text/plain"), 11);
    case 12:
        block.kind = TRINE_BLOCK_TEXT;
        block.data = "words";
        block.size = 5;
        (void)trine_put_block(call, &block);
        block.kind = TRINE_BLOCK_IMAGE;
        block.mime.data = "image/png";
        block.mime.size = 9;
        (void)trine_put_block(call, &block);
        return TRINE_BLOCKS;
    case 13: return trine_content(call, TRINE_TEXT("text/plain"), 12);
    case 14: return trine_put_int(call, 0, 10);
    case 16: return trine_fail(call, TRINE_TEXT("no \x1b[2J\xe2\x80\xae paper"));
    case 17:
        block.kind = TRINE_BLOCK_TEXT;
        block.data = "a\x1b[2Jb";
        block.size = 6;
        (void)trine_put_block(call, &block);
        return TRINE_BLOCKS;
    default:
        block.kind = TRINE_BLOCK_TEXT;
        (void)trine_put_block(call, &block);
        block.kind = TRINE_BLOCK_STRUCTURED;
        (void)trine_put_block(call, &block);
        return TRINE_BLOCKS;
    }
}

static size_t read_piece(void *state, trine_call_id id, uint32_t offset, uint8_t *piece,
                         size_t size) {
    static const char whole[] = "hello world";
    size_t left = offset < 11 ? 11u - offset : 0u;
    (void)state;
    (void)id;
    if (size > 4) {
        size = 4;
    }
    if (size > left) {
        size = left;
    }
    memcpy(piece, whole + offset, size);
    return size;
}

static const trine_tool_more more = {
    sizeof(trine_tool_more), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, read_piece};
static const trine_tool tools[] = {
    TRINE_TOOL("echo", "Echo", "Say what was said.", TRINE_READ_ONLY, in, out, echo, NULL),
    TRINE_TOOL_MORE("wrong", "", "", "Do something wrong.", 0, TRINE_CONSENT_NONE, 0u, kinds, one,
                    wrong, NULL, &more),
};
TRINE_PLUGIN("everything", "0.3.1-rc.2", tools);
