// A tool in C++ whose exception no one catches.
#include <stdexcept>

#include "trine_plugin.h"

static trine_status thrower(void *, trine_call *) { throw std::runtime_error("no"); }

static const trine_node what[] = {TRINE_INT(TRINE_REQUIRED, "what", "", "What.", 0, 2)};
static const trine_node n[] = {TRINE_INT(TRINE_REQUIRED, "n", "", "A number.", 0, 9)};
static const trine_tool tools[] = {
    TRINE_TOOL("raw", "", "Throw something.", 0, what, n, thrower, nullptr)};
TRINE_PLUGIN("raw", "1.0.0", tools);
