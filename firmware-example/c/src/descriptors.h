/* The board's tools as a client sees them, and the numbers of their nodes. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <trine.h>

/* The ten tools of a small board, then the camera. */
#define LIGHT_SET 0u
#define FAN_SET 1u
#define CLIMATE_SET 2u
#define VALVE_OPEN 3u
#define VALVE_CLOSE 4u
#define VENT_MOVE 5u
#define SENSOR_READ 6u
#define TIMER_START 7u
#define DISPLAY_SHOW 8u
#define BOARD_STATUS 9u
#define CAMERA_SNAP 10u
#if !GREENHOUSE_SMALL
#define TOOLS_MAX 11u
#else
#define TOOLS_MAX 10u
#endif

/* Labels of `mode`. */
#define MODE_HEAT 0u
#define MODE_OFF 1u

/* Nodes of the result of board_status that its function names. */
#define STATUS_LIGHTS 0
#define STATUS_FAN_PERCENT 10
#define STATUS_CLIMATE 11
#define STATUS_CLIMATE_MODE 12
#define STATUS_CLIMATE_CELSIUS 13
#define STATUS_VALVES 14
#define STATUS_VENT_DEGREES 27
#define STATUS_SENSORS 28
#define STATUS_TIMERS 34
#define STATUS_TIMER 35
#define STATUS_TIMER_ID 36
#define STATUS_TIMER_LABEL 37
#define STATUS_TIMER_REMAINING_S 38
#define STATUS_DISPLAY 39
#define STATUS_DISPLAY_LINE 40
#define STATUS_UPTIME_S 41
#define STATUS_CALLS_ENTERED 42

/* The functions behind them, in tools.c. `user_data` is the greenhouse. */
trine_status light_set(void *user_data, trine_call *call);
trine_status fan_set(void *user_data, trine_call *call);
trine_status climate_set(void *user_data, trine_call *call);
trine_status valve_open(void *user_data, trine_call *call);
trine_status valve_close(void *user_data, trine_call *call);
trine_status vent_move(void *user_data, trine_call *call);
trine_status sensor_read(void *user_data, trine_call *call);
trine_status timer_start(void *user_data, trine_call *call);
trine_status display_show(void *user_data, trine_call *call);
trine_status board_status(void *user_data, trine_call *call);
trine_status camera_snap(void *user_data, trine_call *call);

/* What happens without a call. */
void valve_make_safe(void *user_data);
void valve_link_lost(void *user_data);
void valve_ask(void *user_data, trine_call *call);
void pending_stop(void *user_data, trine_call_id id);
size_t picture_read(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out, size_t size);

/* The tools in either form; a program links one of them. */
extern const trine_tool board_tools[TOOLS_MAX];
extern const trine_table board_table;

#endif
