// The kernels of a forward pass, each of which gives the bits of our engine on the processor.
//
// Whole numbers are added in any order. What is no whole number is added in the engine's order
// (`core/ternary/src/float.rs`): 16 partial sums, to which elements j, j + 16, j + 32 and so on are
// added one after the other, and then partial sum i takes up i + 8, i + 4, i + 2 and i + 1. Nothing
// here may be compiled with fused multiply-adds.
//
// Trits lie as two bits, one more than they are; 16 of a row are a word, of which byte b has in its
// bits 2k and 2k + 1 the trit 4k + b. So a word shifted by 2k, and three fourths of its bits left
// out, holds four neighbours as bytes. Rows have a multiple of 64 trits.
//
// Codes are a row of int8, as long, then what they were multiplied by and their sum.
#pragma once

#include "machine.h"

namespace kernels {

constexpr unsigned WARP = 32;
constexpr unsigned LANES = 16;
constexpr unsigned EVERYONE = 0xffffffffu;
// Bytes after a row's codes.
constexpr unsigned TAIL = 16;
constexpr unsigned TRITS = 64;

struct Tail {
    float scale;
    int sum;
};

DEVICE unsigned padded(unsigned columns) { return (columns + TRITS - 1) / TRITS * TRITS; }
DEVICE unsigned stride(unsigned columns) { return padded(columns) + TAIL; }

DEVICE const Tail *tail(const int8_t *row, unsigned columns) {
    return reinterpret_cast<const Tail *>(row + padded(columns));
}

// `trine_ternary::math::exp`: the polynomial of Cephes, in its order.
DEVICE float exponential(float x) {
    if (x < -87.33f) {
        return 0.0f;
    }
    if (x > 88.37f) {
        return __uint_as_float(0x7f800000u);
    }
    const float magic = 12582912.0f;
    float shifted = x * 1.44269504088896340736f + magic;
    float k = shifted - magic;
    float r = x - k * (355.0f / 512.0f) - k * -2.1219444e-4f;
    float p = 1.9875691e-4f * r + 1.3981999e-3f;
    p = p * r + 8.333452e-3f;
    p = p * r + 4.1665796e-2f;
    p = p * r + 0.16666665f;
    p = p * r + 0.5f;
    float value = p * (r * r) + r + 1.0f;
    return value * __uint_as_float((__float_as_uint(shifted) + 127u) << 23);
}

// To the nearest int8, ties to even; what is no number becomes 0.
DEVICE int8_t rounded(float x) {
    x = x > 127.0f ? 127.0f : x;
    x = x < -128.0f ? -128.0f : x;
    x = x == x ? x : 0.0f;
    return int8_t(__float_as_uint(x + 12582912.0f) & 0xffu);
}

// The sum of 16 neighbouring lanes' partial sums, in the engine's order.
DEVICE float reduced(float x) {
    for (int lanes = 8; lanes > 0; lanes /= 2) {
        x = x + __shfl_xor_sync(EVERYONE, x, lanes);
    }
    return x;
}

// The greatest magnitude over all threads of a block; `room` has a word for each warp. Magnitudes
// are in the order of their bits.
DEVICE float block_most(float x, uint32_t *room) {
    uint32_t most = warp_most(__float_as_uint(x));
    unsigned warps = blockDim.x / WARP, lane = threadIdx.x % WARP;
    if (lane == 0) {
        room[threadIdx.x / WARP] = most;
    }
    __syncthreads();
    return __uint_as_float(warp_most(lane < warps ? room[lane] : 0u));
}

// The sum, which the first warp is told.
DEVICE int block_sum(int x, int *room) {
    x = warp_sum(x);
    unsigned warps = blockDim.x / WARP, lane = threadIdx.x % WARP;
    if (lane == 0) {
        room[threadIdx.x / WARP] = x;
    }
    __syncthreads();
    return threadIdx.x < WARP ? warp_sum(lane < warps ? room[lane] : 0) : 0;
}

// A number as keys and values are kept.
DEVICE void keep(float *place, float x) { *place = x; }
DEVICE void keep(half *place, float x) { *place = __float2half_rn(x); }
DEVICE float wide(float x) { return x; }
DEVICE float wide(half x) { return __half2float(x); }

} // namespace kernels
