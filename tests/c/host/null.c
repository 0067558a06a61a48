/* NULL for every pointer parameter of every function of libtrine_host: each answers what the header
 * says, and a model and a session that are open stay as they were. */
#include "../model/support/model.h"

#include <trine_host.h>

static void openings(const char *path)
{
    trine_model *model = NULL;
    trine_model_session *session = NULL;

    REFUSES(trine_host_model_open(NULL, NULL, &model, NULL), TRINE_E_NULL);
    REFUSES(trine_host_model_open(path, NULL, NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_host_model_close(NULL), TRINE_E_NULL);
    REFUSES(trine_host_session_open(NULL, &session_config, &session, NULL), TRINE_E_NULL);
    REFUSES(trine_host_session_open(the_model, NULL, &session, NULL), TRINE_E_NULL);
    REFUSES(trine_host_session_open(the_model, &session_config, NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_host_session_close(NULL), TRINE_E_NULL);
    CHECK(model == NULL && session == NULL);
    /* Without a configuration a model is opened as by default. */
    CHECK(trine_host_model_open(path, NULL, &model, NULL) == TRINE_OK);
    CHECK(trine_host_model_close(model) == TRINE_OK);
}

/* This library was built without devices, and says so. */
static void devices(const char *path)
{
    const trine_host_config config = {.struct_size = sizeof config, .backend = "vulkan"};
    trine_host_device device = {.struct_size = sizeof device, .kind = 77u};
    trine_model *model = NULL;
    trine_model_problem problem;
    char text[200];

    REFUSES(trine_host_get_device(0u, NULL, NULL), TRINE_E_NULL);
    REFUSES(trine_host_get_device(0u, &device, NULL), TRINE_E_UNSUPPORTED);
    REFUSES(trine_host_device_count(NULL), TRINE_E_UNSUPPORTED);
    REFUSES(trine_host_device_count(&problem), TRINE_E_UNSUPPORTED);
    CHECK(trine_model_error_text(TRINE_E_UNSUPPORTED, &problem, text, sizeof text) > 0);
    CHECK(strstr(text, "--features vulkan") != NULL);
    REFUSES(trine_host_model_open(path, &config, &model, &problem), TRINE_E_UNSUPPORTED);
    CHECK(device.kind == 77u && model == NULL);
}

int main(int argc, char **argv)
{
    const char *path = (argc > 1) ? argv[1] : "";

    model_start(argc, argv);
    openings(path);
    devices(path);
    CHECK(model_works());
    return check_failures("null");
}
