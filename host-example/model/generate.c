/* Text from a model in a file, computed on a graphics processor where there is one:
 *
 *     generate MODEL PROMPT [BACKEND]   BACKEND as `trine generate --backend` has it; else auto
 *     generate                          lists the devices
 *
 * The text goes to standard output; what lies on the device, and warnings, to standard error.
 */
#include <stdio.h>
#include <string.h>
#include <trine_host.h>

#define WRITTEN_MAX 24u

/* Gets the text as it is written. */
static int32_t show(void *user_data, uint32_t token, const char *text, size_t size)
{
    (void)user_data;
    (void)token;
    return fwrite(text, 1, size, stdout) != size;
}

/* Whether a note has said in full what is wrong. */
static int is_said;

/* Gets what a person may want to know of the device. */
static void tell(void *user_data, uint32_t kind, const char *text)
{
    (void)user_data;
    (void)fprintf(stderr, "%s%s\n", (kind == TRINE_HOST_NOTE_WARNING) ? "warning: " : "", text);
    is_said = is_said || kind == TRINE_HOST_NOTE_ERROR;
}

static int failed(trine_status status, const trine_model_problem *problem)
{
    char text[200];

    if (!is_said) {
        (void)trine_model_error_text(status, problem, text, sizeof text);
        (void)fprintf(stderr, "%s\n", text);
    }
    return 1;
}

static int list_devices(void)
{
    trine_model_problem problem;
    trine_host_device device = {.struct_size = sizeof device};
    const int32_t count = trine_host_device_count(&problem);
    trine_status status = (count < 0) ? count : TRINE_OK;
    int32_t i;

    for (i = 0; i < count && status == TRINE_OK; i++) {
        status = trine_host_get_device((uint32_t)i, &device, &problem);
        if (status == TRINE_OK) {
            (void)printf("%s (%s): %s, %lu of %lu MB free\n", device.name, device.backend,
                         device.description, (unsigned long)(device.memory_free / 1000000u),
                         (unsigned long)(device.memory_all / 1000000u));
            (void)printf("  %s: %s\n", (device.is_taken != 0u) ? "taken" : "not taken",
                         device.why);
        }
    }
    return (status == TRINE_OK) ? 0 : failed(status, &problem);
}

/* Writes what follows a prompt, in a session with just enough room. */
static trine_status go_on(const trine_model *model, const char *prompt,
                          trine_model_problem *problem)
{
    static const trine_model_generation how = {
        .struct_size = sizeof how, .tokens_max = WRITTEN_MAX, .on_text = show};
    static uint32_t tokens[TRINE_MODEL_SLOTS(200u)];
    trine_model_session_config config = {
        .struct_size = sizeof config, .abi_version = TRINE_MODEL_ABI_VERSION, .batch = 128};
    trine_model_session *session = NULL;
    trine_status status = TRINE_OK;
    const int32_t count =
        trine_model_tokenize(model, prompt, strlen(prompt), TRINE_MODEL_BEGIN, tokens,
                             sizeof tokens / sizeof tokens[0]);

    if (count <= 0) {
        return (count < 0) ? count : TRINE_E_ARGUMENT;
    }
    config.context = (uint32_t)count + WRITTEN_MAX;
    if (config.batch > (uint32_t)count) {
        config.batch = (uint32_t)count;
    }
    status = trine_host_session_open(model, &config, &session, problem);
    if (status == TRINE_OK) {
        status = trine_model_generate(session, tokens, (size_t)count, &how, 0);
        (void)printf("\n");
        (void)trine_host_session_close(session);
    }
    return status;
}

int main(int argc, char **argv)
{
    const trine_host_config config = {
        .struct_size = sizeof config, .backend = (argc > 3) ? argv[3] : "auto", .on_note = tell};
    trine_model *model = NULL;
    trine_model_problem problem = {.bytes_needed = 0};
    trine_status status = TRINE_OK;

    if (argc < 3) {
        return list_devices();
    }
    status = trine_host_model_open(argv[1], &config, &model, &problem);
    if (status == TRINE_OK) {
        status = go_on(model, argv[2], &problem);
        (void)trine_host_model_close(model);
    }
    return (status == TRINE_OK) ? 0 : failed(status, &problem);
}
