// What the classes of trine.hpp do: each check prints what did not hold.
#include <cstdio>
#include <string_view>

#include "trine.hpp"

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

const trine_node params[] = {TRINE_INT(TRINE_REQUIRED, "number", "", "A number.", 0, 1000)};
const trine_node results[] = {TRINE_INT(TRINE_REQUIRED, "number", "", "The same.", 0, 1000)};
const trine_tool_more waits = {sizeof(trine_tool_more), 0,       4,       0,       nullptr, nullptr,
                               nullptr,                 nullptr, nullptr, nullptr};

trine::storage<8192> memory;
trine::storage<4096> session_memory;
trine::storage<TRINE_PORT_BYTES(64)> port_memory;
trine::storage<TRINE_DRAFT_BYTES(32)> draft_memory;

std::string_view call(const trine::session &session, const char *tool, int number) {
    static char line[512];
    static char room[1024];
    const int size = std::snprintf(
        line, sizeof line,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"_meta\":{"
        "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"t\",\"version\":\"1\"},"
        "\"io.modelcontextprotocol/clientCapabilities\":{}},"
        "\"name\":\"%s\",\"arguments\":{\"number\":%d}}}",
        tool, number);
    const auto answer =
        session.handle_json(1, trine::text(line, static_cast<size_t>(size)), room);
    check(answer.ok(), "a call is taken");
    return {answer->data(), answer->size()};
}

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

} // namespace

int main() {
    int entered = 0;
    trine_call_id waiting = 0;
    auto echo = [&entered](trine::call call) noexcept -> trine::status {
        ++entered;
        if (call.get_int(0) == 13) return call.fail("13 is not served: take another number");
        return call.put_int(call.param("number"), call.get_int(0));
    };
    auto wait = [&waiting](trine::call call) noexcept -> trine::status {
        waiting = call.id();
        check(call.block().size() == 4, "a pending call owns its bytes");
        check(call.info().ok() && call.info()->now == 1, "a call knows the time");
        return TRINE_PENDING;
    };
    const trine_tool tools[] = {
        TRINE_TOOL("echo", "", "Answers it.", 0, params, results, trine::entry(echo), &echo),
        TRINE_TOOL_MORE("wait", "", "", "Answers later.", 0, TRINE_CONSENT_NONE, 0, params, results,
                        trine::entry(wait), &wait, &waits)};
    const trine::config config(tools);

    auto started = trine::device::create(memory, config);
    check(started.ok(), "a device starts");
    trine::device device = static_cast<trine::device &&>(*started);
    check(!*started && device, "a moved device is empty");
    const auto port = trine::port::create(port_memory, device);
    const auto session = trine::session::create(session_memory, device);
    check(port.ok() && session.ok(), "a port and a session open");

    check(holds(call(*session, "echo", 5), "{\"number\":5}"), "a lambda is a tool");
    check(holds(call(*session, "echo", 13), "take another number"), "it may refuse");
    check(holds(call(*session, "echo", 1001), "at most 1000") && entered == 2, "bounds come first");
    check(call(*session, "wait", 7).empty() && waiting != 0, "a call may wait");
    auto finish = [](trine::call draft) noexcept { return draft.put_int(0, 7); };
    check(port->complete(waiting, draft_memory, finish).ok(), "a port completes it");
    check(device.poll(2).ok(), "a poll takes it");
    char room[1024];
    const auto later = session->next_json(room);
    check(later.ok() && holds({later->data(), later->size()}, "{\"number\":7}"), "it is answered");
    check(session->next_json(room)->empty(), "once");
    check(call(*session, "wait", 8).empty(), "another waits");
    check(device.resume(waiting, 3, finish).ok(), "the owner answers it");
    check(!device.resume(waiting, 3, finish), "only once");

    check(device.feed({}).value_or(9) == 0, "nothing is taken of nothing");
    check(device.rx_buffer().size() > 0 && device.tx_peek().empty(), "its buffers are there");
    check(device.counters(3).ok() && device.counters(3)->struct_size == sizeof(trine_counters),
          "counters are told");
    check(device.is_live(3, 1000), "it is alive");
    check(!device.agree(3) && device.agree(3).status().code() == TRINE_E_NOT_FOUND, "nobody asks");
    check(!device.shown(3) && !device.dismiss(3) && device.hidden().ok(), "nothing is shown");
    check(device.close().ok() && !device && device.close().ok(), "it ends once");
    check(trine::device::create(memory, config).ok(), "its memory is free again");
    check(trine::device::create(memory, config).ok(), "and again, when the owner has gone");
    std::printf("behaviour: %d checks, %d failed\n", checks, failures);
    return failures == 0 ? 0 : 1;
}
