/* The hub whose tools join a gateway. */
#include "trine_hub.h"
