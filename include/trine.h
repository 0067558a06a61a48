/**
 * \file trine.h
 * \brief Trine: AI tools (MCP) on anything that has a C compiler.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * Rules that hold for every function:
 *
 * - Memory is the program's: the library takes none. Handles are opaque.
 * - An answer is a trine_status or a count: 0 or more is success, a negative number is an error
 *   (TRINE_E_...). Outputs are written on success only, unless it says otherwise.
 * - Every pointer is checked for NULL. A size counts bytes; (NULL, 0) is empty. Texts are UTF-8
 *   with their size; none is expected to end with a zero byte.
 * - Times are milliseconds. Structures with a `struct_size` grow at their end.
 * - Callbacks get their `user_data` first. What they get dies when they return. A function of the
 *   same device that is called from a callback answers TRINE_E_BUSY, unless it takes the call.
 *
 * Who may call, at the end of each comment:
 *
 * - `isr-safe`: any context, also an interrupt; it never waits. One context at a time for an object.
 * - `owner-only`: the one context that owns the device: its main loop. Another thread that calls
 *   meanwhile gets TRINE_E_BUSY.
 * - `init-only`: the owner, before interrupts and other tasks use the object.
 */


#ifndef TRINE_H
#define TRINE_H

#include <stddef.h>
#include <stdint.h>

/** Where the functions are: in a static library by default; define TRINE_SHARED for the DLL of
    Windows. */
#if defined(_WIN32) && defined(TRINE_SHARED)
#define TRINE_API __declspec(dllimport)
#else
#define TRINE_API
#endif

/** Before a function whose result has to be looked at: a compiler warns where it is dropped. Define
    it as nothing before the header is included to be told nothing. */
#if !defined(TRINE_MUST_USE)
#if defined(__cplusplus) && (__cplusplus >= 201703L)
#define TRINE_MUST_USE [[nodiscard]]
#elif !defined(__cplusplus) && defined(__STDC_VERSION__) && (__STDC_VERSION__ >= 202311L)
#define TRINE_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define TRINE_MUST_USE __attribute__((warn_unused_result))
#elif defined(_MSC_VER)
#include <sal.h>
#define TRINE_MUST_USE _Check_return_
#else
#define TRINE_MUST_USE
#endif
#endif

/** What an enumeration is in C++, where it is a type of its own. */
#if defined(__cplusplus)
#define TRINE_AS_INT32 : int32_t
#else
#define TRINE_AS_INT32
#endif

/** Version of this header as text. */
#define TRINE_VERSION "0.1.0"


/**
 * Version of the header that a program was compiled with, as a number: major, minor and patch
 * times 1,000,000, 1,000 and 1.
 */
#define TRINE_VERSION_NUMBER 1000

/**
 * The binary interface. Structures only grow at their end and functions are only added, so this
 * stays 1 for as long as programs that were compiled with an older header run.
 */
#define TRINE_ABI_VERSION 1

/**
 * The numbers of a `trine_status`, which is an `int32_t` whatever size enumerations have.
 */
enum TRINE_AS_INT32 {
    /**
     * Done.
     */
    TRINE_OK = 0,
    /**
     * A tool's function: the answer comes later. `trine_handle_json`: likewise.
     */
    TRINE_PENDING = 1,
    /**
     * A tool's function: the answer is content, which `on_read` will yield.
     */
    TRINE_CONTENT = 2,
    /**
     * A tool's function: the answer is the blocks that `trine_put_block` wrote.
     */
    TRINE_BLOCKS = 3,
    /**
     * A tool's function: it must know more first, as `trine_need_input` wrote.
     */
    TRINE_NEED_INPUT = 4,
    /**
     * A pointer that must not be NULL is.
     */
    TRINE_E_NULL = -1,
    /**
     * A value is out of its range.
     */
    TRINE_E_ARGUMENT = -2,
    /**
     * The object is in use: by a callback that is running, or by another thread. Nothing happened.
     */
    TRINE_E_BUSY = -3,
    /**
     * The memory or the buffer is too small; nothing happened.
     */
    TRINE_E_NO_SPACE = -4,
    /**
     * The memory is not aligned as `trine_alignof` says.
     */
    TRINE_E_ALIGNMENT = -5,
    /**
     * `struct_size` or `abi_version` of a structure is not one that this library knows.
     */
    TRINE_E_VERSION = -6,
    /**
     * A flag, or a member of a structure that is newer than this library, asks for what it has not.
     */
    TRINE_E_UNSUPPORTED = -7,
    /**
     * The object was not initialised, or is initialised already.
     */
    TRINE_E_STATE = -8,
    /**
     * A tool's descriptor breaks a rule.
     */
    TRINE_E_TABLE = -9,
    /**
     * There is no parameter, node or tool of that name or number.
     */
    TRINE_E_NOT_FOUND = -10,
    /**
     * The value is of another type.
     */
    TRINE_E_TYPE = -11,
    /**
     * A tool's function: it could not do what was asked.
     */
    TRINE_E_FAILED = -12,
    /**
     * There is no room now; try again after the next `trine_poll`.
     */
    TRINE_E_FULL = -13,
    /**
     * The call was answered already.
     */
    TRINE_E_STALE = -14,
    /**
     * The text is no UTF-8.
     */
    TRINE_E_UTF8 = -15,
    /**
     * The device is absent, or there is none of that number.
     */
    TRINE_E_NO_DEVICE = -17,
    /**
     * More than a limit of resources leaves; nothing happened.
     */
    TRINE_E_LIMIT = -18,
    /**
     * More calls or more processor time than a tool may have now; wait.
     */
    TRINE_E_QUOTA = -19,
};

/**
 * A node that is true or false.
 */
#define TRINE_KIND_BOOL 1

/**
 * A node that is a whole number.
 */
#define TRINE_KIND_INT 2

/**
 * A node that is a number with digits after the point. The upper half of the byte says how many.
 */
#define TRINE_KIND_DECIMAL 3

/**
 * A node that is text.
 */
#define TRINE_KIND_STRING 4

/**
 * A node that is one of some labels.
 */
#define TRINE_KIND_CHOICE 5

/**
 * A node with members, which are nodes that follow it.
 */
#define TRINE_KIND_OBJECT 6

/**
 * A node that is a list of the item that follows it.
 */
#define TRINE_KIND_ARRAY 7

/**
 * Node flag: it must be present.
 */
#define TRINE_NODE_REQUIRED 1

/**
 * Node flag: `preset` (or, for text, the text behind the unit) counts when it is missing.
 */
#define TRINE_NODE_PRESET 2

/**
 * Node flag: it must be present when node `when_node`, a choice, holds label `when_label`.
 */
#define TRINE_NODE_WHEN 4

/**
 * Node flag: `min` is the number of an entry of the tool's `wide` table, which has the bounds.
 */
#define TRINE_NODE_WIDE 8

/**
 * Hint for clients: the tool changes nothing.
 */
#define TRINE_READ_ONLY 1

/**
 * Hint for clients: the tool may destroy or release something.
 */
#define TRINE_DESTRUCTIVE 2

/**
 * Hint for clients: repeating a call changes nothing more. A lost call may then be sent again.
 */
#define TRINE_IDEMPOTENT 4

/**
 * Hint for clients: the tool reaches beyond the device.
 */
#define TRINE_OPEN_WORLD 8

/**
 * Nobody has to agree to a call.
 */
#define TRINE_CONSENT_NONE 0

/**
 * The person who uses the client has to agree, or a person at the device.
 */
#define TRINE_CONSENT_ELICIT 1

/**
 * An operator has to agree, or a person at the device.
 */
#define TRINE_CONSENT_OPERATOR 2

/**
 * A person at the device has to agree, by a physical input.
 */
#define TRINE_CONSENT_DEVICE 3

/**
 * Tool flag: it answers content (an image, say) in place of a structured result.
 */
#define TRINE_TOOL_CONTENT 1

/**
 * A stream of bytes: UART, USB serial, TCP. Frames are COBS with a checksum.
 */
#define TRINE_LINK_STREAM 0

/**
 * Packets of at most `mtu` bytes: CAN, CAN-FD, BLE, datagrams. Each `trine_feed` passes one whole
 * packet and each `trine_tx_peek` shows one.
 */
#define TRINE_LINK_PACKET 1

/**
 * A bus that several devices share: RS-485. The device speaks only when it is polled, under its
 * `address`.
 */
#define TRINE_LINK_BUS 2

/**
 * Block: text for the model, in `data`.
 */
#define TRINE_BLOCK_TEXT 1

/**
 * Block: a picture; `data` is the file, `mime` its media type.
 */
#define TRINE_BLOCK_IMAGE 2

/**
 * Block: sound; `data` is the file, `mime` its media type.
 */
#define TRINE_BLOCK_AUDIO 3

