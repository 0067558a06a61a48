/* The greenhouse behind Trine: the tools of a board in plain C, without a heap.
 *
 * Line 0 is the way to the host. Its interrupt gives the received bytes to Trine; app_turn() polls
 * when a frame may have ended or something is due, and sends without waiting. Line 1 is a person
 * at the board: its interrupt owns a port and agrees through it. What turns and what sleeps is in
 * bare.c, without an RTOS, or in rtos.c.
 */
#include "app.h"
#include "board.h"
#include "console.h"
#include "device.h"
#include "image.h"
#include "receive.h"
#include "text.h"
#include "tools.h"
#include "water.h"

#if GREENHOUSE_ASK
#include "sentences.h"
#endif
#if !GREENHOUSE_SMALL
#include <trine_consent.h>
#endif

/* Steps of the dispatcher before the loop sends again. */
#define STEPS 4u
#define STALL_MS_MAX 10000u

static trine_device *device;
static trine_port *person_port;
static trine_port *converter_port;
static struct console console;
static struct pace pace = {1u, 0u, 0u};
static struct text reply;
static size_t replied;
static uint64_t due;
/* Set by an interrupt that leaves work for the loop. */
static volatile bool work;
/* What a person asked for, until the loop has acted on it. */
static volatile enum command heard;
static volatile uint32_t heard_number;

uint64_t app_board_time(uint64_t now)
{
    return pace_board_ms(&pace, now);
}

void board_received(uint32_t line)
{
    uint8_t byte;
    uint32_t number = 0u;

    if (line == BOARD_HOST) {
        if (receive(device)) {
            app_wake();
        }
        return;
    }
    while (board_read(line, &byte)) {
        enum command command = console_feed(&console, byte, &number);

        if (command == NO_COMMAND) {
            continue;
        }
#if !GREENHOUSE_SMALL
        if (command == BUTTON) {
            (void)trine_port_agree(person_port);
        }
        if (command == DISMISS) {
            (void)trine_port_dismiss(person_port);
        }
#endif
        heard_number = number;
        heard = command;
        app_wake();
    }
}

void app_ticked(void)
{
    receive_ticked();
    water_guard(device, board_now_ms());
}

void app_deferred(void)
{
    if (receive_deferred(device)) {
        app_wake();
    }
}

void app_measured(void)
{
#if !GREENHOUSE_SMALL
    pending_measured(converter_port);
#endif
    app_wake();
}

void app_set_work(void)
{
    work = true;
}

/* Does nothing for a while, as a loop that hangs would. */
static void stall(uint32_t ms)
{
    uint64_t from = board_now_ms();
    uint32_t most = (ms > STALL_MS_MAX) ? STALL_MS_MAX : ms;

    while ((board_now_ms() - from) < most) {
    }
}

static void answer(enum command command, uint32_t number, uint64_t now)
{
    reply.size = 0u;
    replied = 0u;
    text_put(&reply, "ok");
    if (command == SCALE) {
        pace_set(&pace, now, number);
    } else if (command == STACK) {
        text_put(&reply, " ");
        text_put_number(&reply, image_stack_used());
    } else if (command == WATER) {
        text_put(&reply, water_flows() ? " 1" : " 0");
    } else if (command == TRIP) {
        text_put(&reply, " ");
        text_put_number(&reply, water_trip_ms());
    } else {
        /* The others have done their work. */
    }
    text_put(&reply, "\r\n");
}

#if !GREENHOUSE_SMALL
/* Tells the device whether its question is on the display: a press agrees to nothing else. */
static void follow_question(uint64_t now)
{
    if (!gh_is_asking(&board)) {
        (void)trine_consent_hidden(device);
    } else if (trine_consent_shown(device, now) < 0) {
        gh_question_end(&board);
    } else {
        /* It is there, and stays. */
    }
}
#endif

static void think(void)
{
    enum command command = heard;
    uint64_t now;
    uint64_t tick;

    /* Taken back first: what an interrupt adds from here on sets it again. */
    work = false;
    if (command == STALL) {
        stall(heard_number);
    }
    now = board_now_ms();
    gh_tick(&board, app_board_time(now));
    pending_poll(device, now);
#if GREENHOUSE_SMALL
    pending_answer_measured(device, now);
#else
    if (pending_has_measured()) {
        app_raise_measured();
    }
#endif
    (void)trine_poll(device, now, STEPS, &due);
#if !GREENHOUSE_SMALL
    follow_question(now);
#endif
    water_follow(device, now);
    tick = now + ((pace.scale < GH_TICK_MS_MAX) ? (GH_TICK_MS_MAX / pace.scale) : 1u);
    due = (due < tick) ? due : tick;
    if (command != NO_COMMAND) {
        heard = NO_COMMAND;
        answer(command, heard_number, now);
    }
    if (receive_held(device)) {
        work = true;
    }
}

/* Gives the lines what they take now. Answers whether there is room again for more answers. */
static bool send(void)
{
    const uint8_t *bytes = NULL;
    int32_t waits = trine_tx_peek(device, &bytes);
    size_t sent = 0u;

    if (waits > 0) {
        sent = board_write(BOARD_HOST, bytes, (size_t)waits);
        (void)trine_tx_consume(device, sent);
    }
    replied += board_write(BOARD_PERSON, (const uint8_t *)&reply.bytes[replied],
                           reply.size - replied);
    board_wake_on_write(BOARD_HOST, (size_t)waits > sent);
    board_wake_on_write(BOARD_PERSON, replied < reply.size);
    return (sent > 0u) && (sent == (size_t)waits);
}

bool app_is_busy(void)
{
    const uint8_t *bytes = NULL;

#if GREENHOUSE_ASK
    if (sentences_wait()) {
        return true;
    }
#endif
    return work || (board_now_ms() >= due)
           || ((trine_tx_peek(device, &bytes) > 0) && board_can_write(BOARD_HOST))
           || ((replied < reply.size) && board_can_write(BOARD_PERSON));
}

/* What stands on the line before the first frame: bytes outside a frame are never an error. */
static void say_hello(void)
{
    static const char text[] = "trine greenhouse 0.1.0\r\n";
    size_t sent = 0u;

    while (sent < (sizeof text - 1u)) {
        sent += board_write(BOARD_HOST, (const uint8_t *)&text[sent], sizeof text - 1u - sent);
    }
}

void app_start(void)
{
    gh_init(&board);
    device = device_start(&person_port, &converter_port);
    if (device == NULL) {
        board_emergency("\r\ntrine: the device cannot start\r\n");
    }
#if GREENHOUSE_ASK
    sentences_start(device);
#endif
    board_start();
    receive_start(device);
    say_hello();
}

void app_turn(void)
{
    uint64_t now = board_now_ms();

    if (work || (now >= due)) {
        think();
    }
    if (send()) {
        due = now;
    }
}
