// Products of a head's rows, which are no trits.
#pragma once

#include "kernels.h"

namespace kernels {

// Rows of a head that is stored in floats, times floats: 16 lanes for each row.
template <typename T>
KERNEL head_floats(const T *rows, const float *x, float *logits, unsigned count, unsigned columns) {
    unsigned lane = threadIdx.x % LANES;
    unsigned row = (blockIdx.x * blockDim.x + threadIdx.x) / LANES;
    const T *weights = rows + size_t(row < count ? row : count - 1) * columns;
    float sum = 0.0f;
    let_next_begin();
    wait_for_before();
#pragma unroll 8
    for (unsigned i = lane; i < columns; i += LANES) {
        sum = sum + wide(weights[i]) * x[i];
    }
    sum = reduced(sum);
    if (lane == 0 && row < count) {
        logits[row] = sum;
    }
}

// Rows of blocks of 32: a half-precision scale and 32 int8. A warp for each row.
KERNEL head_q8_0(const uint8_t *rows, const uint8_t *x, float *logits, unsigned count,
                 unsigned columns) {
    unsigned lane = threadIdx.x % WARP, row = (blockIdx.x * blockDim.x + threadIdx.x) / WARP;
    let_next_begin();
    wait_for_before();
    if (row >= count) {
        return;
    }
    const uint8_t *block = rows + size_t(row) * (columns / 32) * 34;
    const float *scales = reinterpret_cast<const float *>(x + columns);
    float all = 0.0f;
    for (unsigned at = 0; at < columns / 32; at++, block += 34) {
        int product = int(int8_t(block[2 + lane])) * int(int8_t(x[32 * at + lane]));
        int sum = warp_sum(product);
        float scale = __half2float(*reinterpret_cast<const half *>(block));
        all = all + float(sum) * (scale * scales[at]);
    }
    if (lane == 0) {
        logits[row] = all;
    }
}

// Four bytes that begin at a multiple of two.
DEVICE uint32_t four(const uint8_t *bytes) {
    const uint16_t *halves = reinterpret_cast<const uint16_t *>(bytes);
    return halves[0] | uint32_t(halves[1]) << 16;
}

// Rows of ggml's `Q6_K`, blocks of 256 (`core/ternary/src/rows.rs`). A warp for each row, and eight
// neighbours of each block for a lane.
KERNEL head_q6_k(const uint8_t *rows, const uint8_t *x, float *logits, unsigned count,
                 unsigned columns) {
    unsigned lane = threadIdx.x % WARP, row = (blockIdx.x * blockDim.x + threadIdx.x) / WARP;
    let_next_begin();
    wait_for_before();
    if (row >= count) {
        return;
    }
    unsigned half_of = lane / 16, quarter = lane % 16 / 4, at = lane % 4 * 8;
    const uint8_t *block = rows + size_t(row) * (columns / 256) * 210;
    const float *scales = reinterpret_cast<const float *>(x + columns);
    float all = 0.0f;
#pragma unroll 5
    for (unsigned n = 0; n < columns / 256; n++, block += 210) {
        const uint8_t *low = block + 64 * half_of + 32 * (quarter % 2) + at;
        const uint8_t *high = block + 128 + 32 * half_of + at;
        const uint32_t *q = reinterpret_cast<const uint32_t *>(x + 256 * n + 8 * lane);
        int product = 0, sum = 0;
#pragma unroll
        for (unsigned i = 0; i < 2; i++) {
            uint32_t weights = four(low + 4 * i) >> (4 * (quarter / 2)) & 0x0f0f0f0fu;
            weights |= (four(high + 4 * i) >> (2 * quarter) & 0x03030303u) << 4;
            product = __dp4a(int(weights), int(q[i]), product);
            sum = __dp4a(0x01010101, int(q[i]), sum);
        }
        int whole = warp_sum((product - 32 * sum) * int(int8_t(block[192 + lane / 2])));
        float scale = __half2float(*reinterpret_cast<const half *>(block + 208));
        all = all + float(whole) * (scale * scales[n]);
    }
    if (lane == 0) {
        logits[row] = all;
    }
}

} // namespace kernels
