/* A plug-in whose one tool answers which VERSION it is. */
#include "trine_plugin.h"

#define TEXT_OF(number) #number
#define VERSION_TEXT(number) "1." TEXT_OF(number) ".0"

static trine_status which(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, VERSION);
}

static const trine_node version[] = {TRINE_INT(TRINE_REQUIRED, "version", "", "Which.", 0, 9)};
static const trine_tool tools[] = {
    TRINE_TOOL("which", "", "Say which version it is.", 0u, NULL, version, which, NULL)};

TRINE_PLUGIN("step", VERSION_TEXT(VERSION), tools);
