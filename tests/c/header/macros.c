/* Every macro in C, and what each makes. A negative array size stops the compiler. */
#include "every_macro.h"

#define CHECK(name, condition) extern char check_##name[(condition) ? 1 : -1]

CHECK(text_has_no_zero_byte, sizeof("greenhouse") - 1u == 10u);
CHECK(storage_is_whole_words, sizeof every_port >= TRINE_PORT_BYTES(64u));
CHECK(storage_holds_the_device, sizeof every_device >= TRINE_FIXED_BYTES + 4u * TRINE_LANE_BYTES);
CHECK(nodes_are_counted, TRINE_COUNT(every_params) == 8u);
CHECK(no_nodes_are_counted, TRINE_COUNT(NULL) == 0u);
CHECK(success_is_zero, TRINE_OK == 0);
CHECK(a_status_has_four_bytes, sizeof(trine_status) == 4u);
CHECK(the_name_of_a_status_is_an_int, sizeof(TRINE_E_NULL) == sizeof(int));
CHECK(errors_are_negative, TRINE_E_UTF8 < 0);
CHECK(version_is_packed, TRINE_VERSION_NUMBER >= 1000);
CHECK(abi_is_one, TRINE_ABI_VERSION == 1);
CHECK(a_link_is_a_byte, TRINE_LINK_STREAM == 0 && TRINE_LINK_BUS == 2);
CHECK(consent_is_ordered, TRINE_CONSENT_NONE < TRINE_CONSENT_ELICIT
                              && TRINE_CONSENT_ELICIT < TRINE_CONSENT_OPERATOR
                              && TRINE_CONSENT_OPERATOR < TRINE_CONSENT_DEVICE);

trine_status every_call(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)every_text;
    (void)every_device;
    (void)every_draft;
    (void)every_tool;
    (void)every_session;
    (void)every_port;
    (void)every_tools;
    (void)every_table;
    (void)every_lists;
    return (trine_has(call, trine_param(call, TRINE_TEXT("percent"))) > 0) ? TRINE_OK
                                                                           : TRINE_E_ARGUMENT;
}

void every_safe(void *user_data)
{
    (void)user_data;
}

void every_stop(void *user_data, trine_call_id id)
{
    (void)user_data;
    (void)id;
}

void every_ask(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
}

size_t every_read(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out, size_t size)
{
    (void)user_data;
    (void)id;
    (void)offset;
    if (size > 0u) {
        out[0] = 0u;
    }
    return (size > 0u) ? 1u : 0u;
}
