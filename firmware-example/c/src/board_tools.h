/* Made by trine gen from tools.json; edit that. */
#ifndef BOARD_TOOLS_H
#define BOARD_TOOLS_H

#include <trine.h>

#ifndef TRINE_CAST
#ifdef __cplusplus
#define TRINE_CAST(type, value) static_cast<type>(value)
#else
#define TRINE_CAST(type, value) ((type)(value))
#endif
#endif

/* Numbers of the tools, in the order of their table, and how many there are. */
#define BOARD_TOOL_LIGHT_SET 0u
#define BOARD_TOOL_FAN_SET 1u
#define BOARD_TOOL_CLIMATE_SET 2u
#define BOARD_TOOL_VALVE_OPEN 3u
#define BOARD_TOOL_VALVE_CLOSE 4u
#define BOARD_TOOL_VENT_MOVE 5u
#define BOARD_TOOL_SENSOR_READ 6u
#define BOARD_TOOL_TIMER_START 7u
#define BOARD_TOOL_DISPLAY_SHOW 8u
#define BOARD_TOOL_BOARD_STATUS 9u
#define BOARD_TOOLS_COUNT 10u

/* Labels of board_light_set_light. */
#define BOARD_LIGHT_SET_LIGHT_GROW 0u
#define BOARD_LIGHT_SET_LIGHT_DOOR 1u
#define BOARD_LIGHT_SET_LIGHT_STATUS 2u
#define BOARD_LIGHT_SET_LIGHT_ALL 3u

/** Arguments of light_set. */
typedef struct board_light_set_args {
    /** Which light. BOARD_LIGHT_SET_LIGHT_... */
    uint32_t light;
    /** True to switch on, false to switch off. 0 or 1. */
    uint8_t on;
    /** Percent of full brightness. 1 to 100. 100 when it is missing. */
    int32_t brightness;
} board_light_set_args;

/** Decodes the arguments of light_set, which were checked. */
static inline void board_light_set_get_args(trine_call *call, board_light_set_args *args)
{
    args->light = trine_get_choice(call, 0);
    args->on = TRINE_CAST(uint8_t, trine_get_bool(call, 1));
    args->brightness = TRINE_CAST(int32_t, trine_get_int(call, 2));
}

/** Result of light_set. */
typedef struct board_light_set_result {
    /** Light that was set. BOARD_LIGHT_SET_LIGHT_... */
    uint32_t light;
    /** State now. 0 or 1. */
    uint8_t on;
    /** Percent now; 0 when off. 0 to 100. */
    int32_t brightness;
} board_light_set_result;

/** Writes the result of light_set. What cannot be written makes the call fail. */
static inline trine_status board_light_set_put_result(trine_call *call, const
    board_light_set_result *result)
{
    (void)trine_put_choice(call, 0, result->light);
    (void)trine_put_bool(call, 1, result->on);
    return trine_put_int(call, 2, result->brightness);
}

/** Arguments of fan_set. */
typedef struct board_fan_set_args {
    /** Percent of full speed. 0 to 100. */
    int32_t percent;
} board_fan_set_args;

/** Decodes the arguments of fan_set, which were checked. */
static inline void board_fan_set_get_args(trine_call *call, board_fan_set_args *args)
{
    args->percent = TRINE_CAST(int32_t, trine_get_int(call, 0));
}

/** Result of fan_set. */
typedef struct board_fan_set_result {
    /** Percent. 0 to 100. */
    int32_t percent;
} board_fan_set_result;

/** Writes the result of fan_set. What cannot be written makes the call fail. */
static inline trine_status board_fan_set_put_result(trine_call *call, const
    board_fan_set_result *result)
{
    return trine_put_int(call, 0, result->percent);
}

/* Labels of board_climate_set_mode. */
#define BOARD_CLIMATE_SET_MODE_HEAT 0u
#define BOARD_CLIMATE_SET_MODE_OFF 1u

/** Arguments of climate_set. */
typedef struct board_climate_set_args {
    /** Heat to the target, or off. BOARD_CLIMATE_SET_MODE_... */
    uint32_t mode;
    /** Target in degrees Celsius. Required for mode heat, ignored for mode off. Times 10: 50 to
        350. In steps of 5. Another parameter makes it required. */
    int32_t celsius;
    /** Whether there is one. */
    uint8_t has_celsius;
} board_climate_set_args;

