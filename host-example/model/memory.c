/* Text from a model in constant memory, as firmware has it in flash: no heap, and a step of bounded
 * work at a time, between which a main loop does its other work. The model is an array of bytes:
 *
 *     trine model pack tiny.gguf -o model.trnm && xxd -i model.trnm > model.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <trine_model.h>

extern unsigned char model_trnm[];
extern unsigned int model_trnm_len;

/* Memory for the model's own part, and for a session of it; too little would be said. */
TRINE_STORAGE(model_memory, 16384u);
TRINE_STORAGE(session_memory, 262144u);

/* Gets the text as it is written. */
static int32_t show(void *user_data, uint32_t token, const char *text, size_t size)
{
    (void)token;
    *(unsigned *)user_data += 1u;
    return fwrite(text, 1, size, stdout) != size;
}

/* A fault of the library itself would end here: it never comes of input. */
void trine_on_panic(const char *file, size_t size, uint32_t line)
{
    (void)fprintf(stderr, "%.*s:%lu\n", (int)size, file, (unsigned long)line);
    abort();
}

int main(void)
{
    static const char prompt[] = "Hello";
    static uint32_t tokens[TRINE_MODEL_SLOTS(sizeof prompt)];
    const trine_model_config from = {
        .struct_size = sizeof from, .abi_version = TRINE_MODEL_ABI_VERSION, .data = model_trnm,
        .size = model_trnm_len, .flags = TRINE_MODEL_CHECK};
    const trine_model_session_config config = {
        .struct_size = sizeof config, .abi_version = TRINE_MODEL_ABI_VERSION, .context = 40};
    unsigned pieces = 0;
    unsigned steps = 0;
    const trine_model_generation how = {
        .struct_size = sizeof how, .tokens_max = 24, .on_text = show, .user_data = &pieces};
    trine_model *model = NULL;
    trine_model_session *session = NULL;
    trine_model_problem problem;
    char text[160];
    int32_t count = 0;
    trine_status status =
        trine_model_open(model_memory, sizeof model_memory, &from, &model, &problem);

    if (status == TRINE_OK) {
        status = trine_model_session_open(session_memory, sizeof session_memory, model, &config,
                                          &session, &problem);
    }
    if (status != TRINE_OK) {
        (void)trine_model_error_text(status, &problem, text, sizeof text);
        (void)fprintf(stderr, "%s\n", text);
        return 1;
    }
    count = trine_model_tokenize(model, prompt, sizeof prompt - 1u, TRINE_MODEL_BEGIN, tokens,
                                 sizeof tokens / sizeof tokens[0]);
    status = trine_model_generate(session, tokens, (size_t)count, &how, 256u);
    while (status == TRINE_PENDING) {
        /* Here a device polls its links and feeds its watchdog. */
        status = trine_model_step(session, 256u);
        steps++;
    }
    (void)printf("\n");
    (void)fprintf(stderr, "%u pieces in %u steps\n", pieces, steps);
    return (status == TRINE_OK) ? 0 : 1;
}
