// A hub in a C++ program, which calls the tools itself, and lists, finds and counts them.
//
//     c++ -std=c++17 -Iinclude host-example/hub/counter.cpp -ltrine_host -o counter
//     ./counter
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "trine_hub.h"

namespace {

// The state: made by `init`, freed by `shutdown`.
struct Counter {
    long total = 0;
};

trine_status count(void *state, trine_call *call)
{
    auto &counter = *static_cast<Counter *>(state);
    const auto by = trine_get_int(call, 0);
    if (by == 13) {
        throw std::runtime_error("an exception is an error of the call");
    }
    counter.total += static_cast<long>(by);
    return trine_put_int(call, 0, counter.total);
}

trine_status init(void **state)
{
    *state = std::make_unique<Counter>().release();
    return TRINE_OK;
}

void shutdown(void *state)
{
    std::unique_ptr<Counter> gone(static_cast<Counter *>(state));
    std::printf("shut down at %ld\n", gone->total);
}

const trine_node by[] = {TRINE_INT(TRINE_REQUIRED, "by", "", "How much to add.", 0, 100)};
const trine_node total[] = {TRINE_INT(TRINE_REQUIRED, "total", "", "The sum.", 0, 1000)};
const trine_tool tools[] = {TRINE_TOOL("count", "Count", "Add to the sum.", 0u, by, total,
                                       trine::guarded<count>, nullptr)};
const trine_plugin table = {
    TRINE_PLUGIN_HEAD(0u, "counter", "1.0.0", "Adds.", "", "arithmetic", "", nullptr, tools),
    1u, init, shutdown, nullptr, nullptr};

// What a hub answers, freed at the end.
using Text = std::unique_ptr<char, trine_status (*)(char *)>;

void call(trine_hub *hub, const std::string &arguments)
{
    char *answer = nullptr;
    const auto status = trine_hub_call(hub, "count", arguments.c_str(), 1000u, &answer);
    const Text text(answer, trine_hub_free);
    std::printf("%s: %s\n", status == TRINE_OK ? "done" : trine_hub_why(),
                answer == nullptr ? "no answer" : answer);
}

} // namespace

TRINE_PLUGIN_TABLE(table);

int main()
{
    trine_hub *hub = nullptr;
    if (trine_hub_open(nullptr, &hub) != TRINE_OK ||
        trine_hub_add(hub, trine_plugin_entry) != TRINE_OK) {
        std::fprintf(stderr, "counter: %s\n", trine_hub_why());
        return 1;
    }
    call(hub, "{\"by\":40}");
    call(hub, "{\"by\":2}");
    call(hub, "{\"by\":101}");
    call(hub, "{\"by\":13}");

    char *list = nullptr;
    if (trine_hub_find(hub, TRINE_HUB_BY_CAPABILITY, "arithmetic", &list) == TRINE_OK) {
        const Text text(list, trine_hub_free);
        std::printf("%s\n", list);
    }
    trine_hub_stats stats = {sizeof stats, 0u, 0u, 0u, 0u};
    if (trine_hub_get_stats(hub, "count", &stats) == TRINE_OK) {
        std::printf("%u calls, %u errors\n", static_cast<unsigned>(stats.calls),
                    static_cast<unsigned>(stats.errors));
    }
    return trine_hub_close(hub) == TRINE_OK ? 0 : 1;
}