/** Decodes the arguments of climate_set, which were checked. */
static inline void board_climate_set_get_args(trine_call *call, board_climate_set_args *args)
{
    args->mode = trine_get_choice(call, 0);
    args->celsius = TRINE_CAST(int32_t, trine_get_decimal(call, 1));
    args->has_celsius = TRINE_CAST(uint8_t, trine_has(call, 1) > 0);
}

/** Result of climate_set. */
typedef struct board_climate_set_result {
    /** Mode now. BOARD_CLIMATE_SET_MODE_... */
    uint32_t mode;
    /** Target in degrees Celsius; absent when off. Times 10: 50 to 350. */
    int32_t celsius;
    /** Whether there is one. */
    uint8_t has_celsius;
} board_climate_set_result;

/** Writes the result of climate_set. What cannot be written makes the call fail. */
static inline trine_status board_climate_set_put_result(trine_call *call, const
    board_climate_set_result *result)
{
    (void)trine_put_choice(call, 0, result->mode);
    if (result->has_celsius != 0u) {
        (void)trine_put_decimal(call, 1, result->celsius);
    }
    return TRINE_OK;
}

/* Labels of board_valve_open_valve. */
#define BOARD_VALVE_OPEN_VALVE_NORTH 0u
#define BOARD_VALVE_OPEN_VALVE_SOUTH 1u
#define BOARD_VALVE_OPEN_VALVE_DRIP 2u
#define BOARD_VALVE_OPEN_VALVE_MIST 3u

/** Arguments of valve_open. */
typedef struct board_valve_open_args {
    /** Which valve. BOARD_VALVE_OPEN_VALVE_... */
    uint32_t valve;
    /** How long it stays open, in seconds. 1 to 1800. */
    int32_t seconds;
} board_valve_open_args;

/** Decodes the arguments of valve_open, which were checked. */
static inline void board_valve_open_get_args(trine_call *call, board_valve_open_args *args)
{
    args->valve = trine_get_choice(call, 0);
    args->seconds = TRINE_CAST(int32_t, trine_get_int(call, 1));
}

/** Result of valve_open. */
typedef struct board_valve_open_result {
    /** Valve that opened. BOARD_VALVE_OPEN_VALVE_... */
    uint32_t valve;
    /** Seconds until it closes by itself. 1 to 1800. */
    int32_t closes_in_s;
} board_valve_open_result;

/** Writes the result of valve_open. What cannot be written makes the call fail. */
static inline trine_status board_valve_open_put_result(trine_call *call, const
    board_valve_open_result *result)
{
    (void)trine_put_choice(call, 0, result->valve);
    return trine_put_int(call, 1, result->closes_in_s);
}

/* Labels of board_valve_close_valve. */
#define BOARD_VALVE_CLOSE_VALVE_NORTH 0u
#define BOARD_VALVE_CLOSE_VALVE_SOUTH 1u
#define BOARD_VALVE_CLOSE_VALVE_DRIP 2u
#define BOARD_VALVE_CLOSE_VALVE_MIST 3u
#define BOARD_VALVE_CLOSE_VALVE_ALL 4u

/** Arguments of valve_close. */
typedef struct board_valve_close_args {
    /** Which valve. BOARD_VALVE_CLOSE_VALVE_... */
    uint32_t valve;
} board_valve_close_args;

/** Decodes the arguments of valve_close, which were checked. */
static inline void board_valve_close_get_args(trine_call *call, board_valve_close_args *args)
{
    args->valve = trine_get_choice(call, 0);
}

/** Result of valve_close. */
typedef struct board_valve_close_result {
    /** Valve that is shut. BOARD_VALVE_CLOSE_VALVE_... */
    uint32_t valve;
} board_valve_close_result;

/** Writes the result of valve_close. What cannot be written makes the call fail. */
static inline trine_status board_valve_close_put_result(trine_call *call, const
    board_valve_close_result *result)
{
    return trine_put_choice(call, 0, result->valve);
}

/** Arguments of vent_move. */
typedef struct board_vent_move_args {
    /** Angle in degrees. 0 to 90. */
    int32_t degrees;
} board_vent_move_args;

/** Decodes the arguments of vent_move, which were checked. */
static inline void board_vent_move_get_args(trine_call *call, board_vent_move_args *args)
{
    args->degrees = TRINE_CAST(int32_t, trine_get_int(call, 0));
}

