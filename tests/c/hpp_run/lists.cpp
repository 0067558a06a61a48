// What the classes of trine_mcp.hpp do: each check prints what did not hold.
#include <cstdio>
#include <string_view>

#include "trine_mcp.hpp"

namespace {

int checks = 0;
int failures = 0;

void check(bool holds, const char *what) {
    ++checks;
    if (!holds) {
        ++failures;
        std::fprintf(stderr, "%s: no\n", what);
    }
}

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

trine::storage<8192> memory;
trine::storage<4096> session_memory;
trine::storage<512> news_memory;

std::string_view ask(const trine::session &session, const char *method, const char *params) {
    static char line[512];
    static char room[4096];
    const int size = std::snprintf(
        line, sizeof line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s%s"
        "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientCapabilities\":{}}}}",
        method, params, *params == '\0' ? "" : ",");
    const auto answer = session.handle_json(1, trine::text(line, static_cast<size_t>(size)), room);
    check(answer.ok(), "a request is taken");
    return {answer->data(), answer->size()};
}

// All functions of the lists, and what they saw.
struct shelf {
    trine_call_id stopped = 0;
    uint32_t pieces = 0;

    trine::status complete(trine::mcp::call call) noexcept {
        const auto what = call.completion();
        check(what.ok() && what->of == TRINE_OF_TEMPLATE && what->index == 0 && what->node == 0,
              "a completion knows what it is of");
        check(trine::text(what->text.data, what->text.size) == "no", "and what was typed");
        check(call.suggest("north").ok(), "it suggests");
        return call.more(9);
    }
    void stop(trine_call_id id) noexcept { stopped = id; }
    size_t read(trine_call_id, uint32_t, trine::span<uint8_t> out) noexcept {
        ++pieces;
        for (uint8_t &byte : out) byte = 's';
        return out.size();
    }
};

constexpr uint8_t picture[] = {0x89, 0x50, 0x4e, 0x47};
const trine_node args[] = {TRINE_STRING(TRINE_REQUIRED, "who", "Who.", 1, 9)};
const trine_node results[] = {TRINE_BOOL(TRINE_REQUIRED, "on", "")};
const trine_extra extras[] = {TRINE_ICONS(0u, "{\"icons\":[{\"src\":\"https://x.org/i.png\"}]}")};

} // namespace

