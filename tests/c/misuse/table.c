/* A packed table: cut off, edited, of other functions or another form, and beside tools in macros.
 * What the library refuses it says so of, and the table as it was made is taken. */
#define BOARD_TOOLS_TABLE
#include "../../../firmware-example/c/src/board_tools.h"

#include "../support/fixture.h"
#include <trine_mcp.h>

static uint64_t memory[FIXTURE_BYTES / 8u];
static uint8_t bytes[sizeof board_tools_table];
static unsigned entered;

static trine_status answer(void *user_data, trine_call *call)
{
    (void)call;
    (*(unsigned *)user_data)++;
    return TRINE_OK;
}

static void safe(void *user_data)
{
    (*(unsigned *)user_data) += 100u;
}

static const trine_function calls[BOARD_TOOLS_COUNT] = {answer, answer, answer, answer, answer,
                                                        answer, answer, answer, answer, answer};
static const trine_table whole =
    TRINE_TABLE(bytes, calls, &entered, safe, safe, NULL, NULL, NULL);

static const trine_extra extra[] = {TRINE_ICONS(0u, "{\"icons\":[]}")};
static const trine_resource resource[] = {
    TRINE_RESOURCE("a:b", "name", "", "text/plain", "", 0u, "text", 4u)};
static const trine_mcp_lists with_extra = {
    .struct_size = sizeof(trine_mcp_lists), .extras_count = 1u, .extras = extra};
static const trine_mcp_lists with_resource = {
    .struct_size = sizeof(trine_mcp_lists), .resources_count = 1u, .resources = resource};

/* What a device with this table starts with; it is polled once when it starts. */
static trine_status start(const trine_table *table)
{
    trine_config config = fixture_config;
    trine_device *device = NULL;
    trine_status status;

    config.tools = NULL;
    config.tools_count = 0u;
    config.table = table;
    status = trine_init(memory, sizeof memory, &config, &device, NULL);
    CHECK((status == TRINE_OK) == (device != NULL));
    CHECK((status == TRINE_OK) == (trine_sizeof(&config) != 0u));
    if (device != NULL) {
        uint64_t room[TRINE_SESSION_BYTES(192u, 256u) / 8u + 1u];
        trine_session *session = NULL;

        /* Lists go with a packed table, but nothing can be added to its tools. */
        CHECK(trine_mcp_offer(device, &with_extra, NULL) == TRINE_E_UNSUPPORTED);
        CHECK(trine_mcp_offer(device, &with_resource, NULL) == TRINE_OK);
        CHECK(trine_poll(device, 1u, 32u, NULL) == TRINE_OK);
        CHECK(trine_session_init(room, sizeof room, device, &session) == TRINE_E_UNSUPPORTED);
        CHECK(session == NULL);
        CHECK(trine_deinit(device) == TRINE_OK);
    }
    return status;
}

int main(void)
{
    trine_config both = fixture_config;
    trine_table table = whole;
    trine_device *device = NULL;
    size_t at;

    fixture_start();
    (void)memcpy(bytes, board_tools_table, sizeof bytes);
    CHECK(start(&whole) == TRINE_OK);
    CHECK(entered == 100u);
    for (at = 0u; at < sizeof bytes; at++) {
        bytes[at] ^= (uint8_t)(1u << (at % 8u));
        CHECK(start(&whole) == TRINE_E_TABLE);
        bytes[at] = board_tools_table[at];
    }
    for (table.size = 0u; table.size < sizeof bytes; table.size++) {
        CHECK(start(&table) == TRINE_E_TABLE);
    }
    table = whole;
    table.calls_count--;
    CHECK(start(&table) == TRINE_E_TABLE);
    table = whole;
    table.struct_size--;
    CHECK(start(&table) == TRINE_E_VERSION);
    table = whole;
    table.form = NULL;
    CHECK(start(&table) == TRINE_E_NULL);
    table = whole;
    table.bytes = NULL;
    CHECK(start(&table) == TRINE_E_NULL);
    table = whole;
    table.calls = NULL;
    CHECK(start(&table) == TRINE_E_NULL);
    both.table = &whole;
    CHECK(trine_init(memory, sizeof memory, &both, &device, NULL) == TRINE_E_ARGUMENT);
    CHECK(start(&whole) == TRINE_OK);
    CHECK(fixture_works());
    return check_failures("table");
}
