/* A second thread calls while the owner is inside a tool: it is told that the device is busy, and
 * nothing has changed; what belongs to interrupts it may do. */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include <pthread.h>

#include "../support/fixture.h"

static trine_status finish(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
    return TRINE_OK;
}

static void *second(void *unused)
{
    const uint8_t *bytes = NULL;
    char answer[64];
    size_t size = 99u;
    uint8_t zero = 0u;

    (void)unused;
    REFUSES(trine_poll(fixture_device, 1u, 1u, NULL), TRINE_E_BUSY);
    REFUSES(trine_tx_peek(fixture_device, &bytes), TRINE_E_BUSY);
    REFUSES(trine_tx_consume(fixture_device, 1u), TRINE_E_BUSY);
    REFUSES(trine_event(fixture_device, 0u, "x", 1u), TRINE_E_BUSY);
    REFUSES(trine_resume(fixture_device, 1u, 1u, finish, NULL), TRINE_E_BUSY);
    REFUSES(trine_handle_json(fixture_session, 1u, "{}", 2u, answer, sizeof answer, &size),
            TRINE_E_BUSY);
    REFUSES(trine_deinit(fixture_device), TRINE_E_BUSY);
    CHECK(size == 99u);
    CHECK(trine_feed(fixture_device, &zero, 1u) == 1);
    CHECK(trine_is_live(fixture_device, 1u, 1000u, 0u) >= 0);
    CHECK(trine_port_event(fixture_port, 0u, "x", 1u) == TRINE_OK);
    return NULL;
}

/* The owner waits inside its tool, so that the second thread surely comes meanwhile. */
static trine_status inside(trine_call *call)
{
    pthread_t thread;

    (void)call;
    CHECK(pthread_create(&thread, NULL, second, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return TRINE_OK;
}

int main(void)
{
    fixture_start();
    fixture_hook = inside;
    CHECK(strstr(fixture_call("hook", 5), "\"structuredContent\":{\"number\":5}") != NULL);
    CHECK(trine_poll(fixture_device, 2u, 8u, NULL) == TRINE_OK);
    CHECK(fixture_works());
    return check_failures("second_thread");
}
