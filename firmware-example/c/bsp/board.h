/* What a board gives a program: lines of bytes, a clock, sleep. One implementation per UART.
 *
 * Receiving is by interrupt, sending waits for nothing. Two rules make that safe, and both matter
 * on hardware as in an emulator: the interrupt's flag is cleared *before* the data register is
 * drained, or a byte that comes in between raises no interrupt; and whoever sleeps looks for work
 * once more with interrupts masked.
 */
#ifndef BSP_BOARD_H
#define BSP_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The line to the host, and the one that no MCP client reaches: a person at the board. A board
 * with one UART has no second line: nothing comes from it and what is written there is dropped. */
#define BOARD_HOST 0u
#define BOARD_PERSON 1u
#define BOARD_LINES 2u

/* Starts clock and lines; their interrupts come from here on. */
void board_start(void);

/* Milliseconds since board_start(). */
uint64_t board_now_ms(void);

/* Takes one received byte; false when there is none. */
bool board_read(uint32_t line, uint8_t *byte);

/* Leaves what comes in the UART (or takes it again): for a program that has no room. */
void board_hold(uint32_t line, bool held);

/* Gives as many bytes as the UART takes at once and answers how many. */
size_t board_write(uint32_t line, const uint8_t *bytes, size_t len);

/* Whether board_write() would take a byte. */
bool board_can_write(uint32_t line);

/* Asks for an interrupt when a byte can be written, or for none. */
void board_wake_on_write(uint32_t line, bool wanted);

/* Sleeps until an interrupt, unless `busy` says with interrupts masked that there is work. */
void board_sleep_unless(bool (*busy)(void));

/* Raises board_deferred() below: an interrupt of lower rank, where a driver's work is done. */
void board_defer(void);

/* Runs a function with interrupts masked. */
uint32_t board_mask(void);
void board_unmask(uint32_t mask);

/* Switches an LED, 0 or 1; the second one stands for an output that is wired to something. */
void board_led(uint32_t led, bool on);

/* Writes a line for a person outside of any frame and restarts the processor. */
__attribute__((noreturn)) void board_emergency(const char *text);

/* Ends an emulation with a status, where there is an emulator; else restarts. */
__attribute__((noreturn)) void board_exit(uint32_t status);

/* These the program defines. They run in interrupts: when a line has received, each
 * millisecond, and after board_defer(). */
void board_received(uint32_t line);
void board_ticked(void);
void board_deferred(void);

#endif