int main() {
    trine_call_id waiting = 0;
    shelf shelf;
    auto tool = [](trine::mcp::call call) noexcept -> trine::status {
        check(call.uri().empty() && call.variable(0).empty() && call.root(0).empty(),
              "a tool reads nothing");
        check(!call.completion() && !call.write("x"), "and completes nothing");
        return call.ask_roots("kept");
    };
    auto state = [](trine::mcp::call call) noexcept {
        check(call.write("at ").ok(), "a resource is written in pieces");
        return call.write(call.uri());
    };
    auto bytes = [](trine::mcp::call call) noexcept {
        return call.write(trine::span<const uint8_t>(picture));
    };
    auto streamed = [](trine::mcp::call call) noexcept { return call.content("text/plain", 500); };
    auto later = [&waiting](trine::mcp::call call) noexcept -> trine::status {
        waiting = call.id();
        return TRINE_PENDING;
    };
    auto bed = [](trine::mcp::call call) noexcept { return call.write(call.variable(0)); };
    auto greet = [](trine::mcp::call call) noexcept {
        check(call.say(trine::mcp::role::assistant, call.get_string(0)).ok(), "a prompt speaks");
        return call.say(trine::mcp::role::user, "Hello.");
    };
    const trine_tool tools[] = {
        TRINE_TOOL("folder", "", "Asks.", 0, nullptr, results, trine::entry(tool), &tool)};
#define READ(name, function, flags)                                                               \
    TRINE_RESOURCE_READ("a:" name, name, "", "", "", flags, trine::entry(function), &function)
    const trine_resource resources[] = {READ("state", state, 0u),
                                        READ("bytes", bytes, TRINE_RESOURCE_BINARY),
                                        READ("streamed", streamed, 0u), READ("later", later, 0u)};
    const trine_resource templates[] = {
        TRINE_TEMPLATE("bed:{name}", "bed", "", "", "", 0u, trine::entry(bed), &bed)};
    const trine_tool prompts[] = {
        TRINE_PROMPT("greet", "", "Greets.", args, trine::entry(greet), &greet)};
    const auto lists = trine::mcp::lists(resources, templates, prompts, extras).handled_by(shelf);
    const trine::mcp::lists wrong(resources, resources);

    const auto device = trine::device::create(memory, trine::config(tools));
    check(device.ok(), "a device starts");
    trine_problem problem{};
    check(trine::mcp::offer(*device, wrong, &problem).code() == TRINE_E_TABLE
              && problem.tool == 10000 && problem.rule.size > 0,
          "lists that break a rule are refused");
    check(trine::mcp::offer(*device, lists, &problem).ok(), "lists are offered");
    check(trine::mcp::keep_news(news_memory, *device).ok(), "news are kept");
    const auto session = trine::session::create(session_memory, *device);
    check(session.ok(), "a session opens");

    check(holds(ask(*session, "tools/list", ""), "https://x.org/i.png"), "extras are shown");
    check(holds(ask(*session, "tools/call", "\"name\":\"folder\",\"arguments\":{}"), "isError\":true"),
          "no client can be asked in process");
    check(holds(ask(*session, "resources/list", ""), "a:later"), "resources are listed");
    check(holds(ask(*session, "resources/read", "\"uri\":\"a:state\""), "\"text\":\"at a:state\""),
          "a lambda is a resource");
    check(holds(ask(*session, "resources/read", "\"uri\":\"a:bytes\""), "\"blob\":\"iVBORw==\""),
          "bytes are bytes");
    check(holds(ask(*session, "resources/read", "\"uri\":\"a:streamed\""), "ssssssssss")
              && shelf.pieces > 1,
          "a handler yields content");
    check(holds(ask(*session, "resources/read", "\"uri\":\"bed:north\""), "\"text\":\"north\""),
          "a template has variables");
    check(holds(ask(*session, "prompts/get", "\"name\":\"greet\",\"arguments\":{\"who\":\"Ada\"}"),
                "\"role\":\"assistant\",\"content\":{\"type\":\"text\",\"text\":\"Ada\"}"),
          "a lambda is a prompt");
    check(holds(ask(*session, "completion/complete",
                    "\"ref\":{\"type\":\"ref/resource\",\"uri\":\"bed:{name}\"},"
                    "\"argument\":{\"name\":\"name\",\"value\":\"no\"}"),
                "\"values\":[\"north\"],\"total\":9"),
          "a handler completes");

    check(ask(*session, "resources/read", "\"uri\":\"a:later\"").empty() && waiting != 0,
          "a read may wait");
    check(trine::mcp::log(*device, waiting, 3, "it is late").ok(), "lines are about it");
    auto finish = [](trine::mcp::call call) noexcept -> trine::status {
        trine_block block{};
        block.struct_size = sizeof block;
        block.kind = TRINE_BLOCK_EMBEDDED_TEXT;
        block.uri = trine::text("a:later");
        block.data = "now";
        block.size = 3;
        const trine::status written = call.put_block(block);
        return written ? trine::status(TRINE_BLOCKS) : written;
    };
    check(device->resume(waiting, 2, finish).ok(), "the owner answers it");
    char room[1024];
    const auto answer = session->next_json(room);
    check(answer.ok() && holds({answer->data(), answer->size()}, "\"text\":\"now\""), "it comes");
    check(ask(*session, "resources/read", "\"uri\":\"a:later\"").empty(), "another waits");
    check(device->poll(100000).ok() && shelf.stopped == waiting, "a handler is told of its end");
    check(!session->next_json(room)->empty(), "and so is the client");

    check(holds(ask(*session, "subscriptions/listen",
                    "\"notifications\":{\"resourcesListChanged\":true,"
                    "\"resourceSubscriptions\":[\"a:state\"]}"),
                "acknowledged"),
          "a client listens");
    check(trine::mcp::updated(*device, "a:state").ok(), "a resource changes");
    check(!trine::mcp::updated(*device, "a:none"), "one that is there");
    check(trine::mcp::changed(*device, TRINE_LIST_RESOURCES).ok(), "a list changes");
    const auto updated = session->next_json(room);
    check(holds({updated->data(), updated->size()}, "notifications/resources/updated"), "it hears");
    const auto changed = session->next_json(room);
    check(holds({changed->data(), changed->size()}, "resources/list_changed"), "of both");
    check(session->next_json(room)->empty(), "once");
    std::printf("lists: %d checks, %d failed\n", checks, failures);
    return failures == 0 ? 0 : 1;
}
