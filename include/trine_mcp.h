/**
 * \file trine_mcp.h
 * \brief Trine: resources, prompts and completion of a device, for MCP clients.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A device has lists next to its tools: resources that clients read, templates of their addresses,
 * and prompts. They are constant tables, which trine_mcp_offer() takes; a function of the program
 * writes what changes. What the tools' schemas say further (icons, titles, formats) stands there
 * too, and a tool or a prompt can ask the client's language model or for its folders.
 *
 * Clients get all of it through the gateway. In process trine_handle_json() serves the same lists,
 * with these differences:
 *
 * - Changes (trine_mcp_updated, trine_mcp_changed) and lines of trine_mcp_log() reach clients by
 *   trine_next_json(), where trine_news_init() of trine_news.h gave memory for them. Without it
 *   no subscription is declared: clients list and read again when they want to.
 * - A session has 4 places: each call, read, prompt or completion that is answered later takes one
 *   until it is answered, and so does each `subscriptions/listen`. All `resources/subscribe` of a
 *   session take one together, for up to 15 addresses. With none left, a request is answered with
 *   an error.
 * - No client can be asked: a tool or a prompt that asks for something fails with a sentence.
 * - Content by trine_content() is announced by the resource's own function, not later by
 *   trine_resume(). Skills are plain resources.
 *
 * The rules of trine.h hold. Profile `resources`.
 */


#ifndef TRINE_MCP_H
#define TRINE_MCP_H

#include <stddef.h>
#include <stdint.h>
/* Devices, ports, statuses, and where the functions are. */
#include "trine.h"


/**
 * Resource flag: its content is not text.
 */
#define TRINE_RESOURCE_BINARY 1

/**
 * Extra: members for the schema of a parameter, or of all parameters.
 */
#define TRINE_EXTRA_PARAM 0

/**
 * Extra: members for the schema of a member of the result, or of the whole result.
 */
#define TRINE_EXTRA_RESULT 1

/**
 * Extra: members of the tool itself, as it stands in a list: `icons`, and `_meta.ui`.
 */
#define TRINE_EXTRA_TOOL 2

/**
 * The node of an extra that belongs to a whole schema.
 */
#define TRINE_EXTRA_ALL 65535

/**
 * The list of resources, for `trine_mcp_changed`.
 */
#define TRINE_LIST_RESOURCES 1

/**
 * The list of templates.
 */
#define TRINE_LIST_TEMPLATES 2

/**
 * The list of prompts.
 */
#define TRINE_LIST_PROMPTS 3

/**
 * Role of a message: the person who uses the client.
 */
#define TRINE_ROLE_USER 0

/**
 * Role of a message: the model.
 */
#define TRINE_ROLE_ASSISTANT 1

/**
 * Of what a text is to be completed: a parameter of a tool.
 */
#define TRINE_OF_TOOL 0

/**
 * Of what a text is to be completed: an argument of a prompt.
 */
#define TRINE_OF_PROMPT 1

/**
 * Of what a text is to be completed: a variable of a template.
 */
#define TRINE_OF_TEMPLATE 2

/**
 * A resource, or a template of addresses. Made by `TRINE_RESOURCE`, `TRINE_RESOURCE_READ` and
 * `TRINE_TEMPLATE`; 28 bytes on a 32-bit chip. Constant, and as long-lived as the device.
 */
typedef struct trine_resource {
    /**
     * Address (or form of addresses), name, title, media type and description, a zero byte after
     * each.
     */
    const char *texts;
    /**
     * Writes the content; NULL where `data` is the content.
     */
    trine_function read;
    /**
     * Passed to `read`.
     */
    void *user_data;
    /**
     * The content, which never changes; NULL where `read` writes it.
     */
    const void *data;
    /**
     * Bytes of `data`; with `read` how many it writes, or 0 where that is not known.
     */
    uint32_t size;
    /**
     * Bytes of the address, 1,024 at most.
     */
    uint16_t uri_size;
    /**
     * Bytes of the name.
     */
    uint8_t name_size;
    /**
     * Bytes of the title.
     */
    uint8_t title_size;
    /**
     * Bytes of the media type.
     */
    uint8_t mime_size;
    /**
     * `TRINE_RESOURCE_...`.
     */
    uint8_t flags;
    /**
     * Must be 0.
     */
    uint16_t reserved;
} trine_resource;

