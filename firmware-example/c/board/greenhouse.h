/* The controller: all that the board can do, with the greenhouse played behind it.
 *
 * Call gh_tick() at least every 10 ms, whether or not anybody calls a tool: valves close, the
 * heater switches, timers end and the vent moves in there. It takes about 1.2 KiB of RAM, of
 * which the display's lines and the timers' labels are 1 KiB.
 */
#ifndef GH_GREENHOUSE_H
#define GH_GREENHOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "physics.h"
#include "sensing.h"
#include "timers.h"

#define GH_TICK_MS_MAX 10u

/* The three lamps, in the order of the tools' labels; GH_ALL_* stands for each of a kind. */
#define GH_LAMPS 3u
#define GH_ALL_LAMPS GH_LAMPS
#define GH_ALL_VALVES GH_VALVES

#define GH_VALVE_S_MAX 1800u
#define GH_LINES 4u
/* A line has 32 characters at most, of up to four bytes each. */
#define GH_LINE_CHARS 32u
#define GH_LINE_BYTES (4u * GH_LINE_CHARS)

struct gh_line {
    uint8_t len; /* Bytes. */
    char text[GH_LINE_BYTES];
};

struct gh_greenhouse {
    bool booted;
    uint64_t boot_ms;
    uint64_t now_ms;
    uint32_t calls_entered;

    uint8_t lamps[GH_LAMPS]; /* Percent, 0 when off. */
    uint8_t fan_percent;

    bool holds_target;
    bool heating;
    int32_t target_tenths;

    bool valves_open[GH_VALVES];
    uint64_t valve_closes_ms[GH_VALVES];

    uint8_t vent_target; /* Degrees. */
    bool vent_written; /* The pulse was written at least once since the last move. */
    uint32_t vent_millidegrees;
    uint64_t vent_moved_ms;
    uint16_t vent_pulse_us;

    uint64_t buzzer_until_ms; /* 0 when silent. */
    uint64_t question_until_ms; /* 0 when no question is shown. */
    char question[GH_LINE_CHARS]; /* On the display's last line, in place of its text. */
    uint8_t question_len;

    struct gh_line lines[GH_LINES];
    struct gh_timers timers;
    struct gh_sampler sampler;
    struct gh_physics physics;
};

/* A controller at rest. */
void gh_init(struct gh_greenhouse *g);

/* Does everything that is due. A time before the last one counts as the last one. */
void gh_tick(struct gh_greenhouse *g, uint64_t now_ms);

/* Switches one lamp, or GH_ALL_LAMPS, and dims it to 1 to 100 percent; answers the percent now. */
uint8_t gh_light_set(struct gh_greenhouse *g, uint8_t lamp, bool on, uint8_t brightness);

/* Holds the air at a target in tenths of a degree, or stops heating. */
void gh_climate_heat(struct gh_greenhouse *g, int32_t target_tenths);
void gh_climate_off(struct gh_greenhouse *g);

/* Opens a valve for 1 to 1800 seconds; closes one, or GH_ALL_VALVES. */
void gh_valve_open(struct gh_greenhouse *g, uint8_t valve, uint32_t seconds);
void gh_valve_close(struct gh_greenhouse *g, uint8_t valve);

/* Sends the roof vent to an angle of 0 to 90 degrees; gh_tick() moves it there. */
void gh_vent_move(struct gh_greenhouse *g, uint8_t degrees);
bool gh_vent_at_rest(const struct gh_greenhouse *g);
uint8_t gh_vent_degrees(const struct gh_greenhouse *g);

/* Asks for a new measurement. */
struct gh_ticket gh_sensor_start(struct gh_greenhouse *g, uint8_t sensor);

/* Writes at most 32 characters on a line, 1 to 4. A question on the last line stays there; the text
 * follows when it is over. */
void gh_display_show(struct gh_greenhouse *g, uint8_t line, const char *text, size_t len);

/* Shows a question on the last line; the text that the line holds comes back afterwards. */
void gh_question(struct gh_greenhouse *g, const char *text, size_t len, uint32_t ms);
bool gh_is_asking(const struct gh_greenhouse *g);
void gh_question_end(struct gh_greenhouse *g);

/* Whole seconds since the first tick. */
uint32_t gh_uptime_s(const struct gh_greenhouse *g);

#endif
