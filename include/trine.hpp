/// \file trine.hpp
/// \brief Trine in C++17: owners that clean up, spans in place of pointer and size, lambdas as
/// tools. A header alone, over trine.h: no heap, no exceptions, no RTTI, nothing of C++'s library.
///
/// Everything is `noexcept`. What can fail answers a trine::result, which holds a value or a
/// trine::status. Descriptors are made by the macros of trine.h, which are C++ too.
///
/// \code
/// static uint8_t percent;
/// auto fan_set = [](trine::call call) noexcept {
///     percent = static_cast<uint8_t>(call.get_int(0));
///     return call.put_int(0, percent);
/// };
/// const trine_tool tools[] = {TRINE_TOOL("fan_set", "Set the fan", "Sets it.", 0, params, results,
///                                        trine::entry(fan_set), &fan_set)};
/// \endcode
///
/// Licence: MIT OR Apache-2.0.
#ifndef TRINE_HPP
#define TRINE_HPP

#if !defined(__cplusplus) || (__cplusplus < 201703L && !defined(_MSVC_LANG))
#error "trine.hpp needs C++17 or newer"
#endif

#include "trine.h"
#include "trine_consent.h"

namespace trine {

/// Elements that somebody else owns: a pointer and how many.
template <class T> class span {
public:
    constexpr span() noexcept = default;
    constexpr span(T *data, size_t size) noexcept : data_(data), size_(size) {}
    template <size_t N> constexpr span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    /// A span of things that may change, as one of things that may not.
    constexpr operator span<const T>() const noexcept { return {data_, size_}; }

    constexpr T *data() const noexcept { return data_; }
    constexpr size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](size_t index) const noexcept { return data_[index]; }
    /// The first `count` elements; all of them when there are fewer.
    constexpr span first(size_t count) const noexcept {
        return {data_, count < size_ ? count : size_};
    }

private:
    T *data_ = nullptr;
    size_t size_ = 0;
};

/// Text that somebody else owns: UTF-8, without a zero byte at its end.
class text {
public:
    constexpr text() noexcept = default;
    constexpr text(const char *data, size_t size) noexcept : data_(data), size_(size) {}
    /// A literal, without the zero byte at its end.
    template <size_t N> constexpr text(const char (&literal)[N]) noexcept
        : data_(literal), size_(N - 1) {}
    /// std::string_view, std::string, trine::span<const char>: whatever has data() and size().
    template <class S, class = decltype(static_cast<const char *>(static_cast<S *>(nullptr)->data())),
              class = decltype(static_cast<S *>(nullptr)->size())>
    constexpr text(const S &other) noexcept : data_(other.data()), size_(other.size()) {}

    constexpr const char *data() const noexcept { return data_; }
    constexpr size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr const char *begin() const noexcept { return data_; }
    constexpr const char *end() const noexcept { return data_ + size_; }
    constexpr operator trine_text() const noexcept { return {data_, size_}; }

    friend constexpr bool operator==(text a, text b) noexcept {
        if (a.size_ != b.size_) return false;
        for (size_t i = 0; i < a.size_; ++i)
            if (a.data_[i] != b.data_[i]) return false;
        return true;
    }
    friend constexpr bool operator!=(text a, text b) noexcept { return !(a == b); }

private:
    const char *data_ = nullptr;
    size_t size_ = 0;
};

/// What a function answered: 0 or more is success.
class [[nodiscard]] status {
public:
    constexpr status() noexcept = default;
    constexpr status(trine_status code) noexcept : code_(code) {}
    constexpr trine_status code() const noexcept { return code_; }
    constexpr bool ok() const noexcept { return code_ >= 0; }
    constexpr explicit operator bool() const noexcept { return ok(); }
    /// A sentence in English, ended by a zero byte; it lives for ever.
    const char *what() const noexcept { return trine_status_string(code_); }
    /// For a reason that the program has: nothing is done about a failure.
    constexpr void ignore() const noexcept {}

private:
    trine_status code_ = TRINE_OK;
};

