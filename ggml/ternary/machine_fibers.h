// A processor that runs blocks one after the other, and the threads of a block as fibers that take
// turns at barriers, in orders that a seed chooses (`chance_fibers.h`).
#pragma once

#include <csetjmp>
#include <ucontext.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "chance_fibers.h"

#define KERNEL static void
#define DEVICE static inline
#define __restrict__ __restrict
#define __launch_bounds__(...)

struct uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(16) float4 {
    float x, y, z, w;
};

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

namespace machine {

enum class State { ready, at_warp, at_block, done };

// A fiber begins as a context, which is what the system has for that, and goes on by a jump, which
// needs no call of the system.
struct Fiber {
    ucontext_t context;
    std::jmp_buf at;
    bool has_begun;
    std::unique_ptr<char[]> stack;
    State state;
    // What it has begun to copy: done as late as may be, so that a kernel that does not wait is
    // found out.
    std::vector<std::pair<uint4 *, uint4>> copies;
};

// As if there were so few that small models have work for all of them.
constexpr unsigned multiprocessors() { return 2; }

constexpr size_t STACK = 1 << 16;
constexpr unsigned WARP = 32;

// The block that runs. ggml computes in one thread at a time.
struct Block {
    std::vector<Fiber> fibers;
    // Warps that do not wait.
    std::vector<unsigned> ready;
    // What lanes of a warp hand each other.
    std::vector<uint32_t> slots;
    std::jmp_buf home;
    std::function<void()> kernel;
    unsigned current = 0, threads = 0;
};

inline Block &block() {
    static Block all;
    return all;
}

inline dim3 thread_index, block_index, block_size, grid_size;

inline void begin() {
    Block &all = block();
    all.kernel();
    all.fibers[all.current].state = State::done;
    _longjmp(all.home, 1);
}

// Lets a fiber go on until it waits or is done.
__attribute__((noinline)) inline void go_on(Fiber &fiber) {
    if (_setjmp(block().home) == 0) {
        if (fiber.has_begun) {
            _longjmp(fiber.at, 1);
        }
        fiber.has_begun = true;
        setcontext(&fiber.context);
    }
}

__attribute__((noinline)) inline void wait(State state) {
    Block &all = block();
    Fiber &own = all.fibers[all.current];
    own.state = state;
    if (_setjmp(own.at) == 0) {
        _longjmp(all.home, 1);
    }
}

// Lets those go on that wait for nobody any more; answers whether there are any.
inline bool release(unsigned from, unsigned to, State state) {
    Block &all = block();
    bool any = false;
    for (unsigned at = from; at < to; at++) {
        State own = all.fibers[at].state;
        if (own != state && own != State::done) {
            return false;
        }
        any |= own == state;
    }
    for (unsigned at = from; any && at < to; at++) {
        if (all.fibers[at].state == state) {
            all.fibers[at].state = State::ready;
        }
    }
    return any;
}

// Threads of a block that have not begun.
inline void begin_block() {
    Block &all = block();
    blocks_run()++;
    all.ready.clear();
    for (unsigned at = 0; at < all.threads; at++) {
        Fiber &fiber = all.fibers[at];
        if (!fiber.stack) {
            fiber.stack.reset(new char[STACK]);
        }
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, begin, 0);
        fiber.state = State::ready;
        fiber.has_begun = false;
        if (at % WARP == 0) {
            all.ready.push_back(at);
        }
    }
}

// Lets the lanes of a warp go on until they wait; answers whether they waited for each other alone.
inline bool step(unsigned warp) {
    Block &all = block();
    Order lanes(WARP);
    for (unsigned place = 0; place < WARP; place++) {
        unsigned at = warp + lanes.at(place);
        if (all.fibers[at].state == State::ready) {
            all.current = at;
            thread_index = dim3(at, 0, 0);
            go_on(all.fibers[at]);
        }
    }
    return release(warp, warp + WARP, State::at_warp);
}

inline void run_block() {
    Block &all = block();
    begin_block();
    // In some blocks warps keep pace with each other, in others one after the other goes as far as
    // it can: up to a barrier, or to the end where that is missing.
    bool goes_far = random_below(2) == 0;
    do {
        while (!all.ready.empty()) {
            unsigned at = random_below(unsigned(all.ready.size()));
            bool goes_on = step(all.ready[at]);
            while (goes_on && goes_far) {
                goes_on = step(all.ready[at]);
            }
            if (!goes_on) {
                all.ready[at] = all.ready.back();
                all.ready.pop_back();
            }
        }
        if (release(0, all.threads, State::at_block)) {
            for (unsigned warp = 0; warp < all.threads; warp += WARP) {
                all.ready.push_back(warp);
            }
        }
    } while (!all.ready.empty());
    for (unsigned at = 0; at < all.threads; at++) {
        if (all.fibers[at].state != State::done) {
            throw std::runtime_error("threads of a block wait for each other");
        }
    }
}

// Whether a launch in several rows of blocks leaves the last block out, as a wrong kernel of prompts
// might; of whole programs the environment says so.
inline bool &leaves_out() {
    static bool last = std::getenv("TRINE_FIBERS_LEAVE_OUT") != nullptr;
    return last;
}

// Work that is kept to be done again, as a graph of CUDA's keeps it, while there is a list of it.
using Task = std::function<void()>;
inline std::vector<Task> *&kept() {
    static std::vector<Task> *tasks = nullptr;
    return tasks;
}

