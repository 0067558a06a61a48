/* Constant data, so all of it lies in flash. */
#include "descriptors.h"

#include "tools.h"

#define LIGHTS "grow|door|status|all"
#define VALVES "north|south|drip|mist"
#define REQUIRED TRINE_REQUIRED

static const trine_node light_set_params[] = {
    TRINE_CHOICE(REQUIRED, "light", "Which light.", LIGHTS),
    TRINE_BOOL(REQUIRED, "on", "True to switch on, false to switch off."),
    TRINE_INT(TRINE_DEFAULT(100), "brightness", "%", "Percent of full brightness.", 1, 100)};
static const trine_node light_set_results[] = {
    TRINE_CHOICE(REQUIRED, "light", "Light that was set.", LIGHTS),
    TRINE_BOOL(REQUIRED, "on", "State now."),
    TRINE_INT(REQUIRED, "brightness", "", "Percent now; 0 when off.", 0, 100)};

static const trine_node fan_set_params[] = {
    TRINE_INT(REQUIRED, "percent", "%", "Percent of full speed.", 0, 100)};
static const trine_node fan_set_results[] = {
    TRINE_INT(REQUIRED, "percent", "", "Percent.", 0, 100)};

static const trine_node climate_set_params[] = {
    TRINE_CHOICE(REQUIRED, "mode", "Heat to the target, or off.", "heat|off"),
    TRINE_DECIMAL(TRINE_WHEN(0u, MODE_HEAT), "celsius", "degC",
                  "Target in degrees Celsius. Required for mode heat, ignored for mode off.", 1, 50,
                  350, 5)};
static const trine_node climate_set_results[] = {
    TRINE_CHOICE(REQUIRED, "mode", "Mode now.", "heat|off"),
    TRINE_DECIMAL(TRINE_OPTIONAL, "celsius", "", "Target in degrees Celsius; absent when off.", 1,
                  50, 350, 0)};

static const trine_node valve_open_params[] = {
    TRINE_CHOICE(REQUIRED, "valve", "Which valve.", VALVES),
    TRINE_INT(REQUIRED, "seconds", "s", "How long it stays open, in seconds.", 1, 1800)};
static const trine_node valve_open_results[] = {
    TRINE_CHOICE(REQUIRED, "valve", "Valve that opened.", VALVES),
    TRINE_INT(REQUIRED, "closes_in_s", "", "Seconds until it closes by itself.", 1, 1800)};

static const trine_node valve_close_params[] = {
    TRINE_CHOICE(REQUIRED, "valve", "Which valve.", VALVES "|all")};
static const trine_node valve_close_results[] = {
    TRINE_CHOICE(REQUIRED, "valve", "Valve that is shut.", VALVES "|all")};

static const trine_node vent_move_params[] = {
    TRINE_INT(REQUIRED, "degrees", "deg", "Angle in degrees.", 0, 90)};
static const trine_node vent_move_results[] = {
    TRINE_INT(REQUIRED, "degrees", "", "Angle that it moves to, in degrees.", 0, 90)};

static const trine_node sensor_read_params[] = {TRINE_CHOICE(
    REQUIRED, "sensor",
    "Air temperature, air humidity, soil moisture, light level or water tank level.",
    "temperature|humidity|soil|light|tank")};
