/* Resources of tools: each limit to the byte, each handle once, and everything back. */
#include "../support/fixture.h"

#include <trine_resources.h>

#define POOL 1024u
#define NO_TOOL 9u

static uint64_t memory[1024];
static uint64_t before[1024];
static uint64_t after[1024];
static trine_resources *resources;
static trine_refusal why;

static const trine_resources_config config = {
    .struct_size = sizeof config,
    .tools_max = 3u,
    .memory = POOL,
    .reserve = 128u,
    .patience = 1000000u,
    .blocks_max = 6u,
    .devices_max = 3u,
    .holds_max = 4u,
    .executions_max = 2u,
    .processors = 2u,
    .classes = {{16u, 4u}},
};

/* The call answers this status, and no byte of the resources changes. */
#define UNCHANGED(call, status)                                                                    \
    do {                                                                                           \
        fixture_copy(before, memory, sizeof memory);                                               \
        why.struct_size = sizeof why;                                                              \
        check_at((call) == (status), #call " answers " #status, __FILE__, __LINE__);               \
        fixture_copy(after, memory, sizeof memory);                                                \
        check_at(memcmp(before, after, sizeof after) == 0, #call " changes nothing", __FILE__,     \
                 __LINE__);                                                                        \
    } while (0)

static trine_requirements asks(uint64_t least, uint64_t most)
{
    trine_requirements wanted = {.struct_size = sizeof wanted};

    wanted.memory_min = least;
    wanted.memory_max = most;
    return wanted;
}

static trine_pool_state pool(void)
{
    trine_pool_state state = {.struct_size = sizeof state};

    CHECK(trine_resources_get_pool(resources, &state) == TRINE_OK);
    return state;
}

/* Such resources have no size, and do not start. */
static void contradicts_itself(const trine_resources_config *other)
{
    CHECK(trine_resources_size(other) == 0u);
    CHECK(trine_resources_init(memory, sizeof memory, other, &resources) == TRINE_E_ARGUMENT);
}

static void starts(void)
{
    trine_resources_config other = config;
    const size_t size = trine_resources_size(&config);
    uint32_t length;

    CHECK(size > POOL && size <= sizeof memory);
    CHECK(trine_resources_init(memory, size - 1u, &config, &resources) == TRINE_E_NO_SPACE);
    CHECK(trine_resources_init((uint8_t *)memory + 4, size, &config, &resources) ==
          TRINE_E_ALIGNMENT);
    CHECK(trine_resources_get_pool((trine_resources *)(void *)memory,
                                   &(trine_pool_state){.struct_size = sizeof(trine_pool_state)}) ==
          TRINE_E_STATE);
    for (length = 0u; length < sizeof other; length++) {
        other.struct_size = length;
        CHECK(trine_resources_size(&other) == 0u);
        CHECK(trine_resources_init(memory, size, &other, &resources) == TRINE_E_VERSION);
    }
    other = config;
    other.counts_only = 2u;
    CHECK(trine_resources_init(memory, size, &other, &resources) == TRINE_E_UNSUPPORTED);
    other = config;
    other.reserve = POOL + 1u;
    contradicts_itself(&other);
    other = config;
    other.classes[0].size = 12u;
    contradicts_itself(&other);
    other = config;
    other.classes[0].count = POOL / 16u + 1u;
    contradicts_itself(&other);
    other = config;
    other.memory = UINT64_MAX;
    CHECK(trine_resources_size(&other) == 0u);
    /* The second start in the same memory is as good as the first. */
    CHECK(trine_resources_init(memory, size, &config, &resources) == TRINE_OK);
    CHECK(trine_resources_init(memory, size, &config, &resources) == TRINE_OK);
    CHECK(pool().size == POOL && pool().used == 0u && pool().reserve == 128u);
    /* One that fails leaves what is there as it is. */
    other = config;
    other.reserve = POOL + 1u;
    UNCHANGED(trine_resources_init(memory, size, &other, &resources), TRINE_E_ARGUMENT);
    CHECK(pool().size == POOL);
}

/* Zero is none of everything, and that is a configuration as well. */
static void none_of_everything(void)
{
    static uint64_t small[64];
    const trine_resources_config none = {.struct_size = sizeof none};
    const size_t size = trine_resources_size(&none);
    trine_requirements wanted = asks(0u, 0u);
    trine_resources *empty = NULL;

    CHECK(size > 0u && size <= sizeof small);
    CHECK(trine_resources_init(small, size - 1u, &none, &empty) == TRINE_E_NO_SPACE);
    CHECK(trine_resources_init(small, size, &none, &empty) == TRINE_OK);
    why.struct_size = sizeof why;
    CHECK(trine_resources_check(empty, 1u, &wanted, 0u, &why) == TRINE_E_FULL);
}

/* Where memory is only counted there is none to point to. */
static void counted_memory(void)
{
    static uint64_t small[256];
    trine_resources_config counts = {.struct_size = sizeof counts};
    trine_requirements wanted = asks(UINT32_MAX, UINT32_MAX);
    trine_allocation given = {.struct_size = sizeof given};
    trine_resources *counted = NULL;
    uint8_t *bytes = (uint8_t *)small;
    size_t size = 1u;

    counts.tools_max = 1u;
    counts.blocks_max = 1u;
    counts.memory = UINT32_MAX;
    counts.counts_only = 1u;
    CHECK(trine_resources_init(small, sizeof small, &counts, &counted) == TRINE_OK);
    CHECK(trine_resources_allocate(counted, 1u, &wanted, 0u, &given, NULL) == TRINE_OK);
    CHECK(trine_resources_memory(counted, 1u, given.block, &bytes, &size) == TRINE_OK);
    CHECK(bytes == NULL && size == 0u);
}

static void devices(void)
{
    static const trine_device_request any_gpu[] = {
        {TRINE_DEVICE_CUDA, TRINE_REQUEST_ANY | TRINE_REQUEST_EXCLUSIVE}};
    static const trine_device_request flag[] = {{1u, 4u}};
    trine_resources_device device = {.struct_size = sizeof device};
    trine_requirements wanted = asks(0u, 0u);
    trine_allocation given = {.struct_size = sizeof given};

    device.id = 4u;
    device.kind = TRINE_DEVICE_CUDA;
    device.memory = 1000u;
    device.name = (trine_text){TRINE_TEXT("the card")};
    CHECK(trine_resources_add_device(resources, &device) == TRINE_OK);
    UNCHANGED(trine_resources_add_device(resources, &device), TRINE_E_ARGUMENT);
    device.id = 2u;
    device.kind = TRINE_DEVICE_I2C;
    device.presence = TRINE_ABSENT_NO_DRIVER;
    CHECK(trine_resources_add_device(resources, &device) == TRINE_OK);
    device.id = 3u;
    device.kind = 9u;
    UNCHANGED(trine_resources_add_device(resources, &device), TRINE_E_ARGUMENT);
    device.kind = TRINE_DEVICE_SPI;
    device.presence = 7u;
    UNCHANGED(trine_resources_add_device(resources, &device), TRINE_E_ARGUMENT);
    device.presence = TRINE_PRESENT;
    device.name = (trine_text){TRINE_TEXT("a name that is a byte too long")};
    UNCHANGED(trine_resources_add_device(resources, &device), TRINE_E_ARGUMENT);
    device.name = (trine_text){"\xff", 1u};
    UNCHANGED(trine_resources_add_device(resources, &device), TRINE_E_UTF8);
    device.name = (trine_text){TRINE_TEXT("a name of 29 bytes, no longer")};
    device.id = TRINE_NONE;
    UNCHANGED(trine_resources_add_device(resources, &device), TRINE_E_ARGUMENT);
    device.id = 3u;
    device.reserved = 1u;
    UNCHANGED(trine_resources_add_device(resources, &device), TRINE_E_UNSUPPORTED);
    device.reserved = 0u;
    CHECK(trine_resources_add_device(resources, &device) == TRINE_OK);
    CHECK(trine_resources_get_device(resources, 2u, &device) == TRINE_OK);
    CHECK(device.id == 3u && device.name.size == 29u);

    wanted.devices = any_gpu;
    wanted.devices_count = 1u;
    wanted.gpu_memory = 1001u;
    UNCHANGED(trine_resources_check(resources, 1u, &wanted, 0u, &why), TRINE_E_LIMIT);
    CHECK(why.limit == TRINE_LIMIT_GPU_MEMORY && why.asked == 1001u && why.left == 1000u);
    wanted.gpu_memory = 1000u;
    CHECK(trine_resources_allocate(resources, 1u, &wanted, 5u, &given, &why) == TRINE_OK);
    CHECK(given.tool == 1u && given.gpu == 4u && given.gpu_memory == 1000u);
    CHECK(given.devices_count == 1u && given.devices[0] == 4u && given.devices[1] == TRINE_NONE);
    CHECK(trine_resources_get_device(resources, 0u, &device) == TRINE_OK);
    CHECK(device.exclusive == 1u && device.memory_used == 1000u && device.shared == 0u);
    CHECK(device.name.size == 8u && memcmp(device.name.data, "the card", 8u) == 0);
    UNCHANGED(trine_resources_get_device(resources, 3u, &device), TRINE_E_NOT_FOUND);

    UNCHANGED(trine_resources_check(resources, 2u, &wanted, 0u, &why), TRINE_E_LIMIT);
    CHECK(why.limit == TRINE_LIMIT_DEVICE && why.device == 4u);
    wanted.devices = flag;
    UNCHANGED(trine_resources_check(resources, 2u, &wanted, 0u, &why), TRINE_E_ARGUMENT);
    wanted.devices_count = 9u;
    UNCHANGED(trine_resources_check(resources, 2u, &wanted, 0u, &why), TRINE_E_ARGUMENT);
    UNCHANGED(trine_resources_take_device(resources, 1u, 2u, 0u, &why), TRINE_E_NO_DEVICE);
    CHECK(why.device == 2u && why.presence == TRINE_ABSENT_NO_DRIVER);
    UNCHANGED(trine_resources_take_device(resources, 1u, 7u, 0u, &why), TRINE_E_NO_DEVICE);
    CHECK(why.device == 7u && why.presence == TRINE_NONE);
    CHECK(trine_resources_set_presence(resources, 2u, TRINE_PRESENT) == TRINE_OK);
    UNCHANGED(trine_resources_set_presence(resources, 7u, TRINE_PRESENT), TRINE_E_NO_DEVICE);
    UNCHANGED(trine_resources_set_presence(resources, 2u, 7u), TRINE_E_ARGUMENT);
    /* Downwards would be a way for two tools to wait for each other. */
    UNCHANGED(trine_resources_take_device(resources, 1u, 2u, 0u, &why), TRINE_E_ARGUMENT);
    UNCHANGED(trine_resources_take_device(resources, 1u, 2u, 2u, &why), TRINE_E_ARGUMENT);
    UNCHANGED(trine_resources_take_device(resources, NO_TOOL, 2u, 0u, &why), TRINE_E_NOT_FOUND);
    CHECK(trine_resources_give_device(resources, 1u, 4u) == TRINE_OK);
    UNCHANGED(trine_resources_give_device(resources, 1u, 4u), TRINE_E_NOT_FOUND);
    CHECK(trine_resources_take_device(resources, 1u, 2u, 1u, NULL) == TRINE_OK);
    CHECK(trine_resources_release(resources, 1u, 6u) == TRINE_OK);
    CHECK(trine_resources_give_device(resources, 1u, 2u) == TRINE_OK);
    CHECK(trine_resources_get_device(resources, 0u, &device) == TRINE_OK);
    CHECK(device.exclusive == TRINE_NONE && device.memory_used == 0u);
}

static void memory_of_tools(void)
{
    trine_requirements wanted = asks(400u, 500u);
    trine_allocation given = {.struct_size = sizeof given};
    uint64_t block = 0u;
    uint8_t *bytes = NULL;
    size_t size = 0u;

    /* 128 bytes of the pool are the reserve. */
    wanted = asks(897u, 897u);
    UNCHANGED(trine_resources_check(resources, 1u, &wanted, 0u, &why), TRINE_E_LIMIT);
    CHECK(why.limit == TRINE_LIMIT_MEMORY && why.asked == 897u && why.left == 896u);
    wanted = asks(501u, 500u);
    UNCHANGED(trine_resources_check(resources, 1u, &wanted, 0u, &why), TRINE_E_ARGUMENT);
    wanted = asks(400u, 500u);
    wanted.processors = 3u;
    UNCHANGED(trine_resources_check(resources, 1u, &wanted, 0u, &why), TRINE_E_LIMIT);
    CHECK(why.limit == TRINE_LIMIT_PROCESSORS && why.asked == 3u && why.left == 2u);
    wanted.processors = 1u;
    wanted.priority = 3u;
    UNCHANGED(trine_resources_check(resources, 1u, &wanted, 0u, &why), TRINE_E_ARGUMENT);
    wanted.priority = TRINE_PRIORITY_NORMAL;
    CHECK(trine_resources_allocate(resources, 1u, &wanted, 42u, &given, &why) == TRINE_OK);
    CHECK(given.allocated_at == 42u && given.memory_min == 400u && given.block != 0u);
    UNCHANGED(trine_resources_check(resources, 1u, &wanted, 0u, &why), TRINE_E_STATE);
    CHECK(trine_resources_memory(resources, 1u, given.block, &bytes, &size) == TRINE_OK);
    CHECK(size == 400u && (uintptr_t)bytes % 8u == 0u);
    memset(bytes, 0xff, size);
    UNCHANGED(trine_resources_memory(resources, 2u, given.block, &bytes, &size),
              TRINE_E_NOT_FOUND);
    UNCHANGED(trine_resources_take(resources, NO_TOOL, 8u, 0u, &block, &why), TRINE_E_NOT_FOUND);
    /* Refused, and counted. */
    CHECK(trine_resources_take(resources, 1u, 101u, 0u, &block, &why) == TRINE_E_LIMIT);
    CHECK(why.limit == TRINE_LIMIT_TOOL_MEMORY && why.asked == 101u && why.left == 100u);
}

static void blocks(void)
{
    trine_requirements wanted = asks(0u, 64u);
    trine_allocation given = {.struct_size = sizeof given};
    trine_quota_state quota = {.struct_size = sizeof quota};
    uint64_t block = 0u;
    uint8_t *bytes = NULL;
    uint8_t *there = NULL;
    size_t size = 0u;

    CHECK(trine_resources_take(resources, 1u, 60u, 0u, &block, NULL) == TRINE_OK && block != 0u);
    CHECK(trine_resources_memory(resources, 1u, block, &bytes, &size) == TRINE_OK);
    UNCHANGED(trine_resources_pass(resources, 1u, block, 2u), TRINE_E_NOT_FOUND);
    CHECK(trine_resources_allocate(resources, 2u, &wanted, 0u, &given, &why) == TRINE_OK);
    CHECK(given.block == 0u);
    CHECK(trine_resources_get_allocation(resources, 1u, &given) == TRINE_OK);
    UNCHANGED(trine_resources_pass(resources, 1u, given.block, 2u), TRINE_E_ARGUMENT);
    CHECK(trine_resources_pass(resources, 1u, block, 2u) == TRINE_OK);
    UNCHANGED(trine_resources_pass(resources, 1u, block, 2u), TRINE_E_NOT_FOUND);
    CHECK(trine_resources_memory(resources, 2u, block, &there, &size) == TRINE_OK);
    CHECK(there == bytes && size == 60u);
    CHECK(trine_resources_get_quota(resources, 2u, 0u, &quota) == TRINE_OK);
    CHECK(quota.memory_used == 60u && quota.memory_max == 64u && quota.calls_left == UINT64_MAX);
    CHECK(trine_resources_give(resources, 2u, block) == TRINE_OK);
    UNCHANGED(trine_resources_give(resources, 2u, block), TRINE_E_STALE);
    UNCHANGED(trine_resources_give(resources, 2u, 0u), TRINE_E_STALE);
    UNCHANGED(trine_resources_give(resources, 2u, UINT64_MAX), TRINE_E_STALE);
    UNCHANGED(trine_resources_take(resources, 2u, 0u, 0u, &block, &why), TRINE_E_ARGUMENT);
    CHECK(trine_resources_get_quota(resources, 1u, 0u, &quota) == TRINE_OK);
    CHECK(quota.refused_memory == 1u && quota.memory_high_water == 460u);
}

static void executions(void)
{
    trine_requirements wanted = asks(0u, 0u);
    trine_allocation given = {.struct_size = sizeof given};
    trine_times times = {.struct_size = sizeof times};
    uint64_t first = 0u;
    uint64_t second = 0u;

    CHECK(trine_resources_release(resources, 2u, 0u) == TRINE_OK);
    wanted.calls_per_second = 2u;
    wanted.cpu_time = 100u;
    CHECK(trine_resources_allocate(resources, 2u, &wanted, 0u, &given, &why) == TRINE_OK);
    UNCHANGED(trine_resources_get_times(resources, 2u, &times), TRINE_E_NOT_FOUND);
    CHECK(trine_resources_begin(resources, 2u, 10u, &first, NULL) == TRINE_OK);
    CHECK(trine_resources_begin(resources, 2u, 10u, &second, NULL) == TRINE_OK);
    UNCHANGED(trine_resources_begin(resources, 2u, 10u, &second, &why), TRINE_E_FULL);
    UNCHANGED(trine_resources_end(resources, first, 20u, 0u, 3u), TRINE_E_ARGUMENT);
    CHECK(trine_resources_end(resources, first, 20u, 30u, TRINE_EXECUTION_DONE) == TRINE_OK);
    UNCHANGED(trine_resources_end(resources, first, 20u, 30u, TRINE_EXECUTION_DONE),
              TRINE_E_STALE);
    why.struct_size = sizeof why;
    CHECK(trine_resources_begin(resources, 2u, 20u, &first, &why) == TRINE_E_QUOTA);
    CHECK(why.limit == TRINE_LIMIT_CALLS && why.wait == 499990u);
    CHECK(trine_resources_end(resources, second, 40u, 70u, TRINE_EXECUTION_FAILED) == TRINE_OK);
    CHECK(trine_resources_begin(resources, 2u, 40u, &first, &why) == TRINE_E_QUOTA);
    CHECK(why.limit == TRINE_LIMIT_CPU_TIME && why.wait == 999960u);
    CHECK(trine_resources_get_times(resources, 2u, &times) == TRINE_OK);
    CHECK(times.started == 2u && times.ended == 2u && times.errors == 1u && times.aborted == 0u);
    CHECK(times.min == 10u && times.mean == 20u && times.max == 30u && times.p99 <= 30u);
}

static void everything_comes_back(void)
{
    trine_held held = {.struct_size = sizeof held};
    trine_reclaimed back = {.struct_size = sizeof back};
    trine_requirements wanted = asks(0u, 99u);
    trine_allocation given = {.struct_size = sizeof given};
    uint64_t block = 0u;
    uint64_t run = 0u;

    CHECK(trine_resources_allocate(resources, 3u, &wanted, 0u, &given, &why) == TRINE_OK);
    CHECK(trine_resources_take(resources, 3u, 16u, 0u, &block, &why) == TRINE_OK);
    CHECK(trine_resources_take_device(resources, 3u, 2u, 0u, &why) == TRINE_OK);
    CHECK(trine_resources_begin(resources, 3u, 0u, &run, &why) == TRINE_OK);
    CHECK(trine_resources_release(resources, 3u, 0u) == TRINE_OK);
    UNCHANGED(trine_resources_release(resources, 3u, 0u), TRINE_E_NOT_FOUND);
    CHECK(trine_resources_get_held(resources, 3u, 0u, &held) == TRINE_OK);
    CHECK(held.kind == TRINE_HELD_BLOCK && held.handle == block && held.count == 16u);
    CHECK(trine_resources_get_held(resources, 3u, 1u, &held) == TRINE_OK);
    CHECK(held.kind == TRINE_HELD_DEVICE && held.handle == 2u && held.count == 1u);
    CHECK(trine_resources_get_held(resources, 3u, 2u, &held) == TRINE_OK);
    CHECK(held.kind == TRINE_HELD_EXECUTION && held.handle == run);
    UNCHANGED(trine_resources_get_held(resources, 3u, 3u, &held), TRINE_E_NOT_FOUND);
    CHECK(trine_resources_reclaim(resources, 3u, 0u, &back) == TRINE_OK);
    CHECK(back.had_allocation == 0u && back.blocks == 1u && back.bytes == 16u);
    CHECK(back.devices == 1u && back.executions == 1u);
    UNCHANGED(trine_resources_end(resources, run, 0u, 0u, TRINE_EXECUTION_DONE), TRINE_E_STALE);
    CHECK(trine_resources_reclaim(resources, 1u, 0u, &back) == TRINE_OK);
    CHECK(back.had_allocation == 1u && back.bytes == 400u);
    CHECK(trine_resources_reclaim(resources, 2u, 0u, &back) == TRINE_OK);
    CHECK(pool().used == 0u && pool().blocks == 0u && pool().holes == 0u);
    CHECK(pool().processors_used == 0u && pool().reserve_used == 0u);
}

/* A refused tool waits, and after its patience others may not take what it lacks. */
static void waiting(void)
{
    trine_requirements most = asks(700u, 700u);
    trine_requirements few = asks(100u, 100u);
    trine_allocation given = {.struct_size = sizeof given};

    CHECK(trine_resources_allocate(resources, 1u, &few, 0u, &given, &why) == TRINE_OK);
    most.memory_min = 800u;
    most.memory_max = 800u;
    CHECK(trine_resources_allocate(resources, 2u, &most, 0u, &given, &why) == TRINE_E_LIMIT);
    CHECK(why.limit == TRINE_LIMIT_MEMORY);
    CHECK(trine_resources_allocate(resources, 2u, &most, 999999u, &given, NULL) == TRINE_E_LIMIT);
    CHECK(trine_resources_check(resources, 3u, &few, 999999u, NULL) == TRINE_OK);
    UNCHANGED(trine_resources_check(resources, 3u, &few, 1000000u, &why), TRINE_E_LIMIT);
    CHECK(why.limit == TRINE_LIMIT_KEPT && why.kept_for == 2u);
    few.priority = TRINE_PRIORITY_HIGH;
    CHECK(trine_resources_check(resources, 3u, &few, 1000000u, NULL) == TRINE_OK);
    few.priority = TRINE_PRIORITY_LOW;
    CHECK(trine_resources_withdraw(resources, 2u) == TRINE_OK);
    CHECK(trine_resources_check(resources, 3u, &few, 1000000u, NULL) == TRINE_OK);
    CHECK(trine_resources_release(resources, 1u, 1000000u) == TRINE_OK);
}

static void sizes_of_structures(void)
{
    trine_refusal small = {.struct_size = sizeof small - 1u};
    trine_requirements wanted = asks(1u, 1u);
    trine_allocation given = {.struct_size = sizeof given};
    trine_pool_state state = {.struct_size = sizeof state - 1u};

    UNCHANGED(trine_resources_check(resources, 1u, &wanted, 0u, &small), TRINE_E_VERSION);
    UNCHANGED(trine_resources_allocate(resources, 1u, &wanted, 0u, &given, &small),
              TRINE_E_VERSION);
    given.struct_size--;
    UNCHANGED(trine_resources_allocate(resources, 1u, &wanted, 0u, &given, &why),
              TRINE_E_VERSION);
    wanted.struct_size--;
    UNCHANGED(trine_resources_check(resources, 1u, &wanted, 0u, &why), TRINE_E_VERSION);
    UNCHANGED(trine_resources_get_pool(resources, &state), TRINE_E_VERSION);
    /* As where nobody has set it. */
    state.struct_size = UINT32_MAX;
    UNCHANGED(trine_resources_get_pool(resources, &state), TRINE_E_VERSION);
    small.struct_size = 0xccccccccu;
    UNCHANGED(trine_resources_begin(resources, 1u, 0u, &(uint64_t){0u}, &small), TRINE_E_VERSION);
}

/* Whether nothing is left of the refusal before. */
static bool says_nothing(void)
{
    const bool is_empty = why.struct_size == sizeof why && why.limit == 0u && why.asked == 0u &&
                          why.left == 0u && why.wait == 0u && why.device == TRINE_NONE &&
                          why.presence == TRINE_NONE && why.kept_for == TRINE_NONE;

    memset(&why, 0x5a, sizeof why);
    why.struct_size = sizeof why;
    return is_empty;
}

/* A refusal is written by each call, also where there is no reason to tell. */
static void refusals(void)
{
    trine_requirements wanted = asks(2u, 1u);
    trine_allocation given = {.struct_size = sizeof given};
    uint64_t handle = 0u;

    (void)says_nothing();
    CHECK(trine_resources_allocate(resources, 1u, &wanted, 0u, &given, &why) == TRINE_E_ARGUMENT);
    CHECK(says_nothing());
    CHECK(trine_resources_allocate(resources, 1u, NULL, 0u, &given, &why) == TRINE_E_NULL);
    CHECK(says_nothing());
    CHECK(trine_resources_check(NULL, 1u, &wanted, 0u, &why) == TRINE_E_NULL && says_nothing());
    CHECK(trine_resources_take(resources, 1u, 1u, 0u, NULL, &why) == TRINE_E_NULL);
    CHECK(says_nothing());
    CHECK(trine_resources_take(resources, NO_TOOL, 1u, 0u, &handle, &why) == TRINE_E_NOT_FOUND);
    CHECK(says_nothing());
    CHECK(trine_resources_take_device(resources, 1u, 1u, 2u, &why) == TRINE_E_ARGUMENT);
    CHECK(says_nothing());
    CHECK(trine_resources_begin(NULL, 1u, 0u, &handle, &why) == TRINE_E_NULL && says_nothing());
    wanted = asks(0u, 0u);
    CHECK(trine_resources_check(resources, 1u, &wanted, 0u, &why) == TRINE_OK && says_nothing());
}

int main(void)
{
    starts();
    devices();
    memory_of_tools();
    blocks();
    executions();
    everything_comes_back();
    waiting();
    sizes_of_structures();
    refusals();
    none_of_everything();
    counted_memory();
    return check_failures("resources");
}