inline void perform(Task task) {
    if (kept()) {
        kept()->push_back(std::move(task));
    } else {
        task();
    }
}

inline void run_grid(Task kernel, dim3 grid, unsigned threads) {
    Block &all = block();
    all.kernel = std::move(kernel);
    all.threads = threads;
    if (all.fibers.size() < threads) {
        all.fibers.resize(threads);
        all.slots.resize(threads);
    }
    grid_size = grid;
    block_size = dim3(threads);
    Order blocks(grid.x * grid.y * grid.z);
    for (unsigned place = 0; place < blocks.count; place++) {
        unsigned at = blocks.at(place), x = at % grid.x, y = at / grid.x % grid.y;
        block_index = dim3(x, y, at / grid.x / grid.y);
        bool is_last = grid.y > 1 && x + 1 == grid.x && y + 1 == grid.y;
        if (!(is_last && leaves_out())) {
            run_block();
        }
    }
}

template <typename... Wanted, typename... Given>
void launch(void (*kernel)(Wanted...), dim3 grid, unsigned threads, int, Given... given) {
    Task all = [=] { kernel(given...); };
    perform([=] { run_grid(all, grid, threads); });
}

template <typename T>
T exchange(T x, unsigned lane) {
    static_assert(sizeof(T) == 4, "lanes hand each other words");
    Block &all = block();
    std::memcpy(&all.slots[all.current], &x, 4);
    wait(State::at_warp);
    std::memcpy(&x, &all.slots[all.current / WARP * WARP + lane], 4);
    wait(State::at_warp);
    return x;
}

template <typename At>
void barrier(At at) {
    static const int own = number_of(at());
    if (own != left_out()) {
        wait(State::at_block);
    }
}

template <typename At>
void wait_for_copies(At at) {
    static const int own = number_of(at());
    Fiber &fiber = block().fibers[block().current];
    if (own == left_out()) {
        return;
    }
    for (auto &[to, words] : fiber.copies) {
        *to = words;
    }
    fiber.copies.clear();
}

} // namespace machine

#define threadIdx machine::thread_index
#define blockIdx machine::block_index
#define blockDim machine::block_size
#define gridDim machine::grid_size

// Each of these is a place that a test can leave out.
#define PLACE [] { return machine::Place{__FILE__, __LINE__}; }
#define __syncthreads() machine::barrier(PLACE)
#define wait_for_copies() machine::wait_for_copies(PLACE)

template <typename T>
T __shfl_xor_sync(unsigned, T x, int lanes) {
    return machine::exchange(x, (threadIdx.x % machine::WARP) ^ unsigned(lanes));
}

DEVICE void wait_for_before() {}
DEVICE void let_next_begin() {}

DEVICE uint32_t warp_most(uint32_t x) {
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        uint32_t other = __shfl_xor_sync(0xffffffffu, x, lanes);
        x = other > x ? other : x;
    }
    return x;
}

DEVICE int warp_sum(int x) {
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        x += __shfl_xor_sync(0xffffffffu, x, lanes);
    }
    return x;
}

DEVICE int __dp4a(int a, int b, int c) {
    for (int at = 0; at < 32; at += 8) {
        c += int(int8_t(a >> at)) * int(int8_t(b >> at));
    }
    return c;
}

DEVICE void copy_ahead(uint4 *to, const uint4 *from, bool is_there) {
    machine::Block &all = machine::block();
    all.fibers[all.current].copies.push_back({to, is_there ? *from : uint4{0, 0, 0, 0}});
}
DEVICE void load_tile(uint32_t (&b)[4], const int8_t *columns, unsigned step) {
    unsigned lane = threadIdx.x % machine::WARP;
    for (unsigned part = 0; part < 4; part++) {
        std::memcpy(&b[part], columns + lane / 4 * step + part * 16 + lane % 4 * 4, 4);
    }
}

// The words that a lane shows to its warp between two barriers.
struct Shown {
    uint32_t a[4], b[2];
};

DEVICE void multiply_tile(int (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    static Shown room[1024];
    unsigned lane = threadIdx.x % machine::WARP;
    Shown *shown = room + (threadIdx.x - lane);
    Shown own = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
    shown[lane] = own;
    machine::wait(machine::State::at_warp);
    // Rows lane / 4 and 8 more, columns 2 (lane % 4) and 1 more; what lanes hold are 4 int8 of a
    // row of either operand, in the first and the second half of the 32.
    for (unsigned quad = 0; quad < 4; quad++) {
        for (unsigned part = 0; part < 4; part++) {
            for (unsigned column = 0; column < 2; column++) {
                const Shown &left = shown[lane / 4 * 4 + quad];
                const Shown &right = shown[(lane % 4 * 2 + column) * 4 + quad];
                int &sum = c[part % 2 * 2 + column];
                sum = __dp4a(int(left.a[part]), int(right.b[part / 2]), sum);
            }
        }
    }
    machine::wait(machine::State::at_warp);
}

DEVICE unsigned __float_as_uint(float x) {
    unsigned bits;
    std::memcpy(&bits, &x, 4);
    return bits;
}
DEVICE float __uint_as_float(unsigned bits) {
    float x;
    std::memcpy(&x, &bits, 4);
    return x;
}
DEVICE float __fsqrt_rn(float x) { return std::sqrt(x); }

// Half precision.
using half = _Float16;
DEVICE float __half2float(half x) { return float(x); }
DEVICE half __float2half_rn(float x) { return half(x); }
