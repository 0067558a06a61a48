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
