/* Sentences become calls on this chip, with the base model in flash. */
#ifndef SENTENCES_H
#define SENTENCES_H

#include <stdbool.h>
#include <trine.h>

/* Opens the model and tells hosts of it, before the first poll. The tools work without it too. */
void sentences_start(trine_device *device);

/* Reads the sentence that waits, if one does, and answers it. It turns the loop between two steps. */
void sentences_read(void);

/* Whether a sentence waits. */
bool sentences_wait(void);

#endif
