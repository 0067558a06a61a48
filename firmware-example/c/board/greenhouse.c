#include "greenhouse.h"

#include <string.h>

#define BUZZER_MS 1500u
/* The heater switches this far below and above the target, in hundredths of a degree. */
#define HYSTERESIS_CENTI 20
/* The vent is led at 45 degrees a second, so that it does not slam. */
#define MILLIDEGREES_PER_MS 45u
#define PULSE_SHUT_US 1000u

/* The angle at which a servo holds on a pulse: 1 ms is 0, 2 ms is 90 degrees. */
static uint8_t servo_degrees(uint16_t pulse_us)
{
    uint32_t above = (pulse_us > PULSE_SHUT_US) ? ((uint32_t)pulse_us - PULSE_SHUT_US) : 0u;

    if (above > 1000u) {
        above = 1000u;
    }
    return (uint8_t)(((above * 9u) + 50u) / 100u);
}

static void elapse(struct gh_greenhouse *g)
{
    struct gh_inputs in;

    in.grow_percent = g->lamps[0];
    in.door_percent = g->lamps[1];
    in.fan_percent = g->fan_percent;
    in.vent_degrees = servo_degrees(g->vent_pulse_us);
    in.heater = g->heating;
    (void)memcpy(in.valves, g->valves_open, sizeof in.valves);
    gh_physics_advance(&g->physics, g->now_ms, &in);
}

static void tick_climate(struct gh_greenhouse *g)
{
    int32_t air = 0;
    int32_t above;

    if (!g->holds_target || !gh_sampler_air(&g->sampler, g->now_ms, &air)) {
        g->heating = false;
        return;
    }
    above = air - (g->target_tenths * 10);
    g->heating = g->heating ? (above < HYSTERESIS_CENTI) : (above <= -HYSTERESIS_CENTI);
}

static void tick_vent(struct gh_greenhouse *g)
{
    uint64_t passed = g->now_ms - g->vent_moved_ms;
    uint32_t to = (uint32_t)g->vent_target * 1000u;
    uint32_t from = g->vent_millidegrees;
    uint32_t reach;

    g->vent_moved_ms = g->now_ms;
    if (gh_vent_at_rest(g)) {
        return;
    }
    reach = (passed > 90000u) ? 90000u : ((uint32_t)passed * MILLIDEGREES_PER_MS);
    if (to > from) {
        g->vent_millidegrees = ((to - from) < reach) ? to : (from + reach);
    } else {
        g->vent_millidegrees = ((from - to) < reach) ? to : (from - reach);
    }
    g->vent_pulse_us = (uint16_t)(PULSE_SHUT_US + (g->vent_millidegrees / 90u));
    g->vent_written = true;
}

void gh_init(struct gh_greenhouse *g)
{
    (void)memset(g, 0, sizeof *g);
    gh_physics_init(&g->physics);
    gh_sampler_init(&g->sampler);
}

void gh_tick(struct gh_greenhouse *g, uint64_t now_ms)
{
    uint8_t valve;

    if (now_ms > g->now_ms) {
        g->now_ms = now_ms;
    }
    elapse(g);
    if (!g->booted) {
        g->booted = true;
        g->boot_ms = g->now_ms;
    }
    for (valve = 0u; valve < GH_VALVES; valve++) {
        if (g->valves_open[valve] && (g->now_ms >= g->valve_closes_ms[valve])) {
            gh_valve_close(g, valve);
        }
    }
    gh_sampler_tick(&g->sampler, &g->physics, g->now_ms);
    tick_climate(g);
    tick_vent(g);
    if (gh_timers_tick(&g->timers, g->now_ms)) {
        g->buzzer_until_ms = g->now_ms + BUZZER_MS;
    }
    if (g->now_ms >= g->buzzer_until_ms) {
        g->buzzer_until_ms = 0u;
    }
    if (g->now_ms >= g->question_until_ms) {
        gh_question_end(g);
    }
}

uint8_t gh_light_set(struct gh_greenhouse *g, uint8_t lamp, bool on, uint8_t brightness)
{
    uint8_t percent = on ? brightness : 0u;
    uint8_t each;

    for (each = 0u; each < GH_LAMPS; each++) {
        if ((lamp == GH_ALL_LAMPS) || (lamp == each)) {
            g->lamps[each] = percent;
        }
    }
    return percent;
}

void gh_climate_heat(struct gh_greenhouse *g, int32_t target_tenths)
{
    g->holds_target = true;
    g->target_tenths = target_tenths;
}

void gh_climate_off(struct gh_greenhouse *g)
{
    g->holds_target = false;
}

void gh_valve_open(struct gh_greenhouse *g, uint8_t valve, uint32_t seconds)
{
    g->valve_closes_ms[valve] = g->now_ms + ((uint64_t)seconds * 1000u);
    g->valves_open[valve] = true;
}

void gh_valve_close(struct gh_greenhouse *g, uint8_t valve)
{
    uint8_t each;

    for (each = 0u; each < GH_VALVES; each++) {
        if ((valve == GH_ALL_VALVES) || (valve == each)) {
            g->valves_open[each] = false;
        }
    }
}

void gh_vent_move(struct gh_greenhouse *g, uint8_t degrees)
{
    if (gh_vent_at_rest(g)) {
        g->vent_moved_ms = g->now_ms;
    }
    g->vent_target = degrees;
}

bool gh_vent_at_rest(const struct gh_greenhouse *g)
{
    return g->vent_written && (g->vent_millidegrees == ((uint32_t)g->vent_target * 1000u));
}

uint8_t gh_vent_degrees(const struct gh_greenhouse *g)
{
    return (uint8_t)((g->vent_millidegrees + 500u) / 1000u);
}

struct gh_ticket gh_sensor_start(struct gh_greenhouse *g, uint8_t sensor)
{
    struct gh_ticket ticket = gh_sampler_request(&g->sampler, sensor);

    gh_sampler_tick(&g->sampler, &g->physics, g->now_ms);
    return ticket;
}

void gh_display_show(struct gh_greenhouse *g, uint8_t line, const char *text, size_t len)
{
    struct gh_line *place;

    if ((line == 0u) || (line > GH_LINES) || (len > GH_LINE_BYTES)) {
        return;
    }
    place = &g->lines[line - 1u];
    place->len = (uint8_t)len;
    (void)memcpy(place->text, text, len);
}

void gh_question(struct gh_greenhouse *g, const char *text, size_t len, uint32_t ms)
{
    g->question_len = (uint8_t)((len > GH_LINE_CHARS) ? GH_LINE_CHARS : len);
    (void)memcpy(g->question, text, g->question_len);
    g->question_until_ms = g->now_ms + ms;
}

bool gh_is_asking(const struct gh_greenhouse *g)
{
    return g->question_until_ms != 0u;
}

void gh_question_end(struct gh_greenhouse *g)
{
    g->question_until_ms = 0u;
    g->question_len = 0u;
}

uint32_t gh_uptime_s(const struct gh_greenhouse *g)
{
    return (uint32_t)((g->now_ms - g->boot_ms) / 1000u);
}
