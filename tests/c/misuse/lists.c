/* Lists that break a rule are refused whole, with the entry and the rule; what was offered before
 * stays, and the device works on. */
#include "../support/fixture.h"
#include <trine_mcp.h>

static trine_status make(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_mcp_say(call, TRINE_ROLE_USER, TRINE_TEXT("x"));
}

static char long_uri[1100];

static const trine_node texts[] = {TRINE_STRING(TRINE_REQUIRED, "who", "Who.", 1, 9),
                                   TRINE_CHOICE(TRINE_OPTIONAL, "how", "How.", "a|b")};
static const trine_node number[] = {TRINE_STRING(TRINE_REQUIRED, "who", "Who.", 1, 9),
                                    TRINE_INT(TRINE_REQUIRED, "n", "", "A number.", 0, 9)};
static const trine_node twice[] = {TRINE_STRING(TRINE_REQUIRED, "who", "Who.", 1, 9),
                                   TRINE_STRING(TRINE_REQUIRED, "who", "Who.", 1, 9)};

static const trine_resource good =
    TRINE_RESOURCE("a:b", "name", "", "text/plain", "", 0u, "text", 4u);
static const trine_resource good_template =
    TRINE_TEMPLATE("a:{b}", "name", "", "text/plain", "", 0u, make, NULL);
static const trine_tool good_prompt = TRINE_PROMPT("ask", "", "Asks.", texts, make, NULL);
static const trine_extra good_extra = TRINE_EXTRA(TRINE_EXTRA_PARAM, 0u, 0u, "{\"title\":\"N\"}");

static trine_resource resources[2];
static trine_resource templates[2];
static trine_tool prompts[2];
static trine_extra extras[2];
static trine_mcp_lists lists;
static trine_problem problem;

/* Lists with two entries each, all of them good. */
static void reset(void)
{
    resources[0] = good;
    resources[1] =
        (trine_resource)TRINE_RESOURCE("a:c", "name", "", "", "", TRINE_RESOURCE_BINARY, "\xff", 1u);
    templates[0] = good_template;
    templates[1] =
        (trine_resource)TRINE_TEMPLATE("d:{b}/e", "name", "", "text/plain", "", 0u, make, NULL);
    prompts[0] = good_prompt;
    prompts[1] = (trine_tool)TRINE_PROMPT("answer", "", "Answers.", NULL, make, NULL);
    extras[0] = good_extra;
    extras[1] = (trine_extra)TRINE_ICONS(1u, "{\"icons\":[]}");
    (void)memset(&lists, 0, sizeof lists);
    lists.struct_size = sizeof lists;
    lists.resources_count = 2u;
    lists.templates_count = 2u;
    lists.prompts_count = 2u;
    lists.extras_count = 2u;
    lists.resources = resources;
    lists.templates = templates;
    lists.prompts = prompts;
    lists.extras = extras;
}

static bool has(const char *text)
{
    const size_t size = strlen(text);
    size_t at;

    for (at = 0u; at + size <= problem.rule.size; at++) {
        if (memcmp(problem.rule.data + at, text, size) == 0) {
            return true;
        }
    }
    return false;
}

/* The second entry of a list breaks a rule: nothing is offered, and the next offer is as good. */
static void is_refused(int32_t entry, const char *rule, int32_t node, int line)
{
    fixture_remember();
    check_at(trine_mcp_offer(fixture_device, &lists, &problem) == TRINE_E_TABLE, rule, __FILE__,
             line);
    check_at(fixture_is_unchanged(), rule, __FILE__, line);
    check_at((problem.tool == entry) && (problem.node == node), rule, __FILE__, line);
    check_at(has(rule), rule, __FILE__, line);
    reset();
}
#define REFUSED(entry, rule, node) is_refused(entry, rule, node, __LINE__)

