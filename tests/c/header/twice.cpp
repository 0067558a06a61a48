// The header may be included any number of times, and C's names do not clash with C++'s.
#if defined(__unix__)
// First, and where there is an operating system.
#include "trine_stdio.h"
#include "trine_stdio.h"
#endif
#include "trine.h"
#include "trine.h"
#include "trine_host.h"
#include "trine_host.h"
#include "trine_mcp.h"
#include "trine_mcp.h"
#include "trine_tools.h"
#include "trine_tools.h"
#include "trine_plugin.h"
#include "trine_plugin.h"
#include "trine_accounts.h"
#include "trine_accounts.h"
#include "trine_pools.h"
#include "trine_pools.h"
#include "trine_devices.h"
#include "trine_devices.h"
#include "trine_manager.h"
#include "trine_manager.h"
#include "trine_resources.h"
#include "trine_resources.h"
#include "trine_runtime.h"
#include "trine_runtime.h"
#include "trine_hub.h"
#include "trine_hub.h"

static_assert(TRINE_OK == 0, "success is zero");

extern const trine_status header_was_included;
const trine_status header_was_included = TRINE_OK;
