/* Stands for the header of Microsoft's SDK: printf() and its kin, by the functions that the
 * universal C run-time library exports. */
#ifndef STAND_IN_STDIO_H
#define STAND_IN_STDIO_H

#include <stdarg.h>
#include <stddef.h>

#if defined(__cplusplus)
extern "C" {
#endif
typedef struct stand_in_file FILE;

FILE *__acrt_iob_func(unsigned int number);
int __stdio_common_vfprintf(unsigned long long options, FILE *file, const char *format,
                            void *locale, va_list values);
int __stdio_common_vsprintf(unsigned long long options, char *text, size_t size,
                            const char *format, void *locale, va_list values);

#define stdout (__acrt_iob_func(1u))
#define stderr (__acrt_iob_func(2u))
/* A snprintf() that ends its text and answers how long it would be, as C99 has it. */
#define STAND_IN_C99 2u

static inline int fprintf(FILE *file, const char *format, ...)
{
    va_list values;
    int written;

    va_start(values, format);
    written = __stdio_common_vfprintf(0u, file, format, NULL, values);
    va_end(values);
    return written;
}

static inline int printf(const char *format, ...)
{
    va_list values;
    int written;

    va_start(values, format);
    written = __stdio_common_vfprintf(0u, stdout, format, NULL, values);
    va_end(values);
    return written;
}

static inline int snprintf(char *text, size_t size, const char *format, ...)
{
    va_list values;
    int written;

    va_start(values, format);
    written = __stdio_common_vsprintf(STAND_IN_C99, text, size, format, NULL, values);
    va_end(values);
    return written;
}
#if defined(__cplusplus)
}
#endif

#endif