/**
 * Block: a link to a resource: `uri`, `name`, `mime` and, in `data`, what it is, for a person.
 */
#define TRINE_BLOCK_LINK 4

/**
 * Block: a resource itself that is text, in `data`: `uri`, `mime`.
 */
#define TRINE_BLOCK_EMBEDDED_TEXT 5

/**
 * Block: a resource itself of any bytes, in `data`: `uri`, `mime`.
 */
#define TRINE_BLOCK_EMBEDDED 6

/**
 * Block: the structured result that the writers have written so far. At most one, and the first.
 */
#define TRINE_BLOCK_STRUCTURED 7

/**
 * A call under way, inside a tool's function. Opaque; it dies when the function returns.
 */
typedef struct trine_call trine_call;

/**
 * A device. Opaque: it lives in memory that the program gives to `trine_init`.
 */
typedef struct trine_device trine_device;

/**
 * What reads a form of tools: nodes, or a table of `trine gen`. Opaque; there are two: the macros
 * point to `trine_form_nodes` or `trine_form_packed`, so that a program without the one form does
 * not hold what reads it.
 */
typedef struct trine_form trine_form;

/**
 * A way into a device for one interrupt or task, which owns it. Opaque.
 */
typedef struct trine_port trine_port;

/**
 * What is remembered of one MCP client. Opaque.
 */
typedef struct trine_session trine_session;

/**
 * What a function answers: 0 is success, a positive number is a success with something to say, a
 * negative one is an error. A number never changes its meaning and is never used again.
 */
typedef int32_t trine_status;

/**
 * A parameter, a member of a result, or the item of an array. Made by the macros `TRINE_BOOL` to
 * `TRINE_ARRAY`; 24 bytes on a 32-bit chip. Constant, and as long-lived as the device.
 *
 * Parameters and results are flat lists in pre-order: the members of an object and the item of an
 * array follow it, and their numbers count on. The numbers are what getters and writers take.
 */
typedef struct trine_node {
    /**
     * Name, unit, labels (or the default of a text) and description, a zero byte after each.
     */
    const char *texts;
    /**
     * Bytes of the name.
     */
    uint8_t name_size;
    /**
     * Bytes of the unit.
     */
    uint8_t unit_size;
    /**
     * Choice: bytes of the labels. Text: bytes of its default. Decimal: the step, scaled, 0 for
     * none. Object and array: how many of the following nodes belong to it.
     */
    uint16_t extent;
    /**
     * `TRINE_KIND_...`, and for a decimal 16 times its places.
     */
    uint8_t kind;
    /**
     * `TRINE_NODE_...`.
     */
    uint8_t flags;
    /**
     * The choice that makes it required.
     */
    uint8_t when_node;
    /**
     * The label that makes it required.
     */
    uint8_t when_label;
    /**
     * What counts when it is missing: a number (scaled for a decimal), 0 or 1, or a label's.
     */
    int32_t preset;
    /**
     * Smallest number (scaled), code points or items. INT32_MIN leaves it open, in results only.
     */
    int32_t min;
    /**
     * Largest number (scaled), code points or items. INT32_MAX leaves it open, in results only.
     */
    int32_t max;
} trine_node;

/**
 * The function of a tool: it does one call, in `trine_poll` or `trine_handle_json`, and answers
 * `TRINE_OK`, `TRINE_PENDING`, or what `trine_fail` or `trine_content` answered. It must return
 * soon. `call` and all that was got from it die when it returns.
 */
typedef trine_status (*trine_function)(void *user_data, struct trine_call *call);

/**
 * Bounds that 32 bits do not hold.
 */
typedef struct trine_wide {
    /**
     * Smallest value, scaled; INT64_MIN leaves it open, in results only.
     */
    int64_t min;
    /**
     * Largest value, scaled; INT64_MAX leaves it open, in results only.
     */
    int64_t max;
    /**
     * Step of a decimal, scaled; 0 for none.
     */
    int64_t step;
    /**
     * What counts when it is missing, with `TRINE_NODE_PRESET`.
     */
    int64_t preset;
} trine_wide;

/**
 * A call that a tool answers later. 0 is none; a number goes stale when the call is answered.
 */
typedef uint32_t trine_call_id;

/**
 * What few tools have. Zero is the default of every member. Constant, and as long-lived as the
 * device. The callbacks run inside `trine_poll`, and get the tool's `user_data`.
 */
typedef struct trine_tool_more {
    /**
     * `sizeof(trine_tool_more)`.
     */
    uint32_t struct_size;
    /**
     * Longest that a call may take, in milliseconds; 0 takes the device's default.
     */
    uint32_t deadline_ms;
    /**
     * Bytes that a call owns until it is answered; 0 for a tool that always answers at once.
     */
    uint16_t pending_bytes;
    /**
     * Entries of `wide`.
     */
    uint16_t wide_count;
    /**
     * Bounds of the nodes with `TRINE_NODE_WIDE`; may be NULL.
     */
    const struct trine_wide *wide;
    /**
     * The link to the host was lost: bring the actuator to safety. May be NULL.
     */
    void (*on_link_lost)(void *user_data);
    /**
     * The device starts: bring the actuator to safety, before any call. May be NULL.
     */
    void (*on_reset)(void *user_data);
    /**
     * A pending call is over without the tool: it expired or was cancelled. May be NULL.
     */
    void (*on_stop)(void *user_data, trine_call_id id);
    /**
     * A call waits for a person: show what it asks, which the getters tell, in place of what was
     * shown before, and say so with `trine_consent_shown`. May be NULL.
     */
    void (*on_ask)(void *user_data, struct trine_call *call);
    /**
     * Writes up to `size` bytes of content from `offset` on and answers how many; 0 ends the
     * content early, as a failure. Offsets rise without gaps.
     */
    size_t (*on_read)(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out, size_t size);
} trine_tool_more;

/**
 * A tool. Made by `TRINE_TOOL` or `TRINE_TOOL_MORE`; 36 bytes on a 32-bit chip. Constant, and as
 * long-lived as the device.
 */
typedef struct trine_tool {
    /**
     * Name, title, version and description, a zero byte after each.
     */
    const char *texts;
    /**
     * Parameters; may be NULL.
     */
    const struct trine_node *params;
    /**
     * Nodes of the result; may be NULL.
     */
    const struct trine_node *results;
    /**
     * Does one call.
     */
    trine_function call;
    /**
     * Passed to each callback of the tool.
     */
    void *user_data;
    /**
     * What few tools have; may be NULL.
     */
    const struct trine_tool_more *more;
    /**
     * Bytes of the name.
     */
    uint8_t name_size;
    /**
     * Bytes of the title.
     */
    uint8_t title_size;
    /**
     * Bytes of the version.
     */
    uint8_t version_size;
    /**
     * `TRINE_READ_ONLY` and the other hints.
     */
    uint8_t hints;
    /**
     * `TRINE_CONSENT_...`.
     */
    uint8_t consent;
    /**
     * `TRINE_TOOL_...`.
     */
    uint8_t flags;
    /**
     * How many parameters.
     */
    uint8_t params_count;
    /**
     * How many nodes the result has.
     */
    uint8_t results_count;
    /**
     * `&trine_form_nodes`.
     */
    const struct trine_form *form;
} trine_tool;

/**
 * A text: a pointer and its size in bytes. It is UTF-8 and need not end with a zero byte;
 * NULL with size 0 is the empty text. `TRINE_TEXT("literal")` makes one.
 */
typedef struct trine_text {
    /**
     * The first byte.
     */
    const char *data;
    /**
     * How many bytes.
     */
    size_t size;
} trine_text;

/**
 * All tools of a device in the smallest form: a table that `trine gen` made, and their functions.
 * Made by `TRINE_TABLE`; 48 bytes on a 32-bit chip. Constant, and as long-lived as the device. The
 * callbacks run inside `trine_poll`; those that no tool needs may be NULL.
 */
typedef struct trine_table {
    /**
     * `sizeof(trine_table)`.
     */
    uint32_t struct_size;
    /**
     * Bytes of `bytes`.
     */
    uint32_t size;
    /**
     * `&trine_form_packed`.
     */
    const struct trine_form *form;
    /**
     * What `trine gen` wrote.
     */
    const uint8_t *bytes;
    /**
     * The function of each tool, in the order of the table.
     */
    const trine_function *calls;
    /**
     * How many functions: as many as the table has tools.
     */
    uint32_t calls_count;
    /**
     * Passed to each function and callback.
     */
    void *user_data;
    /**
     * The link to the host was lost: bring the actuators to safety.
     */
    void (*on_link_lost)(void *user_data);
    /**
     * The device starts: bring the actuators to safety, before any call.
     */
    void (*on_reset)(void *user_data);
    /**
     * A pending call is over without its tool: it expired or was cancelled.
     */
    void (*on_stop)(void *user_data, trine_call_id id);
    /**
     * A call waits for a person: show what it asks, which the getters tell, in place of what was
     * shown before, and say so with `trine_consent_shown`.
     */
    void (*on_ask)(void *user_data, struct trine_call *call);
    /**
     * As `on_read` of `trine_tool_more`.
     */
    size_t (*on_read)(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out, size_t size);
} trine_table;

