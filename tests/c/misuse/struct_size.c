/* struct_size: too small, larger with a tail of zeros, larger with a tail that asks for something
 * that this library has not. A wrong abi_version, reserved members, values out of range. */
#include "../support/fixture.h"

/* A configuration of a library of the future: one member more. */
struct future_config {
    trine_config config;
    uint64_t member;
};

static uint64_t memory[FIXTURE_BYTES / 8u];

static trine_status start(const trine_config *config)
{
    trine_device *device = NULL;
    trine_status status = trine_init(memory, sizeof memory, config, &device, NULL);

    if (status == TRINE_OK) {
        CHECK(device != NULL);
        CHECK(trine_deinit(device) == TRINE_OK);
    } else {
        CHECK(device == NULL);
    }
    return status;
}

static void sizes(void)
{
    struct future_config future = {fixture_config, 0u};
    trine_config config = fixture_config;
    uint32_t size;

    CHECK(start(&config) == TRINE_OK);
    for (size = 0u; size < sizeof(trine_config); size++) {
        config.struct_size = size;
        CHECK(start(&config) == TRINE_E_VERSION);
        CHECK(trine_sizeof(&config) == 0u);
    }
    future.config.struct_size = sizeof future;
    CHECK(start(&future.config) == TRINE_OK);
    CHECK(trine_sizeof(&future.config) == trine_sizeof(&fixture_config));
    future.member = 1u;
    CHECK(start(&future.config) == TRINE_E_UNSUPPORTED);
    future.member = (uint64_t)1 << 63;
    CHECK(start(&future.config) == TRINE_E_UNSUPPORTED);
    /* A size that no structure can have is no reason to read so far. */
    future.member = 0u;
    future.config.struct_size = UINT32_MAX;
    CHECK(start(&future.config) == TRINE_E_VERSION);
}

/* Blocks and questions, inside a tool. */
static trine_status inside(trine_call *call)
{
    static const trine_node fields[] = {TRINE_BOOL(TRINE_REQUIRED, "sure", "")};
    struct {
        trine_block block;
        uint64_t member;
    } block = {{.kind = TRINE_BLOCK_TEXT}, 0u};
    struct {
        trine_question question;
        uint64_t member;
    } ask = {{.fields_count = 1u, .fields = fields}, 1u};
    uint32_t size;

    for (size = 0u; size < sizeof(trine_block); size++) {
        block.block.struct_size = size;
        CHECK(trine_put_block(call, &block.block) == TRINE_E_VERSION);
    }
    for (size = 0u; size < sizeof(trine_question); size++) {
        ask.question.struct_size = size;
        CHECK(trine_need_input(call, &ask.question, NULL, 0u) == TRINE_E_VERSION);
    }
    ask.question.struct_size = sizeof ask;
    CHECK(trine_need_input(call, &ask.question, NULL, 0u) == TRINE_E_UNSUPPORTED);
    ask.question.struct_size = UINT32_MAX;
    CHECK(trine_need_input(call, &ask.question, NULL, 0u) == TRINE_E_VERSION);
    block.block.struct_size = sizeof block;
    block.block.kind = 99u;
    CHECK(trine_put_block(call, &block.block) == TRINE_E_ARGUMENT);
    block.block.kind = TRINE_BLOCK_TEXT;
    CHECK(trine_put_block(call, &block.block) == TRINE_OK);
    return TRINE_BLOCKS;
}

static void members(void)
{
    trine_config config = fixture_config;

    config.abi_version = 0u;
    CHECK(start(&config) == TRINE_E_VERSION);
    config.abi_version = TRINE_ABI_VERSION + 1u;
    CHECK(start(&config) == TRINE_E_VERSION);
    config = fixture_config;
    config.reserved_flags = 1u;
    CHECK(start(&config) == TRINE_E_UNSUPPORTED);
    config = fixture_config;
    config.reserved_flags = 0x100u;
    CHECK(start(&config) == TRINE_E_UNSUPPORTED);
    config = fixture_config;
    config.link = 3u;
    CHECK(start(&config) == TRINE_E_ARGUMENT);
    config = fixture_config;
    config.calls_max = 65u;
    CHECK(start(&config) == TRINE_E_ARGUMENT);
    config = fixture_config;
    config.tools = NULL;
    CHECK(start(&config) == TRINE_E_NULL);
    config = fixture_config;
    config.vendor.size = 4u;
    CHECK(start(&config) == TRINE_E_NULL);
    config.vendor.data = "\xff\xfe..";
    CHECK(start(&config) == TRINE_E_UTF8);
}

static void counters(void)
{
    trine_counters counters;
    uint32_t size;

    (void)memset(&counters, 0xA5, sizeof counters);
    for (size = 0u; size < 80u; size++) {
        counters.struct_size = size;
        REFUSES(trine_get_counters(fixture_device, 1u, &counters), TRINE_E_VERSION);
        CHECK(counters.frames_in == 0xA5A5A5A5u);
    }
    counters.struct_size = sizeof counters;
    CHECK(trine_get_counters(fixture_device, 1u, &counters) == TRINE_OK);
    CHECK(counters.struct_size == sizeof counters && counters.frames_in == 0u);
}

int main(void)
{
    fixture_start();
    sizes();
    members();
    counters();
    fixture_hook = inside;
    (void)fixture_call("hook", 3);
    CHECK(fixture_works());
    return check_failures("struct_size");
}
