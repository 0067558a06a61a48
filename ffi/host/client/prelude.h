/* Statuses, why a function failed, and how the end of a call is told. */
#include "trine_hub.h"
