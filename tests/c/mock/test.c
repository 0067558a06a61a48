/* The tools of a firmware under test: the same checks hold with libtrine and without. */
#include <stdio.h>
#include <trine_mock.h>
/* It may be included any number of times in one file. */
#include <trine_mock.h>

#include "tools.h"

static trine_mock mock;
static int failures;
static int checks;

static void check(int holds, const char *what, int line)
{
    checks++;
    if (!holds) {
        failures++;
        (void)fprintf(stderr, "test.c:%d: %s (node %d: %s)\n", line, what, (int)mock.node,
                      (mock.why != NULL) ? mock.why : "no rule");
    }
}
#define CHECK(holds) check((holds) ? 1 : 0, #holds, __LINE__)

/* The tool is entered, or its arguments are refused for one of them. */
static void a_fan_is_set_and_judged(void)
{
    trine_mock_start(&mock, &board[FAN_SET]);
    CHECK(trine_mock_call(&mock) == TRINE_E_ARGUMENT && mock.node == FAN_PERCENT && !mock.entered);
    trine_mock_set_number(&mock, FAN_PERCENT, 101);
    CHECK(trine_mock_call(&mock) == TRINE_E_ARGUMENT && mock.node == FAN_PERCENT);
    trine_mock_set_number(&mock, FAN_PERCENT, 40);
    CHECK(trine_mock_call(&mock) == TRINE_OK && mock.entered);
    CHECK(trine_mock_number(&mock, FAN_NOW, 0u) == 40);
    /* What was left out counts as its default. */
    CHECK(trine_mock_number(&mock, FAN_WARMTH, 0u) == 215);
    CHECK(trine_mock_number(&mock, FAN_STATE, 0u) == 1);
    CHECK(trine_mock_number(&mock, FAN_TOLD, 0u) == 0);
    CHECK(trine_mock_count(&mock, FAN_ECHO) == 0u);
    trine_mock_set_number(&mock, FAN_TARGET, 213);
    CHECK(trine_mock_call(&mock) == TRINE_E_ARGUMENT && mock.node == FAN_TARGET);
    trine_mock_set_number(&mock, FAN_TARGET, 220);
    trine_mock_set_number(&mock, FAN_MODE, 3);
    CHECK(trine_mock_call(&mock) == TRINE_E_ARGUMENT && mock.node == FAN_MODE);
    trine_mock_set_number(&mock, FAN_MODE, 2);
    CHECK(trine_mock_call(&mock) == TRINE_E_ARGUMENT && mock.node == FAN_NOTE);
    trine_mock_set_string(&mock, FAN_NOTE, TRINE_TEXT("too long"));
    CHECK(trine_mock_call(&mock) == TRINE_E_ARGUMENT && mock.node == FAN_NOTE);
    trine_mock_set_string(&mock, FAN_NOTE, TRINE_TEXT("h\xc3\xa9\xc3\xa9t!"));
    CHECK(trine_mock_call(&mock) == TRINE_OK);
    CHECK(trine_mock_number(&mock, FAN_WARMTH, 0u) == 220);
    CHECK(trine_mock_number(&mock, FAN_TOLD, 0u) == 1);
    CHECK(trine_mock_is(trine_mock_string(&mock, FAN_ECHO, 0u), "h\xc3\xa9\xc3\xa9t!"));
    trine_mock_set_number(&mock, FAN_PERCENT, 13);
    CHECK(trine_mock_call(&mock) == TRINE_E_FAILED && mock.entered);
    CHECK(trine_mock_is(mock.text, "the fan hums at 13: choose another"));
}

static void lists_and_objects_are_passed_and_judged(void)
{
    trine_mock_start(&mock, &board[SUM]);
    CHECK(trine_mock_call(&mock) == TRINE_E_ARGUMENT && mock.node == SUM_NUMBERS);
    trine_mock_set_number(&mock, TRINE_ITEM(SUM_NUMBERS, 0), 2);
    trine_mock_set_number(&mock, TRINE_ITEM(SUM_NUMBERS, 1), -3);
    CHECK(trine_mock_call(&mock) == TRINE_OK);
    CHECK(trine_mock_number(&mock, SUM_ALL, 0u) == -1);
    CHECK(trine_mock_number(&mock, SUM_SQUARES, 0u) == 2);
    CHECK(trine_mock_count(&mock, SUM_SQUARE) == 2u);
    CHECK(trine_mock_number(&mock, SUM_SQUARE, 1u) == 9);
    trine_mock_set_number(&mock, TRINE_ITEM(SUM_THINGS, 0) + 1, 20);
    trine_mock_set_number(&mock, TRINE_ITEM(SUM_THINGS, 1) + 1, 30);
    trine_mock_set_number(&mock, SUM_LOW, 1000);
    CHECK(trine_mock_call(&mock) == TRINE_OK);
    CHECK(trine_mock_number(&mock, SUM_ALL, 0u) == 1049);
    trine_mock_set_number(&mock, TRINE_ITEM(SUM_NUMBERS, 2), 10);
    CHECK(trine_mock_call(&mock) == TRINE_E_ARGUMENT);
    trine_mock_set_number(&mock, TRINE_ITEM(SUM_NUMBERS, 2), 9);
    CHECK(trine_mock_call(&mock) == TRINE_OK);
    trine_mock_set_number(&mock, TRINE_ITEM(SUM_NUMBERS, 3), 9);
    CHECK(trine_mock_call(&mock) == TRINE_E_ARGUMENT && !mock.entered);
}

static void a_call_ends_later(void)
{
    static int number = 7;

    /* Nobody is asked, though the tool wants a person's consent. */
    trine_mock_start(&mock, &board[LATER]);
    CHECK(trine_mock_call(&mock) == TRINE_PENDING);
    CHECK(trine_mock_finish(&mock, later_finish, &number) == TRINE_OK);
    CHECK(trine_mock_number(&mock, 0, 0u) == 7);
    number = 10;
    CHECK(trine_mock_call(&mock) == TRINE_PENDING);
    CHECK(trine_mock_finish(&mock, later_finish, &number) == TRINE_E_TYPE);
}

static void a_result_that_its_nodes_do_not_allow_is_found(void)
{
    trine_mock_start(&mock, &board[LOUD]);
    CHECK(trine_mock_call(&mock) == TRINE_E_TYPE && mock.node == 0 && mock.why != NULL);
    trine_mock_start(&mock, &board[SILENT]);
    CHECK(trine_mock_call(&mock) == TRINE_E_TYPE && mock.node == 0 && mock.why != NULL);
    trine_mock_start(&mock, &board[CONFUSED]);
    trine_mock_set_number(&mock, 0, 1);
    CHECK(trine_mock_call(&mock) < 0 && mock.entered);
}

int main(void)
{
    a_fan_is_set_and_judged();
    lists_and_objects_are_passed_and_judged();
    a_call_ends_later();
    a_result_that_its_nodes_do_not_allow_is_found();
    (void)printf("mock: %d checks, %d failures\n", checks, failures);
    return (failures == 0) ? 0 : 1;
}
