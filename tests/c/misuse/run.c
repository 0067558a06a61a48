/* Calls of the program's own, as those of a sentence: judged, agreed to, run once, and told. */
#include "../support/fixture.h"
#include <trine_consent.h>
#include <trine_run.h>

/* Tools of the test, by their numbers. */
enum { SET, VALVE, WORK, SIGNED, JAM, PICTURE, TOOLS };

/* The hint of a tool whose arguments only a host can judge wholly. */
#define HOST_VALIDATED 16u

static int entered[TOOLS];
static trine_call_id pending;

static trine_status set(void *user_data, trine_call *call)
{
    (void)user_data;
    entered[SET]++;
    (void)trine_put_decimal(call, 0, trine_get_decimal(call, 0));
    (void)trine_put_string(call, 1, "warm", 4u);
    return TRINE_OK;
}

static trine_status counted(void *user_data, trine_call *call)
{
    (void)call;
    entered[*(const int *)user_data]++;
    return TRINE_OK;
}

static trine_status work(void *user_data, trine_call *call)
{
    (void)user_data;
    entered[WORK]++;
    pending = trine_call_get_id(call);
    return TRINE_PENDING;
}

static trine_status worked(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_decimal(call, 0, 215);
}

static trine_status jam(void *user_data, trine_call *call)
{
    char text[] = "it is jammed: free it";

    (void)user_data;
    return trine_fail(call, text, sizeof text - 1u);
}

static trine_status picture(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_content(call, TRINE_TEXT("image/png"), 100u);
}

static size_t read_picture(void *user_data, trine_call_id id, uint32_t offset, uint8_t *bytes,
                           size_t size)
{
    (void)user_data;
    (void)id;
    bytes[0] = (uint8_t)offset;
    return (size > 0u) ? 1u : 0u;
}

static const trine_node degrees[] = {
    TRINE_DECIMAL(TRINE_REQUIRED, "degrees", "C", "How warm.", 1, 50, 350, 5)};
static const trine_node state[] = {
    TRINE_DECIMAL(TRINE_REQUIRED, "degrees", "C", "How warm.", 1, 50, 350, 5),
    TRINE_STRING(TRINE_OPTIONAL, "word", "In a word.", 0, 8)};
static const int numbers[TOOLS] = {SET, VALVE, WORK, SIGNED, JAM, PICTURE};
static const trine_tool_more waits = {.struct_size = sizeof(trine_tool_more), .pending_bytes = 4u};
static const trine_tool_more reads = {.struct_size = sizeof(trine_tool_more),
                                      .on_read = read_picture};
static const trine_tool tools[TOOLS] = {
    TRINE_TOOL("set", "", "Sets it.", 0u, degrees, state, set, NULL),
    TRINE_TOOL_MORE("valve", "", "", "Opens.", 0u, TRINE_CONSENT_DEVICE, 0u, degrees, NULL, counted,
                    (void *)(uintptr_t)&numbers[VALVE], NULL),
    TRINE_TOOL_MORE("work", "", "", "Later.", 0u, TRINE_CONSENT_NONE, 0u, degrees, state, work,
                    NULL, &waits),
    TRINE_TOOL("signed", "", "Judged by hosts.", HOST_VALIDATED, degrees, NULL, counted,
               (void *)(uintptr_t)&numbers[SIGNED]),
    TRINE_TOOL("jam", "", "Fails.", 0u, degrees, state, jam, NULL),
    TRINE_TOOL_MORE("picture", "", "", "A picture.", 0u, TRINE_CONSENT_NONE, TRINE_TOOL_CONTENT,
                    degrees, NULL, picture, NULL, &reads)};

/* 21.5 degrees, 99 degrees, and what is no arguments. */
static const uint8_t right[] = {0u, 3u, 0xaeu, 3u};
static const uint8_t hot[] = {0u, 3u, 0xbcu, 0x0fu};
static const uint8_t noise[] = {0xffu, 0xffu, 0xffu};

