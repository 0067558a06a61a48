/* How received bytes come to Trine. Two ways of doing it: receive_interrupt.c and receive_dma.c. */
#ifndef RECEIVE_H
#define RECEIVE_H

#include <stdbool.h>
#include <trine.h>

/* Before the lines are started. */
void receive_start(trine_device *device);

/* In the receiving interrupt: takes what the line to the host has. Answers whether the loop should
 * look. */
bool receive(trine_device *device);

/* In the tick's interrupt. */
void receive_ticked(void);

/* In the interrupt that board_defer() raises. Answers whether the loop should look. */
bool receive_deferred(trine_device *device);

/* In the loop, when it has made room: takes what was held back. */
bool receive_held(trine_device *device);

#endif