static void resources_and_templates_keep_their_rules(void)
{
    resources[1].reserved = 1u;
    REFUSED(1, "reserved members", -1);
    resources[1].flags = 2u;
    REFUSED(1, "unknown flags must be 0", -1);
    resources[1] = (trine_resource)TRINE_RESOURCE("a:c", "n\xff", "", "", "", 0u, "", 0u);
    REFUSED(1, "its texts must be UTF-8", -1);
    resources[1] = (trine_resource)TRINE_RESOURCE("a:c", "n", "", "", "\xc3", 0u, "", 0u);
    REFUSED(1, "its texts must be UTF-8", -1);
    resources[1].texts = NULL;
    REFUSED(1, "its address must have a scheme", -1);
    resources[1] = (trine_resource)TRINE_RESOURCE("menu", "n", "", "", "", 0u, "", 0u);
    REFUSED(1, "its address must have a scheme", -1);
    resources[1] = (trine_resource)TRINE_RESOURCE("a:b c", "n", "", "", "", 0u, "", 0u);
    REFUSED(1, "no spaces", -1);
    resources[1].texts = long_uri;
    resources[1].uri_size = 1025u;
    REFUSED(1, "at most 1,024 bytes", -1);
    resources[1] = (trine_resource)TRINE_RESOURCE("a:c", "", "", "", "", 0u, "", 0u);
    REFUSED(1, "it must have a name", -1);
    resources[1] = good;
    REFUSED(1, "another entry has the same address", -1);
    resources[1].data = NULL;
    REFUSED(1, "it must have data or a function", -1);
    resources[1].flags = 0u;
    REFUSED(1, "data of text must be UTF-8", -1);
    templates[1] = (trine_resource)TRINE_TEMPLATE("a:b", "n", "", "", "", 0u, make, NULL);
    REFUSED(10001, "its address must have a variable", -1);
    templates[1] = good_template;
    REFUSED(10001, "another entry has the same address", -1);
    templates[1].read = NULL;
    REFUSED(10001, "it must have a function", -1);
}

static void prompts_and_extras_keep_their_rules(void)
{
    prompts[1].call = NULL;
    REFUSED(20001, "it must have a function", -1);
    prompts[1].texts = NULL;
    REFUSED(20001, "its texts", -1);
    prompts[1].params_count = 3u;
    REFUSED(20001, "its arguments must not be NULL", -1);
    prompts[1].results = texts;
    prompts[1].results_count = 1u;
    REFUSED(20001, "messages in place of a result", -1);
    prompts[1] = (trine_tool)TRINE_PROMPT("answer", "", "Answers.", number, make, NULL);
    REFUSED(20001, "must be a text or a choice", 1);
    prompts[1] = (trine_tool)TRINE_PROMPT("answer", "", "Answers.", twice, make, NULL);
    REFUSED(20001, "", 1);
    prompts[1] = (trine_tool)TRINE_PROMPT("a b", "", "Answers.", NULL, make, NULL);
    REFUSED(20001, "", -1);
    prompts[1] = good_prompt;
    REFUSED(20001, "the same address or name", -1);
    extras[1].tool = 3u;
    REFUSED(30001, "there is no tool of that number", -1);
    extras[1].of = 3u;
    REFUSED(30001, "of a parameter, a result or a tool", -1);
    extras[1] = (trine_extra)TRINE_ICONS(1u, "[]");
    REFUSED(30001, "its members must be a JSON object on one line", -1);
    extras[1] = (trine_extra)TRINE_ICONS(1u, "{\n}");
    REFUSED(30001, "its members must be a JSON object on one line", -1);
    extras[1].members = NULL;
    REFUSED(30001, "its members must be a JSON object", -1);
}