/// A value, or the status that says why there is none.
template <class T> class [[nodiscard]] result {
public:
    constexpr result(T &&value) noexcept : value_(static_cast<T &&>(value)) {}
    constexpr result(const T &value) noexcept : value_(value) {}
    constexpr result(trine::status failure) noexcept : status_(failure) {}

    constexpr bool ok() const noexcept { return status_.ok(); }
    constexpr explicit operator bool() const noexcept { return ok(); }
    constexpr trine::status status() const noexcept { return status_; }
    /// The value. After a failure it is empty, never undefined.
    constexpr T &value() noexcept { return value_; }
    constexpr const T &value() const noexcept { return value_; }
    constexpr T &operator*() noexcept { return value_; }
    constexpr const T &operator*() const noexcept { return value_; }
    constexpr T *operator->() noexcept { return &value_; }
    constexpr const T *operator->() const noexcept { return &value_; }
    constexpr T value_or(T other) const noexcept { return ok() ? value_ : other; }

private:
    T value_{};
    trine::status status_;
};

/// A call inside a tool, or a draft: getters and writers. It dies when the tool returns. Methods
/// do what the functions of trine.h of the same names do.
class call {
public:
    constexpr explicit call(trine_call *handle) noexcept : handle_(handle) {}
    constexpr trine_call *handle() const noexcept { return handle_; }

    int32_t param(text name) const noexcept {
        return trine_param(handle_, name.data(), name.size());
    }
    bool has(int32_t parameter) const noexcept { return trine_has(handle_, parameter) > 0; }
    bool get_bool(int32_t parameter) const noexcept {
        return trine_get_bool(handle_, parameter) != 0;
    }
    int64_t get_int(int32_t parameter) const noexcept { return trine_get_int(handle_, parameter); }
    int64_t get_decimal(int32_t parameter) const noexcept {
        return trine_get_decimal(handle_, parameter);
    }
    uint32_t get_choice(int32_t parameter) const noexcept {
        return trine_get_choice(handle_, parameter);
    }
    text get_string(int32_t parameter) const noexcept {
        const char *data = nullptr;
        const size_t size = trine_get_string(handle_, parameter, &data);
        return {data, size};
    }

    trine::status put_bool(int32_t node, bool value) const noexcept {
        return trine_put_bool(handle_, node, value ? 1 : 0);
    }
    trine::status put_int(int32_t node, int64_t value) const noexcept {
        return trine_put_int(handle_, node, value);
    }
    trine::status put_decimal(int32_t node, int64_t scaled) const noexcept {
        return trine_put_decimal(handle_, node, scaled);
    }
    trine::status put_choice(int32_t node, uint32_t label) const noexcept {
        return trine_put_choice(handle_, node, label);
    }
    trine::status put_string(int32_t node, text value) const noexcept {
        return trine_put_string(handle_, node, value.data(), value.size());
    }
    trine::status put_object(int32_t node) const noexcept {
        return trine_put_object(handle_, node);
    }
    trine::status put_array(int32_t node, uint32_t count) const noexcept {
        return trine_put_array(handle_, node, count);
    }

    /// Return this from a tool that cannot do what was asked. The text must outlive the call.
    trine::status fail(text why) const noexcept {
        return trine_fail(handle_, why.data(), why.size());
    }
    /// Return this from a tool whose answer is content.
    trine::status content(text mime, uint32_t size) const noexcept {
        return trine_content(handle_, mime.data(), mime.size(), size);
    }
    /// Appends a block of content; return TRINE_BLOCKS in the end.
    trine::status put_block(const trine_block &what) const noexcept {
        return trine_put_block(handle_, &what);
    }
    /// Return this from a tool that must ask a person first.
    trine::status need_input(const trine_question &question, text state = {}) const noexcept {
        return trine_need_input(handle_, &question, state.data(), state.size());
    }
    trine_call_id id() const noexcept { return trine_call_get_id(handle_); }
    span<uint8_t> block() const noexcept {
        uint8_t *bytes = nullptr;
        const trine_status size = trine_call_get_block(handle_, &bytes);
        return {bytes, size > 0 ? static_cast<size_t>(size) : 0};
    }
    result<trine_call_info> info() const noexcept {
        trine_call_info info{};
        const trine::status status = trine_call_get_info(handle_, &info);
        if (!status) return status;
        return info;
    }

private:
    trine_call *handle_;
};

/// The function that a descriptor needs for a tool `f`: a lambda or any object that takes a
/// trine::call and answers a trine::status. Its `user_data` is the address of `f`, which must live
/// as long as the device; so a lambda may capture, and nothing is copied.
template <class F> constexpr auto entry(F &) noexcept {
    using function = trine_status (*)(void *, trine_call *);
    return function([](void *self, trine_call *handle) noexcept -> trine_status {
        const trine::status status = (*static_cast<F *>(self))(call(handle));
        return status.code();
    });
}