/** Result of vent_move. */
typedef struct board_vent_move_result {
    /** Angle that it moves to, in degrees. 0 to 90. */
    int32_t degrees;
} board_vent_move_result;

/** Writes the result of vent_move. What cannot be written makes the call fail. */
static inline trine_status board_vent_move_put_result(trine_call *call, const
    board_vent_move_result *result)
{
    return trine_put_int(call, 0, result->degrees);
}

/* Labels of board_sensor_read_sensor. */
#define BOARD_SENSOR_READ_SENSOR_TEMPERATURE 0u
#define BOARD_SENSOR_READ_SENSOR_HUMIDITY 1u
#define BOARD_SENSOR_READ_SENSOR_SOIL 2u
#define BOARD_SENSOR_READ_SENSOR_LIGHT 3u
#define BOARD_SENSOR_READ_SENSOR_TANK 4u

/* Labels of board_sensor_read_unit. */
#define BOARD_SENSOR_READ_UNIT_CELSIUS 0u
#define BOARD_SENSOR_READ_UNIT_PERCENT 1u
#define BOARD_SENSOR_READ_UNIT_LUX 2u

/** Arguments of sensor_read. */
typedef struct board_sensor_read_args {
    /** Air temperature, air humidity, soil moisture, light level or water tank level.
        BOARD_SENSOR_READ_SENSOR_... */
    uint32_t sensor;
} board_sensor_read_args;

/** Decodes the arguments of sensor_read, which were checked. */
static inline void board_sensor_read_get_args(trine_call *call, board_sensor_read_args *args)
{
    args->sensor = trine_get_choice(call, 0);
}

/** Result of sensor_read. */
typedef struct board_sensor_read_result {
    /** Reading. Times 10. */
    int64_t value;
    /** Unit of the reading. BOARD_SENSOR_READ_UNIT_... */
    uint32_t unit;
} board_sensor_read_result;

/** Writes the result of sensor_read. What cannot be written makes the call fail. */
static inline trine_status board_sensor_read_put_result(trine_call *call, const
    board_sensor_read_result *result)
{
    (void)trine_put_decimal(call, 0, result->value);
    return trine_put_choice(call, 1, result->unit);
}

/** Arguments of timer_start. */
typedef struct board_timer_start_args {
    /** Length in seconds. 1 to 86400. */
    int32_t seconds;
    /** What it is for, in the speaker's words. 0 to 24 code points. */
    trine_text label;
    /** Whether there is one. */
    uint8_t has_label;
} board_timer_start_args;

/** Decodes the arguments of timer_start, which were checked. */
static inline void board_timer_start_get_args(trine_call *call, board_timer_start_args *args)
{
    args->seconds = TRINE_CAST(int32_t, trine_get_int(call, 0));
    args->label.data = NULL;
    args->label.size = trine_get_string(call, 1, &args->label.data);
    args->has_label = TRINE_CAST(uint8_t, trine_has(call, 1) > 0);
}

/** Result of timer_start. */
typedef struct board_timer_start_result {
    /** Number of the timer. 1 to 255. */
    int32_t timer_id;
    /** Seconds left. 1 to 86400. */
    int32_t ends_in_s;
} board_timer_start_result;

/** Writes the result of timer_start. What cannot be written makes the call fail. */
static inline trine_status board_timer_start_put_result(trine_call *call, const
    board_timer_start_result *result)
{
    (void)trine_put_int(call, 0, result->timer_id);
    return trine_put_int(call, 1, result->ends_in_s);
}

/** Arguments of display_show. */
typedef struct board_display_show_args {
    /** The text, in the speaker's words. 0 to 32 code points. */
    trine_text text;
    /** Line of the display. 1 to 4. 1 when it is missing. */
    int32_t line;
} board_display_show_args;

/** Decodes the arguments of display_show, which were checked. */
static inline void board_display_show_get_args(trine_call *call, board_display_show_args *args)
{
    args->text.data = NULL;
    args->text.size = trine_get_string(call, 0, &args->text.data);
    args->line = TRINE_CAST(int32_t, trine_get_int(call, 1));
}

/** Result of display_show. */
typedef struct board_display_show_result {
    /** Line written. 1 to 4. */
    int32_t line;
} board_display_show_result;

