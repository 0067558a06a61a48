/* The tools for libtrine. */
#include "two.h"
#include <trine.h>

enum { LAMP_ON };
enum { FAN_PERCENT };

static trine_status lamp_set(void *user_data, trine_call *call)
{
    (void)user_data;
    lamp = trine_get_bool(call, LAMP_ON);
    return trine_put_bool(call, LAMP_ON, lamp);
}

static trine_status fan_set(void *user_data, trine_call *call)
{
    (void)user_data;
    fan = (int)trine_get_int(call, FAN_PERCENT);
    return trine_put_int(call, FAN_PERCENT, fan);
}

static const trine_node on[] = {TRINE_BOOL(TRINE_REQUIRED, "on", "")};
static const trine_node percent[] = {TRINE_INT(TRINE_REQUIRED, "percent", "", "", 0, 100)};
static const trine_tool tools[] = {
    TRINE_TOOL("lamp_set", "", "Switch the lamp.", 0, on, on, lamp_set, NULL),
    TRINE_TOOL("fan_set", "", "Set the speed of the fan.", 0, percent, percent, fan_set, NULL)};

static uint64_t memory[512];
static trine_device *device;

static int begun(void)
{
    static const trine_config config = {
        .struct_size = sizeof(trine_config), .abi_version = TRINE_ABI_VERSION,
        .tools = tools, .tools_count = 2,
        .product = {TRINE_TEXT("two")}, .firmware = {TRINE_TEXT("1.0.0")}};

    return trine_init(memory, sizeof memory, &config, &device, NULL) == TRINE_OK;
}
