// A backend of ggml's for ternary models: the engine's forward pass, bit for bit, on CUDA's devices.
//
// ggml has no operation for codes of activations or for what our softmax adds up in which order. So
// a graph for this backend is made of operations of our own (`Own`), which ggml carries as custom
// ones: what each of them is stands behind its parameters. Nothing else is computed here.
//
// ggml's headers for backends are internal to it, so this is compiled against the version that the
// program is built with, and refused by any other.

#include "ggml-backend-impl.h"
#include "ggml-impl.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "attention.h"
#include "heads.h"
#include "norms.h"
#include "products.h"

#ifdef __CUDACC__
#include "memory_cuda.h"
#else
#include "memory_fibers.h"
#endif

namespace {

// What is behind the parameters of a custom operation, in words (`ggml/src/backend/own.rs`).
constexpr int32_t MAGIC = 0x544e5254;
constexpr int WORDS_BEFORE = 8;
enum class Own : int32_t { norm = 1, product, turn, attend, norm_head, head };

struct Params {
    int32_t magic;
    Own own;
    int32_t words[6];
};

const Params *params(const ggml_tensor *op) {
    const auto *found = reinterpret_cast<const Params *>(op->op_params + WORDS_BEFORE);
    return op->op == GGML_OP_CUSTOM && found->magic == MAGIC ? found : nullptr;
}

float as_float(int32_t word) {
    float number;
    std::memcpy(&number, &word, sizeof number);
    return number;
}

template <typename T>
T *data(const ggml_tensor *tensor) {
    return static_cast<T *>(tensor->data);
}

unsigned size(const ggml_tensor *tensor, int dimension) { return unsigned(tensor->ne[dimension]); }

unsigned parts(unsigned whole, unsigned part) { return (whole + part - 1) / part; }

// The most columns of a row that is normed.
constexpr unsigned COLUMNS_MOST = 64 * kernels::ROW_THREADS;
// Blocks that a grid has at most in its second dimension.
constexpr unsigned GRID_MOST = 65535;

// Calls `each` with how many numbers of a row a thread has, as a type.
template <typename Each>
void by_columns(unsigned columns, Each each) {
    if (columns <= 8 * kernels::ROW_THREADS) {
        each(std::integral_constant<unsigned, 8>());
    } else if (columns <= 16 * kernels::ROW_THREADS) {
        each(std::integral_constant<unsigned, 16>());
    } else {
        each(std::integral_constant<unsigned, 64>());
    }
}

void norm(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    const ggml_tensor *x = op->src[0], *weight = op->src[1];
    unsigned columns = size(weight, 0), step = unsigned(x->nb[1] / sizeof(float));
    by_columns(columns, [&](auto each) {
        machine::launch(kernels::norm_codes<decltype(each)::value>, dim3(size(op, 1)),
                        kernels::ROW_THREADS, stream, data<const float>(x), step,
                        data<const float>(weight), data<int8_t>(op), columns,
                        as_float(own.words[1]), int(own.words[0]));
    });
}

void product(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    const ggml_tensor *trits = op->src[0], *codes = op->src[1], *scales = op->src[2];
    unsigned rows = size(op, 0), tokens = size(op, 1);
    kernels::Stack stack = {data<const uint8_t>(trits),
                            data<const float>(scales),
                            rows,
                            unsigned(own.words[0]),
                            rows / std::max(1u, size(scales, 1)),
                            op->src[3] ? data<const float>(op->src[3]) : nullptr,
                            data<float>(op)};
    const int8_t *q = data<const int8_t>(codes);
    if (tokens == 1) {
        // Rows in plenty are taken in twos, and short ones are read ahead with fewer registers.
        bool is_short = stack.columns <= 3 * kernels::CHUNK, is_tall = rows >= 8192;
        auto kernel = is_short  ? is_tall ? kernels::product_one<2, 3> : kernels::product_one<1, 3>
                      : is_tall ? kernels::product_one<2, 7>
                                : kernels::product_one<1, 7>;
        dim3 grid(parts(rows, (is_tall ? 2 : 1) * kernels::ONE_WARPS));
        machine::launch(kernel, grid, kernels::ONE_WARPS * kernels::WARP, stream, stack, q);
        return;
    }
    dim3 grid(parts(rows, kernels::MANY_ROWS), parts(tokens, kernels::MANY_TOKENS));
    machine::launch(kernels::product_many, grid, kernels::MANY_THREADS, stream, stack, q, tokens);
}

template <typename T>
kernels::Heads<T> heads_of(const Params &own, const ggml_tensor *keys, const ggml_tensor *values) {
    return {unsigned(own.words[0]), unsigned(own.words[1]), unsigned(own.words[2]), data<T>(keys),
            data<T>(values)};
}

template <typename T>
void turn(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    kernels::Heads<T> heads = heads_of<T>(own, op->src[4], op->src[5]);
    dim3 grid(heads.heads + 2 * heads.kv_heads, size(op, 1));
    machine::launch(kernels::turn<T>, grid, 4 * kernels::WARP, stream, data<const float>(op->src[0]),
                    data<const float>(op->src[1]), data<const float>(op->src[2]),
                    data<const int>(op->src[3]), heads, data<float>(op));
}

template <typename T>
void attend(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    kernels::Heads<T> heads = heads_of<T>(own, op->src[2], op->src[3]);
    dim3 grid(heads.heads, size(op, 1));
    // A token alone has few heads, and each of them the whole of a multiprocessor.
    unsigned least = parts(heads.width, kernels::WARP) * kernels::WARP + kernels::WARP;
    unsigned threads = size(op, 1) == 1 ? 512 : least;
    machine::launch(kernels::attend<T>, grid, threads, stream,
                    data<const float>(op->src[0]), data<const int>(op->src[1]), heads,
                    data<float>(op));
}

void norm_head(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    const ggml_tensor *x = op->src[0], *weight = op->src[1];
    by_columns(size(weight, 0), [&](auto each) {
        machine::launch(kernels::norm_head<decltype(each)::value>, dim3(1), kernels::ROW_THREADS,
                        stream, data<const float>(x), data<const float>(weight), data<uint8_t>(op),
                        size(weight, 0), as_float(own.words[1]), unsigned(own.words[0]));
    });
}

void head(const ggml_tensor *op, machine::Stream stream) {
    const ggml_tensor *rows = op->src[0], *x = op->src[1];
    unsigned columns = size(rows, 0), count = size(rows, 1), threads = 8 * kernels::WARP;
    float *logits = data<float>(op->src[2]);
    dim3 by_warp(parts(count, 8)), by_lanes(parts(count, 16));
    switch (rows->type) {
    case GGML_TYPE_F32:
        return machine::launch(kernels::head_floats<float>, by_lanes, threads, stream,
                               data<const float>(rows), data<const float>(x), logits, count,
                               columns);
    case GGML_TYPE_F16:
        return machine::launch(kernels::head_floats<half>, by_lanes, threads, stream,
                               data<const half>(rows), data<const float>(x), logits, count,
                               columns);
    case GGML_TYPE_Q8_0:
        return machine::launch(kernels::head_q8_0, by_warp, threads, stream,
                               data<const uint8_t>(rows), data<const uint8_t>(x), logits, count,
                               columns);
    default:
        return machine::launch(kernels::head_q6_k, by_warp, threads, stream,
                               data<const uint8_t>(rows), data<const uint8_t>(x), logits, count,
                               columns);
    }
}

bool is_copy(const ggml_tensor *op) {
    return op->op == GGML_OP_CPY && op->src[0]->type == op->type && ggml_is_contiguous(op) &&
           ggml_is_contiguous(op->src[0]);
}

void compute(const ggml_tensor *op, machine::Stream stream) {
    const Params *own = params(op);
    if (is_copy(op)) {
        return machine::copy(op->data, op->src[0]->data, ggml_nbytes(op), stream);
    }
    if (!own) {
        return;
    }
    bool is_half = own->own == Own::turn     ? op->src[4]->type == GGML_TYPE_F16
                   : own->own == Own::attend ? op->src[2]->type == GGML_TYPE_F16
                                             : false;
    switch (own->own) {
    case Own::norm:
        return norm(op, *own, stream);
    case Own::product:
        return product(op, *own, stream);
    case Own::turn:
        return is_half ? turn<half>(op, *own, stream) : turn<float>(op, *own, stream);
    case Own::attend:
        return is_half ? attend<half>(op, *own, stream) : attend<float>(op, *own, stream);
    case Own::norm_head:
        return norm_head(op, *own, stream);
    case Own::head:
        return head(op, stream);
    }
}

// Whether the kernels take an operation like this.
bool takes(const ggml_tensor *op) {
    const Params *own = params(op);
    if (!own) {
        return op->op == GGML_OP_NONE || op->op == GGML_OP_VIEW || op->op == GGML_OP_RESHAPE ||
               is_copy(op);
    }
    bool fits = op->ne[1] <= GRID_MOST && op->ne[2] == 1 && op->ne[3] == 1;
    switch (own->own) {
    case Own::norm:
    case Own::norm_head:
        return fits && op->src[1]->ne[0] <= COLUMNS_MOST;
    case Own::turn:
    case Own::attend:
        return fits && unsigned(own->words[0]) <= kernels::WIDTH_MOST;
    case Own::head: {
        ggml_type type = op->src[0]->type;
        return type == GGML_TYPE_F32 || type == GGML_TYPE_F16 || type == GGML_TYPE_Q8_0 ||
               type == GGML_TYPE_Q6_K;
    }
    case Own::product:
        return fits;
    }
    return false;
}

// A device, with what ggml asks about it.
struct Device {
    machine::Device machine;
    std::string name;
    ggml_backend_device ggml;
    ggml_backend_buffer_type memory;
};

Device &of(ggml_backend_dev_t device) { return *static_cast<Device *>(device->context); }
Device &of(ggml_backend_buffer_type_t memory) { return of(memory->device); }
Device &of(ggml_backend_buffer_t buffer) { return of(buffer->buft); }
Device &of(ggml_backend_t backend) { return of(backend->device); }

void buffer_free(ggml_backend_buffer_t buffer) { of(buffer).machine.give_back(buffer->context); }
void *buffer_base(ggml_backend_buffer_t buffer) { return buffer->context; }

void buffer_memset(ggml_backend_buffer_t buffer, ggml_tensor *tensor, uint8_t value, size_t offset,
                   size_t count) {
    of(buffer).machine.fill(data<char>(tensor) + offset, value, count);
}

void buffer_set(ggml_backend_buffer_t buffer, ggml_tensor *tensor, const void *bytes, size_t offset,
                size_t count) {
    of(buffer).machine.write(data<char>(tensor) + offset, bytes, count);
}

void buffer_get(ggml_backend_buffer_t buffer, const ggml_tensor *tensor, void *bytes, size_t offset,
                size_t count) {
    of(buffer).machine.read(bytes, data<const char>(tensor) + offset, count);
}

void buffer_clear(ggml_backend_buffer_t buffer, uint8_t value) {
    of(buffer).machine.fill(buffer->context, value, buffer->size);
}

const char *memory_name(ggml_backend_buffer_type_t memory) { return of(memory).name.c_str(); }

ggml_backend_buffer_t memory_take(ggml_backend_buffer_type_t memory, size_t count) {
    void *taken = of(memory).machine.take(std::max<size_t>(count, 1));
    if (!taken) {
        return nullptr;
    }
    ggml_backend_buffer_i calls = {};
    calls.free_buffer = buffer_free;
    calls.get_base = buffer_base;
    calls.memset_tensor = buffer_memset;
    calls.set_tensor = buffer_set;
    calls.get_tensor = buffer_get;
    calls.clear = buffer_clear;
    return ggml_backend_buffer_init(memory, calls, taken, count);
}

size_t memory_alignment(ggml_backend_buffer_type_t) { return 256; }

const char *backend_name(ggml_backend_t backend) { return of(backend).name.c_str(); }
void backend_free(ggml_backend_t backend) { delete backend; }
void backend_wait(ggml_backend_t backend) { of(backend).machine.wait(); }

// What tells a graph from others: its operations, and where everything lies.
uint64_t print_of(const ggml_cgraph *graph) {
    uint64_t print = 1469598103934665603u;
    auto add = [&](const void *bytes, size_t count) {
        for (size_t at = 0; at < count; at++) {
            print = (print ^ static_cast<const uint8_t *>(bytes)[at]) * 1099511628211u;
        }
    };
    for (int at = 0; at < graph->n_nodes; at++) {
        const ggml_tensor *op = graph->nodes[at];
        if (!params(op) && !is_copy(op)) {
            continue;
        }
        add(&op->op, sizeof op->op);
        add(op->op_params + WORDS_BEFORE, sizeof(Params));
        add(&op->data, sizeof op->data);
        add(op->ne, sizeof op->ne);
        for (const ggml_tensor *from : op->src) {
            if (from) {
                add(&from->data, sizeof from->data);
                add(from->nb, sizeof from->nb);
            }
        }
    }
    return print;
}

ggml_status backend_compute(ggml_backend_t backend, ggml_cgraph *graph) {
    of(backend).machine.run(print_of(graph), [graph](machine::Stream stream) {
        for (int at = 0; at < graph->n_nodes; at++) {
            compute(graph->nodes[at], stream);
        }
    });
    return GGML_STATUS_SUCCESS;
}

const char *device_name(ggml_backend_dev_t device) { return of(device).name.c_str(); }
const char *device_description(ggml_backend_dev_t device) {
    return of(device).machine.description.c_str();
}
void device_memory(ggml_backend_dev_t device, size_t *free, size_t *total) {
    of(device).machine.memory(free, total);
}
enum ggml_backend_dev_type device_type(ggml_backend_dev_t) { return GGML_BACKEND_DEVICE_TYPE_GPU; }

void device_properties(ggml_backend_dev_t device, ggml_backend_dev_props *found) {
    *found = {};
    found->name = device_name(device);
    found->description = device_description(device);
    found->type = device_type(device);
    device_memory(device, &found->memory_free, &found->memory_total);
}

ggml_backend_t device_open(ggml_backend_dev_t device, const char *) {
    static ggml_guid id = {0x74, 0x72, 0x69, 0x6e, 0x65, 0x2d, 0x74, 0x65,
                           0x72, 0x6e, 0x61, 0x72, 0x79, 0x2d, 0x30, 0x31};
    of(device).machine.open();
    ggml_backend_i calls = {};
    calls.get_name = backend_name;
    calls.free = backend_free;
    calls.synchronize = backend_wait;
    calls.graph_compute = backend_compute;
    return new ggml_backend{&id, calls, device, nullptr};
}

ggml_backend_buffer_type_t device_buffers(ggml_backend_dev_t device) { return &of(device).memory; }
bool device_takes(ggml_backend_dev_t, const ggml_tensor *op) { return takes(op); }
bool device_reads(ggml_backend_dev_t device, ggml_backend_buffer_type_t memory) {
    return memory == &of(device).memory;
}

const char *registry_name(ggml_backend_reg_t) { return "Ternary"; }

std::vector<std::unique_ptr<Device>> &devices(ggml_backend_reg_t registry) {
    return *static_cast<std::vector<std::unique_ptr<Device>> *>(registry->context);
}
size_t registry_count(ggml_backend_reg_t registry) { return devices(registry).size(); }
ggml_backend_dev_t registry_device(ggml_backend_reg_t registry, size_t at) {
    return &devices(registry)[at]->ggml;
}

void describe(Device &device, ggml_backend_reg_t registry) {
    ggml_backend_device_i calls = {};
    calls.get_name = device_name;
    calls.get_description = device_description;
    calls.get_memory = device_memory;
    calls.get_type = device_type;
    calls.get_props = device_properties;
    calls.init_backend = device_open;
    calls.get_buffer_type = device_buffers;
    calls.supports_op = device_takes;
    calls.supports_buft = device_reads;
    device.ggml = {calls, registry, &device};
    ggml_backend_buffer_type_i memory = {};
    memory.get_name = memory_name;
    memory.alloc_buffer = memory_take;
    memory.get_alignment = memory_alignment;
    device.memory = {memory, &device.ggml, nullptr};
}

} // namespace

extern "C" {

ggml_backend_reg_t trine_ternary_reg() {
    static std::vector<std::unique_ptr<Device>> all;
    static ggml_backend_reg registry;
    static std::once_flag once;
    std::call_once(once, [] {
        ggml_backend_reg_i calls = {};
        calls.get_name = registry_name;
        calls.get_device_count = registry_count;
        calls.get_device = registry_device;
        registry = {GGML_BACKEND_API_VERSION, calls, &all};
        for (int at = 0; at < machine::Device::count(); at++) {
            all.push_back(std::make_unique<Device>());
            all.back()->machine.find(at);
            all.back()->name = "Ternary" + std::to_string(at);
            describe(*all.back(), &registry);
        }
    });
    return &registry;
}

// What ggml looks for in a module.
__attribute__((visibility("default"))) ggml_backend_reg_t ggml_backend_init() {
    return trine_ternary_reg();
}

} // extern "C"
