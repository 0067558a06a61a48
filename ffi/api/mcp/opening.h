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
