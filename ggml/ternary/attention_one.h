// Attention of one token, whose positions are many and whose heads are few.
#pragma once

#include "attention.h"

namespace kernels {

// Columns of a head that a block has, one for each lane of a warp; threads that find shares for it.
constexpr unsigned ONE_COLUMNS = WARP;
constexpr unsigned ONE_THREADS = 512;
// Bytes of values that lie in shared memory at a time.
constexpr unsigned ONE_BYTES = 32768;

// Starts to copy a block's columns of the values of some positions.
template <typename T>
DEVICE void hold_values(uint4 *room, const T *values, unsigned columns, size_t row,
                        unsigned count) {
    constexpr unsigned WORDS = ONE_COLUMNS * sizeof(T) / 16;
    for (unsigned at = threadIdx.x; at < count * WORDS; at += ONE_THREADS) {
        unsigned n = at / WORDS, word = at % WORDS;
        if (word < columns * unsigned(sizeof(T)) / 16) {
            copy_ahead(room + at, reinterpret_cast<const uint4 *>(values + n * row) + word, true);
        }
    }
}

// Adds shares of the values of a block of the softmax, of which `count` are there.
template <typename T>
DEVICE float mix_block(float mixed, const float *shares, float shrink, const T *values,
                       unsigned count) {
    float share[ATTEND_BLOCK], x[ATTEND_BLOCK];
#pragma unroll
    for (unsigned n = 0; n < ATTEND_BLOCK; n += 4) {
        float4 four = *reinterpret_cast<const float4 *>(shares + n);
        share[n] = four.x;
        share[n + 1] = four.y;
        share[n + 2] = four.z;
        share[n + 3] = four.w;
    }
#pragma unroll
    for (unsigned n = 0; n < ATTEND_BLOCK; n++) {
        x[n] = wide(values[n * ONE_COLUMNS]);
    }
    mixed = mixed * shrink;
#pragma unroll
    for (unsigned n = 0; n < ATTEND_BLOCK; n++) {
        float more = mixed + share[n] * x[n];
        mixed = n < count ? more : mixed;
    }
    return mixed;
}

// Adds the shares of a block of the softmax.
DEVICE float add_block(float total, const float *shares, float shrink, unsigned count) {
    total = total * shrink;
#pragma unroll
    for (unsigned n = 0; n < ATTEND_BLOCK; n++) {
        float more = total + shares[n];
        total = n < count ? more : total;
    }
    return total;
}

// The same attention as `attend`, in the same order, of the only token. A block has some columns of
// a head: it finds all shares of the head, as other blocks of the head do, while values are on
// their way. A thread has a position of the shares; then the first warp mixes values, and a thread
// of the next one adds the shares up. Columns of a head are whole words of 16 bytes.
template <typename T>
KERNEL __launch_bounds__(ONE_THREADS, 1)
    attend_one(const float *queries, const int *ends, Heads<T> heads, float *out) {
    constexpr unsigned TILE = ONE_BYTES / (ONE_COLUMNS * sizeof(T)), BLOCKS = TILE / ATTEND_BLOCK;
    SHARED(uint4, value_room, ONE_BYTES / 16);
    SHARED(float4, query_room, WIDTH_MOST / 4);
    SHARED(float4, score_room, TILE / 4);
    SHARED(float, mosts, BLOCKS);
    SHARED(float, tops, BLOCKS);
    SHARED(float, shrinks, BLOCKS);
    SHARED_ONE(float, inverse);
    float *query = reinterpret_cast<float *>(query_room);
    float *scores = reinterpret_cast<float *>(score_room);
    const T *held = reinterpret_cast<const T *>(value_room) + threadIdx.x % WARP;
    unsigned head = blockIdx.x, column = blockIdx.y * ONE_COLUMNS, width = heads.width;
    unsigned columns = width - column < ONE_COLUMNS ? width - column : ONE_COLUMNS;
    unsigned i = threadIdx.x;
    size_t row = size_t(heads.kv_heads) * width;
    size_t shared = size_t(head / (heads.heads / heads.kv_heads)) * width;
    const float least = __uint_as_float(0xff800000u);
    float factor = 1.0f / __fsqrt_rn(float(width));
    let_next_begin();
    wait_for_before();
    if (i < width) {
        query[i] = queries[size_t(head) * width + i];
    }
    float most = least, total = 0.0f, mixed = 0.0f;
    unsigned end = unsigned(ends[0]);
    for (unsigned first = 0; first < end; first += TILE) {
        unsigned count = end - first < TILE ? end - first : TILE;
        unsigned blocks = (count + ATTEND_BLOCK - 1) / ATTEND_BLOCK;
        const T *keys = heads.keys + shared + first * row;
        // The query is there, and all have done with the values before.
        __syncthreads();
        hold_values(value_room, heads.values + shared + first * row + column, columns, row, count);
        if (width % LANES == 0) {
            score_by_eights(query, keys, width, row, count, factor, scores);
        } else {
            score_by_ones(query, keys, width, row, count, factor, scores);
        }
        __syncthreads();
        float score = i < count ? scores[i] : least;
        float greatest = score > least ? score : least;
#pragma unroll
        for (int lanes = ATTEND_BLOCK / 2; lanes > 0; lanes /= 2) {
            float other = __shfl_xor_sync(EVERYONE, greatest, lanes);
            greatest = other > greatest ? other : greatest;
        }
        if (i % ATTEND_BLOCK == 0 && i < TILE) {
            mosts[i / ATTEND_BLOCK] = greatest;
        }
        __syncthreads();
        if (i < blocks) {
            float before = most;
            for (unsigned at = 0; at < i; at++) {
                before = mosts[at] > before ? mosts[at] : before;
            }
            bool is_greater = mosts[i] > before;
            tops[i] = is_greater ? mosts[i] : before;
            shrinks[i] = is_greater ? exponential(before - mosts[i]) : 1.0f;
        }
        __syncthreads();
        most = tops[blocks - 1];
        if (i < count) {
            scores[i] = exponential(score - tops[i / ATTEND_BLOCK]);
        }
        // Shares and values are there.
        wait_for_copies();
        __syncthreads();
        if (i < WARP) {
#pragma unroll 2
            for (unsigned block = 0; block < blocks; block++) {
                unsigned at = block * ATTEND_BLOCK;
                mixed = mix_block(mixed, scores + at, shrinks[block], held + at * ONE_COLUMNS,
                                  count - at);
            }
        } else if (i == WARP) {
#pragma unroll 2
            for (unsigned block = 0; block < blocks; block++) {
                unsigned at = block * ATTEND_BLOCK;
                total = add_block(total, scores + at, shrinks[block], count - at);
            }
        }
    }
    if (i == WARP) {
        inverse = 1.0f / total;
    }
    __syncthreads();
    if (i < columns) {
        out[size_t(head) * width + column + i] = mixed * inverse;
    }
}

} // namespace kernels
