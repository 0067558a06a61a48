// Every class and function of trine_mcp.hpp in use, with and without exceptions and RTTI. What it
// does is checked where it runs, in tests/c/hpp_run and host-example/cpp.
#include "trine_mcp.hpp"
#include "trine_mcp.hpp"

namespace {

const trine_node args[] = {TRINE_STRING(TRINE_REQUIRED, "who", "Who.", 1, 9)};
const trine_node results[] = {TRINE_STRING(TRINE_REQUIRED, "root", "", 0, 40)};
const trine_extra extras[] = {TRINE_ICONS(0u, "{\"icons\":[]}")};
constexpr uint8_t picture[] = {0x89, 0x50, 0x4e, 0x47};

// Nothing of C++'s library is needed for a constant.
static_assert(trine::mcp::lists().struct_size == sizeof(trine_mcp_lists), "the size is set");
static_assert(trine::mcp::lists({}, {}, {}, extras).extras_count == 1, "the counts are set");

// What all three functions of the lists share.
struct shelf {
    uint32_t stopped = 0;

    trine::status complete(trine::mcp::call call) noexcept {
        const auto what = call.completion();
        if (!what) return what.status();
        call.suggest("north").ignore();
        return call.more();
    }
    void stop(trine_call_id id) noexcept { stopped = id; }
    size_t read(trine_call_id, uint32_t offset, trine::span<uint8_t> out) noexcept {
        for (uint8_t &byte : out) byte = static_cast<uint8_t>(offset);
        return out.size();
    }
};

trine::storage<TRINE_DEVICE_BYTES(256, 192, 256, 64, 8, 4, 64)> device_memory;
trine::storage<256> news_memory;

} // namespace

int lists(trine::span<const uint8_t> bytes) noexcept;
int lists(trine::span<const uint8_t> bytes) noexcept {
    auto read = [](trine::mcp::call call) noexcept -> trine::status {
        if (call.uri().empty()) return call.content("text/plain", 1000);
        return call.variable(0).empty() ? call.write(picture) : call.write(call.uri());
    };
    auto make = [](trine::mcp::call call) noexcept -> trine::status {
        if (!call.has(TRINE_ANSWER_ACTION)) return call.ask_model("Why?", 100, "kept");
        return call.say(trine::mcp::role::assistant, call.get_string(TRINE_ANSWER(0)));
    };
    auto folder = [](trine::mcp::call call) noexcept -> trine::status {
        if (!call.has(TRINE_ANSWER_ACTION)) return call.ask_roots();
        return call.put_string(0, call.root(0));
    };
    shelf shelf;
    const trine_tool tools[] = {TRINE_TOOL("folder", "", "Asks for the folder.", TRINE_READ_ONLY,
                                           nullptr, results, trine::entry(folder), &folder)};
    const trine_resource resources[] = {
        TRINE_RESOURCE("a:picture", "picture", "", "image/png", "", TRINE_RESOURCE_BINARY, picture,
                       sizeof picture),
        TRINE_RESOURCE_READ("a:state", "state", "", "text/plain", "", 0u, trine::entry(read),
                            &read)};
    const trine_resource templates[] = {TRINE_TEMPLATE("a:{name}", "all", "", "text/plain", "", 0u,
                                                       trine::entry(read), &read)};
    const trine_tool prompts[] = {
        TRINE_PROMPT("ask", "", "Asks.", args, trine::entry(make), &make)};
    trine::mcp::lists lists(resources, templates, prompts, extras);
    lists.handled_by(shelf);
    const trine::mcp::lists plain(resources);

    auto device = trine::device::create(device_memory, trine::config(tools));
    if (!device) return device.status().code();
    trine_problem problem{};
    const bool kept = trine::mcp::keep_news(news_memory, *device).ok();
    const bool offered = trine::mcp::offer(*device, lists, &problem).ok();
    const bool taken = device->feed(bytes).ok();
    trine::mcp::updated(*device, "a:state").ignore();
    trine::mcp::changed(*device, TRINE_LIST_RESOURCES).ignore();
    trine::mcp::log(*device, shelf.stopped, 3, "it is late").ignore();
    const bool again = trine::mcp::offer(*device, plain).ok();
    return kept && offered && taken && again ? 0 : 2;
}