/**
 * What a device is told at start. Zero is the default of every member but the first two; all
 * that it points to must live as long as the device, the structure itself need not.
 *
 * Set it to zero, then `struct_size`, `abi_version`, `tools` and `tools_count`, then what you
 * want otherwise. New members are added at the end only.
 */
typedef struct trine_config {
    /**
     * `sizeof(trine_config)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_ABI_VERSION`.
     */
    uint32_t abi_version;
    /**
     * The tools, `tools_count` of them.
     */
    const struct trine_tool *tools;
    /**
     * How many tools.
     */
    uint16_t tools_count;
    /**
     * `TRINE_LINK_...`.
     */
    uint8_t link;
    /**
     * Calls that may be under way at a time, 1 to 64; 0 is 4.
     */
    uint8_t calls_max;
    /**
     * Bytes received that can wait for `trine_poll`; 0 is 256.
     */
    uint16_t rx_bytes;
    /**
     * Most bytes of a received message: the largest arguments plus 40; 0 is 192.
     */
    uint16_t message_max;
    /**
     * Most bytes of an encoded result, and of a piece of the tool list or of content; 0 is 256.
     */
    uint16_t result_max;
    /**
     * Most bytes of an answer that is kept, so that a call which is sent again is not run again:
     * a result and about 16; 0 is 64. An answer that does not fit is given once.
     */
    uint16_t repeat_max;
    /**
     * Bytes that each pending call can own; 0 is the most that any tool declares.
     */
    uint16_t pending_max;
    /**
     * Most bytes of a packet, for `TRINE_LINK_PACKET`, 8 or more.
     */
    uint16_t mtu;
    /**
     * Address on the bus, 1 to 247, for `TRINE_LINK_BUS`.
     */
    uint8_t address;
    /**
     * Calls of the MCP door that may be pending at a time; 0 is 4.
     */
    uint8_t json_calls_max;
    /**
     * Most bytes of a call that a person can agree to: its arguments and who asks, and state and
     * answers where it goes on. They are kept and compared byte for byte; a longer call is refused
     * and told so. 0 is `message_max`, but 192 at most, where a tool asks for a person, and else
     * none. Must be 0 in profile base.
     */
    uint16_t consent_bytes;
    /**
     * A number unlike that of the last boot (a counter in flash, a random number); 0 takes one
     * from the host.
     */
    uint32_t epoch;
    /**
     * Milliseconds that a call may take where neither it nor its tool says otherwise; 0 is 30,000.
     */
    uint32_t deadline_ms;
    /**
     * Milliseconds that a call waits for a person, and that an agreement holds; 0 is 60,000.
     */
    uint32_t consent_ms;
    /**
     * Milliseconds without a good frame after which the link counts as lost; 0 is never.
     */
    uint32_t link_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved_flags;
    /**
     * A number that no other boot of this device had (a counter in flash, a random number). A
     * device with a key needs one; without one (0) it takes no key.
     */
    uint64_t nonce;
    /**
     * The device's key of 16 bytes, for tagged frames; NULL for none.
     */
    const uint8_t *key;
    /**
     * Keeps a key that the host provisions, while the window of `trine_provision` is open, and
     * answers `TRINE_OK` when it is safe; `key` is NULL to erase it. NULL if there is nowhere to
     * keep one. Runs inside `trine_poll`.
     */
    trine_status (*on_key)(void *user_data, const uint8_t *key);
    /**
     * Passed to `on_key`.
     */
    void *user_data;
    /**
     * Who makes the device.
     */
    struct trine_text vendor;
    /**
     * What it is; also the server's name in MCP.
     */
    struct trine_text product;
    /**
     * Which one it is, unlike every other of the product.
     */
    struct trine_text serial;
    /**
     * Version of the firmware or program; also the server's version in MCP.
     */
    struct trine_text firmware;
    /**
     * Which build of it.
     */
    struct trine_text build;
    /**
     * The server's title in MCP, for people.
     */
    struct trine_text title;
    /**
     * What a model should know before it uses the tools, in MCP.
     */
    struct trine_text instructions;
    /**
     * The tools in the form of `trine gen`, in place of `tools` and `tools_count`, which are then
     * NULL and 0; else NULL.
     */
    const struct trine_table *table;
} trine_config;

/**
 * What is wrong: `trine_init` sets the first two members, `trine_get_problem` the others.
 */
typedef struct trine_problem {
    /**
     * Bytes of memory that the configuration needs; 0 if it is not valid.
     */
    size_t bytes_needed;
    /**
     * Alignment that the memory needs.
     */
    size_t alignment_needed;
    /**
     * The tool whose descriptor breaks a rule, or -1.
     */
    int32_t tool;
    /**
     * The node that breaks it, or -1; results count from 1,000.
     */
    int32_t node;
    /**
     * The rule that it breaks; lives for ever. Empty, and never NULL, where nothing is wrong.
     */
    struct trine_text rule;
} trine_problem;

/**
 * What is known of a call.
 */
typedef struct trine_call_info {
    /**
     * The time, in milliseconds, as it was passed to `trine_poll`.
     */
    uint64_t now;
    /**
     * When the call expires, in milliseconds.
     */
    uint64_t deadline;
    /**
     * The handle for a tool that answers later; 0 where a call cannot be answered later.
     */
    trine_call_id id;
    /**
     * Number of the tool in the table.
     */
    uint32_t tool;
    /**
     * 1 when the call came in a frame that is tagged under the device's key, else 0.
     */
    uint32_t tagged;
    /**
     * Must be 0.
     */
    uint32_t reserved;
    /**
     * Who asked for the call, as the gateway says; empty unless the call is tagged. It dies when
     * the tool's function returns.
     */
    struct trine_text principal;
} trine_call_info;

/**
 * A block of content. Set what its kind has; zero is empty.
 */
typedef struct trine_block {
    /**
     * `sizeof(trine_block)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_BLOCK_...`.
     */
    uint32_t kind;
    /**
     * The text or the bytes; texts are UTF-8.
     */
    const void *data;
    /**
     * Bytes of `data`.
     */
    size_t size;
    /**
     * Media type, such as `image/png`.
     */
    struct trine_text mime;
    /**
     * Address of a resource.
     */
    struct trine_text uri;
    /**
     * Name of a resource.
     */
    struct trine_text name;
} trine_block;

/**
 * A question to a person: a form with a few fields.
 */
typedef struct trine_question {
    /**
     * `sizeof(trine_question)`.
     */
    uint32_t struct_size;
    /**
     * How many fields.
     */
    uint32_t fields_count;
    /**
     * The fields: nodes that are neither objects nor lists nor wide.
     */
    const struct trine_node *fields;
    /**
     * What to ask, for the person.
     */
    struct trine_text message;
} trine_question;

/**
 * Extends a 32-bit millisecond tick that wraps. Set it to zero before its first use.
 */
typedef struct trine_clock {
    /**
     * The time so far, in milliseconds.
     */
    uint64_t now;
} trine_clock;

/**
 * Counters and high-water marks of a device. The program sets `struct_size`; members that this
 * library does not have stay as they were.
 */
typedef struct trine_counters {
    /**
     * `sizeof(trine_counters)`.
     */
    uint32_t struct_size;
    /**
     * Frames taken.
     */
    uint32_t frames_in;
    /**
     * Frames dropped: damaged, or no message.
     */
    uint32_t frames_bad;
    /**
     * Bytes for which the receive buffer had no room.
     */
    uint32_t bytes_lost;
    /**
     * Frames sent.
     */
    uint32_t frames_out;
    /**
     * Calls received.
     */
    uint32_t calls;
    /**
     * Calls refused for their arguments.
     */
    uint32_t faults;
    /**
     * Calls refused until a person agrees.
     */
    uint32_t unagreed;
    /**
     * Calls that reached a tool.
     */
    uint32_t entered;
    /**
     * Calls that expired.
     */
    uint32_t expired;
    /**
     * Results that their own descriptor does not allow.
     */
    uint32_t bad_results;
    /**
     * Calls that came again and were answered without being run.
     */
    uint32_t repeats;
    /**
     * Frames dropped for their tag.
     */
    uint32_t unauthentic;
    /**
     * Times the link was lost.
     */
    uint32_t link_losses;
    /**
     * Most bytes that waited in the receive buffer.
     */
    uint32_t rx_high_water;
    /**
     * Most bytes that waited to be sent.
     */
    uint32_t tx_high_water;
    /**
     * Most calls under way at a time.
     */
    uint32_t calls_high_water;
    /**
     * Bytes of the memory that the device was given.
     */
    uint32_t memory_bytes;
    /**
     * Bytes of it that are used: what `trine_sizeof` answers for the configuration.
     */
    uint32_t memory_used;
    /**
     * Must be 0.
     */
    uint32_t reserved;
    /**
     * Milliseconds since the first poll.
     */
    uint64_t uptime_ms;
} trine_counters;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Reads tools that are written with `TRINE_TOOL` and the macros of nodes, which point to it.
 */
