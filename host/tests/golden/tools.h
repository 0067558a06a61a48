/* Made by trine gen from tools.json; edit that. */
#ifndef TOOLS_H
#define TOOLS_H

#include <trine.h>

#ifndef TRINE_CAST
#ifdef __cplusplus
#define TRINE_CAST(type, value) static_cast<type>(value)
#else
#define TRINE_CAST(type, value) ((type)(value))
#endif
#endif

/* Numbers of the tools, in the order of their table, and how many there are. */
#define TOOL_LIGHT_SET 0u
#define TOOL_FAN_SET 1u
#define TOOL_CLIMATE_SET 2u
#define TOOL_VALVE_OPEN 3u
#define TOOL_VALVE_CLOSE 4u
#define TOOL_VENT_MOVE 5u
#define TOOL_SENSOR_READ 6u
#define TOOL_TIMER_START 7u
#define TOOL_DISPLAY_SHOW 8u
#define TOOL_BOARD_STATUS 9u
#define TOOLS_COUNT 10u

/* Labels of light_set_light. */
#define LIGHT_SET_LIGHT_GROW 0u
#define LIGHT_SET_LIGHT_DOOR 1u
#define LIGHT_SET_LIGHT_STATUS 2u
#define LIGHT_SET_LIGHT_ALL 3u

/** Arguments of light_set. */
typedef struct light_set_args {
    /** Which light. LIGHT_SET_LIGHT_... */
    uint32_t light;
    /** True to switch on, false to switch off. 0 or 1. */
    uint8_t on;
    /** Percent of full brightness. 1 to 100. 100 when it is missing. */
    int32_t brightness;
} light_set_args;

/** Decodes the arguments of light_set, which were checked. */
static inline void light_set_get_args(trine_call *call, light_set_args *args)
{
    args->light = trine_get_choice(call, 0);
    args->on = TRINE_CAST(uint8_t, trine_get_bool(call, 1));
    args->brightness = TRINE_CAST(int32_t, trine_get_int(call, 2));
}

/** Result of light_set. */
typedef struct light_set_result {
    /** Light that was set. LIGHT_SET_LIGHT_... */
    uint32_t light;
    /** State now. 0 or 1. */
    uint8_t on;
    /** Percent now; 0 when off. 0 to 100. */
    int32_t brightness;
} light_set_result;

/** Writes the result of light_set. What cannot be written makes the call fail. */
static inline trine_status light_set_put_result(trine_call *call, const light_set_result
    *result)
{
    (void)trine_put_choice(call, 0, result->light);
    (void)trine_put_bool(call, 1, result->on);
    return trine_put_int(call, 2, result->brightness);
}

/** Arguments of fan_set. */
typedef struct fan_set_args {
    /** Percent of full speed. 0 to 100. */
    int32_t percent;
} fan_set_args;

/** Decodes the arguments of fan_set, which were checked. */
static inline void fan_set_get_args(trine_call *call, fan_set_args *args)
{
    args->percent = TRINE_CAST(int32_t, trine_get_int(call, 0));
}

/** Result of fan_set. */
typedef struct fan_set_result {
    /** Percent. 0 to 100. */
    int32_t percent;
} fan_set_result;

/** Writes the result of fan_set. What cannot be written makes the call fail. */
static inline trine_status fan_set_put_result(trine_call *call, const fan_set_result *result)
{
    return trine_put_int(call, 0, result->percent);
}

/* Labels of climate_set_mode. */
#define CLIMATE_SET_MODE_HEAT 0u
#define CLIMATE_SET_MODE_OFF 1u

/** Arguments of climate_set. */
typedef struct climate_set_args {
    /** Heat to the target, or off. CLIMATE_SET_MODE_... */
    uint32_t mode;
    /** Target in degrees Celsius. Required for mode heat, ignored for mode off. Times 10: 50 to
        350. In steps of 5. Another parameter makes it required. */
    int32_t celsius;
    /** Whether there is one. */
    uint8_t has_celsius;
} climate_set_args;

/** Decodes the arguments of climate_set, which were checked. */
static inline void climate_set_get_args(trine_call *call, climate_set_args *args)
{
    args->mode = trine_get_choice(call, 0);
    args->celsius = TRINE_CAST(int32_t, trine_get_decimal(call, 1));
    args->has_celsius = TRINE_CAST(uint8_t, trine_has(call, 1) > 0);
}

/** Result of climate_set. */
typedef struct climate_set_result {
    /** Mode now. CLIMATE_SET_MODE_... */
    uint32_t mode;
    /** Target in degrees Celsius; absent when off. Times 10: 50 to 350. */
    int32_t celsius;
    /** Whether there is one. */
    uint8_t has_celsius;
} climate_set_result;

