/** \name Resources, templates, prompts
    All texts are literals. */
/** @{ */

/** What the macros of resources come to. */
#define TRINE_RESOURCE_ALL(uri, name, title, mime, description, flags, read, user_data, data,     \
                           size)                                                                  \
    {                                                                                             \
        uri "\0" name "\0" title "\0" mime "\0" description, (read), (user_data), (data), (size), \
            sizeof(uri) - 1u, sizeof(name) - 1u, sizeof(title) - 1u, sizeof(mime) - 1u, (flags),   \
            0u                                                                                    \
    }
/** A resource that never changes: the `size` bytes at `data`, of any length. Text is UTF-8; other
    content has the flag TRINE_RESOURCE_BINARY. */
#define TRINE_RESOURCE(uri, name, title, mime, description, flags, data, size)                    \
    TRINE_RESOURCE_ALL(uri, name, title, mime, description, flags, NULL, NULL, data, size)
/** A resource that the function `read` writes with `trine_mcp_write`. */
#define TRINE_RESOURCE_READ(uri, name, title, mime, description, flags, read, user_data)          \
    TRINE_RESOURCE_ALL(uri, name, title, mime, description, flags, read, user_data, NULL, 0u)
/** A template: all addresses of the form `form`, such as `plot://{name}/soil`, whose content `read`
    writes; `trine_mcp_variable` tells which one. */
#define TRINE_TEMPLATE(form, name, title, mime, description, flags, read, user_data)              \
    TRINE_RESOURCE_ALL(form, name, title, mime, description, flags, read, user_data, NULL, 0u)
/** A prompt, a trine_tool: its arguments `args` are nodes (TRINE_STRING, TRINE_CHOICE), or NULL,
    which the getters read; the function `make` writes its messages with `trine_mcp_say`. */
#define TRINE_PROMPT(name, title, description, args, make, user_data)                             \
    TRINE_TOOL(name, title, description, 0u, args, NULL, make, user_data)

/** @} */
/** \name What schemas say further */
/** @{ */

/** Members, a JSON object on one line, for the schema of node `node` of tool number `tool`. `of` is
    TRINE_EXTRA_PARAM or TRINE_EXTRA_RESULT, and `node` may be TRINE_EXTRA_ALL. */
#define TRINE_EXTRA(of, tool, node, members)                                                      \
    {                                                                                             \
        (members), sizeof(members) - 1u, (tool), (node), (of)                                     \
    }
/** Members of tool number `tool` itself, such as `"{\"icons\":[{\"src\":\"https://…\"}]}"`. */
#define TRINE_ICONS(tool, members) TRINE_EXTRA(TRINE_EXTRA_TOOL, tool, 0u, members)

/** @} */