extern const struct trine_form trine_form_nodes;

/**
 * Reads tables that `trine gen` made; `TRINE_TABLE` points to it.
 */
extern const struct trine_form trine_form_packed;

/**
 * Version of the library that is linked or loaded: compare it with `TRINE_VERSION_NUMBER`.
 *
 * @return Major, minor and patch times 1,000,000, 1,000 and 1.
 *
 * Context: isr-safe.
 */
TRINE_API uint32_t trine_version_number(void);

/**
 * Version of the library as text, ended by a zero byte.
 *
 * @return A text that lives for ever.
 *
 * Context: isr-safe.
 */
TRINE_API const char *trine_version_string(void);

/**
 * The binary interface that the library speaks: compare it with `TRINE_ABI_VERSION`.
 *
 * @return 1 for this header.
 *
 * Context: isr-safe.
 */
TRINE_API uint32_t trine_abi_version(void);

/**
 * What the library was built with: its version, its profile and the wire version that it speaks,
 * ended by a zero byte.
 *
 * @return A text that lives for ever.
 *
 * Context: isr-safe.
 */
TRINE_API const char *trine_build_info(void);

/**
 * One sentence on a status, in English, ended by a zero byte.
 *
 * @param status What a function answered.
 * @return A text that lives for ever; for a number that is no status, a text that says so.
 *
 * Context: isr-safe.
 */
TRINE_API const char *trine_status_string(trine_status status);

/**
 * Bytes of memory that a device needs with a configuration, for `trine_init`.
 *
 * @param config The configuration.
 * @return Bytes; 0 when it is NULL or not valid.
 *
 * Context: init-only.
 */
TRINE_MUST_USE TRINE_API size_t trine_sizeof(const struct trine_config *config);

/**
 * Alignment of the memory of a device, a port, a draft or a session.
 *
 * @return Bytes, a power of two; never more than 8.
 *
 * Context: init-only.
 */
TRINE_API size_t trine_alignof(void);

/**
 * Starts a device in memory that the program gives. Nothing else is ever taken.
 *
 * @param memory `trine_sizeof` bytes at least, aligned to `trine_alignof`; `TRINE_STORAGE` makes
 *               such. It belongs to the device until `trine_deinit`. What it holds does not
 *               matter: a device of before a reset that left its memory alone, or of a block that
 *               was freed, is forgotten. So never give it the memory of a device in use.
 * @param size Bytes of the memory.
 * @param config What the device is told.
 * @param device Where the handle goes, on success only.
 * @param problem Where it is said what is wrong, and how many bytes are needed; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT,
 *         TRINE_E_UTF8, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, or TRINE_E_TABLE when a packed table
 *         was edited or cut off, is of another format, or has another number of tools than there
 *         are functions: make it again with `trine gen`. Descriptors in macros are checked by the
 *         first polls.
 *
 * Context: init-only.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_init(void *memory,
                        size_t size,
                        const struct trine_config *config,
                        struct trine_device **device,
                        struct trine_problem *problem);

/**
 * What is wrong with a device whose `trine_poll` answers TRINE_E_TABLE: which tool breaks which
 * rule. Else, from profile `policy` on, the last result that its tool's nodes do not allow: the
 * tool, the node and the rule. `bad_results` of trine_counters says how many there were.
 *
 * @param device The device.
 * @param problem Where it goes; its `tool` is -1 when nothing is wrong.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_get_problem(struct trine_device *device,
                               struct trine_problem *problem);

/**
 * Ends a device: its memory, its ports and its sessions are the program's again. Interrupts that
 * use it must have been stopped.
 *
 * @param device The device.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_deinit(struct trine_device *device);

/**
 * The number, the tool, the time and the deadline of a call.
 *
 * @param call The call.
 * @param info Where they go.
 * @return TRINE_OK or TRINE_E_NULL.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API trine_status trine_call_get_info(struct trine_call *call, struct trine_call_info *info);

/**
 * The handle of a call that its tool answers later, with `trine_resume` or a port.
 *
 * @param call The call.
 * @return The handle; 0 where there is none.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API trine_call_id trine_call_get_id(struct trine_call *call);

/**
 * The bytes that a call owns until it is answered: as many as its tool declares as
 * `pending_bytes`, zero at first. They stay where they are.
 *
 * @param call The call.
 * @param bytes Where the pointer goes; it dies with the call.
 * @return How many bytes, or TRINE_E_NULL.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API trine_status trine_call_get_block(struct trine_call *call, uint8_t **bytes);

/**
 * The tool cannot do what was asked: answer the call with this text, which says what to change.
 * `return trine_fail(call, TRINE_TEXT("the tank is empty"));`
 *
 * @param call The call.
 * @param text UTF-8; copied. It is cut after 240 bytes; profile `base` drops one of more than 96.
 * @param size Bytes of the text.
 * @return TRINE_E_FAILED for the tool to return, or TRINE_E_NULL or TRINE_E_UTF8.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_fail(struct trine_call *call,
                        const char *text,
                        size_t size);

/**
 * The tool answers content (an image, say) of `size` bytes, which its `on_read` will yield. The
 * tool has the flag TRINE_TOOL_CONTENT. `return trine_content(call, TRINE_TEXT("image/png"), n);`
 *
 * @param call The call.
 * @param mime Media type; it must outlive the callback (a literal, or static).
 * @param mime_size Bytes of the media type.
 * @param size Bytes of the content, at least 1.
 * @return TRINE_CONTENT for the tool to return, or TRINE_E_NULL, TRINE_E_ARGUMENT or TRINE_E_UTF8;
 *         TRINE_E_UNSUPPORTED where the library was built without content.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_content(struct trine_call *call,
                           const char *mime,
                           size_t mime_size,
                           uint32_t size);

/**
 * The number of the parameter of that name, for the getters: its place in the tool's array.
 *
 * @param call The call.
 * @param name Name of a parameter at top level.
 * @param size Bytes of the name.
 * @return The number, or TRINE_E_NULL or TRINE_E_NOT_FOUND. A getter takes an error as well, and
 *         makes the call fail.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API int32_t trine_param(struct trine_call *call, const char *name, size_t size);

/**
 * The number of the node of that name in the result, for the writers: its place in the array.
 *
 * @param call The call.
 * @param name Name of a member of the result at top level.
 * @param size Bytes of the name.
 * @return The number, or TRINE_E_NULL or TRINE_E_NOT_FOUND. A writer takes an error as well, and
 *         makes the call fail.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API int32_t trine_result(struct trine_call *call, const char *name, size_t size);

/**
 * Whether a parameter has a value: it was given, or has a default.
 *
 * @param call The call.
 * @param parameter Its number.
 * @return 1 or 0, or TRINE_E_NULL.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API trine_status trine_has(struct trine_call *call, int32_t parameter);

/**
 * A parameter that is true or false.
 *
 * The getters answer the value given, or the default. A parameter that is missing and has no
 * default answers 0. A parameter that the tool does not have, or of another type, answers 0 and
 * makes the call fail with a text that says so.
 *
 * @param call The call; NULL answers 0.
 * @param parameter Its number.
 * @return 1 or 0.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API int32_t trine_get_bool(struct trine_call *call, int32_t parameter);

/**
 * A parameter that is a whole number; see `trine_get_bool`.
 *
 * @param call The call; NULL answers 0.
 * @param parameter Its number.
 * @return The value.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API int64_t trine_get_int(struct trine_call *call, int32_t parameter);

/**
 * A parameter that is a decimal; see `trine_get_bool`.
 *
 * @param call The call; NULL answers 0.
 * @param parameter Its number.
 * @return The value scaled by 10^places: 21.5 with one place is 215.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API int64_t trine_get_decimal(struct trine_call *call, int32_t parameter);

/**
 * A parameter that is a choice; see `trine_get_bool`.
 *
 * @param call The call; NULL answers 0.
 * @param parameter Its number.
 * @return The number of the label, from 0.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API uint32_t trine_get_choice(struct trine_call *call, int32_t parameter);

/**
 * A parameter that is text; see `trine_get_bool`.
 *
 * @param call The call; NULL answers nothing.
 * @param parameter Its number.
 * @param text Where the pointer to the text goes: UTF-8 without a zero byte at its end, in the
 *             receive buffer. It dies when the tool's function returns.
 * @return Bytes of the text; 0 where there is none. `text` may be NULL.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API size_t trine_get_string(struct trine_call *call, int32_t parameter, const char **text);

/**
 * Writes a member of the result that is true or false.
 *
 * Members are written in the order of their numbers; a member that is not required may be left
 * out. Every error of a writer is remembered: the call then fails, so a tool need not look.
 *
 * @param call The call, or a draft.
 * @param node Its number: its place in the tool's array of results.
 * @param value 0 or not 0.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT, TRINE_E_STATE where nothing can be written, or
 *         TRINE_E_NO_SPACE when the result is longer than `result_max`.
 *
 * Context: owner-only, inside a tool's function; isr-safe on a draft.
 */
