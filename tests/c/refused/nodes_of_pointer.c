/* A pointer to nodes does not say how many there are. */
#include <trine.h>

static const trine_node node = TRINE_BOOL(TRINE_REQUIRED, "loud", "Whether it is loud.");
static const trine_node *const nodes = &node;
static const trine_tool tool = TRINE_TOOL("horn", "", "Sounds.", 0u, nodes, NULL, NULL, NULL);
const trine_tool *const tools[] = {&tool};
