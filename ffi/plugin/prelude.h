/* Descriptors, statuses and calls. */
#include "trine.h"
