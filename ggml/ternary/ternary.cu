// A backend of ggml's for ternary models: the engine's forward pass, bit for bit, on CUDA's
// devices.
//
// ggml has no operation for codes of activations or for what our softmax adds up in which order. So
// a graph for this backend is made of operations of our own (`Own`), which ggml carries as custom
// ones: what each of them is stands behind its parameters. Nothing else is computed here.
//
// ggml's headers for backends are internal to it, so this is compiled against the version that the
// program is built with, and refused by any other.

#include "ggml-backend-impl.h"
#include "ggml-impl.h"

#include <memory>
#include <mutex>
#include <vector>

#include "operations.h"

namespace {

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

// What tells a graph from others: its operations, and the place, type and shape of everything. Words
// are added as in FNV-1a, which has bytes: this runs before every token.
class Print {
  public:
    void add(uint64_t word) { print = (print ^ word) * 1099511628211u; }
    void add(const ggml_tensor *tensor) {
        add(uint64_t(reinterpret_cast<uintptr_t>(tensor->data)));
        add(uint64_t(tensor->ne[0]) << 32 | uint64_t(tensor->ne[1]));
        add(uint64_t(tensor->ne[2]) << 32 | uint64_t(tensor->ne[3]));
        add(uint64_t(tensor->nb[1]) << 8 | uint64_t(tensor->type));
    }
    uint64_t value() const { return print ^ print >> 32; }

  private:
    uint64_t print = 14695981039346656037u;
};

uint64_t print_of(const ggml_cgraph *graph) {
    Print print;
    for (int at = 0; at < graph->n_nodes; at++) {
        const ggml_tensor *op = graph->nodes[at];
        if (!params(op) && !is_copy(op)) {
            continue;
        }
        print.add(uint64_t(op->op));
        for (int word = WORDS_BEFORE; word < WORDS_BEFORE + 8; word++) {
            print.add(uint64_t(uint32_t(op->op_params[word])));
        }
        print.add(op);
        for (int from = 0; from < GGML_MAX_SRC && op->src[from]; from++) {
            print.add(op->src[from]);
        }
    }
    return print.value();
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

// The print of the sources that this is compiled from (`print.rs`), which the build has.
#ifndef TRINE_KERNELS
#define TRINE_KERNELS ""
#endif
const char *kernels_print = TRINE_KERNELS;

extern "C" const char *trine_ternary_kernels() { return kernels_print; }

void *registry_function(ggml_backend_reg_t, const char *name) {
    bool is_print = std::strcmp(name, "trine_ternary_kernels") == 0;
    return is_print ? reinterpret_cast<void *>(trine_ternary_kernels) : nullptr;
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
        calls.get_proc_address = registry_function;
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
