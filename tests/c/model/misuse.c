/* Memory that is short, misaligned or in use; structures of other sizes; calls from a callback;
 * tokens, texts and files that make no sense: each has its status, and nothing changes. */
#include "support/model.h"

static uint64_t other_memory[SESSION_BYTES / 8u];

static trine_status opens(void *memory, size_t size, trine_model_problem *problem)
{
    trine_model *model = NULL;
    trine_status status = trine_model_open(memory, size, &model_config, &model, problem);

    CHECK((status == TRINE_OK) == (model != NULL));
    return status;
}

static trine_status opens_session(void *memory, size_t size, trine_model_problem *problem)
{
    trine_model_session *session = NULL;
    trine_status status =
        trine_model_session_open(memory, size, the_model, &session_config, &session, problem);

    CHECK((status == TRINE_OK) == (session != NULL));
    return status;
}

static void memory(void)
{
    const size_t size = trine_model_sizeof(&model_config, NULL);
    const size_t session = trine_model_session_sizeof(the_model, &session_config, NULL);
    trine_model_problem problem;
    trine_model *model = (trine_model *)other_memory;
    char text[160];
    char wanted[160];

    CHECK(size > 0u && size <= MODEL_BYTES && session > 0u && session <= SESSION_BYTES);
    CHECK(opens(other_memory, size - 1u, &problem) == TRINE_E_NO_SPACE);
    CHECK(problem.bytes_needed == size && problem.alignment_needed == trine_model_alignof());
    CHECK(trine_model_error_text(TRINE_E_NO_SPACE, &problem, text, sizeof text) > 0);
    (void)snprintf(wanted, sizeof wanted, "the memory is too small: %lu bytes are needed",
                   (unsigned long)size);
    CHECK(strcmp(text, wanted) == 0);
    CHECK(trine_model_error_text(TRINE_E_NO_SPACE, &problem, text, 4u) == 3);
    CHECK(strcmp(text, "the") == 0);
    CHECK(trine_model_error_text(TRINE_E_NO_SPACE, &problem, text, 0u) == TRINE_E_NO_SPACE);
    CHECK(opens((char *)other_memory + 4, size, &problem) == TRINE_E_ALIGNMENT);
    CHECK(opens_session(other_memory, session - 1u, &problem) == TRINE_E_NO_SPACE);
    CHECK(problem.bytes_needed == session);
    CHECK(opens_session((char *)other_memory + 4, session, &problem) == TRINE_E_ALIGNMENT);

    REFUSES(trine_model_close(the_model), TRINE_E_BUSY);
    CHECK(opens(other_memory, size, NULL) == TRINE_OK);
    /* What lived in the memory before a reset is forgotten. */
    CHECK(opens(other_memory, size, NULL) == TRINE_OK);
    CHECK(trine_model_close(model) == TRINE_OK);
    CHECK(trine_model_close(model) == TRINE_E_STATE);
    CHECK(trine_model_get_info(model, NULL) == TRINE_E_STATE);
}

static void structures(void)
{
    struct {
        trine_model_session_config config;
        uint64_t member;
    } future = {session_config, 0u};
    trine_model_config config = model_config;
    trine_model_info info = {0u};
    trine_model_sampling sampling = {.struct_size = sizeof sampling};
    uint32_t size;

    for (size = 0u; size < sizeof config; size++) {
        config.struct_size = size;
        CHECK(trine_model_sizeof(&config, NULL) == 0u);
    }
    config = model_config;
    config.abi_version = TRINE_MODEL_ABI_VERSION + 1u;
    CHECK(trine_model_sizeof(&config, NULL) == 0u);
    config = model_config;
    config.flags = 2u;
    CHECK(trine_model_sizeof(&config, NULL) == 0u);
    future.config.struct_size = sizeof future;
    CHECK(trine_model_session_sizeof(the_model, &future.config, NULL) > 0u);
    future.member = (uint64_t)1 << 63;
    CHECK(trine_model_session_sizeof(the_model, &future.config, NULL) == 0u);
    future.member = 0u;
    future.config.struct_size = UINT32_MAX;
    CHECK(trine_model_session_sizeof(the_model, &future.config, NULL) == 0u);
    for (size = 0u; size < 72u; size++) {
        info.struct_size = size;
        REFUSES(trine_model_get_info(the_model, &info), TRINE_E_VERSION);
        CHECK(info.layers == 0u);
    }
    sampling.top_p = 2.0f;
    REFUSES(trine_model_set_sampling(the_session, &sampling), TRINE_E_ARGUMENT);
    sampling.top_p = 0.0f;
    sampling.temperature = 1.0f;
    sampling.top_k = 1000000u;
    REFUSES(trine_model_set_sampling(the_session, &sampling), TRINE_E_NO_SPACE);
    sampling.reserved = 1u;
    REFUSES(trine_model_set_sampling(the_session, &sampling), TRINE_E_UNSUPPORTED);
}

static int32_t inside(void *user_data, uint32_t token, const char *text, size_t size)
{
    const trine_model_generation how = {.struct_size = sizeof how};
    trine_model_session_info info = {.struct_size = sizeof info};
    trine_model_sampling sampling = {.struct_size = sizeof sampling};
    const float *logits = NULL;
    uint32_t other = 1u;

    (void)text;
    (void)size;
    REFUSES(trine_model_eval(the_session, &other, 1u, 0u), TRINE_E_BUSY);
    REFUSES(trine_model_generate(the_session, &other, 1u, &how, 0u), TRINE_E_BUSY);
    REFUSES(trine_model_step(the_session, 0u), TRINE_E_BUSY);
    REFUSES(trine_model_logits(the_session, &logits), TRINE_E_BUSY);
    REFUSES(trine_model_truncate(the_session, 0u), TRINE_E_BUSY);
    REFUSES(trine_model_sample(the_session, &other), TRINE_E_BUSY);
    REFUSES(trine_model_set_sampling(the_session, &sampling), TRINE_E_BUSY);
    REFUSES(trine_model_get_session_info(the_session, &info), TRINE_E_BUSY);
    REFUSES(trine_model_session_close(the_session), TRINE_E_BUSY);
    CHECK(token != TRINE_MODEL_NONE && other == 1u && logits == NULL);
    CHECK(trine_model_cancel(the_session) == TRINE_OK);
    *(int *)user_data += 1;
    return 0;
}

