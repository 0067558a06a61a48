/* The table of a plug-in, statuses, and where the functions are. */
#include "trine_plugin.h"
