// CUDA's devices.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#define KERNEL __global__ static void
#define DEVICE __device__ static inline
#define SHARED(type, name, count) __shared__ type name[count]
#define SHARED_ONE(type, name) __shared__ type name

namespace machine {

// What CUDA said against a call, as an exception, which ends where Rust begins.
inline void check(cudaError_t code, const char *what) {
    if (code != cudaSuccess) {
        (void)cudaGetLastError();
        throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(code));
    }
}

// Whether kernels of a device begin before those that they wait for have ended.
inline bool &begins_early() {
    static bool is_early = false;
    return is_early;
}

// Multiprocessors of the smallest device.
inline unsigned &multiprocessors() {
    static unsigned count = ~0u;
    return count;
}

template <typename... Wanted, typename... Given>
void launch(void (*kernel)(Wanted...), dim3 grid, unsigned threads, cudaStream_t stream,
            Given... given) {
    cudaLaunchAttribute early;
    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = dim3(threads);
    config.stream = stream;
    config.attrs = &early;
    config.numAttrs = begins_early() ? 1 : 0;
    check(cudaLaunchKernelEx(&config, kernel, Wanted(given)...), "a kernel does not start");
}

} // namespace machine

// Waits for the kernels before this one. What comes earlier must read nothing of theirs, and write
// nothing.
DEVICE void wait_for_before() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// Lets the next kernel begin, up to where it waits.
DEVICE void let_next_begin() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// The greatest of what all lanes of a warp have.
DEVICE uint32_t warp_most(uint32_t x) {
#if __CUDA_ARCH__ >= 800
    return __reduce_max_sync(0xffffffffu, x);
#else
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        uint32_t other = __shfl_xor_sync(0xffffffffu, x, lanes);
        x = other > x ? other : x;
    }
    return x;
#endif
}

// The sum of what all lanes of a warp have.
DEVICE int warp_sum(int x) {
#if __CUDA_ARCH__ >= 800
    return __reduce_add_sync(0xffffffffu, x);
#else
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        x += __shfl_xor_sync(0xffffffffu, x, lanes);
    }
    return x;
#endif
}

// Starts to copy 16 bytes to shared memory, or as many zeros, which are there for all threads after
// `wait_for_copies` and a barrier.
DEVICE void copy_ahead(uint4 *to, const uint4 *from, bool is_there) {
#if __CUDA_ARCH__ >= 800
    uint32_t place = uint32_t(__cvta_generic_to_shared(to));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :
                 : "r"(place), "l"(from), "r"(is_there ? 16 : 0)
                 : "memory");
#else
    *to = is_there ? *from : uint4{0, 0, 0, 0};
#endif
}
DEVICE void wait_for_copies() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

// Operands `b` of two tiles from shared memory, of 8 columns that lie `step` bytes apart and 64 int8
// of each: a lane has four of column `lane / 4` from each 16 (PTX ISA, ldmatrix).
DEVICE void load_tile(uint32_t (&b)[4], const int8_t *columns, unsigned step) {
    unsigned lane = threadIdx.x % 32;
    uint32_t from = uint32_t(__cvta_generic_to_shared(columns + lane % 8 * step + lane / 8 * 16));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(b[0]), "=r"(b[1]), "=r"(b[2]), "=r"(b[3])
                 : "r"(from)
                 : "memory");
}

// c += a · b of 16 rows, 8 columns and 32 int8 between them (PTX ISA, mma.m16n8k32).
DEVICE void multiply_tile(int (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    // Turing has the same of 8 rows and 16 int8.
    for (int half = 0; half < 2; half++) {
        for (int part = 0; part < 2; part++) {
            asm("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                : "+r"(c[2 * half]), "+r"(c[2 * half + 1])
                : "r"(a[half + 2 * part]), "r"(b[part]));
        }
    }
#endif
}
