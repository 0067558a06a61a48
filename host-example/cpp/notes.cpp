// An MCP server of resources and prompts in C++17, on standard input and output: notes that are
// read by their names, a page about them, and a prompt whose argument is completed.
#include <cstdio>
#include <cstring>
#include <string_view>
#include <trine_mcp.hpp>

namespace {

constexpr struct {
    trine::text name;
    trine::text words;
} notes[] = {{"fern", "Water it on Mondays.\n"}, {"ficus", "It wants light.\n"}};

constexpr char about[] = "# Notes\n\nRead `note://fern` or `note://ficus`.\n";

// The words of a note; nothing where there is none of that name.
trine::text words_of(trine::text name) noexcept {
    for (const auto &note : notes)
        if (note.name == name) return note.words;
    return {};
}

} // namespace

int main() {
    int64_t reads = 0;
    auto read = [&reads](trine::mcp::call call) noexcept -> trine::status {
        const trine::text words = words_of(call.variable(0));
        if (words.empty()) return call.fail("there is no note of that name: fern or ficus");
        ++reads;
        return call.write(words);
    };
    auto advise = [](trine::mcp::call call) noexcept -> trine::status {
        const trine::text words = words_of(call.get_string(0));
        if (words.empty()) return call.fail("there is no note of that name: fern or ficus");
        call.say(trine::mcp::role::user, "What does my plant need? My note says:").ignore();
        return call.say(trine::mcp::role::user, words);
    };
    auto complete = [](trine::mcp::call call) noexcept -> trine::status {
        const auto typed = call.completion();
        if (!typed) return typed.status();
        for (const auto &note : notes) {
            const bool fits = typed->text.size <= note.name.size();
            const trine::text start(note.name.data(), fits ? typed->text.size : 0);
            if (fits && start == trine::text(typed->text.data, typed->text.size))
                call.suggest(note.name).ignore();
        }
        return TRINE_OK;
    };
    auto count = [&reads](trine::call call) noexcept { return call.put_int(0, reads); };

    const trine_node counted[] = {TRINE_INT(TRINE_REQUIRED, "reads", "", "How many there were.", 0,
                                            TRINE_OPEN_MAX)};
    const trine_tool tools[] = {TRINE_TOOL("reads", "", "Says how often notes were read.",
                                           TRINE_READ_ONLY, nullptr, counted, trine::entry(count),
                                           &count)};
    const trine_resource resources[] = {TRINE_RESOURCE("note://about", "about", "About",
                                                       "text/markdown", "Which notes there are.",
                                                       0u, about, sizeof about - 1u)};
    const trine_resource templates[] = {TRINE_TEMPLATE("note://{name}", "note", "Note",
                                                       "text/plain", "What a note says.", 0u,
                                                       trine::entry(read), &read)};
    const trine_node plant[] = {TRINE_STRING(TRINE_REQUIRED, "plant", "Which plant.", 1, 20)};
    const trine_tool prompts[] = {TRINE_PROMPT("advise", "Advice", "Asks what a plant needs.", plant,
                                               trine::entry(advise), &advise)};
    const auto lists = trine::mcp::lists(resources, templates, prompts).completed_by(complete);

    trine::storage<8192> memory;
    trine::storage<4096> session_memory;
    trine::config config(tools);
    config.product = trine::text("notes");
    config.firmware = trine::text("1.0.0");
    const auto device = trine::device::create(memory, config);
    if (!device) return std::fprintf(stderr, "%s\n", device.status().what());
    trine_problem problem{};
    const auto offered = trine::mcp::offer(*device, lists, &problem);
    if (!offered)
        return std::fprintf(stderr, "entry %d: %.*s\n", static_cast<int>(problem.tool),
                            static_cast<int>(problem.rule.size), problem.rule.data);
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