/** Writes the result of display_show. What cannot be written makes the call fail. */
static inline trine_status board_display_show_put_result(trine_call *call, const
    board_display_show_result *result)
{
    return trine_put_int(call, 0, result->line);
}

/* Labels of board_board_status_mode. */
#define BOARD_BOARD_STATUS_MODE_HEAT 0u
#define BOARD_BOARD_STATUS_MODE_OFF 1u

/** Result of board_status. */
typedef struct board_board_status_result {
    struct {
        struct {
            /** 0 or 1. */
            uint8_t on;
            /** 0 to 100. */
            int32_t brightness;
        } grow;
        struct {
            /** 0 or 1. */
            uint8_t on;
            /** 0 to 100. */
            int32_t brightness;
        } door;
        struct {
            /** 0 or 1. */
            uint8_t on;
            /** 0 to 100. */
            int32_t brightness;
        } status;
    } lights;
    /** 0 to 100. */
    int32_t fan_percent;
    struct {
        /** BOARD_BOARD_STATUS_MODE_... */
        uint32_t mode;
        /** Times 10. */
        int64_t celsius;
        /** Whether there is one. */
        uint8_t has_celsius;
    } climate;
    struct {
        struct {
            /** 0 or 1. */
            uint8_t open;
            /** 0 or more. */
            int64_t remaining_s;
        } north;
        struct {
            /** 0 or 1. */
            uint8_t open;
            /** 0 or more. */
            int64_t remaining_s;
        } south;
        struct {
            /** 0 or 1. */
            uint8_t open;
            /** 0 or more. */
            int64_t remaining_s;
        } drip;
        struct {
            /** 0 or 1. */
            uint8_t open;
            /** 0 or more. */
            int64_t remaining_s;
        } mist;
    } valves;
    /** 0 to 90. */
    int32_t vent_degrees;
    struct {
        /** Times 10. */
        int64_t temperature;
        /** Times 10. */
        int64_t humidity;
        /** Times 10. */
        int64_t soil;
        /** Times 10. */
        int64_t light;
        /** Times 10. */
        int64_t tank;
    } sensors;
    /** 0 to 4 items. */
    struct {
        int64_t timer_id;
        /** 0 to 24 code points. */
        trine_text label;
        /** Whether there is one. */
        uint8_t has_label;
        /** 0 or more. */
        int64_t remaining_s;
    } timers[4];
    /** How many items there are. */
    uint32_t timers_count;
    /** 4 items. */
    trine_text display[4];
    /** How many items there are. */
    uint32_t display_count;
    /** 0 or more. */
    int64_t uptime_s;
    /** Calls that reached a tool's own code since boot. 0 or more. */
    int64_t calls_entered;
} board_board_status_result;

/** Writes the result of board_status. What cannot be written makes the call fail. */
static inline trine_status board_board_status_put_result(trine_call *call, const
    board_board_status_result *result)
{
    (void)trine_put_object(call, 0);
    (void)trine_put_object(call, 1);
    (void)trine_put_bool(call, 2, result->lights.grow.on);
    (void)trine_put_int(call, 3, result->lights.grow.brightness);
    (void)trine_put_object(call, 4);
    (void)trine_put_bool(call, 5, result->lights.door.on);
    (void)trine_put_int(call, 6, result->lights.door.brightness);
    (void)trine_put_object(call, 7);
    (void)trine_put_bool(call, 8, result->lights.status.on);
    (void)trine_put_int(call, 9, result->lights.status.brightness);
    (void)trine_put_int(call, 10, result->fan_percent);
    (void)trine_put_object(call, 11);
    (void)trine_put_choice(call, 12, result->climate.mode);
    if (result->climate.has_celsius != 0u) {
        (void)trine_put_decimal(call, 13, result->climate.celsius);
    }
    (void)trine_put_object(call, 14);
    (void)trine_put_object(call, 15);
    (void)trine_put_bool(call, 16, result->valves.north.open);
    (void)trine_put_int(call, 17, result->valves.north.remaining_s);
    (void)trine_put_object(call, 18);
    (void)trine_put_bool(call, 19, result->valves.south.open);
    (void)trine_put_int(call, 20, result->valves.south.remaining_s);
    (void)trine_put_object(call, 21);
    (void)trine_put_bool(call, 22, result->valves.drip.open);
    (void)trine_put_int(call, 23, result->valves.drip.remaining_s);
    (void)trine_put_object(call, 24);
    (void)trine_put_bool(call, 25, result->valves.mist.open);
    (void)trine_put_int(call, 26, result->valves.mist.remaining_s);
    (void)trine_put_int(call, 27, result->vent_degrees);
    (void)trine_put_object(call, 28);
    (void)trine_put_decimal(call, 29, result->sensors.temperature);
    (void)trine_put_decimal(call, 30, result->sensors.humidity);
    (void)trine_put_decimal(call, 31, result->sensors.soil);
    (void)trine_put_decimal(call, 32, result->sensors.light);
    (void)trine_put_decimal(call, 33, result->sensors.tank);
    (void)trine_put_array(call, 34, result->timers_count);
    {
        uint32_t i1;
        for (i1 = 0u; i1 < result->timers_count; i1++) {
            (void)trine_put_object(call, 35);
            (void)trine_put_int(call, 36, result->timers[i1].timer_id);
            if (result->timers[i1].has_label != 0u) {
                (void)trine_put_string(call, 37, result->timers[i1].label.data,
                    result->timers[i1].label.size);
            }
            (void)trine_put_int(call, 38, result->timers[i1].remaining_s);
        }
    }
    (void)trine_put_array(call, 39, result->display_count);
    {
        uint32_t i1;
        for (i1 = 0u; i1 < result->display_count; i1++) {
            (void)trine_put_string(call, 40, result->display[i1].data,
                result->display[i1].size);
        }
    }
    (void)trine_put_int(call, 41, result->uptime_s);
    return trine_put_int(call, 42, result->calls_entered);
}

