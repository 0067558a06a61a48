/* A sentence becomes a call of a tool, from a model in constant memory: no heap, and a step of
 * bounded work at a time, between which a main loop does its other work. Two arrays are made before:
 *
 *     trine gen tools.json --sentences --prefix board -o board_sentences.c
 *     trine model pack board.gguf -o model.trnm && xxd -i model.trnm > model.c
 *
 * It writes what `trine ask --jsonl --exact` knows too: verdict, tool, confidence to the bit, tokens.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine_model.h>

extern const uint8_t board_sentences[];
extern const size_t board_sentences_size;
extern unsigned char model_trnm[];
extern unsigned int model_trnm_len;

/* All memory that is ever taken; too little would be said. */
TRINE_STORAGE(memory, 131072u);

/* A fault of the library itself would end here: it never comes of input. */
void trine_on_panic(const char *file, size_t size, uint32_t line)
{
    (void)fprintf(stderr, "%.*s:%lu\n", (int)size, file, (unsigned long)line);
    abort();
}

static void show(const trine_ask_answer *answer)
{
    uint32_t bits = 0u;
    uint32_t i;

    (void)memcpy(&bits, &answer->confidence, sizeof bits);
    (void)printf("verdict %" PRIu32 " tool %" PRIu32 " confidence %08" PRIx32 " arguments ",
                 answer->verdict, answer->tool, bits);
    for (i = 0u; i < answer->args_size; i++) {
        (void)printf("%02x", answer->args[i]);
    }
    (void)printf(" tokens");
    for (i = 0u; i < answer->tokens_count; i++) {
        (void)printf(" %u", (unsigned)answer->tokens[i]);
    }
    (void)printf("\n");
}

int main(int argc, char **argv)
{
    const trine_ask_config config = {
        .struct_size = sizeof config, .abi_version = TRINE_MODEL_ABI_VERSION, .data = model_trnm,
        .size = model_trnm_len, .tools = board_sentences, .tools_size = board_sentences_size,
        .context = 96u, .flags = TRINE_MODEL_CHECK};
    trine_ask_answer answer = {.struct_size = sizeof answer};
    trine_ask *ask = NULL;
    trine_model_problem problem;
    char text[160];
    int i;
    trine_status status = trine_ask_open(memory, sizeof memory, &config, &ask, &problem);

    if (status != TRINE_OK) {
        (void)trine_model_error_text(status, &problem, text, sizeof text);
        (void)fprintf(stderr, "%s\n", text);
        return 1;
    }
    for (i = 1; i < argc; i++) {
        unsigned long steps = 0u;

        status = trine_ask_begin(ask, argv[i], strlen(argv[i]));
        while (status == TRINE_PENDING) {
            /* Here a device polls its links and feeds its watchdog. */
            status = trine_ask_step(ask, 256u);
            steps++;
        }
        if ((status == TRINE_OK) && (trine_ask_result(ask, &answer) == TRINE_OK)) {
            show(&answer);
        } else {
            (void)printf("error %d\n", (int)status);
        }
        (void)fprintf(stderr, "%lu steps\n", steps);
    }
    return (trine_ask_close(ask) == TRINE_OK) ? 0 : 1;
}
