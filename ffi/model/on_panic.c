/* What libtrine_model of a host ends with where the program brings no `trine_on_panic`: it stands in
 * the archive as a member of its own, which a linker takes only if nobody else has the function. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void trine_on_panic(const char *file, size_t size, uint32_t line);

void trine_on_panic(const char *file, size_t size, uint32_t line)
{
    (void)fprintf(stderr, "trine: a fault of the library at %.*s:%lu\n", (int)size, file,
                  (unsigned long)line);
    abort();
}
