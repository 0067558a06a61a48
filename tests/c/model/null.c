/* NULL for every pointer parameter of every function: each answers what the header says, and model
 * and session stay as they were. */
#include "support/model.h"

/* The board's model as an image, and its tools. */
extern unsigned char model_trnm[];
extern unsigned int model_trnm_len;
extern const uint8_t board_sentences[];
extern const size_t board_sentences_size;

TRINE_STORAGE(asker_memory, 131072u);
TRINE_STORAGE(base_memory, 131072u);
TRINE_STORAGE(base_file, 2097152u);
static uint8_t table[16384];
static uint64_t other_memory[SESSION_BYTES / 8u];
static uint32_t tokens[64];
static char text[64];

static int32_t nothing(void *user_data, uint64_t offset, void *into, size_t bytes)
{
    (void)user_data;
    (void)offset;
    (void)memset(into, 0, bytes);
    return 0;
}

static void openings(void)
{
    trine_model *model = NULL;
    trine_model_session *session = NULL;
    size_t loaded = 7u;

    CHECK(trine_model_sizeof(NULL, NULL) == 0u);
    CHECK(trine_model_session_sizeof(NULL, &session_config, NULL) == 0u);
    CHECK(trine_model_session_sizeof(the_model, NULL, NULL) == 0u);
    REFUSES(trine_model_open(NULL, sizeof other_memory, &model_config, &model, NULL), TRINE_E_NULL);
    REFUSES(trine_model_open(other_memory, sizeof other_memory, NULL, &model, NULL), TRINE_E_NULL);
    REFUSES(trine_model_open(other_memory, sizeof other_memory, &model_config, NULL, NULL),
            TRINE_E_NULL);
    REFUSES(trine_model_session_open(NULL, sizeof other_memory, the_model, &session_config,
                                     &session, NULL),
            TRINE_E_NULL);
    REFUSES(trine_model_session_open(other_memory, sizeof other_memory, NULL, &session_config,
                                     &session, NULL),
            TRINE_E_NULL);
    REFUSES(trine_model_session_open(other_memory, sizeof other_memory, the_model, NULL, &session,
                                     NULL),
            TRINE_E_NULL);
    REFUSES(trine_model_session_open(other_memory, sizeof other_memory, the_model, &session_config,
                                     NULL, NULL),
            TRINE_E_NULL);
    REFUSES(trine_model_load(NULL, NULL, 64u, other_memory, 64u, &loaded, NULL), TRINE_E_NULL);
    REFUSES(trine_model_load(nothing, NULL, 64u, NULL, 64u, &loaded, NULL), TRINE_E_NULL);
    REFUSES(trine_model_load(nothing, NULL, 64u, other_memory, 64u, NULL, NULL), TRINE_E_NULL);
    CHECK(model == NULL && session == NULL && loaded == 7u);
}

static void models(void)
{
    trine_model_info info = {.struct_size = sizeof info};
    trine_model_decoder decoder = {{0u}};

    REFUSES(trine_model_close(NULL), TRINE_E_NULL);
    REFUSES(trine_model_get_info(NULL, &info), TRINE_E_NULL);
    REFUSES(trine_model_get_info(the_model, NULL), TRINE_E_NULL);
    REFUSES(trine_model_tokenize(NULL, "a", 1u, 0u, tokens, 64u), TRINE_E_NULL);
    REFUSES(trine_model_tokenize(the_model, NULL, 1u, 0u, tokens, 64u), TRINE_E_NULL);
    REFUSES(trine_model_tokenize(the_model, "a", 1u, 0u, NULL, 64u), TRINE_E_NULL);
    REFUSES(trine_model_detokenize(NULL, &decoder, 1u, 0u, text, sizeof text), TRINE_E_NULL);
    REFUSES(trine_model_detokenize(the_model, NULL, 1u, 0u, text, sizeof text), TRINE_E_NULL);
    REFUSES(trine_model_detokenize(the_model, &decoder, 1u, 0u, NULL, sizeof text), TRINE_E_NULL);
    REFUSES(trine_model_error_text(TRINE_E_MODEL, NULL, NULL, 1u), TRINE_E_NULL);
}

