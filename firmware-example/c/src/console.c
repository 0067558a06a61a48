#include "console.h"

#define SCALE_MAX 3600u

/* How many characters of the word the line begins with, if it is the whole word; else 0. */
static size_t begins_with(const struct console *console, const char *word)
{
    size_t at = 0u;

    while ((at < console->size) && (word[at] != '\0') && (console->line[at] == word[at])) {
        at++;
    }
    return (word[at] == '\0') ? at : 0u;
}

/* The number behind a word, if there is one that 32 bits hold. */
static bool number_after(const struct console *console, const char *word, uint32_t *number)
{
    size_t at = begins_with(console, word);
    uint32_t sum = 0u;

    if ((at == 0u) || (at == console->size)) {
        return false;
    }
    for (; at < console->size; at++) {
        uint32_t digit = (uint32_t)(uint8_t)console->line[at] - (uint32_t)'0';

        if ((digit > 9u) || (sum > ((UINT32_MAX - digit) / 10u))) {
            return false;
        }
        sum = (sum * 10u) + digit;
    }
    *number = sum;
    return true;
}

static bool is(const struct console *console, const char *word)
{
    return begins_with(console, word) == console->size;
}

static enum command command(const struct console *console, uint32_t *number)
{
    if ((console->size == 0u) || (console->size > CONSOLE_LINE)) {
        return NO_COMMAND;
    }
    if (is(console, "button")) {
        return BUTTON;
    }
    if (is(console, "dismiss")) {
        return DISMISS;
    }
    if (is(console, "stack")) {
        return STACK;
    }
    if (is(console, "water")) {
        return WATER;
    }
    if (is(console, "trip")) {
        return TRIP;
    }
    if (number_after(console, "scale ", number)) {
        return SCALE;
    }
    return number_after(console, "stall ", number) ? STALL : NO_COMMAND;
}

enum command console_feed(struct console *console, uint8_t byte, uint32_t *number)
{
    enum command done = NO_COMMAND;

    if (byte == (uint8_t)'\n') {
        done = command(console, number);
        console->size = 0u;
    } else if (byte != (uint8_t)'\r') {
        if (console->size < CONSOLE_LINE) {
            console->line[console->size] = (char)byte;
        }
        /* One past the end marks a line that is too long, however long it gets. */
        if (console->size <= CONSOLE_LINE) {
            console->size++;
        }
    } else {
        /* A CR is no part of a line. */
    }
    return done;
}

uint64_t pace_board_ms(const struct pace *pace, uint64_t real_ms)
{
    return pace->board_ms + ((real_ms - pace->real_ms) * pace->scale);
}

void pace_set(struct pace *pace, uint64_t real_ms, uint32_t scale)
{
    pace->board_ms = pace_board_ms(pace, real_ms);
    pace->real_ms = real_ms;
    pace->scale = scale;
    if (scale == 0u) {
        pace->scale = 1u;
    }
    if (scale > SCALE_MAX) {
        pace->scale = SCALE_MAX;
    }
}
