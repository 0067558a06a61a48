/* Two tools, and what offers them: one library beside another. */
#ifndef TWO_H
#define TWO_H

#include <stddef.h>

/* The tools. They change what `lamp` and `fan` say. */
extern volatile int lamp;
extern volatile int fan;

/* A message and a part of its answer; a message without an answer has none. */
struct exchange {
    const char *message;
    size_t size;
    const char *wanted;
    size_t wanted_size;
};

#define EXCHANGE(message, wanted) {message, sizeof(message) - 1u, wanted, sizeof(wanted) - 1u}

extern const struct exchange exchanges[];
extern const unsigned exchanges_count;
/* Whether the tools have done what the messages asked for. */
int changed(void);

/* Makes the library ready; 0 where it cannot be. */
int ready(void);
/* Answers a message: bytes of the answer in `out`. */
size_t handled(const char *message, size_t size, char *out, size_t room);

#endif