static void sessions(void)
{
    const trine_model_generation how = {.struct_size = sizeof how, .tokens_max = 1u};
    const trine_model_sampling sampling = {.struct_size = sizeof sampling};
    trine_model_session_info info = {.struct_size = sizeof info};
    const float *logits = NULL;
    uint32_t token = 1u;

    REFUSES(trine_model_session_close(NULL), TRINE_E_NULL);
    REFUSES(trine_model_get_session_info(NULL, &info), TRINE_E_NULL);
    REFUSES(trine_model_get_session_info(the_session, NULL), TRINE_E_NULL);
    REFUSES(trine_model_eval(NULL, &token, 1u, 0u), TRINE_E_NULL);
    REFUSES(trine_model_eval(the_session, NULL, 1u, 0u), TRINE_E_NULL);
    REFUSES(trine_model_generate(NULL, &token, 1u, &how, 0u), TRINE_E_NULL);
    REFUSES(trine_model_generate(the_session, NULL, 1u, &how, 0u), TRINE_E_NULL);
    REFUSES(trine_model_generate(the_session, &token, 1u, NULL, 0u), TRINE_E_NULL);
    REFUSES(trine_model_step(NULL, 0u), TRINE_E_NULL);
    REFUSES(trine_model_cancel(NULL), TRINE_E_NULL);
    REFUSES(trine_model_logits(NULL, &logits), TRINE_E_NULL);
    REFUSES(trine_model_logits(the_session, NULL), TRINE_E_NULL);
    REFUSES(trine_model_truncate(NULL, 0u), TRINE_E_NULL);
    REFUSES(trine_model_set_sampling(NULL, &sampling), TRINE_E_NULL);
    REFUSES(trine_model_set_sampling(the_session, NULL), TRINE_E_NULL);
    REFUSES(trine_model_sample(NULL, &token), TRINE_E_NULL);
    REFUSES(trine_model_sample(the_session, NULL), TRINE_E_NULL);
    CHECK(logits == NULL && token == 1u);
}

static void askers(void)
{
    const trine_ask_config config = {
        .struct_size = sizeof config, .abi_version = TRINE_MODEL_ABI_VERSION, .data = model_trnm,
        .size = model_trnm_len, .tools = board_sentences, .tools_size = board_sentences_size,
        .context = 96u, .flags = TRINE_MODEL_CHECK};
    const char *sentence = "make the fan spin at forty percent";
    trine_ask_answer answer = {.struct_size = sizeof answer, .verdict = 77u};
    trine_ask *ask = NULL;

    CHECK(trine_ask_sizeof(NULL, NULL) == 0u);
    REFUSES(trine_ask_open(NULL, sizeof asker_memory, &config, &ask, NULL), TRINE_E_NULL);
    REFUSES(trine_ask_open(asker_memory, sizeof asker_memory, NULL, &ask, NULL), TRINE_E_NULL);
    REFUSES(trine_ask_open(asker_memory, sizeof asker_memory, &config, NULL, NULL), TRINE_E_NULL);
    CHECK(ask == NULL);
    CHECK(trine_ask_open(asker_memory, sizeof asker_memory, &config, &ask, NULL) == TRINE_OK);
    REFUSES(trine_ask_begin(NULL, sentence, 1u), TRINE_E_NULL);
    REFUSES(trine_ask_begin(ask, NULL, 1u), TRINE_E_NULL);
    REFUSES(trine_ask_step(NULL, 0u), TRINE_E_NULL);
    REFUSES(trine_ask_result(NULL, &answer), TRINE_E_NULL);
    REFUSES(trine_ask_result(ask, NULL), TRINE_E_NULL);
    REFUSES(trine_ask_close(NULL), TRINE_E_NULL);
    CHECK(answer.verdict == 77u);
    CHECK(trine_ask_begin(ask, sentence, strlen(sentence)) == TRINE_PENDING);
    CHECK(trine_ask_step(ask, 0u) == TRINE_OK);
    CHECK(trine_ask_result(ask, &answer) == TRINE_OK);
    CHECK(answer.tokens_count > 0u);
    CHECK(trine_ask_close(ask) == TRINE_OK);
}

static const trine_node fan[] = {
    TRINE_INT(TRINE_REQUIRED, "percent", "percent", "How fast it turns.", 0, 100)};
