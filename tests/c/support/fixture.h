/* A device with three tools and a client, for the tests of misuse. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <trine.h>

#define FIXTURE_BYTES 8192u

/* Calls of `echo` answer their number, those of `wait` are pending, and those of `hook` run
 * `fixture_hook` inside the tool. */
extern trine_device *fixture_device;
extern trine_session *fixture_session;
extern trine_port *fixture_port;
extern uint64_t fixture_memory[FIXTURE_BYTES / 8u];
extern const trine_config fixture_config;
extern trine_status (*fixture_hook)(trine_call *call);
/* The last pending call. */
extern trine_call_id fixture_pending;

/* Starts everything; the program ends when that fails. */
void fixture_start(void);

/* Calls a tool by JSON-RPC; answers what came back, ended by a zero byte. */
const char *fixture_call(const char *tool, int number);

/* Whether the device does what it should: its tool is called and answers. */
bool fixture_works(void);

/* Copies memory that may hold gaps, which are to be compared and so count as written. */
void fixture_copy(void *to, const void *from, size_t size);

/* Remembers every byte of the device's memory, and tells whether all are the same again. */
void fixture_remember(void);
bool fixture_is_unchanged(void);

/* Counts a failure with its place. main() returns check_failures(). */
void check_at(bool holds, const char *what, const char *file, int line);
int check_failures(const char *test);

#define CHECK(holds) check_at((holds), #holds, __FILE__, __LINE__)

/* The call answers this status, and every byte of the device stays as it was. */
#define REFUSES(call, status)                                                                      \
    do {                                                                                           \
        fixture_remember();                                                                        \
        check_at((call) == (status), #call " answers " #status, __FILE__, __LINE__);               \
        check_at(fixture_is_unchanged(), #call " changes nothing", __FILE__, __LINE__);            \
    } while (0)

#endif
