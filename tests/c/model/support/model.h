/* A small model from a file, and a session of it, for the tests of misuse. */
#ifndef MODEL_FIXTURE_H
#define MODEL_FIXTURE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <trine_model.h>

#define FILE_BYTES 262144u
#define MODEL_BYTES 16384u
#define SESSION_BYTES 262144u

extern uint64_t file_memory[FILE_BYTES / 8u];
extern size_t file_size;
extern uint64_t model_memory[MODEL_BYTES / 8u];
extern uint64_t session_memory[SESSION_BYTES / 8u];
extern trine_model *the_model;
extern trine_model_session *the_session;
extern trine_model_config model_config;
extern trine_model_session_config session_config;

/* Reads the file that the first argument names, and opens both; the program ends when that fails. */
void model_start(int argc, char **argv);

/* Whether the session does what it should: it reads three tokens, and their logits are those of the
 * first time. */
bool model_works(void);

/* Remembers every byte of both memories, and tells whether all are the same again. */
void model_remember(void);
bool model_is_unchanged(void);

/* Counts a failure with its place. main() returns check_failures(). */
void check_at(bool holds, const char *what, const char *file, int line);
int check_failures(const char *test);

#define CHECK(holds) check_at((holds), #holds, __FILE__, __LINE__)

/* The call answers this status, and every byte of model and session stays as it was. */
#define REFUSES(call, status)                                                                      \
    do {                                                                                           \
        model_remember();                                                                          \
        check_at((call) == (status), #call " answers " #status, __FILE__, __LINE__);               \
        check_at(model_is_unchanged(), #call " changes nothing", __FILE__, __LINE__);              \
    } while (0)

#endif
