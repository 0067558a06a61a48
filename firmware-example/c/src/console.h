/* The line that no MCP client reaches: what a person at the board does.
 *
 * Lines end with LF; a CR before it is ignored. `button` agrees to the question on the display,
 * `dismiss` wants no such call, `scale N` lets N board seconds pass in one, `stack` asks how deep
 * the stack ever was, `water` whether it flows, `stall N` keeps the loop from its work for N
 * milliseconds, and `trip` asks how long the loop was silent when the water was stopped without it.
 * Any other line is ignored. The answer to each is `ok`, maybe with a number.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest line, without its end. A longer one is ignored whole. */
#define CONSOLE_LINE 16u

enum command { NO_COMMAND, BUTTON, DISMISS, SCALE, STACK, STALL, WATER, TRIP };

/* Puts lines together out of bytes as they come. Small enough for an interrupt. */
struct console {
    char line[CONSOLE_LINE];
    size_t size;
};

/* Takes one byte; answers the command that it completes, and the number in it. */
enum command console_feed(struct console *console, uint8_t byte, uint32_t *number);

/* Board milliseconds, which may pass faster than the processor's. */
struct pace {
    uint32_t scale;
    uint64_t real_ms;
    uint64_t board_ms;
};

uint64_t pace_board_ms(const struct pace *pace, uint64_t real_ms);

/* From `real_ms` on, `scale` board milliseconds pass in one; 1 to 3600. */
void pace_set(struct pace *pace, uint64_t real_ms, uint32_t scale);

#endif
