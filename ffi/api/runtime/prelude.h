/* Limits of tools; it includes devices, sessions, statuses, and where the functions are. */
#include "trine_resources.h"
