/* What of Trine's start the programs of this folder share. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <trine.h>

/* Starts the device with the board's tools; NULL when it cannot. */
trine_device *device_start(trine_port **person, trine_port **converter);

/* What stands on the line before the first frame: bytes outside a frame are never an error. */
void device_say_hello(void);

/* Whether the loop works and the host was heard of late. For a timer's interrupt too. */
bool device_is_live(const trine_device *device, uint64_t now);

#if !GREENHOUSE_SMALL
/* Whether the host was heard of late. */
bool device_is_linked(const trine_device *device, uint64_t now);
#endif

#endif
