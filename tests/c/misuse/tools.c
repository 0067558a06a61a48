/* Tools come and go while a device serves: by id, with their calls under way, and clients are told. */
#include "../support/client.h"
#include <trine_news.h>
#include <trine_tools.h>

#define PLACES 2u

TRINE_STORAGE(places, TRINE_TOOLS_BYTES(PLACES));
static uint64_t news_memory[32];
static int stopped;
static int resets;
static int losses;

static trine_status lamp(void *user_data, trine_call *call)
{
    const int *factor = user_data;

    return trine_put_int(call, trine_result(call, TRINE_TEXT("level")),
                         trine_get_int(call, trine_param(call, TRINE_TEXT("level"))) * *factor);
}

static trine_status later(void *user_data, trine_call *call)
{
    (void)user_data;
    fixture_pending = trine_call_get_id(call);
    return TRINE_PENDING;
}

static void on_stop(void *user_data, trine_call_id id)
{
    (void)user_data;
    CHECK(id == fixture_pending);
    stopped++;
}

static void on_reset(void *user_data)
{
    (void)user_data;
    resets++;
}

static void on_link_lost(void *user_data)
{
    (void)user_data;
    losses++;
}

static int once = 1;
static int twice = 2;
static const trine_node level[] = {TRINE_INT(TRINE_REQUIRED, "level", "", "How much.", 0, 100)};
static const trine_node backwards[] = {TRINE_INT(TRINE_REQUIRED, "level", "", "How much.", 9, 1)};
static const trine_tool_more waits = {.struct_size = sizeof(trine_tool_more),
                                      .pending_bytes = 4u,
                                      .on_link_lost = on_link_lost,
                                      .on_reset = on_reset,
                                      .on_stop = on_stop};
static const trine_tool_more greedy = {.struct_size = sizeof(trine_tool_more), .pending_bytes = 5u};
static const trine_tool
    dim = TRINE_TOOL("lamp", "", "Dims the lamp.", 0u, level, level, lamp, &once),
    bright = TRINE_TOOL("lamp", "", "Dims a brighter lamp.", 0u, level, level, lamp, &twice),
    slow = TRINE_TOOL_MORE("slow", "", "", "Takes a while.", 0u, TRINE_CONSENT_NONE, 0u, level,
                           level, later, NULL, &waits),
    fan = TRINE_TOOL("fan", "", "Turns.", 0u, NULL, NULL, lamp, &once),
    echo = TRINE_TOOL("echo", "", "The name is taken.", 0u, NULL, NULL, lamp, &once),
    wrong = TRINE_TOOL("wrong", "", "Bounds are swapped.", 0u, level, backwards, lamp, &once),
    many = TRINE_TOOL_MORE("many", "", "", "Owns too much.", 0u, TRINE_CONSENT_NONE, 0u, NULL, NULL,
                           lamp, NULL, &greedy),
    asks = TRINE_TOOL_MORE("asks", "", "", "Asks a person.", 0u, TRINE_CONSENT_DEVICE, 0u, NULL,
                           NULL, lamp, NULL, NULL);

#define CALL(id, name)                                                                             \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"" name     \
    "\",\"arguments\":{\"level\":21}}}"
#define LIST "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\"}"

static void a_device_without_places_has_none(void)
{
    trine_tool_id id = 0u;

    REFUSES(trine_tools_add(fixture_device, &dim, &id, NULL), TRINE_E_STATE);
    REFUSES(trine_tools_count(fixture_device), TRINE_E_STATE);
    REFUSES(trine_tools_init(places, TRINE_TOOLS_BYTES(0u), fixture_device), TRINE_E_NO_SPACE);
    REFUSES(trine_tools_init((char *)(void *)places + 1, sizeof places - 1u, fixture_device),
            TRINE_E_ALIGNMENT);
    CHECK(trine_tools_init(places, sizeof places, fixture_device) == TRINE_OK);
    REFUSES(trine_tools_init(places, sizeof places, fixture_device), TRINE_E_STATE);
    CHECK(trine_tools_count(fixture_device) == 0 && fixture_works());
}

static void what_cannot_be_served_is_refused(void)
{
    trine_problem problem = {0};
    trine_tool_id id = 5u;

    REFUSES(trine_tools_add(fixture_device, &echo, &id, &problem), TRINE_E_TABLE);
    CHECK(strstr(problem.rule.data, "same name") != NULL && problem.node == -1);
    REFUSES(trine_tools_add(fixture_device, &wrong, &id, &problem), TRINE_E_TABLE);
    CHECK(problem.node == 1000 && problem.rule.size > 0u);
    REFUSES(trine_tools_add(fixture_device, &many, &id, &problem), TRINE_E_NO_SPACE);
    CHECK(strstr(problem.rule.data, "pending_max") != NULL);
    REFUSES(trine_tools_add(fixture_device, &asks, &id, &problem), TRINE_E_NO_SPACE);
    CHECK(strstr(problem.rule.data, "consent_bytes") != NULL && id == 5u);
    CHECK(trine_tools_count(fixture_device) == 0);
}