/// What a device is told: trine_config with its first members set and all others their defaults.
struct config : trine_config {
    explicit constexpr config(span<const trine_tool> all) noexcept : trine_config{} {
        struct_size = sizeof(trine_config);
        abi_version = TRINE_ABI_VERSION;
        tools = all.data();
        tools_count = static_cast<uint16_t>(all.size());
    }
    /// The tools as a table that `trine gen` made; it lives as long as the device.
    explicit constexpr config(const trine_table &packed) noexcept : trine_config{} {
        struct_size = sizeof(trine_config);
        abi_version = TRINE_ABI_VERSION;
        table = &packed;
    }
};

/// Memory for a device, a port, a session or a draft, aligned; `Bytes` is what the macros of
/// trine.h of these names come to.
template <size_t Bytes> class storage {
public:
    void *data() noexcept { return words_; }
    static constexpr size_t size() noexcept { return sizeof(words_); }

private:
    uint64_t words_[(Bytes + 7) / 8] = {};
};

/// Owns a device in memory of the program: ends it when it goes.
class device {
public:
    constexpr device() noexcept = default;
    device(const device &) = delete;
    device &operator=(const device &) = delete;
    constexpr device(device &&other) noexcept : handle_(other.release()) {}
    device &operator=(device &&other) noexcept {
        if (this != &other) {
            close().ignore();
            handle_ = other.release();
        }
        return *this;
    }
    ~device() noexcept { close().ignore(); }

    /// Starts a device in `memory`, which must outlive it. `problem` says what is wrong.
    template <class Memory>
    static result<device> create(Memory &memory, const trine_config &config,
                                 trine_problem *problem = nullptr) noexcept {
        trine_device *handle = nullptr;
        const trine::status status =
            trine_init(memory.data(), memory.size(), &config, &handle, problem);
        if (!status) return status;
        return device(handle);
    }

    constexpr trine_device *handle() const noexcept { return handle_; }
    constexpr explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// Gives the device up without ending it.
    constexpr trine_device *release() noexcept {
        trine_device *handle = handle_;
        handle_ = nullptr;
        return handle;
    }
    /// Ends the device now.
    trine::status close() noexcept {
        return handle_ == nullptr ? TRINE_OK : trine_deinit(release());
    }

    /// How many of the bytes were taken.
    result<size_t> feed(span<const uint8_t> bytes) const noexcept {
        return count(trine_feed(handle_, bytes.data(), bytes.size()));
    }
    span<uint8_t> rx_buffer() const noexcept {
        uint8_t *place = nullptr;
        const int32_t room = trine_rx_buffer(handle_, &place);
        return {place, room > 0 ? static_cast<size_t>(room) : 0};
    }
    trine::status rx_commit(size_t size) const noexcept { return trine_rx_commit(handle_, size); }
    span<const uint8_t> tx_peek() const noexcept {
        const uint8_t *bytes = nullptr;
        const int32_t waits = trine_tx_peek(handle_, &bytes);
        return {bytes, waits > 0 ? static_cast<size_t>(waits) : 0};
    }
    trine::status tx_consume(size_t size) const noexcept {
        return trine_tx_consume(handle_, size);
    }
    /// Does up to `budget` steps; the value is when it wants to be called again at the latest.
    result<uint64_t> poll(uint64_t now, uint32_t budget = 8) const noexcept {
        uint64_t due = now;
        const trine::status status = trine_poll(handle_, now, budget, &due);
        if (!status) return status;
        return due;
    }
    bool is_live(uint32_t now, uint32_t poll_ms, uint32_t link_ms = 0) const noexcept {
        return trine_is_live(handle_, now, poll_ms, link_ms) > 0;
    }
    /// Why poll() answers TRINE_E_TABLE.
    result<trine_problem> problem() const noexcept {
        trine_problem problem{};
        const trine::status status = trine_get_problem(handle_, &problem);
        if (!status) return status;
        return problem;
    }
    result<trine_counters> counters(uint64_t now) const noexcept {
        trine_counters counters{};
        counters.struct_size = sizeof counters;
        const trine::status status = trine_get_counters(handle_, now, &counters);
        if (!status) return status;
        return counters;
    }
    /// The tool whose call a person agreed to, or which waits for one.
    result<size_t> agree(uint64_t now) const noexcept { return count(trine_agree(handle_, now)); }
    result<size_t> asked(uint64_t now) const noexcept { return count(trine_asked(handle_, now)); }
    /// Its question is where a person sees it, or covered; see trine_consent.h.
    result<size_t> shown(uint64_t now) const noexcept {
        return count(trine_consent_shown(handle_, now));
    }
    trine::status hidden() const noexcept { return trine_consent_hidden(handle_); }
    /// A person wants no such call.
    result<size_t> dismiss(uint64_t now) const noexcept {
        return count(trine_consent_dismiss(handle_, now));
    }
    /// Answers a pending call: `finish` takes a trine::call, as a tool does.
    template <class F>
    trine::status resume(trine_call_id id, uint64_t now, F &&finish) const noexcept {
        return trine_resume(handle_, id, now, entry(finish), &finish);
    }
    trine::status event(uint32_t tool, text what) const noexcept {
        return trine_event(handle_, tool, what.data(), what.size());
    }
    trine::status progress(trine_call_id id, uint32_t done, uint32_t total,
                           text what = {}) const noexcept {
        return trine_progress(handle_, id, done, total, what.data(), what.size());
    }
    trine::status log(uint32_t level, text line) const noexcept {
        return trine_log(handle_, level, line.data(), line.size());
    }

private:
    constexpr explicit device(trine_device *handle) noexcept : handle_(handle) {}
    static result<size_t> count(int32_t answer) noexcept {
        if (answer < 0) return trine::status(answer);
        return static_cast<size_t>(answer);
    }

