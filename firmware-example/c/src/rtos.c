/* With an RTOS: the loop is a task that sleeps until it is notified, and the converter is another
 * task, which owns a port. FreeRTOS V11, static memory only. */
#include "FreeRTOS.h"

#include "app.h"
#include "board.h"
#include "image.h"
#include "task.h"

#define OWNER_STACK 512u
#define CONVERTER_STACK 192u

static TaskHandle_t owner;
static TaskHandle_t converter;
static volatile BaseType_t started;

void xPortSysTickHandler(void);
void vPortSetupTimerInterrupt(void);

/* The board's clock runs already, at the rate that the kernel asks for. */
void vPortSetupTimerInterrupt(void)
{
    started = pdTRUE;
}

static void notify(TaskHandle_t task)
{
    BaseType_t woken = pdFALSE;

    if (started == pdFALSE) {
        return;
    }
    if (xPortIsInsideInterrupt() != pdFALSE) {
        vTaskNotifyGiveFromISR(task, &woken);
        portYIELD_FROM_ISR(woken);
    } else {
        (void)xTaskNotifyGive(task);
    }
}

void app_wake(void)
{
    app_set_work();
    notify(owner);
}

void app_raise_measured(void)
{
    notify(converter);
}

void board_ticked(void)
{
    if (started != pdFALSE) {
        xPortSysTickHandler();
    }
    app_ticked();
}

void board_deferred(void)
{
    app_deferred();
}

/* Sending is taken up each millisecond at the latest: a task does not sleep with a masked
 * interrupt, as the loop of bare.c does. */
static void own(void *unused)
{
    (void)unused;
    for (;;) {
        app_turn();
        if (!app_is_busy()) {
            (void)ulTaskNotifyTake(pdTRUE, 1u);
        }
    }
}

static void convert(void *unused)
{
    (void)unused;
    for (;;) {
        (void)ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
        app_measured();
    }
}

int main(void)
{
    static StackType_t owner_stack[OWNER_STACK];
    static StackType_t converter_stack[CONVERTER_STACK];
    static StaticTask_t owner_memory;
    static StaticTask_t converter_memory;

    app_start();
    owner = xTaskCreateStatic(own, "trine", OWNER_STACK, NULL, 2u, owner_stack, &owner_memory);
    converter = xTaskCreateStatic(convert, "converter", CONVERTER_STACK, NULL, 1u, converter_stack,
                                  &converter_memory);
    vTaskStartScheduler();
    return 1;
}
