/* A client at the MCP door of the fixture's device. Each test is a program of its own, so names are
 * short. */
#ifndef CLIENT_H
#define CLIENT_H

#include "fixture.h"

/* Opens a session and calls `initialize`; client_is_ready() says that it is done. */
void client_open(void);
void client_is_ready(void);

/* Sends a message. */
trine_status say(const char *request);

/* Asks for the next message of the server's own accord; false where there is none. */
bool next(void);

/* Whether the last message of the server contains this. */
bool says(const char *what);

/* For trine_resume(): the result of `number` or `level` is 7. */
trine_status finish(void *user_data, trine_call *call);

#endif