/* An array that is said to be longer than there is anything for. */
static void counts_that_do_not_fit_are_refused(void)
{
    static trine_resource many[1025];

    many[0] = good;
    lists.resources = many;
    lists.resources_count = 1025u;
    fixture_remember();
    CHECK(trine_mcp_offer(fixture_device, &lists, &problem) == TRINE_E_TABLE);
    CHECK(problem.tool == 1024 && has("at most 1,024 entries"));
    CHECK(fixture_is_unchanged());
    reset();
    lists.resources = NULL;
    REFUSES(trine_mcp_offer(fixture_device, &lists, &problem), TRINE_E_NULL);
    reset();
    lists.templates = NULL;
    REFUSES(trine_mcp_offer(fixture_device, &lists, NULL), TRINE_E_NULL);
    reset();
    lists.prompts = NULL;
    REFUSES(trine_mcp_offer(fixture_device, &lists, NULL), TRINE_E_NULL);
    reset();
    lists.extras = NULL;
    REFUSES(trine_mcp_offer(fixture_device, &lists, NULL), TRINE_E_NULL);
    reset();
    lists.struct_size = 0u;
    REFUSES(trine_mcp_offer(fixture_device, &lists, NULL), TRINE_E_VERSION);
    lists.struct_size = 5000u;
    REFUSES(trine_mcp_offer(fixture_device, &lists, NULL), TRINE_E_VERSION);
    reset();
    REFUSES(trine_mcp_offer(fixture_device,
                            (const trine_mcp_lists *)(const void *)((const char *)&lists + 1),
                            NULL),
            TRINE_E_ALIGNMENT);
}

/* A structure of a later header: its new members are 0, or ask for what is not there. */
static void later_versions_are_taken_or_refused(void)
{
    static union {
        trine_mcp_lists lists;
        uint64_t words[sizeof(trine_mcp_lists) / 8u + 1u];
    } later;

    (void)memset(&later, 0, sizeof later);
    later.lists = lists;
    later.lists.struct_size = sizeof later;
    later.words[sizeof(trine_mcp_lists) / 8u] = 1u;
    REFUSES(trine_mcp_offer(fixture_device, &later.lists, NULL), TRINE_E_UNSUPPORTED);
    later.words[sizeof(trine_mcp_lists) / 8u] = 0u;
    CHECK(trine_mcp_offer(fixture_device, &later.lists, NULL) == TRINE_OK);
}

/* What hosts know tools by changes with the extras, so they are as they were from the start. */
static void extras_stay_once_the_device_has_started(void)
{
    static trine_mcp_lists plain;

    REFUSES(trine_mcp_offer(fixture_device, &lists, NULL), TRINE_E_STATE);
    plain = lists;
    plain.extras_count = 0u;
    CHECK(trine_mcp_offer(fixture_device, &plain, &problem) == TRINE_OK);
    CHECK(problem.tool == -1 && problem.rule.size == 0u);
    REFUSES(trine_mcp_offer(fixture_device, &lists, NULL), TRINE_E_STATE);
}

static void changes_are_told_of_what_is_there(void)
{
    int told = 0;

    REFUSES(trine_mcp_updated(fixture_device, TRINE_TEXT("a:x/y")), TRINE_E_ARGUMENT);
    REFUSES(trine_mcp_updated(fixture_device, TRINE_TEXT("a:\xff")), TRINE_E_UTF8);
    REFUSES(trine_mcp_updated(fixture_device, long_uri, 1025u), TRINE_E_ARGUMENT);
    REFUSES(trine_mcp_changed(fixture_device, 0u), TRINE_E_ARGUMENT);
    REFUSES(trine_mcp_changed(fixture_device, 4u), TRINE_E_ARGUMENT);
    REFUSES(trine_mcp_log(fixture_device, 1u, 8u, TRINE_TEXT("x")), TRINE_E_ARGUMENT);
    REFUSES(trine_mcp_log(fixture_device, 1u, 3u, TRINE_TEXT("\xff")), TRINE_E_UTF8);
    REFUSES(trine_mcp_log(fixture_device, 1u, 3u, TRINE_TEXT("of no call")), TRINE_E_STALE);
    CHECK(trine_mcp_updated(fixture_device, TRINE_TEXT("a:b")) == TRINE_OK);
    CHECK(trine_mcp_updated(fixture_device, TRINE_TEXT("a:any")) == TRINE_OK);
    CHECK(trine_mcp_changed(fixture_device, TRINE_LIST_PROMPTS) == TRINE_OK);
    while (told < 1000 && trine_mcp_changed(fixture_device, TRINE_LIST_RESOURCES) == TRINE_OK) {
        told++;
    }
    CHECK(told > 0 && told < 1000);
    CHECK(trine_mcp_changed(fixture_device, TRINE_LIST_RESOURCES) == TRINE_E_FULL);
}