/** Writes the result of climate_set. What cannot be written makes the call fail. */
static inline trine_status climate_set_put_result(trine_call *call, const climate_set_result
    *result)
{
    (void)trine_put_choice(call, 0, result->mode);
    if (result->has_celsius != 0u) {
        (void)trine_put_decimal(call, 1, result->celsius);
    }
    return TRINE_OK;
}

/* Labels of valve_open_valve. */
#define VALVE_OPEN_VALVE_NORTH 0u
#define VALVE_OPEN_VALVE_SOUTH 1u
#define VALVE_OPEN_VALVE_DRIP 2u
#define VALVE_OPEN_VALVE_MIST 3u

/** Arguments of valve_open. */
typedef struct valve_open_args {
    /** Which valve. VALVE_OPEN_VALVE_... */
    uint32_t valve;
    /** How long it stays open, in seconds. 1 to 1800. */
    int32_t seconds;
} valve_open_args;

/** Decodes the arguments of valve_open, which were checked. */
static inline void valve_open_get_args(trine_call *call, valve_open_args *args)
{
    args->valve = trine_get_choice(call, 0);
    args->seconds = TRINE_CAST(int32_t, trine_get_int(call, 1));
}

/** Result of valve_open. */
typedef struct valve_open_result {
    /** Valve that opened. VALVE_OPEN_VALVE_... */
    uint32_t valve;
    /** Seconds until it closes by itself. 1 to 1800. */
    int32_t closes_in_s;
} valve_open_result;

/** Writes the result of valve_open. What cannot be written makes the call fail. */
static inline trine_status valve_open_put_result(trine_call *call, const valve_open_result
    *result)
{
    (void)trine_put_choice(call, 0, result->valve);
    return trine_put_int(call, 1, result->closes_in_s);
}

/* Labels of valve_close_valve. */
#define VALVE_CLOSE_VALVE_NORTH 0u
#define VALVE_CLOSE_VALVE_SOUTH 1u
#define VALVE_CLOSE_VALVE_DRIP 2u
#define VALVE_CLOSE_VALVE_MIST 3u
#define VALVE_CLOSE_VALVE_ALL 4u

/** Arguments of valve_close. */
typedef struct valve_close_args {
    /** Which valve. VALVE_CLOSE_VALVE_... */
    uint32_t valve;
} valve_close_args;

/** Decodes the arguments of valve_close, which were checked. */
static inline void valve_close_get_args(trine_call *call, valve_close_args *args)
{
    args->valve = trine_get_choice(call, 0);
}

/** Result of valve_close. */
typedef struct valve_close_result {
    /** Valve that is shut. VALVE_CLOSE_VALVE_... */
    uint32_t valve;
} valve_close_result;

/** Writes the result of valve_close. What cannot be written makes the call fail. */
static inline trine_status valve_close_put_result(trine_call *call, const valve_close_result
    *result)
{
    return trine_put_choice(call, 0, result->valve);
}

/** Arguments of vent_move. */
typedef struct vent_move_args {
    /** Angle in degrees. 0 to 90. */
    int32_t degrees;
} vent_move_args;

/** Decodes the arguments of vent_move, which were checked. */
static inline void vent_move_get_args(trine_call *call, vent_move_args *args)
{
    args->degrees = TRINE_CAST(int32_t, trine_get_int(call, 0));
}

/** Result of vent_move. */
typedef struct vent_move_result {
    /** Angle that it moves to, in degrees. 0 to 90. */
    int32_t degrees;
} vent_move_result;

/** Writes the result of vent_move. What cannot be written makes the call fail. */
static inline trine_status vent_move_put_result(trine_call *call, const vent_move_result
    *result)
{
    return trine_put_int(call, 0, result->degrees);
}

/* Labels of sensor_read_sensor. */
#define SENSOR_READ_SENSOR_TEMPERATURE 0u
#define SENSOR_READ_SENSOR_HUMIDITY 1u
#define SENSOR_READ_SENSOR_SOIL 2u
#define SENSOR_READ_SENSOR_LIGHT 3u
#define SENSOR_READ_SENSOR_TANK 4u

/* Labels of sensor_read_unit. */
#define SENSOR_READ_UNIT_CELSIUS 0u
#define SENSOR_READ_UNIT_PERCENT 1u
#define SENSOR_READ_UNIT_LUX 2u

/** Arguments of sensor_read. */
typedef struct sensor_read_args {
    /** Air temperature, air humidity, soil moisture, light level or water tank level.
        SENSOR_READ_SENSOR_... */
    uint32_t sensor;
} sensor_read_args;

/** Decodes the arguments of sensor_read, which were checked. */
static inline void sensor_read_get_args(trine_call *call, sensor_read_args *args)
{
    args->sensor = trine_get_choice(call, 0);
}

/** Result of sensor_read. */
typedef struct sensor_read_result {
    /** Reading. Times 10. */
    int64_t value;
    /** Unit of the reading. SENSOR_READ_UNIT_... */
    uint32_t unit;
} sensor_read_result;