static void a_tool_is_served_from_when_it_is_added(void)
{
    trine_tool_id id = 0u;
    trine_tool_id found = 0u;

    CHECK(say(CALL("2", "lamp")) == TRINE_OK && says("error"));
    CHECK(trine_tools_add(fixture_device, &dim, &id, NULL) == TRINE_OK && id != 0u);
    CHECK(next() && says("notifications/tools/list_changed") && !next());
    CHECK(say(LIST) == TRINE_OK && says("\"lamp\"") && says("\"echo\"") && says("Dims the lamp."));
    CHECK(say(CALL("2", "lamp")) == TRINE_OK && says("{\"level\":21}"));
    CHECK(trine_tools_find(fixture_device, TRINE_TEXT("lamp"), &found) == TRINE_OK && found == id);
    CHECK(trine_tools_find(fixture_device, TRINE_TEXT("fan"), &found) == TRINE_E_NOT_FOUND);
    CHECK(trine_tools_number(fixture_device, id) == 3 && trine_tools_count(fixture_device) == 1);
    CHECK(trine_tools_add(fixture_device, &dim, NULL, NULL) == TRINE_E_TABLE);

    /* Another one under the same id and number. */
    CHECK(trine_tools_replace(fixture_device, id, &bright, NULL) == TRINE_OK && next());
    CHECK(say(CALL("2", "lamp")) == TRINE_OK && says("{\"level\":42}"));
    CHECK(say(LIST) == TRINE_OK && says("brighter") && !says("Dims the lamp."));
    CHECK(trine_tools_number(fixture_device, id) == 3);

    /* A third finds no place, until there is one. */
    CHECK(trine_tools_add(fixture_device, &slow, &found, NULL) == TRINE_OK && resets == 1);
    CHECK(trine_tools_add(fixture_device, &fan, NULL, NULL) == TRINE_E_FULL);
    CHECK(trine_tools_replace(fixture_device, found, &bright, NULL) == TRINE_E_TABLE);
    CHECK(trine_tools_remove(fixture_device, id) == TRINE_OK);
    CHECK(trine_tools_remove(fixture_device, id) == TRINE_E_STALE);
    CHECK(trine_tools_replace(fixture_device, id, &dim, NULL) == TRINE_E_STALE);
    CHECK(trine_tools_number(fixture_device, id) == TRINE_E_STALE);
    CHECK(say(CALL("2", "lamp")) == TRINE_OK && says("error"));

    /* What is behind the gap is served as before. */
    CHECK(say(LIST) == TRINE_OK && says("\"slow\"") && !says("\"lamp\""));
    CHECK(trine_tools_number(fixture_device, found) == 4);
    CHECK(say(CALL("2", "slow")) == TRINE_PENDING);
    CHECK(trine_resume(fixture_device, fixture_pending, 1u, finish, NULL) == TRINE_OK);
    while (next() && !says("\"id\":2")) {
    }
    CHECK(says("{\"level\":7}"));
    CHECK(trine_tools_high_water(fixture_device) == 2 && trine_tools_count(fixture_device) == 1);
    CHECK(trine_tools_add(fixture_device, &dim, &found, NULL) == TRINE_OK && found != id);
}

static void a_call_under_way_ends_when_its_tool_goes(void)
{
    trine_tool_id id = 0u;
    int lost = losses;

    CHECK(trine_tools_find(fixture_device, TRINE_TEXT("slow"), &id) == TRINE_OK);
    while (next()) {
    }
    CHECK(say(CALL("8", "slow")) == TRINE_PENDING && stopped == 0);
    CHECK(trine_tools_replace(fixture_device, id, &slow, NULL) == TRINE_OK);
    CHECK(stopped == 1 && losses == lost + 1 && resets == 2);
    CHECK(trine_resume(fixture_device, fixture_pending, 1u, finish, NULL) == TRINE_E_STALE);
    CHECK(next() && says("list_changed"));
    CHECK(next() && says("\"id\":8") && says("replaced or removed") && says("\"isError\":true"));
    CHECK(!next());

    /* It was done, but what it wrote was of a tool that nobody knows any more. */
    CHECK(say(CALL("9", "slow")) == TRINE_PENDING);
    CHECK(trine_resume(fixture_device, fixture_pending, 1u, finish, NULL) == TRINE_OK);
    CHECK(trine_tools_remove(fixture_device, id) == TRINE_OK && stopped == 1);
    CHECK(next() && says("list_changed"));
    CHECK(next() && says("\"id\":9") && says("\"isError\":true") && !says("\"level\":7"));
    CHECK(!next() && fixture_works());
}

static trine_status changes_itself(trine_call *call)
{
    trine_tool_id id = 0u;

    CHECK(trine_tools_find(fixture_device, TRINE_TEXT("lamp"), &id) == TRINE_E_BUSY);
    CHECK(trine_tools_remove(fixture_device, 1u) == TRINE_E_BUSY);
    CHECK(trine_tools_add(fixture_device, &fan, NULL, NULL) == TRINE_E_BUSY);
    return (call != NULL) ? TRINE_OK : TRINE_E_FAILED;
}

int main(void)
{
    fixture_start();
    a_device_without_places_has_none();
    what_cannot_be_served_is_refused();
    CHECK(trine_news_init(news_memory, sizeof news_memory, fixture_device) == TRINE_OK);
    client_open();
    CHECK(says("\"tools\":{\"listChanged\":true}"));
    client_is_ready();
    a_tool_is_served_from_when_it_is_added();
    a_call_under_way_ends_when_its_tool_goes();
    fixture_hook = changes_itself;
    (void)fixture_call("hook", 1);
    CHECK(fixture_works());
    CHECK(trine_deinit(fixture_device) == TRINE_OK);
    return check_failures("tools");
}
