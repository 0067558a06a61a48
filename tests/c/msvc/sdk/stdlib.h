/* Stands for the header of Microsoft's SDK: the functions that the programs call. */
#ifndef STAND_IN_STDLIB_H
#define STAND_IN_STDLIB_H

#include <stddef.h>

void exit(int status);
void free(void *memory);
void *malloc(size_t size);

#endif
