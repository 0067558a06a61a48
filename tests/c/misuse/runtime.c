/* A runtime: all parts in one piece of memory, to the byte, and again in the same memory. */
#define BOARD_TOOLS_TABLE
#include "../../../firmware-example/c/src/board_tools.h"

#include "../support/fixture.h"

#include <trine_runtime.h>

#define BRIDGE 100u
#define GUARD 0xa5u

static uint64_t memory[4096];
static trine_runtime *runtime;

static const trine_resources_config limits = {
    .struct_size = sizeof limits,
    .tools_max = 3u,
    .memory = 512u,
    .blocks_max = 4u,
    .executions_max = 2u,
    .processors = 1u,
};

/* Of the three tools of the fixture. */
static const trine_requirements requirements[3] = {
    {.struct_size = sizeof(trine_requirements), .memory_min = 300u, .memory_max = 400u},
    {.struct_size = sizeof(trine_requirements), .memory_min = 300u, .memory_max = 300u},
    {.struct_size = sizeof(trine_requirements), .processors = 1u},
};

static trine_runtime_config config = {
    .struct_size = sizeof config,
    .sessions = 2u,
    .bridge_bytes = BRIDGE,
    .device = &fixture_config,
    .resources = &limits,
    .requirements = requirements,
};

static bool answers(uint32_t session)
{
    static const char ping[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
    char answer[256];
    size_t size = 0u;

    return trine_handle_json(trine_runtime_session(runtime, session), 1u, ping, sizeof ping - 1u,
                             answer, sizeof answer, &size) == TRINE_OK &&
           size > 0u;
}

static void tools_become_active(void)
{
    trine_refusal why = {.struct_size = sizeof why};
    trine_pool_state pool = {.struct_size = sizeof pool};
    trine_resources *resources = trine_runtime_resources(runtime);
    uint64_t run = 0u;

    CHECK(trine_runtime_is_active(runtime, 0u) == 0);
    CHECK(trine_runtime_activate(runtime, 0u, 5u, &why) == TRINE_OK);
    CHECK(trine_runtime_is_active(runtime, 0u) == 1);
    CHECK(trine_runtime_activate(runtime, 0u, 5u, &why) == TRINE_E_STATE);
    CHECK(trine_runtime_activate(runtime, 1u, 5u, &why) == TRINE_E_LIMIT);
    CHECK(why.limit == TRINE_LIMIT_MEMORY && why.asked == 300u);
    CHECK(trine_runtime_is_active(runtime, 1u) == 0);
    CHECK(trine_resources_begin(resources, 1u, 6u, &run, NULL) == TRINE_E_NOT_FOUND);
    CHECK(trine_runtime_activate(runtime, 2u, 5u, NULL) == TRINE_OK);
    CHECK(trine_resources_begin(resources, 0u, 6u, &run, NULL) == TRINE_OK);
    CHECK(trine_runtime_activate(runtime, 3u, 5u, NULL) == TRINE_E_NOT_FOUND);
    CHECK(trine_runtime_is_active(runtime, 3u) == TRINE_E_NOT_FOUND);
    CHECK(trine_runtime_deactivate(runtime, 0u, 9u) == TRINE_OK);
    CHECK(trine_runtime_deactivate(runtime, 0u, 9u) == TRINE_E_STATE);
    CHECK(trine_runtime_deactivate(runtime, 3u, 9u) == TRINE_E_NOT_FOUND);
    CHECK(trine_resources_end(resources, run, 9u, 0u, TRINE_EXECUTION_DONE) == TRINE_E_STALE);
    CHECK(trine_runtime_deactivate(runtime, 2u, 9u) == TRINE_OK);
    CHECK(trine_resources_get_pool(resources, &pool) == TRINE_OK);
    CHECK(pool.used == 0u && pool.processors_used == 0u && pool.high_water == 304u);
}

/* The parts end with the runtime. */
static void ends(void)
{
    trine_resources *resources = trine_runtime_resources(runtime);
    trine_pool_state pool = {.struct_size = sizeof pool};

    CHECK(trine_resources_get_pool(resources, &pool) == TRINE_OK);
    CHECK(trine_runtime_deinit(runtime) == TRINE_OK);
    CHECK(trine_resources_get_pool(resources, &pool) == TRINE_E_STATE);
    CHECK(trine_runtime_deinit(runtime) == TRINE_E_STATE);
    CHECK(trine_runtime_device(runtime) == NULL && trine_runtime_session(runtime, 0u) == NULL);
}

/* Requirements whose size was never set are not looked for where it says. */
static void requirements_of_any_size(void)
{
    static trine_requirements wrong[3];
    trine_runtime_config other = config;
    trine_refusal why = {.struct_size = sizeof why, .limit = 7u};

    memset(wrong, 0xcc, sizeof wrong);
    other.requirements = wrong;
    CHECK(trine_runtime_init(memory, sizeof memory, &other, &runtime) == TRINE_OK);
    CHECK(trine_runtime_activate(runtime, 0u, 0u, &why) == TRINE_E_VERSION && why.limit == 0u);
    CHECK(trine_runtime_activate(runtime, 2u, 0u, NULL) == TRINE_E_VERSION);
    CHECK(trine_runtime_is_active(runtime, 2u) == 0);
}

/* A start that fails early leaves the runtime that is there; a later one leaves none. */
static void starts_that_fail(size_t size)
{
    static const trine_function calls[BOARD_TOOLS_COUNT];
    static const trine_table table =
        TRINE_TABLE(board_tools_table, calls, NULL, NULL, NULL, NULL, NULL, NULL);
    trine_resources_config more = limits;
    trine_runtime_config other = config;
    trine_config packed = fixture_config;

    CHECK(trine_runtime_init(memory, size, &config, &runtime) == TRINE_OK);
    more.reserve = more.memory + 1u;
    other.resources = &more;
    CHECK(trine_runtime_size(&other) == 0u);
    CHECK(trine_runtime_init(memory, size, &other, &runtime) == TRINE_E_ARGUMENT);
    CHECK(trine_runtime_is_active(runtime, 0u) == 0 && answers(0u));

    /* A packed table has no names, which its first session finds out. */
    packed.tools = NULL;
    packed.tools_count = 0u;
    packed.table = &table;
    other = config;
    other.device = &packed;
    CHECK(trine_runtime_init(memory, sizeof memory, &other, &runtime) == TRINE_E_UNSUPPORTED);
    CHECK(trine_runtime_is_active(runtime, 0u) == TRINE_E_STATE);
    CHECK(trine_runtime_resources(runtime) == NULL);
}

static void one_life(size_t size)
{
    uint8_t *const bytes = (uint8_t *)memory;
    uint8_t *bridge;
    size_t room = 0u;

    memset(bytes + size, (int)GUARD, 64u);
    CHECK(trine_runtime_init(memory, size - 1u, &config, &runtime) == TRINE_E_NO_SPACE);
    CHECK(trine_runtime_init(bytes + 4, size, &config, &runtime) == TRINE_E_ALIGNMENT);
    CHECK(trine_runtime_init(memory, size, &config, &runtime) == TRINE_OK);
    CHECK(answers(0u) && answers(1u) && trine_runtime_session(runtime, 2u) == NULL);
    CHECK(trine_poll(trine_runtime_device(runtime), 1u, 100u, NULL) == TRINE_OK);
    bridge = trine_runtime_bridge(runtime, &room);
    CHECK(bridge != NULL && room == BRIDGE && (uintptr_t)bridge % 8u == 0u);
    memset(bridge, 0xff, room);
    /* The last byte of the memory is the last one of the bridge. */
    CHECK(bridge + room == bytes + size);
    tools_become_active();
    CHECK(answers(0u) && answers(1u));
    for (room = 0u; room < 64u; room++) {
        CHECK(bytes[size + room] == GUARD);
    }
}

int main(void)
{
    const size_t size = trine_runtime_size(&config);
    trine_runtime_config other = config;

    CHECK(size > trine_sizeof(&fixture_config) + trine_resources_size(&limits) + BRIDGE);
    CHECK(size + 64u <= sizeof memory);
    /* What is in the memory does not matter, nor whether the one before was ended. */
    memset(memory, 0xff, sizeof memory);
    one_life(size);
    one_life(size);
    ends();
    one_life(size);
    CHECK(trine_runtime_deinit(runtime) == TRINE_OK);

    starts_that_fail(size);
    requirements_of_any_size();
    other.requirements = NULL;
    other.sessions = 0u;
    other.bridge_bytes = 0u;
    CHECK(trine_runtime_size(&other) < size);
    CHECK(trine_runtime_init(memory, sizeof memory, &other, &runtime) == TRINE_OK);
    CHECK(trine_runtime_activate(runtime, 1u, 0u, NULL) == TRINE_OK);
    CHECK(trine_runtime_session(runtime, 0u) == NULL);
    CHECK(trine_runtime_bridge(runtime, &(size_t){0u}) == NULL);
    other.reserved = 1u;
    CHECK(trine_runtime_init(memory, sizeof memory, &other, &runtime) == TRINE_E_UNSUPPORTED);
    other = config;
    other.struct_size--;
    CHECK(trine_runtime_size(&other) == 0u);
    CHECK(trine_runtime_init(memory, sizeof memory, &other, &runtime) == TRINE_E_VERSION);
    other = config;
    other.resources = NULL;
    CHECK(trine_runtime_init(memory, sizeof memory, &other, &runtime) == TRINE_E_NULL);
    other = config;
    other.sessions = UINT32_MAX;
    CHECK(trine_runtime_init(memory, sizeof memory, &other, &runtime) != TRINE_OK);
    return check_failures("runtime");
}
