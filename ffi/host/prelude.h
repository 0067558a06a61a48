/* Models, sessions and statuses. */
#include "trine_model.h"
