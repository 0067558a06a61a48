#include "water.h"

#include "board.h"
#include "device.h"
#include "tools.h"

#define COCK_LED 1u
/* Longest time without a poll before the water stops. */
#define POLL_MS 500u

static volatile bool is_open;
/* Set by the timer when it has closed the cock, until the loop has closed the valves too. */
static volatile bool tripped;
static volatile uint32_t silent_ms;
static volatile uint32_t polled_ms;

/* Whether the loop works and the host was heard of late. For the timer's interrupt too. */
static bool is_live(const trine_device *device, uint64_t now)
{
    return trine_is_live(device, (uint32_t)now, POLL_MS, DEVICE_LINK_MS) > 0;
}

static void set(bool open)
{
    is_open = open;
    board_led(COCK_LED, open);
}

void water_follow(const trine_device *device, uint64_t now)
{
    bool wanted = false;
    uint32_t mask;
    uint32_t i;

    polled_ms = (uint32_t)now;
    if (tripped) {
        gh_valve_close(&board, GH_ALL_VALVES);
        tripped = false;
    }
    for (i = 0u; i < GH_VALVES; i++) {
        wanted = wanted || board.valves_open[i];
    }
    mask = board_mask();
    set(wanted && is_live(device, now));
    board_unmask(mask);
}

void water_guard(const trine_device *device, uint64_t now)
{
    if (is_open && !is_live(device, now)) {
        set(false);
        silent_ms = (uint32_t)now - polled_ms;
        tripped = true;
    }
}

bool water_flows(void)
{
    return is_open;
}

uint32_t water_trip_ms(void)
{
    return silent_ms;
}
