/* Without an RTOS: one loop, and sleep. The converter's context is an interrupt. */
#include "app.h"
#include "board.h"
#include "image.h"
#if GREENHOUSE_ASK
#include "sentences.h"
#endif

/* Both the DMA's interrupt and the converter's are played by the one that can be raised by hand. */
static volatile bool measured;

void app_wake(void)
{
    app_set_work();
}

void app_raise_measured(void)
{
    measured = true;
    board_defer();
}

void board_ticked(void)
{
    app_ticked();
}

void board_deferred(void)
{
    app_deferred();
    if (measured) {
        measured = false;
        app_measured();
    }
}

int main(void)
{
    app_start();
    for (;;) {
        app_turn();
#if GREENHOUSE_ASK
        sentences_read();
#endif
        board_sleep_unless(app_is_busy);
    }
}
