/* The ten tools of a small board in the form that takes least flash: a table that `trine gen` made
 * of tools.json and device.json. The same tools with the macros of trine.h are in descriptors.c,
 * which the larger programs link. */
#define BOARD_TOOLS_TABLE
#include "board_tools.h"
#include "descriptors.h"
#include "tools.h"

static const trine_function calls[BOARD_TOOLS_COUNT] = {
    [BOARD_TOOL_LIGHT_SET] = light_set,       [BOARD_TOOL_FAN_SET] = fan_set,
    [BOARD_TOOL_CLIMATE_SET] = climate_set,   [BOARD_TOOL_VALVE_OPEN] = valve_open,
    [BOARD_TOOL_VALVE_CLOSE] = valve_close,   [BOARD_TOOL_VENT_MOVE] = vent_move,
    [BOARD_TOOL_SENSOR_READ] = sensor_read,   [BOARD_TOOL_TIMER_START] = timer_start,
    [BOARD_TOOL_DISPLAY_SHOW] = display_show, [BOARD_TOOL_BOARD_STATUS] = board_status,
};

const trine_table board_table =
    TRINE_TABLE(board_tools_table, calls, &board, valve_link_lost, valve_make_safe, pending_stop,
                valve_ask, NULL);