    trine_device *handle_ = nullptr;
};

/// A way into a device for one interrupt or task. Its memory is the device's until that ends.
class port {
public:
    constexpr port() noexcept = default;
    template <class Memory>
    static result<port> create(Memory &memory, const device &of) noexcept {
        trine_port *handle = nullptr;
        const trine::status status =
            trine_port_init(memory.data(), memory.size(), of.handle(), &handle);
        if (!status) return status;
        return port(handle);
    }
    /// Completes a pending call: `write` takes the draft, in `memory`, and writes the result.
    template <class Memory, class F>
    trine::status complete(trine_call_id id, Memory &memory, F &&write) const noexcept {
        trine_call *draft = nullptr;
        const trine::status status = trine_draft(memory.data(), memory.size(), &draft);
        if (!status) return status;
        const trine::status written = write(call(draft));
        if (!written) return written;
        return trine_port_complete(handle_, id, draft);
    }
    trine::status fail(trine_call_id id, text why) const noexcept {
        return trine_port_fail(handle_, id, why.data(), why.size());
    }
    trine::status event(uint32_t tool, text what) const noexcept {
        return trine_port_event(handle_, tool, what.data(), what.size());
    }
    trine::status log(uint32_t level, text line) const noexcept {
        return trine_port_log(handle_, level, line.data(), line.size());
    }
    trine::status agree() const noexcept { return trine_port_agree(handle_); }
    trine::status dismiss() const noexcept { return trine_port_dismiss(handle_); }
    trine::status cancel(trine_call_id id) const noexcept {
        return trine_port_cancel(handle_, id);
    }

private:
    constexpr explicit port(trine_port *handle) noexcept : handle_(handle) {}
    trine_port *handle_ = nullptr;
};

/// One MCP client. Its memory is the device's until that ends.
class session {
public:
    constexpr session() noexcept = default;
    template <class Memory>
    static result<session> create(Memory &memory, const device &of) noexcept {
        trine_session *handle = nullptr;
        const trine::status status =
            trine_session_init(memory.data(), memory.size(), of.handle(), &handle);
        if (!status) return status;
        return session(handle);
    }
    /// Answers one message; the value is the answer, in `room`, and empty when there is none.
    result<text> handle_json(uint64_t now, text message, span<char> room) const noexcept {
        size_t size = 0;
        const trine::status status = trine_handle_json(
            handle_, now, message.data(), message.size(), room.data(), room.size(), &size);
        if (!status) return status;
        return text(room.data(), size);
    }
    /// An answer that was pending; empty when there is none.
    result<text> next_json(span<char> room) const noexcept {
        size_t size = 0;
        const trine::status status =
            trine_next_json(handle_, room.data(), room.size(), &size);
        if (!status) return status;
        return text(room.data(), size);
    }

private:
    constexpr explicit session(trine_session *handle) noexcept : handle_(handle) {}
    trine_session *handle_ = nullptr;
};

} // namespace trine

#endif