TRINE_API trine_status trine_put_bool(struct trine_call *call, int32_t node, int32_t value);

/**
 * Writes a whole number; see `trine_put_bool`.
 *
 * @param call The call, or a draft.
 * @param node Its number.
 * @param value The number.
 * @return As `trine_put_bool`.
 *
 * Context: owner-only, inside a tool's function; isr-safe on a draft.
 */
TRINE_API trine_status trine_put_int(struct trine_call *call, int32_t node, int64_t value);

/**
 * Writes a decimal; see `trine_put_bool`.
 *
 * @param call The call, or a draft.
 * @param node Its number.
 * @param scaled The number scaled by 10^places: 215 with one place is 21.5.
 * @return As `trine_put_bool`.
 *
 * Context: owner-only, inside a tool's function; isr-safe on a draft.
 */
TRINE_API trine_status trine_put_decimal(struct trine_call *call, int32_t node, int64_t scaled);

/**
 * Writes a choice; see `trine_put_bool`.
 *
 * @param call The call, or a draft.
 * @param node Its number.
 * @param label Number of the label, from 0.
 * @return As `trine_put_bool`.
 *
 * Context: owner-only, inside a tool's function; isr-safe on a draft.
 */
TRINE_API trine_status trine_put_choice(struct trine_call *call, int32_t node, uint32_t label);

/**
 * Writes text; see `trine_put_bool`.
 *
 * @param call The call, or a draft.
 * @param node Its number.
 * @param text UTF-8; copied.
 * @param size Bytes of the text.
 * @return As `trine_put_bool`, or TRINE_E_UTF8.
 *
 * Context: owner-only, inside a tool's function; isr-safe on a draft.
 */
TRINE_API
trine_status trine_put_string(struct trine_call *call,
                              int32_t node,
                              const char *text,
                              size_t size);

/**
 * Opens an object: its members are written next. See `trine_put_bool`.
 *
 * @param call The call, or a draft.
 * @param node Its number.
 * @return As `trine_put_bool`.
 *
 * Context: owner-only, inside a tool's function; isr-safe on a draft.
 */
TRINE_API trine_status trine_put_object(struct trine_call *call, int32_t node);

/**
 * Opens a list: its items are written next, each under the number of the item's node. See
 * `trine_put_bool`.
 *
 * @param call The call, or a draft.
 * @param node Its number.
 * @param count How many items follow.
 * @return As `trine_put_bool`.
 *
 * Context: owner-only, inside a tool's function; isr-safe on a draft.
 */
TRINE_API trine_status trine_put_array(struct trine_call *call, int32_t node, uint32_t count);

/**
 * Appends a content block to the result. The tool has the flag TRINE_TOOL_CONTENT and returns
 * TRINE_BLOCKS; without a structured block it writes nothing by the writers.
 *
 * All blocks together take at most `result_max` bytes, and `trine_handle_json` passes on 7 of
 * them; larger content goes by `trine_content`.
 *
 * @param call The call.
 * @param block The block; copied.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT for a
 *         kind that there is not, TRINE_E_UTF8, TRINE_E_STATE where nothing can be written or a
 *         structured block is not the first, or TRINE_E_NO_SPACE. The last two are remembered: the
 *         call then fails.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_API trine_status trine_put_block(struct trine_call *call, const struct trine_block *block);

/**
 * The tool must know something of a person first. The gateway has the client ask, and the client
 * calls the tool once more with the same arguments, this state and the answer:
 * `return trine_need_input(call, &question, NULL, 0);`
 *
 * In that call the getters also take TRINE_ANSWER(n), field n of the question;
 * TRINE_ANSWER_ACTION, a choice: 0 accepted, 1 declined, 2 put away; and TRINE_ANSWER_STATE, a
 * string: the state's bytes. `trine_has(call, TRINE_ANSWER_ACTION)` says whether it is that call.
 * State and answer came through the client, and nothing has checked them: treat them so.
 *
 * @param call The call. What was written to its result is dropped.
 * @param question The question; copied.
 * @param state What the tool wants back; copied. NULL with size 0 for nothing.
 * @param size Bytes of the state. With the question they take at most `result_max`.
 * @return TRINE_NEED_INPUT for the tool to return, or TRINE_E_NULL, TRINE_E_VERSION,
 *         TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT, TRINE_E_UTF8, TRINE_E_STATE or TRINE_E_NO_SPACE.
 *
 * Context: owner-only, inside a tool's function.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_need_input(struct trine_call *call,
                              const struct trine_question *question,
                              const char *state,
                              size_t size);

/**
 * The 64-bit time of a tick, for `trine_poll`. It must be asked at least once in 49 days. It never
 * goes back: a tick less than half the range behind the last one counts as the same time.
 *
 * @param clock The clock, of one context; NULL answers the tick itself.
 * @param tick The tick, in milliseconds.
 * @return The time, in milliseconds.
 *
 * Context: isr-safe, on a clock of the interrupt's own.
 */
TRINE_API uint64_t trine_now(struct trine_clock *clock, uint32_t tick);

/**
 * Takes received bytes: any number of a stream or bus, exactly one packet of a packet link. It
 * copies them and returns; no tool runs.
 *
 * @param device The device.
 * @param bytes The bytes.
 * @param size How many.
 * @return How many were taken (the others are lost and counted), TRINE_E_NULL or TRINE_E_STATE.
 *
 * Context: isr-safe, in one context of its own.
 */
TRINE_API int32_t trine_feed(struct trine_device *device, const uint8_t *bytes, size_t size);

/**
 * Where a transfer (DMA, `read`) may put received bytes of a stream or bus; then
 * `trine_rx_commit`.
 *
 * @param device The device.
 * @param place Where the pointer to the free room goes.
 * @return Bytes of room in one piece; 0 when the buffer is full. TRINE_E_NULL, TRINE_E_STATE, or
 *         TRINE_E_UNSUPPORTED on a packet link.
 *
 * Context: isr-safe, in the context of `trine_feed`.
 */
TRINE_API int32_t trine_rx_buffer(struct trine_device *device, uint8_t **place);

/**
 * The first `size` bytes of the room that `trine_rx_buffer` showed were received.
 *
 * @param device The device.
 * @param size How many; more than the room counts as all of it.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_UNSUPPORTED.
 *
 * Context: isr-safe, in the context of `trine_feed`.
 */
TRINE_API trine_status trine_rx_commit(struct trine_device *device, size_t size);

/**
 * Bytes to send, in one piece; one packet on a packet link. Send as many as the port takes now,
 * then say so with `trine_tx_consume`.
 *
 * @param device The device.
 * @param bytes Where the pointer goes; it dies at the next `trine_poll` or `trine_tx_consume`.
 * @return How many bytes; 0 when there is nothing to send. TRINE_E_NULL, TRINE_E_STATE or
 *         TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API int32_t trine_tx_peek(struct trine_device *device, const uint8_t **bytes);

/**
 * The first `size` bytes of `trine_tx_peek` were sent.
 *
 * @param device The device.
 * @param size How many; more than there are counts as all.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_tx_consume(struct trine_device *device, size_t size);

/**
 * Works: up to `budget` steps, each a frame, a piece of content, a completion or a check at
 * start. Tools run in it.
 *
 * @param device The device.
 * @param now The time in milliseconds, never falling; see `trine_now`.
 * @param budget How many steps at most.
 * @param next_due Where the time goes at which it wants to be called again at the latest: `now`
 *                 when there is more to do at once, UINT64_MAX for never. Received bytes, a
 *                 port's record and room to send are reasons to call earlier. May be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_TABLE when a tool's
 *         descriptor was found to break a rule: the device then answers no call.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_poll(struct trine_device *device,
                        uint64_t now,
                        uint32_t budget,
                        uint64_t *next_due);

/**
 * Whether the device does its work: `trine_poll` was called in the last `poll_ms` milliseconds,
 * and its host was heard in the last `link_ms`. A timer interrupt asks this and closes the valve
 * when the answer is 0. It asks at least once in 24 days.
 *
 * @param device The device.
 * @param now The lower 32 bits of the time, in milliseconds.
 * @param poll_ms Longest pause between two polls; 0 for any.
 * @param link_ms Longest silence of the host; 0 for any.
 * @return 1 or 0, TRINE_E_NULL, TRINE_E_ALIGNMENT or TRINE_E_STATE.
 *
 * Context: isr-safe.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_is_live(const struct trine_device *device,
                           uint32_t now,
                           uint32_t poll_ms,
                           uint32_t link_ms);

/**
 * Answers a pending call: `finish` is called at once with the call, writes the result and answers
 * as a tool's function does; TRINE_PENDING leaves the call pending. The arguments are gone.
 *
 * @param device The device.
 * @param id The handle, from `trine_call_get_id`.
 * @param now The time in milliseconds.
 * @param finish Writes the result.
 * @param user_data Passed to it.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_STALE when the call was
 *         answered, or TRINE_E_FULL: then `finish` was not called; try after the next poll.
 *
 * Context: owner-only; from an interrupt use `trine_port_complete`.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_resume(struct trine_device *device,
                          trine_call_id id,
                          uint64_t now,
                          trine_status (*finish)(void *user_data, struct trine_call *call),
                          void *user_data);

/**
 * Tells the host that something happened that nobody called for.
 *
 * @param device The device.
 * @param tool Number of the tool that it concerns.
 * @param text UTF-8; copied. It is cut after `result_max` bytes; in profile `base` one of more
 *             than 96 bytes is TRINE_E_ARGUMENT.
 * @param size Bytes of the text.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ARGUMENT, TRINE_E_UTF8 or
 *         TRINE_E_FULL.
 *
 * Context: owner-only; from an interrupt use `trine_port_event`.
 */
