/* What tools ask for and are given. */
#include "trine_manager.h"
/* Devices. */
#include "trine_devices.h"
/* Memory. */
#include "trine_pools.h"
/* Calls and their times. */
#include "trine_accounts.h"
