/* TRINE_DEVICE_BYTES next to trine_sizeof() for many configurations: enough, and hardly more. */
#define TRINE_TOOLS_MAX 3u
#define TRINE_CONSENT_BYTES 0u
#include "../support/fixture.h"

static const char name[] = "a greenhouse with a rather long name, for whoever reads this";
static const uint16_t sizes[] = {1u, 40u, 192u, 1000u, 4096u, 65535u};
static const uint8_t counts[] = {1u, 4u, 64u};
#define SIZES (sizeof sizes / sizeof sizes[0])
#define COUNTS (sizeof counts / sizeof counts[0])

static void is_close(const trine_config *config)
{
    const size_t needed = trine_sizeof(config);
    const size_t bound =
        TRINE_DEVICE_BYTES(config->rx_bytes, config->message_max, config->result_max,
                           config->repeat_max, config->pending_max, config->calls_max,
                           config->product.size);

    CHECK(needed > 0u && needed <= bound);
    CHECK(bound <= needed + needed / 20u);
}

int main(void)
{
    size_t at;

    for (at = 0u; at < SIZES * SIZES * SIZES * SIZES * COUNTS * 2u; at++) {
        trine_config config = fixture_config;

        config.rx_bytes = sizes[at % SIZES];
        config.message_max = sizes[at / SIZES % SIZES];
        config.result_max = sizes[at / SIZES / SIZES % SIZES];
        config.repeat_max = sizes[at / SIZES / SIZES / SIZES % SIZES];
        config.pending_max = sizes[at % 3u];
        config.calls_max = counts[at / SIZES / SIZES / SIZES / SIZES % COUNTS];
        config.product.data = name;
        config.product.size = (at % 2u == 0u) ? sizeof name - 1u : 0u;
        is_close(&config);
    }
    return check_failures("device_bytes");
}