TRINE_API
trine_status trine_event(struct trine_device *device,
                         uint32_t tool,
                         const char *text,
                         size_t size);

/**
 * Counters and high-water marks.
 *
 * @param device The device.
 * @param now The time in milliseconds.
 * @param counters Where they go; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_VERSION.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_get_counters(struct trine_device *device,
                                uint64_t now,
                                struct trine_counters *counters);

/**
 * A person agrees, by an input that no client reaches, to the question that is shown: once, to
 * exactly that call. It counts after `trine_consent_shown` of trine_consent.h and a second.
 *
 * @param device The device.
 * @param now The time in milliseconds.
 * @return The number of the tool, TRINE_E_NOT_FOUND when none is asked or none has been shown for
 *         long enough, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only; from an interrupt use `trine_port_agree`.
 */
TRINE_API int32_t trine_agree(struct trine_device *device, uint64_t now);

/**
 * The tool whose call waits for a person: of the question, of which there is one at a time.
 *
 * @param device The device.
 * @param now The time in milliseconds.
 * @return As `trine_agree`.
 *
 * Context: owner-only.
 */
TRINE_API int32_t trine_asked(struct trine_device *device, uint64_t now);

/**
 * Tells the host, or after `trine_news_init` the MCP client, how far a pending call is.
 *
 * @param device The device.
 * @param id The handle, from `trine_call_get_id`.
 * @param done How much is done: more each time.
 * @param total Of how much; 0 when it is not known.
 * @param text UTF-8, what is being done; copied. NULL with size 0 for none.
 * @param size Bytes of the text.
 * @return TRINE_OK (also where the host does not want to know), TRINE_E_NULL, TRINE_E_STATE,
 *         TRINE_E_BUSY, TRINE_E_UTF8, TRINE_E_STALE or TRINE_E_FULL.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_progress(struct trine_device *device,
                            trine_call_id id,
                            uint32_t done,
                            uint32_t total,
                            const char *text,
                            size_t size);

/**
 * Sends a line of log to the host, if it asked for lines of that level.
 *
 * @param device The device.
 * @param level 0 debug, 1 info, 2 notice, 3 warning, 4 error, 5 critical, 6 alert, 7 emergency.
 * @param text UTF-8; copied.
 * @param size Bytes of the text.
 * @return TRINE_OK (also where the host does not want it), TRINE_E_NULL, TRINE_E_STATE,
 *         TRINE_E_BUSY, TRINE_E_ARGUMENT, TRINE_E_UTF8 or TRINE_E_FULL.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_log(struct trine_device *device,
                       uint32_t level,
                       const char *text,
                       size_t size);

/**
 * Opens a port.
 *
 * @param memory TRINE_PORT_BYTES at least, aligned to `trine_alignof`, for the port and the
 *               records that wait for `trine_poll`. It belongs to the device until `trine_deinit`.
 * @param size Bytes of the memory.
 * @param device The device.
 * @param port Where the handle goes, on success only.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ALIGNMENT,
 *         TRINE_E_NO_SPACE, or TRINE_E_FULL when the device has four ports.
 *
 * Context: init-only.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_port_init(void *memory,
                             size_t size,
                             struct trine_device *device,
                             struct trine_port **port);

/**
 * A draft: a result that an interrupt writes with the writers and hands to
 * `trine_port_complete`. Each call of this empties it.
 *
 * @param memory TRINE_DRAFT_BYTES and the bytes of the result, aligned to `trine_alignof`.
 * @param size Bytes of the memory.
 * @param draft Where the handle for the writers goes, on success only.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT or TRINE_E_NO_SPACE.
 *
 * Context: isr-safe, on memory of its own.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_draft(void *memory,
                         size_t size,
                         struct trine_call **draft);

/**
 * Completes a pending call with a draft, at the next `trine_poll`.
 *
 * @param port The port.
 * @param id The handle, from `trine_call_get_id`; a stale one does nothing.
 * @param draft The result; copied.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT when the draft overflowed, or TRINE_E_FULL.
 *
 * Context: isr-safe.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_port_complete(struct trine_port *port,
                                 trine_call_id id,
                                 struct trine_call *draft);

/**
 * Completes a pending call with a failure, at the next `trine_poll`.
 *
 * @param port The port.
 * @param id The handle, from `trine_call_get_id`; a stale one does nothing.
 * @param text UTF-8, what to change; copied. It is cut after 96 bytes.
 * @param size Bytes of the text.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8 or TRINE_E_FULL.
 *
 * Context: isr-safe.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_port_fail(struct trine_port *port,
                             trine_call_id id,
                             const char *text,
                             size_t size);

/**
 * Tells the host that something happened that nobody called for, at the next `trine_poll`.
 *
 * @param port The port.
 * @param tool Number of the tool that it concerns.
 * @param text UTF-8; copied. It is cut after 96 bytes.
 * @param size Bytes of the text.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT or TRINE_E_FULL.
 *
 * Context: isr-safe.
 */
TRINE_API
trine_status trine_port_event(struct trine_port *port,
                              uint32_t tool,
                              const char *text,
                              size_t size);

/**
 * A person agrees, by a physical input, to the question that is shown: as `trine_agree` at the
 * next `trine_poll`. It counts if the question had been shown for long enough at the poll before;
 * `trine_poll` answers when it wants to be called for that.
 *
 * @param port The port.
 * @return TRINE_OK, TRINE_E_NULL or TRINE_E_FULL.
 *
 * Context: isr-safe.
 */
TRINE_API trine_status trine_port_agree(struct trine_port *port);

/**
 * Gives a pending call up: it is answered as cancelled, at the next `trine_poll`.
 *
 * @param port The port.
 * @param id The handle, from `trine_call_get_id`; a stale one does nothing.
 * @return TRINE_OK, TRINE_E_NULL or TRINE_E_FULL.
 *
 * Context: isr-safe.
 */
TRINE_API trine_status trine_port_cancel(struct trine_port *port, trine_call_id id);

/**
 * Sends a line of log to the host at the next `trine_poll`, if the host asked for lines of that
 * level.
 *
 * @param port The port.
 * @param level As of `trine_log`: 0 debug to 7 emergency.
 * @param text UTF-8; copied. It is cut after 96 bytes.
 * @param size Bytes of the text.
 * @return TRINE_OK (also where the host does not want it), TRINE_E_NULL, TRINE_E_ARGUMENT,
 *         TRINE_E_UTF8 or TRINE_E_FULL.
 *
 * Context: isr-safe.
 */
TRINE_API
trine_status trine_port_log(struct trine_port *port,
                            uint32_t level,
                            const char *text,
                            size_t size);

