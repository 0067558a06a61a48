/* The calls as Protocol Buffers, of two.proto. */
#include "two.h"

const struct exchange exchanges[] = {
    EXCHANGE("\x08\x03\x12\x02\x08\x01", "\x08\x03"),
    EXCHANGE("\x08\x04\x1a\x02\x08\x28", "\x08\x04\x10\x28"),
    EXCHANGE("\x08\x05\x1a\x02\x08\x65", "\x08\x05\x18\x01"),
};
const unsigned exchanges_count = sizeof exchanges / sizeof exchanges[0];

int changed(void)
{
    return lamp == 1 && fan == 40;
}
