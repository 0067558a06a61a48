/* A lamp that AI models switch: a pin, and UART 0.
 *
 *     trine call --serial /dev/ttyUSB0 lamp lamp_switch '{"on": true}'
 */
#include <driver/gpio.h>
#include <driver/uart.h>
#include <esp_timer.h>
#include <trine.h>

#define LAMP GPIO_NUM_8
#define LINE UART_NUM_0

/* The tool. Its arguments were checked before it runs. */
enum { LAMP_ON };

static trine_status lamp(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)gpio_set_level(LAMP, trine_get_bool(call, LAMP_ON) ? 1u : 0u);
    return TRINE_OK;
}

static const trine_node parameters[] = {
    TRINE_BOOL(TRINE_REQUIRED, "on", "True to switch on, false to switch off.")};
static const trine_tool tools[] = {
    TRINE_TOOL("lamp_switch", "Switch the lamp", "Switch the lamp of the board on or off.",
               TRINE_IDEMPOTENT, parameters, NULL, lamp, NULL)};

TRINE_STORAGE(memory, TRINE_DEVICE_BYTES(256u, 192u, 256u, 32u, 0u, 2u, 32u));
static trine_device *device;

static trine_status begin(void)
{
    trine_config config = {0};

    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = tools;
    config.tools_count = 1;
    config.rx_bytes = 256;
    config.message_max = 192;
    config.result_max = 256;
    config.repeat_max = 32;
    config.calls_max = 2;
    config.product = (trine_text){TRINE_TEXT("lamp")};
    return trine_init(memory, sizeof memory, &config, &device, NULL);
}

void app_main(void)
{
    const uint8_t *out = NULL;
    uint8_t bytes[64];
    int32_t size;

    (void)gpio_set_direction(LAMP, GPIO_MODE_OUTPUT);
    (void)uart_driver_install(LINE, 512, 0, 0, NULL, 0);
    if (begin() != TRINE_OK) {
        return;
    }
    for (;;) {
        /* Waits for bytes, 10 ms at most. */
        size = uart_read_bytes(LINE, bytes, sizeof bytes, pdMS_TO_TICKS(10));
        if (size > 0) {
            (void)trine_feed(device, bytes, (size_t)size);
        }
        (void)trine_poll(device, (uint64_t)esp_timer_get_time() / 1000u, 8, NULL);
        while ((size = trine_tx_peek(device, &out)) > 0) {
            const int sent = uart_write_bytes(LINE, out, (size_t)size);
            if (sent <= 0) {
                break;
            }
            (void)trine_tx_consume(device, (size_t)sent);
        }
    }
}
