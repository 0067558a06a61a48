/* Four countdowns with numbers and labels. */
#ifndef GH_TIMERS_H
#define GH_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GH_TIMERS 4u
#define GH_TIMER_S_MAX 86400u
/* A label has 24 characters at most, of up to four bytes each. */
#define GH_LABEL_CHARS 24u
#define GH_LABEL_BYTES (4u * GH_LABEL_CHARS)

enum gh_timer_state { GH_TIMER_FREE, GH_TIMER_RUNS, GH_TIMER_ENDED };

struct gh_timer {
    enum gh_timer_state state;
    uint8_t id; /* 1 to 255 */
    bool labelled;
    uint8_t label_len; /* Bytes. */
    uint64_t ends_ms;
    char label[GH_LABEL_BYTES];
};

struct gh_timers {
    struct gh_timer slots[GH_TIMERS];
    uint8_t last_id;
};

/* Marks what has ended, and tells whether anything has. */
bool gh_timers_tick(struct gh_timers *t, uint64_t now_ms);

/* Starts a countdown; `label` is NULL for none. Gives its number, or 0 when all four run. */
uint8_t gh_timers_start(struct gh_timers *t, uint32_t seconds, const char *label, size_t label_len,
                        uint64_t now_ms);

/* The timer that ended longest ago and whose event has not been sent, or NULL. */
struct gh_timer *gh_timers_ended(struct gh_timers *t);

/* Whole seconds until a time, rounded up, so that what is not over is never shown as 0. */
uint32_t gh_seconds_left(uint64_t until_ms, uint64_t now_ms);

#endif