static uint64_t memory[1024];
static trine_device *device;
static trine_outcome outcome;
static uint8_t room[256];

static trine_status run(uint32_t tool, const uint8_t *args, size_t size, uint64_t now)
{
    (void)memset(&outcome, 0, sizeof outcome);
    outcome.struct_size = sizeof outcome;
    return trine_run(device, now, tool, args, size, room, sizeof room, &outcome);
}

static bool tells(const char *what)
{
    char text[256];
    size_t size = 0u;

    CHECK(trine_run_text(device, &outcome, text, sizeof text - 1u, &size) == TRINE_OK);
    text[size] = '\0';
    if (strstr(text, what) == NULL) {
        (void)fprintf(stderr, "%s\n", text);
    }
    return strstr(text, what) != NULL;
}

static void a_call_is_judged_run_and_told(void)
{
    int64_t number = 0;
    trine_text word = {NULL, 0u};

    CHECK(run(SET, right, sizeof right, 1u) == TRINE_OK && outcome.kind == TRINE_RUN_DONE);
    CHECK(entered[SET] == 1 && outcome.tool == SET);
    CHECK(trine_run_get_number(&outcome, 0u, &number) == TRINE_OK && number == 215);
    CHECK(trine_run_get_string(&outcome, 1u, &word) == TRINE_OK && word.size == 4u);
    CHECK(trine_run_get_string(&outcome, 0u, &word) == TRINE_E_TYPE);
    CHECK(trine_run_get_number(&outcome, 1u, &number) == TRINE_E_TYPE);
    CHECK(trine_run_get_number(&outcome, 2u, &number) == TRINE_E_NOT_FOUND);
    CHECK(tells("{\"degrees\":21.5,\"word\":\"warm\"}"));

    CHECK(run(SET, hot, sizeof hot, 2u) == TRINE_OK && outcome.kind == TRINE_RUN_REFUSED);
    CHECK(outcome.node == 0 && outcome.bound == 350 && entered[SET] == 1);
    CHECK(tells("set: degrees must be at most 35"));
    CHECK(run(SET, noise, sizeof noise, 3u) == TRINE_OK && outcome.kind == TRINE_RUN_REFUSED);
    CHECK(run(SET, NULL, 0u, 4u) == TRINE_OK && outcome.kind == TRINE_RUN_REFUSED);
    CHECK(tells("set: degrees is required"));
    CHECK(entered[SET] == 1);
    CHECK(run(TOOLS, right, sizeof right, 5u) == TRINE_E_NOT_FOUND);
    CHECK(run(UINT32_MAX, right, sizeof right, 5u) == TRINE_E_NOT_FOUND);
    CHECK(run(SIGNED, right, sizeof right, 6u) == TRINE_OK && outcome.kind == TRINE_RUN_UNPROVEN);
    CHECK(entered[SIGNED] == 0 && tells("proves who it is"));
    CHECK(run(JAM, right, sizeof right, 7u) == TRINE_OK && outcome.kind == TRINE_RUN_FAILED);
    CHECK(tells("jam: it is jammed: free it"));
}

/* A sentence is no agreement: not the first time, not the tenth. */
static void a_person_agrees_and_nobody_else(void)
{
    int time;

    for (time = 0; time < 10; time++) {
        CHECK(run(VALVE, right, sizeof right, 100u) == TRINE_OK);
        CHECK(outcome.kind == TRINE_RUN_NEEDS_PERSON && entered[VALVE] == 0);
    }
    CHECK(tells("a person at the device has to agree"));
    CHECK(trine_consent_shown(device, 100u) == VALVE);
    CHECK(trine_agree(device, 1200u) == VALVE);
    CHECK(run(VALVE, hot, sizeof hot, 1201u) == TRINE_OK && entered[VALVE] == 0);
    CHECK(run(VALVE, right, sizeof right, 1202u) == TRINE_OK && outcome.kind == TRINE_RUN_DONE);
    CHECK(entered[VALVE] == 1 && tells("{}"));
    CHECK(run(VALVE, right, sizeof right, 1203u) == TRINE_OK && entered[VALVE] == 1);
    CHECK(outcome.kind == TRINE_RUN_NEEDS_PERSON);
}

