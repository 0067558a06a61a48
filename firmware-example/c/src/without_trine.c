/* The same greenhouse and the same lines without Trine: what the comparison of sizes is made with.
 *
 * It calls every function of the controller that the tools call, behind the smallest protocol that
 * can: a request is an operation, a length and as many bytes; the answer has the same form. There
 * is no description, no checksum, no list, no deadline and no check at all. The camera is not in
 * it: the board of ten tools is what the two are compared on.
 */
#include <string.h>

#include "board.h"
#include "greenhouse.h"

#define RX_BYTES 256u
#define CONTENT_MAX 254u

static struct gh_greenhouse board;
static struct gh_ticket ticket;
static uint8_t received[RX_BYTES];
static volatile uint32_t received_end; /* Written by the interrupt, */
static volatile uint32_t received_start; /* and by the loop. */
static uint8_t request[CONTENT_MAX + 2u];
static uint8_t answer[CONTENT_MAX + 2u];
static volatile bool work;

void board_received(uint32_t line)
{
    uint8_t byte;

    while (board_read(line, &byte)) {
        if ((line == BOARD_HOST) && ((received_end - received_start) < RX_BYTES)) {
            received[received_end % RX_BYTES] = byte;
            received_end++;
        }
        work = true;
    }
}

void board_ticked(void)
{
    work = true;
}

void board_deferred(void)
{
}

static uint32_t put(uint32_t at, const void *bytes, size_t len)
{
    if ((at + len) > CONTENT_MAX) {
        return at;
    }
    (void)memcpy(&answer[2u + at], bytes, len);
    return at + (uint32_t)len;
}

static uint32_t put_u32(uint32_t at, uint32_t value)
{
    return put(at, &value, sizeof value);
}

/* The whole state, byte by byte. */
static uint32_t status(void)
{
    uint8_t vent = gh_vent_degrees(&board);
    uint32_t at = put(0u, board.lamps, sizeof board.lamps);
    uint8_t i;

    at = put(at, &board.fan_percent, 1u);
    at = put(at, &vent, 1u);
    at = put_u32(at, board.holds_target ? (uint32_t)board.target_tenths : 0u);
    for (i = 0u; i < GH_VALVES; i++) {
        at = put_u32(at, board.valves_open[i]
                             ? gh_seconds_left(board.valve_closes_ms[i], board.now_ms)
                             : 0u);
    }
    for (i = 0u; i < GH_SENSORS; i++) {
        at = put_u32(at, (uint32_t)gh_sampler_tenths(&board.sampler, i));
    }
    for (i = 0u; i < GH_TIMERS; i++) {
        const struct gh_timer *timer = &board.timers.slots[i];

        if (timer->state == GH_TIMER_RUNS) {
            at = put(at, &timer->id, 1u);
            at = put_u32(at, gh_seconds_left(timer->ends_ms, board.now_ms));
            at = put(at, timer->label, timer->label_len);
        }
    }
    for (i = 0u; i < GH_LINES; i++) {
        at = put(at, board.lines[i].text, board.lines[i].len);
    }
    at = put_u32(at, gh_uptime_s(&board));
    return put_u32(at, board.calls_entered);
}

static uint32_t reading(void)
{
    int32_t tenths = gh_sampler_tenths(&board.sampler, ticket.sensor);
    uint8_t unit = gh_sensor_unit(ticket.sensor);
    uint32_t at;

    if (!gh_sampler_done(&board.sampler, ticket)) {
        return 0u;
    }
    at = put(0u, &tenths, 2u);
    return put(at, &unit, 1u);
}

static uint32_t timer_ended(void)
{
    struct gh_timer *timer = gh_timers_ended(&board.timers);
    uint8_t id = 0u;

    if (timer != NULL) {
        id = timer->id;
        timer->state = GH_TIMER_FREE;
    }
    return put(0u, &id, 1u);
}

static uint32_t serve(uint8_t operation, const uint8_t *content, uint32_t len)
{
    uint8_t byte = content[0];
    uint32_t word;
    uint8_t result;

    (void)memcpy(&word, &content[1], sizeof word);
    board.calls_entered++;
    switch (operation) {
    case 'l':
        result = gh_light_set(&board, byte, content[1] != 0u, content[2]);
        return put(0u, &result, 1u);
    case 'f':
        board.fan_percent = byte;
        return 0u;
    case 'h':
        gh_climate_heat(&board, (int32_t)word);
        return 0u;
    case 'c':
        gh_climate_off(&board);
        return 0u;
    case 'o':
        gh_question_end(&board);
        gh_valve_open(&board, (uint8_t)(byte % GH_VALVES), word);
        return 0u;
    case 'q':
        gh_question(&board, (const char *)content, len, 60000u);
        return 0u;
    case 'x':
        gh_valve_close(&board, byte);
        return 0u;
    case 'v':
        gh_vent_move(&board, byte);
        return 0u;
    case 'w':
        result = gh_vent_at_rest(&board) ? 1u : 0u;
        return put(0u, &result, 1u);
    case 's':
        ticket = gh_sensor_start(&board, (uint8_t)(byte % GH_SENSORS));
        return 0u;
    case 'r':
        return reading();
    case 't':
        result = gh_timers_start(&board.timers, word, (const char *)&content[5],
                                 (len > 5u) ? (len - 5u) : 0u, board.now_ms);
        return put(0u, &result, 1u);
    case 'e':
        return timer_ended();
    case 'd':
        gh_display_show(&board, byte, (const char *)&content[1], (len > 1u) ? (len - 1u) : 0u);
        return 0u;
    default:
        return status();
    }
}

static bool busy(void)
{
    return work;
}

int main(void)
{
    uint32_t have = 0u;
    uint32_t from = 0u;
    uint32_t to = 0u;
    uint8_t byte;

    gh_init(&board);
    board_start();
    for (;;) {
        work = false;
        gh_tick(&board, board_now_ms());
        while ((from == to) && (received_start != received_end)) {
            byte = received[received_start % RX_BYTES];
            received_start++;
            if (have < sizeof request) {
                request[have] = byte;
            }
            have++;
            if ((have >= 2u) && (have >= (request[1] + 2u))) {
                answer[0] = request[0];
                answer[1] = (uint8_t)serve(request[0], &request[2], request[1]);
                have = 0u;
                from = 0u;
                to = answer[1] + 2u;
            }
        }
        from += (uint32_t)board_write(BOARD_HOST, &answer[from], to - from);
        board_wake_on_write(BOARD_HOST, from < to);
        board_sleep_unless(busy);
    }
}
