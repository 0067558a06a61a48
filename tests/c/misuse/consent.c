/* What a person agrees to through the C functions: one question at a time, byte for byte, when it
 * has been seen for long enough. */
#include "../support/fixture.h"

#include <trine_consent.h>

#define GUARD 1000u
#define CONSENT 60000u
#define BYTES 64u

static uint64_t memory[FIXTURE_BYTES / 8u];
static uint64_t session_memory[512];
static uint64_t port_memory[64];
static trine_device *device;
static trine_session *session;
static trine_port *port;
static uint64_t now;
static int entered;
static int asked;

static trine_status water(void *user_data, trine_call *call)
{
    (void)user_data;
    entered++;
    return trine_put_int(call, 0, entered);
}

static void ask(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
    /* Not from here: the device is not the loop's now. */
    CHECK(trine_consent_shown(device, now) == TRINE_E_BUSY);
    CHECK(trine_consent_hidden(device) == TRINE_E_BUSY);
    CHECK(trine_consent_dismiss(device, now) == TRINE_E_BUSY);
    CHECK(trine_consent_set_guard(device, 0u) == TRINE_E_BUSY);
    asked++;
}

static const trine_node params[] = {
    TRINE_STRING(TRINE_REQUIRED, "what", "What to do.", 0, 100)};
static const trine_node results[] = {
    TRINE_INT(TRINE_REQUIRED, "entered", "", "How often.", 0, 1000)};
static const trine_tool_more asks = {.struct_size = sizeof(trine_tool_more), .on_ask = ask};
static const trine_tool tools[] = {TRINE_TOOL_MORE("water", "", "", "Asks a person.", 0u,
                                                   TRINE_CONSENT_DEVICE, 0u, params, results,
                                                   water, NULL, &asks)};

static void start(uint16_t consent_bytes)
{
    const trine_config config = {.struct_size = sizeof(trine_config),
                                 .abi_version = TRINE_ABI_VERSION,
                                 .tools = tools,
                                 .tools_count = 1u,
                                 .message_max = 256u,
                                 .consent_bytes = consent_bytes};

    now = 5u;
    entered = 0;
    asked = 0;
    CHECK(trine_init(memory, sizeof memory, &config, &device, NULL) == TRINE_OK);
    CHECK(trine_session_init(session_memory, sizeof session_memory, device, &session) == TRINE_OK);
    CHECK(trine_port_init(port_memory, sizeof port_memory, device, &port) == TRINE_OK);
    CHECK(trine_poll(device, now, 100u, NULL) == TRINE_OK);
}

/* Whether the answer to a call has this text in it. */
static bool says(const char *what, const char *text)
{
    static char answer[2048];
    char request[512];
    size_t size = 0u;
    int written = snprintf(request, sizeof request,
                           "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{"
                           "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                           "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"t\",\"version\":\"1\"},"
                           "\"io.modelcontextprotocol/clientCapabilities\":{}},"
                           "\"name\":\"water\",\"arguments\":{\"what\":\"%s\"}}}",
                           what);

    CHECK(trine_handle_json(session, now, request, (size_t)written, answer, sizeof answer - 1u,
                            &size)
          == TRINE_OK);
    answer[size] = '\0';
    return strstr(answer, text) != NULL;
}

static bool refused(const char *what)
{
    int before = entered;

    return says(what, "a person at the device has to agree") && (entered == before);
}

static bool done(const char *what)
{
    int before = entered;

    return says(what, "\"isError\":false") && (entered == before + 1);
}

static void wait_for(uint64_t ms)
{
    now += ms;
    CHECK(trine_poll(device, now, 100u, NULL) == TRINE_OK);
}

static void agree(void)
{
    CHECK(trine_consent_shown(device, now) == 0);
    wait_for(GUARD);
    CHECK(trine_agree(device, now) == 0);
}

