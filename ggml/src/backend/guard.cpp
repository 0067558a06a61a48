// Calls into ggml at which C++ exceptions end. Vulkan's backend throws them where a device does
// not open, is lost, or has no memory left, and one that reached Rust would end the process.
//
// Each function is ggml's of the same name. What was thrown is written to `said`, which has room
// for `SAID` bytes and stays as it is where nothing was thrown.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

#ifdef __GLIBC__
#include <unistd.h>
#endif

extern "C" {
struct ggml_backend;
struct ggml_backend_buffer;
struct ggml_backend_buffer_type;
struct ggml_backend_device;
struct ggml_backend_sched;
struct ggml_cgraph;
struct ggml_context;
struct ggml_tensor;

ggml_backend *ggml_backend_dev_init(ggml_backend_device *device, const char *params);
ggml_backend_buffer_type *ggml_backend_dev_buffer_type(ggml_backend_device *device);
bool ggml_backend_dev_supports_op(ggml_backend_device *device, const ggml_tensor *op);
void ggml_backend_free(ggml_backend *backend);
ggml_backend_buffer *ggml_backend_alloc_ctx_tensors_from_buft(ggml_context *context,
                                                              ggml_backend_buffer_type *type);
void ggml_backend_buffer_clear(ggml_backend_buffer *buffer, uint8_t value);
void ggml_backend_buffer_free(ggml_backend_buffer *buffer);
void ggml_backend_tensor_set(ggml_tensor *tensor, const void *data, size_t offset, size_t size);
void ggml_backend_tensor_get(const ggml_tensor *tensor, void *data, size_t offset, size_t size);
bool ggml_backend_sched_alloc_graph(ggml_backend_sched *sched, ggml_cgraph *graph);
int ggml_backend_sched_graph_compute(ggml_backend_sched *sched, ggml_cgraph *graph);
void ggml_backend_sched_free(ggml_backend_sched *sched);
}

namespace {

constexpr size_t SAID = 256;

// Ends the process without taking apart what backends keep for as long as it lives: a device that
// failed half way through its making is taken apart by calls that it does not have. Its status is
// known to this function with glibc alone, so elsewhere nothing is done.
void end_at_once() {
#ifdef __GLIBC__
    static const int registered = on_exit(
        [](int status, void *) {
            std::fflush(nullptr);
            _exit(status);
        },
        nullptr);
    (void)registered;
#endif
}

// What `call` answers, or `other` where it throws.
template <typename Call, typename Answer>
Answer guarded(char *said, Answer other, Call call) {
    try {
        return call();
    } catch (const std::exception &thrown) {
        std::snprintf(said, SAID, "%s", thrown.what());
    } catch (...) {
        std::snprintf(said, SAID, "an exception without a text");
    }
    if (said[0] == 0) {
        std::snprintf(said, SAID, "an exception with an empty text");
    }
    end_at_once();
    return other;
}

// The same of what answers nothing.
template <typename Call>
void guarded(char *said, Call call) {
    guarded(said, true, [&] {
        call();
        return true;
    });
}

} // namespace

extern "C" {

ggml_backend *trine_ggml_dev_init(ggml_backend_device *device, char *said) {
    ggml_backend *none = nullptr;
    return guarded(said, none, [&] { return ggml_backend_dev_init(device, nullptr); });
}

ggml_backend_buffer_type *trine_ggml_dev_buffer_type(ggml_backend_device *device, char *said) {
    ggml_backend_buffer_type *none = nullptr;
    return guarded(said, none, [&] { return ggml_backend_dev_buffer_type(device); });
}

bool trine_ggml_dev_supports_op(ggml_backend_device *device, const ggml_tensor *op, char *said) {
    return guarded(said, false, [&] { return ggml_backend_dev_supports_op(device, op); });
}

void trine_ggml_free(ggml_backend *backend, char *said) {
    guarded(said, [&] { ggml_backend_free(backend); });
}

ggml_backend_buffer *trine_ggml_alloc_ctx_tensors_from_buft(ggml_context *context,
                                                            ggml_backend_buffer_type *type,
                                                            char *said) {
    ggml_backend_buffer *none = nullptr;
    return guarded(said, none,
                   [&] { return ggml_backend_alloc_ctx_tensors_from_buft(context, type); });
}

void trine_ggml_buffer_clear(ggml_backend_buffer *buffer, uint8_t value, char *said) {
    guarded(said, [&] { ggml_backend_buffer_clear(buffer, value); });
}

void trine_ggml_buffer_free(ggml_backend_buffer *buffer, char *said) {
    guarded(said, [&] { ggml_backend_buffer_free(buffer); });
}

void trine_ggml_tensor_set(ggml_tensor *tensor, const void *data, size_t offset, size_t size,
                           char *said) {
    guarded(said, [&] { ggml_backend_tensor_set(tensor, data, offset, size); });
}

void trine_ggml_tensor_get(const ggml_tensor *tensor, void *data, size_t offset, size_t size,
                           char *said) {
    guarded(said, [&] { ggml_backend_tensor_get(tensor, data, offset, size); });
}

bool trine_ggml_sched_alloc_graph(ggml_backend_sched *sched, ggml_cgraph *graph, char *said) {
    return guarded(said, false, [&] { return ggml_backend_sched_alloc_graph(sched, graph); });
}

int trine_ggml_sched_graph_compute(ggml_backend_sched *sched, ggml_cgraph *graph, char *said) {
    return guarded(said, -1, [&] { return ggml_backend_sched_graph_compute(sched, graph); });
}

void trine_ggml_sched_free(ggml_backend_sched *sched, char *said) {
    guarded(said, [&] { ggml_backend_sched_free(sched); });
}

} // extern "C"
