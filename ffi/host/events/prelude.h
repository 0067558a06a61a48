/* The hub whose devices are listened to. */
#include "trine_hub.h"
