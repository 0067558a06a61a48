/* Text from a model in a file: file MODEL PROMPT. Threads and memory are the library's. */
#include <stdio.h>
#include <string.h>
#include <trine_host.h>

/* Gets the text as it is written. */
static int32_t show(void *user_data, uint32_t token, const char *text, size_t size)
{
    (void)user_data;
    (void)token;
    return fwrite(text, 1, size, stdout) != size;
}

int main(int argc, char **argv)
{
    static const trine_model_session_config config = {
        .struct_size = sizeof config, .abi_version = TRINE_MODEL_ABI_VERSION, .context = 200,
        .batch = 32};
    static const trine_model_generation how = {
        .struct_size = sizeof how, .tokens_max = 24, .on_text = show};
    static uint32_t tokens[TRINE_MODEL_SLOTS(100u)];
    trine_model *model = NULL;
    trine_model_session *session = NULL;
    trine_model_problem problem;
    char text[160];
    const char *prompt = (argc > 2) ? argv[2] : "Hello";
    int32_t count = 0;
    trine_status status = trine_host_model_open((argc > 1) ? argv[1] : "tiny.gguf", NULL, &model,
                                                &problem);

    if (status == TRINE_OK) {
        status = trine_host_session_open(model, &config, &session, &problem);
    }
    if (status != TRINE_OK) {
        (void)trine_model_error_text(status, &problem, text, sizeof text);
        (void)fprintf(stderr, "%s\n", text);
        return 1;
    }
    count = trine_model_tokenize(model, prompt, strlen(prompt), TRINE_MODEL_BEGIN, tokens,
                                 sizeof tokens / sizeof tokens[0]);
    if (count > 0) {
        status = trine_model_generate(session, tokens, (size_t)count, &how, 0);
    }
    (void)printf("\n");
    (void)trine_host_session_close(session);
    (void)trine_host_model_close(model);
    return (count > 0 && status == TRINE_OK) ? 0 : 1;
}