static void callbacks(void)
{
    static const uint32_t prompt[2] = {1u, 2u};
    int calls = 0;
    const trine_model_generation how = {
        .struct_size = sizeof how, .on_text = inside, .user_data = &calls};
    trine_model_session_info info = {.struct_size = sizeof info};
    const float *logits = NULL;
    uint32_t token;

    CHECK(trine_model_truncate(the_session, 0u) == TRINE_OK);
    CHECK(trine_model_generate(the_session, prompt, 2u, &how, 1u) == TRINE_PENDING);
    /* What is under way is in nobody's way but its own. */
    REFUSES(trine_model_eval(the_session, prompt, 2u, 0u), TRINE_E_BUSY);
    REFUSES(trine_model_truncate(the_session, 0u), TRINE_E_BUSY);
    REFUSES(trine_model_logits(the_session, &logits), TRINE_E_NOT_FOUND);
    REFUSES(trine_model_sample(the_session, &token), TRINE_E_NOT_FOUND);
    CHECK(trine_model_step(the_session, 0u) == TRINE_OK);
    CHECK(calls == 1);
    CHECK(trine_model_get_session_info(the_session, &info) == TRINE_OK);
    CHECK(info.end == TRINE_MODEL_END_CANCELLED && info.written == 1u && info.is_pending == 0u);
    CHECK(info.memory_used == trine_model_session_sizeof(the_model, &session_config, NULL));
}

static void values(void)
{
    static const uint32_t unknown[2] = {1u, 99999999u};
    static const uint32_t many[17] = {1u};
    const trine_model_generation how = {.struct_size = sizeof how};
    const trine_model_generation other = {.struct_size = sizeof other, .flags = 2u};
    trine_model_decoder decoder = {{4u, 1u, 1u, 1u, 1u, 0u, 0u, 0u}};
    uint32_t tokens[8];
    char text[16];

    CHECK(trine_model_truncate(the_session, 0u) == TRINE_OK);
    REFUSES(trine_model_eval(the_session, unknown, 2u, 0u), TRINE_E_ARGUMENT);
    REFUSES(trine_model_eval(the_session, unknown, 0u, 0u), TRINE_E_ARGUMENT);
    REFUSES(trine_model_eval(the_session, many, 17u, 0u), TRINE_E_FULL);
    REFUSES(trine_model_eval(the_session, (const uint32_t *)(const void *)((const char *)many + 1),
                             1u, 0u),
            TRINE_E_ALIGNMENT);
    REFUSES(trine_model_generate(the_session, NULL, 0u, &how, 0u), TRINE_E_ARGUMENT);
    REFUSES(trine_model_generate(the_session, many, 1u, &other, 0u), TRINE_E_UNSUPPORTED);
    REFUSES(trine_model_tokenize(the_model, "\xff", 1u, 0u, tokens, 8u), TRINE_E_UTF8);
    REFUSES(trine_model_tokenize(the_model, "aaaaaaaaa", 9u, 0u, tokens, 8u), TRINE_E_NO_SPACE);
    REFUSES(trine_model_tokenize(the_model, "a", 1u, 8u, tokens, 8u), TRINE_E_UNSUPPORTED);
    REFUSES(trine_model_detokenize(the_model, &decoder, 65u, 0u, text, sizeof text),
            TRINE_E_ARGUMENT);
    (void)memset(&decoder, 0, sizeof decoder);
    REFUSES(trine_model_detokenize(the_model, &decoder, 99999999u, 0u, text, sizeof text),
            TRINE_E_ARGUMENT);
    REFUSES(trine_model_detokenize(the_model, &decoder, 65u, 0u, text, 0u), TRINE_E_NO_SPACE);
    CHECK(trine_model_detokenize(the_model, &decoder, 65u, 0u, text, sizeof text) == 1);
    CHECK(text[0] == 'A');
}

static void cut_files(void)
{
    trine_model_config config = model_config;
    trine_model_problem problem;
    trine_model *model = NULL;
    char text[160];
    size_t size;

    for (size = 0u; size < file_size; size += 1009u) {
        config.size = size;
        CHECK(trine_model_open(other_memory, sizeof other_memory, &config, &model, &problem) ==
              TRINE_E_MODEL);
        CHECK(trine_model_error_text(TRINE_E_MODEL, &problem, text, sizeof text) > 10);
        CHECK(model == NULL && trine_model_sizeof(&config, NULL) == 0u);
    }
    config.size = file_size - 1u;
    CHECK(trine_model_open(other_memory, sizeof other_memory, &config, &model, &problem) ==
          TRINE_E_MODEL);
    CHECK(trine_model_error_text(TRINE_E_MODEL, &problem, text, sizeof text) > 10);
    CHECK(strstr(text, ".weight") != NULL);
}

int main(int argc, char **argv)
{
    model_start(argc, argv);
    memory();
    structures();
    callbacks();
    values();
    cut_files();
    CHECK(model_works());
    CHECK(trine_model_session_close(the_session) == TRINE_OK);
    CHECK(trine_model_session_close(the_session) == TRINE_E_STATE);
    CHECK(trine_model_close(the_model) == TRINE_OK);
    return check_failures("misuse");
}