/* The descriptors, for the one file that defines BOARD_TOOLS_DESCRIPTORS before it includes this.
   Each ..._ENTRY(call, user_data, more) is an entry of the table of tools: `more` is a
   trine_tool_more or NULL. */
#ifdef BOARD_TOOLS_DESCRIPTORS

static const trine_node board_light_set_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "light", "Which light.", "grow|door|status|all"),
    TRINE_BOOL(TRINE_REQUIRED, "on", "True to switch on, false to switch off."),
    TRINE_INT(TRINE_DEFAULT(100), "brightness", "", "Percent of full brightness.", 1, 100)
};

static const trine_node board_light_set_results[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "light", "Light that was set.", "grow|door|status|all"),
    TRINE_BOOL(TRINE_REQUIRED, "on", "State now."),
    TRINE_INT(TRINE_REQUIRED, "brightness", "", "Percent now; 0 when off.", 0, 100)
};

#define BOARD_TOOL_LIGHT_SET_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("light_set", "Set a light", "", "Switch one lamp of the greenhouse on or " \
        "off and dim it. 'grow' is the plant lamp, 'door' lights the path, 'status' is the lamp " \
        "on the board, 'all' is all three.", TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, \
        board_light_set_params, board_light_set_results, call, user_data, more)

static const trine_node board_fan_set_params[] = {
    TRINE_INT(TRINE_REQUIRED, "percent", "", "Percent of full speed.", 0, 100)
};

static const trine_node board_fan_set_results[] = {
    TRINE_INT(TRINE_REQUIRED, "percent", "", "Percent.", 0, 100)
};

#define BOARD_TOOL_FAN_SET_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("fan_set", "Set the fan", "", "Set the speed of the ventilation fan in " \
        "percent of full speed; 0 stops it. The speed holds until it is set again.", \
        TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, board_fan_set_params, board_fan_set_results, \
        call, user_data, more)

static const trine_node board_climate_set_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "mode", "Heat to the target, or off.", "heat|off"),
    TRINE_DECIMAL(TRINE_WHEN(0u, 0u), "celsius", "", "Target in degrees Celsius. Required for "
        "mode heat, ignored for mode off.", 1, 50, 350, 5)
};

static const trine_node board_climate_set_results[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "mode", "Mode now.", "heat|off"),
    TRINE_DECIMAL(TRINE_OPTIONAL, "celsius", "", "Target in degrees Celsius; absent when off.",
        1, 50, 350, 0)
};

#define BOARD_TOOL_CLIMATE_SET_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("climate_set", "Set the target temperature", "", "Hold the air at a " \
        "temperature with the heater, or switch heating off. It cannot cool: use the fan and " \
        "the roof vent for that.", TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, \
        board_climate_set_params, board_climate_set_results, call, user_data, more)

