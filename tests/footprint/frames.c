/* A host's greeting as a frame of docs/wire.md; the device says who it is. Calls are counted and
   compared elsewhere: this is about bytes. */
#include "two.h"

const struct exchange exchanges[] = {
    EXCHANGE("\x00\x01\x09\x01\xb4\x24\x8d\xe0\xfb\xd7\x0c\x0b\x80\x20\x80\x40\xe8\x07"
             "\x8b\xfa\xc7\x4b\x00",
             "two"),
};
const unsigned exchanges_count = sizeof exchanges / sizeof exchanges[0];

int changed(void)
{
    return 1;
}
