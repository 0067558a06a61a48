// The same server in C++17: a tool is a lambda that keeps its own state, and all ends by itself.
#include <cstdio>
#include <cstring>
#include <string_view>
#include <trine.hpp>

int main() {
    int64_t total = 0;
    auto add = [&total](trine::call call) noexcept -> trine::status {
        const int64_t by = call.get_int(0);
        if (total + by < 0) return call.fail("there are not so many: take less");
        total += by;
        return call.put_int(0, total);
    };
    const trine_node params[] = {
        TRINE_INT(TRINE_DEFAULT(1), "by", "", "How many; less than 0 takes.", -100, 100)};
    const trine_node results[] = {TRINE_INT(TRINE_REQUIRED, "total", "", "How many there are.", 0,
                                            TRINE_OPEN_MAX)};
    const trine_tool tools[] = {TRINE_TOOL("count", "Count", "Add to a counter, or take from it.",
                                           0, params, results, trine::entry(add), &add)};

    trine::storage<4096> memory;
    trine::storage<4096> session_memory;
    trine::config config(tools);
    config.product = trine::text("counter");
    config.firmware = trine::text("1.0.0");
    const auto device = trine::device::create(memory, config);
    if (!device) return std::fprintf(stderr, "%s\n", device.status().what());
    const auto session = trine::session::create(session_memory, *device);
    if (!session) return std::fprintf(stderr, "%s\n", session.status().what());

    static char line[65536];
    static char room[65536];
    while (std::fgets(line, sizeof line, stdin) != nullptr) {
        const std::string_view message(line, std::strcspn(line, "\n"));
        // A message that is longer than the line is read to its end, and refused.
        if (message.size() + 1 == sizeof line) {
            while (std::fgets(line, sizeof line, stdin) != nullptr && !std::strchr(line, '\n')) {
            }
            line[0] = '\0';
        }
        const auto answer = session->handle_json(0, message, room);
        if (!answer) return std::fprintf(stderr, "%s\n", answer.status().what());
        if (!answer->empty()) {
            std::printf("%.*s\n", static_cast<int>(answer->size()), answer->data());
            std::fflush(stdout);
        }
    }
    return 0;
}
