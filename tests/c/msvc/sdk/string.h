/* Stands for the header of Microsoft's SDK: the functions that the programs call. */
#ifndef STAND_IN_STRING_H
#define STAND_IN_STRING_H

#include <stddef.h>

#if defined(__cplusplus)
extern "C" {
#endif
void *memchr(const void *memory, int byte, size_t size);
int memcmp(const void *one, const void *other, size_t size);
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *memory, int byte, size_t size);
int strcmp(const char *one, const char *other);
char *strcpy(char *to, const char *from);
size_t strlen(const char *text);
char *strstr(const char *text, const char *part);
#if defined(__cplusplus)
}
#endif

#endif