/**
 * What the schema of a tool says beyond its nodes, for clients alone: no value is checked by it.
 * Made by `TRINE_EXTRA` and `TRINE_ICONS`; 16 bytes on a 32-bit chip. Constant, and as long-lived
 * as the device.
 */
typedef struct trine_extra {
    /**
     * A JSON object on one line.
     */
    const char *members;
    /**
     * Bytes of it.
     */
    uint32_t size;
    /**
     * Number of the tool.
     */
    uint16_t tool;
    /**
     * Number of the node, or `TRINE_EXTRA_ALL`.
     */
    uint16_t node;
    /**
     * `TRINE_EXTRA_PARAM`, `TRINE_EXTRA_RESULT` or `TRINE_EXTRA_TOOL`.
     */
    uint32_t of;
} trine_extra;

/**
 * All that a device has next to its tools. Zero is the default of every member but the first.
 * Constant, and as long-lived as the device. The functions run inside `trine_poll` or
 * `trine_handle_json`.
 */
typedef struct trine_mcp_lists {
    /**
     * `sizeof(trine_mcp_lists)`.
     */
    uint32_t struct_size;
    /**
     * How many resources, 1,024 at most.
     */
    uint16_t resources_count;
    /**
     * How many templates, 1,024 at most.
     */
    uint16_t templates_count;
    /**
     * How many prompts, 1,024 at most.
     */
    uint16_t prompts_count;
    /**
     * How many extras.
     */
    uint16_t extras_count;
    /**
     * The resources.
     */
    const struct trine_resource *resources;
    /**
     * The templates.
     */
    const struct trine_resource *templates;
    /**
     * The prompts: `TRINE_PROMPT`.
     */
    const trine_tool *prompts;
    /**
     * The extras of tools.
     */
    const struct trine_extra *extras;
    /**
     * Completes what a person types, by `trine_mcp_completion_of` and `trine_mcp_suggest`. NULL
     * for none.
     */
    trine_function complete;
    /**
     * A request that was to be answered later is over without the program: it expired or was
     * cancelled. May be NULL.
     */
    void (*on_stop)(void *user_data, trine_call_id id);
    /**
     * Writes a piece of the content that a resource's function has announced with
     * `trine_content`, as `on_read` of `trine_tool_more` does. May be NULL.
     */
    size_t (*on_read)(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out, size_t size);
    /**
     * Passed to the three functions.
     */
    void *user_data;
} trine_mcp_lists;

/**
 * What a person types.
 */
typedef struct trine_completion {
    /**
     * `TRINE_OF_...`.
     */
    uint32_t of;
    /**
     * Number of the tool, prompt or template.
     */
    uint32_t index;
    /**
     * Number of the parameter, argument or variable.
     */
    uint32_t node;
    /**
     * Must be 0.
     */
    uint32_t reserved;
    /**
     * What was typed so far; it dies when the function returns.
     */
    trine_text text;
} trine_completion;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Shows MCP clients, of the gateway and of `trine_handle_json`, what the device has next to its
 * tools. Call it before the first `trine_poll`. Later it may be called again with other lists;
 * tell clients then with `trine_mcp_changed`. Extras stay as they were at the first call.
 *
 * @param device The device.
 * @param lists The lists.
 * @param problem Receives what is wrong: `tool` is the number of the entry (templates count from
 *                10,000, prompts from 20,000, extras from 30,000), `node` that of a prompt's
 *                argument or -1. May be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ALIGNMENT, TRINE_E_VERSION,
 *         TRINE_E_UNSUPPORTED where extras are for tools in a packed table, or TRINE_E_TABLE when
 *         an entry breaks a rule. Nothing has changed then.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_mcp_offer(trine_device *device,
                             const struct trine_mcp_lists *lists,
                             trine_problem *problem);

