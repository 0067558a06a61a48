/* Memory that is too short, or not aligned: the answer says the bytes that are needed. */
#include "../support/fixture.h"

static uint64_t memory[FIXTURE_BYTES / 8u];

static void device_memory(void)
{
    size_t needed = trine_sizeof(&fixture_config);
    unsigned char *bytes = (unsigned char *)memory;
    trine_device *device = NULL;
    trine_problem problem;
    size_t short_by;

    CHECK(needed > 0u && needed < sizeof memory - 8u);
    CHECK(trine_alignof() <= 8u);
    for (short_by = 1u; short_by <= needed; short_by += 7u) {
        (void)memset(&problem, 0, sizeof problem);
        CHECK(trine_init(memory, needed - short_by, &fixture_config, &device, &problem)
              == TRINE_E_NO_SPACE);
        CHECK(problem.bytes_needed == needed && problem.tool == -1);
    }
    for (short_by = 1u; short_by < trine_alignof(); short_by++) {
        CHECK(trine_init(bytes + short_by, needed + 8u, &fixture_config, &device, &problem)
              == TRINE_E_ALIGNMENT);
        CHECK(problem.alignment_needed == trine_alignof() && problem.bytes_needed == needed);
    }
    CHECK(device == NULL);
    CHECK(trine_init(memory, needed, &fixture_config, &device, &problem) == TRINE_OK);
    CHECK(problem.bytes_needed == needed);
    CHECK(trine_deinit(device) == TRINE_OK);
}

static void port_and_session_memory(void)
{
    unsigned char *bytes = (unsigned char *)memory;
    trine_port *port = NULL;
    trine_session *session = NULL;
    trine_call *draft = NULL;

    REFUSES(trine_port_init(memory, 8u, fixture_device, &port), TRINE_E_NO_SPACE);
    REFUSES(trine_port_init(bytes + 1, 512u, fixture_device, &port), TRINE_E_ALIGNMENT);
    REFUSES(trine_session_init(memory, 8u, fixture_device, &session), TRINE_E_NO_SPACE);
    REFUSES(trine_session_init(bytes + 4, 4096u, fixture_device, &session), TRINE_E_ALIGNMENT);
    REFUSES(trine_draft(memory, 8u, &draft), TRINE_E_NO_SPACE);
    REFUSES(trine_draft(bytes + 2, 512u, &draft), TRINE_E_ALIGNMENT);
    CHECK(port == NULL && session == NULL && draft == NULL);
}

/* The macros' bytes are enough for what they are named after, and hardly more. */
static void bounds(void)
{
    size_t bound = TRINE_DEVICE_BYTES(256u, 192u, 256u, 64u, 4u, 4u, 7u);
    size_t needed = trine_sizeof(&fixture_config);
    char long_text[512];
    trine_counters counters = {.struct_size = sizeof counters};
    trine_call *draft = NULL;

    (void)memset(long_text, 'x', sizeof long_text);
    CHECK(needed <= bound);
    CHECK(trine_get_counters(fixture_device, 1u, &counters) == TRINE_OK);
    CHECK((counters.memory_used == needed) && (counters.memory_bytes == sizeof fixture_memory));
    /* Three tools in place of 32 leave 116 bytes over, and without one that asks a person 192. */
    CHECK(bound <= needed + needed / 64u + 116u + 192u);
    CHECK(trine_draft(memory, TRINE_DRAFT_BYTES(12u), &draft) == TRINE_OK);
    CHECK(trine_put_int(draft, 0, INT64_MIN) == TRINE_OK);
    CHECK(trine_put_string(draft, 1, (const char *)memory, 0u) == TRINE_OK);
    CHECK(trine_put_string(draft, 2, long_text, sizeof long_text) == TRINE_E_NO_SPACE);
    REFUSES(trine_port_complete(fixture_port, 1u, draft), TRINE_E_ARGUMENT);
}

int main(void)
{
    fixture_start();
    device_memory();
    port_and_session_memory();
    bounds();
    CHECK(fixture_works());
    return check_failures("memory");
}
