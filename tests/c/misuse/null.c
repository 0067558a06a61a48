/* NULL for every pointer parameter of every function: each answers what the header says, and the
 * device stays as it was. */
#include "../support/fixture.h"

#include <trine_consent.h>
#include <trine_mcp.h>
#include <trine_news.h>
#include <trine_resources.h>
#include <trine_run.h>
#include <trine_runtime.h>
#include <trine_sentences.h>
#include <trine_tools.h>

static const char text[] = "text";
static const uint8_t bytes[4] = {1u, 2u, 3u, 4u};
static uint64_t other_memory[512];

static trine_status finish(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
    return TRINE_OK;
}

static void starts(void)
{
    trine_device *device = NULL;
    trine_session *session = NULL;
    trine_port *port = NULL;
    trine_call *draft = NULL;
    trine_problem problem;

    REFUSES(trine_init(NULL, sizeof other_memory, &fixture_config, &device, NULL), TRINE_E_NULL);
    REFUSES(trine_init(other_memory, sizeof other_memory, NULL, &device, NULL), TRINE_E_NULL);
    REFUSES(trine_init(other_memory, sizeof other_memory, &fixture_config, NULL, NULL),
            TRINE_E_NULL);
    REFUSES(trine_port_init(NULL, 256u, fixture_device, &port), TRINE_E_NULL);
    REFUSES(trine_port_init(other_memory, 256u, NULL, &port), TRINE_E_NULL);
    REFUSES(trine_port_init(other_memory, 256u, fixture_device, NULL), TRINE_E_NULL);
    REFUSES(trine_session_init(NULL, 2048u, fixture_device, &session), TRINE_E_NULL);
    REFUSES(trine_session_init(other_memory, 2048u, NULL, &session), TRINE_E_NULL);
    REFUSES(trine_session_init(other_memory, 2048u, fixture_device, NULL), TRINE_E_NULL);
    REFUSES(trine_draft(NULL, 512u, &draft), TRINE_E_NULL);
    REFUSES(trine_draft(other_memory, 512u, NULL), TRINE_E_NULL);
    REFUSES(trine_deinit(NULL), TRINE_E_NULL);
    REFUSES(trine_get_problem(NULL, &problem), TRINE_E_NULL);
    REFUSES(trine_get_problem(fixture_device, NULL), TRINE_E_NULL);
    CHECK(device == NULL && session == NULL && port == NULL && draft == NULL);
    CHECK(trine_sizeof(NULL) == 0u);
}

