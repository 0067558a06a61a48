/* What stands for a framework under the programs of ffi/frameworks: an emulated board's line, clock
 * and LED. */
#ifndef STUB_H
#define STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

/* Starts the board, once. */
void stub_start(void);
/* Takes a byte that has come; false when there is none. */
bool stub_read(uint8_t *byte);
/* Gives all bytes to the line. */
void stub_write(const uint8_t *bytes, size_t size);
uint64_t stub_ms(void);
void stub_led(bool on);

#if defined(__cplusplus)
}
#endif
#endif
