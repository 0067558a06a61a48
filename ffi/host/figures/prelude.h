/* Statuses, and why a function failed. */
#include "trine_hub.h"