static void device_functions(void)
{
    uint8_t *place = NULL;
    const uint8_t *sent = NULL;
    uint64_t due = 0u;
    trine_counters counters = {.struct_size = sizeof(trine_counters)};

    REFUSES(trine_feed(NULL, bytes, sizeof bytes), TRINE_E_NULL);
    REFUSES(trine_feed(fixture_device, NULL, sizeof bytes), TRINE_E_NULL);
    REFUSES(trine_feed(fixture_device, NULL, 0u), 0);
    REFUSES(trine_rx_buffer(NULL, &place), TRINE_E_NULL);
    REFUSES(trine_rx_buffer(fixture_device, NULL), TRINE_E_NULL);
    REFUSES(trine_rx_commit(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_tx_peek(NULL, &sent), TRINE_E_NULL);
    REFUSES(trine_tx_peek(fixture_device, NULL), TRINE_E_NULL);
    REFUSES(trine_tx_consume(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_poll(NULL, 1u, 1u, &due), TRINE_E_NULL);
    REFUSES(trine_is_live(NULL, 1u, 1u, 1u), TRINE_E_NULL);
    REFUSES(trine_get_counters(NULL, 1u, &counters), TRINE_E_NULL);
    REFUSES(trine_get_counters(fixture_device, 1u, NULL), TRINE_E_NULL);
    REFUSES(trine_agree(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_asked(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_consent_shown(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_consent_hidden(NULL), TRINE_E_NULL);
    REFUSES(trine_consent_dismiss(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_consent_set_guard(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_resume(NULL, 1u, 1u, finish, NULL), TRINE_E_NULL);
    REFUSES(trine_resume(fixture_device, 1u, 1u, NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_event(NULL, 0u, text, 4u), TRINE_E_NULL);
    REFUSES(trine_event(fixture_device, 0u, NULL, 4u), TRINE_E_NULL);
    REFUSES(trine_progress(NULL, 1u, 1u, 1u, text, 4u), TRINE_E_NULL);
    REFUSES(trine_progress(fixture_device, 1u, 1u, 1u, NULL, 4u), TRINE_E_NULL);
    REFUSES(trine_log(NULL, 1u, text, 4u), TRINE_E_NULL);
    REFUSES(trine_log(fixture_device, 1u, NULL, 4u), TRINE_E_NULL);
    REFUSES(trine_provision(NULL, 1), TRINE_E_NULL);
    CHECK(place == NULL && sent == NULL && due == 0u && counters.frames_in == 0u);
}

static void port_and_session_functions(void)
{
    static uint64_t draft_memory[64];
    char answer[256];
    size_t size = 77u;
    trine_call *draft = NULL;

    CHECK(trine_draft(draft_memory, sizeof draft_memory, &draft) == TRINE_OK);
    REFUSES(trine_port_complete(NULL, 1u, draft), TRINE_E_NULL);
    REFUSES(trine_port_complete(fixture_port, 1u, NULL), TRINE_E_NULL);
    REFUSES(trine_port_fail(NULL, 1u, text, 4u), TRINE_E_NULL);
    REFUSES(trine_port_fail(fixture_port, 1u, NULL, 4u), TRINE_E_NULL);
    REFUSES(trine_port_event(NULL, 0u, text, 4u), TRINE_E_NULL);
    REFUSES(trine_port_event(fixture_port, 0u, NULL, 4u), TRINE_E_NULL);
    REFUSES(trine_port_log(NULL, 1u, text, 4u), TRINE_E_NULL);
    REFUSES(trine_port_log(fixture_port, 1u, NULL, 4u), TRINE_E_NULL);
    REFUSES(trine_port_log(fixture_port, 8u, text, 4u), TRINE_E_ARGUMENT);
    REFUSES(trine_port_agree(NULL), TRINE_E_NULL);
    REFUSES(trine_port_dismiss(NULL), TRINE_E_NULL);
    REFUSES(trine_port_cancel(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_handle_json(NULL, 1u, "{}", 2u, answer, sizeof answer, &size), TRINE_E_NULL);
    REFUSES(trine_handle_json(fixture_session, 1u, NULL, 2u, answer, sizeof answer, &size),
            TRINE_E_NULL);
    REFUSES(trine_handle_json(fixture_session, 1u, "{}", 2u, NULL, sizeof answer, &size),
            TRINE_E_NULL);
    REFUSES(trine_handle_json(fixture_session, 1u, "{}", 2u, answer, sizeof answer, NULL),
            TRINE_E_NULL);
    REFUSES(trine_next_json(NULL, answer, sizeof answer, &size), TRINE_E_NULL);
    REFUSES(trine_next_json(fixture_session, NULL, sizeof answer, &size), TRINE_E_NULL);
    REFUSES(trine_next_json(fixture_session, answer, sizeof answer, NULL), TRINE_E_NULL);
    CHECK(size == 77u);
}

static void call_functions(void)
{
    trine_call_info info;
    uint8_t *block = NULL;
    const char *got = NULL;

    REFUSES(trine_call_get_info(NULL, &info), TRINE_E_NULL);
    REFUSES((trine_status)trine_call_get_id(NULL), 0);
    REFUSES(trine_call_get_block(NULL, &block), TRINE_E_NULL);
    REFUSES(trine_fail(NULL, text, 4u), TRINE_E_NULL);
    REFUSES(trine_content(NULL, text, 4u, 1u), TRINE_E_NULL);
    REFUSES(trine_param(NULL, text, 4u), TRINE_E_NULL);
    REFUSES(trine_result(NULL, text, 4u), TRINE_E_NULL);
    REFUSES(trine_has(NULL, 0), TRINE_E_NULL);
    REFUSES(trine_get_bool(NULL, 0), 0);
    REFUSES((trine_status)trine_get_int(NULL, 0), 0);
    REFUSES((trine_status)trine_get_decimal(NULL, 0), 0);
    REFUSES((trine_status)trine_get_choice(NULL, 0), 0);
    REFUSES((trine_status)trine_get_string(NULL, 0, &got), 0);
    REFUSES(trine_put_bool(NULL, 0, 1), TRINE_E_NULL);
    REFUSES(trine_put_int(NULL, 0, 1), TRINE_E_NULL);
    REFUSES(trine_put_decimal(NULL, 0, 1), TRINE_E_NULL);
    REFUSES(trine_put_choice(NULL, 0, 1u), TRINE_E_NULL);
    REFUSES(trine_put_string(NULL, 0, text, 4u), TRINE_E_NULL);
    REFUSES(trine_put_object(NULL, 0), TRINE_E_NULL);
    REFUSES(trine_put_array(NULL, 0, 1u), TRINE_E_NULL);
    REFUSES(trine_put_block(NULL, &(trine_block){.struct_size = sizeof(trine_block)}),
            TRINE_E_NULL);
    REFUSES(trine_need_input(NULL, &(trine_question){.struct_size = sizeof(trine_question)}, text,
                             4u),
            TRINE_E_NULL);
}

/* The other pointers of the functions that take a call: inside a tool, where there is one. */
static trine_status inside(trine_call *call)
{
    CHECK(trine_call_get_info(call, NULL) == TRINE_E_NULL);
    CHECK(trine_call_get_block(call, NULL) == TRINE_E_NULL);
    CHECK(trine_fail(call, NULL, 4u) == TRINE_E_NULL);
    CHECK(trine_content(call, NULL, 4u, 1u) == TRINE_E_NULL);
    CHECK(trine_param(call, NULL, 6u) == TRINE_E_NULL);
    CHECK(trine_result(call, NULL, 6u) == TRINE_E_NULL);
    CHECK(trine_get_string(call, 9, NULL) == 0u);
    CHECK(trine_put_string(call, 0, NULL, 4u) == TRINE_E_NULL);
    CHECK(trine_put_block(call, NULL) == TRINE_E_NULL);
    CHECK(trine_need_input(call, NULL, text, 4u) == TRINE_E_NULL);
    CHECK(trine_mcp_write(call, NULL, 4u) == TRINE_E_NULL);
    CHECK(trine_mcp_say(call, TRINE_ROLE_USER, NULL, 4u) == TRINE_E_NULL);
    CHECK(trine_mcp_completion_of(call, NULL) == TRINE_E_NULL);
    CHECK(trine_mcp_suggest(call, NULL, 4u) == TRINE_E_NULL);
    CHECK(trine_mcp_ask_model(call, NULL, 4u, 0u, NULL, 0u) == TRINE_E_NULL);
    CHECK(trine_mcp_ask_model(call, text, 4u, 0u, NULL, 4u) == TRINE_E_NULL);
    CHECK(trine_mcp_ask_roots(call, NULL, 4u) == TRINE_E_NULL);
    CHECK(trine_need_input(call, &(trine_question){.struct_size = sizeof(trine_question)}, NULL,
                           4u) == TRINE_E_NULL);
    return TRINE_OK;
}

static void run_functions(void)
{
    trine_outcome outcome = {.struct_size = sizeof outcome};
    char room[4];
    uint8_t byte = 0u;
    int64_t number = 0;
    trine_text got = {NULL, 0u};
    size_t size = 0u;

    REFUSES(trine_news_init(NULL, 64u, fixture_device), TRINE_E_NULL);
    REFUSES(trine_news_init(&number, sizeof number, NULL), TRINE_E_NULL);
    REFUSES(trine_run(NULL, 0u, 0u, &byte, 1u, &byte, 1u, &outcome), TRINE_E_NULL);
    REFUSES(trine_run(fixture_device, 0u, 0u, NULL, 1u, &byte, 1u, &outcome), TRINE_E_NULL);
    REFUSES(trine_run(fixture_device, 0u, 0u, &byte, 1u, NULL, 1u, &outcome), TRINE_E_NULL);
    REFUSES(trine_run(fixture_device, 0u, 0u, &byte, 1u, &byte, 1u, NULL), TRINE_E_NULL);
    REFUSES(trine_run_later(NULL, 1u, &outcome), TRINE_E_NULL);
    REFUSES(trine_run_later(fixture_device, 1u, NULL), TRINE_E_NULL);
    REFUSES(trine_run_end(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_run_get_number(NULL, 0u, &number), TRINE_E_NULL);
    REFUSES(trine_run_get_number(&outcome, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_run_get_string(NULL, 0u, &got), TRINE_E_NULL);
    REFUSES(trine_run_get_string(&outcome, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_run_text(NULL, &outcome, room, 0u, &size), TRINE_E_NULL);
    REFUSES(trine_run_text(fixture_device, NULL, room, 0u, &size), TRINE_E_NULL);
    REFUSES(trine_run_text(fixture_device, &outcome, NULL, 4u, &size), TRINE_E_NULL);
    REFUSES(trine_run_text(fixture_device, &outcome, room, 0u, NULL), TRINE_E_NULL);
}

static trine_status on_sentence(void *user_data, const trine_sentence *sentence)
{
    (void)user_data;
    (void)sentence;
    return TRINE_PENDING;
}

static void sentence_functions(void)
{
    static const trine_sentences reader = {.struct_size = sizeof reader,
                                           .on_sentence = on_sentence};
    static const trine_sentences no_function = {.struct_size = sizeof no_function};
    /* A call without arguments. */
    static const uint8_t blocks[10] = {9u, 8u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u};

    REFUSES(trine_sentences_offer(NULL, &reader), TRINE_E_NULL);
    REFUSES(trine_sentences_offer(fixture_device, NULL), TRINE_E_NULL);
    REFUSES(trine_sentences_offer(fixture_device, &no_function), TRINE_E_NULL);
    REFUSES(trine_sentence_answer(NULL, 1u, blocks, sizeof blocks), TRINE_E_NULL);
    REFUSES(trine_sentence_answer(fixture_device, 1u, NULL, sizeof blocks), TRINE_E_NULL);
    REFUSES(trine_sentence_answer(fixture_device, 1u, NULL, 0u), TRINE_E_ARGUMENT);
    REFUSES(trine_sentence_answer(fixture_device, 1u, blocks, sizeof blocks), TRINE_E_STALE);
    /* A call of a tool that waits is no sentence. */
    (void)fixture_call("wait", 5);
    REFUSES(trine_sentence_answer(fixture_device, fixture_pending, blocks, sizeof blocks),
            TRINE_E_STALE);
    REFUSES(trine_sentence_fail(fixture_device, fixture_pending, text, 4u), TRINE_E_STALE);
    REFUSES(trine_sentence_fail(NULL, 1u, text, 4u), TRINE_E_NULL);
    REFUSES(trine_sentence_fail(fixture_device, 1u, NULL, 4u), TRINE_E_NULL);
}

static void list_functions(void)
{
    static const trine_mcp_lists lists = {.struct_size = sizeof(trine_mcp_lists)};
    trine_completion what;

    REFUSES(trine_mcp_offer(NULL, &lists, NULL), TRINE_E_NULL);
    REFUSES(trine_mcp_offer(fixture_device, NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_mcp_updated(NULL, text, 4u), TRINE_E_NULL);
    REFUSES(trine_mcp_updated(fixture_device, NULL, 4u), TRINE_E_NULL);
    REFUSES(trine_mcp_changed(NULL, TRINE_LIST_PROMPTS), TRINE_E_NULL);
    REFUSES(trine_mcp_log(NULL, 1u, 3u, text, 4u), TRINE_E_NULL);
    REFUSES(trine_mcp_log(fixture_device, 1u, 3u, NULL, 4u), TRINE_E_NULL);
    REFUSES(trine_mcp_uri(NULL, NULL), 0u);
    REFUSES(trine_mcp_variable(NULL, 0u, NULL), 0u);
    REFUSES(trine_mcp_root(NULL, 0u, NULL), 0u);
    REFUSES(trine_mcp_write(NULL, text, 4u), TRINE_E_NULL);
    REFUSES(trine_mcp_say(NULL, TRINE_ROLE_USER, text, 4u), TRINE_E_NULL);
    REFUSES(trine_mcp_completion_of(NULL, &what), TRINE_E_NULL);
    REFUSES(trine_mcp_suggest(NULL, text, 4u), TRINE_E_NULL);
    REFUSES(trine_mcp_more(NULL, 0u), TRINE_E_NULL);
    REFUSES(trine_mcp_ask_model(NULL, text, 4u, 0u, text, 4u), TRINE_E_NULL);
    REFUSES(trine_mcp_ask_roots(NULL, text, 4u), TRINE_E_NULL);
}

static void resource_functions(void)
{
    static const trine_resources_config config = {
        .struct_size = sizeof config, .tools_max = 1u, .memory = 64u, .blocks_max = 1u};
    trine_requirements asks = {.struct_size = sizeof asks};
    trine_allocation given = {.struct_size = sizeof given};
    trine_resources *resources = NULL;
    uint64_t handle = 0u;
    uint8_t *place = NULL;
    size_t size = 0u;

    CHECK(trine_resources_size(NULL) == 0u);
    REFUSES(trine_resources_init(NULL, 2048u, &config, &resources), TRINE_E_NULL);
    REFUSES(trine_resources_init(other_memory, 2048u, NULL, &resources), TRINE_E_NULL);
    REFUSES(trine_resources_init(other_memory, 2048u, &config, NULL), TRINE_E_NULL);
    CHECK(resources == NULL);
    CHECK(trine_resources_init(other_memory, sizeof other_memory, &config, &resources) ==
          TRINE_OK);
    REFUSES(trine_resources_add_device(NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_add_device(resources, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_set_presence(NULL, 0u, 0u), TRINE_E_NULL);
    REFUSES(trine_resources_get_device(NULL, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_get_device(resources, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_allocate(NULL, 1u, &asks, 0u, &given, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_allocate(resources, 1u, NULL, 0u, &given, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_allocate(resources, 1u, &asks, 0u, NULL, NULL), TRINE_E_NULL);
    asks.devices_count = 1u;
    REFUSES(trine_resources_check(NULL, 1u, &asks, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_check(resources, 1u, &asks, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_check(resources, 1u, NULL, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_withdraw(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_resources_release(NULL, 1u, 0u), TRINE_E_NULL);
    REFUSES(trine_resources_reclaim(NULL, 1u, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_reclaim(resources, 1u, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_get_allocation(NULL, 1u, &given), TRINE_E_NULL);
    REFUSES(trine_resources_get_allocation(resources, 1u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_get_held(NULL, 1u, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_get_held(resources, 1u, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_take(NULL, 1u, 8u, 0u, &handle, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_take(resources, 1u, 8u, 0u, NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_give(NULL, 1u, 1u), TRINE_E_NULL);
    REFUSES(trine_resources_pass(NULL, 1u, 1u, 2u), TRINE_E_NULL);
    REFUSES(trine_resources_memory(NULL, 1u, 1u, &place, &size), TRINE_E_NULL);
    REFUSES(trine_resources_memory(resources, 1u, 1u, NULL, &size), TRINE_E_NULL);
    REFUSES(trine_resources_memory(resources, 1u, 1u, &place, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_take_device(NULL, 1u, 1u, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_give_device(NULL, 1u, 1u), TRINE_E_NULL);
    REFUSES(trine_resources_begin(NULL, 1u, 0u, &handle, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_begin(resources, 1u, 0u, NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_end(NULL, 1u, 0u, 0u, 0u), TRINE_E_NULL);
    REFUSES(trine_resources_get_times(NULL, 1u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_get_times(resources, 1u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_get_pool(NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_get_pool(resources, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_get_quota(NULL, 1u, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_resources_get_quota(resources, 1u, 0u, NULL), TRINE_E_NULL);
}

static void runtime_functions(void)
{
    trine_runtime_config config = {.struct_size = sizeof config};
    trine_runtime *runtime = NULL;
    size_t size = 7u;

    CHECK(trine_runtime_size(NULL) == 0u);
    CHECK(trine_runtime_size(&config) == 0u);
    REFUSES(trine_runtime_init(other_memory, 64u, NULL, &runtime), TRINE_E_NULL);
    REFUSES(trine_runtime_init(other_memory, 64u, &config, NULL), TRINE_E_NULL);
    REFUSES(trine_runtime_init(NULL, 64u, &config, &runtime), TRINE_E_NULL);
    REFUSES(trine_runtime_deinit(NULL), TRINE_E_NULL);
    REFUSES(trine_runtime_activate(NULL, 0u, 0u, NULL), TRINE_E_NULL);
    REFUSES(trine_runtime_deactivate(NULL, 0u, 0u), TRINE_E_NULL);
    REFUSES(trine_runtime_is_active(NULL, 0u), TRINE_E_NULL);
    CHECK(trine_runtime_device(NULL) == NULL && trine_runtime_resources(NULL) == NULL);
    CHECK(trine_runtime_session(NULL, 0u) == NULL);
    CHECK(trine_runtime_bridge(NULL, &size) == NULL && size == 7u);
    CHECK(trine_runtime_bridge(NULL, NULL) == NULL && runtime == NULL);
}

static void clock_functions(void)
{
    CHECK(trine_now(NULL, 5u) == 5u);
}

static void tool_functions(void)
{
    static uint64_t places[64];
    trine_tool_id id = 0u;

    REFUSES(trine_tools_init(NULL, sizeof places, fixture_device), TRINE_E_NULL);
    REFUSES(trine_tools_init(places, sizeof places, NULL), TRINE_E_NULL);
    CHECK(trine_tools_init(places, sizeof places, fixture_device) == TRINE_OK);
    REFUSES(trine_tools_add(NULL, fixture_config.tools, &id, NULL), TRINE_E_NULL);
    REFUSES(trine_tools_add(fixture_device, NULL, &id, NULL), TRINE_E_NULL);
    REFUSES(trine_tools_add(fixture_device, NULL, NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_tools_replace(NULL, 1u, fixture_config.tools, NULL), TRINE_E_NULL);
    REFUSES(trine_tools_replace(fixture_device, 1u, NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_tools_remove(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_tools_find(NULL, TRINE_TEXT("echo"), &id), TRINE_E_NULL);
    REFUSES(trine_tools_find(fixture_device, NULL, 4u, &id), TRINE_E_NULL);
    REFUSES(trine_tools_find(fixture_device, TRINE_TEXT("echo"), NULL), TRINE_E_NULL);
    REFUSES(trine_tools_number(NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_tools_count(NULL), TRINE_E_NULL);
    REFUSES(trine_tools_high_water(NULL), TRINE_E_NULL);
}

int main(void)
{
    fixture_start();
    starts();
    device_functions();
    port_and_session_functions();
    call_functions();
    run_functions();
    list_functions();
    sentence_functions();
    resource_functions();
    runtime_functions();
    clock_functions();
    fixture_hook = inside;
    (void)fixture_call("hook", 3);
    tool_functions();
    CHECK(fixture_works());
    CHECK(trine_deinit(fixture_device) == TRINE_OK);
    return check_failures("null");
}
