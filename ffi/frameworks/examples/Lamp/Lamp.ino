// A lamp that AI models switch: the board's LED, at the serial port.
//
//     trine call --serial /dev/ttyACM0 lamp lamp_switch '{"on": true}'
#include <trine.h>

// The tool. Its arguments were checked before it runs.
enum { LAMP_ON };

static trine_status lamp(void *user_data, trine_call *call)
{
    (void)user_data;
    digitalWrite(LED_BUILTIN, trine_get_bool(call, LAMP_ON) ? HIGH : LOW);
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
    trine_config config = trine_config();

    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = tools;
    config.tools_count = 1;
    config.rx_bytes = 256;
    config.message_max = 192;
    config.result_max = 256;
    config.repeat_max = 32;
    config.calls_max = 2;
    config.product = trine_text{TRINE_TEXT("lamp")};
    return trine_init(memory, sizeof memory, &config, &device, NULL);
}

// What the host gets to read when the library does not start.
static trine_status started;
static trine_clock ticks;

void setup()
{
    pinMode(LED_BUILTIN, OUTPUT);
    Serial.begin(115200);
    started = begin();
}

void loop()
{
    const uint8_t *out = nullptr;
    int32_t size = 0;

    if (started != TRINE_OK) {
        Serial.println(trine_status_string(started));
        delay(1000);
        return;
    }
    while (Serial.available() > 0) {
        const uint8_t byte = (uint8_t)Serial.read();
        (void)trine_feed(device, &byte, 1);
    }
    // millis() wraps after 49 days; this time does not.
    (void)trine_poll(device, trine_now(&ticks, millis()), 8, nullptr);
    while ((size = trine_tx_peek(device, &out)) > 0) {
        (void)trine_tx_consume(device, Serial.write(out, (size_t)size));
    }
}
