/* A tool that calls its own device: every function that belongs to the owner says that it is busy,
 * those of interrupts work, and the call is answered as if nothing had been tried. */
#include "../support/fixture.h"

static trine_status finish(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
    CHECK(false);
    return TRINE_OK;
}

static trine_status inside(trine_call *call)
{
    const uint8_t *bytes = NULL;
    uint8_t *place = NULL;
    uint64_t due = 99u;
    char answer[64];
    size_t size = 99u;
    uint8_t zero = 0u;
    trine_counters counters = {.struct_size = sizeof(trine_counters)};

    (void)call;
    REFUSES(trine_poll(fixture_device, 1u, 1u, &due), TRINE_E_BUSY);
    REFUSES(trine_tx_peek(fixture_device, &bytes), TRINE_E_BUSY);
    REFUSES(trine_tx_consume(fixture_device, 1u), TRINE_E_BUSY);
    REFUSES(trine_get_counters(fixture_device, 1u, &counters), TRINE_E_BUSY);
    REFUSES(trine_agree(fixture_device, 1u), TRINE_E_BUSY);
    REFUSES(trine_asked(fixture_device, 1u), TRINE_E_BUSY);
    REFUSES(trine_resume(fixture_device, 1u, 1u, finish, NULL), TRINE_E_BUSY);
    REFUSES(trine_event(fixture_device, 0u, "x", 1u), TRINE_E_BUSY);
    REFUSES(trine_progress(fixture_device, 1u, 1u, 1u, "x", 1u), TRINE_E_BUSY);
    REFUSES(trine_log(fixture_device, 1u, "x", 1u), TRINE_E_BUSY);
    REFUSES(trine_provision(fixture_device, 1), TRINE_E_BUSY);
    REFUSES(trine_handle_json(fixture_session, 1u, "{}", 2u, answer, sizeof answer, &size),
            TRINE_E_BUSY);
    REFUSES(trine_next_json(fixture_session, answer, sizeof answer, &size), TRINE_E_BUSY);
    REFUSES(trine_deinit(fixture_device), TRINE_E_BUSY);
    CHECK(due == 99u && size == 99u && bytes == NULL);

    CHECK(trine_feed(fixture_device, &zero, 1u) == 1);
    CHECK(trine_rx_buffer(fixture_device, &place) > 0);
    CHECK(trine_is_live(fixture_device, 1u, 1000u, 0u) >= 0);
    CHECK(trine_port_agree(fixture_port) == TRINE_OK);
    return TRINE_OK;
}

int main(void)
{
    fixture_start();
    fixture_hook = inside;
    CHECK(strstr(fixture_call("hook", 5), "\"structuredContent\":{\"number\":5}") != NULL);
    CHECK(trine_poll(fixture_device, 2u, 8u, NULL) == TRINE_OK);
    CHECK(fixture_works());
    return check_failures("reentry");
}
