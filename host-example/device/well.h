/* A well with a pump and two tanks, behind Trine. The same files run on a desktop and on a chip:
 * unix.c here and bare metal in firmware-example/c/src/well_bare.c only move the bytes. */
#ifndef WELL_H
#define WELL_H

#include <stdint.h>
#include <trine.h>

/* Starts the device; NULL when it cannot. */
trine_device *well_start(void);

/* One turn of the loop. Answers when the next one is due. */
uint64_t well_turn(trine_device *device, uint64_t now);

#endif
