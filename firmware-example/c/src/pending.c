/* The tools that answer later, and what answers them: the vent from the main loop, a measurement
 * from the interrupt of its converter, a picture piece by piece. */
#include <string.h>

#include "camera.h"
#include "descriptors.h"
#include "device.h"
#include "text.h"
#include "tools.h"

/* Pictures that can be on their way at a time. */
#define PICTURES 2u

enum waiting_for { NOTHING, THE_VENT, A_CONVERSION, THE_INTERRUPT };

/* A call that waits. `state` is written last by whoever hands the entry on. */
struct waiting {
    volatile enum waiting_for state;
    trine_call_id id;
    struct gh_ticket ticket;
    int32_t tenths;
};

struct snapshot {
    trine_call_id id; /* 0 when free. */
    struct gh_picture picture;
};

static struct waiting waiting[CALLS_MAX];
#if !GREENHOUSE_SMALL
static struct snapshot snapshots[PICTURES];
/* Where the vent was when it was sent, and how far it was told to be. */
static uint8_t vent_from;
static uint8_t vent_told;
static bool unlogged_loss;
#endif

static struct waiting *free_entry(void)
{
    uint32_t i;

    for (i = 0u; i < CALLS_MAX; i++) {
        if (waiting[i].state == NOTHING) {
            return &waiting[i];
        }
    }
    return NULL;
}

static trine_status too_many(trine_call *call)
{
    return trine_fail(
        call, TRINE_TEXT("too many calls are waiting; try again when one has ended"));
}

trine_status vent_move(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    struct waiting *entry = free_entry();
    uint8_t *block = NULL;
    uint8_t degrees = (uint8_t)trine_get_int(call, 0);

    if (entry == NULL) {
        return too_many(call);
    }
#if !GREENHOUSE_SMALL
    vent_from = gh_vent_degrees(g);
    vent_told = vent_from;
#endif
    gh_vent_move(g, degrees);
    /* The call keeps what it asked for in the byte that it owns. */
    if (trine_call_get_block(call, &block) > 0) {
        block[0] = degrees;
    }
    entry->id = trine_call_get_id(call);
    entry->tenths = degrees;
    entry->state = THE_VENT;
    return TRINE_PENDING;
}

trine_status sensor_read(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    struct waiting *entry = free_entry();

    if (entry == NULL) {
        return too_many(call);
    }
    entry->id = trine_call_get_id(call);
    entry->ticket = gh_sensor_start(g, (uint8_t)trine_get_choice(call, 0));
    entry->state = A_CONVERSION;
    return TRINE_PENDING;
}

void pending_stop(void *user_data, trine_call_id id)
{
    uint32_t i;

    (void)user_data;
    for (i = 0u; i < CALLS_MAX; i++) {
        /* What the interrupt holds ends there: a completion that comes too late does nothing. */
        if ((waiting[i].id == id) && (waiting[i].state != THE_INTERRUPT)) {
            waiting[i].state = NOTHING;
        }
    }
#if !GREENHOUSE_SMALL
    for (i = 0u; i < PICTURES; i++) {
        if (snapshots[i].id == id) {
            snapshots[i].id = 0u;
        }
    }
#endif
}

static trine_status vent_arrived(void *user_data, trine_call *call)
{
    const struct waiting *entry = user_data;

    if (entry->tenths != (int32_t)board.vent_target) {
        return trine_fail(
            call,
            TRINE_TEXT("a later vent_move sent the vent elsewhere; call vent_move again"));
    }
    return trine_put_int(call, 0, entry->tenths);
}

#if GREENHOUSE_SMALL
void pending_link_was_lost(void)
{
}
#else
/* Levels of the log, as syslog numbers them from the other end. */
#define INFO 1u
#define WARNING 3u

void pending_link_was_lost(void)
{
    unlogged_loss = true;
}

static uint32_t distance(uint8_t a, uint8_t b)
{
    return (a > b) ? ((uint32_t)a - b) : ((uint32_t)b - a);
}

/* Tells how far the vent has come, degree by degree. What finds no room is told with the next. */
static void tell_progress(trine_device *device, const struct waiting *entry)
{
    uint8_t at = gh_vent_degrees(&board);

    if ((at != vent_told)
        && (trine_progress(device, entry->id, distance(at, vent_from),
                           distance(board.vent_target, vent_from), TRINE_TEXT("degrees moved"))
            == TRINE_OK)) {
        vent_told = at;
    }
}

static void poll_log(trine_device *device, uint64_t now)
{
    if (unlogged_loss && device_is_linked(device, now)
        && (trine_log(device, WARNING, TRINE_TEXT("the link was lost: the valves were closed"))
            == TRINE_OK)) {
        unlogged_loss = false;
    }
}
#endif

