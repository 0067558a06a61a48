/* The tools of the board: what the main loop and the interrupts need of them. */
#ifndef TOOLS_H
#define TOOLS_H

#include <stdbool.h>
#include <trine.h>

#include "greenhouse.h"

/* The one greenhouse of this firmware. */
extern struct gh_greenhouse board;

/* What every tool begins with: the board is brought up to the time of the call. */
struct gh_greenhouse *tool_entered(void *user_data, trine_call *call);

/* Calls that may be under way at a time. */
#if GREENHOUSE_SMALL
#define CALLS_MAX 2u
#else
#define CALLS_MAX 4u
#endif

/* In the main loop: answers the calls that can be answered, and tells of timers that ended. */
void pending_poll(trine_device *device, uint64_t now);

/* The link was lost: the host is told when it is there again. */
void pending_link_was_lost(void);

#if GREENHOUSE_SMALL
/* In the main loop: answers the measurements that are ready. */
void pending_answer_measured(trine_device *device, uint64_t now);
#else
/* In the interrupt of the converter: answers the measurements that are ready. `port` belongs to
 * that interrupt. */
void pending_measured(trine_port *port);

/* Whether pending_measured() has something to do: raise its interrupt. */
bool pending_has_measured(void);
#endif

#endif
