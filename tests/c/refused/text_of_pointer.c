/* The size of a pointer is not that of its text. */
#include <trine.h>

extern const char *name;
trine_text text_of(void);

trine_text text_of(void)
{
    trine_text text = {TRINE_TEXT(name)};
    return text;
}
