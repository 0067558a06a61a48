/* The application, and what the two ways of running it give it. */
#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stdint.h>

/* Starts board and device. */
void app_start(void);

/* One turn of the loop: works if there is work, and sends what the lines take. */
void app_turn(void);

/* The greenhouse may live faster than the processor: its time at a time of the processor. */
uint64_t app_board_time(uint64_t now);

/* Whether there is something to do now. Asked with interrupts masked, before a sleep. */
bool app_is_busy(void);

/* In the tick's interrupt, each millisecond. */
void app_ticked(void);

/* In the interrupt that board_defer() raises. */
void app_deferred(void);

/* In the context of the converter, an interrupt or a task: what was measured is answered. */
void app_measured(void);

/* There is work: what app_wake() does first. */
void app_set_work(void);

/* These are bare.c's or rtos.c's: wakes the loop, from any context; and raises the converter's
 * context, from the loop. */
void app_wake(void);
void app_raise_measured(void);

#endif
