/* A buffer that is too small for an answer: the bytes needed are told, no tool has run, and the
 * same message is answered when there is room. Counts beyond what is there. */
#include "../support/fixture.h"

static int entered;

static trine_status count(trine_call *call)
{
    (void)call;
    entered++;
    return TRINE_OK;
}

/* Whether some bytes hold a text. */
static bool has(const char *bytes, size_t size, const char *text)
{
    size_t at;
    size_t length = strlen(text);

    for (at = 0u; at + length <= size; at++) {
        if (memcmp(&bytes[at], text, length) == 0) {
            return true;
        }
    }
    return false;
}

static void answers(void)
{
    static const char list[] =
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
        "\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}";
    char answer[1024];
    size_t size = 0u;
    size_t needed;
    size_t room;

    CHECK(trine_handle_json(fixture_session, 1u, list, sizeof list - 1u, answer, sizeof answer,
                            &size)
          == TRINE_OK);
    needed = size;
    CHECK(needed > 64u);
    for (room = 0u; room < needed; room++) {
        trine_status status;

        (void)memset(answer, '#', sizeof answer);
        size = 0u;
        status = trine_handle_json(fixture_session, 1u, list, sizeof list - 1u, answer, room,
                                   &size);
        /* Where an error fits, that is the answer; where nothing does, the bytes are told. */
        CHECK((status == TRINE_E_NO_SPACE && size > room)
              || (status == TRINE_OK && size <= room && has(answer, size, "\"error\"")));
        CHECK(answer[room] == '#' && answer[sizeof answer - 1u] == '#');
    }
    CHECK(trine_handle_json(fixture_session, 1u, list, sizeof list - 1u, answer, needed, &size)
          == TRINE_OK);
    CHECK(size == needed);
}

static void counts(void)
{
    const uint8_t *bytes = NULL;
    uint8_t *place = NULL;
    int32_t waits = trine_tx_peek(fixture_device, &bytes);
    int32_t room;

    CHECK(waits >= 0);
    CHECK(trine_tx_consume(fixture_device, SIZE_MAX) == TRINE_OK);
    CHECK(trine_tx_peek(fixture_device, &bytes) == 0);
    room = trine_rx_buffer(fixture_device, &place);
    CHECK(room > 0 && place != NULL);
    (void)memset(place, 0, (size_t)room);
    CHECK(trine_rx_commit(fixture_device, SIZE_MAX) == TRINE_OK);
    CHECK(trine_poll(fixture_device, 1u, 1000u, NULL) == TRINE_OK);
    CHECK(trine_rx_buffer(fixture_device, &place) > 0);
}

/* More bytes than there is room for: what was taken is told, the others are counted. */
static void too_much(void)
{
    static uint8_t zeros[2048];
    trine_counters counters = {.struct_size = sizeof(trine_counters)};
    int32_t taken;

    taken = trine_feed(fixture_device, zeros, sizeof zeros);
    CHECK(taken > 0 && (size_t)taken < sizeof zeros);
    CHECK(trine_feed(fixture_device, zeros, 1u) == 0);
    CHECK(trine_poll(fixture_device, 2u, 1000u, NULL) == TRINE_OK);
    CHECK(trine_get_counters(fixture_device, 2u, &counters) == TRINE_OK);
    CHECK(counters.bytes_lost == sizeof zeros - (uint32_t)taken + 1u);
    CHECK(trine_feed(fixture_device, zeros, 1u) == 1);
}

int main(void)
{
    fixture_start();
    fixture_hook = count;
    answers();
    CHECK(entered == 0);
    counts();
    too_much();
    CHECK(fixture_works());
    CHECK(strstr(fixture_call("hook", 5), "{\"number\":5}") != NULL && entered == 1);
    return check_failures("short_buffer");
}