/* Two texts whose arguments have one FNV-1a digest of 64 bits. */
static void byte_for_byte(void)
{
    start(BYTES);
    CHECK(refused("water for 5 a6gA%P >(t zfD"));
    agree();
    CHECK(refused("water for 5 `D`W&4*<$T?>l@"));
    CHECK(done("water for 5 a6gA%P >(t zfD"));
    CHECK(refused("water for 5 a6gA%P >(t zfD"));
}

static void one_question_at_a_time(void)
{
    start(BYTES);
    CHECK(refused("a drop"));
    CHECK(refused("the whole tank") && (asked == 1));
    agree();
    CHECK(refused("the whole tank") && (asked == 1));
    CHECK(trine_asked(device, now) == TRINE_E_NOT_FOUND);
    CHECK(trine_consent_shown(device, now) == TRINE_E_NOT_FOUND);
    CHECK(done("a drop"));
    CHECK(refused("the whole tank") && (asked == 2));
    CHECK(trine_asked(device, now) == 0);
}

static void seen_for_long_enough(void)
{
    start(BYTES);
    CHECK(refused("a drop"));
    wait_for(2u * GUARD);
    CHECK(trine_agree(device, now) == TRINE_E_NOT_FOUND);
    CHECK(trine_consent_shown(device, now) == 0);
    wait_for(GUARD - 1u);
    CHECK(trine_agree(device, now) == TRINE_E_NOT_FOUND);
    CHECK(trine_consent_hidden(device) == TRINE_OK);
    wait_for(1u);
    CHECK(trine_agree(device, now) == TRINE_E_NOT_FOUND);
    CHECK(trine_consent_set_guard(device, 10u) == TRINE_OK);
    CHECK(trine_consent_shown(device, now) == 0);
    CHECK(trine_agree(device, now - 1u) == TRINE_E_NOT_FOUND);
    CHECK(trine_agree(device, now + 9u) == TRINE_E_NOT_FOUND);
    CHECK(trine_agree(device, now + 10u) == 0);
    wait_for(CONSENT + 10u);
    CHECK(refused("a drop"));
}

static void from_interrupts(void)
{
    start(BYTES);
    CHECK(refused("a drop"));
    CHECK(trine_consent_shown(device, now) == 0);
    /* Nobody knows when it was pressed: the loop stood still. */
    CHECK(trine_port_agree(port) == TRINE_OK);
    wait_for(GUARD);
    CHECK(refused("a drop"));
    CHECK(trine_port_agree(port) == TRINE_OK);
    wait_for(1u);
    CHECK(done("a drop"));
    CHECK(refused("a drop"));
    CHECK(trine_port_dismiss(port) == TRINE_OK);
    wait_for(1u);
    CHECK(trine_asked(device, now) == TRINE_E_NOT_FOUND);
}

static void dismissed(void)
{
    start(BYTES);
    CHECK(trine_consent_dismiss(device, now) == TRINE_E_NOT_FOUND);
    CHECK(refused("flood"));
    CHECK(trine_consent_dismiss(device, now) == 0);
    CHECK(refused("flood") && (asked == 1));
    wait_for(CONSENT / 4u);
    CHECK(refused("flood") && (asked == 2));
    wait_for(CONSENT);
    CHECK(trine_asked(device, now) == TRINE_E_NOT_FOUND);
}

static void too_long(void)
{
    /* Node, tag and length take three bytes. */
    start(9u);
    CHECK(says("a litre", "consent_bytes is 9") && (asked == 0) && (entered == 0));
    CHECK(refused("a drop"));
    agree();
    CHECK(done("a drop"));
    /* The default is enough for every message of the default's size. */
    start(0u);
    CHECK(refused("0123456789012345678901234567890123456789012345678901234567890123456789"));
    agree();
    CHECK(done("0123456789012345678901234567890123456789012345678901234567890123456789"));
}

int main(void)
{
    byte_for_byte();
    one_question_at_a_time();
    seen_for_long_enough();
    from_interrupts();
    dismissed();
    too_long();
    return check_failures("consent");
}
