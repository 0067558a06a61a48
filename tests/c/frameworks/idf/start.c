#include "stub.h"

void app_main(void);

int main(void)
{
    stub_start();
    app_main();
    return 0;
}