/**
 * Opens or closes the window in which a host may set or erase the device's key: a person holds a
 * physical input. The key goes to the configuration's `on_key`.
 *
 * @param device The device.
 * @param open 0 or not 0.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_UNSUPPORTED without
 *         `on_key` or in a profile without keys.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_provision(struct trine_device *device, int32_t open);

/**
 * Opens a session: one for each connection, or for each HTTP session.
 *
 * @param memory TRINE_SESSION_BYTES of the device's `message_max` and `result_max`, aligned to
 *               `trine_alignof`. It belongs to the session until `trine_deinit` of its device.
 * @param size Bytes of the memory; they limit what arguments and results take.
 * @param device The device whose tools are served.
 * @param session Where the handle goes, on success only.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ALIGNMENT,
 *         TRINE_E_NO_SPACE, or TRINE_E_UNSUPPORTED where the tools are a packed table, which has
 *         no names.
 *
 * Context: init-only.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_session_init(void *memory,
                                size_t size,
                                struct trine_device *device,
                                struct trine_session **session);

/**
 * Answers one JSON-RPC message of MCP, of any revision from 2024-11-05 to 2026-07-28: a line of
 * standard input, a body of HTTP. Tools run in it. With profile `resources` it also serves what
 * `trine_mcp_offer` of trine_mcp.h was given.
 *
 * @param session The session.
 * @param now The time in milliseconds.
 * @param message The message, without a line end; it is not kept.
 * @param size Bytes of the message.
 * @param answer Where the answer goes, without a line end or a zero byte.
 * @param answer_size Bytes of room. A list that does not fit is paged; 4,096 is enough for most.
 * @param answer_length Where the bytes of the answer go; 0 when nothing is to be sent. With
 *                      TRINE_E_NO_SPACE the bytes of room that are needed.
 * @return TRINE_OK, TRINE_PENDING when the answer comes later from `trine_next_json`,
 *         TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_NO_SPACE when there is no room
 *         for any answer, an error included; a tool may have run then.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_handle_json(struct trine_session *session,
                               uint64_t now,
                               const char *message,
                               size_t size,
                               char *answer,
                               size_t answer_size,
                               size_t *answer_length);

/**
 * An answer that was pending; ask after `trine_poll` or `trine_resume`, until there is none. A
 * call whose answer is longer than the configuration's `repeat_max` is answered with an error.
 * After `trine_news_init` also how far calls are, events, lines of log and changes of lists and
 * resources.
 *
 * @param session The session.
 * @param answer Where the answer goes, without a line end or a zero byte.
 * @param answer_size Bytes of room.
 * @param answer_length Where its bytes go; 0 when there is none. With TRINE_E_NO_SPACE the bytes
 *                      of room that are needed; the answer is kept.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_NO_SPACE.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_next_json(struct trine_session *session,
                             char *answer,
                             size_t answer_size,
                             size_t *answer_length);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/** \name Texts and memory */
/** @{ */

/* What these two count must be an array: the size of a pointer says nothing of what it points to.
   Compilers of C11 and C++11 refuse a pointer; older ones take what they are given. */
#if defined(__cplusplus)
#if __cplusplus >= 201103L
extern "C++" {
template <size_t Size> constexpr size_t trine_text_bytes(const char (&)[Size]) { return Size - 1u; }
template <class Nodes> struct trine_nodes_of;
template <size_t Count> struct trine_nodes_of<const trine_node (&)[Count]> {
    static constexpr size_t count = Count;
};
struct trine_no_nodes {
    static constexpr size_t count = 0u;
};
template <> struct trine_nodes_of<decltype(nullptr)> : trine_no_nodes {};
template <> struct trine_nodes_of<int> : trine_no_nodes {};
template <> struct trine_nodes_of<long> : trine_no_nodes {};
template <> struct trine_nodes_of<long long> : trine_no_nodes {};
}
#define TRINE_TEXT_BYTES(literal) trine_text_bytes(literal)
#define TRINE_COUNT(nodes) trine_nodes_of<decltype((nodes))>::count
#endif
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
/** Bytes of a literal, without the zero byte at its end. */
#define TRINE_TEXT_BYTES(literal)                                                                 \
    (sizeof(literal) - _Generic(&(literal), char **: (void)0, const char **: (void)0, default: 1u))
/** Nodes of an array; 0 for NULL. */
#define TRINE_COUNT(nodes)                                                                        \
    (sizeof(nodes) / (sizeof(trine_node) + 0u) +                                                  \
     0u * sizeof(char[_Generic((nodes), const trine_node *: sizeof(nodes) % sizeof(trine_node),   \
                               trine_node *: sizeof(nodes) % sizeof(trine_node), default: 0u) == 0u \
                          ? 1                                                                     \
                          : -1]))
#endif
#if !defined(TRINE_COUNT)
/** Bytes of a literal, without the zero byte at its end. */
#define TRINE_TEXT_BYTES(literal) (sizeof(literal) - 1u)
/** Nodes of an array; 0 for NULL. */
#define TRINE_COUNT(nodes) (sizeof(nodes) / (sizeof(trine_node) + 0u))
#endif

/** A literal as pointer and size: two arguments, or two members of a trine_text. */
#define TRINE_TEXT(literal) (literal), TRINE_TEXT_BYTES(literal)

/** Profile of the library: the wire, validation, ports. */
#define TRINE_PROFILE_BASE 0
/** Profile of the library: and consent, lists, content blocks, counters. */
#define TRINE_PROFILE_POLICY 1
/** Profile of the library: and MCP. */
#define TRINE_PROFILE_MCP 2
/** Profile of the library: and packet and bus links, keys, limits of tools. */
#define TRINE_PROFILE_FULL 3
/** Profile of the library: and resources and prompts. */
#define TRINE_PROFILE_RESOURCES 4
/** Profile of the library: and sentences. */
#define TRINE_PROFILE_SENTENCES 5
/** The profile for which TRINE_DEVICE_BYTES counts memory. The default is the largest, which is
    enough for each library; define it, as the following three, before the header is included. */
#if !defined(TRINE_PROFILE)
#define TRINE_PROFILE TRINE_PROFILE_SENTENCES
#endif
/** Tools that TRINE_DEVICE_BYTES counts, 4 bytes each. */
#if !defined(TRINE_TOOLS_MAX)
#define TRINE_TOOLS_MAX 32u
#endif
/** `consent_bytes` that TRINE_DEVICE_BYTES counts, from profile `policy` on; 0 where no tool asks
    for a person. */
#if !defined(TRINE_CONSENT_BYTES)
#define TRINE_CONSENT_BYTES 192u
#endif
/** `json_calls_max` that TRINE_DEVICE_BYTES counts, from profile `mcp` on. */
#if !defined(TRINE_JSON_CALLS_MAX)
#define TRINE_JSON_CALLS_MAX 4u
#endif

/** Bytes of memory that a device needs at most in profile TRINE_PROFILE, from the members of its
    configuration of the same names; pass the values that count, not 0. On a packet link add its
    `mtu`. It is at most a twentieth more than what `trine_sizeof` answers for a device with
    TRINE_TOOLS_MAX, TRINE_CONSENT_BYTES and TRINE_JSON_CALLS_MAX. `trine_init` checks it. */
#define TRINE_DEVICE_BYTES(rx_bytes, message_max, result_max, repeat_max, pending_max, calls_max, \
                           identity_bytes)                                                        \
    (TRINE_FIXED_BYTES + TRINE_TOOLS_MAX * 4u + TRINE_HELD_BYTES + (rx_bytes) + (message_max) +   \
     TRINE_REPLY_BYTES(TRINE_LARGER((result_max) + 16u, (identity_bytes) + 112u)) +               \
     ((calls_max) + TRINE_MCP_CALLS) * (TRINE_LANE_BYTES + TRINE_LARGER(repeat_max, pending_max)))
/** What of it does not depend on the configuration. */
#if TRINE_PROFILE == TRINE_PROFILE_BASE
#define TRINE_FIXED_BYTES (200u + 56u * sizeof(void *))
#elif TRINE_PROFILE == TRINE_PROFILE_POLICY
#define TRINE_FIXED_BYTES (528u + 68u * sizeof(void *))
#elif TRINE_PROFILE == TRINE_PROFILE_MCP
#define TRINE_FIXED_BYTES (544u + 80u * sizeof(void *))
#elif TRINE_PROFILE == TRINE_PROFILE_FULL
#define TRINE_FIXED_BYTES (950u + 90u * sizeof(void *))
#elif TRINE_PROFILE == TRINE_PROFILE_RESOURCES
#define TRINE_FIXED_BYTES (950u + 94u * sizeof(void *))
#elif TRINE_PROFILE == TRINE_PROFILE_SENTENCES
#define TRINE_FIXED_BYTES (950u + 96u * sizeof(void *))
#else
#error "TRINE_PROFILE is none of TRINE_PROFILE_BASE to TRINE_PROFILE_SENTENCES"
#endif
/** What each call under way takes beside its answer or its own bytes. */
#if TRINE_PROFILE == TRINE_PROFILE_BASE
#define TRINE_LANE_BYTES 16u
#else
#define TRINE_LANE_BYTES 28u
#endif
/** What is kept of a call that waits for a person. */
#if TRINE_PROFILE == TRINE_PROFILE_BASE
#define TRINE_HELD_BYTES 0u
#else
#define TRINE_HELD_BYTES TRINE_CONSENT_BYTES
#endif
/** Pending calls of MCP. */
#if TRINE_PROFILE < TRINE_PROFILE_MCP
#define TRINE_MCP_CALLS 0u
#else
#define TRINE_MCP_CALLS TRINE_JSON_CALLS_MAX
#endif
/** What a reply of so many bytes takes in the form of the link. */
#define TRINE_REPLY_BYTES(bytes) ((bytes) + (bytes) / 127u)
/** The larger of two numbers. */
#define TRINE_LARGER(one, other) (((one) > (other)) ? (one) : (other))