/* What the macro of a tool makes, but for what a device reads it by. */
static const trine_tool fan_set[] = {{.texts = "fan_set\0\0\0Sets the speed of the fan.",
                                      .params = fan, .name_size = 7u, .params_count = 1u}};

static void compilations(trine_base_config *config)
{
    size_t written = 7u;

    CHECK(trine_tools_sizeof() <= sizeof base_memory);
    CHECK(trine_tools_compile_size(NULL, NULL) == 0u);
    REFUSES(trine_tools_compile(NULL, sizeof base_memory, config, table, sizeof table, &written,
                                NULL),
            TRINE_E_NULL);
    REFUSES(trine_tools_compile(base_memory, sizeof base_memory, NULL, table, sizeof table,
                                &written, NULL),
            TRINE_E_NULL);
    REFUSES(trine_tools_compile(base_memory, sizeof base_memory, config, NULL, sizeof table,
                                &written, NULL),
            TRINE_E_NULL);
    REFUSES(trine_tools_compile(base_memory, sizeof base_memory, config, table, sizeof table, NULL,
                                NULL),
            TRINE_E_NULL);
    CHECK(written == 7u);
    CHECK(trine_tools_compile(base_memory, sizeof base_memory, config, table, sizeof table,
                              &config->table_size, NULL) == TRINE_OK);
    config->table = table;
}

static void bases(void)
{
    trine_base_config config = {.struct_size = sizeof config,
                                .abi_version = TRINE_MODEL_ABI_VERSION, .data = base_file,
                                .tools = fan_set, .tools_count = 1u, .flags = TRINE_MODEL_CHECK};
    const char *sentence = "set the fan to forty percent";
    trine_base_answer answer = {.struct_size = sizeof answer, .why = 77u};
    trine_base_steps steps = {.struct_size = sizeof steps};
    trine_base *base = NULL;
    FILE *file = fopen("models/base.bin", "rb");

    CHECK(file != NULL);
    if (file == NULL) {
        return;
    }
    config.size = fread(base_file, 1u, sizeof base_file, file);
    (void)fclose(file);
    compilations(&config);
    REFUSES(trine_base_open(NULL, sizeof base_memory, &config, &base, NULL), TRINE_E_NULL);
    REFUSES(trine_base_open(base_memory, sizeof base_memory, NULL, &base, NULL), TRINE_E_NULL);
    REFUSES(trine_base_open(base_memory, sizeof base_memory, &config, NULL, NULL), TRINE_E_NULL);
    CHECK(base == NULL && trine_base_sizeof() <= sizeof base_memory);
    CHECK(trine_base_open(base_memory, sizeof base_memory, &config, &base, NULL) == TRINE_OK);
    REFUSES(trine_base_ask(NULL, sentence, 1u, &answer), TRINE_E_NULL);
    REFUSES(trine_base_ask(base, NULL, 1u, &answer), TRINE_E_NULL);
    REFUSES(trine_base_ask(base, sentence, 1u, NULL), TRINE_E_NULL);
    REFUSES(trine_base_ask_steps(NULL, sentence, 1u, &steps, &answer), TRINE_E_NULL);
    REFUSES(trine_base_ask_steps(base, NULL, 1u, &steps, &answer), TRINE_E_NULL);
    REFUSES(trine_base_ask_steps(base, sentence, 1u, &steps, NULL), TRINE_E_NULL);
    REFUSES(trine_base_close(NULL), TRINE_E_NULL);
    CHECK(answer.why == 77u);
    CHECK(trine_base_ask(base, sentence, strlen(sentence), &answer) == TRINE_OK);
    CHECK(trine_base_ask_steps(base, sentence, strlen(sentence), NULL, &answer) == TRINE_OK);
    CHECK(trine_base_ask_steps(base, sentence, strlen(sentence), &steps, &answer) == TRINE_OK);
    CHECK(answer.why <= TRINE_WHY_TWO && answer.calls_count <= 2u);
    CHECK(trine_base_close(base) == TRINE_OK);
    REFUSES(trine_base_close(base), TRINE_E_STATE);
}

int main(int argc, char **argv)
{
    model_start(argc, argv);
    openings();
    models();
    sessions();
    askers();
    bases();
    CHECK(model_works());
    return check_failures("null");
}
