/* Progress, events and log reach a client at the MCP door: in order, to who wants them, never after
 * the answer; and who asks too seldom misses the oldest alone. */
#include "../support/client.h"
#include <trine_news.h>

static uint64_t news_memory[16];

static void progress_goes_to_who_asked_for_it(void)
{
    CHECK(say("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"wait\","
              "\"arguments\":{\"number\":1},\"_meta\":{\"progressToken\":\"p-1\"}}}") ==
          TRINE_PENDING);
    CHECK(trine_progress(fixture_device, fixture_pending, 1u, 3u, TRINE_TEXT("warming")) ==
          TRINE_OK);
    CHECK(trine_progress(fixture_device, fixture_pending, 2u, 3u, NULL, 0u) == TRINE_OK);
    CHECK(trine_resume(fixture_device, fixture_pending, 2u, finish, NULL) == TRINE_OK);
    CHECK(trine_progress(fixture_device, fixture_pending, 3u, 3u, NULL, 0u) == TRINE_E_STALE);
    CHECK(next() && says("notifications/progress") && says("\"p-1\"") && says("warming") &&
          says("\"total\":3"));
    CHECK(next() && says("\"progress\":2"));
    CHECK(next() && says("\"id\":2") && says("\"number\":7"));
    CHECK(!next());
    /* A client without a token gets the answer alone. */
    CHECK(say("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"wait\","
              "\"arguments\":{\"number\":1}}}") == TRINE_PENDING);
    CHECK(trine_progress(fixture_device, fixture_pending, 1u, 3u, NULL, 0u) == TRINE_OK);
    CHECK(trine_resume(fixture_device, fixture_pending, 3u, finish, NULL) == TRINE_OK);
    CHECK(next() && says("\"id\":3") && !next());
}

static void events_and_log_reach_sessions(void)
{
    unsigned at;

    CHECK(trine_event(fixture_device, 0u, TRINE_TEXT("the tank is empty")) == TRINE_OK);
    CHECK(trine_port_event(fixture_port, 1u, TRINE_TEXT("from an interrupt")) == TRINE_OK);
    CHECK(trine_log(fixture_device, 4u, TRINE_TEXT("it is hot")) == TRINE_OK);
    CHECK(trine_log(fixture_device, 0u, TRINE_TEXT("for nobody")) == TRINE_OK);
    CHECK(trine_poll(fixture_device, 4u, 100u, NULL) == TRINE_OK);
    CHECK(next() && says("\"level\":\"notice\",\"logger\":\"echo\",\"data\":\"the tank is empty\""));
    CHECK(next() && says("\"level\":\"error\"") && says("it is hot"));
    CHECK(next() && says("\"logger\":\"wait\"") && says("from an interrupt"));
    CHECK(!next());

    CHECK(say("{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"logging/setLevel\",\"params\":{\"level\":"
              "\"critical\"}}") == TRINE_OK && says("\"result\":{}"));
    CHECK(trine_event(fixture_device, 0u, TRINE_TEXT("hidden")) == TRINE_OK);
    CHECK(trine_log(fixture_device, 5u, TRINE_TEXT("shown")) == TRINE_OK);
    CHECK(next() && says("shown") && !next());
    CHECK(say("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"logging/setLevel\",\"params\":{\"level\":"
              "\"loud\"}}") == TRINE_OK && says("-32602") && says("level must be"));

    /* No host and no room keeps a program waiting: the oldest go. */
    for (at = 0u; at < 200u; at++) {
        CHECK(trine_log(fixture_device, 7u, TRINE_TEXT("again")) == TRINE_OK);
        CHECK(trine_event(fixture_device, 0u, TRINE_TEXT("again")) == TRINE_OK);
    }
    for (at = 0u; next(); at++) {
        CHECK(says("again"));
    }
    CHECK(at >= 3u && at <= 8u);
}

int main(void)
{
    fixture_start();
    CHECK(trine_news_init(news_memory, 63u, fixture_device) == TRINE_E_NO_SPACE);
    CHECK(trine_news_init(news_memory, sizeof news_memory, fixture_device) == TRINE_OK);
    client_open();
    CHECK(says("\"logging\":{}"));
    /* Nothing before the client is ready. */
    CHECK(trine_log(fixture_device, 7u, TRINE_TEXT("too early")) == TRINE_OK);
    CHECK(!next());
    client_is_ready();
    progress_goes_to_who_asked_for_it();
    events_and_log_reach_sessions();
    CHECK(fixture_works());
    CHECK(trine_deinit(fixture_device) == TRINE_OK);
    return check_failures("news");
}
