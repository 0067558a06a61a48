/* Gives every message to the handler and compares its answer. The result is 0, or which one was
   answered wrongly. */
#include "two.h"

#include <string.h>

volatile int lamp;
volatile int fan;

static char out[2048];

static int has(size_t size, const struct exchange *one)
{
    size_t at;

    for (at = 0u; at + one->wanted_size <= size; at++) {
        if (memcmp(out + at, one->wanted, one->wanted_size) == 0) {
            return 1;
        }
    }
    return 0;
}

int main(void)
{
    unsigned at;

    if (!ready()) {
        return 100;
    }
    for (at = 0u; at < exchanges_count; at++) {
        const struct exchange *one = &exchanges[at];
        if (!has(handled(one->message, one->size, out, sizeof out), one)) {
            return (int)at + 1;
        }
    }
    return changed() ? 0 : 101;
}
