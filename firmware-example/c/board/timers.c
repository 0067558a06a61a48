#include "timers.h"

#include <string.h>

bool gh_timers_tick(struct gh_timers *t, uint64_t now_ms)
{
    bool any = false;
    uint32_t i;

    for (i = 0u; i < GH_TIMERS; i++) {
        if ((t->slots[i].state == GH_TIMER_RUNS) && (now_ms >= t->slots[i].ends_ms)) {
            t->slots[i].state = GH_TIMER_ENDED;
            any = true;
        }
    }
    return any;
}

/* The next number in rising order, 1 again after 255, that no timer here has. Four places cannot
 * hold five numbers, so one of the next five is free. */
static uint8_t free_id(const struct gh_timers *t)
{
    uint8_t id = t->last_id;
    bool taken;
    uint32_t i;

    do {
        id = (id == 255u) ? 1u : (uint8_t)(id + 1u);
        taken = false;
        for (i = 0u; i < GH_TIMERS; i++) {
            taken = taken || ((t->slots[i].state != GH_TIMER_FREE) && (t->slots[i].id == id));
        }
    } while (taken);
    return id;
}

/* A free place first. Without one, an ended timer whose event nobody fetched makes room. */
static struct gh_timer *free_slot(struct gh_timers *t)
{
    struct gh_timer *ended = NULL;
    uint32_t i;

    for (i = 0u; i < GH_TIMERS; i++) {
        if (t->slots[i].state == GH_TIMER_FREE) {
            return &t->slots[i];
        }
        if ((ended == NULL) && (t->slots[i].state == GH_TIMER_ENDED)) {
            ended = &t->slots[i];
        }
    }
    return ended;
}

uint8_t gh_timers_start(struct gh_timers *t, uint32_t seconds, const char *label, size_t label_len,
                        uint64_t now_ms)
{
    uint8_t id = free_id(t);
    struct gh_timer *slot = free_slot(t);

    if ((slot == NULL) || (label_len > GH_LABEL_BYTES)) {
        return 0u;
    }
    slot->state = GH_TIMER_RUNS;
    slot->id = id;
    slot->ends_ms = now_ms + ((uint64_t)seconds * 1000u);
    slot->labelled = label != NULL;
    slot->label_len = 0u;
    if (label != NULL) {
        slot->label_len = (uint8_t)label_len;
        (void)memcpy(slot->label, label, label_len);
    }
    t->last_id = id;
    return id;
}

struct gh_timer *gh_timers_ended(struct gh_timers *t)
{
    struct gh_timer *first = NULL;
    uint32_t i;

    for (i = 0u; i < GH_TIMERS; i++) {
        if ((t->slots[i].state == GH_TIMER_ENDED)
            && ((first == NULL) || (t->slots[i].ends_ms < first->ends_ms))) {
            first = &t->slots[i];
        }
    }
    return first;
}

uint32_t gh_seconds_left(uint64_t until_ms, uint64_t now_ms)
{
    /* Every span on this board is below a day, which 32 bits hold. */
    uint32_t left = (until_ms > now_ms) ? (uint32_t)(until_ms - now_ms) : 0u;

    return (left + 999u) / 1000u;
}
