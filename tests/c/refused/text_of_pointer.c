/* The size of a pointer is not that of its text. With WRONG this must not compile; without, it must. */
#include <trine.h>

#if defined(WRONG)
extern const char *name;
#else
extern const char name[8];
#endif
trine_text text_of(void);

trine_text text_of(void)
{
    trine_text text = {TRINE_TEXT(name)};
    return text;
}
