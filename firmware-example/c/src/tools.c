/* What each tool does at once. What takes time is in pending.c. Arguments and results are the
 * structures of board_tools.h, which `trine gen` made of the list of tools. */
#include "tools.h"

#include "app.h"
#include "board_tools.h"
#include "descriptors.h"
#include "text.h"

struct gh_greenhouse board;

/* How long the question before a valve opens stays on the display; as long as it can be answered. */
#define QUESTION_MS 60000u

struct gh_greenhouse *tool_entered(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = user_data;
    trine_call_info info;

    if (trine_call_get_info(call, &info) == TRINE_OK) {
        gh_tick(g, app_board_time(info.now));
    }
    g->calls_entered++;
    return g;
}

trine_status light_set(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    board_light_set_args args;
    board_light_set_result result;

    board_light_set_get_args(call, &args);
    result.light = args.light;
    result.on = args.on;
    result.brightness =
        gh_light_set(g, (uint8_t)args.light, args.on != 0u, (uint8_t)args.brightness);
    return board_light_set_put_result(call, &result);
}

trine_status fan_set(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    board_fan_set_args args;
    board_fan_set_result result;

    board_fan_set_get_args(call, &args);
    g->fan_percent = (uint8_t)args.percent;
    result.percent = args.percent;
    return board_fan_set_put_result(call, &result);
}

trine_status climate_set(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    board_climate_set_args args;
    board_climate_set_result result;

    board_climate_set_get_args(call, &args);
    result.mode = args.mode;
    result.celsius = args.celsius;
    result.has_celsius = (args.mode == BOARD_CLIMATE_SET_MODE_HEAT) ? 1u : 0u;
    if (result.has_celsius != 0u) {
        /* The device has refused a call without a target: the descriptor asks for one. */
        gh_climate_heat(g, args.celsius);
    } else {
        gh_climate_off(g);
    }
    return board_climate_set_put_result(call, &result);
}

trine_status valve_open(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    board_valve_open_args args;
    board_valve_open_result result;

    board_valve_open_get_args(call, &args);
    gh_question_end(g);
    gh_valve_open(g, (uint8_t)args.valve, (uint32_t)args.seconds);
    result.valve = args.valve;
    result.closes_in_s = args.seconds;
    return board_valve_open_put_result(call, &result);
}

trine_status valve_close(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    board_valve_close_args args;
    board_valve_close_result result;

    board_valve_close_get_args(call, &args);
    gh_valve_close(g, (uint8_t)args.valve);
    result.valve = args.valve;
    return board_valve_close_put_result(call, &result);
}

void valve_make_safe(void *user_data)
{
    gh_valve_close(user_data, GH_ALL_VALVES);
}

void valve_link_lost(void *user_data)
{
    valve_make_safe(user_data);
    pending_link_was_lost();
}

/* `Button = water: north, 1800 s`, for the person at the board. */
void valve_ask(void *user_data, trine_call *call)
{
    static const char *const names[GH_VALVES] = {"north", "south", "drip", "mist"};
    struct text text = TEXT_EMPTY;
    board_valve_open_args args;

    board_valve_open_get_args(call, &args);
    text_put(&text, "Button = water: ");
    text_put(&text, names[args.valve % GH_VALVES]);
    text_put(&text, ", ");
    text_put_number(&text, (uint32_t)args.seconds);
    text_put(&text, " s");
    gh_question(user_data, text.bytes, text.size, QUESTION_MS);
}

trine_status timer_start(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    board_timer_start_args args;
    board_timer_start_result result;

    board_timer_start_get_args(call, &args);
    result.timer_id = gh_timers_start(&g->timers, (uint32_t)args.seconds,
                                      (args.has_label != 0u) ? args.label.data : NULL,
                                      args.label.size, g->now_ms);
    if (result.timer_id == 0) {
        return trine_fail(call, TRINE_TEXT("all four timers are running; wait for one to end"));
    }
    result.ends_in_s = args.seconds;
    return board_timer_start_put_result(call, &result);
}

