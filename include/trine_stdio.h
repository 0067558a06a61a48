/**
 * \file trine_stdio.h
 * \brief Trine: a program on standard input and output, as an MCP server or as a device.
 *
 * Header only, for POSIX systems and Windows; written by hand. Licence: MIT OR Apache-2.0.
 *
 * With a configuration that has tools, an MCP server is one line:
 *
 *     int main(void)
 *     {
 *         return trine_stdio_run(&config);
 *     }
 *
 * trine_stdio_run_device() sends and receives the frames of a device instead, for a gateway at the
 * other end of a socket or a serial line. A program with work of its own starts its device and its
 * session itself and calls trine_stdio_serve() or trine_stdio_serve_device().
 *
 * Standard output belongs to the protocol: write messages for people to standard error. Nothing is
 * allocated. Include this header in one source file, and with a strict standard such as -std=c99
 * before the headers of the system, since it needs the functions of POSIX.
 *
 * Context of each function: owner-only.
 */

#ifndef TRINE_STDIO_H
#define TRINE_STDIO_H

#if defined(__STRICT_ANSI__) && !defined(_WIN32) && !defined(_POSIX_C_SOURCE) &&                  \
    !defined(_XOPEN_SOURCE) && !defined(_GNU_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#if defined(_WIN32)
#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#if !defined(CLOCK_MONOTONIC)
#error "include trine_stdio.h before the headers of the system, or define _POSIX_C_SOURCE"
#endif
#endif
#include <stdio.h>
#include <string.h>

#include "trine.h"

/** Most bytes of a message of MCP, and of an answer; a longer message is refused. Define it before
    the header is included for another number. */
#if !defined(TRINE_STDIO_LINE_BYTES)
#define TRINE_STDIO_LINE_BYTES 65536u
#endif
/** Memory of the device of trine_stdio_run() and trine_stdio_run_device(), in bytes. */
#if !defined(TRINE_STDIO_DEVICE_BYTES)
#define TRINE_STDIO_DEVICE_BYTES 16384u
#endif
/** Memory of the session of trine_stdio_run(), in bytes. */
#if !defined(TRINE_STDIO_SESSION_BYTES)
#define TRINE_STDIO_SESSION_BYTES 8192u
#endif
/** A conversion, in the form of the language. */
#if defined(__cplusplus)
#define TRINE_STDIO_AS(type, value) static_cast<type>(value)
#else
#define TRINE_STDIO_AS(type, value) ((type)(value))
#endif

/** What a program serves. Zero is the default of every member but the device. */
typedef struct trine_stdio {
    /** The device. */
    trine_device *device;
    /** The session of the MCP client; not needed for trine_stdio_serve_device(). */
    trine_session *session;
    /** Does the program's own work after each trine_poll(). Returns the time in milliseconds at
        which it is to be called again at the latest, UINT64_MAX for any. May be NULL. */
    uint64_t (*turn)(void *user_data, uint64_t now);
    /** Passed to `turn`. */
    void *user_data;
    /** Longest pause between two polls, in milliseconds; 0 is as long as nothing is due. Set it
        where a thread or a signal uses a port of the device. */
    uint32_t pause_ms;
} trine_stdio;

/**
 * The time for trine_poll() and the other functions that take one; it never goes back.
 *
 * @return Milliseconds.
 */
static inline uint64_t trine_stdio_now(void)
{
#if defined(_WIN32)
    return GetTickCount64();
#else
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return TRINE_STDIO_AS(uint64_t, now.tv_sec) * 1000u
           + TRINE_STDIO_AS(uint64_t, now.tv_nsec) / 1000000u;
#endif
}

/**
 * Reads from standard input what there is, after a wait for it.
 *
 * @param room Where the bytes go.
 * @param size Bytes of room.
 * @param wait_ms Longest wait, in milliseconds; UINT64_MAX for any. On Windows the wait for a
 *                console or a file is not limited.
 * @return How many bytes; 0 when none came, -1 when none will come any more.
 */
static inline int32_t trine_stdio_read(void *room, size_t size, uint64_t wait_ms)
{
#if defined(_WIN32)
    const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    const uint64_t since = trine_stdio_now();
    DWORD got = 0u;

    if (GetFileType(input) == FILE_TYPE_PIPE) {
        DWORD ready = 0u;

        while (PeekNamedPipe(input, NULL, 0u, NULL, &ready, NULL) && (ready == 0u)) {
            if ((trine_stdio_now() - since) >= wait_ms) {
                return 0;
            }
            Sleep(1u);
        }
    }
    if (!ReadFile(input, room, TRINE_STDIO_AS(DWORD, size), &got, NULL) || (got == 0u)) {
        return -1;
    }
    return TRINE_STDIO_AS(int32_t, got);
#else
    const uint64_t most = TRINE_STDIO_AS(uint64_t, INT_MAX);
    struct pollfd input;
    ssize_t got;
    int ready;

    input.fd = STDIN_FILENO;
    input.events = POLLIN;
    input.revents = 0;
    ready = poll(&input, 1u, (wait_ms > most) ? -1 : TRINE_STDIO_AS(int, wait_ms));
    if (ready == 0) {
        return 0;
    }
    got = (ready > 0) ? read(STDIN_FILENO, room, size) : -1;
    if ((got < 0) && ((errno == EINTR) || (errno == EAGAIN))) {
        return 0;
    }
    return (got > 0) ? TRINE_STDIO_AS(int32_t, got) : -1;
#endif
}

/**
 * Writes some bytes to standard output, as many as it takes now.
 *
 * @param bytes The bytes.
 * @param size How many.
 * @return How many were written; 0 when none were and it can be tried again, -1 when nobody reads
 *         them any more.
 */
static inline int32_t trine_stdio_write_some(const char *bytes, size_t size)
{
#if defined(_WIN32)
    const HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
    DWORD put = 0u;

    if (!WriteFile(output, bytes, TRINE_STDIO_AS(DWORD, size), &put, NULL)) {
        return -1;
    }
    return TRINE_STDIO_AS(int32_t, put);
#else
    const ssize_t put = write(STDOUT_FILENO, bytes, size);

    if ((put < 0) && (errno == EAGAIN)) {
        struct pollfd output;

        output.fd = STDOUT_FILENO;
        output.events = POLLOUT;
        output.revents = 0;
        return ((poll(&output, 1u, -1) >= 0) || (errno == EINTR)) ? 0 : -1;
    }
    if ((put < 0) && (errno == EINTR)) {
        return 0;
    }
    return (put >= 0) ? TRINE_STDIO_AS(int32_t, put) : -1;
#endif
}

/**
 * Writes bytes to standard output.
 *
 * @param bytes The bytes.
 * @param size How many.
 * @return TRINE_OK, or TRINE_E_FAILED when nobody reads them any more.
 */
static inline trine_status trine_stdio_write(const void *bytes, size_t size)
{
    const char *rest = TRINE_STDIO_AS(const char *, bytes);
    size_t at = 0u;

    while (at < size) {
        const int32_t put = trine_stdio_write_some(&rest[at], size - at);

        if (put < 0) {
            return TRINE_E_FAILED;
        }
        at += TRINE_STDIO_AS(size_t, put);
    }
    return TRINE_OK;
}

/**
 * Lets the device and the program work.
 *
 * @param io What is served.
 * @param wait_ms Where it goes how long there is nothing to do, in milliseconds.
 * @return As trine_poll().
 */
static inline trine_status trine_stdio_turn(const trine_stdio *io, uint64_t *wait_ms)
{
    const uint64_t now = trine_stdio_now();
    uint64_t due = UINT64_MAX;
    const trine_status status = trine_poll(io->device, now, 16u, &due);

    if (io->turn != NULL) {
        const uint64_t own = io->turn(io->user_data, now);

        due = (own < due) ? own : due;
    }
    *wait_ms = (due > now) ? (due - now) : 0u;
    if (due == UINT64_MAX) {
        *wait_ms = UINT64_MAX;
    }
    if ((io->pause_ms != 0u) && (*wait_ms > io->pause_ms)) {
        *wait_ms = io->pause_ms;
    }
    return status;
}

/**
 * Writes a message of MCP as a line.
 *
 * @param message The message, with room for a byte behind it.
 * @param size Its bytes; 0 writes nothing.
 * @return As trine_stdio_write().
 */
static inline trine_status trine_stdio_say(char *message, size_t size)
{
    if (size == 0u) {
        return TRINE_OK;
    }
    message[size] = '\n';
    return trine_stdio_write(message, size + 1u);
}

/**
 * Lets the device and the program work, and writes the messages that are due.
 *
 * @param io What is served.
 * @param room TRINE_STDIO_LINE_BYTES for a message.
 * @param wait_ms Where it goes how long there is nothing to do, in milliseconds.
 * @return TRINE_OK, or what went wrong.
 */
static inline trine_status trine_stdio_tell(const trine_stdio *io, char *room, uint64_t *wait_ms)
{
    trine_status status = trine_stdio_turn(io, wait_ms);
    size_t size = 1u;

    while ((status >= 0) && (size > 0u)) {
        size = 0u;
        status = trine_next_json(io->session, room, TRINE_STDIO_LINE_BYTES - 1u, &size);
        if (status >= 0) {
            status = trine_stdio_say(room, size);
        }
    }
    return status;
}

/**
 * Answers a message of MCP.
 *
 * @param io What is served.
 * @param message The message, without a line end; NULL for one that is too long.
 * @param size Its bytes.
 * @param room TRINE_STDIO_LINE_BYTES for the answer.
 * @param wait_ms Where it goes how long there is nothing to do, in milliseconds.
 * @return TRINE_OK, or what went wrong.
 */
static inline trine_status trine_stdio_answer(const trine_stdio *io, const char *message,
                                              size_t size, char *room, uint64_t *wait_ms)
{
    size_t length = 0u;
    /* What is too long is refused as what is not JSON. */
    trine_status status = trine_handle_json(
        io->session, trine_stdio_now(), (message != NULL) ? message : "?",
        (message != NULL) ? size : 1u, room, TRINE_STDIO_LINE_BYTES - 1u, &length);

    if (status >= 0) {
        status = trine_stdio_say(room, length);
    }
    return (status >= 0) ? trine_stdio_tell(io, room, wait_ms) : status;
}

/**
 * Serves an MCP client on standard input and output until its input ends: answers each line, and
 * writes pending answers and news as soon as there are any.
 *
 * @param io The device and the session.
 * @return TRINE_OK when the client has gone, or what went wrong: TRINE_E_TABLE for a descriptor
 *         that breaks a rule (see trine_get_problem()), TRINE_E_FAILED when nobody reads the
 *         output, TRINE_E_NO_SPACE for an answer that is longer than TRINE_STDIO_LINE_BYTES, and
 *         what trine_poll() and trine_handle_json() return.
 */
static inline trine_status trine_stdio_serve(const trine_stdio *io)
{
    static char line[TRINE_STDIO_LINE_BYTES];
    static char room[TRINE_STDIO_LINE_BYTES];
    size_t held = 0u;
    int is_long = 0;
    uint64_t wait_ms = 0u;
    trine_status status = trine_stdio_tell(io, room, &wait_ms);

    while (status >= 0) {
        const int32_t got = trine_stdio_read(&line[held], sizeof line - held, wait_ms);
        const char *start = line;
        const char *end = NULL;

        if (got < 0) {
            /* The last line may lack its end. */
            return ((held > 0u) || is_long)
                       ? trine_stdio_answer(io, is_long ? NULL : line, held, room, &wait_ms)
                       : TRINE_OK;
        }
        held += TRINE_STDIO_AS(size_t, got);
        if (got == 0) {
            status = trine_stdio_tell(io, room, &wait_ms);
        }
        while ((status >= 0) && (held > 0u)) {
            size_t size;

            end = TRINE_STDIO_AS(const char *, memchr(start, '\n', held));
            if (end == NULL) {
                break;
            }
            size = TRINE_STDIO_AS(size_t, end - start);
            status = trine_stdio_answer(io, is_long ? NULL : start, size, room, &wait_ms);
            is_long = 0;
            held -= size + 1u;
            start = &end[1];
        }
        (void)memmove(line, start, held);
        if (held == sizeof line) {
            is_long = 1;
            held = 0u;
        }
    }
    return status;
}

/**
 * Serves a gateway with the frames of a device on standard input and output, until the input ends.
 * The device's link is a stream or a bus.
 *
 * @param io The device.
 * @return TRINE_OK when the gateway has gone, or what went wrong: TRINE_E_TABLE for a descriptor
 *         that breaks a rule, TRINE_E_FAILED when nobody reads the output, TRINE_E_UNSUPPORTED for
 *         a packet link, and what trine_poll() returns.
 */
static inline trine_status trine_stdio_serve_device(const trine_stdio *io)
{
    for (;;) {
        uint64_t wait_ms = 0u;
        trine_status status = trine_stdio_turn(io, &wait_ms);
        const uint8_t *bytes = NULL;
        uint8_t *place = NULL;
        int32_t size;

        while ((status >= 0) && ((size = trine_tx_peek(io->device, &bytes)) > 0)) {
            status = trine_stdio_write(bytes, TRINE_STDIO_AS(size_t, size));
            (void)trine_tx_consume(io->device, TRINE_STDIO_AS(size_t, size));
            /* There is room to send now, for which the device may have waited. */
            wait_ms = 0u;
        }
        if (status < 0) {
            return status;
        }
        size = trine_rx_buffer(io->device, &place);
        if (size < 0) {
            return size;
        }
        if (size > 0) {
            size = trine_stdio_read(place, TRINE_STDIO_AS(size_t, size), wait_ms);
            if (size < 0) {
                return TRINE_OK;
            }
            (void)trine_rx_commit(io->device, TRINE_STDIO_AS(size_t, size));
        }
    }
}

/**
 * Writes to standard error why a program ends.
 *
 * @param status What a function returned.
 * @param problem What trine_init() or trine_get_problem() found.
 * @return 0 for success, 1 for an error: what main() returns.
 */
static inline int trine_stdio_report(trine_status status, const trine_problem *problem)
{
    if (status >= 0) {
        return 0;
    }
    (void)fprintf(stderr, "trine: %s", trine_status_string(status));
    if (problem->rule.size > 0u) {
        (void)fprintf(stderr, ": tool %ld, node %ld: %.*s", TRINE_STDIO_AS(long, problem->tool),
                      TRINE_STDIO_AS(long, problem->node),
                      TRINE_STDIO_AS(int, problem->rule.size), problem->rule.data);
    }
    if (status == TRINE_E_NO_SPACE) {
        (void)fprintf(stderr, ": define TRINE_STDIO_DEVICE_BYTES and TRINE_STDIO_SESSION_BYTES; "
                              "the device needs %lu bytes",
                      TRINE_STDIO_AS(unsigned long, problem->bytes_needed));
    }
    (void)fprintf(stderr, "\n");
    return 1;
}

/**
 * Serves what was started, and ends the device.
 *
 * @param io What is served.
 * @param started What its start returned.
 * @param problem What trine_init() found.
 * @param serve trine_stdio_serve() or trine_stdio_serve_device().
 * @return What main() returns.
 */
static inline int trine_stdio_end(const trine_stdio *io, trine_status started,
                                  trine_problem *problem,
                                  trine_status (*serve)(const trine_stdio *io))
{
    trine_status status = started;

    if (status >= 0) {
        status = serve(io);
        if (status == TRINE_E_TABLE) {
            (void)trine_get_problem(io->device, problem);
        }
        (void)trine_deinit(io->device);
    }
    return trine_stdio_report(status, problem);
}

/**
 * Starts a device and serves an MCP client on standard input and output until its input ends.
 * What goes wrong is written to standard error.
 *
 * @param config What the device is told.
 * @return What main() returns: 0, or 1 after an error.
 */
static inline int trine_stdio_run(const trine_config *config)
{
    TRINE_STORAGE(memory, TRINE_STDIO_DEVICE_BYTES);
    TRINE_STORAGE(session, TRINE_STDIO_SESSION_BYTES);
    trine_stdio io = {NULL, NULL, NULL, NULL, 0u};
    trine_problem problem = {0u, 0u, -1, -1, {NULL, 0u}};
    trine_status status = trine_init(memory, sizeof memory, config, &io.device, &problem);

    if (status >= 0) {
        status = trine_session_init(session, sizeof session, io.device, &io.session);
    }
    return trine_stdio_end(&io, status, &problem, trine_stdio_serve);
}

/**
 * Starts a device and serves a gateway on standard input and output until its input ends. What
 * goes wrong is written to standard error.
 *
 * @param config What the device is told.
 * @return What main() returns: 0, or 1 after an error.
 */
static inline int trine_stdio_run_device(const trine_config *config)
{
    TRINE_STORAGE(memory, TRINE_STDIO_DEVICE_BYTES);
    trine_stdio io = {NULL, NULL, NULL, NULL, 0u};
    trine_problem problem = {0u, 0u, -1, -1, {NULL, 0u}};
    const trine_status status = trine_init(memory, sizeof memory, config, &io.device, &problem);

    return trine_stdio_end(&io, status, &problem, trine_stdio_serve_device);
}

#endif /* TRINE_STDIO_H */