static const trine_node sensor_read_results[] = {
    TRINE_DECIMAL(REQUIRED, "value", "", "Reading.", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
    TRINE_CHOICE(REQUIRED, "unit", "Unit of the reading.", "celsius|percent|lux")};

static const trine_node timer_start_params[] = {
    TRINE_INT(REQUIRED, "seconds", "s", "Length in seconds.", 1, 86400),
    TRINE_STRING(TRINE_OPTIONAL, "label", "What it is for, in the speaker's words.", 0, 24)};
static const trine_node timer_start_results[] = {
    TRINE_INT(REQUIRED, "timer_id", "", "Number of the timer.", 1, 255),
    TRINE_INT(REQUIRED, "ends_in_s", "", "Seconds left.", 1, 86400)};

static const trine_node display_show_params[] = {
    TRINE_STRING(REQUIRED, "text", "The text, in the speaker's words.", 0, 32),
    TRINE_INT(TRINE_DEFAULT(1), "line", "", "Line of the display.", 1, 4)};
static const trine_node display_show_results[] = {
    TRINE_INT(REQUIRED, "line", "", "Line written.", 1, 4)};

static const trine_node board_status_results[] = {
    TRINE_OBJECT(REQUIRED, "lights", "", 9),
    TRINE_OBJECT(REQUIRED, "grow", "", 2),
    TRINE_BOOL(REQUIRED, "on", ""),
    TRINE_INT(REQUIRED, "brightness", "", "", 0, 100),
    TRINE_OBJECT(REQUIRED, "door", "", 2),
    TRINE_BOOL(REQUIRED, "on", ""),
    TRINE_INT(REQUIRED, "brightness", "", "", 0, 100),
    TRINE_OBJECT(REQUIRED, "status", "", 2),
    TRINE_BOOL(REQUIRED, "on", ""),
    TRINE_INT(REQUIRED, "brightness", "", "", 0, 100),
    TRINE_INT(REQUIRED, "fan_percent", "", "", 0, 100),
    TRINE_OBJECT(REQUIRED, "climate", "", 2),
    TRINE_CHOICE(REQUIRED, "mode", "", "heat|off"),
    TRINE_DECIMAL(TRINE_OPTIONAL, "celsius", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
    TRINE_OBJECT(REQUIRED, "valves", "", 12),
    TRINE_OBJECT(REQUIRED, "north", "", 2),
    TRINE_BOOL(REQUIRED, "open", ""),
    TRINE_INT(REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
    TRINE_OBJECT(REQUIRED, "south", "", 2),
    TRINE_BOOL(REQUIRED, "open", ""),
    TRINE_INT(REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
    TRINE_OBJECT(REQUIRED, "drip", "", 2),
    TRINE_BOOL(REQUIRED, "open", ""),
    TRINE_INT(REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
    TRINE_OBJECT(REQUIRED, "mist", "", 2),
    TRINE_BOOL(REQUIRED, "open", ""),
    TRINE_INT(REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
    TRINE_INT(REQUIRED, "vent_degrees", "", "", 0, 90),
    TRINE_OBJECT(REQUIRED, "sensors", "", 5),
    TRINE_DECIMAL(REQUIRED, "temperature", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
    TRINE_DECIMAL(REQUIRED, "humidity", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
    TRINE_DECIMAL(REQUIRED, "soil", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
    TRINE_DECIMAL(REQUIRED, "light", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
    TRINE_DECIMAL(REQUIRED, "tank", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
    TRINE_ARRAY(REQUIRED, "timers", "", 4, 0, 4),
    TRINE_OBJECT(REQUIRED, "", "", 3),
    TRINE_INT(REQUIRED, "timer_id", "", "", TRINE_OPEN_MIN, TRINE_OPEN_MAX),
    TRINE_STRING(TRINE_OPTIONAL, "label", "", 0, 24),
    TRINE_INT(REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
    TRINE_ARRAY(REQUIRED, "display", "", 1, 4, 4),
    TRINE_STRING(REQUIRED, "", "", 0, 32),
    TRINE_INT(REQUIRED, "uptime_s", "", "", 0, TRINE_OPEN_MAX),
    TRINE_INT(REQUIRED, "calls_entered", "", "Calls that reached a tool's own code since boot.", 0,
              TRINE_OPEN_MAX)};

#if !GREENHOUSE_SMALL
static const trine_node camera_snap_params[] = {
    TRINE_CHOICE(TRINE_DEFAULT(0), "size", "small is 64 x 48 pixels, large is 160 x 120.",
                 "small|large")};
#endif

/* Water flows at once: a person has to agree, and the valve shuts by itself when the link is lost
 * and when the device starts. */
static const trine_tool_more valve_open_more = {
    .struct_size = sizeof(trine_tool_more),
    .on_link_lost = valve_link_lost,
    .on_reset = valve_make_safe,
    .on_ask = valve_ask,
};
static const trine_tool_more vent_move_more = {
    .struct_size = sizeof(trine_tool_more), .pending_bytes = 1u, .on_stop = pending_stop};
static const trine_tool_more sensor_read_more = {
    .struct_size = sizeof(trine_tool_more), .pending_bytes = 3u, .on_stop = pending_stop};
#if !GREENHOUSE_SMALL
static const trine_tool_more camera_snap_more = {
    .struct_size = sizeof(trine_tool_more), .on_stop = pending_stop, .on_read = picture_read};
#endif

const trine_tool board_tools[TOOLS_MAX] = {
    TRINE_TOOL("light_set", "Set a light",
               "Switch one lamp of the greenhouse on or off and dim it. 'grow' is the plant lamp, "
               "'door' lights the path, 'status' is the lamp on the board, 'all' is all three.",
               TRINE_IDEMPOTENT, light_set_params, light_set_results, light_set, &board),
    TRINE_TOOL("fan_set", "Set the fan",
               "Set the speed of the ventilation fan in percent of full speed; 0 stops it. The "
               "speed holds until it is set again.",
               TRINE_IDEMPOTENT, fan_set_params, fan_set_results, fan_set, &board),
    TRINE_TOOL("climate_set", "Set the target temperature",
               "Hold the air at a temperature with the heater, or switch heating off. It cannot "
               "cool: use the fan and the roof vent for that.",
               TRINE_IDEMPOTENT, climate_set_params, climate_set_results, climate_set, &board),
    TRINE_TOOL_MORE("valve_open", "Open a water valve", "",
                    "Open one irrigation valve for a number of seconds; it closes by itself. Water "
                    "flows at once, so the call waits until a person has agreed.",
                    TRINE_DESTRUCTIVE, TRINE_CONSENT_ELICIT, 0u, valve_open_params,
                    valve_open_results, valve_open, &board, &valve_open_more),
    TRINE_TOOL("valve_close", "Close a water valve",
               "Close one irrigation valve at once, or all of them. Closing a closed valve is no "
               "error.",
               TRINE_IDEMPOTENT, valve_close_params, valve_close_results, valve_close, &board),
    TRINE_TOOL_MORE("vent_move", "Move the roof vent", "",
                    "Turn the roof vent to an angle in degrees: 0 is shut, 90 is wide open. It "
                    "takes about two seconds to get there.",
                    TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, vent_move_params, vent_move_results,
                    vent_move, &board, &vent_move_more),
    TRINE_TOOL_MORE("sensor_read", "Read a sensor", "",
                    "Read one sensor now: air temperature in Celsius, air humidity, soil moisture "
                    "and water tank in percent, light in lux.",
                    TRINE_READ_ONLY | TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, sensor_read_params,
                    sensor_read_results, sensor_read, &board, &sensor_read_more),
    TRINE_TOOL("timer_start", "Start a timer",
               "Start a countdown of up to a day; the buzzer sounds at its end. Returns at once "
               "with the timer's number. Four timers can run.",
               0u, timer_start_params, timer_start_results, timer_start, &board),
    TRINE_TOOL("display_show", "Show text on the display",
               "Write text on one of the four lines of the board's display; it stays until it is "
               "written again.",
               TRINE_IDEMPOTENT, display_show_params, display_show_results, display_show, &board),
    TRINE_TOOL("board_status", "Report the state of the board",
               "Report lamps, fan, heating, valves, vent, sensors, running timers, display and "
               "uptime in one answer. Changes nothing.",
               TRINE_READ_ONLY | TRINE_IDEMPOTENT, NULL, board_status_results, board_status,
               &board),
#if !GREENHOUSE_SMALL
    TRINE_TOOL_MORE("camera_snap", "Take a picture", "",
                    "Take a picture of the plant bed and return it as a PNG image.",
                    TRINE_READ_ONLY, TRINE_CONSENT_NONE, TRINE_TOOL_CONTENT, camera_snap_params,
                    NULL, camera_snap, &board, &camera_snap_more)
#endif
};
