/** \name Memory */
/** @{ */

/** Room for the tokens of a text of `bytes` bytes that is always enough, scratch memory included:
    `uint32_t tokens[TRINE_MODEL_SLOTS(200)];` */
#define TRINE_MODEL_SLOTS(bytes) (6u * (bytes) + 1u)

/** Static memory for `trine_base_open` of libtrine_model, whatever the tools are:
    `TRINE_STORAGE(memory, TRINE_BASE_BYTES);`. `trine_base_sizeof` says how many bytes it takes of
    them; libtrine_host reads longer sentences, and takes three times as many. */
#define TRINE_BASE_BYTES ((sizeof(void *) > 4u) ? 73728u : 70400u)

/** @} */
