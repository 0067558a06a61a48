/* Short sentences with a number or a name in them, put together without printf. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Room for `timer 255 has ended: ` and the longest label. */
#define TEXT_BYTES 120u

struct text {
    size_t size;
    char bytes[TEXT_BYTES];
};

#define TEXT_EMPTY {0u, {0}}

/* Adds a part; what does not fit is left out: half of a notice still helps. */
void text_put(struct text *text, const char *part);
void text_put_bytes(struct text *text, const char *part, size_t size);
void text_put_number(struct text *text, uint32_t number);

#endif