static void a_pending_call_runs_once(void)
{
    int64_t number = 0;
    trine_call_id id;

    CHECK(run(WORK, right, sizeof right, 2000u) == TRINE_PENDING);
    CHECK(outcome.kind == TRINE_RUN_PENDING && outcome.id == pending);
    id = outcome.id;
    CHECK(trine_run_later(device, id, &outcome) == TRINE_PENDING);
    CHECK(trine_resume(device, id, 2001u, worked, NULL) == TRINE_OK);
    CHECK(trine_run_later(device, id, &outcome) == TRINE_OK && outcome.kind == TRINE_RUN_DONE);
    CHECK(trine_run_later(device, id, &outcome) == TRINE_OK && outcome.kind == TRINE_RUN_DONE);
    CHECK(trine_run_get_number(&outcome, 0u, &number) == TRINE_OK && number == 215);
    CHECK(entered[WORK] == 1);
    CHECK(trine_run_end(device, id) == TRINE_OK && trine_run_end(device, id) == TRINE_OK);
    CHECK(trine_run_later(device, id, &outcome) == TRINE_E_STALE);

    /* One that nobody answers expires. */
    CHECK(run(WORK, right, sizeof right, 3000u) == TRINE_PENDING);
    id = outcome.id;
    CHECK(trine_poll(device, 3000u + 600000u, 100u, NULL) == TRINE_OK);
    CHECK(trine_run_later(device, id, &outcome) == TRINE_OK && outcome.kind == TRINE_RUN_EXPIRED);
    CHECK(tells("did not answer in time"));
    CHECK(trine_run_end(device, id) == TRINE_OK);
}

static void too_little_room_is_said(void)
{
    size_t size;
    int done = 0;

    for (size = 0u; size < 32u; size++) {
        CHECK(trine_run(device, 700000u, SET, right, sizeof right, room, size, &outcome) == TRINE_OK);
        CHECK(outcome.kind == TRINE_RUN_DONE || outcome.kind == TRINE_RUN_NO_SPACE);
        done += (outcome.kind == TRINE_RUN_DONE) ? 1 : 0;
    }
    CHECK(done > 8 && done < 30);
    CHECK(run(PICTURE, right, sizeof right, 700001u) == TRINE_OK);
    CHECK(outcome.kind == TRINE_RUN_CONTENT && outcome.value_size == 100u && room[99] == 99u);
    CHECK(outcome.text.size == 9u);
    CHECK(trine_run(device, 700002u, PICTURE, right, sizeof right, room, 99u, &outcome) == TRINE_OK);
    CHECK(outcome.kind == TRINE_RUN_NO_SPACE);
}

int main(void)
{
    const trine_config config = {.struct_size = sizeof config, .abi_version = TRINE_ABI_VERSION,
                                 .tools = tools, .tools_count = TOOLS,
                                 .product = {TRINE_TEXT("runner")}};

    CHECK(trine_init(memory, sizeof memory, &config, &device, NULL) == TRINE_OK);
    CHECK(trine_poll(device, 0u, 100u, NULL) == TRINE_OK);
    a_call_is_judged_run_and_told();
    a_person_agrees_and_nobody_else();
    a_pending_call_runs_once();
    too_little_room_is_said();
    outcome.struct_size = 8u;
    CHECK(trine_run(device, 1u, SET, right, sizeof right, room, sizeof room, &outcome) ==
          TRINE_E_VERSION);
    CHECK(trine_deinit(device) == TRINE_OK);
    return check_failures("run");
}
