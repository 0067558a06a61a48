/* The resources, and why something is refused. */
#include "trine_manager.h"