static void poll_timers(trine_device *device)
{
    struct gh_timer *timer = gh_timers_ended(&board.timers);

    while (timer != NULL) {
        struct text text = TEXT_EMPTY;

        text_put(&text, "timer ");
        text_put_number(&text, timer->id);
        text_put(&text, " has ended");
        if (timer->labelled) {
            text_put(&text, ": ");
            text_put_bytes(&text, timer->label, timer->label_len);
        }
        if (trine_event(device, TIMER_START, text.bytes, text.size) == TRINE_E_FULL) {
            break; /* At the next poll. */
        }
#if !GREENHOUSE_SMALL
        /* The log may miss it, the event may not. */
        (void)trine_log(device, INFO, text.bytes, text.size);
#endif
        timer->state = GH_TIMER_FREE;
        timer = gh_timers_ended(&board.timers);
    }
}

void pending_poll(trine_device *device, uint64_t now)
{
    uint32_t i;

    for (i = 0u; i < CALLS_MAX; i++) {
        struct waiting *entry = &waiting[i];
        bool moved_on = entry->tenths != (int32_t)board.vent_target;

        if ((entry->state == THE_VENT) && (moved_on || gh_vent_at_rest(&board))) {
            if (trine_resume(device, entry->id, now, vent_arrived, entry) != TRINE_E_FULL) {
                entry->state = NOTHING;
            }
        } else if ((entry->state == A_CONVERSION)
                   && gh_sampler_done(&board.sampler, entry->ticket)) {
            entry->tenths = gh_sampler_tenths(&board.sampler, entry->ticket.sensor);
            entry->state = THE_INTERRUPT;
        } else {
#if !GREENHOUSE_SMALL
            if (entry->state == THE_VENT) {
                tell_progress(device, entry);
            }
#endif
        }
    }
    poll_timers(device);
#if !GREENHOUSE_SMALL
    poll_log(device, now);
#endif
}

#if GREENHOUSE_SMALL
/* The small board answers a measurement in its loop: a port and a draft cost it 300 bytes of RAM. */
static trine_status write_measured(void *user_data, trine_call *call)
{
    const struct waiting *entry = user_data;

    (void)trine_put_decimal(call, 0, entry->tenths);
    return trine_put_choice(call, 1, gh_sensor_unit(entry->ticket.sensor));
}

void pending_answer_measured(trine_device *device, uint64_t now)
{
    uint32_t i;

    for (i = 0u; i < CALLS_MAX; i++) {
        struct waiting *entry = &waiting[i];

        if ((entry->state == THE_INTERRUPT)
            && (trine_resume(device, entry->id, now, write_measured, entry) != TRINE_E_FULL)) {
            entry->state = NOTHING;
        }
    }
}
#else
bool pending_has_measured(void)
{
    uint32_t i;
    bool any = false;

    for (i = 0u; i < CALLS_MAX; i++) {
        any = any || (waiting[i].state == THE_INTERRUPT);
    }
    return any;
}

void pending_measured(trine_port *port)
{
    TRINE_STORAGE(memory, TRINE_DRAFT_BYTES(16u));
    trine_call *draft = NULL;
    uint32_t i;

    for (i = 0u; i < CALLS_MAX; i++) {
        struct waiting *entry = &waiting[i];

        if ((entry->state != THE_INTERRUPT)
            || (trine_draft(memory, sizeof memory, &draft) != TRINE_OK)) {
            continue;
        }
        (void)trine_put_decimal(draft, 0, entry->tenths);
        (void)trine_put_choice(draft, 1, gh_sensor_unit(entry->ticket.sensor));
        /* Without room it is tried again: the loop raises this interrupt until it is done. */
        if (trine_port_complete(port, entry->id, draft) != TRINE_E_FULL) {
            entry->state = NOTHING;
        }
    }
}

trine_status camera_snap(void *user_data, trine_call *call)
{
    struct gh_greenhouse *g = tool_entered(user_data, call);
    uint32_t i;

    for (i = 0u; i < PICTURES; i++) {
        if (snapshots[i].id == 0u) {
            snapshots[i].id = trine_call_get_id(call);
            gh_picture_take(&snapshots[i].picture, g, trine_get_choice(call, 0) != 0u);
            return trine_content(call, TRINE_TEXT("image/png"),
                                 gh_picture_len(&snapshots[i].picture));
        }
    }
    return trine_fail(call,
                      TRINE_TEXT("the camera is still sending pictures; try again in a second"));
}

size_t picture_read(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out, size_t size)
{
    size_t count = 0u;
    uint32_t i;

    (void)user_data;
    for (i = 0u; i < PICTURES; i++) {
        if (snapshots[i].id == id) {
            count = gh_picture_read(&snapshots[i].picture, offset, out, size);
            if ((offset + count) >= gh_picture_len(&snapshots[i].picture)) {
                snapshots[i].id = 0u;
            }
            break;
        }
    }
    return count;
}
#endif
