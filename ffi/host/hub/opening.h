/**
 * \file trine_hub.h
 * \brief Trine: an MCP server of this program's own tools and of plug-ins, on a desktop or server.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A hub has tools, and serves them to MCP clients: those of this program, which are a plug-in that
 * is linked in, and those of plug-ins in files, which are loaded, replaced and taken out while
 * clients call them. trine_plugin.h has the macros of tools and says how their functions answer.
 *
 * \code
 * TRINE_PLUGIN("greeter", "1.0.0", tools);
 *
 * int main(void) {
 *     trine_hub *hub;
 *     if (trine_hub_open(NULL, &hub) != TRINE_OK
 *         || trine_hub_add(hub, trine_plugin_entry) != TRINE_OK
 *         || trine_hub_serve_stdio(hub) != TRINE_OK) {
 *         fprintf(stderr, "%s\n", trine_hub_why());
 *         return 1;
 *     }
 *     return trine_hub_close(hub) == TRINE_OK ? 0 : 1;
 * }
 * \endcode
 *
 * Rules:
 *
 * - libtrine_host has these functions. They take memory and start threads.
 * - A function that answers an error has changed nothing, and trine_hub_why() says in words what to
 *   change.
 * - A hub is used by any number of threads at a time; trine_hub_close() is the last call.
 * - No panic and no C++ exception leaves a function.
 * - What is pointed to is read before a function returns, unless it says otherwise.
 */
