/* A lamp that AI models switch: the LED `led0` of the board, and its console's UART.
 *
 *     trine call --serial /dev/ttyACM0 lamp lamp_switch '{"on": true}'
 */
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>

#include <trine.h>

static const struct gpio_dt_spec led = GPIO_DT_SPEC_GET(DT_ALIAS(led0), gpios);
static const struct device *const line = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));

/* The tool. Its arguments were checked before it runs. */
enum { LAMP_ON };

static trine_status lamp(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)gpio_pin_set_dt(&led, trine_get_bool(call, LAMP_ON) ? 1 : 0);
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

/* A UART with interrupts feeds in its handler instead: trine_feed() may be called there. */
int main(void)
{
    const uint8_t *out = NULL;
    unsigned char byte;
    int32_t size;

    (void)gpio_pin_configure_dt(&led, GPIO_OUTPUT_INACTIVE);
    if (begin() != TRINE_OK) {
        return 1;
    }
    for (;;) {
        while (uart_poll_in(line, &byte) == 0) {
            (void)trine_feed(device, &byte, 1);
        }
        (void)trine_poll(device, (uint64_t)k_uptime_get(), 8, NULL);
        while ((size = trine_tx_peek(device, &out)) > 0) {
            int32_t at;
            for (at = 0; at < size; at++) {
                uart_poll_out(line, out[at]);
            }
            (void)trine_tx_consume(device, (size_t)size);
        }
        k_yield();
    }
}