/** Writes the result of sensor_read. What cannot be written makes the call fail. */
static inline trine_status sensor_read_put_result(trine_call *call, const sensor_read_result
    *result)
{
    (void)trine_put_decimal(call, 0, result->value);
    return trine_put_choice(call, 1, result->unit);
}

/** Arguments of timer_start. */
typedef struct timer_start_args {
    /** Length in seconds. 1 to 86400. */
    int32_t seconds;
    /** What it is for, in the speaker's words. 0 to 24 code points. */
    trine_text label;
    /** Whether there is one. */
    uint8_t has_label;
} timer_start_args;

/** Decodes the arguments of timer_start, which were checked. */
static inline void timer_start_get_args(trine_call *call, timer_start_args *args)
{
    args->seconds = TRINE_CAST(int32_t, trine_get_int(call, 0));
    args->label.data = NULL;
    args->label.size = trine_get_string(call, 1, &args->label.data);
    args->has_label = TRINE_CAST(uint8_t, trine_has(call, 1) > 0);
}

/** Result of timer_start. */
typedef struct timer_start_result {
    /** Number of the timer. 1 to 255. */
    int32_t timer_id;
    /** Seconds left. 1 to 86400. */
    int32_t ends_in_s;
} timer_start_result;

/** Writes the result of timer_start. What cannot be written makes the call fail. */
static inline trine_status timer_start_put_result(trine_call *call, const timer_start_result
    *result)
{
    (void)trine_put_int(call, 0, result->timer_id);
    return trine_put_int(call, 1, result->ends_in_s);
}

/** Arguments of display_show. */
typedef struct display_show_args {
    /** The text, in the speaker's words. 0 to 32 code points. */
    trine_text text;
    /** Line of the display. 1 to 4. 1 when it is missing. */
    int32_t line;
} display_show_args;

/** Decodes the arguments of display_show, which were checked. */
static inline void display_show_get_args(trine_call *call, display_show_args *args)
{
    args->text.data = NULL;
    args->text.size = trine_get_string(call, 0, &args->text.data);
    args->line = TRINE_CAST(int32_t, trine_get_int(call, 1));
}

/** Result of display_show. */
typedef struct display_show_result {
    /** Line written. 1 to 4. */
    int32_t line;
} display_show_result;

/** Writes the result of display_show. What cannot be written makes the call fail. */
static inline trine_status display_show_put_result(trine_call *call, const display_show_result
    *result)
{
    return trine_put_int(call, 0, result->line);
}

/* Labels of board_status_mode. */
#define BOARD_STATUS_MODE_HEAT 0u
#define BOARD_STATUS_MODE_OFF 1u

/** Result of board_status. */
typedef struct board_status_result {
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
        /** BOARD_STATUS_MODE_... */
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
} board_status_result;

/** Writes the result of board_status. What cannot be written makes the call fail. */
static inline trine_status board_status_put_result(trine_call *call, const board_status_result
    *result)
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

/* The descriptors, for the one file that defines TOOLS_DESCRIPTORS before it includes this.
   Each ..._ENTRY(call, user_data, more) is an entry of the table of tools: `more` is a
   trine_tool_more or NULL. */
#ifdef TOOLS_DESCRIPTORS

static const trine_node light_set_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "light", "Which light.", "grow|door|status|all"),
    TRINE_BOOL(TRINE_REQUIRED, "on", "True to switch on, false to switch off."),
    TRINE_INT(TRINE_DEFAULT(100), "brightness", "%", "Percent of full brightness.", 1, 100)
};

static const trine_node light_set_results[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "light", "Light that was set.", "grow|door|status|all"),
    TRINE_BOOL(TRINE_REQUIRED, "on", "State now."),
    TRINE_INT(TRINE_REQUIRED, "brightness", "", "Percent now; 0 when off.", 0, 100)
};

#define TOOL_LIGHT_SET_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("light_set", "Set a light", "", "Switch one lamp of the greenhouse on or " \
        "off and dim it. 'grow' is the plant lamp, 'door' lights the path, 'status' is the lamp " \
        "on the board, 'all' is all three.", TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, \
        light_set_params, light_set_results, call, user_data, more)

static const trine_node fan_set_params[] = {
    TRINE_INT(TRINE_REQUIRED, "percent", "%", "Percent of full speed.", 0, 100)
};

static const trine_node fan_set_results[] = {
    TRINE_INT(TRINE_REQUIRED, "percent", "", "Percent.", 0, 100)
};

#define TOOL_FAN_SET_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("fan_set", "Set the fan", "", "Set the speed of the ventilation fan in " \
        "percent of full speed; 0 stops it. The speed holds until it is set again.", \
        TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, fan_set_params, fan_set_results, call, \
        user_data, more)