/** Static memory for a device, aligned: `TRINE_STORAGE(memory, 2048);` and then
    `trine_init(memory, sizeof memory, &config, &device, NULL)`. */
#define TRINE_STORAGE(name, bytes) static uint64_t name[((bytes) + 7u) / 8u]

/** @} */
/** \name Nodes
    `need` is TRINE_REQUIRED, TRINE_OPTIONAL, TRINE_DEFAULT(value) or TRINE_WHEN(node, label).
    All texts are literals. */
/** @{ */

/** It must be present. */
#define TRINE_REQUIRED TRINE_NODE_REQUIRED, 0u, 0u, 0
/** It may be missing. */
#define TRINE_OPTIONAL 0u, 0u, 0u, 0
/** It may be missing and then counts as this: a number (scaled for a decimal), 0 or 1, or the
    number of a label. For parameters only. */
#define TRINE_DEFAULT(value) TRINE_NODE_PRESET, 0u, 0u, (value)
/** It must be present when parameter `node`, a choice, holds label number `label`. */
#define TRINE_WHEN(node, label) TRINE_NODE_WHEN, (node), (label), 0

/** Bound that leaves its side open: in results only. */
#define TRINE_OPEN_MIN INT32_MIN
/** Bound that leaves its side open: in results only. */
#define TRINE_OPEN_MAX INT32_MAX

/** What all node macros come to. */
#define TRINE_NODE(name, unit, extra, description, extent, kind, ...)                             \
    {                                                                                             \
        name "\0" unit "\0" extra "\0" description, sizeof(name) - 1u, sizeof(unit) - 1u,         \
            (extent), (kind), __VA_ARGS__                                                         \
    }

/** True or false. */
#define TRINE_BOOL(need, name, description)                                                       \
    TRINE_NODE(name, "", "", description, 0u, TRINE_KIND_BOOL, need, 0, 0)
/** A whole number from `min` to `max`. */
#define TRINE_INT(need, name, unit, description, min, max)                                        \
    TRINE_NODE(name, unit, "", description, 0u, TRINE_KIND_INT, need, min, max)
/** A number with `places` digits after the point, 0 to 9; bounds and step are scaled by
    10^places: 5 to 35 in steps of 0.5 is `1, 50, 350, 5`. Step 0 is none, in results only. */
#define TRINE_DECIMAL(need, name, unit, description, places, min, max, step)                      \
    TRINE_NODE(name, unit, "", description, step, TRINE_KIND_DECIMAL + 16u * (places), need, min, \
               max)
/** Text of `min` to `max` code points; each takes up to four bytes. */
#define TRINE_STRING(need, name, description, min, max)                                           \
    TRINE_NODE(name, "", "", description, 0u, TRINE_KIND_STRING, need, min, max)
/** The same, with the text that counts when it is missing. */
#define TRINE_STRING_DEFAULT(name, description, min, max, text)                                   \
    TRINE_NODE(name, "", text, description, sizeof(text) - 1u, TRINE_KIND_STRING,                 \
               TRINE_DEFAULT(0), min, max)
/** One of some labels, written `"grow|door|all"`. */
#define TRINE_CHOICE(need, name, description, labels)                                             \
    TRINE_NODE(name, "", labels, description, sizeof(labels) - 1u, TRINE_KIND_CHOICE, need, 0, 0)
/** An object; its members are the `nodes` nodes that follow. */
#define TRINE_OBJECT(need, name, description, nodes)                                              \
    TRINE_NODE(name, "", "", description, nodes, TRINE_KIND_OBJECT, need, 0, 0)
/** A list of `min` to `max` items (at most 254); the item is the node that follows, without a
    name, and `nodes` counts it and its own nodes. */
#define TRINE_ARRAY(need, name, description, nodes, min, max)                                     \
    TRINE_NODE(name, "", "", description, nodes, TRINE_KIND_ARRAY, need, min, max)
/** A whole number whose bounds are entry `index` of the tool's `wide` table. */
#define TRINE_INT_WIDE(flags, name, unit, description, index)                                     \
    TRINE_NODE(name, unit, "", description, 0u, TRINE_KIND_INT,                                   \
               TRINE_NODE_WIDE | (flags), 0u, 0u, 0, index, 0)
/** A decimal whose bounds and step are entry `index` of the tool's `wide` table. */
#define TRINE_DECIMAL_WIDE(flags, name, unit, description, places, index)                         \
    TRINE_NODE(name, unit, "", description, 0u, TRINE_KIND_DECIMAL + 16u * (places),              \
               TRINE_NODE_WIDE | (flags), 0u, 0u, 0, index, 0)

/** @} */
/** \name Values beyond the parameters
    Numbers for the getters, where one of a parameter may stand. Profile `policy` has them. */
/** @{ */

/** Item `index`, from 0, of the list that is parameter `list`: `trine_has(call, TRINE_ITEM(2, i))`
    says whether there is one. Of a list of objects it is the object, and `TRINE_ITEM(2, i) + 1` its
    first member, as the nodes follow in the array. Lists inside lists cannot be reached. */
#define TRINE_ITEM(list, index) (0x40000000 + (index)*0x10000 + (list)*0x101 + 1)
/** Field `field` of the answer to `trine_need_input`. */
#define TRINE_ANSWER(field) (0x20000000 + (field))
/** What the person did, a choice: 0 accepted, 1 declined, 2 put away. */
#define TRINE_ANSWER_ACTION (0x2000ffff)
/** The state that went with `trine_need_input`, a string of any bytes. */
#define TRINE_ANSWER_STATE (0x2000fffe)

/** @} */
/** \name Tools */
/** @{ */

/** A tool. `params` and `results` are arrays of nodes, or NULL; `call` is its function. */
#define TRINE_TOOL(name, title, description, hints, params, results, call, user_data)             \
    TRINE_TOOL_MORE(name, title, "", description, hints, TRINE_CONSENT_NONE, 0u, params, results, \
                    call, user_data, NULL)
/** What reads the tools of these macros. */
#define TRINE_FORM_NODES (&trine_form_nodes)
/** A tool with a version, a consent level, flags, and a trine_tool_more or NULL. */
#define TRINE_TOOL_MORE(name, title, version, description, hints, consent, flags, params,         \
                        results, call, user_data, more)                                           \
    {                                                                                             \
        name "\0" title "\0" version "\0" description, (params), (results), (call), (user_data),  \
            (more), sizeof(name) - 1u, sizeof(title) - 1u, sizeof(version) - 1u, (hints),         \
            (consent), (flags), TRINE_COUNT(params), TRINE_COUNT(results), TRINE_FORM_NODES       \
    }
/** A trine_table: `bytes` is an array that `trine gen` wrote, `calls` an array of the tools'
    functions in the same order; `user_data` is passed to them and to the callbacks, each of which
    may be NULL. */
#define TRINE_TABLE(bytes, calls, user_data, on_link_lost, on_reset, on_stop, on_ask, on_read)    \
    {                                                                                             \
        sizeof(trine_table), sizeof(bytes), &trine_form_packed, (bytes), (calls),                 \
            sizeof(calls) / sizeof(trine_function), (user_data), (on_link_lost), (on_reset),      \
            (on_stop), (on_ask), (on_read)                                                        \
    }

/** @} */
/** \name Memory of ports, drafts and sessions */
/** @{ */

/** Memory of a port whose records take `bytes` bytes: 5 for each and what it carries. */
#define TRINE_PORT_BYTES(bytes) (16u * sizeof(void *) + (bytes) + 1u)
/** Memory of a draft for a result of `bytes` bytes: about 3 for a label, 12 for a number. */
#define TRINE_DRAFT_BYTES(bytes) (96u + 16u * sizeof(void *) + (bytes))
/** Memory of a session. */
#define TRINE_SESSION_BYTES(message_max, result_max)                                              \
    (256u + 16u * sizeof(void *) + (message_max) + (result_max))

/** @} */
/** \name Panic */
/** @{ */

#ifdef __cplusplus
extern "C" {
#endif
/** For the program to define, if its library can panic: the released ones cannot and do not ask for
    it. Told the place, which is not ended by a zero byte; it must not return. */
void trine_on_panic(const char *file, size_t size, uint32_t line);
#ifdef __cplusplus
}
#endif

/** @} */

#endif  /* TRINE_H */
