// Every class of trine.hpp in use, with and without exceptions and RTTI. What it does is checked
// where it runs, in host-example/cpp.
#include "trine.hpp"
#include "trine.hpp"

namespace {

const trine_node params[] = {TRINE_INT(TRINE_REQUIRED, "percent", "%", "How fast.", 0, 100),
                             TRINE_STRING(TRINE_OPTIONAL, "label", "What for.", 0, 8)};
const trine_node results[] = {TRINE_INT(TRINE_REQUIRED, "percent", "", "", 0, 100)};

// Nothing of C++'s library is needed for a constant check.
static_assert(trine::text("fan").size() == 3, "a literal without its zero byte");
static_assert(trine::text("fan") == trine::text("fan"), "texts compare by their bytes");
static_assert(trine::text("fan") != trine::text("fans"), "and by their sizes");
static_assert(!trine::status(TRINE_E_NULL), "a negative status is a failure");
static_assert(trine::status(TRINE_PENDING).ok(), "a positive one is not");
static_assert(trine::result<int>(trine::status(TRINE_E_FULL)).value_or(7) == 7, "the other value");
static_assert(*trine::result<int>(5) == 5, "the value");

// A type like std::string_view, which C++ without a library does not have.
struct view {
    const char *data() const noexcept { return "abc"; }
    size_t size() const noexcept { return 3; }
};

struct fan {
    int64_t percent = 0;
    trine_call_id waiting = 0;

    trine::status operator()(trine::call call) noexcept {
        percent = call.get_int(0);
        if (call.has(call.param("label")) && call.get_string(1).empty()) {
            return call.fail("the label is empty");
        }
        if (call.has(TRINE_ANSWER_ACTION) || call.has(TRINE_ITEM(1, 0))) {
            trine_block block{};
            block.struct_size = sizeof block;
            block.kind = TRINE_BLOCK_TEXT;
            call.put_block(block).ignore();
            return TRINE_BLOCKS;
        }
        if (percent == 99) {
            const trine_question question{sizeof(trine_question), 1, params, {"Sure?", 5}};
            return call.need_input(question, "99");
        }
        if (percent == 100) {
            waiting = call.id();
            call.block().first(1)[0] = 1;
            return TRINE_PENDING;
        }
        return call.put_int(0, percent);
    }
};

trine::storage<TRINE_DEVICE_BYTES(256, 192, 256, 64, 8, 4, 64)> device_memory;
trine::storage<TRINE_PORT_BYTES(64)> port_memory;
trine::storage<TRINE_DRAFT_BYTES(32)> draft_memory;
trine::storage<TRINE_SESSION_BYTES(192, 256)> session_memory;

} // namespace

int everything(trine::span<const uint8_t> bytes, trine::span<char> room) noexcept;
int everything(trine::span<const uint8_t> bytes, trine::span<char> room) noexcept {
    fan fan;
    const trine_tool tools[] = {TRINE_TOOL("fan_set", "Set the fan", "Sets its speed.",
                                           TRINE_IDEMPOTENT, params, results, trine::entry(fan),
                                           &fan)};
    trine::config config(tools);
    config.vendor = trine::text("trine");
    config.product = trine::text(view{});
    auto started = trine::device::create(device_memory, config);
    if (!started) return started.status().code();
    trine::device device = static_cast<trine::device &&>(*started);
    auto port = trine::port::create(port_memory, device);
    auto session = trine::session::create(session_memory, device);
    if (!port || !session) return 1;

    const auto fed = device.feed(bytes);
    const auto due = device.poll(0);
    const auto sent = device.tx_peek();
    device.tx_consume(sent.size()).ignore();
    device.rx_commit(device.rx_buffer().first(0).size()).ignore();
    auto finish = [&fan](trine::call call) noexcept { return call.put_int(0, fan.percent); };
    device.resume(fan.waiting, 1, finish).ignore();
    port->complete(fan.waiting, draft_memory, finish).ignore();
    port->fail(fan.waiting, "it is stuck").ignore();
    port->event(0, "it turns").ignore();
    port->log(3, "the ink is low").ignore();
    port->agree().ignore();
    port->dismiss().ignore();
    device.hidden().ignore();
    port->cancel(fan.waiting).ignore();
    device.event(0, "it turns").ignore();
    device.progress(fan.waiting, 1, 2).ignore();
    device.log(1, "it turns").ignore();
    const bool live = device.is_live(1, 100) && device.agree(1).ok() && device.asked(1).ok()
                      && device.shown(1).ok() && device.dismiss(1).ok();
    const auto counters = device.counters(2);
    const auto answer = session->handle_json(3, "{}", room);
    const auto later = session->next_json(room);
    const bool well = fed && due && live && counters && answer && later;
    return device.close().ok() && well ? 0 : 2;
}
