/* A pointer to nodes has no count. With WRONG this must not compile; without, it must. */
#include <trine.h>

static const trine_node nodes[] = {TRINE_BOOL(TRINE_REQUIRED, "loud", "Whether it is loud.")};
#if defined(WRONG)
static const trine_node *const params = nodes;
#else
#define params nodes
#endif
static const trine_tool tool = TRINE_TOOL("horn", "", "Sounds.", 0u, params, NULL, NULL, NULL);
const trine_tool *const tools[] = {&tool};
