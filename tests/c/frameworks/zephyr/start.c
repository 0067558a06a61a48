#include "stub.h"

#include <zephyr/kernel.h>

#undef main

const struct device stub_device = {0};
int app_main(void);

/* The program's own `main` is called by this name. */
int main(void)
{
    stub_start();
    return app_main();
}