/**
 * Tells clients that what a resource has is other than it was; those that asked for it are told:
 * by the gateway, and by `trine_next_json` after `trine_news_init`.
 *
 * @param device The device.
 * @param uri Its address.
 * @param size Bytes of the address.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_UTF8, TRINE_E_ARGUMENT when
 *         no list has the address, or it is longer than `result_max` or than the memory of
 *         `trine_news_init` less 13 bytes, or TRINE_E_FULL: try after the next poll.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_mcp_updated(trine_device *device, const char *uri, size_t size);

/**
 * Tells clients that one of the lists is other than it was, after `trine_mcp_offer`: by the
 * gateway, and by `trine_next_json` after `trine_news_init`.
 *
 * @param device The device.
 * @param list `TRINE_LIST_...`.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ARGUMENT, or TRINE_E_FULL:
 *         try after the next poll.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_mcp_changed(trine_device *device, uint32_t list);

/**
 * The address that is read.
 *
 * @param call The call; NULL answers nothing.
 * @param uri Where the pointer to the address goes: UTF-8 without a zero byte at its end. It dies
 *            when the function returns.
 * @return Bytes of the address; 0 where the call reads no resource. `uri` may be NULL.
 *
 * Context: owner-only, inside a resource's function.
 */
TRINE_API size_t trine_mcp_uri(trine_call *call, const char **uri);

/**
 * A variable of the template whose form the address has that is read: in `plot://{name}/soil` the
 * `name`, number 0, of `plot://north/soil` is `north`.
 *
 * @param call The call; NULL answers nothing.
 * @param variable Number of the variable, from 0 in the order of the form.
 * @param text Where the pointer goes: UTF-8 without a zero byte at its end. It dies when the
 *             function returns.
 * @return Bytes of the text, never 0 for a variable; 0 where there is none. `text` may be NULL.
 *
 * Context: owner-only, inside a template's function.
 */
TRINE_API size_t trine_mcp_variable(trine_call *call, uint32_t variable, const char **text);

/**
 * Appends bytes to the content of the resource that is read, which has the media type of its
 * entry. Return TRINE_OK when all is written.
 *
 * All of it takes at most `result_max` bytes, with some for the address; longer content is
 * constant data of the resource, or goes by `trine_content`.
 *
 * @param call The call.
 * @param data The bytes; copied. Of a resource that is not `TRINE_RESOURCE_BINARY` they are parts
 *             of a UTF-8 text, cut anywhere.
 * @param size How many.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT, TRINE_E_STATE where no resource is read now or
 *         a block was written, or TRINE_E_NO_SPACE. The last two are remembered: the read then
 *         fails.
 *
 * Context: owner-only, inside a resource's function.
 */
TRINE_API trine_status trine_mcp_write(trine_call *call, const void *data, size_t size);

/**
 * Appends a message of text to a prompt; `trine_put_block` appends other content, with the role of
 * the last text. Return TRINE_OK when all is written.
 *
 * @param call The call.
 * @param role `TRINE_ROLE_USER` or `TRINE_ROLE_ASSISTANT`.
 * @param text UTF-8; copied.
 * @param size Bytes of the text. All messages together take at most `result_max`.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT, TRINE_E_UTF8, TRINE_E_STATE where no prompt is
 *         made, or TRINE_E_NO_SPACE. The last two are remembered: the prompt then fails.
 *
 * Context: owner-only, inside a prompt's function.
 */
TRINE_API
trine_status trine_mcp_say(trine_call *call,
                           uint32_t role,
                           const char *text,
                           size_t size);

/**
 * What is to be completed: in the function `complete`, which suggests how the text could go on and
 * returns TRINE_OK.
 *
 * @param call The call.
 * @param what Where it goes.
 * @return TRINE_OK, TRINE_E_NULL, or TRINE_E_STATE where nothing is to be completed.
 *
 * Context: owner-only, inside the function `complete`.
 */
TRINE_API trine_status trine_mcp_completion_of(trine_call *call, struct trine_completion *what);

/**
 * Suggests a text, the best one first; a client is shown the first 100.
 *
 * @param call The call.
 * @param text UTF-8, the whole value; copied.
 * @param size Bytes of the text. All together take at most `result_max`.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_STATE where nothing is to be completed, or
 *         TRINE_E_NO_SPACE: the text was left out and those before it are kept.
 *
 * Context: owner-only, inside the function `complete`.
 */
