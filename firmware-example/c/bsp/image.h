/* What every processor's start-up code has in common. */
#ifndef BSP_IMAGE_H
#define BSP_IMAGE_H

#include <stdint.h>

/* The program. It never returns. */
int main(void);

/* Copies initial values, clears variables, paints the stack and enters main(). */
void image_start(void);

/* Most bytes of stack ever in use, by the paint. */
uint32_t image_stack_used(void);

#endif
