/* Started in memory of any content, ended twice, used before the start and after the end. */
#include "../support/fixture.h"

static uint64_t memory[FIXTURE_BYTES / 8u];

int main(void)
{
    trine_device *device = NULL;
    trine_device *again = NULL;
    trine_device *never = (trine_device *)memory;
    const uint8_t *bytes = NULL;
    uint8_t byte = 0u;
    unsigned fill;

    fixture_start();
    CHECK(fixture_works());

    CHECK(trine_poll(never, 0u, 1u, NULL) == TRINE_E_STATE);
    CHECK(trine_feed(never, &byte, 1u) == TRINE_E_STATE);
    CHECK(trine_tx_peek(never, &bytes) == TRINE_E_STATE);
    CHECK(trine_is_live(never, 0u, 1u, 1u) == TRINE_E_STATE);
    CHECK(trine_deinit(never) == TRINE_E_STATE);

    CHECK(trine_init(memory, sizeof memory, &fixture_config, &device, NULL) == TRINE_OK);
    CHECK(trine_deinit(device) == TRINE_OK);
    CHECK(trine_deinit(device) == TRINE_E_STATE);
    CHECK(trine_poll(device, 0u, 1u, NULL) == TRINE_E_STATE);
    CHECK(trine_tx_consume(device, 1u) == TRINE_E_STATE);
    CHECK(trine_agree(device, 0u) == TRINE_E_STATE);
    CHECK(trine_provision(device, 1) == TRINE_E_STATE);
    CHECK(trine_init(memory, sizeof memory, &fixture_config, &again, NULL) == TRINE_OK);
    CHECK(trine_poll(again, 0u, 8u, NULL) == TRINE_OK);
    CHECK(trine_deinit(again) == TRINE_OK);

    /* What memory holds does not keep a device from starting: the image of a device that a reset or
       free() left behind, or anything else. */
    CHECK(trine_init(memory, sizeof memory, &fixture_config, &device, NULL) == TRINE_OK);
    CHECK(trine_poll(device, 0u, 8u, NULL) == TRINE_OK);
    CHECK(trine_init(memory, sizeof memory, &fixture_config, &again, NULL) == TRINE_OK);
    CHECK(trine_poll(again, 0u, 8u, NULL) == TRINE_OK);
    for (fill = 0u; fill < 256u; fill++) {
        (void)memset(memory, (int)fill, sizeof memory);
        CHECK(trine_init(memory, sizeof memory, &fixture_config, &again, NULL) == TRINE_OK);
        CHECK(trine_poll(again, 0u, 8u, NULL) == TRINE_OK);
    }

    CHECK(fixture_works());
    CHECK(trine_deinit(fixture_device) == TRINE_OK);
    return check_failures("twice");
}
