/* A host sends a sentence; the base model in flash reads it a step at a time, and between two steps
 * the loop turns. So calls are answered meanwhile. What the sentence comes to is told, with how sure
 * the model is; nothing is called. Who wants the call makes it, as any other.
 *
 * Flash holds the base model and the table that `trine tools compile` has made of the board's tools:
 * model.S has both.
 */
#include "sentences.h"

#include <string.h>
#include <trine_model.h>
#include <trine_sentences.h>

#include "app.h"
#include "board.h"
#include "descriptors.h"

/* Most bytes of a sentence. */
#define SENTENCE_MAX 256u

extern const uint8_t model_base[];
extern const uint32_t model_base_size;
extern const uint8_t model_table[];
extern const uint32_t model_table_size;

TRINE_STORAGE(base_memory, TRINE_BASE_BYTES);

static trine_device *device;
static trine_base *base;
/* Why there is no model. */
static char refused[160];

/* The sentence that waits for the loop, or is being read. */
static struct kept_sentence {
    trine_call_id id;
    size_t size;
    char text[SENTENCE_MAX];
} waiting;

/* A fault of the model's library itself would end here: it never comes of input. */
void trine_on_panic(const char *file, size_t size, uint32_t line)
{
    (void)file;
    (void)size;
    (void)line;
    board_emergency("\r\ntrine: a fault of the model's library\r\n");
}

static trine_status keep(void *user_data, const trine_sentence *sentence)
{
    (void)user_data;
    if (waiting.id != 0u) {
        return TRINE_E_BUSY;
    }
    if (sentence->text.size > SENTENCE_MAX) {
        return TRINE_E_FULL;
    }
    (void)memcpy(waiting.text, sentence->text.data, sentence->text.size);
    waiting.size = sentence->text.size;
    waiting.id = sentence->id;
    return TRINE_PENDING;
}

static void stop(void *user_data, trine_call_id id)
{
    (void)user_data;
    if (waiting.id == id) {
        waiting.id = 0u;
    }
}

void sentences_start(trine_device *of)
{
    static const trine_sentences reader = {
        .struct_size = sizeof reader, .on_sentence = keep, .on_stop = stop};
    const trine_base_config config = {.struct_size = sizeof config,
                                      .abi_version = TRINE_MODEL_ABI_VERSION,
                                      .data = model_base,
                                      .size = model_base_size,
                                      .tools = board_tools,
                                      .tools_count = TOOLS_MAX,
                                      .table = model_table,
                                      .table_size = model_table_size,
                                      .flags = TRINE_MODEL_CHECK};
    trine_model_problem problem;
    trine_status status =
        trine_base_open(base_memory, sizeof base_memory, &config, &base, &problem);

    if (status != TRINE_OK) {
        (void)trine_model_error_text(status, &problem, refused, sizeof refused);
    }
    device = of;
    (void)trine_sentences_offer(device, &reader);
}

bool sentences_wait(void)
{
    return waiting.id != 0u;
}

/* What the board does between two steps. It goes on while this answer is wanted. */
static int32_t turn(void *id)
{
    app_turn();
    return (waiting.id == *(const trine_call_id *)id) ? 0 : 1;
}

static void answer(trine_call_id id, const uint8_t *told, size_t size)
{
    while (trine_sentence_answer(device, id, told, size) == TRINE_E_FULL) {
        app_turn();
    }
}

static void fail(trine_call_id id, const char *why)
{
    while (trine_sentence_fail(device, id, why, strlen(why)) == TRINE_E_FULL) {
        app_turn();
    }
}

/* What is counted of a sentence begins where this returns, and ends where the next returns. Their
 * texts differ, or a compiler makes one of them. */
__attribute__((noinline)) static void sentence_begins(void)
{
    __asm__ volatile("/* begins */");
}

__attribute__((noinline)) static void sentence_ends(void)
{
    __asm__ volatile("/* ends */");
}

void sentences_read(void)
{
    static uint8_t told[TRINE_BASE_TOLD_MAX];
    trine_call_id id = waiting.id;
    trine_base_steps steps = {.struct_size = sizeof steps,
                              .on_step = turn,
                              .user_data = &id,
                              .told = told,
                              .told_max = sizeof told};
    trine_base_answer known = {.struct_size = sizeof known};
    trine_status status;
    char text[160];

    if (id == 0u) {
        return;
    }
    sentence_begins();
    if (base == NULL) {
        fail(id, refused);
    } else {
        status = trine_base_ask_steps(base, waiting.text, waiting.size, &steps, &known);
        if (status == TRINE_OK) {
            answer(id, told, steps.told_size);
        } else if (status == TRINE_E_FULL) {
            fail(id, "the sentence is too long: at most 32 words and marks are read here");
        } else if (status != TRINE_E_STALE) {
            (void)trine_model_error_text(status, NULL, text, sizeof text);
            fail(id, text);
        } else {
            /* It is no longer wanted. */
        }
    }
    sentence_ends();
    stop(NULL, id);
    /* It is sent at once. */
    app_turn();
}
