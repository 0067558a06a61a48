// Every macro in C++11, where a cast in one of them would warn, and what each makes.
#include "every_macro.h"

static_assert(sizeof("greenhouse") - 1u == 10u, "text has no zero byte");
static_assert(sizeof every_port >= TRINE_PORT_BYTES(64u), "storage is whole words");
static_assert(sizeof every_device >= TRINE_FIXED_BYTES + 4u * TRINE_LANE_BYTES,
              "storage holds the device");
static_assert(TRINE_COUNT(every_params) == 8u, "nodes are counted");
static_assert(TRINE_COUNT(NULL) == 0u, "no nodes are counted");
static_assert(TRINE_OK == 0, "success is zero");
static_assert(TRINE_E_UTF8 < 0, "errors are negative");
static_assert(TRINE_VERSION_NUMBER >= 1000, "version is packed");
static_assert(TRINE_ABI_VERSION == 1, "abi is one");
static_assert(TRINE_LINK_STREAM == 0 && TRINE_LINK_BUS == 2, "a link is a byte");
static_assert(TRINE_CONSENT_NONE < TRINE_CONSENT_ELICIT
                  && TRINE_CONSENT_ELICIT < TRINE_CONSENT_OPERATOR
                  && TRINE_CONSENT_OPERATOR < TRINE_CONSENT_DEVICE,
              "consent is ordered");

trine_status every_call(void *user_data, trine_call *call)
{
    static_cast<void>(user_data);
    static_cast<void>(every_text);
    static_cast<void>(every_device);
    static_cast<void>(every_draft);
    static_cast<void>(every_tool);
    static_cast<void>(every_session);
    static_cast<void>(every_port);
    static_cast<void>(every_tools);
    static_cast<void>(every_table);
    static_cast<void>(every_lists);
    return (trine_has(call, trine_param(call, TRINE_TEXT("percent"))) > 0) ? TRINE_OK
                                                                           : TRINE_E_ARGUMENT;
}

void every_safe(void *user_data)
{
    static_cast<void>(user_data);
}

void every_stop(void *user_data, trine_call_id id)
{
    static_cast<void>(user_data);
    static_cast<void>(id);
}

void every_ask(void *user_data, trine_call *call)
{
    static_cast<void>(user_data);
    static_cast<void>(call);
}

size_t every_read(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out, size_t size)
{
    static_cast<void>(user_data);
    static_cast<void>(id);
    static_cast<void>(offset);
    if (size > 0u) {
        out[0] = 0u;
    }
    return (size > 0u) ? 1u : 0u;
}