static const trine_node board_valve_open_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "valve", "Which valve.", "north|south|drip|mist"),
    TRINE_INT(TRINE_REQUIRED, "seconds", "", "How long it stays open, in seconds.", 1, 1800)
};

static const trine_node board_valve_open_results[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "valve", "Valve that opened.", "north|south|drip|mist"),
    TRINE_INT(TRINE_REQUIRED, "closes_in_s", "", "Seconds until it closes by itself.", 1, 1800)
};

#define BOARD_TOOL_VALVE_OPEN_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("valve_open", "Open a water valve", "", "Open one irrigation valve for a " \
        "number of seconds; it closes by itself. Water flows at once, so the call waits until a " \
        "person has agreed.", TRINE_DESTRUCTIVE, TRINE_CONSENT_ELICIT, 0u, \
        board_valve_open_params, board_valve_open_results, call, user_data, more)

static const trine_node board_valve_close_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "valve", "Which valve.", "north|south|drip|mist|all")
};

static const trine_node board_valve_close_results[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "valve", "Valve that is shut.", "north|south|drip|mist|all")
};

#define BOARD_TOOL_VALVE_CLOSE_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("valve_close", "Close a water valve", "", "Close one irrigation valve at " \
        "once, or all of them. Closing a closed valve is no error.", TRINE_IDEMPOTENT, \
        TRINE_CONSENT_NONE, 0u, board_valve_close_params, board_valve_close_results, call, \
        user_data, more)

static const trine_node board_vent_move_params[] = {
    TRINE_INT(TRINE_REQUIRED, "degrees", "", "Angle in degrees.", 0, 90)
};

static const trine_node board_vent_move_results[] = {
    TRINE_INT(TRINE_REQUIRED, "degrees", "", "Angle that it moves to, in degrees.", 0, 90)
};

#define BOARD_TOOL_VENT_MOVE_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("vent_move", "Move the roof vent", "", "Turn the roof vent to an angle in " \
        "degrees: 0 is shut, 90 is wide open. It takes about two seconds to get there.", \
        TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, board_vent_move_params, \
        board_vent_move_results, call, user_data, more)

static const trine_node board_sensor_read_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "sensor", "Air temperature, air humidity, soil moisture, light "
        "level or water tank level.", "temperature|humidity|soil|light|tank")
};

static const trine_node board_sensor_read_results[] = {
    TRINE_DECIMAL(TRINE_REQUIRED, "value", "", "Reading.", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX,
        0),
    TRINE_CHOICE(TRINE_REQUIRED, "unit", "Unit of the reading.", "celsius|percent|lux")
};

#define BOARD_TOOL_SENSOR_READ_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("sensor_read", "Read a sensor", "", "Read one sensor now: air temperature " \
        "in Celsius, air humidity, soil moisture and water tank in percent, light in lux.", \
        TRINE_READ_ONLY | TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, board_sensor_read_params, \
        board_sensor_read_results, call, user_data, more)

static const trine_node board_timer_start_params[] = {
    TRINE_INT(TRINE_REQUIRED, "seconds", "", "Length in seconds.", 1, 86400),
    TRINE_STRING(TRINE_OPTIONAL, "label", "What it is for, in the speaker's words.", 0, 24)
};

static const trine_node board_timer_start_results[] = {
    TRINE_INT(TRINE_REQUIRED, "timer_id", "", "Number of the timer.", 1, 255),
    TRINE_INT(TRINE_REQUIRED, "ends_in_s", "", "Seconds left.", 1, 86400)
};

#define BOARD_TOOL_TIMER_START_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("timer_start", "Start a timer", "", "Start a countdown of up to a day; the " \
        "buzzer sounds at its end. Returns at once with the timer's number. Four timers can " \
        "run.", 0u, TRINE_CONSENT_NONE, 0u, board_timer_start_params, \
        board_timer_start_results, call, user_data, more)

static const trine_node board_display_show_params[] = {
    TRINE_STRING(TRINE_REQUIRED, "text", "The text, in the speaker's words.", 0, 32),
    TRINE_INT(TRINE_DEFAULT(1), "line", "", "Line of the display.", 1, 4)
};

static const trine_node board_display_show_results[] = {
    TRINE_INT(TRINE_REQUIRED, "line", "", "Line written.", 1, 4)
};

