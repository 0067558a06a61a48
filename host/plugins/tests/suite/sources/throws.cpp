// A tool in C++ that throws what its argument says.
#include <stdexcept>

#include "trine_plugin.h"

static trine_status thrower(void *, trine_call *call) {
    if (trine_get_int(call, 0) == 0) throw std::runtime_error("no");
    if (trine_get_int(call, 0) == 1) throw 7;
    return trine_put_int(call, 0, 1);
}

static const trine_node what[] = {TRINE_INT(TRINE_REQUIRED, "what", "", "What.", 0, 2)};
static const trine_node n[] = {TRINE_INT(TRINE_REQUIRED, "n", "", "A number.", 0, 9)};
static const trine_tool tools[] = {TRINE_TOOL("throw", "", "Throw something.", 0, what, n,
                                              trine::guarded<thrower>, nullptr)};
TRINE_PLUGIN("thrower", "1.0.0", tools);