static const trine_node climate_set_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "mode", "Heat to the target, or off.", "heat|off"),
    TRINE_DECIMAL(TRINE_WHEN(0u, 0u), "celsius", "degC", "Target in degrees Celsius. Required "
        "for mode heat, ignored for mode off.", 1, 50, 350, 5)
};

static const trine_node climate_set_results[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "mode", "Mode now.", "heat|off"),
    TRINE_DECIMAL(TRINE_OPTIONAL, "celsius", "", "Target in degrees Celsius; absent when off.",
        1, 50, 350, 0)
};

#define TOOL_CLIMATE_SET_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("climate_set", "Set the target temperature", "", "Hold the air at a " \
        "temperature with the heater, or switch heating off. It cannot cool: use the fan and " \
        "the roof vent for that.", TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, \
        climate_set_params, climate_set_results, call, user_data, more)

static const trine_node valve_open_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "valve", "Which valve.", "north|south|drip|mist"),
    TRINE_INT(TRINE_REQUIRED, "seconds", "s", "How long it stays open, in seconds.", 1, 1800)
};

static const trine_node valve_open_results[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "valve", "Valve that opened.", "north|south|drip|mist"),
    TRINE_INT(TRINE_REQUIRED, "closes_in_s", "", "Seconds until it closes by itself.", 1, 1800)
};

#define TOOL_VALVE_OPEN_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("valve_open", "Open a water valve", "", "Open one irrigation valve for a " \
        "number of seconds; it closes by itself. Water flows at once, so the call waits until a " \
        "person has agreed.", TRINE_DESTRUCTIVE, TRINE_CONSENT_ELICIT, 0u, valve_open_params, \
        valve_open_results, call, user_data, more)

static const trine_node valve_close_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "valve", "Which valve.", "north|south|drip|mist|all")
};

static const trine_node valve_close_results[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "valve", "Valve that is shut.", "north|south|drip|mist|all")
};

#define TOOL_VALVE_CLOSE_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("valve_close", "Close a water valve", "", "Close one irrigation valve at " \
        "once, or all of them. Closing a closed valve is no error.", TRINE_IDEMPOTENT, \
        TRINE_CONSENT_NONE, 0u, valve_close_params, valve_close_results, call, user_data, more)

static const trine_node vent_move_params[] = {
    TRINE_INT(TRINE_REQUIRED, "degrees", "deg", "Angle in degrees.", 0, 90)
};

static const trine_node vent_move_results[] = {
    TRINE_INT(TRINE_REQUIRED, "degrees", "", "Angle that it moves to, in degrees.", 0, 90)
};

#define TOOL_VENT_MOVE_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("vent_move", "Move the roof vent", "", "Turn the roof vent to an angle in " \
        "degrees: 0 is shut, 90 is wide open. It takes about two seconds to get there.", \
        TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, vent_move_params, vent_move_results, call, \
        user_data, more)

static const trine_node sensor_read_params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "sensor", "Air temperature, air humidity, soil moisture, light "
        "level or water tank level.", "temperature|humidity|soil|light|tank")
};

static const trine_node sensor_read_results[] = {
    TRINE_DECIMAL(TRINE_REQUIRED, "value", "", "Reading.", 1, TRINE_OPEN_MIN, TRINE_OPEN_MAX,
        0),
    TRINE_CHOICE(TRINE_REQUIRED, "unit", "Unit of the reading.", "celsius|percent|lux")
};

#define TOOL_SENSOR_READ_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("sensor_read", "Read a sensor", "", "Read one sensor now: air temperature " \
        "in Celsius, air humidity, soil moisture and water tank in percent, light in lux.", \
        TRINE_READ_ONLY | TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, sensor_read_params, \
        sensor_read_results, call, user_data, more)

static const trine_node timer_start_params[] = {
    TRINE_INT(TRINE_REQUIRED, "seconds", "s", "Length in seconds.", 1, 86400),
    TRINE_STRING(TRINE_OPTIONAL, "label", "What it is for, in the speaker's words.", 0, 24)
};

static const trine_node timer_start_results[] = {
    TRINE_INT(TRINE_REQUIRED, "timer_id", "", "Number of the timer.", 1, 255),
    TRINE_INT(TRINE_REQUIRED, "ends_in_s", "", "Seconds left.", 1, 86400)
};

#define TOOL_TIMER_START_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("timer_start", "Start a timer", "", "Start a countdown of up to a day; the " \
        "buzzer sounds at its end. Returns at once with the timer's number. Four timers can " \
        "run.", 0u, TRINE_CONSENT_NONE, 0u, timer_start_params, timer_start_results, call, \
        user_data, more)

static const trine_node display_show_params[] = {
    TRINE_STRING(TRINE_REQUIRED, "text", "The text, in the speaker's words.", 0, 32),
    TRINE_INT(TRINE_DEFAULT(1), "line", "", "Line of the display.", 1, 4)
};

static const trine_node display_show_results[] = {
    TRINE_INT(TRINE_REQUIRED, "line", "", "Line written.", 1, 4)
};

