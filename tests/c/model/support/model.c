#include "model.h"

#include <stdlib.h>

/* Bytes between members are unset: to look at them is what a memory checker complains of. */
#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif
#ifdef VALGRIND_MAKE_MEM_DEFINED
#define IS_SET(place, size) VALGRIND_MAKE_MEM_DEFINED((place), (size))
#else
#define IS_SET(place, size) ((void)(place), (void)(size))
#endif

uint64_t file_memory[FILE_BYTES / 8u];
size_t file_size;
uint64_t model_memory[MODEL_BYTES / 8u];
uint64_t session_memory[SESSION_BYTES / 8u];
trine_model *the_model;
trine_model_session *the_session;
trine_model_config model_config;
trine_model_session_config session_config;

static unsigned char remembered[MODEL_BYTES + SESSION_BYTES];
static float first_logits[4096];
static int checks;
static int failures;

static void end(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    exit(2);
}

void trine_on_panic(const char *file, size_t size, uint32_t line)
{
    (void)fprintf(stderr, "panic at %.*s:%lu\n", (int)size, file, (unsigned long)line);
    abort();
}

static bool read_three(float *logits, size_t room)
{
    static const uint32_t tokens[3] = {1u, 2u, 3u};
    const float *found = NULL;
    int32_t count;

    if (trine_model_truncate(the_session, 0u) != TRINE_OK ||
        trine_model_eval(the_session, tokens, 3u, 0u) != TRINE_OK) {
        return false;
    }
    count = trine_model_logits(the_session, &found);
    if (count <= 0 || (size_t)count > room) {
        return false;
    }
    (void)memcpy(logits, found, (size_t)count * sizeof found[0]);
    return true;
}

void model_start(int argc, char **argv)
{
    trine_model_problem problem;
    FILE *file = (argc > 1) ? fopen(argv[1], "rb") : NULL;

    if (file == NULL) {
        end("the first argument is a model");
        return;
    }
    file_size = fread(file_memory, 1u, sizeof file_memory, file);
    (void)fclose(file);
    model_config.struct_size = sizeof model_config;
    model_config.abi_version = TRINE_MODEL_ABI_VERSION;
    model_config.data = file_memory;
    model_config.size = file_size;
    session_config.struct_size = sizeof session_config;
    session_config.abi_version = TRINE_MODEL_ABI_VERSION;
    session_config.context = 16u;
    session_config.batch = 4u;
    if (trine_model_open(model_memory, sizeof model_memory, &model_config, &the_model, &problem) !=
        TRINE_OK) {
        end("the model is not opened");
    }
    if (trine_model_session_open(session_memory, sizeof session_memory, the_model, &session_config,
                                 &the_session, &problem) != TRINE_OK) {
        end("the session is not opened");
    }
    if (!read_three(first_logits, sizeof first_logits / sizeof first_logits[0])) {
        end("the session reads nothing");
    }
}

bool model_works(void)
{
    static float logits[4096];

    return read_three(logits, sizeof logits / sizeof logits[0]) &&
           memcmp(logits, first_logits, sizeof logits) == 0;
}

void model_remember(void)
{
    (void)memcpy(remembered, model_memory, MODEL_BYTES);
    (void)memcpy(remembered + MODEL_BYTES, session_memory, SESSION_BYTES);
    (void)IS_SET(remembered, sizeof remembered);
}

bool model_is_unchanged(void)
{
    static unsigned char now[MODEL_BYTES + SESSION_BYTES];

    (void)memcpy(now, model_memory, MODEL_BYTES);
    (void)memcpy(now + MODEL_BYTES, session_memory, SESSION_BYTES);
    (void)IS_SET(now, sizeof now);
    return memcmp(remembered, now, sizeof now) == 0;
}

void check_at(bool holds, const char *what, const char *file, int line)
{
    checks++;
    if (!holds) {
        failures++;
        (void)fprintf(stderr, "%s:%d: %s: no\n", file, line, what);
    }
}

int check_failures(const char *test)
{
    (void)printf("%s: %d checks, %d failed\n", test, checks, failures);
    return (failures == 0 && checks > 0) ? 0 : 1;
}
