#include "text.h"

#include <string.h>

void text_put_bytes(struct text *text, const char *part, size_t size)
{
    size_t room = TEXT_BYTES - text->size;
    size_t count = (size > room) ? room : size;

    (void)memcpy(&text->bytes[text->size], part, count);
    text->size += count;
}

void text_put(struct text *text, const char *part)
{
    text_put_bytes(text, part, strlen(part));
}

void text_put_number(struct text *text, uint32_t number)
{
    static const char digits[] = "0123456789";
    uint32_t scale = 1000000000u;

    while ((scale > 1u) && (number < scale)) {
        scale /= 10u;
    }
    while (scale > 0u) {
        text_put_bytes(text, &digits[(number / scale) % 10u], 1u);
        scale /= 10u;
    }
}
