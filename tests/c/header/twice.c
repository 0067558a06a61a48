/* The header may be included any number of times, needs nothing before it and leaves C99 valid. */
#if defined(__unix__)
/* First, and where there is an operating system. */
#include "trine_stdio.h"
#include "trine_stdio.h"
#endif
#include "trine.h"
#include "trine.h"
#include "trine_consent.h"
#include "trine_mcp.h"
#include "trine_mcp.h"
#include "trine_news.h"
#include "trine_news.h"
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
#include "trine_run.h"
#include "trine_consent.h"
#include "trine_run.h"
#include "trine_runtime.h"
#include "trine_runtime.h"
#include "trine_sentences.h"
#include "trine_sentences.h"
#include "trine_tools.h"
#include "trine_tools.h"
#include "trine_host.h"
#include "trine_host.h"
/* Last, since it gives the functions of a call another place. */
#include "trine_plugin.h"
#include "trine_plugin.h"
#include "trine_hub.h"
#include "trine_hub.h"

/* Something of its own, since an empty translation unit is not valid C. */
extern const trine_status header_was_included;
const trine_status header_was_included = TRINE_OK;
