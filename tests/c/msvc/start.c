/* Where a program begins, and what a compiler asks of the run-time library by itself. */
#include <stdlib.h>

int main(void);
void mainCRTStartup(void);

/* Asked for by every object that computes with floating-point numbers. */
const int _fltused = 0;

void mainCRTStartup(void)
{
    exit(main());
}