TRINE_API trine_status trine_mcp_suggest(trine_call *call, const char *text, size_t size);

/**
 * Says that there are more suggestions than those that were written. Call it last.
 *
 * @param call The call.
 * @param total How many there are in all; 0 where that is not known.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE where nothing is to be completed, or
 *         TRINE_E_NO_SPACE.
 *
 * Context: owner-only, inside the function `complete`.
 */
TRINE_API trine_status trine_mcp_more(trine_call *call, uint32_t total);

/**
 * Asks the client's language model, as `trine_need_input` asks a person. In the next call
 * TRINE_ANSWER_ACTION is 0 where there is an answer, and TRINE_ANSWER(0) is its text.
 * `return trine_mcp_ask_model(call, TRINE_TEXT("Why is it so dry?"), 200, NULL, 0);`
 *
 * Not every client has a model for this, and a person may say no: the action is then another one.
 *
 * @param call The call. What was written to its result is dropped.
 * @param message What to ask, UTF-8; copied.
 * @param size Bytes of the message.
 * @param tokens The longest answer, in tokens; 0 leaves it to the gateway.
 * @param state What the tool wants back; copied. NULL with size 0 for nothing.
 * @param state_size Bytes of the state. With the message they take at most `result_max`.
 * @return TRINE_NEED_INPUT for the tool to return, or TRINE_E_NULL, TRINE_E_ARGUMENT,
 *         TRINE_E_UTF8, TRINE_E_STATE or TRINE_E_NO_SPACE.
 *
 * Context: owner-only, inside a tool's or a prompt's function.
 */
TRINE_API
trine_status trine_mcp_ask_model(trine_call *call,
                                 const char *message,
                                 size_t size,
                                 uint32_t tokens,
                                 const char *state,
                                 size_t state_size);

/**
 * Asks for the folders and files that the client works on, as `trine_need_input` asks a person. In
 * the next call TRINE_ANSWER_ACTION is 0 where there is an answer, and `trine_mcp_root` has
 * the addresses.
 *
 * @param call The call. What was written to its result is dropped.
 * @param state What the tool wants back; copied. NULL with size 0 for nothing.
 * @param state_size Bytes of the state, at most `result_max`.
 * @return TRINE_NEED_INPUT for the tool to return, or TRINE_E_NULL, TRINE_E_ARGUMENT,
 *         TRINE_E_STATE or TRINE_E_NO_SPACE.
 *
 * Context: owner-only, inside a tool's or a prompt's function.
 */
TRINE_API trine_status trine_mcp_ask_roots(trine_call *call, const char *state, size_t state_size);

/**
 * An address of the answer to `trine_mcp_ask_roots`. It came through the client, and nothing has
 * checked it.
 *
 * @param call The call; NULL answers nothing.
 * @param index Number of the address, from 0.
 * @param uri Where the pointer goes: UTF-8 without a zero byte at its end. It dies when the
 *            function returns.
 * @return Bytes of the address; 0 where there is none. `uri` may be NULL.
 *
 * Context: owner-only, inside a tool's or a prompt's function.
 */
TRINE_API size_t trine_mcp_root(trine_call *call, uint32_t index, const char **uri);

/**
 * Sends a line of log about a pending call or read, for the client that made it, where that client
 * asked for lines of this level. The host's own log has it too, as from `trine_log`. In process
 * it is told as a line of `trine_log` is.
 *
 * @param device The device.
 * @param id The handle, from `trine_call_get_id`.
 * @param level 0 debug, 1 info, 2 notice, 3 warning, 4 error, 5 critical, 6 alert, 7 emergency.
 * @param text UTF-8; copied.
 * @param size Bytes of the text.
 * @return TRINE_OK (also where the client does not want it), TRINE_E_NULL, TRINE_E_STATE,
 *         TRINE_E_BUSY, TRINE_E_ARGUMENT, TRINE_E_UTF8, TRINE_E_STALE or TRINE_E_FULL.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_mcp_log(trine_device *device,
                           trine_call_id id,
                           uint32_t level,
                           const char *text,
                           size_t size);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

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

#endif  /* TRINE_MCP_H */
