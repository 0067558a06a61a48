/* A sentence becomes calls of the program's own tools, which no model was trained for: without a
 * heap, from a base model that reads any tools. They are compiled once; a device may have the table
 * in its flash instead, beside the base model.
 *
 *     cc -std=c99 -Iinclude host-example/model/base.c -ltrine_model -ltrine -o base
 *     ./base models/base.bin "set the fan to 40 percent"
 *
 * It writes why there is no call or which there are, how sure the model is to the bit, and each
 * call's tool and arguments.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine_model.h>

/* All memory that is ever taken; too little would be said. */
TRINE_STORAGE(base_file, 2097152u);
TRINE_STORAGE(compiler_memory, 65536u);
TRINE_STORAGE(base_memory, 131072u);
static uint8_t table[65536];

/* A fault of the model's library would end here: it never comes of input. */
void trine_on_panic(const char *file, size_t size, uint32_t line)
{
    (void)fprintf(stderr, "%.*s:%lu\n", (int)size, file, (unsigned long)line);
    abort();
}

/* A device runs the calls by `trine_run`: `act.c` shows how. */
static trine_status nothing(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
    return TRINE_OK;
}

static const trine_node fan[] = {
    TRINE_INT(TRINE_REQUIRED, "percent", "percent", "How fast it turns.", 0, 100)};
static const trine_node lamp[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "color", "Its color.", "red|green|blue|off")};
static const trine_tool tools[] = {
    TRINE_TOOL("fan_set", "", "Sets the speed of the fan.", 0u, fan, NULL, nothing, NULL),
    TRINE_TOOL("lamp_set", "", "Sets the color of the lamp.", 0u, lamp, NULL, nothing, NULL),
    TRINE_TOOL("temperature_read", "", "Reads the temperature of the room.", TRINE_READ_ONLY, NULL,
               NULL, nothing, NULL)};

/* The bytes of a file; 0 when there are none. */
static size_t load(const char *path, void *into, size_t room)
{
    FILE *file = fopen(path, "rb");
    size_t size = 0u;

    if (file != NULL) {
        size = fread(into, 1u, room, file);
        (void)fclose(file);
    }
    return size;
}

static void show(const trine_base_answer *answer)
{
    uint32_t bits = 0u;
    uint32_t i;

    (void)memcpy(&bits, &answer->confidence, sizeof bits);
    (void)printf("why %" PRIu32 " sure %" PRIu32 " confidence %08" PRIx32, answer->why,
                 answer->is_sure, bits);
    for (i = 0u; i < answer->calls_count; i++) {
        size_t at;

        (void)printf(" tool %" PRIu32 " arguments ", answer->calls[i].tool);
        for (at = 0u; at < answer->calls[i].args_size; at++) {
            (void)printf("%02x", answer->calls[i].args[at]);
        }
    }
    (void)printf("\n");
}

/* Compiles the tools, and opens the base model with their table. */
static trine_base *opened(size_t size)
{
    trine_base_config config = {.struct_size = sizeof config,
                                .abi_version = TRINE_MODEL_ABI_VERSION, .data = base_file,
                                .size = size, .tools = tools,
                                .tools_count = sizeof tools / sizeof tools[0],
                                .flags = TRINE_MODEL_CHECK};
    trine_base *base = NULL;
    trine_model_problem problem;
    char text[200];
    trine_status status = trine_tools_compile(compiler_memory, sizeof compiler_memory, &config,
                                              table, sizeof table, &config.table_size, &problem);

    if (status == TRINE_OK) {
        config.table = table;
        status = trine_base_open(base_memory, sizeof base_memory, &config, &base, &problem);
    }
    if (status != TRINE_OK) {
        (void)trine_model_error_text(status, &problem, text, sizeof text);
        (void)fprintf(stderr, "%s\n", text);
    }
    return base;
}

int main(int argc, char **argv)
{
    trine_base_answer answer = {.struct_size = sizeof answer};
    trine_base *base = opened((argc > 1) ? load(argv[1], base_file, sizeof base_file) : 0u);
    int i;

    if (base == NULL) {
        return 1;
    }
    for (i = 2; i < argc; i++) {
        trine_status status = trine_base_ask(base, argv[i], strlen(argv[i]), &answer);

        if (status == TRINE_OK) {
            show(&answer);
        } else {
            (void)printf("error %d\n", (int)status);
        }
    }
    return (trine_base_close(base) == TRINE_OK) ? 0 : 1;
}
