/* A plug-in whose tool appends a line to the file that the variable LEDGER names. */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "trine_plugin.h"

#define VERSION "1.0.0"

static const trine_node results[] = {
    TRINE_STRING(TRINE_REQUIRED, "version", "The version that did the call.", 1, 32),
};

static trine_status note(void *state, trine_call *call) {
    static const char line[] = VERSION "\n";
    const char *path = getenv("LEDGER");
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)state;
    if (file < 0) {
        return trine_fail(call, TRINE_TEXT("the ledger cannot be opened: set LEDGER to a file"));
    }
    /* One write appends one line, whoever else writes. */
    if (write(file, line, sizeof line - 1) != (ssize_t)(sizeof line - 1)) {
        close(file);
        return trine_fail(call, TRINE_TEXT("the ledger cannot be written"));
    }
    close(file);
    return trine_put_string(call, 0, TRINE_TEXT(VERSION));
}

static const trine_tool tools[] = {
    TRINE_TOOL("ledger", "Note a call", "Append a line to the ledger.", TRINE_READ_ONLY, NULL,
               results, note, NULL),
};

TRINE_PLUGIN("ledger", VERSION, tools);
