// Turning of queries and keys, and attention.
#pragma once

#include "kernels.h"

namespace kernels {

// Heads of a model, and where a block's keys and values are kept: (kv heads · width) a position.
template <typename T>
struct Heads {
    unsigned width, heads, kv_heads;
    T *keys, *values;
};

// Turns queries and keys by the angles of their tokens, and keeps keys and values: a block for each
// head of a token. `turns` are cosines, and then sines of which those of the first half are
// negative.
template <typename T>
KERNEL turn(const float *qkv, const float *cosines, const float *sines, const int *places,
            Heads<T> heads, float *queries) {
    unsigned token = blockIdx.y, head = blockIdx.x, width = heads.width;
    unsigned all = heads.heads + 2 * heads.kv_heads;
    let_next_begin();
    wait_for_before();
    const float *x = qkv + (size_t(token) * all + head) * width;
    const float *cosine = cosines + size_t(token) * width, *sine = sines + size_t(token) * width;
    size_t row = size_t(places[token]) * heads.kv_heads * width;
    for (unsigned i = threadIdx.x; i < width; i += blockDim.x) {
        unsigned other = i < width / 2 ? i + width / 2 : i - width / 2;
        float turned = x[i] * cosine[i] + x[other] * sine[i];
        if (head < heads.heads) {
            queries[(size_t(token) * heads.heads + head) * width + i] = turned;
        } else if (head < heads.heads + heads.kv_heads) {
            keep(heads.keys + row + (head - heads.heads) * width + i, turned);
        } else {
            keep(heads.values + row + (head - heads.heads - heads.kv_heads) * width + i, x[i]);
        }
    }
}

// Positions whose scores lie in shared memory, and of a block of the engine's softmax.
constexpr unsigned ATTEND_TILE = 1024;
constexpr unsigned ATTEND_BLOCK = 16;
constexpr unsigned ATTEND_BLOCKS = ATTEND_TILE / ATTEND_BLOCK;
// Positions whose values are read before any is added.
constexpr unsigned ATTEND_AHEAD = 16;
// Threads of a block, at most.
constexpr unsigned ATTEND_THREADS = 288;
constexpr unsigned WIDTH_MOST = 256;

// Neighbours as numbers, which are read together.
DEVICE void widened(const half *from, float (&x)[8]) {
    uint4 bits = *reinterpret_cast<const uint4 *>(from);
    const half *halves = reinterpret_cast<const half *>(&bits);
#pragma unroll
    for (unsigned i = 0; i < 8; i++) {
        x[i] = wide(halves[i]);
    }
}
DEVICE void widened(const half *from, float (&x)[4]) {
    uint2 bits = *reinterpret_cast<const uint2 *>(from);
    const half *halves = reinterpret_cast<const half *>(&bits);
#pragma unroll
    for (unsigned i = 0; i < 4; i++) {
        x[i] = wide(halves[i]);
    }
}
template <unsigned COUNT>
DEVICE void widened(const float *from, float (&x)[COUNT]) {
#pragma unroll
    for (unsigned i = 0; i < COUNT; i += 4) {
        float4 four = *reinterpret_cast<const float4 *>(from + i);
        x[i] = four.x;
        x[i + 1] = four.y;
        x[i + 2] = four.z;
        x[i + 3] = four.w;
    }
}

// Scores of `count` positions: two lanes for each, of which one has the partial sums 0 to 7 and the
// other 8 to 15.
template <typename T>
DEVICE void score_by_eights(const float *query, const T *keys, unsigned width, size_t row,
                            unsigned count, float factor, float *scores) {
    unsigned side = threadIdx.x % 2 * 8;
    for (unsigned at = threadIdx.x / 2; at / 16 * 16 < count; at += blockDim.x / 2) {
        const T *key = keys + (at < count ? at : count - 1) * row + side;
        float sums[8] = {};
#pragma unroll 8
        for (unsigned i = 0; i < width; i += LANES) {
            float x[8], q[8];
            widened(key + i, x);
            widened(query + side + i, q);
#pragma unroll
            for (unsigned n = 0; n < 8; n++) {
                sums[n] = sums[n] + q[n] * x[n];
            }
        }
#pragma unroll
        for (unsigned n = 0; n < 8; n++) {
            sums[n] = sums[n] + __shfl_xor_sync(EVERYONE, sums[n], 1);
        }
        float a = sums[0] + sums[4], b = sums[1] + sums[5], c = sums[2] + sums[6];
        float sum = (a + c) + (b + (sums[3] + sums[7]));
        if (side == 0 && at < count) {
            scores[at] = sum * factor;
        }
    }
}

// The same for heads of any width: 16 lanes for each position.
template <typename T>
DEVICE void score_by_ones(const float *query, const T *keys, unsigned width, size_t row,
                          unsigned count, float factor, float *scores) {
    unsigned lane = threadIdx.x % LANES;
    for (unsigned at = threadIdx.x / LANES; at / 2 * 2 < count; at += blockDim.x / LANES) {
        const T *key = keys + (at < count ? at : count - 1) * row;
        float sum = 0.0f;
        for (unsigned i = lane; i < width; i += LANES) {
            sum = sum + query[i] * wide(key[i]);
        }
        sum = reduced(sum);
        if (lane == 0 && at < count) {
            scores[at] = sum * factor;
        }
    }
}

// Adds shares of the values of `ATTEND_AHEAD` positions, whose shares are read by fours.
template <typename T>
DEVICE float mix(float mixed, const float *scores, const float *shrinks,
                 const T (&values)[ATTEND_AHEAD]) {
#pragma unroll
    for (unsigned n = 0; n < ATTEND_AHEAD; n += 4) {
        float4 shares = *reinterpret_cast<const float4 *>(scores + n);
        mixed = n % ATTEND_BLOCK == 0 ? mixed * shrinks[n / ATTEND_BLOCK] : mixed;
        mixed = mixed + shares.x * wide(values[n]);
        mixed = mixed + shares.y * wide(values[n + 1]);
        mixed = mixed + shares.z * wide(values[n + 2]);
        mixed = mixed + shares.w * wide(values[n + 3]);
    }
    return mixed;
}

// Attention of one head of one token over the positions before `ends[token]`, by the softmax of
// `core/infer/src/model/attention.rs`: blocks of positions in rising order. There are more threads
// than a head is wide: the last one adds the shares up while others mix values.
template <typename T>
KERNEL __launch_bounds__(ATTEND_THREADS, 3)
    attend(const float *queries, const int *ends, Heads<T> heads, float *out) {
    SHARED(float4, query_room, WIDTH_MOST / 4);
    SHARED(float4, score_room, ATTEND_TILE / 4);
    SHARED(float, mosts, ATTEND_BLOCKS);
    SHARED(float, tops, ATTEND_BLOCKS);
    SHARED(float, shrinks, ATTEND_BLOCKS);
    SHARED_ONE(float, inverse);
    float *query = reinterpret_cast<float *>(query_room);
    float *scores = reinterpret_cast<float *>(score_room);
    unsigned head = blockIdx.x, token = blockIdx.y, width = heads.width, i = threadIdx.x;
    size_t own = (size_t(token) * heads.heads + head) * width;
    size_t row = size_t(heads.kv_heads) * width;
    size_t shared = size_t(head / (heads.heads / heads.kv_heads)) * width;
    const float least = __uint_as_float(0xff800000u);
    float factor = 1.0f / __fsqrt_rn(float(width));
    let_next_begin();
    wait_for_before();
    for (unsigned at = i; at < width; at += blockDim.x) {
        query[at] = queries[own + at];
    }
    float most = least, total = 0.0f, mixed = 0.0f;
    unsigned end = unsigned(ends[token]);
    bool is_adder = i == blockDim.x - 1;
    for (unsigned first = 0; first < end; first += ATTEND_TILE) {
        unsigned count = end - first < ATTEND_TILE ? end - first : ATTEND_TILE;
        unsigned blocks = (count + ATTEND_BLOCK - 1) / ATTEND_BLOCK;
        const T *keys = heads.keys + shared + first * row;
        const T *values = heads.values + shared + first * row + (i < width ? i : 0);
        T ahead[ATTEND_AHEAD];
        if (i < width) {
#pragma unroll
            for (unsigned n = 0; n < ATTEND_AHEAD; n++) {
                ahead[n] = values[(n < count ? n : count - 1) * row];
            }
        }
        __syncthreads();
        if (width % LANES == 0) {
            score_by_eights(query, keys, width, row, count, factor, scores);
        } else {
            score_by_ones(query, keys, width, row, count, factor, scores);
        }
        __syncthreads();
        for (unsigned block = i; block < blocks; block += blockDim.x) {
            float greatest = least;
#pragma unroll
            for (unsigned n = 0; n < ATTEND_BLOCK; n++) {
                unsigned at = block * ATTEND_BLOCK + n;
                float score = at < count ? scores[at] : least;
                greatest = score > greatest ? score : greatest;
            }
            mosts[block] = greatest;
        }
        __syncthreads();
        for (unsigned block = i; block < blocks; block += blockDim.x) {
            float before = most;
            for (unsigned at = 0; at < block; at++) {
                before = mosts[at] > before ? mosts[at] : before;
            }
            bool is_greater = mosts[block] > before;
            tops[block] = is_greater ? mosts[block] : before;
            shrinks[block] = is_greater ? exponential(before - mosts[block]) : 1.0f;
        }
        __syncthreads();
        most = tops[blocks - 1];
        for (unsigned at = i; at < count; at += blockDim.x) {
            scores[at] = exponential(scores[at] - tops[at / ATTEND_BLOCK]);
        }
        __syncthreads();
        if (is_adder) {
            for (unsigned block = 0; block < blocks; block++) {
                total = total * shrinks[block];
                float shares[ATTEND_BLOCK];
#pragma unroll
                for (unsigned n = 0; n < ATTEND_BLOCK; n++) {
                    shares[n] = scores[block * ATTEND_BLOCK + n];
                }
#pragma unroll
                for (unsigned n = 0; n < ATTEND_BLOCK; n++) {
                    total = block * ATTEND_BLOCK + n < count ? total + shares[n] : total;
                }
            }
        } else if (i < width) {
            for (unsigned start = 0; start < count; start += ATTEND_AHEAD) {
                T now[ATTEND_AHEAD];
#pragma unroll
                for (unsigned n = 0; n < ATTEND_AHEAD; n++) {
                    now[n] = ahead[n];
                    unsigned at = start + ATTEND_AHEAD + n;
                    ahead[n] = values[(at < count ? at : count - 1) * row];
                }
                if (start + ATTEND_AHEAD <= count) {
                    mixed = mix(mixed, scores + start, shrinks + start / ATTEND_BLOCK, now);
                    continue;
                }
#pragma unroll
                for (unsigned n = 0; n < ATTEND_AHEAD; n++) {
                    if (n % ATTEND_BLOCK == 0 && start + n < count) {
                        mixed = mixed * shrinks[(start + n) / ATTEND_BLOCK];
                    }
                    float more = mixed + scores[start + n] * wide(now[n]);
                    mixed = start + n < count ? more : mixed;
                }
            }
        }
    }
    if (is_adder) {
        inverse = 1.0f / total;
    }
    __syncthreads();
    if (i < width) {
        out[own + i] = mixed * inverse;
    }
}

} // namespace kernels
