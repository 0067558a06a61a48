/* Stands for Arduino's core, by the emulated board. */
#include "stub.h"

enum { LOW, HIGH, OUTPUT, LED_BUILTIN = 13 };

static inline void pinMode(int pin, int mode)
{
    (void)pin;
    (void)mode;
}
static inline void digitalWrite(int pin, int level)
{
    (void)pin;
    stub_led(level == HIGH);
}
static inline unsigned long millis()
{
    return static_cast<unsigned long>(stub_ms());
}
static inline void delay(unsigned long) {}

struct SerialPort {
    uint8_t next;
    bool has_next;

    void begin(long) {}
    int available()
    {
        has_next = has_next || stub_read(&next);
        return has_next ? 1 : 0;
    }
    int read()
    {
        has_next = false;
        return next;
    }
    size_t write(const uint8_t *bytes, size_t size)
    {
        stub_write(bytes, size);
        return size;
    }
    void println(const char *) {}
};

static SerialPort Serial;

void setup();
void loop();

int main()
{
    stub_start();
    setup();
    for (;;) {
        loop();
    }
}
