/**
 * \file trine_client.h
 * \brief Trine: a client of MCP servers over HTTP, for programs of a desktop or server.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * \code
 * trine_client *client;
 * char *answer = NULL;
 * if (trine_client_open("http://127.0.0.1:8331/mcp", NULL, &client) != TRINE_OK
 *     || trine_client_call(client, "fan_set", "{\"percent\": 40}", 0, &answer) != TRINE_OK) {
 *     fprintf(stderr, "%s\n", trine_hub_why());
 *     return 1;
 * }
 * puts(answer);
 * trine_hub_free(answer);
 * trine_client_close(client);
 * \endcode
 *
 * Rules:
 *
 * - libtrine_host has these functions. One thread of it serves all clients of a process.
 * - A client is used by any number of threads at a time; trine_client_close() is the last call.
 * - A client belongs to its process: after a fork, the child opens its own.
 * - No panic and no C++ exception leaves a function.
 * - What is pointed to is read before a function returns, unless it says otherwise.
 */