/* Inside a tool there is no resource, no prompt and nothing to complete, and the device is busy. */
static trine_status elsewhere(trine_call *call)
{
    trine_completion what;

    CHECK(trine_mcp_uri(call, NULL) == 0u);
    CHECK(trine_mcp_variable(call, 0u, NULL) == 0u);
    CHECK(trine_mcp_root(call, 0u, NULL) == 0u);
    CHECK(trine_mcp_completion_of(call, &what) == TRINE_E_STATE);
    CHECK(trine_mcp_offer(fixture_device, &lists, NULL) == TRINE_E_BUSY);
    CHECK(trine_mcp_updated(fixture_device, TRINE_TEXT("a:b")) == TRINE_E_BUSY);
    CHECK(trine_mcp_changed(fixture_device, TRINE_LIST_PROMPTS) == TRINE_E_BUSY);
    return TRINE_OK;
}

static trine_status writes(trine_call *call)
{
    CHECK(trine_mcp_write(call, "x", 1u) == TRINE_E_STATE);
    return TRINE_OK;
}

static trine_status says(trine_call *call)
{
    CHECK(trine_mcp_say(call, 2u, TRINE_TEXT("x")) == TRINE_E_ARGUMENT);
    CHECK(trine_mcp_say(call, TRINE_ROLE_USER, TRINE_TEXT("\xff")) == TRINE_E_UTF8);
    CHECK(trine_mcp_say(call, TRINE_ROLE_USER, TRINE_TEXT("x")) == TRINE_E_STATE);
    return TRINE_OK;
}

static trine_status suggests(trine_call *call)
{
    CHECK(trine_mcp_suggest(call, TRINE_TEXT("\xff")) == TRINE_E_UTF8);
    CHECK(trine_mcp_suggest(call, TRINE_TEXT("x")) == TRINE_E_STATE);
    return TRINE_OK;
}

static trine_status has_more(trine_call *call)
{
    CHECK(trine_mcp_more(call, 3u) == TRINE_E_STATE);
    return TRINE_OK;
}

static void tools_are_neither_resources_nor_prompts(void)
{
    trine_status (*const wrong[])(trine_call *) = {writes, says, suggests, has_more};
    size_t at;

    fixture_hook = elsewhere;
    CHECK(strstr(fixture_call("hook", 5), "\"structuredContent\":{\"number\":5}") != NULL);
    for (at = 0u; at < sizeof wrong / sizeof wrong[0]; at++) {
        fixture_hook = wrong[at];
        CHECK(strstr(fixture_call("hook", 5), "a fault of the program") != NULL);
    }
    fixture_hook = NULL;
}

int main(void)
{
    (void)memset(long_uri, 'a', sizeof long_uri - 1u);
    long_uri[1] = ':';
    long_uri[1025] = '\0';
    reset();
    /* A device that was not polled yet takes extras. */
    CHECK(trine_init(fixture_memory, sizeof fixture_memory, &fixture_config, &fixture_device,
                     NULL) == TRINE_OK);
    resources_and_templates_keep_their_rules();
    prompts_and_extras_keep_their_rules();
    counts_that_do_not_fit_are_refused();
    later_versions_are_taken_or_refused();
    CHECK(trine_mcp_offer(fixture_device, &lists, NULL) == TRINE_OK);
    fixture_start();
    extras_stay_once_the_device_has_started();
    changes_are_told_of_what_is_there();
    tools_are_neither_resources_nor_prompts();
    CHECK(strstr(trine_build_info(), " profile=sentences ") != NULL);
    CHECK(fixture_works());
    return check_failures("lists");
}
