/* What of Trine's start the programs of this folder share. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <trine.h>

/* Longest time without a word from the host before the water stops. */
#define DEVICE_LINK_MS 5000u

/* Starts the device with the board's tools; NULL when it cannot. */
trine_device *device_start(trine_port **person, trine_port **converter);

#if !GREENHOUSE_SMALL
/* Whether the host was heard of late. */
bool device_is_linked(const trine_device *device, uint64_t now);
#endif

#endif
