#include "stub.h"

struct device {
    int unused;
};
extern const struct device stub_device;
#define DEVICE_DT_GET(node) (&stub_device)
#define DT_CHOSEN(name) name
#define DT_ALIAS(name) name

static inline int64_t k_uptime_get(void)
{
    return (int64_t)stub_ms();
}
static inline void k_yield(void) {}
#define main app_main