#define BOARD_TOOL_DISPLAY_SHOW_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("display_show", "Show text on the display", "", "Write text on one of the " \
        "four lines of the board's display; it stays until it is written again.", \
        TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, board_display_show_params, \
        board_display_show_results, call, user_data, more)

static const trine_node board_board_status_results[] = {
    TRINE_OBJECT(TRINE_REQUIRED, "lights", "", 9),
      TRINE_OBJECT(TRINE_REQUIRED, "grow", "", 2),
        TRINE_BOOL(TRINE_REQUIRED, "on", ""),
        TRINE_INT(TRINE_REQUIRED, "brightness", "", "", 0, 100),
      TRINE_OBJECT(TRINE_REQUIRED, "door", "", 2),
        TRINE_BOOL(TRINE_REQUIRED, "on", ""),
        TRINE_INT(TRINE_REQUIRED, "brightness", "", "", 0, 100),
      TRINE_OBJECT(TRINE_REQUIRED, "status", "", 2),
        TRINE_BOOL(TRINE_REQUIRED, "on", ""),
        TRINE_INT(TRINE_REQUIRED, "brightness", "", "", 0, 100),
    TRINE_INT(TRINE_REQUIRED, "fan_percent", "", "", 0, 100),
    TRINE_OBJECT(TRINE_REQUIRED, "climate", "", 2),
      TRINE_CHOICE(TRINE_REQUIRED, "mode", "", "heat|off"),
      TRINE_DECIMAL(TRINE_OPTIONAL, "celsius", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
    TRINE_OBJECT(TRINE_REQUIRED, "valves", "", 12),
      TRINE_OBJECT(TRINE_REQUIRED, "north", "", 2),
        TRINE_BOOL(TRINE_REQUIRED, "open", ""),
        TRINE_INT(TRINE_REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
      TRINE_OBJECT(TRINE_REQUIRED, "south", "", 2),
        TRINE_BOOL(TRINE_REQUIRED, "open", ""),
        TRINE_INT(TRINE_REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
      TRINE_OBJECT(TRINE_REQUIRED, "drip", "", 2),
        TRINE_BOOL(TRINE_REQUIRED, "open", ""),
        TRINE_INT(TRINE_REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
      TRINE_OBJECT(TRINE_REQUIRED, "mist", "", 2),
        TRINE_BOOL(TRINE_REQUIRED, "open", ""),
        TRINE_INT(TRINE_REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
    TRINE_INT(TRINE_REQUIRED, "vent_degrees", "", "", 0, 90),
    TRINE_OBJECT(TRINE_REQUIRED, "sensors", "", 5),
      TRINE_DECIMAL(TRINE_REQUIRED, "temperature", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX,
          0),
      TRINE_DECIMAL(TRINE_REQUIRED, "humidity", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
      TRINE_DECIMAL(TRINE_REQUIRED, "soil", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
      TRINE_DECIMAL(TRINE_REQUIRED, "light", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
      TRINE_DECIMAL(TRINE_REQUIRED, "tank", "", "", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX, 0),
    TRINE_ARRAY(TRINE_REQUIRED, "timers", "", 4, 0, 4),
      TRINE_OBJECT(TRINE_REQUIRED, "", "", 3),
        TRINE_INT(TRINE_REQUIRED, "timer_id", "", "", TRINE_OPEN_MIN, TRINE_OPEN_MAX),
        TRINE_STRING(TRINE_OPTIONAL, "label", "", 0, 24),
        TRINE_INT(TRINE_REQUIRED, "remaining_s", "", "", 0, TRINE_OPEN_MAX),
    TRINE_ARRAY(TRINE_REQUIRED, "display", "", 1, 4, 4),
      TRINE_STRING(TRINE_REQUIRED, "", "", 0, 32),
    TRINE_INT(TRINE_REQUIRED, "uptime_s", "", "", 0, TRINE_OPEN_MAX),
    TRINE_INT(TRINE_REQUIRED, "calls_entered", "", "Calls that reached a tool's own code since "
        "boot.", 0, TRINE_OPEN_MAX)
};

#define BOARD_TOOL_BOARD_STATUS_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("board_status", "Report the state of the board", "", "Report lamps, fan, " \
        "heating, valves, vent, sensors, running timers, display and uptime in one answer. " \
        "Changes nothing.", TRINE_READ_ONLY | TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, NULL, \
        board_board_status_results, call, user_data, more)

#endif

#endif
