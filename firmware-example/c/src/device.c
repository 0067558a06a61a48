#include "device.h"

#include "descriptors.h"
#include "tools.h"

/* The largest arguments are a line of the display, the largest result is board_status with four
 * full lines and four full labels: of four bytes a character on the large board, of one on the
 * small one, where a longer status is answered with an error. */
#if GREENHOUSE_SMALL
#define RX_BYTES 128u
#define MESSAGE_MAX 160u
#define RESULT_MAX 400u
#define REPEAT_MAX 32u
/* What trine_sizeof() answers for this, which is less than the bound of TRINE_DEVICE_BYTES: a
 * small board counts its bytes. Too few are an error at the start. */
#define DEVICE_BYTES 1440u
#else
#define RX_BYTES 512u
/* A sentence has 256 bytes, and some stand before it. */
#define MESSAGE_MAX (GREENHOUSE_ASK ? 272u : 192u)
#define RESULT_MAX 1280u
#define REPEAT_MAX 64u
#define DEVICE_BYTES                                                                              \
    TRINE_DEVICE_BYTES(RX_BYTES, MESSAGE_MAX, RESULT_MAX, REPEAT_MAX, PENDING_MAX, CALLS_MAX,       \
                       IDENTITY_BYTES)
#endif
#define PENDING_MAX 3u
#define IDENTITY_BYTES 40u

TRINE_STORAGE(memory, DEVICE_BYTES);
#if !GREENHOUSE_SMALL
TRINE_STORAGE(person_memory, TRINE_PORT_BYTES(20u));
TRINE_STORAGE(converter_memory, TRINE_PORT_BYTES(64u));
#endif

trine_device *device_start(trine_port **person, trine_port **converter)
{
    static const trine_config config = {
        .struct_size = sizeof(trine_config),
        .abi_version = TRINE_ABI_VERSION,
#if GREENHOUSE_TABLE
        .table = &board_table,
#else
        .tools = board_tools,
        .tools_count = TOOLS_MAX,
#endif
        .calls_max = CALLS_MAX,
        .rx_bytes = RX_BYTES,
        .message_max = MESSAGE_MAX,
        .result_max = RESULT_MAX,
        .repeat_max = REPEAT_MAX,
        .pending_max = PENDING_MAX,
        .link_ms = DEVICE_LINK_MS,
        .vendor = {TRINE_TEXT("trine")},
        .product = {TRINE_TEXT("greenhouse")},
        .serial = {TRINE_TEXT("mps2-0001")},
        .firmware = {TRINE_TEXT("0.1.0")},
        .build = {TRINE_TEXT("demo")},
    };
    trine_device *device = NULL;

    if (trine_init(memory, sizeof memory, &config, &device, NULL) != TRINE_OK) {
        return NULL;
    }
#if GREENHOUSE_SMALL
    /* Profile `base` asks nobody to agree, and the loop answers what was measured: without ports
     * the linker leaves their code out. */
    *person = NULL;
    *converter = NULL;
#else
    if ((trine_port_init(person_memory, sizeof person_memory, device, person) != TRINE_OK)
        || (trine_port_init(converter_memory, sizeof converter_memory, device, converter)
            != TRINE_OK)) {
        return NULL;
    }
#endif
    return device;
}

#if !GREENHOUSE_SMALL
bool device_is_linked(const trine_device *device, uint64_t now)
{
    return trine_is_live(device, (uint32_t)now, 0u, DEVICE_LINK_MS) > 0;
}
#endif
