// The memory of a processor that runs kernels as fibers.
#pragma once

namespace machine {

using Stream = int;

inline void copy(void *to, const void *from, size_t count, Stream) {
    std::memcpy(to, from, count);
}

struct Device {
    std::string description = "this processor, a thread at a time: for tests";

    static int count() { return 1; }
    void find(int) {}
    void open() {}

    void *take(size_t count) { return std::aligned_alloc(256, (count + 511) / 256 * 256); }
    void give_back(void *taken) { std::free(taken); }
    void fill(void *to, uint8_t value, size_t count) { std::memset(to, value, count); }
    void write(void *to, const void *from, size_t count) { std::memcpy(to, from, count); }
    void read(void *to, const void *from, size_t count) { std::memcpy(to, from, count); }
    void wait() {}

    void memory(size_t *free, size_t *total) { *free = *total = size_t(1) << 32; }

    template <typename Work>
    void run(uint64_t, Work work) {
        work(0);
    }
};

} // namespace machine
