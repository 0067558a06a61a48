// Rows that are normed and rounded to codes.
#pragma once

#include "kernels.h"

namespace kernels {

// How a row that is normed comes about.
enum Source { PLAIN, RELU_SQUARED, SILU };

// Threads for a row.
constexpr unsigned ROW_THREADS = 512;
// Squares that lie in shared memory while they are added: those of each partial sum side by side,
// with room between, so that partial sums are read from different banks. They are read by fours,
// and so many fours are on their way while others are added.
constexpr unsigned TILE = 8192;
constexpr unsigned TILE_STRIDE = TILE / LANES + 4;
constexpr unsigned FOURS = 4;
constexpr unsigned TILE_STEP = LANES * 4 * FOURS;

DEVICE float source(int kind, const float *row, unsigned columns, unsigned at) {
    if (kind == PLAIN) {
        return row[at];
    }
    float gate = row[at], up = row[columns + at];
    if (kind == RELU_SQUARED) {
        gate = gate > 0.0f ? gate : 0.0f;
        return up * (gate * gate);
    }
    return up * (gate / (1.0f + exponential(-gate)));
}

// Adds the squares of a tile to a partial sum of each of 16 threads.
DEVICE float added(const float *squares, unsigned count, float partial) {
    const float4 *own = reinterpret_cast<const float4 *>(squares + threadIdx.x * TILE_STRIDE);
    float4 now[FOURS];
#pragma unroll
    for (unsigned i = 0; i < FOURS; i++) {
        now[i] = own[i];
    }
    for (unsigned at = 0; at < count; at += TILE_STEP) {
        float4 next[FOURS];
        // Behind the last there is room.
        own += at + TILE_STEP < count ? FOURS : 0;
#pragma unroll
        for (unsigned i = 0; i < FOURS; i++) {
            next[i] = own[i];
        }
#pragma unroll
        for (unsigned i = 0; i < FOURS; i++) {
            partial = partial + now[i].x;
            partial = partial + now[i].y;
            partial = partial + now[i].z;
            partial = partial + now[i].w;
            now[i] = next[i];
        }
    }
    return partial;
}

// What a row is multiplied by to have the root mean square 1, its mean square being raised by
// epsilon. `own` are this thread's numbers, one of each `ROW_THREADS`.
template <unsigned EACH>
DEVICE float norm_factor(const float (&own)[EACH], unsigned columns, float epsilon) {
    SHARED(float4, room, LANES * TILE_STRIDE / 4);
    SHARED_ONE(float, factor);
    float *squares = reinterpret_cast<float *>(room);
    constexpr unsigned TOGETHER = TILE / ROW_THREADS;
    float partial = 0.0f;
#pragma unroll
    for (unsigned tile = 0; tile * TOGETHER < EACH; tile++) {
        unsigned first = tile * TILE;
        unsigned left = first >= columns ? 0 : columns - first < TILE ? columns - first : TILE;
        // What fills up the last step are zeros, which change no sum of squares.
        unsigned count = (left + TILE_STEP - 1) / TILE_STEP * TILE_STEP;
        if (left > 0) {
#pragma unroll
            for (unsigned i = 0; i < TOGETHER && tile * TOGETHER + i < EACH; i++) {
                unsigned at = i * ROW_THREADS + threadIdx.x;
                if (at < count) {
                    float x = at < left ? own[tile * TOGETHER + i] : 0.0f;
                    squares[at % LANES * TILE_STRIDE + at / LANES] = x * x;
                }
            }
            __syncthreads();
            if (threadIdx.x < LANES) {
                partial = added(squares, count, partial);
            }
            __syncthreads();
        }
    }
    if (threadIdx.x < WARP) {
        float sum = reduced(partial);
        if (threadIdx.x == 0) {
            factor = 1.0f / __fsqrt_rn(sum / float(columns) + epsilon);
        }
    }
    __syncthreads();
    return factor;
}

// Norms a row of each token and rounds it to codes: `x / rms(x) · weight`, and 127 by the largest
// magnitude. A block for each token, of `ROW_THREADS`.
template <unsigned EACH>
KERNEL __launch_bounds__(ROW_THREADS)
    norm_codes(const float *x, unsigned step, const float *weight, int8_t *codes, unsigned columns,
               float epsilon, int kind) {
    SHARED(uint32_t, most_room, ROW_THREADS / WARP);
    SHARED(int, sum_room, ROW_THREADS / WARP);
    let_next_begin();
    const float *row = x + size_t(blockIdx.x) * step;
    int8_t *out = codes + size_t(blockIdx.x) * stride(columns);
    float own[EACH], weights[EACH];
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        weights[i] = at < columns ? weight[at] : 0.0f;
    }
    wait_for_before();
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        own[i] = at < columns ? source(kind, row, columns, at) : 0.0f;
    }
    float factor = norm_factor(own, columns, epsilon);
    float most = 0.0f;
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        own[i] = own[i] * factor * weights[i];
        float magnitude = own[i] < 0.0f ? -own[i] : own[i];
        most = magnitude > most ? magnitude : most;
    }
    most = block_most(most, most_room);
    float scale = most > 1e-5f ? 127.0f / most : 12700000.0f;
    int sum = 0;
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        if (at < padded(columns)) {
            int8_t code = at < columns ? rounded(own[i] * scale) : int8_t(0);
            out[at] = code;
            sum += code;
        }
    }
    sum = block_sum(sum, sum_room);
    if (threadIdx.x == 0) {
        Tail end = {scale, sum};
        *reinterpret_cast<Tail *>(out + padded(columns)) = end;
    }
}

// The same for a head: floats as they are normed, or for rows of integers each `block` of columns
// rounded by itself, and after the codes a scale for each of them.
template <unsigned EACH>
KERNEL __launch_bounds__(ROW_THREADS)
    norm_head(const float *x, const float *weight, uint8_t *out, unsigned columns, float epsilon,
              unsigned block) {
    SHARED(float, largest, ROW_THREADS * EACH / 32);
    float own[EACH];
    let_next_begin();
    wait_for_before();
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        own[i] = at < columns ? x[at] : 0.0f;
    }
    float factor = norm_factor(own, columns, epsilon);
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        // Blocks are of 32 columns or a multiple, so a warp is inside one, or behind the last.
        float magnitude = 0.0f;
        if (at < columns) {
            own[i] = own[i] * factor * weight[at];
            if (block == 1) {
                reinterpret_cast<float *>(out)[at] = own[i];
            }
            magnitude = own[i] < 0.0f ? -own[i] : own[i];
        }
        for (int lanes = WARP / 2; lanes > 0; lanes /= 2) {
            float other = __shfl_xor_sync(EVERYONE, magnitude, lanes);
            magnitude = other > magnitude ? other : magnitude;
        }
        if (at < columns && threadIdx.x % WARP == 0) {
            largest[at / 32] = magnitude;
        }
    }
    if (block == 1) {
        return;
    }
    __syncthreads();
    float *scales = reinterpret_cast<float *>(out + columns);
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        if (at < columns) {
            float most = 0.0f;
            for (unsigned part = at / block * block / 32; part < (at / block + 1) * block / 32;
                 part++) {
                most = largest[part] > most ? largest[part] : most;
            }
            float up = most > 0.0f ? 127.0f / most : 0.0f;
            reinterpret_cast<int8_t *>(out)[at] = rounded(own[i] * up);
            if (at % block == 0) {
                scales[at / block] = most / 127.0f;
            }
        }
    }
}

} // namespace kernels
