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
static const uint8_t tools_table[2041] = {
    244, 189, 221, 160, 1, 125, 201, 0, 249, 7, 10, 0, 170, 1, 127, 2, 49, 152, 83,
    255, 122, 176, 203, 59, 125, 0, 126, 32, 127, 37, 128, 39, 129, 44, 130, 46, 131, 48,
    132, 57, 133, 58, 134, 59, 135, 65, 136, 67, 101, 126, 116, 104, 116, 126, 101, 110, 101,
    114, 130, 125, 105, 110, 115, 126, 111, 110, 97, 116, 111, 114, 97, 108, 115, 125, 138, 137,
    129, 126, 111, 102, 114, 101, 97, 110, 105, 103, 126, 150, 105, 116, 115, 101, 155, 104, 115,
    116, 148, 118, 116, 105, 118, 161, 159, 116, 101, 125, 111, 119, 108, 126, 112, 141, 97, 126,
    97, 139, 108, 97, 115, 112, 143, 126, 143, 103, 126, 152, 97, 114, 111, 117, 140, 116, 146,
    117, 162, 109, 130, 126, 100, 126, 100, 101, 101, 108, 101, 115, 103, 153, 105, 144, 112, 140,
    116, 101, 105, 139, 108, 164, 109, 105, 109, 111, 180, 141, 95, 149, 99, 104, 99, 145, 101,
    139, 108, 111, 111, 188, 116, 111, 138, 124, 147, 126, 183, 186, 197, 100, 82, 101, 97, 143,
    100, 105, 101, 146, 104, 209, 105, 114, 105, 117, 115, 140, 115, 212, 117, 110, 148, 108, 152,
    126, 184, 214, 126, 163, 98, 114, 99, 178, 101, 100, 101, 144, 102, 142, 102, 154, 104, 117,
    109, 168, 110, 147, 110, 185, 115, 177, 140, 139, 145, 137, 158, 205, 164, 229, 171, 121, 172,
    101, 172, 235, 189, 227, 208, 237, 213, 115, 220, 234, 238, 179, 126, 154, 126, 187, 128, 144,
    134, 126, 98, 111, 99, 199, 100, 114, 100, 137, 105, 112, 109, 207, 115, 111, 115, 137, 115,
    142, 116, 125, 138, 170, 145, 125, 146, 141, 152, 156, 153, 252, 160, 179, 168, 221, 173, 204,
    174, 195, 192, 160, 200, 125, 211, 126, 240, 147, 241, 149, 248, 158, 249, 251, 5, 9, 80,
    141, 83, 198, 87, 104, 97, 12, 99, 218, 99, 231, 100, 125, 100, 111, 100, 157, 101, 142,
    101, 149, 102, 203, 103, 114, 103, 198, 109, 112, 110, 166, 111, 108, 115, 119, 115, 151, 116,
    142, 116, 154, 116, 176, 118, 178, 119, 3, 124, 216, 124, 10, 144, 215, 145, 126, 157, 196,
    162, 167, 163, 165, 171, 32, 175, 224, 189, 120, 191, 125, 192, 26, 201, 126, 202, 230, 202,
    16, 226, 53, 228, 55, 242, 153, 247, 176, 253, 105, 25, 147, 30, 166, 38, 107, 42, 125,
    44, 47, 56, 43, 57, 121, 58, 67, 116, 166, 153, 218, 184, 1, 10, 3, 54, 2, 4,
    0, 3, 3, 172, 146, 113, 160, 204, 0, 165, 3, 60, 2, 4, 0, 1, 1, 163, 129,
    90, 75, 145, 1, 243, 3, 62, 2, 4, 0, 2, 2, 95, 75, 106, 139, 120, 1, 142,
    4, 66, 2, 2, 13, 2, 2, 110, 186, 221, 76, 232, 0, 22, 5, 70, 2, 4, 0,
    1, 1, 126, 250, 113, 62, 235, 0, 97, 5, 72, 2, 4, 128, 1, 1, 75, 212, 161,
    200, 112, 1, 200, 5, 74, 2, 5, 128, 1, 2, 100, 215, 96, 213, 58, 1, 75, 6,
    77, 2, 0, 0, 2, 2, 101, 33, 240, 238, 244, 0, 220, 6, 81, 2, 4, 0, 2,
    1, 109, 125, 15, 206, 218, 3, 60, 7, 84, 2, 5, 0, 0, 43, 133, 138, 14, 133,
    138, 65, 85, 65, 129, 0, 129, 8, 133, 89, 133, 73, 135, 135, 81, 61, 135, 35, 131,
    40, 111, 69, 30, 114, 77, 108, 125, 119, 137, 49, 119, 137, 49, 119, 137, 49, 49, 119,
    117, 20, 127, 119, 137, 96, 119, 137, 96, 119, 137, 96, 119, 137, 96, 45, 123, 25, 25,
    25, 25, 25, 57, 121, 93, 99, 96, 53, 102, 96, 105, 220, 102, 190, 5, 12, 3, 0,
    0, 88, 102, 190, 5, 2, 3, 210, 4, 202, 1, 200, 1, 24, 1, 0, 2, 3, 25,
    1, 0, 2, 3, 81, 4, 130, 198, 10, 89, 1, 0, 2, 3, 209, 4, 130, 198, 10,
    17, 2, 182, 1, 17, 2, 202, 1, 57, 3, 6, 6, 57, 6, 2, 6, 81, 2, 182,
    1, 81, 2, 202, 1, 81, 4, 128, 4, 81, 4, 146, 28, 82, 4, 10, 2, 209, 2,
    182, 1, 209, 2, 202, 1, 209, 4, 146, 28, 17, 1, 0, 17, 2, 0, 32, 2, 26,
    33, 2, 34, 81, 2, 0, 81, 4, 10, 96, 2, 26, 97, 2, 34, 41, 3, 49, 4,
    49, 5, 49, 7, 49, 11, 49, 14, 105, 3, 105, 4, 105, 5, 105, 6, 9, 73, 191,
    95, 158, 0, 19, 169, 52, 83, 119, 46, 126, 232, 49, 126, 4, 186, 140, 104, 177, 254,
    45, 147, 175, 102, 243, 182, 208, 109, 126, 157, 181, 128, 63, 128, 244, 150, 112, 108, 154,
    139, 49, 151, 128, 62, 128, 126, 191, 115, 156, 112, 97, 138, 151, 128, 6, 115, 128, 244,
    150, 49, 126, 145, 156, 60, 100, 151, 128, 216, 128, 244, 148, 167, 138, 153, 27, 125, 52,
    20, 105, 196, 126, 191, 142, 63, 124, 62, 124, 6, 115, 65, 2, 84, 114, 117, 137, 54,
    35, 46, 126, 145, 151, 102, 148, 254, 54, 35, 46, 50, 14, 18, 23, 217, 102, 117, 108,
    167, 241, 255, 127, 125, 52, 76, 159, 139, 1, 119, 97, 144, 158, 37, 63, 124, 62, 124,
    6, 115, 65, 2, 83, 116, 146, 137, 33, 142, 14, 18, 23, 33, 246, 131, 126, 119, 104,
    140, 50, 225, 95, 158, 0, 19, 150, 225, 125, 19, 150, 236, 101, 182, 4, 40, 105, 171,
    162, 45, 225, 126, 173, 168, 23, 217, 102, 117, 108, 167, 236, 222, 246, 131, 126, 115, 201,
    112, 144, 157, 181, 84, 104, 137, 236, 101, 182, 104, 34, 100, 66, 157, 244, 115, 198, 97,
    103, 207, 142, 125, 7, 125, 18, 23, 217, 102, 117, 108, 167, 236, 222, 142, 127, 125, 7,
    125, 18, 221, 142, 99, 108, 105, 109, 97, 189, 95, 158, 0, 19, 150, 39, 31, 59, 125,
    72, 34, 100, 156, 21, 170, 169, 59, 126, 119, 105, 138, 156, 210, 141, 151, 203, 35, 46,
    126, 210, 174, 175, 102, 181, 73, 139, 99, 154, 110, 111, 139, 99, 111, 34, 133, 126, 117,
    158, 156, 225, 243, 100, 156, 114, 111, 217, 118, 231, 29, 138, 97, 37, 125, 193, 100, 165,
    72, 101, 170, 201, 156, 39, 103, 101, 116, 151, 147, 50, 210, 124, 152, 102, 125, 22, 149,
    84, 176, 31, 8, 223, 136, 218, 115, 181, 206, 113, 117, 105, 153, 182, 29, 193, 250, 210,
    151, 155, 228, 101, 182, 29, 193, 183, 50, 183, 103, 136, 125, 193, 100, 165, 77, 111, 250,
    33, 142, 210, 124, 152, 102, 125, 22, 149, 84, 176, 31, 8, 223, 136, 218, 115, 246, 97,
    98, 115, 231, 119, 104, 140, 50, 163, 101, 95, 11, 79, 188, 126, 169, 41, 126, 48, 79,
    188, 126, 232, 211, 114, 155, 97, 162, 145, 219, 137, 29, 169, 110, 117, 109, 98, 141, 126,
    217, 233, 115, 246, 190, 15, 144, 98, 121, 126, 157, 115, 184, 102, 181, 87, 3, 126, 102,
    108, 166, 144, 170, 145, 99, 101, 151, 253, 156, 99, 148, 167, 119, 97, 157, 66, 169, 168,
    115, 45, 104, 97, 144, 97, 186, 222, 142, 125, 48, 20, 105, 196, 219, 27, 69, 125, 233,
    149, 72, 166, 126, 108, 145, 103, 126, 190, 160, 97, 121, 144, 200, 151, 173, 233, 255, 149,
    48, 86, 161, 137, 1, 200, 222, 142, 69, 125, 15, 115, 95, 143, 195, 83, 101, 205, 66,
    190, 15, 144, 98, 121, 126, 157, 115, 184, 224, 163, 101, 95, 15, 125, 136, 199, 254, 169,
    41, 126, 48, 136, 199, 254, 232, 211, 114, 155, 97, 162, 145, 219, 137, 170, 145, 99, 101,
    151, 203, 148, 167, 217, 138, 101, 109, 181, 136, 199, 115, 174, 126, 169, 15, 100, 219, 101,
    244, 110, 111, 126, 141, 114, 147, 142, 125, 48, 20, 105, 196, 219, 27, 69, 65, 48, 86,
    161, 137, 1, 187, 115, 226, 37, 69, 65, 0, 1, 40, 95, 193, 118, 165, 77, 111, 118,
    101, 156, 114, 111, 217, 40, 125, 84, 117, 114, 110, 156, 114, 111, 217, 118, 231, 201, 243,
    243, 103, 108, 137, 8, 185, 133, 126, 131, 244, 115, 226, 116, 151, 132, 131, 244, 119, 105,
    250, 200, 181, 73, 139, 116, 97, 107, 223, 97, 98, 177, 139, 116, 119, 111, 126, 233, 144,
    54, 31, 138, 141, 27, 125, 204, 28, 135, 110, 103, 108, 137, 8, 101, 255, 183, 103, 125,
    204, 28, 135, 110, 103, 108, 137, 1, 190, 193, 118, 223, 201, 151, 8, 101, 255, 0, 3,
    13, 95, 153, 97, 24, 206, 97, 182, 169, 13, 125, 206, 97, 182, 232, 240, 203, 33, 133,
    126, 21, 59, 126, 173, 136, 218, 36, 21, 68, 151, 61, 167, 193, 105, 160, 117, 153, 243,
    182, 41, 126, 64, 126, 173, 7, 151, 191, 126, 173, 108, 117, 120, 142, 125, 13, 125, 135,
    12, 59, 151, 21, 68, 151, 61, 167, 193, 105, 160, 117, 153, 151, 191, 126, 108, 101, 118,
    101, 167, 203, 41, 126, 64, 126, 108, 101, 118, 184, 142, 59, 124, 68, 124, 61, 108, 124,
    191, 124, 64, 125, 118, 148, 117, 165, 206, 97, 100, 174, 142, 215, 105, 0, 85, 110, 190,
    4, 153, 97, 100, 174, 142, 22, 115, 124, 7, 124, 108, 117, 120, 125, 194, 95, 115, 39,
    0, 83, 39, 139, 169, 194, 125, 83, 39, 139, 169, 99, 111, 215, 116, 100, 166, 110, 126,
    217, 117, 112, 126, 54, 169, 100, 97, 121, 134, 156, 98, 117, 122, 122, 141, 126, 253, 215,
    100, 144, 170, 157, 144, 140, 100, 181, 206, 116, 117, 114, 110, 144, 170, 145, 99, 137, 119,
    105, 138, 156, 194, 245, 110, 117, 109, 98, 141, 181, 70, 177, 114, 126, 194, 144, 99, 154,
    126, 114, 215, 142, 125, 233, 149, 76, 140, 103, 138, 126, 173, 233, 255, 149, 171, 98, 184,
    125, 20, 170, 157, 244, 102, 147, 151, 143, 156, 236, 97, 107, 141, 245, 119, 147, 100, 255,
    194, 95, 105, 24, 78, 117, 109, 98, 141, 126, 4, 194, 142, 140, 100, 115, 95, 143, 195,
    83, 101, 205, 144, 108, 101, 102, 37, 239, 95, 115, 104, 166, 125, 83, 104, 166, 126, 51,
    139, 145, 156, 239, 125, 87, 114, 157, 137, 51, 139, 45, 232, 4, 102, 177, 114, 126, 108,
    143, 223, 4, 60, 100, 245, 239, 246, 190, 160, 97, 121, 66, 157, 244, 119, 114, 157, 116,
    140, 126, 97, 103, 207, 142, 125, 51, 0, 84, 104, 137, 51, 116, 151, 143, 156, 236, 97,
    107, 141, 245, 119, 147, 100, 255, 108, 143, 165, 76, 143, 137, 4, 239, 142, 108, 143, 165,
    76, 143, 137, 119, 114, 157, 116, 140, 142, 60, 100, 95, 6, 149, 206, 112, 147, 116, 156,
    160, 146, 137, 4, 60, 24, 206, 112, 147, 139, 49, 36, 225, 151, 210, 174, 129, 219, 101,
    36, 40, 151, 13, 36, 114, 215, 110, 174, 126, 194, 36, 239, 243, 182, 117, 112, 180, 137,
    173, 232, 154, 35, 141, 181, 136, 104, 154, 103, 223, 110, 111, 138, 174, 142, 125, 191, 149,
    63, 125, 2, 14, 62, 125, 2, 14, 6, 149, 2, 14, 225, 95, 7, 125, 99, 108, 105,
    109, 146, 165, 193, 100, 165, 210, 124, 152, 102, 125, 22, 149, 163, 28, 228, 138, 125, 11,
    17, 230, 138, 125, 11, 17, 16, 125, 11, 17, 10, 125, 11, 17, 40, 95, 204, 28, 13,
    149, 59, 125, 68, 125, 61, 108, 125, 52, 64, 125, 194, 149, 125, 194, 95, 105, 24, 171,
    98, 184, 125, 17, 239, 125, 125, 117, 112, 180, 101, 195, 99, 216, 115, 95, 140, 189, 153,
    24, 136, 216, 144, 1, 153, 97, 196, 101, 182, 169, 201, 34, 245, 166, 110, 126, 99, 111,
    250, 115, 143, 99, 137, 247, 111, 37
};
#endif

#endif
