/* A failure stays a failure: with a long text, with one that is freed, and when a writer fails. */
#include "../support/fixture.h"

#define LONG 300u

static char text[LONG + 1u];
static trine_status stopped_with;

static bool says(const char *answer, const char *what)
{
    return strstr(answer, what) != NULL;
}

static bool failed(const char *answer)
{
    return says(answer, "\"isError\":true") && !says(answer, "was done") &&
           !says(answer, "structuredContent");
}

/* A text on the stack, as `std::string::c_str()` of a temporary would be. */
static trine_status fails_from_stack(trine_call *call)
{
    char mine[32];
    trine_status status;

    (void)strcpy(mine, "the tank is empty");
    status = trine_fail(call, mine, strlen(mine));
    (void)memset(mine, '#', sizeof mine);
    return status;
}

static trine_status fails_at_length(trine_call *call)
{
    return trine_fail(call, text, LONG);
}

/* The last text counts, and one that says nothing changes nothing. */
static trine_status fails_twice(trine_call *call)
{
    trine_status failed = trine_put_int(call, 0, 1);

    failed = trine_fail(call, TRINE_TEXT("first"));
    failed = trine_fail(call, TRINE_TEXT("it is jammed"));
    (void)failed;
    return trine_fail(call, TRINE_TEXT(""));
}

static trine_status writes_no_text(trine_call *call)
{
    stopped_with = trine_put_string(call, 0, "\xff", 1u);
    return TRINE_OK;
}

static trine_status writes_null_text(trine_call *call)
{
    stopped_with = trine_put_string(call, 0, NULL, 4u);
    return TRINE_OK;
}

static trine_status writes_many(trine_call *call)
{
    stopped_with = trine_put_array(call, 0, 65536u);
    return TRINE_OK;
}

static trine_status writes_another(trine_call *call)
{
    return trine_put_int(call, 0, 5000);
}

static trine_status reads_another(trine_call *call)
{
    (void)trine_get_bool(call, 0);
    return TRINE_OK;
}

/* The parameter is of another type, and missing: it must not pass until somebody gives it. */
static trine_status reads_missing(trine_call *call)
{
    (void)trine_get_int(call, 1);
    return TRINE_OK;
}

/* The functions that make a call fail although its tool says TRINE_OK. */
static void errors_are_remembered(void)
{
    fixture_hook = writes_no_text;
    CHECK(failed(fixture_call("hook", 1)) && (stopped_with == TRINE_E_UTF8));
    fixture_hook = writes_null_text;
    CHECK(failed(fixture_call("hook", 1)) && (stopped_with == TRINE_E_NULL));
    fixture_hook = writes_many;
    CHECK(failed(fixture_call("hook", 1)) && (stopped_with == TRINE_E_ARGUMENT));
    fixture_hook = reads_another;
    CHECK(says(fixture_call("hook", 1), "another type"));
    fixture_hook = reads_missing;
    CHECK(says(fixture_call("hook", 1), "another type"));
}

static trine_status later(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_fail(call, text, LONG);
}

static const char *next(void)
{
    static char answer[2048];
    size_t size = 0u;

    CHECK(trine_next_json(fixture_session, answer, sizeof answer - 1u, &size) == TRINE_OK);
    answer[size] = '\0';
    return answer;
}

/* Calls that are answered later. What is kept of an answer is short: `repeat_max`. */
static void later_failures_stay_failures(void)
{
    const char *answer;

    (void)fixture_call("wait", 1);
    CHECK(trine_resume(fixture_device, fixture_pending, 1u, later, NULL) == TRINE_OK);
    answer = next();
    CHECK(failed(answer) && says(answer, "xxxxxxxxxx"));

    (void)fixture_call("wait", 1);
    CHECK(trine_port_fail(fixture_port, fixture_pending, text, 90u) == TRINE_OK);
    CHECK(trine_poll(fixture_device, 2u, 100u, NULL) == TRINE_OK);
    answer = next();
    CHECK(failed(answer) && says(answer, "xxxxxxxxxx"));

    /* The text is longer than the port's memory, and goes in cut. */
    (void)fixture_call("wait", 1);
    CHECK(trine_port_fail(fixture_port, fixture_pending, text, LONG) == TRINE_OK);
    CHECK(trine_poll(fixture_device, 3u, 100u, NULL) == TRINE_OK);
    CHECK(failed(next()));
    CHECK(trine_port_event(fixture_port, 0u, text, LONG) == TRINE_OK);
    CHECK(trine_port_log(fixture_port, 7u, text, LONG) == TRINE_OK);
    CHECK(trine_poll(fixture_device, 4u, 100u, NULL) == TRINE_OK);
}

/* Each room for an answer from too short for anything to enough. */
static void failures_are_cut_to_the_room(void)
{
    static const char request[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{"
        "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"t\",\"version\":\"1\"},"
        "\"io.modelcontextprotocol/clientCapabilities\":{}},"
        "\"name\":\"hook\",\"arguments\":{\"number\":1}}}";
    char answer[768];
    size_t room;
    size_t size;
    unsigned answered = 0u;

    fixture_hook = fails_at_length;
    for (room = 0u; room < sizeof answer; room++) {
        trine_status status;

        size = 0u;
        status = trine_handle_json(fixture_session, 5u, request, sizeof request - 1u, answer, room,
                                   &size);
        if (status == TRINE_OK) {
            answer[size] = '\0';
            CHECK(failed(answer));
            answered++;
        } else {
            CHECK((status == TRINE_E_NO_SPACE) && (answered == 0u));
        }
    }
    CHECK(answered > 400u);
}

int main(void)
{
    const char *answer;

    (void)memset(text, 'x', LONG);
    fixture_start();
    fixture_hook = fails_from_stack;
    answer = fixture_call("hook", 1);
    CHECK(failed(answer) && says(answer, "hook: the tank is empty"));
    fixture_hook = fails_at_length;
    CHECK(failed(fixture_call("hook", 1)));
    fixture_hook = fails_twice;
    answer = fixture_call("hook", 1);
    CHECK(failed(answer) && says(answer, "it is jammed") && !says(answer, "first"));
    errors_are_remembered();

    /* A result that its descriptor does not allow is told by node and bound. */
    fixture_hook = writes_another;
    answer = fixture_call("hook", 1);
    CHECK(failed(answer) && says(answer, "number must be at most 1000"));

    fixture_hook = NULL;
    later_failures_stay_failures();
    failures_are_cut_to_the_room();

    fixture_hook = NULL;
    CHECK(fixture_works());
    CHECK(trine_deinit(fixture_device) == TRINE_OK);
    return check_failures("failures");
}