#define TOOL_DISPLAY_SHOW_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("display_show", "Show text on the display", "", "Write text on one of the " \
        "four lines of the board's display; it stays until it is written again.", \
        TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, display_show_params, display_show_results, \
        call, user_data, more)

static const trine_node board_status_results[] = {
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

#define TOOL_BOARD_STATUS_ENTRY(call, user_data, more) \
    TRINE_TOOL_MORE("board_status", "Report the state of the board", "", "Report lamps, fan, " \
        "heating, valves, vent, sensors, running timers, display and uptime in one answer. " \
        "Changes nothing.", TRINE_READ_ONLY | TRINE_IDEMPOTENT, TRINE_CONSENT_NONE, 0u, NULL, \
        board_status_results, call, user_data, more)

#endif

/* All of them in the smallest form, for the one file that defines TOOLS_TABLE before it
   includes this: the first argument of TRINE_TABLE. */
#ifdef TOOLS_TABLE
static const uint8_t tools_table[2417] = {
    112, 18, 20, 241, 2, 1, 113, 9, 49, 152, 83, 255, 122, 176, 203, 59, 236, 14, 0,
    0, 10, 0, 219, 0, 66, 1, 68, 1, 63, 51, 0, 69, 0, 79, 0, 91, 0, 103,
    0, 113, 0, 127, 0, 142, 0, 154, 0, 168, 0, 219, 0, 116, 166, 153, 218, 3, 3,
    4, 0, 97, 73, 12, 97, 73, 24, 2, 2, 200, 1, 172, 146, 113, 160, 1, 1, 4,
    0, 24, 24, 163, 129, 90, 75, 2, 2, 4, 0, 91, 0, 91, 16, 95, 75, 106, 139,
    2, 2, 2, 13, 97, 32, 97, 32, 110, 186, 221, 76, 1, 1, 4, 0, 100, 100, 126,
    250, 113, 62, 1, 1, 4, 0, 20, 20, 129, 1, 2, 2, 75, 212, 161, 200, 1, 2,
    5, 0, 100, 85, 94, 129, 1, 2, 6, 100, 215, 96, 213, 2, 2, 0, 0, 7, 70,
    28, 7, 101, 33, 240, 238, 2, 1, 4, 0, 88, 64, 82, 1, 2, 2, 109, 125, 15,
    206, 0, 43, 5, 0, 48, 36, 73, 24, 36, 73, 24, 36, 73, 24, 24, 36, 91, 67,
    52, 36, 73, 79, 36, 73, 79, 36, 73, 79, 36, 73, 79, 20, 44, 85, 85, 85, 85,
    85, 60, 40, 76, 70, 79, 56, 88, 79, 79, 51, 0, 0, 102, 190, 5, 5, 10, 4,
    130, 198, 10, 2, 4, 202, 1, 3, 102, 190, 5, 10, 2, 182, 1, 10, 2, 202, 1,
    10, 4, 128, 4, 10, 4, 146, 28, 14, 2, 2, 2, 14, 3, 2, 2, 14, 5, 2,
    2, 14, 9, 2, 2, 14, 12, 2, 2, 15, 1, 10, 10, 15, 4, 2, 10, 2, 4,
    10, 3, 1, 0, 4, 2, 50, 9, 2, 4, 10, 1, 0, 10, 2, 0, 10, 4, 10,
    11, 1, 0, 12, 2, 66, 13, 2, 4, 13, 2, 6, 13, 2, 8, 13, 2, 10, 3,
    3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 18, 19, 20, 24,
    32, 39, 44, 46, 48, 58, 59, 65, 67, 72, 76, 80, 82, 83, 84, 87, 95, 97, 98,
    99, 100, 101, 102, 103, 104, 105, 107, 108, 109, 110, 111, 112, 114, 115, 116, 117, 118, 119,
    120, 121, 124, 180, 200, 254, 255, 62, 62, 1, 0, 18, 39, 42, 52, 18, 52, 63, 63,
    64, 0, 47, 39, 50, 39, 47, 43, 18, 51, 47, 48, 52, 35, 50, 48, 45, 35, 65,
    66, 18, 20, 40, 48, 39, 50, 0, 0, 68, 68, 64, 21, 47, 35, 41, 43, 78, 18,
    52, 43, 39, 51, 42, 86, 0, 2, 52, 51, 54, 77, 43, 52, 69, 51, 93, 54, 83,
    61, 52, 90, 1, 97, 55, 48, 39, 38, 18, 45, 71, 49, 51, 53, 2, 2, 18, 35,
    67, 35, 51, 39, 35, 45, 49, 51, 18, 72, 41, 72, 80, 18, 50, 35, 48, 51, 52,
    70, 46, 94, 39, 96, 0, 21, 18, 21, 18, 38, 45, 39, 81, 41, 73, 43, 70, 49,
    39, 52, 5, 84, 91, 95, 67, 43, 98, 45, 43, 46, 48, 46, 47, 53, 1, 60, 0,
    82, 71, 117, 99, 1, 4, 2, 42, 37, 74, 37, 51, 38, 67, 39, 48, 45, 125, 48,
    48, 52, 137, 62, 58, 66, 1, 69, 6, 69, 18, 76, 146, 83, 123, 101, 151, 3, 0,
    4, 39, 30, 72, 35, 43, 38, 75, 39, 158, 42, 50, 43, 104, 43, 70, 51, 161, 51,
    50, 53, 45, 77, 18, 80, 163, 122, 64, 153, 128, 34, 48, 36, 50, 36, 116, 37, 38,
    39, 73, 39, 85, 40, 53, 42, 103, 46, 76, 47, 108, 47, 67, 70, 18, 71, 18, 74,
    65, 74, 140, 89, 75, 92, 179, 98, 57, 109, 39, 110, 187, 110, 40, 113, 4, 119, 177,
    126, 18, 139, 189, 157, 51, 162, 99, 169, 186, 171, 75, 192, 197, 10, 81, 11, 85, 18,
    124, 18, 73, 19, 18, 24, 143, 37, 50, 38, 65, 38, 73, 38, 49, 43, 156, 46, 81,
    53, 107, 66, 168, 69, 181, 75, 87, 80, 172, 103, 152, 111, 196, 112, 53, 115, 92, 131,
    138, 149, 18, 160, 141, 184, 76, 195, 210, 200, 89, 205, 209, 206, 218, 225, 7, 1, 118,
    5, 37, 7, 1, 21, 71, 29, 142, 31, 42, 33, 222, 35, 180, 37, 48, 38, 88, 38,
    150, 40, 50, 41, 142, 41, 49, 46, 100, 47, 45, 48, 55, 51, 85, 52, 114, 52, 116,
    54, 214, 55, 165, 58, 220, 58, 40, 80, 135, 82, 255, 184, 3, 9, 130, 34, 89, 52,
    11, 234, 106, 130, 255, 160, 1, 31, 55, 88, 193, 183, 109, 243, 18, 215, 123, 70, 42,
    48, 104, 65, 182, 76, 190, 201, 121, 157, 46, 18, 88, 120, 19, 241, 100, 19, 202, 78,
    49, 45, 85, 67, 109, 243, 79, 19, 238, 76, 19, 18, 130, 51, 87, 49, 35, 66, 79,
    19, 185, 104, 19, 202, 78, 109, 243, 18, 74, 87, 170, 114, 38, 79, 19, 165, 19, 202,
    77, 102, 66, 81, 39, 191, 254, 3, 5, 130, 12, 235, 43, 193, 130, 127, 16, 241, 100,
    58, 238, 76, 58, 185, 104, 251, 2, 74, 19, 32, 50, 53, 65, 145, 18, 246, 88, 193,
    74, 79, 40, 77, 51, 65, 145, 18, 246, 88, 139, 190, 84, 1, 199, 51, 255, 27, 233,
    237, 166, 40, 53, 45, 102, 197, 51, 232, 255, 37, 2, 105, 134, 2, 134, 3, 5, 130,
    15, 28, 90, 67, 212, 55, 35, 73, 89, 52, 127, 16, 241, 100, 58, 238, 76, 58, 185,
    104, 251, 2, 74, 10, 31, 52, 75, 65, 244, 84, 1, 199, 51, 17, 233, 237, 244, 204,
    22, 18, 55, 42, 70, 190, 84, 91, 134, 255, 204, 229, 175, 34, 89, 52, 11, 234, 78,
    175, 255, 113, 234, 78, 188, 39, 121, 215, 249, 43, 109, 94, 182, 175, 18, 111, 103, 237,
    166, 40, 53, 45, 102, 188, 173, 204, 22, 18, 51, 145, 49, 73, 88, 120, 32, 42, 65,
    188, 39, 121, 42, 245, 208, 133, 94, 102, 88, 202, 51, 142, 35, 41, 156, 191, 254, 229,
    216, 255, 22, 233, 237, 166, 40, 53, 45, 102, 188, 173, 232, 255, 37, 1, 91, 134, 229,
    216, 8, 233, 172, 84, 91, 134, 255, 145, 3, 11, 37, 45, 43, 46, 35, 126, 34, 89,
    52, 255, 26, 234, 78, 248, 242, 198, 211, 255, 125, 27, 245, 38, 87, 236, 107, 106, 198,
    164, 65, 55, 43, 66, 87, 159, 71, 79, 150, 246, 88, 193, 159, 112, 190, 120, 255, 73,
    67, 37, 85, 47, 48, 67, 37, 48, 245, 23, 18, 53, 89, 87, 175, 201, 38, 87, 50,
    48, 166, 54, 180, 240, 66, 75, 191, 254, 138, 132, 101, 255, 27, 27, 39, 107, 145, 87,
    248, 41, 39, 52, 79, 76, 190, 127, 8, 159, 58, 253, 231, 167, 27, 32, 114, 242, 217,
    174, 26, 167, 120, 155, 255, 113, 53, 43, 81, 121, 240, 132, 207, 159, 79, 86, 178, 39,
    121, 240, 132, 101, 190, 21, 4, 101, 41, 26, 4, 3, 38, 255, 188, 5, 10, 1, 82,
    138, 132, 101, 9, 255, 77, 48, 207, 244, 127, 8, 159, 58, 253, 231, 167, 255, 43, 32,
    114, 242, 217, 174, 26, 167, 204, 35, 36, 51, 180, 55, 42, 70, 190, 21, 82, 3, 38,
    255, 188, 5, 64, 255, 248, 2, 10, 118, 34, 144, 14, 255, 79, 125, 18, 106, 250, 118,
    255, 137, 1, 255, 79, 125, 18, 183, 160, 50, 86, 35, 94, 182, 96, 65, 240, 106, 47,
    53, 46, 36, 181, 166, 223, 204, 129, 226, 73, 36, 57, 18, 88, 51, 122, 40, 120, 33,
    214, 40, 45, 100, 73, 107, 74, 37, 39, 79, 115, 87, 37, 77, 102, 55, 35, 88, 73,
    133, 94, 102, 106, 103, 51, 182, 42, 35, 73, 35, 123, 173, 119, 2, 1, 3, 135, 2,
    230, 12, 235, 43, 193, 118, 127, 255, 21, 178, 147, 219, 147, 227, 252, 7, 223, 255, 35,
    27, 100, 18, 45, 74, 41, 18, 129, 92, 35, 57, 73, 144, 79, 111, 223, 232, 51, 1,
    105, 255, 144, 255, 28, 2, 230, 14, 255, 86, 93, 65, 212, 144, 173, 127, 255, 21, 178,
    147, 219, 147, 227, 252, 11, 226, 51, 34, 72, 34, 51, 255, 34, 31, 39, 140, 208, 133,
    94, 102, 129, 226, 73, 36, 57, 18, 88, 51, 122, 40, 84, 105, 255, 144, 255, 28, 255,
    232, 1, 11, 118, 34, 226, 15, 26, 143, 51, 65, 106, 250, 118, 33, 26, 143, 51, 65,
    183, 160, 50, 86, 35, 94, 182, 96, 65, 107, 74, 37, 39, 79, 150, 77, 102, 166, 66,
    39, 46, 120, 26, 143, 51, 112, 18, 106, 226, 121, 118, 202, 47, 48, 18, 71, 50, 76,
    191, 135, 69, 230, 12, 235, 43, 193, 118, 127, 255, 25, 178, 147, 219, 147, 227, 252, 251,
    1, 230, 15, 255, 86, 93, 65, 212, 124, 51, 176, 52, 127, 255, 25, 178, 147, 219, 147,
    227, 252, 251, 255, 235, 1, 9, 249, 34, 132, 54, 39, 14, 255, 77, 48, 54, 39, 87,
    50, 48, 166, 249, 48, 32, 164, 47, 87, 50, 48, 166, 54, 180, 145, 201, 201, 41, 45,
    65, 217, 108, 23, 18, 22, 202, 51, 176, 52, 79, 255, 57, 22, 202, 55, 43, 207, 144,
    120, 255, 73, 67, 52, 35, 44, 174, 35, 170, 53, 67, 52, 55, 48, 18, 184, 208, 145,
    18, 242, 66, 39, 81, 191, 82, 69, 229, 152, 108, 255, 17, 25, 47, 41, 45, 65, 217,
    108, 21, 3, 101, 41, 1, 91, 59, 1, 229, 152, 108, 255, 35, 25, 47, 41, 45, 65,
    212, 129, 132, 54, 174, 145, 79, 217, 108, 84, 91, 59, 1, 255, 240, 2, 11, 224, 34,
    81, 35, 38, 13, 155, 35, 121, 106, 224, 53, 155, 35, 121, 183, 195, 150, 244, 23, 18,
    236, 198, 164, 65, 111, 26, 167, 79, 236, 176, 131, 239, 57, 79, 115, 43, 102, 132, 43,
    92, 211, 201, 121, 250, 247, 44, 18, 111, 216, 79, 130, 18, 111, 45, 53, 56, 119, 5,
    0, 135, 3, 1, 6, 224, 255, 78, 25, 222, 198, 211, 79, 236, 176, 131, 239, 57, 79,
    115, 43, 102, 132, 43, 92, 211, 79, 130, 18, 45, 39, 54, 39, 102, 150, 250, 247, 44,
    18, 45, 39, 54, 122, 127, 255, 36, 198, 211, 58, 176, 131, 239, 57, 58, 115, 43, 45,
    58, 130, 58, 247, 44, 2, 5, 54, 77, 53, 39, 8, 155, 35, 38, 112, 84, 168, 4,
    133, 88, 16, 255, 85, 47, 129, 215, 81, 35, 38, 112, 127, 15, 37, 167, 58, 216, 58,
    45, 53, 56, 255, 186, 2, 11, 136, 34, 51, 248, 52, 13, 31, 248, 67, 106, 136, 255,
    125, 31, 248, 67, 106, 37, 48, 133, 52, 38, 100, 47, 18, 166, 53, 49, 18, 145, 18,
    106, 38, 35, 57, 24, 87, 36, 53, 255, 122, 255, 122, 181, 115, 133, 208, 107, 88, 73,
    70, 38, 120, 155, 52, 164, 47, 73, 107, 74, 37, 65, 55, 43, 66, 87, 136, 203, 47,
    53, 46, 36, 71, 120, 255, 70, 48, 164, 18, 136, 73, 37, 85, 18, 50, 133, 21, 82,
    254, 2, 7, 223, 14, 28, 70, 41, 66, 18, 111, 223, 232, 51, 1, 105, 255, 128, 255,
    198, 10, 5, 109, 36, 122, 19, 235, 107, 88, 202, 40, 76, 79, 72, 87, 188, 35, 44,
    71, 203, 55, 76, 141, 21, 82, 154, 17, 2, 8, 136, 34, 43, 38, 16, 255, 78, 53,
    46, 36, 181, 215, 136, 84, 105, 61, 3, 9, 70, 141, 34, 72, 34, 51, 13, 31, 39,
    140, 208, 45, 39, 40, 52, 84, 105, 255, 128, 255, 198, 10, 255, 244, 1, 12, 194, 34,
    51, 42, 100, 17, 31, 42, 100, 18, 126, 56, 67, 74, 87, 194, 34, 33, 50, 88, 65,
    126, 56, 67, 182, 183, 215, 40, 48, 164, 18, 45, 72, 174, 215, 170, 114, 38, 203, 194,
    204, 129, 92, 35, 57, 73, 133, 94, 102, 88, 202, 55, 50, 88, 52, 70, 18, 35, 41,
    156, 191, 254, 138, 126, 56, 52, 255, 33, 32, 42, 65, 126, 56, 52, 79, 72, 87, 188,
    35, 44, 71, 203, 55, 76, 141, 84, 154, 18, 4, 45, 72, 39, 16, 28, 72, 65, 215,
    194, 119, 2, 105, 8, 105, 1, 4, 45, 72, 39, 13, 28, 72, 65, 55, 50, 88, 52,
    70, 84, 105, 8, 255, 218, 7, 12, 170, 114, 38, 34, 185, 104, 255, 29, 155, 49, 76,
    52, 87, 185, 65, 215, 170, 114, 38, 53, 155, 49, 76, 67, 109, 243, 51, 79, 175, 79,
    159, 112, 79, 96, 108, 79, 249, 79, 224, 51, 79, 50, 133, 47, 112, 18, 136, 51, 79,
    194, 201, 121, 53, 49, 117, 65, 111, 183, 85, 246, 71, 120, 26, 42, 85, 41, 174, 47,
    48, 66, 112, 119, 5, 0, 254, 255, 43, 6, 130, 51, 149, 9, 4, 241, 100, 149, 105,
    74, 148, 199, 128, 134, 4, 238, 76, 149, 105, 74, 148, 199, 128, 134, 6, 185, 104, 149,
    105, 74, 148, 199, 128, 134, 11, 175, 34, 216, 69, 91, 134, 231, 45, 43, 46, 35, 126,
    221, 132, 101, 69, 5, 8, 159, 58, 253, 231, 167, 135, 168, 6, 96, 108, 149, 12, 5,
    178, 66, 221, 144, 148, 228, 5, 219, 66, 221, 144, 148, 228, 4, 227, 221, 144, 148, 228,
    4, 220, 221, 144, 148, 228, 12, 249, 34, 152, 39, 128, 59, 229, 224, 51, 149, 5, 11,
    198, 211, 213, 8, 176, 131, 239, 57, 213, 4, 115, 43, 45, 213, 5, 130, 213, 4, 247,
    44, 213, 6, 136, 95, 7, 154, 154, 149, 3, 8, 136, 34, 43, 38, 69, 2, 151, 5,
    109, 36, 122, 135, 154, 17, 228, 7, 194, 82, 229, 1, 4, 154, 69, 154, 18, 8, 53,
    49, 117, 39, 196, 13, 37, 165, 51, 34, 116, 71, 173, 22, 26, 165, 73, 212, 81, 35,
    139, 39, 121, 106, 145, 245, 203, 100, 47, 18, 37, 48, 207, 51, 72, 37, 65, 170, 48,
    52, 84, 91, 99
};
#endif

#endif