trine_status display_show(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    board_display_show_args args;
    board_display_show_result result;

    board_display_show_get_args(call, &args);
    gh_display_show(g, (uint8_t)args.line, args.text.data, args.text.size);
    result.line = args.line;
    return board_display_show_put_result(call, &result);
}

static void put_lights_and_climate(const struct gh_greenhouse *g, trine_call *call)
{
    int32_t node = STATUS_LIGHTS;
    uint32_t i;

    (void)trine_put_object(call, node);
    node++;
    for (i = 0u; i < GH_LAMPS; i++) {
        (void)trine_put_object(call, node);
        (void)trine_put_bool(call, node + 1, (g->lamps[i] > 0u) ? 1 : 0);
        (void)trine_put_int(call, node + 2, g->lamps[i]);
        node += 3;
    }
    (void)trine_put_int(call, STATUS_FAN_PERCENT, g->fan_percent);
    (void)trine_put_object(call, STATUS_CLIMATE);
    (void)trine_put_choice(call, STATUS_CLIMATE_MODE, g->holds_target ? MODE_HEAT : MODE_OFF);
    if (g->holds_target) {
        (void)trine_put_decimal(call, STATUS_CLIMATE_CELSIUS, g->target_tenths);
    }
}

static void put_valves_and_sensors(const struct gh_greenhouse *g, trine_call *call)
{
    int32_t node = STATUS_VALVES + 1;
    uint8_t i;

    (void)trine_put_object(call, STATUS_VALVES);
    for (i = 0u; i < GH_VALVES; i++) {
        uint32_t left = g->valves_open[i] ? gh_seconds_left(g->valve_closes_ms[i], g->now_ms) : 0u;

        (void)trine_put_object(call, node);
        (void)trine_put_bool(call, node + 1, g->valves_open[i] ? 1 : 0);
        (void)trine_put_int(call, node + 2, left);
        node += 3;
    }
    (void)trine_put_int(call, STATUS_VENT_DEGREES, gh_vent_degrees(g));
    (void)trine_put_object(call, STATUS_SENSORS);
    for (i = 0u; i < GH_SENSORS; i++) {
        (void)trine_put_decimal(call, STATUS_SENSORS + 1 + (int32_t)i,
                                gh_sampler_tenths(&g->sampler, i));
    }
}

static void put_timers(const struct gh_greenhouse *g, trine_call *call)
{
    uint32_t running = 0u;
    uint32_t i;

    for (i = 0u; i < GH_TIMERS; i++) {
        running += (g->timers.slots[i].state == GH_TIMER_RUNS) ? 1u : 0u;
    }
    (void)trine_put_array(call, STATUS_TIMERS, running);
    for (i = 0u; i < GH_TIMERS; i++) {
        const struct gh_timer *timer = &g->timers.slots[i];

        if (timer->state != GH_TIMER_RUNS) {
            continue;
        }
        (void)trine_put_object(call, STATUS_TIMER);
        (void)trine_put_int(call, STATUS_TIMER_ID, timer->id);
        if (timer->labelled) {
            (void)trine_put_string(call, STATUS_TIMER_LABEL, timer->label, timer->label_len);
        }
        (void)trine_put_int(call, STATUS_TIMER_REMAINING_S,
                            gh_seconds_left(timer->ends_ms, g->now_ms));
    }
}

trine_status board_status(void *user_data, trine_call *call)
{
    const struct gh_greenhouse *g = tool_entered(user_data, call);
    uint32_t i;

    put_lights_and_climate(g, call);
    put_valves_and_sensors(g, call);
    put_timers(g, call);
    (void)trine_put_array(call, STATUS_DISPLAY, GH_LINES);
    for (i = 0u; i < GH_LINES; i++) {
        (void)trine_put_string(call, STATUS_DISPLAY_LINE, g->lines[i].text, g->lines[i].len);
    }
    (void)trine_put_int(call, STATUS_UPTIME_S, gh_uptime_s(g));
    return trine_put_int(call, STATUS_CALLS_ENTERED, g->calls_entered);
}
