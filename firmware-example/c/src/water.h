/* The main cock before the valves, on an output of its own: open while a valve is. A timer closes
 * it when the loop stands still or the host is gone, whatever the loop does. */
#ifndef WATER_H
#define WATER_H

#include <stdbool.h>
#include <trine.h>

/* In the loop, after trine_poll(): the cock follows the valves. */
void water_follow(const trine_device *device, uint64_t now);

/* In the timer's interrupt. */
void water_guard(const trine_device *device, uint64_t now);

/* Whether the cock is open. */
bool water_flows(void);

/* How long the loop was silent when the timer closed the cock last, in milliseconds. */
uint32_t water_trip_ms(void);

#endif
