/* The call that all programs of `cargo xtask bench process` read as JSON. */
#ifndef MESSAGE_H
#define MESSAGE_H

/* A stateless call of 274 bytes. */
static const char message[] =
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"add\","
    "\"arguments\":{\"a\":12,\"b\":5},\"_meta\":{"
    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
    "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"c\",\"version\":\"1\"},"
    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
typedef char the_documents_speak_of_274_bytes[sizeof(message) - 1u == 274u ? 1 : -1];

#endif
