/// \file trine_mcp.hpp
/// \brief Resources, templates, prompts and completion in C++17, over trine_mcp.h: a header alone,
/// in the manner of trine.hpp. No heap, no exceptions, no RTTI, nothing of C++'s library.
///
/// Everything is `noexcept`. Entries are made by the macros of trine_mcp.h, which are C++ too; their
/// functions are lambdas behind trine::entry that take a trine::mcp::call.
///
/// \code
/// auto read = [](trine::mcp::call call) noexcept { return call.write("120 litres\n"); };
/// const trine_resource resources[] = {
///     TRINE_RESOURCE_READ("tank://north", "north", "", "text/plain", "How full it is.", 0u,
///                         trine::entry(read), &read)};
/// const trine::mcp::lists lists(resources);
/// if (!trine::mcp::offer(device, lists)) return 1;
/// \endcode
///
/// Licence: MIT OR Apache-2.0.
#ifndef TRINE_MCP_HPP
#define TRINE_MCP_HPP

#include "trine.hpp"
#include "trine_mcp.h"
#include "trine_news.h"

namespace trine::mcp {

/// Who speaks in a prompt.
enum class role : uint32_t {
    user = TRINE_ROLE_USER,
    assistant = TRINE_ROLE_ASSISTANT,
};

/// A call inside a function of the lists, or of a tool that asks the client: all that trine::call
/// has, and the functions of trine_mcp.h that take a call. It dies when the function returns.
class call : public trine::call {
public:
    constexpr explicit call(trine_call *handle) noexcept : trine::call(handle) {}
    /// So that trine::entry takes a lambda with this class.
    constexpr call(trine::call base) noexcept : trine::call(base) {}

    /// The address that is read; empty where the call reads no resource.
    text uri() const noexcept {
        const char *data = nullptr;
        const size_t size = trine_mcp_uri(handle(), &data);
        return {data, size};
    }
    /// A variable of the template whose form the address has; empty where there is none.
    text variable(uint32_t number) const noexcept {
        const char *data = nullptr;
        const size_t size = trine_mcp_variable(handle(), number, &data);
        return {data, size};
    }
    /// Appends text to the content of the resource that is read.
    trine::status write(text piece) const noexcept {
        return trine_mcp_write(handle(), piece.data(), piece.size());
    }
    /// Appends bytes to the content of a resource that is TRINE_RESOURCE_BINARY.
    trine::status write(span<const uint8_t> bytes) const noexcept {
        return trine_mcp_write(handle(), bytes.data(), bytes.size());
    }
    /// Appends a message to a prompt.
    trine::status say(role speaker, text message) const noexcept {
        return trine_mcp_say(handle(), static_cast<uint32_t>(speaker), message.data(),
                             message.size());
    }
    /// What is to be completed: in the function that completes.
    result<trine_completion> completion() const noexcept {
        trine_completion what{};
        const trine::status status = trine_mcp_completion_of(handle(), &what);
        if (!status) return status;
        return what;
    }
    /// Suggests a whole value, the best one first.
    trine::status suggest(text value) const noexcept {
        return trine_mcp_suggest(handle(), value.data(), value.size());
    }
    /// Says that there are more; 0 where it is not known how many in all. Call it last.
    trine::status more(uint32_t total = 0) const noexcept {
        return trine_mcp_more(handle(), total);
    }
    /// Return this from a tool or a prompt that asks the client's language model.
    trine::status ask_model(text message, uint32_t tokens = 0, text state = {}) const noexcept {
        return trine_mcp_ask_model(handle(), message.data(), message.size(), tokens, state.data(),
                                   state.size());
    }
    /// Return this from a tool or a prompt that asks which folders the client works on.
    trine::status ask_roots(text state = {}) const noexcept {
        return trine_mcp_ask_roots(handle(), state.data(), state.size());
    }
    /// An address of the answer to that; empty where there is none.
    text root(uint32_t index) const noexcept {
        const char *data = nullptr;
        const size_t size = trine_mcp_root(handle(), index, &data);
        return {data, size};
    }
};

/// What is offered next to tools: trine_mcp_lists with its first member set. It must live as long
/// as the device, as all that it points to.
struct lists : trine_mcp_lists {
    explicit constexpr lists(span<const trine_resource> all = {},
                             span<const trine_resource> forms = {},
                             span<const trine_tool> asks = {},
                             span<const trine_extra> more = {}) noexcept
        : trine_mcp_lists{} {
        struct_size = sizeof(trine_mcp_lists);
        resources = all.data();
        resources_count = count(all.size());
        templates = forms.data();
        templates_count = count(forms.size());
        prompts = asks.data();
        prompts_count = count(asks.size());
        extras = more.data();
        extras_count = count(more.size());
    }
    /// Completes what a person types: `f` takes a trine::mcp::call and answers a trine::status. The
    /// functions of the lists share one object: a lambda here rules out `handled_by`.
    template <class F> constexpr lists &completed_by(F &f) noexcept {
        complete = entry(f);
        user_data = &f;
        return *this;
    }
    /// Has an object do all three: `complete(trine::mcp::call)` answers a trine::status,
    /// `stop(trine_call_id)` nothing, and `read(trine_call_id, offset, trine::span<uint8_t>)` how
    /// many bytes it wrote.
    template <class Handler> constexpr lists &handled_by(Handler &handler) noexcept {
        complete = [](void *self, trine_call *handle) noexcept -> trine_status {
            const trine::status status = static_cast<Handler *>(self)->complete(call(handle));
            return status.code();
        };
        on_stop = [](void *self, trine_call_id id) noexcept {
            static_cast<Handler *>(self)->stop(id);
        };
        on_read = [](void *self, trine_call_id id, uint32_t offset, uint8_t *out,
                     size_t size) noexcept -> size_t {
            return static_cast<Handler *>(self)->read(id, offset, span<uint8_t>(out, size));
        };
        user_data = &handler;
        return *this;
    }

private:
    /// More than 16 bits hold is more than the library takes, and stays so.
    static constexpr uint16_t count(size_t size) noexcept {
        return size < UINT16_MAX ? static_cast<uint16_t>(size) : UINT16_MAX;
    }
};

/// Shows clients the lists, or others in their place; `problem` says which entry is wrong.
inline trine::status offer(const device &to, const trine_mcp_lists &lists,
                           trine_problem *problem = nullptr) noexcept {
    return trine_mcp_offer(to.handle(), &lists, problem);
}
/// A list that is temporary would die before the device.
trine::status offer(const device &, const trine_mcp_lists &&, trine_problem * = nullptr) = delete;

/// What a resource has is other than it was.
inline trine::status updated(const device &of, text uri) noexcept {
    return trine_mcp_updated(of.handle(), uri.data(), uri.size());
}

/// A list is other than it was: `TRINE_LIST_...`.
inline trine::status changed(const device &of, uint32_t list) noexcept {
    return trine_mcp_changed(of.handle(), list);
}

/// A line of log about a pending call or read.
inline trine::status log(const device &of, trine_call_id id, uint32_t level, text line) noexcept {
    return trine_mcp_log(of.handle(), id, level, line.data(), line.size());
}

/// Keeps what happens and what changes for clients in process, which trine::session::next_json
/// tells them. Call it before their sessions are made; the memory is the device's until that ends.
template <class Memory> trine::status keep_news(Memory &memory, const device &of) noexcept {
    return trine_news_init(memory.data(), memory.size(), of.handle());
}

} // namespace trine::mcp

#endif
