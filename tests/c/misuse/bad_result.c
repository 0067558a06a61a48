/* A result that its tool's nodes do not allow: the device says which tool, node and rule. */
#include "../support/fixture.h"

static trine_status says_too_much(trine_call *call)
{
    (void)trine_put_int(call, 0, 1001);
    return TRINE_BLOCKS;
}

static trine_status is_negative(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, -1);
}

/* The fixture's hook writes its number after the test's own value. */
static bool tells(int32_t tool, int32_t node, const char *rule)
{
    trine_problem problem;

    (void)memset(&problem, 0, sizeof problem);
    CHECK(trine_get_problem(fixture_device, &problem) == TRINE_OK);
    return problem.tool == tool && problem.node == node && problem.rule.size == strlen(rule)
           && memcmp(problem.rule.data, rule, problem.rule.size) == 0;
}

int main(void)
{
    fixture_start();
    CHECK(tells(-1, -1, ""));
    (void)fixture_call("echo", 7);
    (void)fixture_call("echo", 1001);
    CHECK(tells(-1, -1, ""));
    /* Blocks of a tool that has none. */
    fixture_hook = says_too_much;
    (void)fixture_call("hook", 1);
    CHECK(tells(2, -1, "the result is not what its nodes describe"));
    (void)fixture_call("wait", 1);
    CHECK(trine_resume(fixture_device, fixture_pending, 1u, is_negative, NULL) == TRINE_OK);
    CHECK(tells(1, 1000, "the value is below its minimum"));
    /* It is the last one that is told, until there is another. */
    fixture_hook = NULL;
    CHECK(fixture_works());
    CHECK(tells(1, 1000, "the value is below its minimum"));
    return check_failures("bad_result");
}
