/* Statuses, texts, and where the functions are. */
#include "trine.h"
