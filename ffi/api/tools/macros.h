/** \name Memory */
/** @{ */

/** Memory for `count` tools that may be added at a time. */
#define TRINE_TOOLS_BYTES(count) (16u + 10u * sizeof(void *) + (count) * (8u + sizeof(void *)))

/** @} */
