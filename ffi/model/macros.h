/** \name Memory */
/** @{ */

/** Room for the tokens of a text of `bytes` bytes that is always enough, scratch memory included:
    `uint32_t tokens[TRINE_MODEL_SLOTS(200)];` */
#define TRINE_MODEL_SLOTS(bytes) (6u * (bytes) + 1u)

/** @} */
