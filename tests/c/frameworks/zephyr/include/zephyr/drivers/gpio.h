#include "stub.h"

struct gpio_dt_spec {
    int unused;
};
#define GPIO_DT_SPEC_GET(node, property) {0}
#define GPIO_OUTPUT_INACTIVE 0

static inline int gpio_pin_configure_dt(const struct gpio_dt_spec *pin, int flags)
{
    (void)pin;
    (void)flags;
    return 0;
}
static inline int gpio_pin_set_dt(const struct gpio_dt_spec *pin, int on)
{
    (void)pin;
    stub_led(on != 0);
    return 0;
}
