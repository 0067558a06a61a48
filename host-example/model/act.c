/* A sentence becomes a call, and the call is run: the model proposes, the device judges. Two arrays
 * and a header are made before (`ask.c` has the other command of the model):
 *
 *     trine gen tools.json --sentences --prefix board -o board_sentences.c
 *     trine gen tools.json --prefix board -o board_tools.h
 *
 * Each argument is a sentence; "agree" is somebody who reads the question and presses the button.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine_consent.h>
#include <trine_model.h>
#include <trine_run.h>

#define BOARD_TOOLS_DESCRIPTORS
#include "board_tools.h"

extern const uint8_t board_sentences[];
extern const size_t board_sentences_size;
extern unsigned char model_trnm[];
extern unsigned int model_trnm_len;

/* All memory that is ever taken; too little would be said. */
TRINE_STORAGE(model_memory, 131072u);
TRINE_STORAGE(device_memory, 8192u);

/* A fault of the model's library would end here: it never comes of input. */
void trine_on_panic(const char *file, size_t size, uint32_t line)
{
    (void)fprintf(stderr, "%.*s:%lu\n", (int)size, file, (unsigned long)line);
    abort();
}

static trine_status fan_set(void *user_data, trine_call *call)
{
    board_fan_set_args args;
    board_fan_set_result result;

    (void)user_data;
    board_fan_set_get_args(call, &args);
    result.percent = args.percent;
    return board_fan_set_put_result(call, &result);
}

static trine_status valve_open(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_fail(call, TRINE_TEXT("the valve is open already"));
}

static trine_status other(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_fail(call, TRINE_TEXT("this program has a fan and a valve alone"));
}

static const trine_tool tools[BOARD_TOOLS_COUNT] = {
    BOARD_TOOL_LIGHT_SET_ENTRY(other, NULL, NULL),
    BOARD_TOOL_FAN_SET_ENTRY(fan_set, NULL, NULL),
    BOARD_TOOL_CLIMATE_SET_ENTRY(other, NULL, NULL),
    BOARD_TOOL_VALVE_OPEN_ENTRY(valve_open, NULL, NULL),
    BOARD_TOOL_VALVE_CLOSE_ENTRY(other, NULL, NULL),
    BOARD_TOOL_VENT_MOVE_ENTRY(other, NULL, NULL),
    BOARD_TOOL_SENSOR_READ_ENTRY(other, NULL, NULL),
    BOARD_TOOL_TIMER_START_ENTRY(other, NULL, NULL),
    BOARD_TOOL_DISPLAY_SHOW_ENTRY(other, NULL, NULL),
    BOARD_TOOL_BOARD_STATUS_ENTRY(other, NULL, NULL)};

static trine_device *device;
static uint64_t now;

/* Runs a call and says how it ended. */
static void act(const trine_ask_answer *answer)
{
    uint8_t result[256];
    char text[512];
    size_t size = 0u;
    trine_outcome outcome = {.struct_size = sizeof outcome};

    if (trine_run(device, now, answer->tool, answer->args, answer->args_size, result,
                  sizeof result, &outcome) < 0) {
        (void)printf("no such tool\n");
        return;
    }
    (void)trine_run_text(device, &outcome, text, sizeof text, &size);
    (void)printf("%.*s\n", (int)((size < sizeof text) ? size : sizeof text), text);
}

/* Somebody reads the question for two seconds, and presses the button. */
static void agree(void)
{
    (void)trine_consent_shown(device, now);
    now += 2000u;
    (void)printf("agreed to tool %" PRId32 "\n", (int32_t)trine_agree(device, now));
}

int main(int argc, char **argv)
{
    const trine_ask_config asks = {
        .struct_size = sizeof asks, .abi_version = TRINE_MODEL_ABI_VERSION, .data = model_trnm,
        .size = model_trnm_len, .tools = board_sentences, .tools_size = board_sentences_size,
        .context = 96u, .flags = TRINE_MODEL_CHECK};
    const trine_config config = {.struct_size = sizeof config, .abi_version = TRINE_ABI_VERSION,
                                 .tools = tools, .tools_count = BOARD_TOOLS_COUNT,
                                 .product = {TRINE_TEXT("act")}};
    trine_ask_answer answer = {.struct_size = sizeof answer};
    trine_ask *ask = NULL;
    int i;

    if ((trine_ask_open(model_memory, sizeof model_memory, &asks, &ask, NULL) != TRINE_OK) ||
        (trine_init(device_memory, sizeof device_memory, &config, &device, NULL) != TRINE_OK)) {
        return 1;
    }
    for (i = 1; i < argc; i++) {
        trine_status status;

        now += 1000u;
        (void)trine_poll(device, now, 100u, NULL);
        if (strcmp(argv[i], "agree") == 0) {
            agree();
            continue;
        }
        status = trine_ask_begin(ask, argv[i], strlen(argv[i]));
        while (status == TRINE_PENDING) {
            status = trine_ask_step(ask, 256u);
        }
        if ((status == TRINE_OK) && (trine_ask_result(ask, &answer) == TRINE_OK) &&
            (answer.verdict == TRINE_ASK_CALL)) {
            act(&answer);
        } else {
            (void)printf("no call\n");
        }
    }
    return (trine_ask_close(ask) == TRINE_OK) ? 0 : 1;
}
